"""Which grid the rows lie on: the one a person names with freq=, or the one the times themselves show."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from gatework.data.frequency import CLOCK_UNITS, DAY, MONTH_END, MONTHS, WEEK, WEEKDAYS, Frequency
from gatework.errors import OptionError

_KNOWN = "'s', 'min', 'h', 'D', 'B', 'W', 'W-MON', 'MS', 'ME', 'M-15', 'QS', 'QE', 'YS' or 'YE', also as in '15min'"
_ALIAS = re.compile(r"([1-9]\d*)?([A-Za-z]+)(?:-([A-Za-z]{3}|\d{1,2}))?")
# The names that pandas had before 2.2, and the lower case that people write.
_OLD = {"H": "h", "T": "min", "S": "s", "L": "ms", "U": "us", "d": "D", "b": "B", "w": "W"}
_OLD |= {"A": "Y", "AS": "YS", "AE": "YE"}
_MONTHS_IN = {"M": 1, "Q": 3, "Y": 12}
_DAY_AT = {"": None, "S": 1, "E": MONTH_END}
# The greatest common divisor of all differences is the step if at least this share of them equals it. Below that, a
# few stray rows made it small, and the most common difference is the step that was meant.
_ENOUGH = 0.1
# Rows that must share a day of the month to be called monthly: a stray row is then named, and the rest understood.
_MOST = 0.75


def named(freq: str | int | Frequency, times: np.ndarray) -> Frequency:
    """The grid that a person names, placed where most of the times lie.

    An alias pins what it says and leaves the rest to the data: "W-MON" is on Mondays, "W" on the day that most rows
    have; "MS" is the first of the month, "ME" its last day, "M" any day. pandas' old aliases mean their new ones.

    Parameters
    ----------
    freq : str, int or Frequency
        An alias, such as "15min", or the step between whole numbers. A Frequency is taken as it is.
    times : (n,) array
        datetime64[us], or int64 for integer steps.

    Raises
    ------
    OptionError
        An unknown alias, or one for dates where the times are whole numbers, or the reverse.
    """
    whole = times.dtype.kind == "i"
    frequency, pins = (freq, {}) if isinstance(freq, Frequency) else _read(freq)
    if (frequency.calendar == "integer") != whole:
        want, have = ("a whole number, such as 1,", "whole numbers") if whole else ("a step, such as 'h',", "dates")
        got = freq.alias if isinstance(freq, Frequency) else freq
        raise OptionError(f"freq must be {want} where the times are {have}; got {got!r}. Leave it out to infer it.")
    if isinstance(freq, Frequency):
        return freq
    placed = place(frequency, times)
    if "day" in pins:
        placed = replace(placed, day=pins["day"])
    if "weekday" in pins:
        late = pins["weekday"] * DAY - (placed.origin // DAY + 3) * DAY
        placed = replace(placed, origin=(placed.origin + late % WEEK) % placed.step)
    if "month" in pins:
        late = (pins["month"] - placed.origin) % pins["months"]
        placed = replace(placed, origin=(placed.origin + late) % placed.step)
    return placed


def _read(freq: str | int) -> tuple[Frequency, dict[str, int]]:
    """An alias as a calendar and step, and what else it pins: a day of the month or week, a month of the cycle."""
    text = str(freq)
    if text.isdecimal() and int(text) > 0:
        return Frequency("integer", int(text)), {}
    match = _ALIAS.fullmatch(text)
    count, unit, anchor = match.groups(default="") if match else ("", "?", "")
    n, unit, anchor = int(count or 1), _OLD.get(unit, unit), anchor.upper()
    if unit in CLOCK_UNITS and not anchor:
        return Frequency("clock", n * CLOCK_UNITS[unit][0]), {}
    if unit == "W" and anchor in WEEKDAYS:
        return Frequency("clock", n * WEEK), {"weekday": WEEKDAYS.index(anchor)}
    if unit == "B" and not anchor:
        return Frequency("business", n), {}
    months, day = _MONTHS_IN.get(unit[0]), _DAY_AT.get(unit[1:], 0)
    if months and day != 0:
        frequency, pins = Frequency("month", n * months), {} if day is None else {"day": day}
        if not anchor:
            return frequency, pins
        if months > 1 and anchor in MONTHS:
            return frequency, {**pins, "month": MONTHS.index(anchor), "months": months}
        if unit == "M" and anchor.isdecimal() and 1 <= int(anchor) <= MONTH_END:
            return frequency, {"day": int(anchor)}
    raise OptionError(f"freq must be {_KNOWN}, or a whole number; got {freq!r}. Leave it out to infer it.")


def infer(times: np.ndarray, series: np.ndarray) -> Frequency | None:
    """The grid that the rows show: the one calendar that fits, the step that most differences share.

    Parameters
    ----------
    times : (n,) array
        datetime64[us], or int64 for integer steps: ascending within each series.
    series : (n,) int array
        Which series each row belongs to, ascending.

    Returns
    -------
    Frequency or None
        None where no series has two rows. A few rows may lie off the grid: see `Frequency.fits`.
    """
    inside = series[1:] == series[:-1]
    if not inside.any():
        return None

    def with_step(calendar: str) -> Frequency:
        counts = Frequency(calendar).counts(times)
        return place(Frequency(calendar, _step(np.diff(counts)[inside])), times)

    if times.dtype.kind == "i":
        return with_step("integer")
    return with_step(_calendar(times, inside))


def _calendar(times: np.ndarray, inside: np.ndarray) -> str:
    """The calendar "month" or "business" where the days show it, and a clock is no regular measure; else "clock"."""
    since_midnight = times.astype(np.int64) % DAY
    if (since_midnight != since_midnight[0]).any():
        return "clock"
    days = np.diff(times)[inside].astype(np.int64) // DAY
    if np.median(days) >= 28:
        return "month" if place(Frequency("month"), times).fits(times).mean() > _MOST else "clock"
    business = Frequency("business", clock=int(since_midnight[0]))
    over_weekends = (np.diff(business.counts(times))[inside] < days).any()
    return "business" if over_weekends and most_common(days) == 1 and business.fits(times).all() else "clock"


def _step(differences: np.ndarray) -> int:
    divisor = int(np.gcd.reduce(differences))
    return divisor if (differences == divisor).mean() >= _ENOUGH else most_common(differences)


def place(frequency: Frequency, times: np.ndarray) -> Frequency:
    """The same calendar and step, with the origin, the day of the month and the time of day that most times have."""
    if frequency.calendar in ("business", "month"):
        frequency = replace(frequency, clock=most_common(times.astype(np.int64) % DAY))
    if frequency.calendar == "month":
        frequency = replace(frequency, day=_day_of_month(times))
    return replace(frequency, origin=most_common(frequency.counts(times) % frequency.step))


def _day_of_month(times: np.ndarray) -> int:
    days = times.astype("M8[D]")
    month = days.astype("M8[M]")
    day = (days - month.astype("M8[D]")).astype(np.int64) + 1
    length = ((month + 1).astype("M8[D]") - month.astype("M8[D]")).astype(np.int64)
    if (day == length).mean() > 0.5:
        return MONTH_END
    # The 29th or 30th is another day in February: the latest day counts if it explains every month.
    latest = int(day.max())
    return latest if (day == np.minimum(latest, length)).all() else most_common(day)


def most_common(values: np.ndarray) -> int:
    """The value (int64) that occurs most often; of two, the smaller."""
    # Nearly always all are equal, and ten million need no sorting.
    if (values == values[0]).all():
        return int(values[0])
    distinct, counts = np.unique(values, return_counts=True)
    return int(distinct[counts.argmax()])
