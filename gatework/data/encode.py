"""A column of covariates as numbers: numbers as they are, text as the place of its category."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gatework.data import dates
from gatework.data.columns import is_number, is_text, numbers, plain
from gatework.data.covariates import Column
from gatework.errors import DataError

# Texts that are told apart, and texts of which a column is taken for ids or prose.
MOST, TOO_MANY = 32, 1_000
# Rows by which it is seen how finely a column moves.
ENOUGH = 100_000


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
    texts = None if is_number(kind) or pa.types.is_null(kind) else _Texts(column)
    if like is None:
        as_number = texts is None or not (pa.types.is_dictionary(kind) or texts.not_numbers(decimal_comma))
    else:
        as_number = like.categories is None
    if not as_number:
        return _categories(texts or _Texts(column), name, said, like)
    values = numbers(column, said, decimal_comma=decimal_comma, some=like is None)
    with np.errstate(over="ignore"):
        raw = values.astype(np.float32)
    if np.isinf(raw).any():
        row = int(np.argmax(np.isinf(raw)))
        raise DataError(f"{said} must hold numbers below 3e38; got {values[row]:g} in row {row + 1}. Use another unit.")
    return Encoded(Column(name), raw, _about_rounding(values, said) if like is None else ())


def _about_rounding(values: np.ndarray, name: str) -> tuple[str, ...]:
    """Say where numbers are so large that float32 does not tell one from the next, as seconds since 1970 are."""
    values = values[:ENOUGH]
    moves = np.abs(np.diff(values))
    moves = moves[moves > 0]
    if not len(moves):
        return ()
    largest, usual = float(np.nanmax(np.abs(values))), float(np.median(moves))
    step = float(np.spacing(np.float32(largest)))
    if step <= usual:
        return ()
    return (
        f"{name!r} moves by {usual:g} at numbers of {largest:.3g}, where they are read in steps of {step:g}: "
        f"subtract the smallest, or leave it out.",
    )


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


class _Texts:
    """A column as its different texts, without the blanks around them, and which of them each row has."""

    def __init__(self, column: Any):
        import pyarrow as pa
        import pyarrow.compute as pc

        # What is the same in many rows is worked on once.
        encoded = column.dictionary_encode().unify_dictionaries().combine_chunks()
        values = encoded.dictionary
        texts = plain(pa.chunked_array([values if is_text(values.type) else values.cast(pa.large_string())]))
        self.different = pc.drop_null(pc.unique(texts))
        # The empty rows are the last of the texts.
        place = pc.fill_null(pc.index_in(texts.combine_chunks(), self.different), len(self.different))
        codes = encoded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
        self.codes = np.append(place.to_numpy(zero_copy_only=False), len(self.different)).astype(np.int32)[codes]
        self.counts = np.bincount(self.codes, minlength=len(self.different) + 1)

    def not_numbers(self, decimal_comma: bool) -> bool:
        """Whether there is a text that is no number."""
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = pc.replace_substring(self.different, ",", ".") if decimal_comma else self.different
        try:
            texts.cast(pa.float64())
        except pa.ArrowInvalid:
            return True
        return False


def _categories(texts: _Texts, name: Any, said: str, like: Column | None) -> Encoded:
    counts, rows, notes = texts.counts, len(texts.codes), []
    if like is None:
        categories = _chosen(texts, said)
        different = texts.different.to_pylist()
        if len(categories) < len(different):
            share = sum(counts[different.index(text)] for text in categories) / max(rows - counts[-1], 1)
            notes.append(
                f"{said}: of {len(different):,} different texts the {MOST} most frequent are told apart, in "
                f"{share:.0%} of rows; the others count as none of them."
            )
        if counts[-1]:
            are = "is" if counts[-1] == 1 else "are"
            notes.append(
                f"{said}: {counts[-1]:,} of {rows:,} rows {are} empty, which counts as none of its categories."
            )
    else:
        categories, different = like.categories or (), texts.different.to_pylist()
        new = [i for i, text in enumerate(different) if text not in categories]
        if new:
            notes.append(
                f"{said}: {counts[new].sum():,} of {rows:,} rows hold none of its {len(categories)} categories, "
                f"such as {different[new[0]]!r}."
            )
    places = {text: place for place, text in enumerate(categories)}
    place = np.array([*(places.get(text, -1) for text in different), -1], np.float32)
    return Encoded(Column(name, categories), place[texts.codes], tuple(notes))


def _chosen(texts: _Texts, said: str) -> tuple[str, ...]:
    """The most frequent texts, in order; refused where they are no categories."""
    import pyarrow as pa

    found = len(texts.different)
    if not found:
        raise DataError(f"{said} must hold numbers or text; got only missing ones. Leave it out.")
    if found > MOST:
        try:
            dates.read(pa.chunked_array([texts.different]), said)
        except DataError:
            pass
        else:
            raise _no_covariate(said, "dates", texts.different[0])
    if found > TOO_MANY:
        raise DataError(
            f"{said} must hold numbers or at most {TOO_MANY:,} different texts; got {found:,}, such as "
            f"{texts.different[0].as_py()!r}. Leave it out, or group them into a few kinds."
        )
    different = texts.different.to_pylist()
    order = sorted(range(found), key=lambda i: (-texts.counts[i], different[i]))
    return tuple(sorted(different[i] for i in order[:MOST]))


def _no_covariate(said: str, what: str, value: Any) -> DataError:
    advice = ", or give what it tells as a number, such as days since" if what == "dates" else ""
    return DataError(
        f"{said} must hold numbers, true and false, or text; got {what}, such as {value}. Leave it out{advice}."
    )
