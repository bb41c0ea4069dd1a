"""Where a model's numbers are none, each instrument says so: neither a crash nor a finding about what it cannot see."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from torch import nn

import gatework
from gatework.errors import DataError, OptionError
from gatework.look import doctor, memory, trace
from gatework.look.recall import recall


def noise(*sizes):
    return torch.rand(*sizes, generator=torch.Generator().manual_seed(0))


def spoiled():
    layer = nn.LSTM(2, 4)
    layer.weight_hh_l0.data.fill_(float("nan"))
    return layer


def growing():
    """Three times as much with each step: no float32 holds that for a hundred."""
    layer = nn.RNN(2, 4, nonlinearity="relu")
    with torch.no_grad():
        layer.weight_ih_l0.fill_(0.5)
        layer.weight_hh_l0.copy_(3 * torch.eye(4))
    return layer


@pytest.mark.parametrize(("model", "steps"), [(spoiled, 10), (growing, 120)])
def test_a_memory_of_no_numbers_is_refused(model, steps):
    text = (
        r"model must answer with finite numbers; got [\d,]+ of [\d,]+ that are not. Either its weights are no numbers "
        r"or its state grows until it overflows: ask doctor\(model, data\) which."
    )
    with pytest.raises(OptionError, match=text):
        memory(model(), noise(steps, 3, 2))


def test_so_is_one_whose_changes_are_none():
    class Edge(nn.Module):
        """Rows that do not begin with 1 are answered by no number."""

        def __init__(self):
            super().__init__()
            self.layer = nn.LSTM(1, 2)

        def forward(self, x):
            self.layer(x)
            return x.sum(0) / (x[0] == 1)

    x = noise(8, 4, 1)
    x[0] = 1
    with pytest.raises(OptionError, match="got changes that are not, at 1 lag"):
        memory(Edge(), x)


def test_the_doctor_says_what_grows_and_nothing_of_units_that_it_cannot_judge():
    found = doctor(growing(), noise(120, 3, 2))
    assert "exploding gradient" in [one.name for one in found]
    assert "dead units" not in [one.name for one in found]
    for name in ("dead units", "saturated gates", "memory too short"):
        assert found.not_examined[name] == "The state of layer.l0 grows until it is no number."


def test_a_trace_of_no_numbers_says_so():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        said = str(trace(spoiled(), noise(1, 1, 2).repeat(3, 1, 1)))
    assert "nan" not in said
    assert said.endswith("layer.l0, 4 units: no numbers; the weights are none, or the state overflows")


def test_recall_leaves_out_moments_that_are_no_numbers():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 6, 1))
    state, alive = np.concatenate([x, np.roll(x, 1, 0)], 2), np.ones((200, 6), bool)
    state[150:, 0], state[160:, 1], state[170:, 2] = np.inf, np.nan, 1e200
    assert recall(state, x, alive, rng).score[:2, 0] == pytest.approx([1, 1], abs=1e-3)
    assert np.isnan(recall(state + np.inf, x, alive, rng).score).all()


def test_a_single_step_has_no_memory_to_measure():
    text = "data must have rows of 2 steps or more; got 1. One step has none before it to remember."
    with pytest.raises(DataError, match=text):
        memory(gatework.LSTM(2, 4), noise(1, 3, 2))
    assert str(trace(gatework.LSTM(1, 1), noise(1, 1, 1))).startswith("1 row of 1 step and 1 input. On average:\n")
    assert "layer.l0, 1 unit: " in str(trace(gatework.LSTM(1, 1), noise(1, 1, 1)))
