from __future__ import annotations

import numpy as np
import pytest

from gatework.tasks.naive import last_value, seasonal_naive

GAP = float("nan")


def test_the_seasonal_naive_repeats_the_last_season():
    forecast = seasonal_naive([np.arange(10.0)], season_length=4, h=6)
    assert forecast.median.tolist() == [[6, 7, 8, 9, 6, 7]]


def test_a_gap_is_bridged_by_the_last_known_value_of_its_position():
    history = np.array([1, 2, 3, 4, 5, GAP, 7, 8, 9.0, GAP, GAP, 12])
    assert seasonal_naive([history], season_length=4, h=4).median.tolist() == [[9, 2, 7, 12]]


def test_a_position_never_seen_takes_the_last_value():
    history = np.array([1, GAP, 3, 4, GAP, 6])
    assert seasonal_naive([history], season_length=3, h=3).median.tolist() == [[4, 6, 6]]


def test_a_history_shorter_than_a_season_is_continued_with_its_last_value():
    assert seasonal_naive([np.array([5.0, 7.0])], season_length=12, h=3).median.tolist() == [[7, 7, 7]]


def test_the_last_value_skips_gaps_at_the_end():
    assert last_value([np.array([5.0, 7.0, GAP])], h=2).median.tolist() == [[7, 7]]


def test_a_history_without_a_value_forecasts_nan():
    for forecast in (
        seasonal_naive([np.array([]), np.full(9, GAP)], 4, 2),
        last_value([np.array([]), np.full(9, GAP)], 2),
    ):
        assert np.isnan(forecast.median).all()
        assert forecast.hi.shape == (2, 2)


def test_intervals_are_the_pasts_own_changes():
    # Changes over one season of 2 are 1..8, so 80 % of nine values of that kind stay within the eighth.
    history = np.zeros(10)
    history[2::2], history[3::2] = np.cumsum([1, 3, 5, 7]), np.cumsum([2, 4, 6, 8])
    forecast = seasonal_naive([history], season_length=2, h=2, level=80)
    assert (forecast.hi - forecast.median).tolist() == [[8, 8]]
    assert (forecast.median - forecast.lo).tolist() == [[8, 8]]
    assert (seasonal_naive([history], 2, 2, level=50).hi - forecast.median).tolist() == [[5, 5]]


def test_intervals_widen_with_distance_even_beyond_what_the_history_shows():
    forecast = last_value([np.array([0.0, 3.0])], h=4)
    assert (forecast.hi - forecast.median)[0] == pytest.approx(3 * np.sqrt([1, 2, 3, 4]))


def test_intervals_pass_over_gaps():
    forecast = last_value([np.array([0.0, 3.0, GAP, GAP])], h=1)
    assert (forecast.hi - forecast.median).tolist() == [[3]]


def test_intervals_hold_what_they_promise():
    steps = np.random.default_rng(0).standard_normal((400, 212)).cumsum(axis=1)
    past, future = steps[:, :200], steps[:, 200:]
    forecast = last_value(list(past), h=12, level=90)
    inside = ((forecast.lo <= future) & (future <= forecast.hi)).mean()
    assert inside == pytest.approx(0.9, abs=0.03)


def test_many_series_are_forecast_as_each_is_alone(monkeypatch):
    rng = np.random.default_rng(0)
    values = [rng.normal(size=steps).cumsum() for steps in (0, 1, 5, 30, 30, 30, 8)]
    values[4][rng.random(30) < 0.5] = GAP
    monkeypatch.setattr("gatework.tasks.naive.AT_ONCE", 40)
    for forecast in (lambda x: seasonal_naive(x, 4, 6), lambda x: last_value(x, 6)):
        together = forecast(values)
        for k, one in enumerate(values):
            for found, alone in zip(together, forecast([one]), strict=True):
                np.testing.assert_array_equal(found[k], alone[0])


def test_no_series_at_all_has_no_forecast():
    assert last_value([], 3).median.shape == (0, 3)
