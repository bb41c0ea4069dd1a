"""Where an effect ends, on curves worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gatework.look.effect import Effect
from gatework.look.horizon import control, horizon
from gatework.look.lags import peaks, spread_out


def curve(values, lags=None, noise=0.1, count=400):
    mean = np.asarray(values, float)
    lags = np.arange(len(mean)) if lags is None else np.asarray(lags)
    return Effect(lags, mean, mean**2 * (1 + noise**2), np.full(len(mean), count))


def reach(values, eps=0.05, **more):
    effect = curve(values, **more)
    return horizon(effect, eps, effect.mean.max())


@pytest.mark.parametrize("f", [0.1, 0.3, 0.45, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("steps", [1.1, 1.5, 4])
@pytest.mark.parametrize("eps", [0.2, 0.05, 1e-6])
def test_a_decay_ends_where_it_passes_eps_however_long_the_data(f, steps, eps):
    true = np.log(eps) / np.log(f)
    found = reach(f ** np.arange(int(steps * true) + 3), eps)
    assert found.steps == pytest.approx(true, rel=1e-9)
    assert not found.beyond


def test_a_decay_between_skipped_lags_ends_where_it_would():
    lags = spread_out(2000, 60)
    assert reach(0.99**lags, lags=lags).steps == pytest.approx(np.log(0.05) / np.log(0.99), rel=1e-9)


def test_a_decay_longer_than_the_data_goes_beyond_them():
    assert reach(0.999 ** np.arange(500)) == (499, True)
    assert reach(0.3 ** np.arange(6), eps=1e-9) == (5, True)
    assert reach(np.ones(50)) == (49, True)


def test_a_bump_ends_where_it_stands_though_a_nearer_lag_is_silent():
    values = np.full(40, 0.01)
    values[[0, 20]] = 0.5, 1
    assert reach(values) == (20, False)


def test_a_floor_behind_a_bump_is_no_memory():
    values = 0.1 + 0.0003 * np.random.default_rng(0).standard_normal(60)
    values[20] = 1
    assert reach(values) == (20, False)
    # Of so few lags nothing can be told.
    assert reach(values[:25]) == (24, True)
    # The floor does not reach eps.
    assert reach(values, eps=0.2) == (20, False)


def test_a_floor_that_errors_alone_tilt_is_one():
    values = 0.1 * (1 + 1e-9 * np.arange(60))
    values[20] = 1
    assert reach(values, noise=0) == (20, False)
    # Lags that stand out of it, beside others that do not reach it, say nothing against it as long as none is loud.
    values[[29, 49]], values[[30, 50]] = 0.11, 0.01
    assert reach(values) == (20, False)


def test_what_hardly_stands_out_ends_nothing():
    values = np.full(60, 0.1)
    values[20] = 0.15
    assert reach(values) == (59, True), "less than twice as loud"
    values[20] = 0.3
    assert reach(values) == (20, False)
    assert reach(values, noise=3, count=4) == (59, True), "within the errors of what lies behind"


def test_a_noisy_decay_behind_a_bump_is_no_floor():
    values = np.linspace(0.5, 0.25, 60)
    values[3] = 4
    assert reach(values, noise=3, count=4) == (59, True)


def test_a_decay_into_a_floor_below_eps_ends_where_it_passes_eps():
    values = np.full(40, 0.01)
    values[:3] = 1, 0.3, 0.09
    assert reach(values).steps == pytest.approx(2 + np.log(0.09 / 0.05) / np.log(0.09 / 0.01))


@pytest.mark.parametrize("f", [0.9, 0.99, 0.998])
def test_a_slow_decay_behind_a_bump_is_a_memory(f):
    values = 0.5 * f ** np.arange(200)
    values[3] = 2
    found = reach(values)
    assert found.beyond == (f > 0.995)
    assert found.beyond or found.steps == pytest.approx(np.log(0.2) / np.log(f), rel=1e-9)


def test_a_lag_that_is_loud_by_chance_alone_does_not_count():
    values = np.full(40, 0.01)
    values[[10, 30]] = 1, 0.06
    noisy = Effect(np.arange(40), values, values, np.full(40, 128))  # as of changes that are 0 or 1
    assert horizon(noisy, 0.05, 1.0) == (10, False)
    assert reach(values) == (30, False)  # measured well, it does
    values[31] = 0.06
    noisy = Effect(np.arange(40), values, values, np.full(40, 128))
    assert horizon(noisy, 0.05, 1.0) == (31, False), "two side by side are no chance"


def test_what_no_input_changes_has_no_horizon():
    found = reach(np.zeros(5))
    assert np.isnan(found.steps)
    assert not found.beyond


def test_what_lies_below_the_largest_of_the_other_side_counts_nothing():
    assert horizon(curve([0.1, 0.01]), 0.5, 1.0) == (0, False)


def test_the_control_is_the_mean_of_farther_lags_give_or_take_three_errors():
    low, high = control(curve([9, 2, 4, 6], noise=0, count=4))
    # Behind lag 1 lie 4 and 6: their mean is 5, and of four draws the error is 1 / 2.
    assert (low[1], high[1]) == pytest.approx((3.5, 6.5))
    assert (low[2], high[2]) == pytest.approx((6, 6))
    assert np.isnan([low[3], high[3]]).all()
    assert control(curve([9, 0, 4], noise=0, count=4))[0, 0] == 0, "2 less 3: a size is no less than 0"


def test_lags_that_stand_for_many_weigh_more_in_the_control():
    low, high = control(curve([1, 0, 1], lags=[0, 1, 9], noise=0, count=10**9))
    # Of the lags behind 0, that at 1 stands for 4.5 steps and that at 9 for 8.
    assert low[0] == pytest.approx(8 / 12.5, rel=1e-3)
    assert high[0] == pytest.approx(8 / 12.5, rel=1e-3)


@pytest.mark.parametrize(("steps", "count"), [(1, 1), (7, 7), (7, 50), (1000, 20), (5000, 300), (33, 32)])
def test_lags_are_all_or_spread_out_ever_farther(steps, count):
    lags = spread_out(steps, count)
    assert lags[0] == 0
    assert lags[-1] == steps - 1
    assert len(lags) <= count
    gaps = np.diff(lags)
    assert (gaps >= 1).all()
    assert (np.diff(gaps) >= -1).all()


def test_peaks_come_with_their_neighbours_the_highest_first():
    values = np.zeros(30)
    values[[4, 12, 20]] = 1, 3, 2
    assert peaks(np.arange(30), values, 2).tolist() == [11, 12, 13, 19, 20, 21]
    assert peaks(np.arange(3), np.array([3.0, 2.0, 1.0])).tolist() == []
