"""Random masks: drawn alike whatever runs, by the share that was asked for, where the papers put them."""

from __future__ import annotations

import pytest
import torch
from asking import BACKENDS, ask, gradients, make, parts, run, same
from problems import VARIANTS
from torch import Tensor

from gatework import RNN


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("more", [{}, {"lengths": [3, 0, 6]}], ids=["dense", "lengths"])
def test_every_backend_draws_and_drops_alike(variant, more):
    answers, seeds = [], []
    for backend in BACKENDS:
        layer = make(variant, backend=backend, dropout=0.5, bidirectional=True).train()
        asked = ask(layer, 6, 3, seed=1)
        torch.manual_seed(13)
        y, state = layer(asked.x, asked.hx, **more)
        answers.append([y, *parts(state), *gradients((y, state), asked, *layer.parameters())])
        seeds.append(torch.rand(()))
    same(*answers)
    assert seeds[0] == seeds[1]


def relu(W=0.0, R=0.0, b=0.0, H=64, **options) -> RNN:
    """Make an RNN whose units are alike and apart: each has h = relu(W x + R h + b) of its own h."""
    layer = RNN(1, H, nonlinearity="relu", dtype=torch.float64, **options)
    with torch.no_grad():
        layer.weight_ih_l0.fill_(W)
        layer.weight_hh_l0.copy_(torch.eye(H) * R)
        layer.bias_ih_l0.fill_(b)
        layer.bias_hh_l0.zero_()
    return layer


def zeros(*shape) -> Tensor:
    return torch.zeros(*shape, dtype=torch.float64)


def ones(*shape) -> Tensor:
    return torch.ones(*shape, dtype=torch.float64)


def test_recurrent_dropout_is_one_scaled_mask_a_sequence():
    layer = relu(R=1, recurrent_dropout=0.25)
    torch.manual_seed(0)
    y, _ = layer(zeros(3, 50, 1), ones(1, 50, 64))
    mask = y[0]  # relu(1 * (h * m)) with h = 1
    assert set(mask.unique().tolist()) == {0, 1 / 0.75}
    assert (mask == 0).double().mean() == pytest.approx(0.25, abs=0.03)
    assert len(mask.unique(dim=0)) == 50
    same([y[1], y[2]], [mask**2, mask**3])
    other, _ = layer(zeros(3, 50, 1), ones(1, 50, 64))
    assert not torch.equal(other, y)
    y, _ = layer.eval()(zeros(3, 50, 1), ones(1, 50, 64))
    assert (y == 1).all()


def test_zoneout_keeps_each_unit_at_each_step_by_its_own_chance_and_by_the_share_in_eval():
    layer = relu(W=1, zoneout=0.25)
    x = torch.arange(1.0, 21).double()[:, None, None].expand(20, 50, 1)  # unzoned, h is x: 1, 2, 3, ...
    torch.manual_seed(0)
    y, _ = layer(x, zeros(1, 50, 64))
    before = torch.cat([zeros(1, 50, 64), y[:-1]])
    kept = y == before
    assert (kept | (y == x)).all()
    assert kept.double().mean() == pytest.approx(0.25, abs=0.01)
    assert kept.double().mean(dim=(1, 2)).sub(0.25).abs().max() < 0.03
    assert len(kept.flatten(1).unique(dim=0)) == 20
    y, _ = layer.eval()(x, zeros(1, 50, 64))
    before = torch.cat([zeros(1, 50, 64), y[:-1]])
    same([y], [0.25 * before + 0.75 * x])


@pytest.mark.parametrize("training", [True, False])
def test_zoneout_of_h_and_of_c_are_apart(training):
    asked = ask(make("LSTM plain"), 5, 3, seed=3, reset=False, lengths=False)
    plain, keeps_h, keeps_c = (make("LSTM plain", zoneout=z).train(training) for z in (0.0, (1.0, 0.0), (0.0, 1.0)))
    _, (h, c), moments = run(keeps_h, asked, trace=True)
    assert torch.equal(h, asked.hx[0])
    one_step = asked._replace(x=asked.x[:1])
    same(run(plain, one_step, trace=True)[2]["l0"][:5], run(keeps_h, one_step, trace=True)[2]["l0"][:5])
    assert not torch.equal(c, asked.hx[1])
    _, (h, c), moments = run(keeps_c, asked, trace=True)
    assert torch.equal(c, asked.hx[1])
    q = moments["l0"]
    same([q.h], [q.o * torch.tanh(q.f * asked.hx[1][0] + q.i * q.g)])


def test_weight_dropout_draws_once_a_call_scales_and_leaves_the_stored_weights():
    layer = relu(R=1, weight_dropout=0.25)
    with torch.no_grad():
        layer.weight_hh_l0.fill_(1)
    stored = {name: weight.detach().clone() for name, weight in layer.named_parameters()}
    e0 = zeros(1, 2, 64)
    e0[..., 0] = 1
    torch.manual_seed(0)
    # Every step starts from the first unit alone, and shows the first column of R.
    y, _ = layer(zeros(3, 2, 1), e0, reset=torch.ones(3, 2), reset_state=e0)
    assert set(y.unique().tolist()) == {0, 1 / 0.75}
    assert (y == y[0, 0]).all()
    assert (y[0, 0] == 0).double().mean() == pytest.approx(0.25, abs=0.15)
    again, _ = layer(zeros(3, 2, 1), e0, reset=torch.ones(3, 2), reset_state=e0)
    assert not torch.equal(again, y)
    y.sum().backward()
    assert all(torch.equal(weight, stored[name]) for name, weight in layer.named_parameters())
    assert torch.equal(layer.weight_hh_l0.grad[:, 0] == 0, y[0, 0] == 0)
    y, _ = layer.eval()(zeros(3, 2, 1), e0)
    assert (y[0] == 1).all()
