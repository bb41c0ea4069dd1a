"""Any interval, read off the learned quantiles."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatework.errors import OptionError
from gatework.models.quantiles import QUANTILES, check_levels, interval, quantile

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
