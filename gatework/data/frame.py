"""A table or a file becomes a Panel: ragged series on one regular grid."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatework.data import dates
from gatework.data.frequency import SECOND, Frequency
from gatework.data.grid import infer, named
from gatework.data.header import Names, find_columns
from gatework.data.panel import Columns, Panel
from gatework.data.season import find_season
from gatework.data.table import first_failure, is_text, open_table, plain, row_of
from gatework.errors import DataError, OptionError

__all__ = ["Columns", "Frequency", "Panel", "read"]

# A grid may hold this many empty steps a row, and this many in any case, before it is taken for a mistake.
_MOST_EMPTY, _EMPTY_ANYWAY = 100, 1_000_000
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
    if season_length is not None and not (_integer(season_length) and int(season_length) >= 1):
        raise OptionError(
            f"season_length must be a whole number of at least 1; got {season_length!r}. Use 1 for no season."
        )
    table = open_table(data)
    names = find_columns(table, id_col, time_col, target_col)
    present = [name for name in names if name is not None]
    loaded = table.load(present, text=present[2:])
    if len(loaded[0]) == 0:
        raise DataError("data must have at least one row; got none. Check how it was made.")
    times = dates.read(loaded[0], names.time, integers=_integer(freq))
    y, decimal_note = _numbers(loaded[1], names.target, decimal_comma=table.decimal_comma)
    ids, series, id_type = _group(loaded[2], names.id) if names.id is not None else ((0,), np.zeros(len(y), int), None)

    order = _order(series, times.values)
    rows = np.arange(len(y)) if order is None else order
    if order is not None:
        times, y, series = times._replace(values=times.values[order]), y[order], series[order]
    _refuse_duplicates(times, series, rows, ids, names)
    times, grid, zone_note = _grid(times, series, rows, names.time, freq)
    values, starts, fill_notes = _scatter(grid.ordinals(times.values), series, y, names, grid)

    season = season_length or (find_season(values) if grid.calendar == "integer" else grid.season_length)
    return Panel(
        ids,
        values,
        starts,
        grid,
        int(season),
        Columns(names.id, names.time, names.target, id_type, times.type),
        table.kind,
        tuple(
            note
            for note in (
                f"frequency: {grid.name} ({grid.alias}), {_how(freq)}; "
                f"season: {f'{season} steps' if season > 1 else 'none'}, {_how(season_length)}.",
                *times.notes,
                zone_note,
                decimal_note,
                _unsorted_note(rows, series),
                *fill_notes,
                *_series_notes(values, season, names.target),
            )
            if note
        ),
    )


def _how(option: Any) -> str:
    return "inferred" if option is None else "as given"


def _integer(value: Any) -> bool:
    """Whether an option is a whole number, as Python or the command line gives it."""
    if isinstance(value, Frequency):
        return value.calendar == "integer"
    return isinstance(value, (int, np.integer, str)) and not isinstance(value, bool) and str(value).isdecimal()


def _numbers(column: Any, name: Any, *, decimal_comma: bool) -> tuple[np.ndarray, str]:
    """The target as float64, NaN where it is missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = plain(column)
    note = f"{name}: numbers such as 12,5 are read with a decimal comma." if decimal_comma else ""
    if pa.types.is_null(column.type) or column.null_count == len(column):
        raise DataError(f"{name} must hold numbers; got only missing ones. Check the column.")
    if decimal_comma and is_text(column.type):
        column = pc.replace_substring(column, ",", ".")
    kind = column.type
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    wrong = None
    if is_text(kind):
        wrong = first_failure(column, pa.float64())
    elif not number and not pa.types.is_boolean(kind):
        wrong = row_of(pc.is_valid(column)) - 1
    if wrong is not None:
        raise DataError(
            f"{name} must hold numbers; got {_quote(column[wrong])} in row {wrong + 1}. "
            f"Correct it, or leave it empty if it is missing."
        )
    values = column.cast(pa.float64(), safe=False).to_numpy()
    if row := row_of(np.isinf(values)):
        raise DataError(
            f"{name} must hold finite numbers; got {values[row - 1]} in row {row}. "
            f"Correct it, or leave it empty if it is missing."
        )
    if np.isnan(values).all():
        raise DataError(f"{name} must hold numbers; got only missing ones. Check the column.")
    return values, note


def _quote(scalar: Any) -> str:
    value = scalar.as_py()
    return repr(value) if isinstance(value, str) else str(value)


def _group(column: Any, name: Any) -> tuple[tuple, np.ndarray, Any]:
    """The ids in ascending order, which of them each row has, and their type."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    missing = pc.is_null(column, nan_is_null=pa.types.is_floating(column.type))
    if is_text(column.type):
        missing = pc.or_kleene(missing, pc.equal(column, ""))
    if row := row_of(pc.fill_null(missing, True)):
        raise DataError(f"{name} must name a series in every row; got none in row {row}. Fill it in or remove the row.")
    encoded = column.dictionary_encode().unify_dictionaries().combine_chunks()
    ascending = pc.array_sort_indices(encoded.dictionary)
    rank = np.empty(len(ascending), dtype=np.int64)
    rank[ascending.to_numpy()] = np.arange(len(ascending))
    return tuple(encoded.dictionary.take(ascending).to_pylist()), rank[encoded.indices.to_numpy()], kind


def _order(series: np.ndarray, times: np.ndarray) -> np.ndarray | None:
    """The rows' order by series and time; None where they have it already."""
    ahead = series[1:] > series[:-1]
    ahead |= (series[1:] == series[:-1]) & (times[1:] >= times[:-1])
    return None if ahead.all() else np.lexsort((times, series))


def _unsorted_note(rows: np.ndarray, series: np.ndarray) -> str:
    """Series one after the other in any order are no news: rows of one series out of order are."""
    unsorted = ((rows[1:] < rows[:-1]) & (series[1:] == series[:-1])).any()
    return "rows were not in order of time; they are sorted." if unsorted else ""


def _refuse_duplicates(times: dates.Times, series: np.ndarray, rows: np.ndarray, ids: tuple, names: Names) -> None:
    same = (series[1:] == series[:-1]) & (times.values[1:] == times.values[:-1])
    if not same.any():
        return
    # The sort is stable, so the later of two equal rows comes second: find the first such row of the table.
    repeats = np.flatnonzero(same) + 1
    at = repeats[np.argmin(rows[repeats])]
    moment = dates.show(times.values[at], times.type)
    if names.id is None:
        raise DataError(
            f"{names.time} must differ from row to row; got {moment} again in row {rows[at] + 1}. Remove or add up "
            f"such rows, or, if the table holds several series, name their column with id_col= (command line: --id)."
        )
    raise DataError(
        f"data must have one row for each {names.id} and {names.time}; got {ids[series[at]]!r} at {moment} again in "
        f"row {rows[at] + 1}. Remove or add up such rows."
    )


def _grid(
    times: dates.Times, series: np.ndarray, rows: np.ndarray, name: Any, freq: str | int | Frequency | None
) -> tuple[dates.Times, Frequency, str]:
    """The grid of the rows, and the times as it counts them: on the wall clock for whole days, else in UTC."""
    zone = getattr(times.type, "tz", None)

    def find(moments: np.ndarray) -> Frequency:
        grid = infer(moments, series) if freq is None else named(freq, moments)
        if grid is None:
            raise DataError(
                f"{name} must have two rows in some series to show the step; got one row each. "
                f"Give the step with freq= (command line: --freq)."
            )
        return grid

    note = ""
    if zone is not None:
        wall = dates.local(times.values, zone)
        grid = find(wall)
        if grid.whole_days and (freq is not None or grid.fits(wall).all()):
            times, note = times._replace(values=wall), f"{name}: days follow the wall clock of {zone}."
        else:
            grid = find(times.values)
            note = f"{name}: steps are counted in UTC and given back in {zone}."
            if grid.whole_days:
                times, note = times._replace(type=dates.in_utc(times.type)), f"{name}: days are those of UTC."
    else:
        grid = find(times.values)
    fits = grid.fits(times.values)
    if not fits.all():
        off = np.flatnonzero(~fits)
        at = off[np.argmin(rows[off])]
        raise DataError(
            f"{name} must step evenly; got {dates.show(times.values[at], times.type, wall=grid.whole_days)} in row "
            f"{rows[at] + 1}, which is off the {grid.alias} grid of the other rows. {_finer(times.values, series)}"
        )
    return times, grid, note


def _finer(moments: np.ndarray, series: np.ndarray) -> str:
    """What to do about a row that is off the grid."""
    finest = int(np.gcd.reduce(np.diff(moments.astype(np.int64))))
    grid = Frequency("integer" if moments.dtype.kind == "i" else "clock", finest)
    if moments.dtype.kind == "M" and finest < SECOND:
        return "Round the times to a regular step."
    return f"Correct the row, or give a finer step: freq={grid.alias!r} fits every row."


def _scatter(
    ordinals: np.ndarray, series: np.ndarray, y: np.ndarray, names: Names, grid: Frequency
) -> tuple[tuple[np.ndarray, ...], np.ndarray, list[str]]:
    """Rows in order -> each series on the grid from its first value to its last, NaN where a step is missing."""
    first = np.flatnonzero(np.diff(series, prepend=-1))
    last = np.append(first[1:], len(series)) - 1
    lengths = ordinals[last] - ordinals[first] + 1
    ends = np.cumsum(lengths)
    begins = ends - lengths
    if ends[-1] > max(_MOST_EMPTY * len(y), _EMPTY_ANYWAY):
        raise DataError(
            f"{names.time} must be near the step of the grid; got {len(y):,} rows for {ends[-1]:,} steps of "
            f"{grid.alias}. Give a coarser step with freq= (command line: --freq)."
        )
    flat = np.full(ends[-1], np.nan)
    flat[(begins - ordinals[first])[series] + ordinals] = y

    present = np.flatnonzero(~np.isnan(flat))
    lo, hi = np.searchsorted(present, begins), np.searchsorted(present, ends)
    some = hi > lo
    begin, end = begins.copy(), ends.copy()
    begin[some], end[some] = present[lo[some]], present[hi[some] - 1] + 1
    left_off, missing = int((lengths - (end - begin)).sum()), int((end - begin - (hi - lo)).sum())
    notes = []
    if missing:
        notes.append(f"{missing:,} of {(end - begin).sum():,} steps have no value; they are masked, never filled.")
    if left_off:
        notes.append(f"{left_off:,} empty steps at the ends of series are left off.")
    values = tuple(flat[a:b] for a, b in zip(begin.tolist(), end.tolist(), strict=True))
    return values, ordinals[first] + begin - begins, notes


def _series_notes(values: tuple[np.ndarray, ...], season: int, name: Any) -> list[str]:
    """How many series are short or constant."""
    with_value = [series[~np.isnan(series)] for series in values]
    few = sum(len(present) < _FEWEST for present in with_value)
    if few == len(values):
        most = max(len(present) for present in with_value)
        raise DataError(f"{name} must have {_FEWEST} values in some series; got {most} at most. Give a longer history.")
    enough = [present for present in with_value if len(present) >= _FEWEST]
    constant = sum(bool((present == present[0]).all()) for present in enough)
    short = sum(len(present) < 2 * season for present in enough) if season > 1 else 0

    def say(count: int, one: str, many: str) -> str:
        of = "the series" if len(values) == 1 else f"{count:,} of {len(values):,} series"
        return f"{of} {one if count == 1 else many}." if count else ""

    return [
        say(few, f"has fewer than {_FEWEST} values", f"have fewer than {_FEWEST} values"),
        say(constant, "is constant", "are constant"),
        say(short, *(f"{verb} fewer values than two seasons ({2 * season})" for verb in ("has", "have"))),
    ]
