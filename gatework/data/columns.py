"""One column as it is meant: a target as numbers, the id as groups, text without its blanks."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatework.errors import DataError

# What spreadsheets and databases write where they have no value.
_EMPTY = ["", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "None", "-", "?"]


def numbers(column: Any, name: Any, *, decimal_comma: bool = False, some: bool = True) -> np.ndarray:
    """A column as float64 (rows,), NaN where it is missing. Numbers written as text are numbers.

    Raises
    ------
    DataError
        A value that is no number or infinite, with its row; or no value at all where there must be `some`.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    column = plain(column)
    if is_text(column.type):
        digits = pc.replace_substring(column, ",", ".") if decimal_comma else column
        wrong = first_failure(digits, pa.float64())
    else:
        digits = column
        wrong = None if is_number(column.type) else row_of(pc.is_valid(column)) - 1
    if column.null_count < len(column) and wrong is not None:
        raise _wrong(name, "numbers", column[wrong].as_py(), wrong + 1)
    values = digits.cast(pa.float64(), safe=False).to_numpy()
    if row := row_of(np.isinf(values)):
        raise _wrong(name, "finite numbers", float(values[row - 1]), row)
    if some and np.isnan(values).all():
        raise DataError(f"{name} must hold numbers; got only missing ones. Check the column.")
    return values


def groups(column: Any, name: Any) -> tuple[tuple, np.ndarray]:
    """The ids in ascending order, and the place (rows,) of each row's id among them.

    Raises
    ------
    DataError
        A row without an id.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    # Text is looked at once for each series, not once a row.
    encoded = pa.chunked_array(column).unify_dictionaries().combine_chunks()
    known, which = encoded.dictionary, encoded.indices
    missing = pc.is_null(known)
    if is_text(known.type):
        missing = pc.or_kleene(missing, pc.equal(known, "")).fill_null(True)
    missing = missing.to_numpy(zero_copy_only=False)
    if which.null_count or missing.any():
        which = which.fill_null(len(known)).to_numpy(zero_copy_only=False)
        if row := row_of(np.append(missing, True)[which]):
            raise DataError(
                f"{name} must name a series in every row; got none in row {row}. Fill it in or remove the row."
            )
    which = np.asarray(which)
    # A dictionary may name series that no row has.
    present = pa.array(np.flatnonzero(np.bincount(which, minlength=len(known))))
    ascending = present.take(pc.array_sort_indices(known.take(present)))
    place = np.zeros(len(known), dtype=np.int32)
    place[ascending.to_numpy()] = np.arange(len(ascending))
    return tuple(known.take(ascending).to_pylist()), place[which]


def plain(column: Any) -> Any:
    """A column without dictionary encoding; text without blanks around it, and null where it says that it is empty."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not is_text(column.type):
        return column
    column = pc.utf8_trim_whitespace(column.cast(pa.large_string()))
    return pc.if_else(pc.is_in(column, pa.array(_EMPTY, pa.large_string())), None, column)


def is_text(kind: Any) -> bool:
    """Whether a pyarrow type holds text."""
    import pyarrow as pa

    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def is_number(kind: Any) -> bool:
    """Whether a pyarrow type holds numbers, or true and false."""
    from pyarrow import types

    return any(has(kind) for has in (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean))


def row_of(mask: Any) -> int:
    """The first row, counted from 1, where a mask of numpy or pyarrow is true; 0 where it never is."""
    mask = mask if isinstance(mask, np.ndarray) else mask.to_numpy(zero_copy_only=False)
    return int(np.argmax(mask)) + 1 if mask.any() else 0


def first_failure(text: Any, kind: Any) -> int | None:
    """Where text first cannot be cast to a pyarrow type; None where all of it can."""
    import pyarrow as pa

    def fails(start: int, stop: int) -> bool:
        try:
            text.slice(start, stop - start).cast(kind)
        except pa.ArrowInvalid:
            return True
        return False

    start, stop = 0, len(text)
    if not fails(start, stop):
        return None
    # Arrow does not say where, so halve: twice the work of one cast, and only where there is an error to name.
    while stop - start > 1:
        middle = (start + stop) // 2
        start, stop = (start, middle) if fails(start, middle) else (middle, stop)
    return start


def quoted(value: Any) -> str:
    """A value in an error: text in quotes, anything else as it prints."""
    return repr(value) if isinstance(value, str) else str(value)


def _wrong(name: Any, want: str, got: Any, row: int) -> DataError:
    return DataError(
        f"{name} must hold {want}; got {quoted(got)} in row {row}. Correct it, or leave it empty if it is missing."
    )
