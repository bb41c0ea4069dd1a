"""Forecasts made elsewhere: read, matched with the backtest, and refused where they do not match."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.data import dates
from gatework.data.columns import groups, numbers, row_of
from gatework.data.match import moments
from gatework.data.table import Table, open_table
from gatework.errors import DataError
from gatework.models.quantiles import MEDIAN, QUANTILES
from gatework.tasks.judge import Forecasts

if TYPE_CHECKING:
    from gatework.data.panel import Panel
    from gatework.tasks.backtest import Origin


def read_outside(data: Any, found: Sequence[Origin], level: float, taken: Sequence[str]) -> list[Forecasts]:
    """Read a table of forecasts, and lay them beside the backtest's own.

    Parameters
    ----------
    data : table, dict or path
        The data's id and time columns, `cutoff` (the last time that was known), and a column for each model; beside
        `NAME` there may be `NAME-lo-90` and `NAME-hi-90`. Rows of other cutoffs, series and times are passed over.
    found : sequence of Origin
        Where the backtest stands.
    level : float
        The percent of the intervals that are read.
    taken : sequence of str
        Names that are others' already.

    Returns
    -------
    list of Forecasts
        One a model.

    Raises
    ------
    DataError
        A row is missing, there twice or without a number; or a column is not there, or its name is taken.
    """
    panel = found[0].history
    table = open_table(data)
    keys = [name for name in (panel.columns.id, panel.columns.time, "cutoff") if name is not None]
    names = _models(table, keys, panel.columns.target, level, taken)
    ends = {name: [f"{name}-lo-{level:g}", f"{name}-hi-{level:g}"] for name in names}
    _check_ends(table, ends)
    wanted = [*keys, *(column for name in names for column in (name, *ends[name]) if column in table.names)]
    columns = dict(zip(wanted, table.load(wanted, ids=keys[:-2]), strict=True))
    rows = _rows(panel, columns, found)
    shape = (len(found), *found[0].truth.shape)
    forecasts = []
    for name in names:
        cells = {column: _values(table, columns, column, rows, shape) for column in (name, *ends[name])}
        quantiles = np.full((*shape, len(QUANTILES)), np.nan)
        quantiles[..., MEDIAN] = cells[name]
        lo, hi = (cells[end] for end in ends[name])
        forecasts.append(Forecasts(name, quantiles, lo, hi))
    return forecasts


def _models(table: Table, keys: list[Any], target: Any, level: float, taken: Sequence[str]) -> list[str]:
    for name in keys:
        if name not in table.names:
            raise DataError(
                f"others must have the columns {', '.join(map(repr, keys))} and one for each model; got "
                f"{', '.join(map(repr, table.names))}, without {name!r}. Rename or add it."
            )
    names = [
        name
        for name in map(str, table.names)
        if name not in (*keys, "unique_id", target) and "-lo-" not in name and "-hi-" not in name
    ]
    if not names:
        raise DataError(
            f"others must have a column of forecasts beside {', '.join(map(repr, keys))}; got none. "
            "Name it after its model."
        )
    for name in names:
        if name in taken:
            raise DataError(
                f"others must have models of other names; got {name!r} again. Rename or remove that column."
            )
    return names


def _check_ends(table: Table, ends: dict[str, list[str]]) -> None:
    for pair in ends.values():
        there = [name for name in pair if name in table.names]
        if len(there) == 1:
            absent = next(name for name in pair if name not in there)
            raise DataError(f"others must have both ends of an interval; got {there[0]!r} without {absent!r}. Add it.")


def _rows(panel: Panel, columns: dict[Any, Any], found: Sequence[Origin]) -> np.ndarray:
    """Where in the table (W, N, h) each forecast stands; -1 where nothing is known to score it by."""
    names = panel.columns
    times, cutoffs = (_ordinals(columns[name], name, panel) for name in (names.time, "cutoff"))
    series = np.zeros(len(times), dtype=np.int64)
    if names.id is not None:
        ids, place = groups(columns[names.id], names.id)
        known = {str(name): i for i, name in enumerate(panel.ids)}
        series = np.array([known.get(str(name), -1) for name in ids])[place]
    last = np.stack([at.history.last() for at in found])
    origins = {(i, end): w for w, ends in enumerate(last.tolist()) for i, end in enumerate(ends)}
    at = np.array([origins.get(key, -1) for key in zip(series.tolist(), cutoffs.tolist(), strict=True)], dtype=np.int64)
    n, h = found[0].truth.shape
    ahead = times - cutoffs - 1
    mine = (at >= 0) & (ahead >= 0) & (ahead < h)
    rows = np.full((len(found), n, h), -1)
    place = (at[mine] * n + series[mine]) * h + ahead[mine]
    _, first = np.unique(place, return_index=True)
    if len(first) < len(place):
        again = int(np.setdiff1d(np.arange(len(place)), first)[0])
        row = int(np.flatnonzero(mine)[again])
        which = (
            f"{_who(panel, int(series[row]))}{_when(panel, times[row])} after the cutoff {_when(panel, cutoffs[row])}"
        )
        raise DataError(f"others must have one row for each forecast; got {which} again in row {row + 1}. Remove one.")
    rows.ravel()[place] = np.flatnonzero(mine)
    has_history = np.array([[len(s) > 0 for s in one.history.values] for one in found])
    asked = ~np.isnan(np.stack([one.truth for one in found])) & has_history[..., None]
    missing = np.argwhere(asked & (rows < 0))
    if len(missing):
        w, i, k = missing[0]
        which = f"{_who(panel, i)}{_when(panel, last[w, i] + 1 + k)} after the cutoff {_when(panel, last[w, i])}"
        raise DataError(
            f"others must have a row for every forecast of the backtest; got none for {which}, {len(missing):,} of "
            f"{int(asked.sum()):,} missing. Forecast from these cutoffs: `-o` of `gatework compare` writes them all."
        )
    return np.where(asked, rows, -1)


def _ordinals(column: Any, name: Any, panel: Panel) -> np.ndarray:
    """Places on the panel's grid; far before it for a time that is none of it."""
    freq = panel.freq
    values, _ = moments(panel, column, f"{name} of others")
    return np.where(freq.fits(values), freq.ordinals(values), np.iinfo(np.int64).min // 4)


def _values(table: Table, columns: dict[Any, Any], name: str, rows: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    cells = np.full(shape, np.nan)
    if name in columns:
        values, used = numbers(columns[name], name, decimal_comma=table.decimal_comma), rows >= 0
        cells[used] = values[rows[used]]
        without = np.zeros(len(values), dtype=bool)
        without[rows[used]] = np.isnan(values[rows[used]])
        if row := row_of(without):
            raise DataError(f"{name} must hold a number in every row; got none in row {row}. Leave no forecast out.")
    return cells


def _who(panel: Panel, i: int) -> str:
    return "" if panel.columns.id is None else f"{panel.ids[i]!r} at "


def _when(panel: Panel, ordinal: int) -> str:
    moment = panel.freq.times(np.array([ordinal]))[0]
    return dates.show(moment, panel.columns.time_type, wall=panel.freq.whole_days)
