"""What the calendar says of each step: by the wall clock that people live by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gatework.data.calendar import calendar, calendar_parts
from gatework.data.frame import read


def panel_of(times, **options):
    return read(pd.DataFrame({"ds": times, "y": np.arange(len(times)) % 5}), **options)


def point(share):
    return [np.sin(2 * np.pi * share), np.cos(2 * np.pi * share)]


@pytest.mark.parametrize(
    ("start", "freq", "steps", "names"),
    [
        ("2024-01-01", "h", 48, ["hour", "weekday"]),
        ("2024-01-01", "h", 24 * 400, ["hour", "weekday", "yearday"]),
        ("2024-01-01", "12h", 48, ["hour", "weekday"]),
        ("2024-01-01", "D", 366, ["weekday"]),
        ("2024-01-01", "D", 368, ["weekday", "yearday"]),
        ("2024-01-01", "B", 30, ["weekday"]),
        ("2024-01-01", "2D", 30, []),
        ("2020-01-06", "W-MON", 120, ["yearday"]),
        ("2020-01-01", "MS", 30, ["yearday"]),
        ("1990-01-01", "YS", 30, []),
    ],
)
def test_the_cycles_are_those_that_the_grid_tells_and_the_span_shows(start, freq, steps, names):
    panel = panel_of(pd.date_range(start, periods=steps, freq=freq), freq=freq)
    found, values = calendar(panel, ahead=3)
    assert found == tuple(f"{name}_{end}" for name in names for end in ("sin", "cos"))
    assert values[0].shape == (steps + 3, 2 * len(names))
    assert values[0].dtype == np.float32


def test_whole_numbers_have_no_calendar():
    names, values = calendar(read({"ds": [1, 2, 3], "y": [1, 2, 3]}), ahead=2)
    assert (names, values[0].shape) == ((), (5, 0))
    assert calendar_parts(read({"ds": [1, 2, 3], "y": [1, 2, 3]}), np.arange(3)) == {}


def test_a_step_worked_out_by_hand():
    times = pd.date_range("2023-01-01", "2024-07-01 17:30", freq="30min")
    values = calendar(panel_of(times), ahead=2)[1][0]
    # 18:00 and 18:30 on 1 July 2024, a Monday, the 182nd day behind 1 January of a leap year.
    for row, day in ((-2, 18 / 24), (-1, 18.5 / 24)):
        np.testing.assert_allclose(values[row], [*point(day), *point(0), *point(182 / 366)], atol=1e-6)


def test_hours_are_those_of_the_wall_clock():
    """The last Sunday of March has 23 hours in Berlin, and 6 in the morning comes an hour of UTC earlier after it."""
    times = pd.date_range("2024-03-30", periods=72, freq="h", tz="Europe/Berlin")
    panel = panel_of(times)
    values = calendar(panel)[1][0]
    np.testing.assert_allclose(values[:, :2], np.array([point(time.hour / 24) for time in times]), atol=1e-6)
    np.testing.assert_allclose(values[:, 2:4], np.array([point(time.weekday() / 7) for time in times]), atol=1e-6)
    parts = calendar_parts(panel, panel.starts[0] + np.arange(72))
    assert parts["hour"].tolist() == [time.hour for time in times]
    assert parts["hour"][25:28].tolist() == [1, 3, 4]


def test_days_of_a_zone_are_its_own():
    times = pd.date_range("2024-03-25", periods=14, tz="Pacific/Auckland")
    values = calendar(panel_of(times))[1][0]
    np.testing.assert_allclose(values, np.array([point(time.weekday() / 7) for time in times]), atol=1e-6)


def test_series_that_begin_and_end_at_other_times_have_their_own():
    days = np.arange("2024-01-01", "2024-01-21", dtype="M8[D]")
    far = np.arange("2031-05-05", "2031-05-12", dtype="M8[D]")
    for second in (days[4:9], far):
        table = {
            "unique_id": np.repeat(["a", "b"], [len(days), len(second)]),
            "ds": np.concatenate([days, second]),
            "y": np.zeros(len(days) + len(second)),
        }
        values = calendar(read(table), ahead=1, cycles=["weekday"])[1]
        for got, start, n in zip(values, (days[0], second[0]), (21, len(second) + 1), strict=True):
            weekdays = [(start + k).item().weekday() for k in range(n)]
            np.testing.assert_allclose(got, np.array([point(day / 7) for day in weekdays]), atol=1e-6)


def test_what_one_panel_taught_is_asked_of_a_shorter_one():
    panel = panel_of(pd.date_range("2023-01-01", periods=400))
    names, values = calendar(panel)
    cut, short = calendar(panel.head(380), cycles=["yearday", "weekday"])
    assert cut == names == ("weekday_sin", "weekday_cos", "yearday_sin", "yearday_cos")
    np.testing.assert_array_equal(short[0], values[0][:20])


def test_months_are_parts_of_a_year():
    panel = panel_of(pd.date_range("2024-01-31", periods=12, freq="ME"))
    assert list(calendar_parts(panel, np.arange(3))) == ["month"]
    assert calendar_parts(panel, panel.starts[0] + np.arange(13)[:, None])["month"][:, 0].tolist() == [*range(12), 0]
