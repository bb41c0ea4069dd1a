"""The horizon is what it must be where that is known: constant gates, exact delays, both directions, ragged rows."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from torch import nn

import gatework
from gatework.errors import DataError, OptionError
from gatework.look import memory


def logit(f):
    return math.log(f / (1 - f))


def noise(steps, rows, inputs=1, seed=0):
    return torch.randn(steps, rows, inputs, generator=torch.Generator().manual_seed(seed))


def constant(*keeps, cell=gatework.LSTM, units=3, inputs=1):
    """A layer whose keeping gate is the same at every step: one value a direction."""
    layer = cell(inputs, units, bidirectional=len(keeps) == 2)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.zero_()
        for f, end in zip(keeps, ("", "_reverse"), strict=False):
            # Small, so that tanh is nearly linear; the keeping gate's rows are the second block in both cells.
            rows = slice(2 * units, 3 * units)
            getattr(layer, f"weight_ih_l0{end}")[rows] = 0.05 * torch.linspace(1, 2, units * inputs).view(units, inputs)
            getattr(layer, f"bias_ih_l0{end}")[units : 2 * units] = logit(f)
    return layer


class Delay(nn.Module):
    """An RNN that hands its input on from unit to unit; the answer is what the last unit holds."""

    def __init__(self, delay, at_end=False, leak=0.0):
        super().__init__()
        self.rnn, self.at_end, self.leak = gatework.RNN(1, delay + 1), at_end, leak
        with torch.no_grad():
            for weight in self.rnn.parameters():
                weight.zero_()
            self.rnn.weight_ih_l0[0] = 0.01
            self.rnn.weight_hh_l0.copy_(torch.diag(torch.ones(delay), -1))

    def forward(self, x):
        y = 100 * self.rnn(x)[0][..., -1:]
        y = y + self.leak * torch.cumsum(x, 0)
        return y[-1] if self.at_end else y


@pytest.mark.parametrize(("f", "eps"), [(0.5, 0.2), (0.5, 0.01), (0.8, 0.05), (0.9, 0.002), (0.95, 0.1), (0.98, 0.05)])
def test_a_constant_forget_gate_has_its_horizon(f, eps):
    found = memory(constant(f), noise(400, 8), eps=eps)
    true = math.log(eps) / math.log(f)
    assert found.horizon == pytest.approx(true, rel=0.02)
    assert found.horizon_by_gradient == pytest.approx(true, rel=0.02)
    assert found.gate_reach == pytest.approx(true, rel=1e-4)
    assert found.gates_agree
    assert not found.beyond


def test_a_constant_update_gate_has_its_horizon():
    found = memory(constant(0.9, cell=gatework.GRU), noise(300, 8))
    assert found.horizon == pytest.approx(math.log(0.05) / math.log(0.9), rel=0.02)
    assert found.timescales["layer.l0"] == pytest.approx(np.full(3, -1 / math.log(0.9)), rel=1e-5)


def test_both_directions_have_a_horizon_each():
    found = memory(constant(0.9, 0.7), noise(300, 8))
    assert found.lags[0] < -100
    assert found.lags[-1] > 100
    # Each direction decays at its own rate, from an effect at lag 0 that is both directions' together.
    for sign, f, reach in ((1, 0.9, found.horizon), (-1, 0.7, found.ahead)):
        far = np.searchsorted(found.lags, [sign * 10, sign * 20])
        assert np.diff(np.log(found.change[far]))[0] == pytest.approx(10 * math.log(f), rel=0.02)
        assert reach == pytest.approx(math.log(0.05) / math.log(f), rel=0.15)
    assert set(found.timescales) == {"layer.l0", "layer.l0_reverse"}
    assert "It also reads ahead" in str(found)


def test_one_direction_does_not_read_ahead():
    found = memory(constant(0.5), noise(60, 4))
    assert found.lags[0] == 0
    assert math.isnan(found.ahead)


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize("delay", [1, 5, 20])
def test_a_delay_is_its_own_horizon(delay, at_end):
    found = memory(Delay(delay, at_end), noise(3 * delay + 6, 64))
    assert found.stepwise is not at_end
    assert found.horizon == found.horizon_by_gradient == delay
    assert not found.beyond
    others = found.lags != delay
    assert found.change[others].max() < 1e-3 * found.change[~others][0]
    assert math.isnan(found.gate_reach)


def test_a_far_delay_is_found_between_lags_that_are_skipped():
    from gatework.look.effect import Answers, by_change, by_gradient
    from gatework.look.lags import peaks, spread_out
    from gatework.look.subject import subject

    answers = Answers(subject(Delay(40, at_end=True), noise(90, 4)))
    answers.affordable = 1
    slope = by_gradient(answers, torch.Generator().manual_seed(0))
    high = peaks(slope.lags, slope.mean)
    assert 40 not in spread_out(90, 32)
    found = by_change(answers, torch.Generator().manual_seed(0), high)
    assert 40 in found.lags
    assert len(found.lags) < 60


def test_a_floor_of_all_old_inputs_ends_no_horizon():
    # Each input ever read weighs a tenth of the one that counts: more than eps, and no more at one lag than another.
    found = memory(Delay(7, at_end=True, leak=0.1), noise(40, 64))
    assert found.horizon == found.horizon_by_gradient == 7
    assert not found.beyond
    assert found.control[1, 7] > 0.1 * found.change[7]


def test_a_memory_longer_than_the_data_is_said_to_be():
    found = memory(constant(0.995), noise(200, 8))
    assert found.beyond
    assert found.horizon >= 190
    assert found.gates_agree
    assert "at least" in str(found)


def test_a_memory_that_never_fades_is_longer_than_the_data():
    found = memory(constant(0.999999), noise(60, 8))
    assert found.beyond
    assert found.horizon >= 55


class Now(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = constant(0.9)

    def forward(self, x):
        return 2 * x + 0 * self.lstm(x)[0][..., :1]


def test_an_answer_of_the_present_alone_has_no_memory_whatever_the_gates_say():
    found = memory(Now(), noise(100, 8))
    assert found.horizon == 0
    assert found.gate_reach == pytest.approx(28.4, rel=0.01)
    assert found.gates_agree is False
    said = str(found)
    assert "It remembers nothing: only the input of the same step changes the answer." in said
    assert "A picture of the gates alone would claim too much." in said


class Blind(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = constant(0.9)

    def forward(self, x):
        return 0 * self.lstm(x)[0]


def test_an_answer_that_never_changes_has_no_horizon():
    found = memory(Blind(), noise(50, 8))
    assert math.isnan(found.horizon)
    assert "It remembers nothing: no input changes the answer." in str(found)
    assert json.loads(json.dumps(found.to_dict()))["horizon"] is None


def test_padding_is_neither_read_nor_put_anywhere():
    # In these rows every input is the same, so no replacement changes anything, unless it comes from the padding.
    layer = constant(0.9)
    rows = [torch.ones(n, 1) for n in (40, 11, 25, 7)]
    found = memory(layer, rows)
    assert not found.change.any()
    assert math.isnan(found.horizon)
    assert found.timescales["layer.l0"] == pytest.approx(np.full(3, -1 / math.log(0.9)), rel=1e-5)


def test_ragged_rows_have_the_horizon_of_whole_ones():
    generator = torch.Generator().manual_seed(1)
    rows = [torch.randn(n, 1, generator=generator) for n in (200, 150, 90, 120, 300, 40)]
    found = memory(constant(0.8), rows)
    assert found.horizon == pytest.approx(math.log(0.05) / math.log(0.8), rel=0.02)
    assert found.steps == 300
    assert found.rows == 6


def test_the_gradient_says_what_a_replacement_does_where_that_is_linear():
    found = memory(Delay(3), noise(60, 16))
    assert found.gradient[3] == pytest.approx(found.change[3], rel=0.1)


def test_one_seed_gives_one_answer_and_changes_nothing_outside():
    layer, x = gatework.LSTM(1, 4).train(), noise(40, 4)
    before = torch.get_rng_state()
    first, second = memory(layer, x, seed=3), memory(layer, x, seed=3)
    assert torch.equal(torch.get_rng_state(), before)
    assert layer.training
    assert all(weight.grad is None for weight in layer.parameters())
    for name in ("change", "gradient", "control", "recall"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert not np.array_equal(first.change, memory(layer, x, seed=4).change)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_torchs_own_layers_are_measured(kind):
    torch.manual_seed(0)
    theirs = kind(2, 6, num_layers=2, batch_first=True)
    found = memory(theirs, noise(30, 5, 2).transpose(0, 1))
    assert 0 < found.horizon < 20
    assert found.steps == 30
    assert set(found.timescales) == (set() if kind is nn.RNN else {"layer.l0", "layer.l1"})
    assert ("a plain RNN has no gate" in str(found)) == (kind is nn.RNN)


def test_a_forecaster_is_measured():
    t = np.arange(160)
    table = {"ds": t, "y": 10 + np.sin(t * np.pi / 6) + 0.1 * np.random.default_rng(0).standard_normal(160)}
    model = gatework.Forecaster(h=4, season_length=12, hidden_size=8, max_steps=4, progress=False).fit(table)
    found = memory(model)
    assert not found.stepwise
    assert found.names[0] == "value"
    assert found.rows >= 50  # several windows of the one series
    assert set(found.timescales) == {"encoder.l0", "encoder.l1", "decoder.l0", "decoder.l1"}
    assert found.recall.shape == (len(found.recall_lags), len(found.names))
    assert np.nanmax(found.recall[0]) > 0.9


@pytest.mark.parametrize("eps", [0, 1, -0.1, "5 %", None])
def test_a_share_must_be_one(eps):
    with pytest.raises(OptionError, match=r"eps must be between 0 and 1; got .* 0.05 is 5 % of the largest effect."):
        memory(constant(0.5), noise(9, 2), eps=eps)


@pytest.mark.parametrize("seed", [-1, 0.5, True, None])
def test_a_seed_must_be_a_whole_number(seed):
    with pytest.raises(OptionError, match="seed must be a whole number from 0 on; got"):
        memory(constant(0.5), noise(9, 2), seed=seed)


def test_data_must_be_given_with_a_module():
    with pytest.raises(DataError, match="data must be given with a module"):
        memory(constant(0.5))


def test_json_holds_all_of_it():
    found = memory(constant(1 - 1e-9), noise(20, 4))
    told = json.loads(json.dumps(found.to_dict()))
    assert told["timescales"]["layer.l0"] == [None] * 3  # infinite
    assert told["lags"] == list(range(20))
    assert len(told["control"]) == 2
    assert told["gates_agree"] is True
