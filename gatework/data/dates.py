"""A column of times as whole numbers or datetime64, and back into the type that came."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gatework.data.table import first_failure, is_text, plain, row_of
from gatework.errors import DataError

# What people write besides ISO 8601, each with its regular expression. The same text may fit two: see `_text`.
_CLOCK = r"(?:[ T](?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2}))?)?$"
_FORMS = {
    "year, month and day": r"^(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})" + _CLOCK,
    "year and month": r"^(?P<y>[1-9]\d{3}|[1-9])(?:[-/.]|[- ]?M)(?P<m>\d{1,2})$",
    "month and year": r"^(?P<m>\d{1,2})[-/.](?P<y>\d{4})$",
    "year and quarter": r"^(?P<y>\d{4})[-/ ]?[Qq](?P<q>[1-4])$",
    "quarter and year": r"^[Qq](?P<q>[1-4])[-/ ]?(?P<y>\d{4})$",
    "month, day and year": r"^(?P<m>\d{1,2})[-/.](?P<d>\d{1,2})[-/.](?P<y>\d{4})" + _CLOCK,
    "day, month and year": r"^(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<y>\d{4})" + _CLOCK,
}
# Whole numbers are dates only if every one is a date of these years: 19580329, or 195803.
_YEARS = (1500, 2200)


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
    if column.null_count:
        row = row_of(pc.is_null(column))
        raise DataError(f"{name} must hold a time in every row; got none in row {row}. Fill it in or remove the row.")
    if is_text(column.type) and not pc.all(pc.match_substring_regex(column, r"^\d{1,18}$")).as_py():
        return _text(column, name)
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        stamps = column.cast(pa.timestamp("us", getattr(column.type, "tz", None)), safe=False)
        return Times(stamps.to_numpy().astype("M8[us]"), column.type)
    number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or is_text(column.type)
    whole = pc.cast(column, pa.int64(), safe=False) if number else pa.nulls(len(column), pa.int64())
    if pa.types.is_floating(column.type) or not number:
        unlike = pc.fill_null(pc.not_equal(column, whole.cast(column.type)) if number else pc.is_null(whole), True)
        if row := row_of(unlike):
            raise _unreadable(name, column[row - 1].as_py(), row)
    counts = whole.to_numpy().astype(np.int64)
    given = pa.int64() if is_text(column.type) else column.type
    return (None if integers else _dates(counts, name)) or Times(counts, given)


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

    return pc.local_timestamp(pa.array(values).cast(pa.timestamp("us", zone))).to_numpy(zero_copy_only=False)


def _text(column: Any, name: str) -> Times:
    """Read text as dates, in the one form that fits every row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    codes = column.dictionary_encode().unify_dictionaries().combine_chunks()
    distinct = codes.dictionary
    stamps, failure = _iso(distinct)
    if failure is None:
        zone = getattr(stamps.type, "tz", None)
        moments, form = stamps.cast(pa.timestamp("us")).to_numpy(zero_copy_only=False), None
    else:
        zone = None
        # A form that fails says in which row; the one that comes furthest is the one that was meant.
        read = {form: _parse(distinct, pattern) for form, pattern in _FORMS.items()}
        fits = [form for form, (_, ok) in read.items() if ok.all()]
        if not fits:
            furthest = max([failure, *(int(np.argmin(ok)) for _, ok in read.values())])
            raise _unreadable(name, distinct[furthest].as_py(), row_of(pc.equal(codes.indices, furthest)))
        form = fits[0]
        moments = read[form][0]
        for other in fits[1:]:
            if (unlike := moments != read[other][0]).any():
                raise _ambiguous(name, distinct, moments, read[other][0], int(np.argmax(unlike)), codes)
    days = (moments == moments.astype("M8[D]")).all()
    kind = pa.timestamp("us", zone) if zone or not days else pa.date32()
    values = moments[codes.indices.to_numpy()]
    if form is None or form.startswith("year, "):
        return Times(values, kind)
    return Times(values, kind, (f"{name}: text such as {distinct[0].as_py()!r} is read as {form}.",))


def _iso(text: Any) -> tuple[Any, int | None]:
    """Text as timestamps, with a zone where it names one; or where that first fails."""
    import pyarrow as pa

    failures = []
    for kind in (pa.timestamp("us"), pa.timestamp("us", "UTC")):
        failure = first_failure(text, kind)
        if failure is None:
            return text.cast(kind), None
        failures.append(failure)
    return None, max(failures)


def _parse(text: Any, pattern: str) -> tuple[np.ndarray, np.ndarray]:
    """Text as datetime64[us] by a regular expression, and whether each value is a date (both (n,))."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.extract_regex(text, pattern)
    names = [field.name for field in found.type]

    def part(name: str, default: int) -> np.ndarray:
        if name not in names:
            return np.full(len(text), default)
        digits = pc.fill_null(pc.struct_field(found, name), "")
        return pc.if_else(pc.equal(digits, ""), str(default), digits).cast(pa.int64()).to_numpy(zero_copy_only=False)

    month = part("m", 1) if "q" not in names else part("q", 1) * 3 - 2
    days, ok = _days(part("y", 1970), month, part("d", 1))
    hour, minute, second = part("H", 0), part("M", 0), part("S", 0)
    ok &= (hour < 24) & (minute < 60) & (second < 60) & pc.is_valid(found).to_numpy(zero_copy_only=False)
    return days.astype("M8[us]") + ((hour * 60 + minute) * 60 + second).astype("m8[s]"), ok


def _days(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Dates (datetime64[D]) and whether each is in the calendar."""
    start = ((year - 1970) * 12 + month - 1).astype("M8[M]")
    date = start.astype("M8[D]") + (day - 1)
    return date, (month >= 1) & (month <= 12) & (day >= 1) & (date.astype("M8[M]") == start)


def _dates(numbers: np.ndarray, name: str) -> Times | None:
    """Whole numbers as dates, if every one is a date such as 19580329 or a month such as 195803."""
    import pyarrow as pa

    for scale, form in ((10_000, "year, month and day"), (100, "year and month")):
        if not (_YEARS[0] * scale <= numbers.min() and numbers.max() < _YEARS[1] * scale):
            continue
        month, day = (
            (numbers // 100 % 100, numbers % 100) if scale == 10_000 else (numbers % 100, np.ones_like(numbers))
        )
        dates, ok = _days(numbers // scale, month, day)
        if ok.all():
            note = f"{name}: whole numbers such as {numbers[0]} are read as {form}; freq=1 keeps them as numbers."
            return Times(dates.astype("M8[us]"), pa.date32(), (note,))
    return None


def _unreadable(name: str, value: Any, row: int) -> DataError:
    got = repr(value) if isinstance(value, str) else str(value)
    return DataError(
        f"{name} must hold dates or whole numbers; got {got} in row {row}. "
        f"Write dates as 2024-01-31, and times as 2024-01-31 13:00:00."
    )


def _ambiguous(name: str, text: Any, one: np.ndarray, other: np.ndarray, at: int, codes: Any) -> DataError:
    import pyarrow.compute as pc

    row = row_of(pc.equal(codes.indices, at))
    first, second = (moments[at].astype("M8[D]") for moments in (one, other))
    return DataError(
        f"{name} must hold dates that can be read in one way; got {text[at].as_py()!r} in row {row}, "
        f"which may be {first} or {second}. Write dates as {first}."
    )
