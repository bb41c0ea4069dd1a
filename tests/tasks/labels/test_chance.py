"""How often chance alone shows so large a difference: exact where it can be, and rarely wrong where nothing differs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from gatework.tasks.labels.chance import chance


def test_of_differences_of_one_size_it_is_mcnemars_exact_test():
    d = np.array([1] * 14 + [-1] * 4 + [0] * 100)
    assert chance(d) == pytest.approx(stats.binomtest(14, 18).pvalue, abs=1e-15)
    assert chance(d / 90) == pytest.approx(stats.binomtest(14, 18).pvalue, abs=1e-15)


def every_way(d):
    """scipy's permutation test, over all signs."""
    found = stats.permutation_test((d,), np.sum, permutation_type="samples", n_resamples=np.inf)
    return found.pvalue


def test_of_few_differences_all_signs_are_tried():
    d = np.random.default_rng(0).normal(0.4, 1, 12)
    assert chance(d) == pytest.approx(every_way(d), abs=1e-12)
    assert chance(np.append(d, 0.0)) == chance(d)


def test_of_more_differences_signs_are_drawn_the_same_each_time():
    d = np.random.default_rng(1).normal(0.45, 1, 16)
    assert chance(d) == pytest.approx(every_way(d), abs=0.01)
    assert chance(d) == chance(d)
    # Never 0: the way that came to be is one of all.
    assert chance(np.arange(1.0, 101)) == 1e-4


def test_of_very_many_differences_the_sum_is_as_good_as_normal():
    d = np.random.default_rng(2).normal(0, 1, 10_001)
    d += 0.008 - d.mean()
    assert chance(d) > 0.3
    assert chance(d) == pytest.approx(chance(d[:-1]), abs=0.03)


def test_models_that_never_differ_differ_by_chance():
    assert chance(np.zeros(5)) == 1
    assert chance(np.zeros(0)) == 1


def test_an_owners_differences_flip_together():
    d, owners = np.array([1.0, 1, 1, -1, 0.1, -0.3]), np.array([4, 4, 2, 2, 9, 9])
    # Sums of 2, 0 and -0.2.
    assert chance(d, owners) == chance(np.array([2, -0.2])) == 1.0
    assert chance(np.ones(40), np.repeat(np.arange(8), 5)) == 2 / 2**8


@pytest.mark.parametrize("n", [12, 40])
def test_of_models_that_are_alike_one_in_twenty_differs(n):
    draw = np.random.default_rng(n)
    found = np.mean([chance(draw.standard_t(3, n)) < 0.05 for _ in range(400)])
    assert 0.02 < found < 0.08
