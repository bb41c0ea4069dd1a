"""Where every old input counts alike, memory() says so: neither "nothing" nor a reach that is not there."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import gatework
from gatework.look import memory
from gatework.look.effect import Effect
from gatework.look.horizon import floor, horizon


def curve(values, noise=0.1, count=400):
    mean = np.asarray(values, float)
    return Effect(np.arange(len(mean)), mean, mean**2 * (1 + noise**2), np.full(len(mean), count))


def kinds(steps=60, rows=32):
    """The same model is to be told the same of noise, of what lingers and of what drifts."""
    white = torch.randn(steps, rows, 1, generator=torch.Generator().manual_seed(0))
    lingering = [white[0]]
    for now in white[1:]:
        lingering.append(0.95 * lingering[-1] + 0.95**0.5 * 0.3 * now)
    return {
        "noise": white,
        "lingering": torch.stack(lingering),
        "drifting": white / 3 + torch.arange(steps)[:, None, None] / 15,
    }


class Sum(nn.Module):
    """Every input counts `floor`, the one of `delay` steps back 1 more; the layer goes unheard."""

    def __init__(self, floor, at_end, delay=0, peak=1.0):
        super().__init__()
        self.layer, self.floor, self.at_end, self.delay, self.peak = gatework.LSTM(1, 2), floor, at_end, delay, peak
        with torch.no_grad():
            # The gates would hold on for thousands of steps.
            self.layer.bias_ih_l0[2:4] = 9

    def forward(self, x):
        self.layer(x)
        late = torch.cat([0 * x[: self.delay], x[: len(x) - self.delay]])
        y = self.floor * torch.cumsum(x, 0) + self.peak * late
        return y[-1] if self.at_end else y


@pytest.mark.parametrize("at_end", [True, False])
@pytest.mark.parametrize("kind", ["noise", "lingering", "drifting"])
@pytest.mark.parametrize("peak", [0, 3])
def test_a_sum_of_all_inputs_remembers_all_of_them(peak, kind, at_end):
    found = memory(Sum(1, at_end, peak=peak), kinds()[kind])
    assert (found.horizon, found.beyond) == (59, True)
    assert found.horizon_by_gradient == 59
    said = str(found)
    assert said.startswith("It remembers at least 59 steps, which is all that these data can show: ")
    assert "nothing" not in said
    assert "less than 5 %" not in said


def test_it_is_told_how_much_each_old_input_counts():
    found = memory(Sum(1 / 60, at_end=True, peak=3 / 60), kinds()["noise"])
    assert found.floor == pytest.approx(0.25, rel=0.1)
    assert (
        "only the input of the same step stands out, and every older one, back to the oldest, changes the answer "
        f"alike, by about {100 * found.floor:.2g} % of what the strongest one does."
    ) in str(found)


@pytest.mark.parametrize("kind", ["noise", "lingering"])
@pytest.mark.parametrize("at_end", [True, False])
def test_behind_a_delay_the_floor_is_told_beside_it(at_end, kind):
    found = memory(Sum(0.1, at_end, delay=7), kinds()[kind])
    assert (found.horizon, found.beyond) == (7, False)
    assert found.floor == pytest.approx(0.1 / 1.1, rel=0.2)
    said = str(found)
    assert said.startswith("It remembers 7 steps apart from all others; every older input, back to the oldest, changes")
    assert "less than 5 %" not in said


def test_gates_are_not_held_against_a_reach_that_is_not_one():
    found = memory(Sum(0.1, at_end=True, delay=7), kinds()["noise"])
    assert found.gate_reach > 200
    assert found.gates_agree is None
    assert str(found).endswith("As all older inputs count, there is no one reach to hold the gates against.")


def test_less_than_the_share_is_next_to_nothing_and_not_nothing():
    found = memory(Sum(0.04, at_end=True), kinds()["noise"])
    assert found.horizon < 1
    assert not found.beyond
    assert np.isnan(found.floor)
    assert "only the input of the same step changes the answer" not in str(found)


def test_a_floor_is_measured_in_shares_of_the_peak():
    values = np.full(60, 0.2)
    values[[0, 3]] = 1, 2
    assert floor(curve(values), 0.05, 2) == (3, pytest.approx(0.1))
    values[3] = 0.2
    assert floor(curve(values), 0.05, 1) == (0, pytest.approx(0.2))
    assert horizon(curve(values), 0.05, 1) == (59, True)
    assert horizon(curve(values), 0.5, 1).steps < 1
    assert floor(curve(0.9 ** np.arange(60)), 0.05, 1) is None


def test_lags_that_err_together_are_no_surer_than_one():
    # The far half is 4 % lower, within the errors of one lag; of 28 lags that erred each by itself it would not be.
    values = np.full(60, 0.1)
    values[3], values[32:] = 1, 0.096
    assert horizon(curve(values, noise=0.4), 0.05, 1) == (3, False)
