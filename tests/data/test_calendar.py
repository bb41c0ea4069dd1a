"""What the calendar says of each step: by the wall clock that people live by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gatework.data.calendar import calendar_parts, clock_ahead, said, worth_reading
from gatework.data.frame import read


def panel_of(times, **options):
    return read(pd.DataFrame({"ds": times, "y": np.arange(len(times)) % 5}), **options)


def point(share):
    return [np.sin(2 * np.pi * share), np.cos(2 * np.pi * share)]


@pytest.mark.parametrize(
    ("start", "freq", "steps", "asked"),
    [
        ("2024-01-01", "h", 24 * 14, []),
        ("2024-01-01", "h", 24 * 14 + 1, ["hour"]),
        ("2024-01-01", "h", 24 * 56 + 1, ["hour", "weekday"]),
        ("2024-01-01", "12h", 1463, ["hour", "weekday", "yearday"]),
        ("2024-01-01", "D", 57, ["weekday"]),
        ("2024-01-01", "D", 731, ["weekday", "yearday"]),
        ("2024-01-01", "B", 60, ["weekday"]),
        ("2024-01-01", "2D", 30, []),
        ("2020-01-06", "W-MON", 120, ["yearday"]),
        ("2020-01-01", "MS", 30, ["yearday"]),
        ("1990-01-01", "YS", 30, []),
    ],
)
def test_what_a_network_reads_is_what_the_grid_tells_and_the_span_shows(start, freq, steps, asked):
    panel = panel_of(pd.date_range(start, periods=steps, freq=freq), freq=freq)
    assert worth_reading(panel) == ()
    assert worth_reading(panel, asked=True) == tuple(asked)


def test_clocks_that_are_moved_are_known_however_short_the_data():
    def parts(steps: int, freq: str, zone: str, asked: bool = False) -> tuple[str, ...]:
        return worth_reading(panel_of(pd.date_range("2024-01-01", periods=steps, freq=freq, tz=zone)), asked)

    assert parts(1400, "h", "Europe/Berlin", asked=True) == ("hour", "weekday", "moved")
    assert parts(100, "h", "Europe/Berlin") == ("moved",)
    assert parts(100, "h", "Asia/Kolkata") == parts(100, "h", "UTC") == ()
    # Days follow the wall clock whatever it does.
    assert parts(60, "D", "Europe/Berlin", asked=True) == ("weekday",)


def test_whole_numbers_have_no_calendar():
    panel = read({"ds": np.arange(2000), "y": np.arange(2000) % 7})
    assert worth_reading(panel, asked=True) == ()
    assert calendar_parts(panel, np.arange(3)) == {}


def test_a_step_worked_out_by_hand():
    times = pd.date_range("2023-01-01", "2024-07-01 18:30", freq="30min")
    panel = panel_of(times)
    values = said(panel, panel.last()[0] + np.array([-1, 0]), ("hour", "weekday", "yearday"))
    assert values.dtype == np.float32
    # 18:00 and 18:30 on 1 July 2024, a Monday, the 182nd day behind 1 January of a leap year.
    for row, day in zip(values, (18 / 24, 18.5 / 24), strict=True):
        np.testing.assert_allclose(row, [*point(day), 1, 0, 0, 0, 0, 0, 0, *point(182 / 366)], atol=1e-6)


def test_hours_are_those_of_the_wall_clock():
    """The last Sunday of March has 23 hours in Berlin, and 6 in the morning comes an hour of UTC earlier after it."""
    times = pd.date_range("2024-03-30", periods=72, freq="h", tz="Europe/Berlin")
    panel = panel_of(times)
    ordinals = panel.starts[0] + np.arange(72)
    values = said(panel, ordinals, ("hour", "weekday"))
    np.testing.assert_allclose(values[:, :2], np.array([point(time.hour / 24) for time in times]), atol=1e-6)
    assert values[:, 2:].argmax(1).tolist() == [time.weekday() for time in times]
    assert clock_ahead(panel, ordinals).tolist() == [1] * 26 + [2] * 46
    parts = calendar_parts(panel, ordinals)
    assert parts["hour"].tolist() == [time.hour for time in times]
    assert parts["hour"][25:28].tolist() == [1, 3, 4]


def test_days_of_a_zone_are_its_own():
    times = pd.date_range("2024-03-25", periods=14, tz="Pacific/Auckland")
    panel = panel_of(times)
    values = said(panel, panel.starts[0] + np.arange(14), ("weekday",))
    assert values.argmax(1).tolist() == [time.weekday() for time in times]


def test_months_are_parts_of_a_year():
    panel = panel_of(pd.date_range("2024-01-31", periods=12, freq="ME"))
    assert list(calendar_parts(panel, np.arange(3))) == ["month"]
    assert calendar_parts(panel, panel.starts[0] + np.arange(13)[:, None])["month"][:, 0].tolist() == [*range(12), 0]
