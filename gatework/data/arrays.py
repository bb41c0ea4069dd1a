"""Series that come as arrays: a list of them, a padded 3-D array, or a 2-D array with a series a row."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gatework.data.columns import numbers
from gatework.data.labels import seen
from gatework.data.sequences import Items, Like
from gatework.data.table import open_table
from gatework.errors import DataError, OptionError

_LEAST = "while a minimum of 1 is required."


class NoNumberError(DataError, TypeError):
    """An object among numbers. Also a TypeError: scikit-learn's estimators raise one."""


def read_arrays(x: Any, *, lengths: Any = None, layout: str = "NTD", like: Like | None = None) -> tuple[Items, int]:
    """Read series without their answers; and the steps of the one array they came as, whose ends may be padding, or 0.

    Parameters
    ----------
    x : list of arrays, or array
        The user's X: a list of (T_i, D) arrays or data frames, of which (T_i,) is one column; an (N, T, D) array; or
        an (N, F) array, nested list or table of numbers: N series of F steps and one column.
    lengths : (N,) ints, optional
        How many steps of each are no padding.
    layout : {"NTD", "NDT"}
        The axes of a 3-D array, and of a list's arrays without N.
    like : Like, optional
        What fit saw.

    Raises
    ------
    DataError
        What is not N series of one number of columns, in finite numbers.
    """
    as_rows = None if like is None else like.rows is not None
    titles: tuple[str, ...] | None = None
    if isinstance(x, (list, tuple)) and not x:
        raise DataError(f"Found array with 0 sample(s) (shape=(0,)) {_LEAST}")
    if not hasattr(x, "nnz") and (hasattr(x, "columns") or isinstance(x, (str, os.PathLike, Mapping))):
        array = _from_frame(x)
    elif isinstance(x, (list, tuple)) and not _nested(x, as_rows):
        if as_rows:
            raise DataError(
                f"X must be (N, {like.rows}), a series a row, as fit saw it; got a list of "  # type: ignore[union-attr]
                f"arrays of other shapes. Make one array of it."
            )
        items, titles = _from_list(x, layout, like)
        return _finish(items, titles or _numbered(items[0].shape[1]), None, like, lengths), 0
    else:
        array = to_numbers(x, "X")
    if array.shape == (0,):
        raise DataError(f"Found array with 0 sample(s) (shape=(0,)) {_LEAST}")
    if array.ndim == 1:
        raise DataError(
            f"X must be a list of (T, D) arrays, or an array of 2 or 3 dimensions; got {array.shape}. Reshape your "
            f"data: X.reshape(-1, 1) makes each number a sequence, and [X] all of them one."
        )
    if array.ndim not in (2, 3):
        raise DataError(f"X must be an array of 2 or 3 dimensions; got {array.shape}. Give one sequence an item.")
    if array.ndim == 3 and layout == "NDT":
        array = array.swapaxes(1, 2)
    shape = (array.shape[0], array.shape[-1])
    if not array.shape[0]:
        raise DataError(f"Found array with 0 sample(s) (shape={shape}) {_LEAST}")
    if not array.shape[-1]:
        raise DataError(f"Found array with 0 feature(s) (shape={shape}) {_LEAST}")
    if array.ndim == 2:
        if as_rows is False:
            raise DataError(
                f"X must be a list of (T, {like.n_features}) arrays or a 3-D array, as fit saw it; "  # type: ignore[union-attr]
                f"got {array.shape}. Write [X] for one sequence."
            )
        if like is not None:
            like.refuse_width(array.shape[1])
        return _finish(list(array[..., None]), ("x0",), array.shape[1], like, lengths), array.shape[1]
    if not array.shape[1]:
        raise DataError(f"X must have at least one step; got {array.shape}. Check how it was made.")
    if as_rows:
        raise DataError(
            f"X must be (N, {like.rows}), a series a row, as fit saw it; got {array.shape}. Reshape it."  # type: ignore[union-attr]
        )
    return _finish(list(array), _numbered(array.shape[2]), None, like, lengths), array.shape[1]


def listed(x: Any) -> Any:
    """Numpy's own ragged form, an array of arrays, as a list; anything else as it is."""
    ragged = isinstance(x, np.ndarray) and x.dtype == object and x.ndim == 1 and any(depth(one) for one in x)
    return list(x) if ragged else x


def to_numbers(values: Any, name: str) -> np.ndarray:
    """An array of numbers as float32; numpy's, torch's or any that numpy can read.

    Raises
    ------
    DataError
        A sparse, complex or ragged array; text, dates and other objects; an infinite number.
    """
    if hasattr(values, "nnz"):
        raise DataError(f"{name} must be dense; got a sparse {type(values).__name__}. Give {name}.toarray().")
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    try:
        array = np.asarray(values)
    except ValueError:
        raise DataError(
            f"{name} must be an array, or a list of (T, D) arrays; got lists of unequal lengths inside. "
            f"Make an array of each."
        ) from None
    if array.dtype.kind == "c":
        raise DataError(
            f"{name} must hold real numbers; got {array.dtype}. Complex data not supported: "
            f"make two columns of its real and imaginary part."
        )
    if array.dtype.kind not in "biufO":
        what = "text" if array.dtype.kind in "US" else "dates" if array.dtype.kind in "mM" else str(array.dtype)
        raise DataError(f"{name} must hold numbers; got {what}. Leave it out, or make numbers of it.")
    try:
        with np.errstate(over="ignore"):
            small = array.astype(np.float32, copy=False)
    except TypeError as error:
        raise NoNumberError(f"{name} must hold numbers; got another object: {error}. Make numbers of it.") from None
    except ValueError as error:
        raise DataError(f"{name} must hold numbers; got text: {error}. Make numbers of it.") from None
    if np.isinf(small).any():
        place = np.unravel_index(int(np.argmax(np.isinf(small))), small.shape)
        at = ", ".join(map(str, place))
        raise DataError(
            f"{name} must hold finite numbers, or NaN where one is missing; got {float(array[place]):g} "
            f"{'(infinity) ' if np.isinf(float(array[place])) else 'beyond 3e38 '}at [{at}]. Correct it."
        )
    return small


def _nested(x: Sequence, as_rows: bool | None) -> bool:
    """Whether a list stands for a 2-D array: plain lists of one length, or any where fit saw such an array."""
    if as_rows is False:
        # Still, numbers alone are no sequences.
        return bool(x) and not depth(x[0])
    if not x or not depth(x[0]):
        return True
    flat = all(isinstance(one, (list, tuple)) or as_rows for one in x) and all(depth(one) == 1 for one in x)
    return flat and len({len(one) for one in x}) == 1


def is_missing(one: Any) -> bool:
    """Whether a value is None, NaN, which differs from itself, or pandas' NA, which does not say."""
    return one is None or type(one).__name__ == "NAType" or (np.ndim(one) == 0 and bool(one != one))


def depth(values: Any) -> int:
    """How many axes there are, of lists by what comes first in each: they may be of unequal lengths."""
    if isinstance(values, (list, tuple)):
        return 1 + (depth(values[0]) if values else 0)
    return np.ndim(values)


def _from_list(x: Sequence, layout: str, like: Like | None) -> tuple[list[np.ndarray], tuple[str, ...] | None]:
    """Arrays of their own lengths as (T, D), and the columns' names where they are data frames."""
    items: list[np.ndarray] = []
    titles: tuple[str, ...] | None = None
    for place, one in enumerate(x):
        array = to_numbers(one, f"X[{place}]")
        framed = hasattr(one, "columns")
        array = array[:, None] if array.ndim == 1 else array.T if layout == "NDT" and not framed else array
        if array.ndim != 2:
            raise DataError(f"X[{place}] must be (T, D), or (T,) for one column; got {array.shape}. Reshape it.")
        if 0 in array.shape:
            raise DataError(f"X[{place}] must have at least one step and one column; got {array.shape}. Leave it out.")
        if items and array.shape[1] != items[0].shape[1]:
            raise DataError(
                f"X[{place}] must have {items[0].shape[1]} columns, as the ones before it; got {array.shape}. "
                f"{'Did you mean its transpose?' if array.shape[0] == items[0].shape[1] else 'Give all the same.'}"
            )
        if framed:
            named = tuple(map(str, one.columns))
            if like is not None and len(named) == len(like.names) and like.names != _numbered(len(named)):
                array, named = _in_order(array, named, like.names, place), like.names
            if titles not in (None, named):
                raise DataError(f"X[{place}] must have the columns {titles}, as the ones before it; got {named}.")
            titles = named
        items.append(array)
    return items, titles


def _in_order(array: np.ndarray, named: tuple[str, ...], names: tuple[str, ...], place: int) -> np.ndarray:
    """The columns of a data frame in the order that fit saw."""
    if named == names:
        return array
    if set(named) != set(names) or len(set(names)) < len(names):
        raise DataError(f"X[{place}] must have the columns {names}, as fit saw them; got {named}. Rename them.")
    return array[:, [named.index(name) for name in names]]


def _from_frame(frame: Any) -> np.ndarray:
    """A data frame of numbers as (rows, columns)."""
    table = open_table(frame)
    if {"id", "time"} & set(table.names):
        raise DataError(
            f"X must hold nothing but the numbers of a series a row where y is given beside it; got the columns "
            f"{seen(table.names)}. Of a long table, put y in as the column 'label'."
        )
    if not table.names:
        return np.empty((len(frame), 0), np.float32)
    columns = table.load(list(table.names))
    wide = [numbers(column, name, some=False) for column, name in zip(columns, table.names, strict=True)]
    return to_numbers(np.stack(wide, axis=1), "X")


def _finish(
    items: list[np.ndarray], names: tuple[str, ...], rows: int | None, like: Like | None, lengths: Any
) -> Items:
    """Cut what is padding, and see that the columns are those of fit."""
    if like is not None and rows is None:
        like.refuse_width(len(names))
        names = like.names
    stepwise = like is not None and like.stepwise
    if lengths is not None:
        items = [one[:n] for one, n in zip(items, _lengths(lengths, items), strict=True)]
    like = like or Like("series", names, rows)
    return Items("series", items, names, tuple(range(len(items))), None, (), None, stepwise, (), like)


def cut_padding(items: list[np.ndarray]) -> tuple[list[np.ndarray], str]:
    """Series without the steps at their ends in which all is missing, and a note on how many had such."""
    cut = []
    for one in items:
        known = np.array([len(one) - 1]) if not np.isnan(one[-1]).all() else np.flatnonzero(~np.isnan(one).all(1))
        # Of a series without any value one step stays, so that there is one to answer.
        cut.append(one[: known[-1] + 1] if len(known) else one[:1])
    count = sum(len(a) < len(b) for a, b in zip(cut, items, strict=True))
    if not count:
        return items, ""
    have = "sequence ends" if count == 1 else "sequences end"
    return cut, f"{count:,} {have} in steps in which all is missing: these are taken as padding; lengths= says else."


def _lengths(lengths: Any, items: list[np.ndarray]) -> np.ndarray:
    try:
        found = np.asarray(lengths)
    except ValueError:
        found = np.asarray(0)
    longest = np.array([len(one) for one in items])
    if found.shape != longest.shape:
        raise OptionError(f"lengths must be ({len(items)},), one a sequence; got {found.shape}. Leave none out.")
    if found.dtype.kind not in "iuf":
        raise OptionError(
            f"lengths must be whole numbers; got {found.tolist()[0]!r} for sequence 0. Count each one's steps."
        )
    wrong = (found < 1) | (found > longest) | (found != np.floor(found))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise OptionError(
            f"lengths must be whole numbers from 1 to the steps of X, here {longest[at]}; got {found[at]} for sequence "
            f"{at}. Leave empty sequences out."
        )
    return found.astype(np.int64)


def _numbered(width: int) -> tuple[str, ...]:
    return tuple(f"x{k}" for k in range(width))
