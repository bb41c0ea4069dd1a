"""vmap reads each row of a batch by itself, and finds each sample's own gradient."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, func
from torch.func import functional_call

import gatework

T, B, D, H = 3, 2, 2, 3
RESET = [[0, 1], [1, 0], [0, 0]]
both_types = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])


def assert_close(found: list[Tensor], true: list[Tensor], dtype: torch.dtype) -> None:
    close = {torch.float32: 2e-5, torch.float64: 1e-12}[dtype]
    for a, b in zip(found, true, strict=True):
        assert a.dtype == dtype
        torch.testing.assert_close(a.double(), b, rtol=close, atol=close)


PER_ROW = {
    "lstm": ("LSTM", {}, {}),
    "lstm-lengths": ("LSTM", {"bidirectional": True}, {"lengths": [1, 3]}),
    "lstm-variant": ("LSTM", {"peephole": True, "layer_norm": True, "proj_size": 2}, {}),
    "gru": ("GRU", {}, {}),
    "gru-lengths": ("GRU", {"num_layers": 2}, {"lengths": [0, 3]}),
    "rnn": ("RNN", {}, {}),
    "rnn-reset": ("RNN", {}, {"reset": RESET}),
}


def rows(case: tuple[str, dict, dict], dtype: torch.dtype, backend: str):
    """A loss of one row and the weights; the weights; the rows."""
    torch.manual_seed(3)
    cell, options, call = case
    layer = getattr(gatework, cell)(D, H, backend=backend, **options).to(dtype)
    weights = {name: w.detach() for name, w in layer.named_parameters()}
    marks = {name: torch.tensor(value).T if name == "reset" else torch.tensor(value) for name, value in call.items()}

    def outputs(weights, x, marks):
        return functional_call(layer, weights, (x,), marks)[0]

    def loss(weights, x, marks):
        return outputs(weights, x, marks).square().sum()

    return outputs, loss, weights, torch.randn(B, T, D).to(dtype), marks


every_row = pytest.mark.parametrize("case", PER_ROW.values(), ids=PER_ROW)


@both_types
@every_row
def test_vmap_over_the_batch(case, dtype):
    outputs, _, weights, x, marks = rows(case, dtype, "auto")
    found = func.vmap(outputs, in_dims=(None, 0, 0))(weights, x, marks)
    outputs, _, weights, _, _ = rows(case, torch.float64, "equations")
    true = [outputs(weights, x[k].double(), {name: mark[k] for name, mark in marks.items()}) for k in range(B)]
    assert_close(found, true, dtype)


@both_types
@every_row
def test_per_sample_gradients(case, dtype):
    _, loss, weights, x, marks = rows(case, dtype, "auto")
    found = func.vmap(func.grad(loss), in_dims=(None, 0, 0))(weights, x, marks)
    _, loss, weights, _, _ = rows(case, torch.float64, "equations")
    for k in range(B):
        leaves = {name: w.clone().requires_grad_() for name, w in weights.items()}
        one = loss(leaves, x[k].double(), {name: mark[k] for name, mark in marks.items()})
        true = torch.autograd.grad(one, list(leaves.values()))
        assert_close([found[name][k] for name in leaves], true, dtype)
