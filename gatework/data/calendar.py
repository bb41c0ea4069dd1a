"""What the calendar says of a step: its hour, its weekday, its month, wherever the grid is fine enough to tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatework.data import dates
from gatework.data.frequency import DAY
from gatework.data.panel import Panel

# How many values each part has.
SIZES = {"hour": 24, "weekday": 7, "month": 12}
# A panel must span more days than this for a yearly cycle to show.
_YEAR = 366
CYCLES = ("hour", "weekday", "yearday")


def calendar_parts(panel: Panel, ordinals: np.ndarray) -> dict[str, np.ndarray]:
    """Return the hour (0 to 23), weekday (0 is Monday) and month (0 is January) of positions on a panel's grid.

    Parameters
    ----------
    panel : Panel
        Its grid says which parts differ from step to step; its time zone, if it has one, which hour it is.
    ordinals : int array of any shape
        Positions on the grid.

    Returns
    -------
    dict of str to int arrays of that shape
        Without the hour where a step is a day or longer, without the weekday where it is longer than a day, and empty
        where time is whole numbers.
    """
    tells = _tells(panel)
    moments = _clock(panel, ordinals.ravel()) if tells else np.empty(0)
    found = {}
    if "hour" in tells:
        found["hour"] = moments.astype("M8[h]").astype(np.int64) % 24
    if "weekday" in tells:
        found["weekday"] = _weekday(moments)
    if "yearday" in tells:
        found["month"] = moments.astype("M8[M]").astype(np.int64) % 12
    return {name: values.reshape(ordinals.shape) for name, values in found.items()}


def calendar(
    panel: Panel, ahead: int = 0, cycles: Sequence[str] | None = None
) -> tuple[tuple[str, ...], tuple[np.ndarray, ...]]:
    """Return what the calendar says of every step, and of those ahead, as points on circles: sines and cosines.

    Hours are those of the wall clock where the times have a zone: people live by it, whatever summer time does to it.

    Parameters
    ----------
    panel : Panel
        The series.
    ahead : int
        Steps beyond each series' last.
    cycles : sequence of {"hour", "weekday", "yearday"}, optional
        By default the place in the day where a step is shorter than a day, the weekday where it is no longer, and the
        place in the year where it is shorter than a year and the panel spans more than one. What was learned from one
        panel asks for the same of another.

    Returns
    -------
    names : tuple of str
        K of them: "hour_sin", "hour_cos", ...
    values : tuple of (T_i + ahead, K) float32 arrays
        One a series.
    """
    cycles = _cycles(panel) if cycles is None else [name for name in CYCLES if name in cycles]
    names = tuple(f"{name}_{end}" for name in cycles for end in ("sin", "cos"))
    lengths = [len(series) + ahead for series in panel.values]
    first, last = int(panel.starts.min()), int((panel.starts + lengths).max())
    if last - first <= 2 * sum(lengths):
        # Series share their times, as a rule: each is worked out once.
        shared = _circles(panel, np.arange(first, last), cycles)
        begins = (panel.starts - first).tolist()
        return names, tuple(shared[begin : begin + n] for begin, n in zip(begins, lengths, strict=True))
    each = zip(panel.starts.tolist(), lengths, strict=True)
    return names, tuple(_circles(panel, np.arange(start, start + n), cycles) for start, n in each)


def _circles(panel: Panel, ordinals: np.ndarray, cycles: Sequence[str]) -> np.ndarray:
    values = np.empty((len(ordinals), 2 * len(cycles)), np.float32)
    moments = _clock(panel, ordinals) if cycles else np.empty(0)
    for k, name in enumerate(cycles):
        if name == "hour":
            share = moments.astype(np.int64) % DAY / DAY
        elif name == "weekday":
            share = _weekday(moments) / 7
        else:
            year = moments.astype("M8[Y]")
            first, following = (some.astype("M8[D]").astype(np.int64) for some in (year, year + 1))
            share = (moments.astype("M8[D]").astype(np.int64) - first) / (following - first)
        values[:, 2 * k], values[:, 2 * k + 1] = np.sin(2 * np.pi * share), np.cos(2 * np.pi * share)
    return values


def _cycles(panel: Panel) -> list[str]:
    """The cycles that a panel's grid can tell, and its span can show."""
    tells = _tells(panel)
    if "yearday" in tells:
        first, last = panel.freq.times(np.array([panel.starts.min(), panel.last().max()]))
        tells = [name for name in tells if name != "yearday" or last - first > np.timedelta64(_YEAR, "D")]
    return tells


def _tells(panel: Panel) -> list[str]:
    """The cycles in which a grid's steps differ."""
    freq = panel.freq
    if freq.calendar == "integer":
        return []
    clock = freq.calendar == "clock"
    hour = clock and freq.step < DAY
    weekday = freq.calendar == "business" or (clock and freq.step <= DAY)
    yearday = freq.step < 12 if freq.calendar == "month" else not clock or freq.step < 365 * DAY
    return [name for name, told in zip(CYCLES, (hour, weekday, yearday), strict=True) if told]


def _clock(panel: Panel, ordinals: np.ndarray) -> np.ndarray:
    """The times of positions as the wall clock shows them."""
    moments = panel.freq.times(ordinals)
    zone = getattr(panel.columns.time_type, "tz", None)
    return moments if zone is None or panel.freq.whole_days else dates.local(moments, zone)


def _weekday(moments: np.ndarray) -> np.ndarray:
    # 1970 began on a Thursday.
    return (moments.astype("M8[D]").astype(np.int64) + 3) % 7
