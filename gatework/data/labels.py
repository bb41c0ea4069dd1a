"""Columns of a table that hold labels, numbers to answer, or groups."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import numpy as np

from gatework.data.columns import is_number, is_text, numbers, row_of
from gatework.data.table import Table
from gatework.errors import DataError

_FLAGS = {"id_col": "--id", "time_col": "--time", "target_col": "--target", "group_col": "--group"}
_FLAGS |= {"text_col": "--text", "path_col": "--path", "feature_cols": "--feature-cols"}
# How programs write a missing label. "None", "-" and "?" may well be classes.
_MISSING = ["", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "<NA>"]
_MOST_NAMES = 20


def need_column(table: Table, option: str, name: Any, advice: str = "") -> None:
    """Raise DataError unless the table has the column that an option names, with the one that may be meant."""
    if table.names.count(name) == 1:
        return
    if name in table.names:
        raise DataError(f"X must have one column {name!r}; got {table.names.count(name)}. Rename the others.")
    if not advice:
        by_lower_case = {str(one).lower(): one for one in reversed(table.names)}
        near = difflib.get_close_matches(str(name).lower(), by_lower_case, n=1)
        guess = repr(by_lower_case[near[0]]) if near else "..."
        advice = f"Did you mean {option}={guess}?" if near else f"Say which it is with {option}=..."
        advice += f" (command line: {_FLAGS[option]})"
    raise DataError(f"X must have the column {name!r}; got {seen(table.names)}. {advice}")


def seen(names: Sequence[Any]) -> str:
    """The columns of a table, in an error."""
    shown = ", ".join(repr(str(name)[:60]) for name in names[:_MOST_NAMES])
    return shown + (f", ... ({len(names)} in all)" if len(names) > _MOST_NAMES else "")


def read_labels(column: Any, name: Any, *, decimal_comma: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """One label a row in the column's own kind, and which rows have one (both (rows,)).

    Whole numbers are int64, other numbers float64, true and false bool, text str; what stands at a row without a label
    means nothing, but NaN among floats.

    Raises
    ------
    DataError
        Dates and other kinds; an infinite number.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = getattr(column.type, "value_type", column.type)
    if is_text(kind):
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        encoded = pa.chunked_array(encoded).unify_dictionaries().combine_chunks()
        texts = pc.utf8_trim_whitespace(encoded.dictionary.cast(pa.large_string()))
        if decimal_comma and _all_numbers(pc.replace_substring(texts, ",", ".")):
            values = numbers(column, name, decimal_comma=True)
            return values, ~np.isnan(values)
        place = encoded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
        there = pc.is_in(texts, pa.array(_MISSING, pa.large_string()))
        there = pc.and_(pc.is_valid(texts), pc.invert(there)).to_numpy(zero_copy_only=False)
        words = np.array([*(text or "" for text in texts.to_pylist()), ""])
        return words[place], np.append(there, False)[place]
    if pa.types.is_dictionary(column.type):
        column = column.cast(kind)
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan), np.zeros(len(column), bool)
    if not is_number(kind):
        row = row_of(pc.is_valid(column))
        what = "dates" if pa.types.is_temporal(kind) else str(kind)
        raise DataError(
            f"{name} must hold numbers, text, or true and false; got {what}, such as {column[max(row - 1, 0)].as_py()} "
            f"in row {row}. Make one of these of it."
        )
    there = pc.is_valid(column).to_numpy(zero_copy_only=False)
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        whole = pa.bool_() if pa.types.is_boolean(kind) else pa.int64()
        if pa.types.is_uint64(kind) and (pc.max(column).as_py() or 0) > np.iinfo(np.int64).max:
            raise DataError(f"{name} must hold whole numbers of 64 bits; got {pc.max(column)}. Make text of all.")
        return column.fill_null(False if pa.types.is_boolean(kind) else 0).cast(whole).to_numpy(), there
    values = numbers(column, name, some=False)
    return values, ~np.isnan(values)


def _all_numbers(texts: Any) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    some = pc.drop_null(pc.if_else(pc.is_in(texts, pa.array(_MISSING, pa.large_string())), None, texts))
    try:
        some.cast(pa.float64())
    except pa.ArrowInvalid:
        return False
    return len(some) > 0


def with_gaps(values: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Labels of which some are missing: NaN among floats, else None in an array of objects."""
    if there.all() or values.dtype.kind == "f":
        return values
    found = values.astype(object)
    found[~there] = None
    return found


def side_by_side(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Several targets as (n, K), of one dtype where they are of one kind; a single one as (n,)."""
    if len(columns) == 1:
        return columns[0]
    of_one_kind = len({"n" if one.dtype.kind in "if" else one.dtype.kind for one in columns}) == 1
    return np.stack(columns if of_one_kind else [one.astype(object) for one in columns], axis=1)
