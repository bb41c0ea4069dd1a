"""Any interval, read off the learned quantiles."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatework.errors import OptionError
from gatework.models.quantiles import MEDIAN, QUANTILES, check_levels, interval, level_of, quantile, values_at

GRID = np.random.default_rng(0).exponential(size=(5, len(QUANTILES))).cumsum(-1)


def test_learned_quantiles_are_given_as_they_are():
    for k, p in enumerate(QUANTILES):
        np.testing.assert_allclose(quantile(GRID, p), GRID[:, k], rtol=1e-12)
    lo, hi = interval(GRID, 90)
    np.testing.assert_allclose((lo, hi), (GRID[:, 1], GRID[:, -2]), rtol=1e-12)


@given(st.floats(1e-9, 1 - 1e-9))
def test_a_normal_distribution_is_read_exactly_everywhere(p):
    normal = NormalDist(3.0, 2.0)
    values = np.array([normal.inv_cdf(q) for q in QUANTILES])
    assert quantile(values, p) == pytest.approx(normal.inv_cdf(p), rel=1e-9, abs=1e-9)


@given(st.floats(1e-9, 1 - 1e-9), st.floats(1e-9, 1 - 1e-9))
def test_quantiles_ascend(one, two):
    assert (quantile(GRID, min(one, two)) <= quantile(GRID, max(one, two)) + 1e-12).all()


@given(st.floats(1e-9, 1 - 1e-9), st.floats(-1e12, 1e12))
def test_where_all_are_one_number_every_quantile_is_exactly_that(p, value):
    assert quantile(np.full(len(QUANTILES), value), p) == value


@given(st.floats(1e-6, 1 - 1e-6))
def test_the_level_of_a_quantile_is_the_one_it_was_read_at(p):
    np.testing.assert_allclose(level_of(GRID, quantile(GRID, p)), p, rtol=1e-6)


@given(st.floats(-5, 5))
def test_a_value_at_a_normal_score_is_the_quantile_at_its_level(score):
    expected = quantile(GRID, NormalDist().cdf(score))
    np.testing.assert_allclose(values_at(GRID, np.full(len(GRID), score)), expected, rtol=1e-7)


def test_scores_and_quantiles_broadcast():
    scores = np.random.default_rng(1).normal(size=(4, 7, 3)) * 2
    grid = np.random.default_rng(2).normal(size=(4, 3, len(QUANTILES))).cumsum(-1) ** 3
    grid.sort(-1)
    found = values_at(grid[:, None], scores)
    assert found.shape == scores.shape
    assert found[2, 5, 1] == pytest.approx(quantile(grid[2, 1], NormalDist().cdf(scores[2, 5, 1])))


def test_a_value_on_equal_quantiles_has_any_level_of_theirs():
    # Half of all that is forecast is 0: nothing lies below it, and the level 0.5 ends its stretch.
    values = np.maximum(np.arange(len(QUANTILES)) - MEDIAN, 0.0)[None]
    zero = np.zeros(1)
    assert [level_of(values, zero, share)[0] for share in (0, 0.5, 1)] == pytest.approx([0, 0.25, 0.5])
    assert level_of(values, zero - 1)[0] == 0
    assert level_of(-values[:, ::-1], zero)[0] == pytest.approx(0.75)
    assert level_of(-values[:, ::-1], zero + 1)[0] == 1
    sure = np.full((1, len(QUANTILES)), 3.0)
    assert [level_of(sure, np.array([y]))[0] for y in (2.0, 3.0, 4.0)] == [0, 0.5, 1]
    flat = np.sort(np.append(np.zeros(3), np.arange(1, len(QUANTILES) - 2)))[None]
    # The end is flat, but the median is not: what lies beyond is extended as `quantile` extends it.
    assert level_of(flat, zero, 0)[0] == pytest.approx(QUANTILES[0])
    assert level_of(flat, zero, 1)[0] == pytest.approx(QUANTILES[2])


def test_what_is_missing_has_no_level():
    assert np.isnan(level_of(GRID, np.full(5, np.nan))).all()
    assert np.isnan(level_of(np.full_like(GRID, np.nan), np.zeros(5))).all()


def test_levels_come_back_in_order_and_once():
    assert check_levels(90) == [90]
    assert check_levels((95, 80.5, 95)) == [80.5, 95]
    assert check_levels([]) == []


@pytest.mark.parametrize("level", [0, 100, -5, 120, True, "90", None, float("nan")])
def test_levels_that_cannot_be(level):
    with pytest.raises(OptionError) as error:
        check_levels([50, level])
    assert str(error.value) == f"level must be percents from 1 to below 100; got {level!r}. 90 is the usual one."


def test_a_level_that_is_text_is_named_whole():
    with pytest.raises(OptionError, match="got '90'"):
        check_levels("90")
