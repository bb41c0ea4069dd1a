"""The forms in which people write dates: ISO 8601, 1949-01, 2013Q1, 1/31/1999, 19580329."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatework.data.columns import first_failure, quoted, row_of
from gatework.errors import DataError

# The forms besides ISO 8601, each with its regular expression. One text may fit two: see `from_text`.
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


def from_text(column: Any, name: str) -> tuple[np.ndarray, str | None, str]:
    """Read text as dates, in the one form that fits every row.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Text, none of it missing.
    name : str
        What the errors call it.

    Returns
    -------
    moments : (rows,) datetime64[us]
        In UTC where the text says how far it is from it.
    zone : "UTC" or None
        Whether it does.
    form : str
        What was read as what, for a note; empty for ISO 8601.

    Raises
    ------
    DataError
        Text that is no date, or that may be two, with its row.
    """
    import pyarrow as pa

    encoded = column.dictionary_encode().unify_dictionaries().combine_chunks()
    text, which = encoded.dictionary, encoded.indices.to_numpy()
    failures = []
    for zone in (None, "UTC"):
        failure = first_failure(text, pa.timestamp("us", zone))
        if failure is None:
            stamps = text.cast(pa.timestamp("us", zone)).cast(pa.timestamp("us"))
            return stamps.to_numpy(zero_copy_only=False)[which], zone, ""
        failures.append(failure)

    read = {form: _parse(text, pattern) for form, pattern in _FORMS.items()}
    fitting = [form for form, (_, ok) in read.items() if ok.all()]
    if not fitting:
        # The form that comes furthest is the one that was meant, and where it fails is the row to correct.
        at = max(failures + [int(np.argmin(ok)) for _, ok in read.values()])
        raise unreadable(name, text[at].as_py(), row_of(which == at))
    moments = read[fitting[0]][0]
    for other in fitting[1:]:
        if at := row_of(moments != read[other][0]):
            one, two = (stamps[at - 1].astype("M8[D]") for stamps in (moments, read[other][0]))
            raise DataError(
                f"{name} must hold dates that can be read in one way; got {text[at - 1].as_py()!r} in row "
                f"{row_of(which == at - 1)}, which may be {one} or {two}. Write it as {one}."
            )
    as_iso = fitting[0] == "year, month and day"
    return moments[which], None, "" if as_iso else f"text such as {text[0].as_py()!r} is read as {fitting[0]}"


def from_numbers(numbers: np.ndarray) -> tuple[np.ndarray, str] | None:
    """Whole numbers as dates (datetime64[us]) and what was read as what, if every one is a date or a month."""
    for form, scale in (("year, month and day", 10_000), ("year and month", 100)):
        if not (_YEARS[0] * scale <= numbers.min() and numbers.max() < _YEARS[1] * scale):
            continue
        year, rest = np.divmod(numbers, scale)
        month, day = np.divmod(rest, 100) if scale == 10_000 else (rest, np.ones_like(rest))
        days, ok = _days(year, month, day)
        if ok.all():
            return days.astype("M8[us]"), f"whole numbers such as {numbers[0]} are read as {form}; freq=1 prevents that"
    return None


def unreadable(name: str, value: Any, row: int) -> DataError:
    """The error for a time that is none."""
    return DataError(
        f"{name} must hold dates or whole numbers; got {quoted(value)} in row {row}. "
        f"Write dates as 2024-01-31, and times as 2024-01-31 13:00:00."
    )


def _parse(text: Any, pattern: str) -> tuple[np.ndarray, np.ndarray]:
    """Text as datetime64[us] by a regular expression, and whether each is a date (both (n,))."""
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
