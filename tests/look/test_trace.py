"""A trace is what the equations say happened, at the step at which it happened."""

from __future__ import annotations

import json
from copy import deepcopy

import numpy as np
import pytest
import torch
from asking import make
from problems import VARIANTS
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import gatework
from gatework import equations
from gatework.look import trace
from gatework.nn.reading import read
from gatework.ops import plain

LENGTHS = (7, 3, 1, 5)


def batch(dtype=torch.float64, features=3):
    return torch.randn(7, 4, features, generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(dtype)


def by_the_equations(layer, x, lengths=None):
    """Every moment of a layer in float64: equations.py, layer by layer and direction by direction."""
    layer, found = deepcopy(layer).double(), {}
    reading = read(layer, x.double(), None, lengths, None)
    for k in range(layer.num_layers):
        call = layer.call(k, reading)
        ways = [plain.one_way(one)[0] for one in call.ways()]
        for d, moments in enumerate(ways):
            found[f"layer.l{k}" + "_reverse" * d] = moments._asdict()
        reading = reading._replace(x=torch.cat([moments.h for moments in ways], -1))
    return found


def assert_same(found, want, tolerance, lengths=None):
    assert list(found) == list(want)
    for name, parts in want.items():
        assert list(found[name]) == list(parts)
        for letter, q in parts.items():
            q = q.detach().numpy().copy()
            for b, n in enumerate(lengths or ()):
                q[n:, b] = np.nan
            np.testing.assert_allclose(found[name][letter], q, rtol=0, atol=tolerance, err_msg=f"{name} {letter}")


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["dense", "ragged"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_trace_is_what_the_equations_say(variant, lengths):
    layer = make(variant, bidirectional=True).eval()
    want = by_the_equations(layer, batch(), lengths and torch.tensor(lengths))
    assert_same(trace(layer, batch(), lengths).layers, want, 1e-12, lengths)
    single = deepcopy(layer).float()
    assert_same(trace(single, batch(torch.float32), lengths).layers, want, 1e-6, lengths)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_torchs_own_layers_are_traced(kind):
    theirs = kind(3, 4, 2, bidirectional=True, batch_first=True).double()
    ours = gatework.from_torch(theirs)
    ours.batch_first = False
    found = trace(theirs, batch().transpose(0, 1))
    assert_same(found.layers, by_the_equations(ours, batch()), 1e-12)
    np.testing.assert_allclose(found.outputs, theirs(batch().transpose(0, 1))[0].transpose(0, 1).detach(), atol=1e-12)


def test_a_step_shows_what_was_read_at_that_step_in_both_directions():
    layer = gatework.LSTM(3, 4, bidirectional=True, dtype=torch.float64)
    x, row, n = batch(), 1, 3
    found = trace(layer, x, LENGTHS)
    for suffix, order in (("", range(n)), ("_reverse", reversed(range(n)))):
        W, R, b, bb = (
            getattr(layer, f"{name}_l0{suffix}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        h, c = torch.zeros(1, 4).double(), torch.zeros(1, 4).double()
        for t in order:
            now = equations.step(x[t, row : row + 1] @ W.T + b + bb, h, c, R)
            h, c = now.h, now.c
            for letter, q in now._asdict().items():
                shown = found.layers[f"layer.l0{suffix}"][letter][t, row]
                np.testing.assert_allclose(shown, q[0].detach(), atol=1e-14, err_msg=f"{letter} at {t}")
    np.testing.assert_array_equal(found.x[:n, row], x[:n, row])
    forward, back = found.layers["layer.l0"]["h"], found.layers["layer.l0_reverse"]["h"]
    np.testing.assert_allclose(found.outputs, np.concatenate([forward, back], -1), atol=1e-14)


def test_padding_is_nan_and_nothing_else_is():
    found = trace(gatework.GRU(3, 4, 2, bidirectional=True), batch(torch.float32), LENGTHS)
    past = np.arange(7)[:, None] >= np.array(LENGTHS)
    arrays = [found.x, found.outputs, *(q for parts in found.layers.values() for q in parts.values())]
    assert len(arrays) == 2 + 4 * 4
    for q in arrays:
        assert (np.isnan(q) == past[..., None]).all()
    assert found.lengths.tolist() == list(LENGTHS)


class Packing(nn.Module):
    """Packs its rows, out of order, as most users of torch do, and answers about the end."""

    def __init__(self):
        super().__init__()
        self.reader = nn.LSTM(3, 4, bidirectional=True, batch_first=True).double()

    def forward(self, x, lengths):
        y, _ = self.reader(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
        return pad_packed_sequence(y, batch_first=True)[0].sum(1)


def test_packed_rows_come_back_in_the_callers_order():
    net = Packing()
    lengths = (3, 6, 1, 5)
    found = trace(net, batch().transpose(0, 1), lengths)
    assert found.outputs.shape == (1, 4, 8)
    bare = trace(net.reader, batch().transpose(0, 1), lengths)
    for suffix in ("l0", "l0_reverse"):
        for letter, q in found.layers[f"reader.{suffix}"].items():
            np.testing.assert_allclose(q, bare.layers[f"layer.{suffix}"][letter][:6], atol=1e-14)


class Stepping(nn.Module):
    """Reads step by step, as a decoder or an agent does; then reads again from nothing."""

    def __init__(self, again=False):
        super().__init__()
        self.cell, self.again = gatework.LSTM(3, 4).double(), again

    def forward(self, x):
        state, ys = None, []
        for t in range(len(x)):
            y, state = self.cell.step(x[t], state)
            ys.append(y)
        if self.again:
            self.cell(x.flip(0))
        return torch.stack(ys)


def test_single_steps_make_one_trace_and_a_second_reading_another():
    found, net = trace(Stepping(), batch()), Stepping(again=True)
    assert list(found.layers) == ["cell.l0"]
    assert found.layers["cell.l0"]["c"].shape == (7, 4, 4)
    found = trace(net, batch())
    assert list(found.layers) == ["cell.l0", "cell.l0 (2)"]
    bare = trace(net.cell, batch()).layers["layer.l0"]
    back = trace(net.cell, batch().flip(0)).layers["layer.l0"]
    for letter in "ifgoch":
        np.testing.assert_allclose(found.layers["cell.l0"][letter], bare[letter], atol=1e-14)
        np.testing.assert_allclose(found.layers["cell.l0 (2)"][letter], back[letter], atol=1e-14)


def test_rows_that_a_model_was_not_told_of_are_masked_too():
    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.reader = gatework.RNN(3, 4)

        def forward(self, x):
            return self.reader(x)[0]

    found = trace(Head(), batch(torch.float32), LENGTHS)
    assert (np.isnan(found.layers["reader.l0"]["h"]).sum((0, 2)) == 4 * (7 - np.array(LENGTHS))).all()


def test_a_trace_leaves_nothing_behind():
    layer = gatework.LSTM(3, 4)
    before = torch.get_rng_state()
    trace(layer, batch(torch.float32))
    assert not layer._forward_hooks
    assert not layer._forward_pre_hooks
    assert torch.equal(torch.get_rng_state(), before)
    assert all(weight.grad is None for weight in layer.parameters())


def test_a_forecaster_is_traced_over_its_window_and_its_horizon():
    t = np.arange(120)
    data = {"ds": t, "y": 20 + 5 * np.sin(t * np.pi / 6)}
    small = {"hidden_size": 4, "num_layers": 2, "max_steps": 4, "progress": False, "season_length": 12}
    found = trace(gatework.Forecaster(5, **small).fit(data))
    assert list(found.layers) == ["encoder.l0", "encoder.l1", "decoder.l0", "decoder.l1"]
    assert found.layers["encoder.l1"]["f"].shape == (24, 1, 4)
    assert found.layers["decoder.l0"]["f"].shape == (5, 1, 4)
    assert found.outputs.shape == (1, 1, 5)
    assert found.names == ("value", "change over 1", "change over 12", "known")


def test_what_it_says():
    layer = gatework.LSTM(1, 2)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.zero_()
    found = trace(layer, torch.zeros(3, 2, 1), lengths=[3, 1])
    assert str(found) == (
        "2 rows of 3 steps and 1 input. On average:\n"
        "layer.l0, 2 units: input gate 50% open, forget gate 50% open, output gate 50% open, c 0 from 0"
    )
    saved = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert saved["layers"]["layer.l0"]["f"][0] == [[0.5, 0.5], [0.5, 0.5]]
    assert saved["layers"]["layer.l0"]["f"][2][1] == [None, None]
    assert saved["lengths"] == [3, 1]
