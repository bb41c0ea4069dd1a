"""Gradients by lag are what autograd finds by hand, and fall as the mathematics says they must."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch
from asking import bind
from problems import VARIANTS, Problem
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import gatework
from gatework.errors import OptionError
from gatework.look import gradients
from gatework.nn.reading import read
from gatework.ops import plain


def batch(steps=7, rows=4, features=3):
    g = torch.Generator().manual_seed(0)
    return torch.randn(steps, rows, features, generator=g, dtype=torch.float64)


def rms(grads):
    """The norm over units, root mean square over rows, of each of a list of (B, units)."""
    return np.array([one.square().sum(-1).mean().sqrt().item() for one in grads])


def last(y):
    """A loss about the end whose derivative differs from unit to unit and row to row."""
    return (y[-1] * torch.arange(1, 1 + y[-1].numel()).reshape(y[-1].shape)).sin().sum()


def moment(one):
    """The first moment of one direction, as the equations made it."""
    seen = []

    def watched(step):
        def watched_step(*given, **masks):
            seen.append(step(*given, **masks))
            return seen[-1]

        return watched_step

    plain.one_way(one, watched)
    return seen[0]


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_memory_has_the_gradient_of_a_state_from_which_the_layer_goes_on(variant):
    kind, options = VARIANTS[variant]
    layer, x = Problem(variant, kind, options, training=False).layer(), batch()
    found = gradients(layer, x, loss=last).flows["layer.l0"].norms
    assert list(found) == (["h", "c"] if kind is gatework.LSTM else ["h"])
    for t in range(len(x) - 1):
        # One step by the equations, whose h and c the layer takes up.
        (one,) = layer.call(0, read(layer, x[t : t + 1], layer(x[:t])[1], None, None)).ways()
        now = moment(one)
        nodes = [getattr(now, letter) for letter in found]
        loss = last(layer(x[t + 1 :], bind(layer, [node[None] for node in nodes]))[0])
        for letter, grad in zip(found, torch.autograd.grad(loss, nodes), strict=True):
            np.testing.assert_allclose(found[letter][6 - t], rms([grad])[0], rtol=1e-10, err_msg=f"{letter} at {t}")


def test_two_layers_and_both_directions_are_what_autograd_finds_by_hand():
    net = nn.LSTM(3, 4, 2, bidirectional=True).double()
    cells = {}
    for k in range(2):
        for side in ("", "_reverse"):
            cells[f"l{k}{side}"] = cell = nn.LSTMCell(3 if k == 0 else 8, 4).double()
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                getattr(cell, name).data = getattr(net, f"{name}_l{k}{side}").data
    x = batch().requires_grad_()
    kept, y = {}, x
    for k in range(2):
        ys = []
        for side, order in (("", range(7)), ("_reverse", reversed(range(7)))):
            state, outs = None, [None] * 7
            for t in order:
                state = cells[f"l{k}{side}"](y[t], state)
                for letter, one in zip("hc", state, strict=True):
                    one.retain_grad()
                    kept.setdefault((f"layer.l{k}{side}", letter), [None] * 7)[t] = one
                outs[t] = state[0]
            ys.append(torch.stack(outs))
        y = torch.cat(ys, -1)
    y.square().sum().backward()

    found = gradients(net, batch(), loss=lambda y: y.square().sum())
    assert found.loss == pytest.approx(y.square().sum().item(), rel=1e-12)
    for (name, letter), nodes in kept.items():
        want = rms([node.grad for node in nodes])
        want = want if name.endswith("_reverse") else want[::-1]
        np.testing.assert_allclose(found.flows[name].norms[letter], want, rtol=1e-10, err_msg=f"{name} {letter}")
    np.testing.assert_allclose(found.flows["x"].norms["x"], rms(x.grad)[::-1], rtol=1e-10)


def constant(f, steps, dtype=torch.float64, units=3):
    """An LSTM whose forget gate is f whatever it reads, and whose h goes nowhere but out."""
    layer = gatework.LSTM(2, units, dtype=dtype)
    with torch.no_grad():
        layer.weight_hh_l0.zero_()
        layer.weight_ih_l0[units : 2 * units] = 0
        layer.bias_ih_l0.zero_()
        layer.bias_hh_l0.zero_()
        layer.bias_ih_l0[units : 2 * units] = float(np.log(f / (1 - f)))
    return gradients(layer, batch(steps, 4, 2).to(dtype))


@pytest.mark.parametrize(("f", "verdict"), [(0.5, "vanishing"), (0.9, "vanishing"), (0.97, "neither")])
def test_with_a_constant_forget_gate_the_gradient_of_c_falls_by_it_each_step(f, verdict):
    found = constant(f, 100)
    flow = found.flows["layer.l0"]
    np.testing.assert_allclose(flow.norms["c"][1:] / flow.norms["c"][:-1], f, rtol=1e-12)
    assert flow.rate == pytest.approx(f, rel=1e-12)
    assert flow.verdict == verdict
    assert (flow.norms["h"][1:] == 0).all(), "h goes nowhere but out"
    assert flow.reach == min(int(np.log(1e-3) / np.log(f)), 99)
    assert found.rate == pytest.approx(f, rel=0.01)
    assert found.verdict == verdict


@pytest.mark.parametrize(("rho", "verdict"), [(0.8, "vanishing"), (1.0, "neither"), (1.2, "exploding")])
def test_the_gradient_of_an_rnn_grows_and_falls_as_powers_of_its_recurrent_weights(rho, verdict):
    layer = gatework.RNN(2, 5, dtype=torch.float64)
    with torch.no_grad():
        nn.init.orthogonal_(layer.weight_hh_l0).mul_(rho)
        layer.bias_ih_l0.zero_()
        layer.bias_hh_l0.zero_()
        layer.weight_ih_l0.mul_(1e-12)
    found = gradients(layer, batch(60, 3, 2) * 1e-12)
    norms = found.flows["layer.l0"].norms["h"]
    np.testing.assert_allclose(norms / norms[0], rho ** np.arange(60), rtol=1e-6)
    assert found.flows["layer.l0"].rate == pytest.approx(rho, rel=1e-6)
    assert found.verdict == verdict


def test_a_gradient_that_float32_cannot_hold_has_vanished_at_the_rate_at_which_it_fell():
    flow = constant(0.5, 400, torch.float32).flows["layer.l0"]
    assert flow.norms["c"][-1] == 0
    assert flow.rate == pytest.approx(0.5, rel=1e-5)
    assert flow.verdict == "vanishing"
    assert flow.reach == 9
    assert str(flow) == (
        "vanishing: times 0.5 with each step back, 7.7e-121 over 399 steps; beyond 9 steps it is below a thousandth"
    )


@pytest.mark.parametrize("options", [{}, {"bidirectional": True}])
def test_rows_that_end_early_count_from_their_own_end(options):
    layer, x = gatework.GRU(3, 4, 2, dtype=torch.float64, **options), batch()
    lengths = [7, 3, 1, 5]
    found = gradients(layer, x, lengths)
    alone = [gradients(layer, x[:n, b : b + 1]) for b, n in enumerate(lengths)]
    for name, flow in found.flows.items():
        assert flow.rows.tolist() == [4, 3, 3, 2, 2, 1, 1]
        for lag in range(7):
            each = [next(iter(one.flows[name].norms.values())) for one in alone]
            want = np.sqrt(np.mean([one[lag] ** 2 for one in each if len(one) > lag]))
            have = next(iter(flow.norms.values()))[lag]
            np.testing.assert_allclose(have, want, rtol=1e-10, err_msg=f"{name} {lag}")


def test_packed_rows_are_as_padded_ones():
    class Packing(nn.Module):
        def __init__(self):
            super().__init__()
            self.reader = nn.LSTM(3, 4, bidirectional=True).double()

        def forward(self, x, lengths):
            return self.reader(pack_padded_sequence(x, lengths, enforce_sorted=False))

    net, lengths = Packing(), [3, 7, 1, 5]
    one, other = gradients(net, batch(), lengths), gradients(net.reader, batch(), lengths)
    for name in ("l0", "l0_reverse"):
        for letter in "hc":
            norms = other.flows[f"layer.{name}"].norms[letter]
            np.testing.assert_allclose(one.flows[f"reader.{name}"].norms[letter], norms, rtol=1e-12)


def test_a_layer_called_step_by_step_is_as_one_called_once():
    class Stepping(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = gatework.LSTM(3, 4).double()

        def forward(self, x):
            state, ys = None, []
            for now in x:
                y, state = self.cell.step(now, state)
                ys.append(y)
            return torch.stack(ys)

    net = Stepping()
    one, other = gradients(net, batch()), gradients(net.cell, batch())
    assert list(one.flows) == ["cell.l0", "x"]
    for letter in "hc":
        norms = other.flows["layer.l0"].norms[letter]
        np.testing.assert_allclose(one.flows["cell.l0"].norms[letter], norms, rtol=1e-12)
    assert one.rate == pytest.approx(other.rate)


class Classifier(nn.Module):
    def __init__(self, cut=None):
        super().__init__()
        self.cut = cut
        self.reader, self.head = nn.LSTM(3, 4, batch_first=True), nn.Linear(4, 2)

    def forward(self, x):
        y, state = self.reader(x[:, : self.cut])
        if self.cut is not None:
            y, _ = self.reader(x[:, self.cut :], tuple(part.detach() for part in state))
        return self.head(y[:, -1])


def test_a_model_about_the_end_can_be_given_its_loss():
    net = Classifier().train()
    x = batch(30, 4).float().transpose(0, 1)
    target = torch.tensor([0, 1, 1, 0])
    found = gradients(net, x, loss=lambda y: nn.functional.cross_entropy(y[0], target))
    assert found.loss == pytest.approx(nn.functional.cross_entropy(net(x), target).item(), rel=1e-5)
    inputs = x.clone().requires_grad_()
    nn.functional.cross_entropy(net(inputs), target).backward()
    np.testing.assert_allclose(found.flows["x"].norms["x"], rms(inputs.grad.transpose(0, 1))[::-1], rtol=1e-4)
    assert net.training
    assert not net.reader._forward_hooks
    assert str(found).startswith(
        "gradient of the given loss, by how many steps back: vanishing\nreader.l0: vanishing: "
    )


def test_a_state_that_is_detached_on_the_way_lets_nothing_through():
    found = gradients(Classifier(cut=20), batch(30).float().transpose(0, 1))
    norms = found.flows["x"].norms["x"]
    assert (norms[:10] > 0).all()
    assert (norms[10:] == 0).all()
    assert found.flows["x"].verdict == "vanishing"
    assert found.flows["x"].reach <= 9


def test_a_forecaster_has_its_own_loss():
    t = np.arange(150)
    data = {"ds": t, "y": 20 + 5 * np.sin(t * np.pi / 6) + np.random.default_rng(0).normal(size=150)}
    small = {"hidden_size": 4, "num_layers": 1, "max_steps": 4, "progress": False, "season_length": 12}
    model = gatework.Forecaster(5, **small).fit(data)
    found = gradients(model)
    assert found.about == "the quantile loss"
    assert list(found.flows) == ["encoder.l0", "decoder.l0", "x"]
    assert found.flows["encoder.l0"].rows.tolist() == [8] * 24
    assert found.flows["decoder.l0"].rows.tolist() == [8] * 5
    assert all((norms > 0).all() for flow in found.flows.values() for norms in flow.norms.values())
    assert found.verdict == found.flows["x"].verdict


def test_both_ways_is_judged_by_the_worse():
    layer = gatework.LSTM(2, 3, bidirectional=True, dtype=torch.float64)
    with torch.no_grad():
        for side, f in (("", 0.99), ("_reverse", 0.6)):
            getattr(layer, f"weight_hh_l0{side}").zero_()
            getattr(layer, f"weight_ih_l0{side}")[3:6] = 0
            getattr(layer, f"bias_ih_l0{side}")[3:6] = float(np.log(f / (1 - f)))
            getattr(layer, f"bias_hh_l0{side}")[3:6] = 0
    found = gradients(layer, batch(80, 4, 2))
    assert found.about == "a random sum of the last answers, or the first"
    assert found.flows["layer.l0"].rate == pytest.approx(0.99)
    assert found.flows["layer.l0_reverse"].rate == pytest.approx(0.6)
    assert (found.verdict, found.rate) == ("vanishing", pytest.approx(0.6))


@pytest.mark.parametrize(
    ("loss", "got"),
    [
        (lambda y: y, "(7, 4, 4)"),
        (lambda y: y.sum().item(), "float"),
        (lambda y: y.detach().sum(), "a constant"),
    ],
)
def test_a_loss_that_cannot_be_differentiated_is_refused(loss, got):
    message = (
        f"loss must give one number that depends on the answers; got {got}. Sum or average it, and detach nothing."
    )
    with pytest.raises(OptionError, match=re.escape(message)):
        gradients(gatework.LSTM(3, 4), batch().float(), loss=loss)


def test_it_can_be_kept_as_json():
    found = gradients(gatework.LSTM(3, 4), batch().float())
    saved = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert saved["flows"]["layer.l0"]["norms"]["c"] == found.flows["layer.l0"].norms["c"].tolist()
    assert saved["verdict"] == found.verdict


def test_what_there_is_to_say_of_a_single_step():
    found = gradients(gatework.LSTM(3, 4), batch(1).float())
    assert str(found.flows["x"]) == "neither: there are no two steps to compare"
