"""A table or a file becomes a Panel: ragged series on one regular grid, and what is known beside them."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from gatework.data import dates
from gatework.data.align import Aligned, align, find_grid, refuse_duplicates, sort
from gatework.data.columns import groups, numbers
from gatework.data.covariates import Covariates
from gatework.data.encode import encode
from gatework.data.exog import lay_covariates, lists
from gatework.data.frequency import Frequency
from gatework.data.futures import with_future
from gatework.data.header import find_columns
from gatework.data.panel import Columns, Panel
from gatework.data.season import find_season
from gatework.data.static import with_static
from gatework.data.table import Table, open_table, release_unused
from gatework.data.wide import ID, TARGET, targets_of, to_long
from gatework.errors import DataError, OptionError

__all__ = ["Columns", "Frequency", "Panel", "read"]

# With fewer values than this there is nothing to learn from.
_FEWEST = 3


def read(
    data: Any,
    *,
    id_col: Any = "unique_id",
    time_col: Any = "ds",
    target_col: Any = "y",
    freq: str | int | Frequency | None = None,
    season_length: int | None = None,
    hist_exog_list: Any = (),
    futr_exog_list: Any = (),
    stat_exog_list: Any = (),
    futr_df: Any = None,
    static_df: Any = None,
    like: Covariates | None = None,
    keep_static_only: bool = False,
) -> Panel:
    """Read series from a table or a file, find their grid, and say what was found.

    Parameters
    ----------
    data : table, dict or path
        A pandas, polars or pyarrow table (any that narwhals knows), a dict of columns, or the path of a `.csv`,
        `.csv.gz` or `.parquet` file. Long format: one row for each series and time. It is never changed.
    id_col, time_col, target_col : str
        Its columns. Without a column "unique_id" the table is one series; another name for it must be there. A list
        for `target_col` makes a series of each column, named after it, or "id/column" where there is an id.
    freq : str, int or Frequency, optional
        The grid, as pandas spells it ("15min", "h", "D", "B", "W-SUN", "MS", "ME", "QS", "YE"), or the step between
        whole numbers. Inferred from the times when left out.
    season_length : int, optional
        Steps in the main season; 1 for none. By default the frequency's own, and for whole numbers what the values
        show.
    hist_exog_list, futr_exog_list : str or list of str
        Columns of the data beside the target: covariates that are known up to the last value only, and those that are
        known ahead. Numbers, true and false, or text. Rows at the end of a series that have no target tell what is
        known ahead.
    stat_exog_list : str or list of str
        Columns of `static_df`.
    futr_df : table, dict or path, optional
        The future of `futr_exog_list`: see gatework.data.futures.
    static_df : table, dict, path or Panel, optional
        What never changes, a row for each series: see gatework.data.static.
    like : Covariates, optional
        What fit saw: columns become the same numbers again.
    keep_static_only : bool
        Keep ids of `static_df` that have no rows in the data, as series of 0 steps.

    Returns
    -------
    Panel
        The series, sorted by id, and notes on what was inferred and handled.

    Raises
    ------
    DataError
        Data that cannot be used, in one sentence. Rows are counted from 1, the first below the header.
    OptionError
        A setting that cannot be, alone or beside another.
    """
    if season_length is not None and not (_is_count(season_length) and int(season_length) >= 1):
        raise OptionError(
            f"season_length must be a whole number of at least 1; got {season_length!r}. Use 1 for no season."
        )
    wide = targets_of(target_col, time_col)
    targets = wide or (target_col,)
    taken = {"id_col": (id_col,), "time_col": (time_col,), "target_col": targets}
    chosen = lists(hist_exog_list, futr_exog_list, stat_exog_list, taken)
    table = open_table(data)
    names = find_columns(table, id_col, time_col, targets, chosen.in_data)
    columns = _load(table, [names.time, *targets, *chosen.past, *chosen.known], names.id)
    integers = freq.calendar == "integer" if isinstance(freq, Frequency) else _is_count(freq)
    times = dates.read(columns.pop(names.time), names.time, integers=integers)
    ys = [numbers(columns.pop(name), name, decimal_comma=table.decimal_comma) for name in targets]
    id_type = None if names.id is None else columns[names.id].type
    if isinstance(data, (str, os.PathLike)):
        # Files give ids as dictionaries, to hold each text once; what they hold is their values.
        id_type = getattr(id_type, "value_type", id_type)
    ids, series = (
        ((0,), np.zeros(len(ys[0]), np.int32)) if names.id is None else groups(columns.pop(names.id), names.id)
    )
    release_unused()
    read_so = {column.name: column for group in (like.columns if like else ()) for column in group}
    encoded = {
        name: encode(columns.pop(name), name, read_so.get(name), decimal_comma=table.decimal_comma)
        for name in (*chosen.past, *chosen.known)
    }
    if wide:
        import pyarrow as pa

        long = to_long(wide, ys, None if names.id is None else ids, series)
        ids, id_type, ys = long.ids, pa.string(), [long.y]
        rows = sort(long.series, times._replace(values=times.values[long.rows]), long.y, long.rows)
    else:
        rows = sort(series, times, ys[0])
    refuse_duplicates(rows, ids, names)
    grid, times, zone_note = find_grid(rows, names.time, freq)
    ordinals = grid.ordinals(times.values)
    # Where there are many rows, each column counts.
    times = rows.times = times._replace(values=np.empty(0, times.values.dtype))
    aligned = align(ordinals, rows, names.time, grid)
    # Where the grid is known, somebody has learned already, and goes on from a single value.
    if (most := aligned.known.max()) < _FEWEST and not isinstance(freq, Frequency):
        raise DataError(
            f"{' and '.join(map(str, targets))} must have {_FEWEST} values in some series; got {most} at most. Give a "
            f"longer history."
        )
    covariates, about_them = lay_covariates(encoded, chosen, rows, ordinals, aligned) if encoded else (None, [])
    unsorted = rows.unsorted
    del rows, ordinals, series, ys
    release_unused()
    inferred = find_season(aligned.values) if grid.calendar == "integer" else grid.season_length
    season = int(season_length or inferred)
    notes = [
        f"frequency: {grid.name} ({grid.alias}), {_how(freq)}; "
        f"season: {f'{season} steps' if season > 1 else 'none'}, {_how(season_length)}.",
        *times.notes,
        zone_note,
        f"{names.targets[0]}: numbers such as 12,5 are read with a decimal comma." if table.decimal_comma else "",
        "rows were not in order of time; they are sorted." if unsorted else "",
        *_about(aligned, season, covariates),
        *about_them,
    ]
    panel = Panel(
        ids=ids,
        values=aligned.values,
        starts=aligned.starts,
        freq=grid,
        season_length=season,
        columns=Columns(
            names.id or (ID if wide else None),
            names.time,
            TARGET if wide else target_col,
            id_type,
            times.type,
            wide or (),
        ),
        kind=table.kind,
        notes=tuple(filter(None, notes)),
        covariates=covariates,
    )
    if chosen.static or static_df is not None:
        panel = with_static(panel, static_df, chosen.static, like=like, keep_static_only=keep_static_only)
    if futr_df is not None:
        panel = with_future(panel, futr_df)
    return panel


def _load(table: Table, names: list[Any], id_col: Any) -> dict[Any, Any]:
    """The columns by name, at least a row of them."""
    ids = [] if id_col is None else [id_col]
    columns = dict(zip([*names, *ids], table.load([*names, *ids], ids=ids), strict=True))
    if len(columns[names[0]]) == 0:
        raise DataError("data must have at least one row; got none. Check how it was made.")
    return columns


def _how(option: Any) -> str:
    return "inferred" if option is None else "as given"


def _is_count(value: Any) -> bool:
    """Whether an option is a whole number, as Python or the command line gives it."""
    return isinstance(value, (int, np.integer, str)) and not isinstance(value, bool) and str(value).isdecimal()


def _about(aligned: Aligned, season: int, covariates: Covariates | None) -> list[str]:
    """What is missing, and how many series are short or constant."""
    steps, known = sum(map(len, aligned.values)), aligned.known
    # Steps without a value in which covariates are known ahead are kept with those.
    ahead = sum(map(len, covariates.known)) - steps if covariates and covariates.columns[1] else 0
    missing, left_off = steps - int(known.sum()), aligned.left_off - ahead
    enough = known >= _FEWEST

    def series(which: np.ndarray, have: tuple[str, str], what: str) -> str:
        count = int(which.sum())
        whose = "the series" if len(which) == 1 else f"{count:,} of {len(which):,} series"
        return f"{whose} {have[count != 1]} {what}." if count else ""

    return [
        f"{missing:,} of {steps:,} steps have no value; they are masked, never filled." if missing else "",
        f"empty steps at the ends of series are left off, {left_off:,} in all." if left_off else "",
        f"rows without a value behind the last one tell what is known ahead, {ahead:,} in all." if ahead else "",
        series(known == 0, ("has", "have"), "no value, and no forecast follows"),
        series(~enough & (known > 0), ("has", "have"), f"fewer than {_FEWEST} values"),
        series(
            aligned.constant & (known > 0),
            ("never changed: its", "never changed: their"),
            "intervals have no width, which is no certainty",
        ),
        series(enough & (known < 2 * season) & (season > 1), ("has", "have"), "fewer values than two seasons"),
    ]
