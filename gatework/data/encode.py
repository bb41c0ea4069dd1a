"""A column of covariates as numbers: numbers as they are, text as the place of its category."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gatework.data import dates
from gatework.data.columns import first_failure, is_number, is_text, numbers, plain
from gatework.data.covariates import Column
from gatework.errors import DataError

# Texts that are told apart, and texts of which a column is taken for ids or prose.
MOST, TOO_MANY = 32, 1_000


class Encoded(NamedTuple):
    """A column read: what it is, its rows as numbers, and what is to be said of it."""

    column: Column
    raw: np.ndarray  # (rows,) float32: a number, NaN where missing; or the place of its category, -1 for none of them
    notes: tuple[str, ...] = ()


def encode(column: Any, name: Any, like: Column | None = None, *, of: str = "", decimal_comma: bool = False) -> Encoded:
    """Read one column of covariates.

    Numbers, true and false, and text that is all numbers become numbers. Other text becomes categories, and so does
    any column that its own table calls categorical. An empty text is none of the categories: a day without an event.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        As it came.
    name : str
        What the caller calls it.
    like : Column, optional
        What the column was when a model was fitted to it: it is read as that again.
    of : str
        The table that it is in, where that is not the data.
    decimal_comma : bool
        Whether its table writes numbers as 12,5.

    Raises
    ------
    DataError
        Dates, ids, and what is neither a number nor text; or no value at all where `like` is not given.
    """
    import pyarrow as pa

    said = f"{name} of {of}" if of else str(name)
    kind = column.type
    if not (is_number(kind) or is_text(kind) or pa.types.is_dictionary(kind) or pa.types.is_null(kind)):
        what = "dates" if pa.types.is_temporal(kind) else str(kind)
        raise _no_covariate(said, what, next((v for v in column.to_pylist() if v is not None), None))
    as_number = _is_number(column, decimal_comma) if like is None else like.categories is None
    if not as_number:
        return _categories(column, name, said, like)
    values = numbers(column, said, decimal_comma=decimal_comma, some=like is None)
    with np.errstate(over="ignore"):
        raw = values.astype(np.float32)
    if np.isinf(raw).any():
        row = int(np.argmax(np.isinf(raw)))
        raise DataError(f"{said} must hold numbers below 3e38; got {values[row]:g} in row {row + 1}. Use another unit.")
    return Encoded(Column(name), raw)


def expand(raw: np.ndarray, columns: Sequence[Column]) -> np.ndarray:
    """Raw columns (n, C) as numbers (n, W): a category as 0 and 1 in a column for each."""
    if all(column.categories is None for column in columns):
        return raw
    wide = np.empty((len(raw), sum(column.width for column in columns)), np.float32)
    at = 0
    for values, column in zip(raw.T, columns, strict=True):
        if column.categories is None:
            wide[:, at] = values
        else:
            wide[:, at : at + column.width] = values[:, None] == np.arange(column.width)
            wide[np.isnan(values), at : at + column.width] = np.nan
        at += column.width
    return wide


def _is_number(column: Any, decimal_comma: bool) -> bool:
    """Whether a column is a number in every row that is not empty."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        return False
    if not is_text(column.type):
        return True
    text = plain(column)
    return first_failure(pc.replace_substring(text, ",", ".") if decimal_comma else text, pa.float64()) is None


def _categories(column: Any, name: Any, said: str, like: Column | None) -> Encoded:
    import pyarrow as pa

    text = plain(column)
    encoded = (text if is_text(text.type) else text.cast(pa.large_string())).dictionary_encode()
    encoded = encoded.unify_dictionaries().combine_chunks()
    texts = encoded.dictionary.to_pylist()
    # The empty rows are the last of the texts.
    codes = encoded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
    counts = np.bincount(codes, minlength=len(texts) + 1)
    rows, notes = len(codes), []
    if like is None:
        categories = _chosen(texts, counts, said)
        if len(categories) < len(texts):
            share = sum(counts[texts.index(text)] for text in categories) / max(rows - counts[-1], 1)
            notes.append(
                f"{said}: of {len(texts):,} different texts the {MOST} most frequent are told apart, in {share:.0%} of "
                f"rows; the others count as none of them."
            )
    else:
        categories = like.categories or ()
        new = [i for i, text in enumerate(texts) if text not in categories]
        if new:
            notes.append(
                f"{said}: {counts[new].sum():,} of {rows:,} rows hold none of its {len(categories)} categories, "
                f"such as {texts[new[0]]!r}."
            )
    if counts[-1] and like is None:
        are = "is" if counts[-1] == 1 else "are"
        notes.append(f"{said}: {counts[-1]:,} of {rows:,} rows {are} empty, which counts as none of its categories.")
    places = {text: place for place, text in enumerate(categories)}
    place = np.array([*(places.get(text, -1) for text in texts), -1], np.float32)
    return Encoded(Column(name, categories), place[codes], tuple(notes))


def _chosen(texts: list[str], counts: np.ndarray, said: str) -> tuple[str, ...]:
    """The most frequent texts, in order; refused where they are no categories."""
    import pyarrow as pa

    if not texts:
        raise DataError(f"{said} must hold numbers or text; got only missing ones. Leave it out.")
    if len(texts) > MOST:
        try:
            dates.read(pa.chunked_array([pa.array(texts, pa.large_string())]), said)
        except DataError:
            pass
        else:
            raise _no_covariate(said, "dates", texts[0])
    if len(texts) > TOO_MANY:
        raise DataError(
            f"{said} must hold numbers or at most {TOO_MANY:,} different texts; got {len(texts):,}, such as "
            f"{texts[0]!r}. Leave it out, or group them into a few kinds."
        )
    order = sorted(range(len(texts)), key=lambda i: (-counts[i], texts[i]))
    return tuple(sorted(texts[i] for i in order[:MOST]))


def _no_covariate(said: str, what: str, value: Any) -> DataError:
    advice = ", or give what it tells as a number, such as days since" if what == "dates" else ""
    return DataError(
        f"{said} must hold numbers, true and false, or text; got {what}, such as {value}. Leave it out{advice}."
    )
