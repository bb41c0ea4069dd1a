"""The grid: ordinals and times are each other's inverse, and names and seasons are what people expect."""

from __future__ import annotations

import numpy as np
import pytest
from grids import frequencies
from hypothesis import given
from hypothesis import strategies as st

from gatework.data.frequency import DAY, HOUR, MINUTE, SECOND, WEEK, Frequency
from gatework.data.grid import named

# Within the years 1700 to 2300, whatever the step is.
counts = st.integers(-100, 100)


@given(frequencies(), st.lists(counts, min_size=1, max_size=20))
def test_ordinals_of_times_are_the_ordinals(freq, ordinals):
    times = freq.times(np.array(ordinals))
    assert times.dtype == ("int64" if freq.calendar == "integer" else "M8[us]")
    np.testing.assert_array_equal(freq.ordinals(times), ordinals)
    assert freq.fits(times).all()


@given(frequencies(), counts)
def test_times_ascend_and_what_lies_between_them_is_off_the_grid(freq, ordinal):
    now, then = freq.times(np.array([ordinal, ordinal + 1]))
    assert now < then
    if then - now > 1:
        assert not freq.fits(np.array([now + 1])).any()


@given(frequencies(), st.integers(0, 40))
def test_an_alias_says_the_grid_again(freq, ordinal):
    times = freq.times(ordinal + np.arange(30))
    again = named(freq.alias, times)
    # The 31st means the last day, and 30 of thirty months may agree on a shorter month's end: the times are the same.
    np.testing.assert_array_equal(again.times(again.ordinals(times)), times)
    assert (again.calendar, again.step) == (freq.calendar, freq.step)


@pytest.mark.parametrize(
    ("freq", "alias", "season", "name"),
    [
        (Frequency("clock", 10 * SECOND), "10s", 360, "every 10 seconds"),
        (Frequency("clock", SECOND), "s", 60, "every second"),
        (Frequency("clock", 100_000), "100ms", 10, "every 100 milliseconds"),
        (Frequency("clock", MINUTE), "min", 1440, "every minute"),
        (Frequency("clock", 7 * MINUTE), "7min", 1, "every 7 minutes"),
        (Frequency("clock", 15 * MINUTE), "15min", 96, "every 15 minutes"),
        (Frequency("clock", 30 * MINUTE), "30min", 48, "every 30 minutes"),
        (Frequency("clock", HOUR), "h", 24, "hourly"),
        (Frequency("clock", 6 * HOUR), "6h", 4, "every 6 hours"),
        (Frequency("clock", DAY, 7 * HOUR), "D", 7, "daily"),
        (Frequency("clock", 2 * DAY), "2D", 1, "every 2 days"),
        (Frequency("clock", WEEK), "W-THU", 52, "weekly"),
        (Frequency("clock", WEEK, 3 * DAY), "W-SUN", 52, "weekly"),
        (Frequency("clock", 2 * WEEK, 11 * DAY), "2W-MON", 26, "every 2 weeks"),
        (Frequency("business"), "B", 5, "business days"),
        (Frequency("month"), "MS", 12, "monthly"),
        (Frequency("month", day=31), "ME", 12, "monthly"),
        (Frequency("month", day=15), "M-15", 12, "monthly"),
        (Frequency("month", 2, 1), "2MS", 6, "every 2 months"),
        (Frequency("month", 3), "QS", 4, "quarterly"),
        (Frequency("month", 3, 1), "QS-FEB", 4, "quarterly"),
        (Frequency("month", 3, 2, day=31), "QE", 4, "quarterly"),
        (Frequency("month", 3, 0, day=31), "QE-OCT", 4, "quarterly"),
        (Frequency("month", 12), "YS", 1, "yearly"),
        (Frequency("month", 12, 3), "YS-APR", 1, "yearly"),
        (Frequency("month", 12, 11, day=31), "YE", 1, "yearly"),
        (Frequency("month", 12, 5, day=31), "YE-JUN", 1, "yearly"),
        (Frequency("integer"), "1", 1, "integer steps"),
        (Frequency("integer", 5), "5", 1, "integer steps of 5"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_the_alias_season_and_name(freq, alias, season, name):
    assert (freq.alias, freq.season_length, freq.name) == (alias, season, name)


@pytest.mark.parametrize(
    "alias", ["B", "h", "15min", "W-SUN", "W-WED", "MS", "ME", "QS", "QE", "QS-FEB", "QE-OCT", "YS-APR", "YE-JUN", "YE"]
)
def test_the_times_are_those_of_pandas(alias):
    pandas = pytest.importorskip("pandas")
    theirs = pandas.date_range("1968-02-20", periods=60, freq=alias).to_numpy().astype("M8[us]")
    freq = named(alias, theirs)
    np.testing.assert_array_equal(freq.times(freq.ordinals(theirs[:1]) + np.arange(60)), theirs)
    assert freq.alias == alias


def test_a_month_end_keeps_to_the_end_of_every_month():
    times = Frequency("month", day=30).times(np.arange(600, 604))
    assert times.astype("M8[D]").astype(str).tolist() == ["2020-01-30", "2020-02-29", "2020-03-30", "2020-04-30"]


def test_a_weekend_is_no_business_day():
    days = np.arange("2024-03-01", "2024-03-09", dtype="M8[D]").astype("M8[us]")
    assert Frequency("business").fits(days).tolist() == [True, False, False, True, True, True, True, True]
