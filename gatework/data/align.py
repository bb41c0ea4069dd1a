"""Rows in any order -> each series on its regular grid, from its first value to its last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gatework.data import dates
from gatework.data.frequency import SECOND, Frequency
from gatework.data.grid import infer, named
from gatework.data.header import Names
from gatework.errors import DataError

# A grid may hold this many steps a row, and this many in any case, before it is taken for a mistake.
_MOST_STEPS, _ANYWAY = 100, 1_000_000
# Rows that are looked at at once.
_AT_ONCE = 1_000_000


@dataclass
class Rows:
    """The rows of a table, ordered by series and time.

    Parameters
    ----------
    series : (rows,) int array
        Which series each belongs to.
    times : dates.Times
        When it is.
    y : (rows,) float64 array
        Its value.
    order : (rows,) int array, optional
        Its place in the table; None where the table was in order.
    """

    series: np.ndarray
    times: dates.Times
    y: np.ndarray
    order: np.ndarray | None = None

    @property
    def unsorted(self) -> bool:
        """Whether rows of one series were not in order of time. Series in any order are no news."""
        order = self.order
        return order is not None and bool(((order[1:] < order[:-1]) & (self.series[1:] == self.series[:-1])).any())

    def earliest(self, at: np.ndarray) -> tuple[int, int]:
        """Of some rows, the one that comes first in the table: where it is here, and its row there, from 1."""
        if self.order is None:
            return int(at[0]), int(at[0]) + 1
        first = at[np.argmin(self.order[at])]
        return int(first), int(self.order[first]) + 1


def sort(series: np.ndarray, times: dates.Times, y: np.ndarray, rows: np.ndarray | None = None) -> Rows:
    """Order rows by series and time; `rows` says where each stands in the table, if that is not its place here."""
    t = times.values
    ordered = (series[1:] > series[:-1]) | ((series[1:] == series[:-1]) & (t[1:] >= t[:-1]))
    if ordered.all():
        return Rows(series, times, y, rows)
    order = np.lexsort((t, series))
    return Rows(series[order], times._replace(values=t[order]), y[order], order if rows is None else rows[order])


def refuse_duplicates(rows: Rows, ids: tuple, names: Names) -> None:
    """Raise DataError where a series has two rows of one time, naming the first."""
    t = rows.times.values
    same = (rows.series[1:] == rows.series[:-1]) & (t[1:] == t[:-1])
    if not same.any():
        return
    at, row = rows.earliest(np.flatnonzero(same) + 1)
    moment = dates.show(t[at], rows.times.type)
    # Two hours of an autumn night are two, and not to be added up.
    hour = t.dtype.kind == "M" and getattr(rows.times.type, "tz", None) is None and t[at] != t[at].astype("M8[D]")
    twice = f" Where clocks were set back, write times with their offset, as {moment}+01:00." if hour else ""
    if names.id is None:
        raise DataError(
            f"{names.time} must differ from row to row; got {moment} again in row {row}. Remove or add up such rows, "
            f"or, if the table holds several series, name their column with id_col= (command line: --id).{twice}"
        )
    raise DataError(
        f"data must have one row for each {names.id} and {names.time}; got {ids[rows.series[at]]!r} at {moment} again "
        f"in row {row}. Remove or add up such rows.{twice}"
    )


def find_grid(rows: Rows, name: Any, freq: str | int | Frequency | None) -> tuple[Frequency, dates.Times, str]:
    """The grid of the rows, the times as it counts them, and a note on the time zone if they have one.

    Steps of whole days follow the wall clock of the zone, on which midnight is midnight; shorter ones count in UTC,
    in which an hour is an hour.

    Raises
    ------
    DataError
        Rows that show no step, or a row off the grid.
    """
    times, note = rows.times, ""

    def find(moments: np.ndarray) -> Frequency:
        grid = infer(moments, rows.series) if freq is None else named(freq, moments)
        if grid is None:
            raise DataError(
                f"{name} must show a step; got one row in each series. Give it with freq= (command line: --freq)."
            )
        return grid

    zone = getattr(times.type, "tz", None)
    wall = times.values if zone is None else dates.local(times.values, zone)
    grid = find(wall)
    if zone is not None and grid.whole_days and (freq is not None or grid.fits(wall).all()):
        times, note = times._replace(values=wall), f"{name}: days follow the wall clock of {zone}."
    elif zone is not None:
        grid = find(times.values)
        note = f"{name}: steps are counted in UTC and given back in {zone}."
        if grid.whole_days:
            times, note = times._replace(type=dates.in_utc(times.type)), f"{name}: days are UTC's, not {zone}'s."
    # Part by part, since ten million rows at once take as much memory as all else together.
    starts = range(0, len(times.values), _AT_ONCE)
    off = np.concatenate([k + np.flatnonzero(~grid.fits(times.values[k : k + _AT_ONCE])) for k in starts])
    if len(off):
        at, row = rows.earliest(off)
        moment = dates.show(times.values[at], times.type, wall=grid.whole_days)
        raise DataError(
            f"{name} must step evenly; got {moment} in row {row}: {len(off):,} of {len(wall):,} rows "
            f"{'lies' if len(off) == 1 else 'lie'} off the {grid.alias} grid. {_finer(times.values)}"
        )
    return grid, times, note


def _finer(moments: np.ndarray) -> str:
    """What to do about a row that is off the grid."""
    step = int(np.gcd.reduce(np.diff(moments.astype(np.int64))))
    if moments.dtype.kind == "M" and step < SECOND:
        return "Round the times to a regular step."
    finer = Frequency("integer" if moments.dtype.kind == "i" else "clock", step)
    return f"Correct it, or give a finer step: freq={finer.alias.split('-')[0]!r} fits every row."


@dataclass
class Aligned:
    """N series on one grid, and what was missing."""

    values: tuple[np.ndarray, ...]  # (T_i,) float64, NaN where a step is missing, but not at the ends; T_i may be 0
    starts: np.ndarray  # (N,) int64, the ordinal of the first value
    known: np.ndarray  # (N,) int64, how many values are not missing
    constant: np.ndarray  # (N,) bool, whether all known values are the same
    after: np.ndarray  # (N,) int64, the empty steps behind the last value for which there are rows
    left_off: int  # empty steps at the ends


def align(ordinals: np.ndarray, rows: Rows, name: Any, grid: Frequency) -> Aligned:
    """Lay the rows on the grid.

    Raises
    ------
    DataError
        Rows so few for their grid that it must be the wrong one.
    """
    first = np.flatnonzero(np.diff(rows.series, prepend=-1))
    last = np.append(first[1:], len(ordinals)) - 1
    lengths = ordinals[last] - ordinals[first] + 1
    ends = np.cumsum(lengths)
    begins = ends - lengths
    if ends[-1] > max(_MOST_STEPS * len(ordinals), _ANYWAY):
        raise DataError(
            f"{name} must have rows at most steps; got {len(ordinals):,} rows for {ends[-1]:,} steps of {grid.alias}. "
            f"Give a coarser step with freq= (command line: --freq)."
        )
    if ends[-1] == len(ordinals):
        flat = rows.y.copy()  # every step has its row
    else:
        flat, at = np.full(ends[-1], np.nan), (begins - ordinals[first])[rows.series]
        at += ordinals
        flat[at] = rows.y
        del at

    present = np.flatnonzero(~np.isnan(flat))
    low, high = np.searchsorted(present, begins), np.searchsorted(present, ends)
    some = high > low
    begin, end = begins.copy(), ends.copy()
    begin[some], end[some] = present[low[some]], present[high[some] - 1] + 1
    end[~some] = begin[~some]  # without a value there is no step to speak of
    return Aligned(
        values=tuple(flat[a:b] for a, b in zip(begin.tolist(), end.tolist(), strict=True)),
        starts=ordinals[first] + begin - begins,
        known=high - low,
        constant=np.fmin.reduceat(flat, begins) == np.fmax.reduceat(flat, begins),
        after=ends - end,
        left_off=int((lengths - (end - begin)).sum()),
    )
