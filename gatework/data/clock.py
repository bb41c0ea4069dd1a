"""The calendar beside the values in every window, as a network reads it: by the wall clock that people live by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from gatework.data.calendar import clock_ahead, said
from gatework.data.frequency import HOUR
from gatework.data.panel import Panel

# The numbers that say each part of the calendar: two a point on a circle; days of the week have one each.
SAYS = {
    "hour": ("hour sin", "hour cos"),
    "weekday": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "yearday": ("year sin", "year cos"),
}


class Clock:
    """What the calendar says of the steps of windows: hour and place in the year on circles, weekdays as 0 and 1.

    Where the times have a zone whose clocks are moved, it says too at which step they showed the same hour.

    Parameters
    ----------
    panel : Panel
        The series.
    parts : tuple of str
        Of "hour", "weekday", "yearday" and "moved", as `worth_reading` chose them where the network learned.
    lags : tuple of int
        Those of the windows.
    input_size, h : int
        Steps that a window reads, and forecasts.
    """

    def __init__(self, panel: Panel, parts: tuple[str, ...], lags: tuple[int, ...], input_size: int, h: int):
        self._behind, self._ahead = torch.arange(-input_size, 0), torch.arange(h)
        lengths = np.array([len(series) for series in panel.values], dtype=np.int64)
        spans = np.stack([panel.starts - input_size - 2 * max(lags), panel.starts + lengths + h], 1)
        # Series share their times, as a rule: each is worked out once. What one series spans stays in one piece.
        ordinals = np.unique(np.concatenate([np.arange(*span) for span in np.unique(spans, axis=0)]))
        moved = "moved" in parts
        self._an_hour = HOUR / panel.freq.step if moved else 0.0
        self._begins = torch.from_numpy(np.searchsorted(ordinals, panel.starts))
        self._said = torch.from_numpy(said(panel, ordinals, parts))
        self._ahead_of_utc = torch.from_numpy(clock_ahead(panel, ordinals)) if moved else None

    def past(self, series: Tensor, cutoffs: Tensor) -> Tensor:
        """Read the steps before each cutoff: (B, input_size, n)."""
        return self._said[(self._begins[series] + cutoffs)[:, None] + self._behind]

    def future(self, series: Tensor, cutoffs: Tensor) -> Tensor:
        """Read the h steps from each cutoff on: (B, h, n)."""
        return self._said[(self._begins[series] + cutoffs)[:, None] + self._ahead]

    def face(self, which: np.ndarray, steps: int) -> np.ndarray | None:
        """Say where the clock's face shows the first `steps` of series (n,), counted in steps: (n, steps) int.

        Two steps stand at one place where an hour was shown twice, none at that of an hour which was skipped. None
        where clocks were not moved meanwhile.
        """
        if self._ahead_of_utc is None:
            return None
        passed = torch.arange(steps)
        ahead = self._ahead_of_utc[self._begins[torch.from_numpy(which)][:, None] + passed]
        places = passed + ((ahead - ahead[:, :1]) * self._an_hour).round().long()
        return None if torch.equal(places, passed.expand_as(places)) else (places - places.amin(1, True)).numpy()

    def same_hour(self, series: Tensor, cutoffs: Tensor, back: Tensor, lag: int, known: int = -1) -> Tensor:
        """Go from the steps `back` (h,) that a lag repeats to those at which clocks showed the same: (h,) or (B, h).

        All are counted from the cutoffs (B,). Of a step behind `known` the one a lag earlier is taken.
        """
        if self._ahead_of_utc is None:
            return back
        at = (self._begins[series] + cutoffs)[:, None]
        moved = self._ahead_of_utc[at + self._ahead] - self._ahead_of_utc[at + back]
        there = back + (moved * self._an_hour).round().long()
        return torch.where(there > known, there - lag, there)


def names(parts: Sequence[str]) -> list[str]:
    """Name each number that `Clock` gives a step."""
    return [name for part in parts for name in SAYS.get(part, ())]


def owners(parts: Sequence[str], first: int = 0) -> tuple[int, ...]:
    """Which part of the calendar each number that `Clock` gives a step comes from, counted from `first` on."""
    return tuple(first + k for k, part in enumerate(parts) for _ in SAYS.get(part, ()))
