"""A long table becomes series: a row for each id and time, a column for each number and label."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatework.data import dates
from gatework.data.columns import groups as by_id
from gatework.data.columns import is_number, numbers, quoted, row_of
from gatework.data.features import ask_columns, choose, read_features
from gatework.data.labels import need_column, read_labels, side_by_side, with_gaps
from gatework.data.sequences import Ask, Items, Like, about
from gatework.data.table import Table, release_unused
from gatework.errors import DataError


def read_long(table: Table, ask: Ask) -> Items:
    """Read the sequences of a long table, in ascending order of their ids.

    Raises
    ------
    DataError
        A column that is not there or cannot be used; two rows of one id and time; a group or, where there is one label
        a sequence, a label that changes within an id.
    """
    ask = _without_absent(table, ask)
    like = ask.like
    asked = ask_columns(table, ask)
    columns = _load(table, ask, asked)
    chosen, notes = choose(columns, asked, ask)
    ids, place = _sequences(columns, ask)
    moments = columns.get(ask.time_col)
    order, unsorted = _order(columns, ask, table, ids, place)
    place = place if order is None else place[order]
    ends = np.cumsum(np.bincount(place, minlength=len(ids)))
    starts = np.append(0, ends[:-1])
    spans = list(zip(starts.tolist(), ends.tolist(), strict=True))
    if unsorted:
        notes.append(f"rows were not in order of {ask.time_col!r} within {ask.id_col!r}; they are sorted.")
    if ask.time_col is None:
        notes.append("there is no column of times: the rows of a sequence are taken in the order in which they stand.")

    wide, read, said = read_features(columns, chosen, like, order, table.decimal_comma)
    notes += said
    names = tuple(str(one.name) if c is None else f"{one.name}={c}" for one in read for c in one.categories or (None,))
    items = [wide[a:b] for a, b in spans]
    inside = _Inside(ids, place, starts, order, ask.id_col)
    groups = None
    if ask.groups_in is not None:
        values, there = read_labels(columns.pop(ask.groups_in), ask.groups_in)
        values, there = (values, there) if order is None else (values[order], there[order])
        groups, known, differ = inside.of(values, there)
        if len(differ):
            want = "the same in all rows of a sequence"
            raise inside.changes(values, found=groups, at=differ[0], name=ask.group_col, want=want)
        inside.refuse_missing(known, ask.group_col)
    y, stepwise = _answers(columns, ask, inside, spans, notes, table.decimal_comma) if ask.need_y else (None, False)
    release_unused()
    shortest, longest = min(map(len, items)), max(map(len, items))
    steps = f"{longest:,}" if shortest == longest else f"{shortest:,} to {longest:,}"
    summary = (
        f"read as series: {len(items):,} {'sequence' if len(items) == 1 else 'sequences'} of {steps} steps, "
        f"{len(names):,} {'column' if len(names) == 1 else 'columns'} ({_few(names)}){about(y, ask.targets)}."
    )
    seen = like or Like("series", names, columns=tuple(read), stepwise=stepwise)
    targets = tuple(map(str, ask.targets)) if ask.need_y else ()
    if moments is not None:
        moments = None if not seen.stepwise else moments if order is None else moments.take(order)
    return Items("series", items, names, ids, y, targets, groups, stepwise, (summary, *notes), seen, moments)


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")


def _without_absent(table: Table, ask: Ask) -> Ask:
    """See that the columns are there. "time" may be absent, and the label where it is not needed."""
    has_time = ask.time_col in table.names
    if ask.id_col is not None and ask.id_col not in table.names and ask.id_col == "id" and has_time:
        need_column(
            table,
            "id_col",
            "id",
            "Name the column that tells sequences apart with id_col= (command line: --id), or say id_col=None if the "
            "table is one sequence.",
        )
    for option, name in (("id_col", ask.id_col), ("group_col", ask.groups_in)):
        if name is not None:
            need_column(table, option, name)
    if not has_time and ask.time_col == "time":
        ask = ask._replace(time_col=None)
    elif ask.time_col is not None:
        need_column(table, "time_col", ask.time_col)
    for name in ask.targets if ask.need_y else ():
        need_column(table, "target_col", name)
    twice = [one for one in ask.taken if one is not None]
    if len(set(twice)) < len(twice):
        name = next(one for one in twice if twice.count(one) > 1)
        raise DataError(
            f"id_col, time_col, target_col and group_col must be columns of their own; got {name!r} for two of them. "
            f"Name each."
        )
    return ask


def _load(table: Table, ask: Ask, chosen: list[Any]) -> dict[Any, Any]:
    wanted = [one for one in (ask.id_col, ask.time_col, ask.groups_in) if one is not None] + chosen
    wanted += ask.targets if ask.need_y else ()
    ids = [] if ask.id_col is None else [ask.id_col]
    columns = dict(zip(wanted, table.load(wanted, ids=ids), strict=True))
    if len(next(iter(columns.values()))) == 0:
        raise DataError("X must have at least one row; got none. Check how it was made.")
    return columns


def _sequences(columns: dict[Any, Any], ask: Ask) -> tuple[tuple, np.ndarray]:
    if ask.id_col is None:
        return (0,), np.zeros(len(next(iter(columns.values()))), np.int32)
    return by_id(columns.pop(ask.id_col), ask.id_col)


def _order(
    columns: dict[Any, Any], ask: Ask, table: Table, ids: tuple, place: np.ndarray
) -> tuple[np.ndarray | None, bool]:
    """The rows by id and time, None where they are so already; and whether those of one id were in another order."""
    if ask.time_col is None:
        return (None if (place[1:] >= place[:-1]).all() else np.argsort(place, kind="stable")), False
    column = columns.pop(ask.time_col)
    times = _times(column, ask.time_col, table.decimal_comma)
    same = place[1:] == place[:-1]
    order = None
    if not ((place[1:] > place[:-1]) | (same & (times[1:] >= times[:-1]))).all():
        order = np.lexsort((times, place))
        place, times = place[order], times[order]
        same = place[1:] == place[:-1]
    twice = np.flatnonzero(same & (times[1:] == times[:-1])) + 1
    if len(twice):
        rows = twice if order is None else order[twice]
        at, row = int(twice[np.argmin(rows)]), int(rows.min())
        moment = quoted(column[row].as_py())
        who = "" if ask.id_col is None else f"{quoted(ids[place[at]])} at "
        raise DataError(
            f"X must have one row for each {f'{ask.id_col} and ' if ask.id_col is not None else ''}{ask.time_col}; got "
            f"{who}{moment} again in row {row + 1}. Remove such rows, or name another column with time_col= or id_col=."
        )
    return order, order is not None and bool(((order[1:] < order[:-1]) & same).any())


def _times(column: Any, name: Any, decimal_comma: bool) -> np.ndarray:
    """Times (rows,) that can be ordered: dates, or numbers of any kind."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_time(kind) or pa.types.is_duration(kind):
        column = column.cast(pa.int32() if pa.types.is_time32(kind) else pa.int64())
    as_number = is_number(kind) and not pa.types.is_integer(kind)
    if decimal_comma and not as_number and not pa.types.is_integer(kind):
        digits = pc.match_substring_regex(column.cast(pa.string()), r"^\s*-?\d+,\d+\s*$")
        as_number = bool(pc.any(digits).as_py())
    if not as_number:
        return dates.read(column, name, integers=True).values
    values = numbers(column, name, decimal_comma=decimal_comma, some=False)
    if row := row_of(np.isnan(values)):
        raise DataError(f"{name} must hold a time in every row; got none in row {row}. Fill it in or remove the row.")
    return values


class _Inside:
    """What is the same in all rows of a sequence, the rows being in order."""

    def __init__(self, ids: tuple, place: np.ndarray, starts: np.ndarray, order: np.ndarray | None, id_col: Any):
        self.ids, self.place, self.starts, self.order, self.id_col = ids, place, starts, order, id_col

    def of(self, values: np.ndarray, there: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The first value that is there in each sequence, whether there is one, and the rows that differ from it."""
        rows = np.flatnonzero(there)[::-1]
        at, known = self.starts.copy(), np.zeros(len(self.ids), bool)
        # Of several rows the last that is set stays: the first, since they come in reverse.
        at[self.place[rows]] = rows
        known[self.place[rows]] = True
        return values[at], known, np.flatnonzero(there & (values != values[at][self.place]))

    def name_of(self, row: int) -> str:
        """The sequence of a row, as the caller calls it."""
        return f"{self.id_col} {quoted(self.ids[self.place[row]])}"

    def changes(self, values: np.ndarray, *, found: np.ndarray, at: int, name: Any, want: str) -> DataError:
        """The error for a value that differs from the first of its sequence."""
        one, other = found[self.place[at]].item(), values[at].item()
        return DataError(
            f"{name} must be {want}; got {quoted(one)} and {quoted(other)} within {self.name_of(at)}. Correct it."
        )

    def refuse_missing(self, known: np.ndarray, name: Any) -> None:
        """Raise DataError where a sequence has no value at all."""
        if not known.all():
            which = self.ids[int(np.argmin(known))]
            raise DataError(
                f"{name} must be known for each {self.id_col}; got none for {quoted(which)} "
                f"({int((~known).sum()):,} such). Fill it in or leave the sequence out."
            )


def _answers(
    columns: dict[Any, Any], ask: Ask, inside: _Inside, spans: list, notes: list[str], decimal_comma: bool
) -> tuple[Any, bool]:
    """The targets: one a sequence where each is the same in all of its rows, else one a step."""
    read = [read_labels(columns.pop(name), name, decimal_comma=decimal_comma) for name in ask.targets]
    if inside.order is not None:
        read = [(values[inside.order], there[inside.order]) for values, there in read]
    stepwise = ask.like.stepwise if ask.stepwise is None and ask.like else ask.stepwise
    if not stepwise:
        found = []
        for name, (values, there) in zip(ask.targets, read, strict=True):
            one, known, differ = inside.of(values, there)
            if len(differ) and stepwise is None:
                who = "the table" if inside.id_col is None else inside.name_of(differ[0])
                notes.append(f"{name!r} changes within {who}, so there is an answer for each step.")
                stepwise = True
                break
            if len(differ):
                want = "the same in all rows of a sequence where stepwise is False"
                raise inside.changes(values, found=one, at=differ[0], name=name, want=want)
            found.append((name, one, known))
    if not stepwise:
        for name, _, known in found:
            inside.refuse_missing(known, name)
        return side_by_side([one for _, one, _ in found]), False
    missing = sum(int((~there).sum()) for _, there in read)
    if missing:
        notes.append(f"{missing:,} of {sum(map(len, (v for v, _ in read))):,} labels are missing; they are masked.")
    for name, (_, there) in zip(ask.targets, read, strict=True):
        if not there.any():
            raise DataError(f"{name} must hold labels; got only missing ones. Check the column.")
    joint = side_by_side([with_gaps(*one) for one in read])
    return [joint[a:b] for a, b in spans], True
