"""What the calendar says of a step: its hour, its weekday, its month, wherever the grid is fine enough to tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatework.data import dates
from gatework.data.frequency import DAY
from gatework.data.panel import Panel

# How many values each part has.
SIZES = {"hour": 24, "weekday": 7, "month": 12}
# The parts that a network reads, and how many days a panel must span so that what comes round with each can be learned.
ENOUGH = {"hour": 14, "weekday": 56, "yearday": 730}


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


def worth_reading(panel: Panel, asked: bool = False) -> tuple[str, ...]:
    """Choose the parts of the calendar that a network reads: of "hour", "weekday", "yearday" and "moved".

    Parameters
    ----------
    panel : Panel
        Its grid says which parts differ from step to step, its span which came round often enough.
    asked : bool
        Whether hour, weekday and place in the year were asked for.

    Returns
    -------
    tuple of str
        "moved", by how much clocks were, where the times have a zone that does so: a lag must know, asked or not and
        however short the data are.
    """
    tells = _tells(panel)
    if not tells:
        return ()
    first, last = panel.freq.times(np.array([panel.starts.min(), panel.last().max()]))
    found = [name for name in tells if asked and last - first >= np.timedelta64(ENOUGH[name], "D")]
    return (*found, "moved") if "hour" in tells and _moves(panel) else tuple(found)


def said(panel: Panel, ordinals: np.ndarray, parts: Sequence[str]) -> np.ndarray:
    """Return what the calendar says of positions (n,) on a panel's grid: (n, K) float32.

    Of each part in turn: the hour and the place in the year as points on circles, sine and cosine; the weekday as seven
    columns of 0 and 1, Monday's first.
    """
    moments = _clock(panel, ordinals) if parts else np.empty(0)
    found = [np.empty((len(ordinals), 0))]
    for name in parts:
        if name == "hour":
            found.append(_circle(moments.astype(np.int64) % DAY / DAY))
        elif name == "weekday":
            found.append(_weekday(moments)[:, None] == np.arange(7))
        elif name == "yearday":
            year = moments.astype("M8[Y]")
            first, following = (some.astype("M8[D]").astype(np.int64) for some in (year, year + 1))
            found.append(_circle((moments.astype("M8[D]").astype(np.int64) - first) / (following - first)))
    return np.concatenate(found, 1, dtype=np.float32)


def clock_ahead(panel: Panel, ordinals: np.ndarray) -> np.ndarray:
    """By how many hours (n,) the wall clock is ahead of steady time at positions: one more in summer, float32."""
    steady = panel.freq.times(ordinals)
    return ((_clock(panel, ordinals) - steady) / np.timedelta64(1, "h")).astype(np.float32)


def _circle(share: np.ndarray) -> np.ndarray:
    return np.stack([np.sin(2 * np.pi * share), np.cos(2 * np.pi * share)], -1)


def _tells(panel: Panel) -> list[str]:
    """The cycles in which a grid's steps differ."""
    freq = panel.freq
    if freq.calendar == "integer":
        return []
    clock = freq.calendar == "clock"
    hour = clock and freq.step < DAY
    weekday = freq.calendar == "business" or (clock and freq.step <= DAY)
    yearday = freq.step < 12 if freq.calendar == "month" else not clock or freq.step < 365 * DAY
    return [name for name, told in zip(ENOUGH, (hour, weekday, yearday), strict=True) if told]


def _clock(panel: Panel, ordinals: np.ndarray) -> np.ndarray:
    """The times of positions as the wall clock shows them."""
    moments = panel.freq.times(ordinals)
    zone = _zone(panel)
    return moments if zone is None else dates.local(moments, zone)


def _moves(panel: Panel) -> bool:
    """Whether the clocks of a panel's zone are moved while its series last, or in the year after them."""
    zone = _zone(panel)
    if zone is None:
        return False
    first, last = panel.freq.times(np.array([panel.starts.min(), panel.last().max()]))
    weeks = np.arange(first, last + np.timedelta64(366, "D"), np.timedelta64(7, "D"))
    return len(np.unique(dates.local(weeks, zone) - weeks)) > 1


def _zone(panel: Panel) -> str | None:
    """The zone by whose clocks a panel's hours are to be read; None where its times are those of the wall already."""
    return None if panel.freq.whole_days else getattr(panel.columns.time_type, "tz", None)


def _weekday(moments: np.ndarray) -> np.ndarray:
    # 1970 began on a Thursday.
    return (moments.astype("M8[D]").astype(np.int64) + 3) % 7
