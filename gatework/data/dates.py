"""A column of times as whole numbers or datetime64, and back into the type that came."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gatework.data.columns import is_text, plain, row_of
from gatework.data.forms import from_numbers, from_text, unreadable
from gatework.errors import DataError


class Times(NamedTuple):
    """A column of times, ready for a grid."""

    values: np.ndarray  # (rows,) datetime64[us], in UTC where `type` has a time zone; int64 for integer steps
    type: Any  # the pyarrow type to give back
    notes: tuple[str, ...] = ()


def read(column: Any, name: str, *, integers: bool = False) -> Times:
    """Read times of any kind: timestamps, dates, whole numbers, or text in one of the usual forms.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        As it came.
    name : str
        What the errors call it.
    integers : bool
        Leave whole numbers as they are, even those that can be dates, such as 19580329.

    Raises
    ------
    DataError
        A row without a time, or whose time cannot be read, or can be read in two ways.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    column = plain(column)
    kind = column.type
    if row := row_of(pc.is_null(column, nan_is_null=pa.types.is_floating(kind))):
        raise DataError(f"{name} must hold a time in every row; got none in row {row}. Fill it in or remove the row.")
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        stamps = column.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False)
        return Times(stamps.to_numpy().astype("M8[us]", copy=False), kind)
    if is_text(kind):
        if not pc.all(pc.match_substring_regex(column, r"^\d{1,18}$")).as_py():
            moments, zone, note = from_text(column, name)
            at_midnight = zone is None and (moments == moments.astype("M8[D]")).all()
            return Times(moments, pa.date32() if at_midnight else pa.timestamp("us", zone), _notes(name, note))
        kind = pa.int64()
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise unreadable(name, column[0].as_py(), 1)
    counts = column.cast(pa.int64(), safe=False)
    if pa.types.is_floating(kind) and (row := row_of(pc.not_equal(counts.cast(kind, safe=False), column))):
        raise unreadable(name, column[row - 1].as_py(), row)
    whole = counts.to_numpy()
    if not integers and (found := from_numbers(whole)):
        return Times(found[0], pa.date32(), _notes(name, found[1]))
    return Times(whole, kind)


def _notes(name: str, note: str) -> tuple[str, ...]:
    return (f"{name}: {note}.",) if note else ()


def write(values: np.ndarray, type: Any, *, wall: bool = False) -> Any:
    """Times (int64 or datetime64, (n,)) as a pyarrow array of the type that `read` found.

    `wall` says that they are local times of the type's zone, not UTC. A time that summer time skips moves to the
    first one after it, and of one that comes twice the earlier is meant.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if values.dtype.kind != "M":
        return pa.array(values).cast(type)
    zone = getattr(type, "tz", None)
    stamps = pa.array(values.astype("M8[us]"))
    if zone is not None:
        from_zone = zone if wall else "UTC"
        stamps = pc.assume_timezone(stamps, from_zone, ambiguous="earliest", nonexistent="latest")
    return stamps.cast(type, safe=False)


def show(moment: Any, type: Any, *, wall: bool = False) -> str:
    """One time in words, as its own type shows it."""
    import pyarrow as pa

    if pa.types.is_timestamp(type):
        type = pa.timestamp("us", type.tz)
    return str(write(np.array([moment]), type, wall=wall)[0].as_py())


def in_utc(type: Any) -> Any:
    """The same pyarrow timestamp type in UTC."""
    import pyarrow as pa

    return pa.timestamp(type.unit, "UTC")


def local(values: np.ndarray, zone: str) -> np.ndarray:
    """UTC times as the wall clock of `zone` shows them (both datetime64[us])."""
    import pyarrow as pa
    import pyarrow.compute as pc

    stamps = pa.array(values).cast(pa.timestamp("us", zone))
    clock = pc.local_timestamp(stamps).to_numpy(zero_copy_only=False)
    # Where summer time begins at midnight, the day's first moment is 1 o'clock: it stands for the midnight it replaces.
    midnight = clock.astype("M8[D]").astype("M8[us]")
    first = pc.equal(write(midnight, stamps.type, wall=True), stamps).to_numpy(zero_copy_only=False)
    return np.where(first, midnight, clock)
