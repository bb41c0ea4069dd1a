"""Series of one length are stacked side by side, and each is there once."""

from __future__ import annotations

import numpy as np

from gatework.data.alike import alike


def stacked(values, at_once):
    return [(which.tolist(), x.tolist()) for which, x in alike(values, at_once)]


def test_those_of_one_length_stand_together_shortest_first_and_those_of_none_nowhere():
    values = [np.arange(3.0), np.empty(0), np.array([9.0]), 10 + np.arange(3.0)]
    assert stacked(values, 100) == [([2], [[9]]), ([0, 3], [[0, 1, 2], [10, 11, 12]])]
    assert stacked([], 100) == stacked([np.empty(0)], 100) == []


def test_a_stack_holds_no_more_values_than_it_may_but_at_least_one_series():
    values = [np.full(3, float(i)) for i in range(5)]
    assert [which for which, _ in stacked(values, 6)] == [[0, 1], [2, 3], [4]]
    assert [which for which, _ in stacked(values, 8)] == [[0, 1], [2, 3], [4]]
    assert [which for which, _ in stacked(values, 2)] == [[0], [1], [2], [3], [4]]


def test_they_are_copies_in_double_precision():
    values = [np.arange(3, dtype=np.float32), np.arange(3)]
    ((_, x),) = alike(values, 100)
    assert x.dtype == np.float64
    x[:] = -1
    assert values[0].tolist() == values[1].tolist() == [0, 1, 2]
