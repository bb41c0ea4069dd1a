"""What the calendar says of a step: its hour, its weekday, its month, wherever the grid is fine enough to tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gatework.data import dates
from gatework.data.frequency import DAY

if TYPE_CHECKING:
    from gatework.data.panel import Panel

# How many values each part has.
SIZES = {"hour": 24, "weekday": 7, "month": 12}


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
    freq = panel.freq
    if freq.calendar == "integer":
        return {}
    moments = freq.times(ordinals.ravel())
    zone = getattr(panel.columns.time_type, "tz", None)
    if zone is not None and not freq.whole_days:
        moments = dates.local(moments, zone)
    found = {}
    if freq.calendar == "clock" and freq.step < DAY:
        found["hour"] = moments.astype("M8[h]").astype(np.int64) % 24
    if freq.calendar == "business" or (freq.calendar == "clock" and freq.step <= DAY):
        # 1970 began on a Thursday.
        found["weekday"] = (moments.astype("M8[D]").astype(np.int64) + 3) % 7
    if freq.calendar != "month" or freq.step < 12:
        found["month"] = moments.astype("M8[M]").astype(np.int64) % 12
    return {name: values.reshape(ordinals.shape) for name, values in found.items()}
