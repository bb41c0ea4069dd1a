"""cuDNN's gradient has no gradient: what stands in for it on CUDA is as right on the CPU, where it can be tested."""

from __future__ import annotations

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

import gatework
from gatework.nn.reading import read
from gatework.ops import Call, aten, plain

T, B, D, H = 3, 2, 2, 3


def asked(**options) -> tuple[gatework.LSTM, torch.Tensor]:
    torch.manual_seed(0)
    return gatework.LSTM(D, H, dtype=torch.float64, **options), torch.randn(T, B, D, dtype=torch.float64)


def call(layer: gatework.LSTM, x: torch.Tensor, hx=None) -> Call:
    return layer.call(0, read(layer, x, hx, None, None))


def answers(call: Call, run) -> tuple[torch.Tensor, ...]:
    answer = run(call)
    return (answer.y, *answer.state)


@pytest.mark.parametrize("options", [{}, {"bidirectional": True}, {"proj_size": 2}, {"bias": False}], ids=str)
def test_the_kernels_gradient_gets_a_gradient(options):
    layer, x = asked(**options)
    hx = tuple(torch.randn(layer.directions, B, width, dtype=torch.float64) for width in layer.widths)
    one = call(layer, x, hx)
    leaves = [t.detach().requires_grad_() for t in one.tensors()]

    def outputs(run):
        return lambda *tensors: answers(one.with_tensors(list(tensors)), run)

    results = []
    for run in (aten.run, aten.twice_differentiable):
        ys = outputs(run)(*leaves)
        results.append((ys, torch.autograd.grad(sum(y.square().sum() for y in ys), leaves)))
    torch.testing.assert_close(results[0], results[1], rtol=1e-12, atol=1e-12)
    assert gradcheck(outputs(aten.twice_differentiable), leaves, fast_mode=True)
    assert gradgradcheck(outputs(aten.twice_differentiable), leaves, fast_mode=True)


@pytest.mark.parametrize("create_graph", [False, True])
def test_an_input_that_hangs_on_another_counts_once(create_graph):
    layer, x = asked()
    x.requires_grad_()
    mix = torch.randn(D, H, dtype=torch.float64)
    found = {}
    for run in (plain.run, aten.twice_differentiable):
        # An encoder would do as much: the memory that the layer starts from depends on its input.
        h = (x.mean(dim=0) @ mix)[None]
        ys = answers(call(layer, x, (h, 2 * h)), run)
        (found[run],) = torch.autograd.grad(sum(y.square().sum() for y in ys), x, create_graph=create_graph)
    torch.testing.assert_close(found[aten.twice_differentiable], found[plain.run], rtol=1e-12, atol=1e-12)


def test_a_tensor_that_wants_no_gradient_gets_none():
    layer, x = asked()
    for frozen in (layer.weight_ih_l0, layer.bias_hh_l0):
        frozen.requires_grad_(False)
    y, *_ = answers(call(layer, x), aten.twice_differentiable)
    y.sum().backward(retain_graph=True)
    once = layer.weight_hh_l0.grad.clone()
    y.sum().backward()
    torch.testing.assert_close(layer.weight_hh_l0.grad, 2 * once)
    assert x.grad is layer.weight_ih_l0.grad is layer.bias_hh_l0.grad is None
