"""A second table beside the data: its columns, and which of its rows belong to which series and step of a panel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gatework.data import dates
from gatework.data.columns import groups
from gatework.data.panel import Panel
from gatework.data.table import Table, open_table, twice
from gatework.errors import DataError, OptionError


class Beside(NamedTuple):
    """A table that was read beside a panel."""

    columns: dict[Any, Any]  # name -> pyarrow.ChunkedArray; the id column only where rows are told apart by it
    group: np.ndarray  # (rows,) int, which of its own series a row belongs to
    ids: tuple  # its own series; (0,) where it has none
    source: np.ndarray  # (N,) int, which of them each series of the panel reads, -1 for none
    decimal_comma: bool

    @property
    def unknown(self) -> list[int]:
        """Those of its series that the panel has not."""
        return sorted({*range(len(self.ids))} - set(self.source.tolist()))


def open_beside(data: Any, what: str) -> Table:
    """Open a table that errors call by its option."""
    try:
        table = open_table(data)
        if len(set(table.names)) < len(table.names):
            raise twice(list(table.names))
    except DataError as error:
        raise DataError(str(error).replace("data must", f"{what} must", 1)) from None
    return table


def read_beside(panel: Panel, table: Table, names: Sequence[Any], what: str) -> Beside:
    """Read the columns `names` of a table, and find the series of each row by its id.

    Where a panel has several targets, a row is for one of them by its whole name, or for all that share its id. Where
    there is one series, or the targets have no id, a table without ids is for all.

    Raises
    ------
    DataError
        A column is not there, or there are no rows.
    """
    name = panel.columns.id
    without = name is None or (name not in table.names and set(panel.ids) <= set(panel.columns.targets))
    wanted = [*([] if without else [name]), *names]
    absent = [one for one in wanted if one not in table.names]
    if absent:
        raise DataError(
            f"{what} must have the column{'s' if len(wanted) > 1 else ''} {', '.join(map(repr, wanted))}; got "
            f"{', '.join(map(repr, table.names))}, without {absent[0]!r}. Rename or add it."
        )
    columns = dict(zip(wanted, table.load(wanted, ids=[] if without else [name]), strict=True))
    rows = len(columns[wanted[0]])
    if not rows:
        raise DataError(f"{what} must have at least one row; got none. Check how it was made.")
    if without:
        group, source = np.zeros(rows, np.int64), np.zeros(len(panel), np.int64)
        return Beside(columns, group, (0,), source, table.decimal_comma)
    ids, group = groups(columns[name], f"{name} of {what}")
    places = {str(one): i for i, one in enumerate(ids)}
    source = np.array([_place(str(one), places, panel.columns.targets) for one in panel.ids], np.int64)
    return Beside(columns, group, ids, source, table.decimal_comma)


def ordinals(panel: Panel, column: Any, name: Any, what: str) -> np.ndarray:
    """The places of times on the panel's grid.

    Raises
    ------
    DataError
        Times of another kind than the panel's, or one that is off its grid.
    """
    freq, said = panel.freq, f"{name} of {what}"
    values, times = moments(panel, column, said)
    off = np.flatnonzero(~freq.fits(values))
    if len(off):
        moment = dates.show(times.values[off[0]], times.type)
        raise DataError(
            f"{said} must lie on the grid of the data ({freq.alias}); got {moment} in row {off[0] + 1}, {len(off):,} "
            f"of {len(values):,} rows off it. Correct it, or leave such rows out."
        )
    return freq.ordinals(values)


def moments(panel: Panel, column: Any, said: str) -> tuple[np.ndarray, dates.Times]:
    """Read times as those of a panel are counted, and as they came; errors call them `said`.

    Raises
    ------
    DataError
        Times of another kind than the panel's: dates beside whole numbers, or with a zone beside some without.
    """
    freq, own = panel.freq, getattr(panel.columns.time_type, "tz", None)
    times = dates.read(column, said, integers=freq.calendar == "integer")
    values, zone = times.values, getattr(times.type, "tz", None)
    if (values.dtype.kind == "i") != (freq.calendar == "integer"):
        want = "whole numbers" if freq.calendar == "integer" else "dates"
        raise DataError(f"{said} must hold {want}, as the data do; got {column[0].as_py()}. Correct it.")
    if freq.whole_days:
        values = values if zone is None else dates.local(values, own or zone)
    elif (zone is None) != (own is None):
        have, lack = ("a time zone", "none") if zone is None else ("no time zone", zone)
        raise DataError(f"{said} must have {have}, as the data; got {lack}. Write both alike.")
    return values, times


def when(panel: Panel, ordinal: int) -> str:
    """A step of the panel's grid in words."""
    moment = panel.freq.times(np.array([ordinal]))[0]
    return dates.show(moment, panel.columns.time_type, wall=panel.freq.whole_days)


def passed_over(beside: Beside, what: str) -> list[str]:
    """A note on the series that the panel has not."""
    unknown = beside.unknown
    if not unknown:
        return []
    are = "is" if len(unknown) == 1 else "are"
    return [
        f"{what}: {len(unknown):,} of its {len(beside.ids):,} series {are} not in the data and {are} passed over, "
        f"{beside.ids[unknown[0]]!r} first."
    ]


def needs(names: Sequence[Any], option: str, what: str) -> None:
    """Refuse a table of which no column was named."""
    if not names:
        raise OptionError(f"{option} must name the columns to read from {what}; got none. For example {option}=['x'].")


def _place(name: str, places: dict[str, int], targets: Sequence[Any]) -> int:
    """Where a series is found: under its own name, or without the target's behind its id."""
    shorter = (name.removesuffix(f"/{target}") for target in targets if name.endswith(f"/{target}"))
    return next((places[one] for one in (name, *shorter) if one in places), -1)
