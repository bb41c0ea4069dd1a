"""A table or a file becomes a Panel: ragged series on one regular grid."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatework.data import dates
from gatework.data.align import Aligned, align, find_grid, refuse_duplicates, sort
from gatework.data.columns import groups, numbers
from gatework.data.frequency import Frequency
from gatework.data.header import find_columns
from gatework.data.panel import Columns, Panel
from gatework.data.season import find_season
from gatework.data.table import open_table
from gatework.errors import DataError, OptionError

__all__ = ["Columns", "Frequency", "Panel", "read"]

# With fewer values than this there is nothing to forecast from.
_FEWEST = 3


def read(
    data: Any,
    *,
    id_col: Any = "unique_id",
    time_col: Any = "ds",
    target_col: Any = "y",
    freq: str | int | Frequency | None = None,
    season_length: int | None = None,
) -> Panel:
    """Read series from a table or a file, find their grid, and say what was found.

    Parameters
    ----------
    data : table, dict or path
        A pandas, polars or pyarrow table (any that narwhals knows), a dict of columns, or the path of a `.csv`,
        `.csv.gz` or `.parquet` file. Long format: one row for each series and time. It is never changed.
    id_col, time_col, target_col : str
        Its columns. Without a column "unique_id" the table is one series; another name for it must be there.
    freq : str, int or Frequency, optional
        The grid, as pandas spells it ("15min", "h", "D", "B", "W-SUN", "MS", "ME", "QS", "YE"), or the step between
        whole numbers. Inferred from the times when left out.
    season_length : int, optional
        Steps in the main season; 1 for none. By default the frequency's own, and for whole numbers what the values
        show.

    Returns
    -------
    Panel
        The series, sorted by id, and notes on what was inferred and handled.

    Raises
    ------
    DataError
        Data that cannot be used, in one sentence. Rows are counted from 1, the first below the header.
    OptionError
        A `freq` or `season_length` that cannot be.
    """
    if season_length is not None and not (_is_count(season_length) and int(season_length) >= 1):
        raise OptionError(
            f"season_length must be a whole number of at least 1; got {season_length!r}. Use 1 for no season."
        )
    table = open_table(data)
    names = find_columns(table, id_col, time_col, target_col)
    wanted = [name for name in names if name is not None]
    time, target, *id_column = table.load(wanted, ids=wanted[2:])
    if len(time) == 0:
        raise DataError("data must have at least one row; got none. Check how it was made.")
    integers = freq.calendar == "integer" if isinstance(freq, Frequency) else _is_count(freq)
    times = dates.read(time, names.time, integers=integers)
    y = numbers(target, names.target, decimal_comma=table.decimal_comma)
    ids, series = groups(id_column[0], names.id) if id_column else ((0,), np.zeros(len(y), dtype=np.int32))

    rows = sort(series, times, y)
    refuse_duplicates(rows, ids, names)
    grid, times, zone_note = find_grid(rows, names.time, freq)
    aligned = align(grid.ordinals(times.values), rows, names.time, grid)
    if (most := aligned.known.max()) < _FEWEST:
        raise DataError(
            f"{names.target} must have {_FEWEST} values in some series; got {most} at most. Give a longer history."
        )
    inferred = find_season(aligned.values) if grid.calendar == "integer" else grid.season_length
    season = int(season_length or inferred)
    notes = [
        f"frequency: {grid.name} ({grid.alias}), {_how(freq)}; "
        f"season: {f'{season} steps' if season > 1 else 'none'}, {_how(season_length)}.",
        *times.notes,
        zone_note,
        f"{names.target}: numbers such as 12,5 are read with a decimal comma." if table.decimal_comma else "",
        "rows were not in order of time; they are sorted." if rows.unsorted else "",
        *_about(aligned, season),
    ]
    return Panel(
        ids=ids,
        values=aligned.values,
        starts=aligned.starts,
        freq=grid,
        season_length=season,
        columns=Columns(names.id, names.time, names.target, id_column[0].type if id_column else None, times.type),
        kind=table.kind,
        notes=tuple(filter(None, notes)),
    )


def _how(option: Any) -> str:
    return "inferred" if option is None else "as given"


def _is_count(value: Any) -> bool:
    """Whether an option is a whole number, as Python or the command line gives it."""
    return isinstance(value, (int, np.integer, str)) and not isinstance(value, bool) and str(value).isdecimal()


def _about(aligned: Aligned, season: int) -> list[str]:
    """What is missing, and how many series are short or constant."""
    steps, known = sum(map(len, aligned.values)), aligned.known
    missing, left_off = steps - int(known.sum()), aligned.left_off
    enough = known >= _FEWEST

    def series(which: np.ndarray, have: tuple[str, str], what: str) -> str:
        count = int(which.sum())
        whose = "the series" if len(which) == 1 else f"{count:,} of {len(which):,} series"
        return f"{whose} {have[count != 1]} {what}." if count else ""

    return [
        f"{missing:,} of {steps:,} steps have no value; they are masked, never filled." if missing else "",
        f"empty steps at the ends of series are left off, {left_off:,} in all." if left_off else "",
        series(known == 0, ("has", "have"), "no value, and no forecast follows"),
        series(~enough & (known > 0), ("has", "have"), f"fewer than {_FEWEST} values"),
        series(enough & aligned.constant, ("is", "are"), "constant"),
        series(enough & (known < 2 * season) & (season > 1), ("has", "have"), "fewer values than two seasons"),
    ]
