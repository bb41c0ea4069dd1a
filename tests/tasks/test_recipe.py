"""How much is trained: of little data several short trainings, of much one long one; and what an effort makes of it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from gatework.tasks.recipe import training


def of(values: int, window: int = 66):
    return SimpleNamespace(values=[np.zeros(values // 2), np.zeros(values - values // 2)]), window


@pytest.mark.parametrize(
    ("values", "fast", "normal", "best"),
    [
        (30, (100, 1), (100, 4), (100, 16)),
        (1_000, (100, 1), (100, 4), (100, 16)),
        (2_000, (100, 1), (200, 2), (200, 8)),
        (9_999, (100, 1), (400, 1), (400, 4)),
        (10_000, (425, 1), (1_700, 1), (1_700, 4)),
    ],
)
def test_little_data_are_shared_by_several_short_trainings_and_effort_is_time(values, fast, normal, best):
    assert [training(*of(values), effort) for effort in ("fast", "normal", "best")] == [fast, normal, best]


@pytest.mark.parametrize(("window", "steps"), [(10, 1_700), (190, 1_000), (1_000, 400)])
def test_longer_windows_are_learned_from_in_fewer_steps(window, steps):
    assert training(*of(50_000, window), "normal") == (steps, 1)


def test_steps_that_the_caller_chose_are_those_of_one_network():
    assert [training(*of(30), effort, 20) for effort in ("fast", "normal", "best")] == [(20, 1), (20, 1), (20, 4)]
