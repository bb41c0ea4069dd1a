"""What the plain learners read: never across the border of two series, never what is missing, never the future."""

from __future__ import annotations

import numpy as np
import pytest

from gatework.data.frame import read
from gatework.tasks.lagged import Lags, Spots, filled

GAP = float("nan")


def lags(*series, h=2, m=3):
    ds = np.datetime64("2024-01-01") + np.concatenate([np.arange(len(y)) for y in series])
    ids = np.concatenate([np.repeat(f"s{i}", len(y)) for i, y in enumerate(series)])
    table = {"unique_id": ids, "ds": ds, "y": np.concatenate(series).astype(float)}
    return Lags(read(table, season_length=m), h)


def spot(of, series, t):
    """The window of a series that ends at its step t."""
    return Spots(np.array([series]), of.begins[[series]] + t)


def test_gaps_are_filled_by_straight_lines():
    assert filled(np.array([1, GAP, GAP, 4, 6])).tolist() == [1, 2, 3, 4, 6]
    assert filled(np.array([1, GAP])).tolist() == [1, 1]
    assert len(filled(np.array([GAP, GAP]))) == 0


def test_nothing_is_read_across_the_border_of_two_series():
    of = lags(np.arange(-10, 0), np.arange(100, 110), m=1)
    assert of.at(spot(of, 1, 1), np.arange(5))[0].tolist() == pytest.approx(np.log([101, 100, 100, 100, 100]))
    assert of.at(spot(of, 0, 1), np.arange(3))[0].tolist() == [-9, -10, -10]


def test_the_simple_forecast_is_the_last_season():
    of = lags(np.array([-1, 5, -3, 4, 9, 2, 7]), h=5)
    assert of.base(spot(of, 0, 6))[0].tolist() == [9, 2, 7, 9, 2]
    assert of.base(spot(of, 0, 4))[0].tolist() == [-3, 4, 9, -3, 4]


def test_the_unit_is_the_recent_seasonal_change():
    of = lags(np.array([-1, 5, -3, 4, 9, 2, 7]))
    # Changes over 3 steps: 5, 4, 5, 3.
    assert of.size.tolist() == pytest.approx([0, 0, 0, 5, 4.5, 14 / 3, 17 / 4])
    quiet = lags(np.concatenate([[-100, 100, -100], np.zeros(60)]))
    # A quiet stretch is no promise of quiet: a tenth of the mean of all 60 changes, 300.
    assert quiet.size[-1] == pytest.approx(0.1 * 300 / 60)


def test_targets_are_measured_from_the_simple_forecast_and_missing_ones_are_missing():
    of = lags(np.array([-1, 5, -3, 4, 9, 2, GAP, 8]))
    units = of.targets(spot(of, 0, 5))[0]
    assert np.isnan(units[0])
    assert units[1] == pytest.approx((8 - 9) / (14 / 3))
    assert lags(np.array([0, 1, 2, 1, 0, 1, -9999, 0]), m=2).targets(spot(of, 0, 5))[0, 0] == -10


def test_values_come_back_from_units_in_logarithms_too():
    for y in (np.array([1, 5, 3, 4, 9, 2, 7, 8]), -np.array([1, 5, 3, 4, 9, 2, 7, 8])):
        of = lags(y)
        at = spot(of, 0, 5)
        assert of.undo(at, of.targets(at)[..., None])[0, :, 0].tolist() == pytest.approx(y[6:])


def test_windows_have_a_season_behind_them_and_known_steps_ahead_and_come_in_order_of_time():
    of = lags(np.arange(12) % 5, np.arange(20) % 7, np.full(15, 2))
    spots = of.windows(np.random.default_rng(0))
    steps = [(int(s), int(p - of.begins[s])) for s, p in zip(spots.series, spots.place, strict=True)]
    assert sorted(steps) == [(0, t) for t in range(5, 10)] + [(1, t) for t in range(5, 18)]
    assert (np.diff(of.left(spots)) <= 0).all()
    assert of.left(spots).min() == 2


def test_what_is_read_has_nothing_of_the_future():
    y = np.random.default_rng(0).normal(size=40)
    later = np.concatenate([y[:31], y[31:] + 50])
    one, other = (lags(values, h=4, m=7) for values in (y, later))
    at = spot(one, 0, 30)
    for read_ in ("flat", "stacked", "base", "unit"):
        np.testing.assert_array_equal(getattr(one, read_)(at), getattr(other, read_)(at))
    assert one.stacked(at).shape[0] == 4


def test_the_week_is_read_where_a_season_is_a_day():
    hour = np.datetime64("2024-01-01T00") + np.arange(400)
    of = Lags(read({"ds": hour, "y": np.arange(400.0) % 24 - 5}), 3)
    assert of.seasons == [24, 168]
    assert {165, 166, 167} < set(of.back)
    assert of.back.max() == 167
