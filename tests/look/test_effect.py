"""What is measured of an effect, and on which answers: on functions whose every effect is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

import gatework
from gatework.look import memory, subject
from gatework.look.effect import FEWEST, Answers, Tally, by_change, by_gradient


def noise(steps, rows, inputs=1):
    return torch.randn(steps, rows, inputs, generator=torch.Generator().manual_seed(0))


class Known(nn.Module):
    """Answers that are a function of the inputs alone, beside a layer that says nothing."""

    def __init__(self, answer):
        super().__init__()
        self.answer, self.lstm = answer, gatework.LSTM(1, 2)

    def forward(self, x):
        return self.answer(x) + 0 * self.lstm(x)[0][..., :1]


def back(x, k):
    """x from k steps before; from -k after, where k is below 0."""
    zeros = torch.zeros_like(x[: abs(k)])
    return torch.cat([zeros, x[: len(x) - k]]) if k > 0 else torch.cat([x[-k:], zeros])


def drawn():
    return torch.Generator().manual_seed(0)


def test_the_answers_of_the_later_half_of_each_row_count():
    answers = Answers(subject(gatework.LSTM(1, 2), noise(10, 2), lengths=[10, 5]))
    assert [answers.counted[:, b].nonzero().flatten().tolist() for b in (0, 1)] == [[5, 6, 7, 8, 9], [2, 3, 4]]


def test_the_spread_is_that_of_all_answers_together():
    y = torch.cat([noise(40, 8), 3 * noise(40, 8)], 2)
    answers = Answers(subject(Known(lambda x: torch.cat([x, 3 * x], 2)), noise(40, 8)))
    assert answers.spread == pytest.approx(float(y[20:].var((0, 1), correction=0).sum().sqrt()), rel=1e-5)


def test_lags_that_were_measured_a_few_times_say_nothing():
    tally = Tally(4)
    tally.add(torch.tensor([0] * FEWEST + [-3] * FEWEST + [2] * (FEWEST - 1)), torch.ones(3 * FEWEST - 1) * 3)
    found = tally.effect()
    assert found.lags.tolist() == [-3, 0]
    assert (found.mean.tolist(), found.second.tolist(), found.count.tolist()) == ([3, 3], [9, 9], [FEWEST] * 2)


def test_every_lag_of_half_a_row_is_asked_of_every_answer():
    answers = Answers(subject(Known(lambda x: x), noise(40, 8)))
    found = by_gradient(answers, drawn())
    assert len(set(found.count[(found.lags >= 0) & (found.lags <= 20)].tolist())) == 1
    assert found.lags[-1] == 39


def test_each_lag_of_an_answer_about_the_end_is_asked_alike():
    answers = Answers(subject(Known(lambda x: back(x, 2)), noise(30, 16)))
    answers.stepwise, answers.y = False, answers.y[-1:]
    run = answers.seen.run
    object.__setattr__(answers.seen, "run", lambda x: run(x)[-1:])
    found = by_change(answers, drawn())
    assert found.lags.tolist() == list(range(30))
    assert found.count.max() <= 2 * found.count.min()
    assert found.lags[found.mean > 0].tolist() == [2]


def test_answers_that_move_against_each_other_do_not_cancel():
    one = by_gradient(Answers(subject(Known(lambda x: back(x, 1)), noise(40, 16))), drawn())
    against = Known(lambda x: torch.cat([back(x, 1), -back(x, 1)], 2))
    both = by_gradient(Answers(subject(against, noise(40, 16))), drawn())
    # A sum of random signs is twice one of them, or nothing: on average as much as one, of sqrt(2) of its spread.
    assert both.mean[1] == pytest.approx(one.mean[1] / math.sqrt(2), rel=0.1)


def test_the_largest_effect_may_lie_ahead():
    found = memory(Known(lambda x: 0.1 * back(x, 2) + back(x, -3)), noise(60, 16), eps=0.2)
    assert (found.horizon, found.ahead) == (0, 3)
    ahead = found.lags == -3
    assert found.gradient[ahead] == pytest.approx(found.change[ahead], rel=0.1)
    assert found.change[ahead] > 5 * found.change[~ahead].max()
    # Shuffled among farther ones, it would be heard at nearer lags, and at none beyond it.
    assert found.control[1, found.lags == -1] > 0.01
    assert found.control[1, found.lags == -10] < 1e-6


def test_what_lies_ahead_is_measured_by_the_largest_of_both_sides():
    found = memory(Known(lambda x: back(x, 2) + 0.1 * back(x, -3)), noise(60, 16), eps=0.2)
    assert (found.horizon, found.ahead) == (2, 0)


def test_each_measure_has_its_own_largest():
    # Steep, though it moves the answer little: another input has another phase.
    found = memory(Known(lambda x: torch.sin(30 * back(x, 1)) + 2 * back(x, 3)), noise(60, 32), eps=0.2)
    assert (found.horizon, found.horizon_by_gradient) == (3, 1)


def test_what_the_state_tells_is_asked_where_the_answer_is_made():
    class AtEnd(Known):
        def forward(self, x):
            return super().forward(x)[-1]

    x = noise(30, 128)
    assert memory(AtEnd(lambda x: back(x, 1)), x).recall_lags[-1] == 29
    assert memory(Known(lambda x: back(x, 1)), x).recall_lags[-1] < 24
    one, other = (memory(gatework.LSTM(1, 4), x[:, :8], seed=seed).recall for seed in (0, 1))
    assert not np.array_equal(one, other)
