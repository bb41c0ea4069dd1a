"""The columns of a long table that a network reads: numbers as they are, a few texts as 0 and 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatework.data.columns import first_failure, is_number, is_text, plain
from gatework.data.covariates import Column
from gatework.data.encode import encode, expand
from gatework.data.labels import need_column
from gatework.data.sequences import Ask, Like
from gatework.data.table import Table
from gatework.errors import DataError

# Texts of a column that are told apart.
MOST = 20


def ask_columns(table: Table, ask: Ask) -> list[Any]:
    """The columns to look at: those that the caller names, those that fit saw, or all that are nothing else.

    Raises
    ------
    DataError
        A column that is not there.
    """
    if ask.like is not None and ask.like.columns:
        wanted = [one.name for one in ask.like.columns]
    elif ask.features is not None:
        wanted = [ask.features] if isinstance(ask.features, str) else list(ask.features)
    elif ask.like is not None and all(name in table.names for name in ask.like.names):
        wanted = list(ask.like.names)
    else:
        wanted = [name for name in table.names if name not in ask.taken]
    for name in wanted:
        need_column(table, "feature_cols", name)
        if name in ask.taken:
            raise DataError(
                f"feature_cols must be columns besides id, time, label and group; got {name!r}. Leave it out."
            )
    return wanted


def choose(columns: dict[Any, Any], asked: list[Any], ask: Ask) -> tuple[list[Any], list[str]]:
    """Of the columns that nobody named, those that hold numbers or text; and notes. Drops the others.

    Raises
    ------
    DataError
        There is none.
    """
    if ask.features is not None or (ask.like is not None and (ask.like.columns or set(asked) == set(ask.like.names))):
        chosen, left = asked, []
    else:
        kinds = {name: _kind(columns[name]) for name in asked}
        chosen = [name for name in asked if not kinds[name]]
        left = [f"{str(name)!r} ({kinds[name]})" for name in asked if kinds[name]]
        for name in asked:
            if kinds[name]:
                del columns[name]
    if not chosen:
        raise DataError(
            f"X must have a column of numbers besides id, time, label and group; got "
            f"{', '.join(left) if left else 'none'}. Add what each step has to tell."
        )
    return chosen, [f"columns that hold no numbers or text are left out: {', '.join(left)}."] if left else []


def _kind(column: Any) -> str:
    """What keeps a column from being a feature; nothing where it can be one."""
    import pyarrow as pa

    kind = getattr(column.type, "value_type", column.type)
    if column.null_count == len(column):
        return "empty"
    if is_number(kind):
        return ""
    if is_text(kind):
        return "empty" if plain(column).null_count == len(column) else ""
    return "dates" if pa.types.is_temporal(kind) else str(kind)


def read_features(
    columns: dict[Any, Any], chosen: list[Any], like: Like | None, order: np.ndarray | None, decimal_comma: bool
) -> tuple[np.ndarray, list[Column], list[str]]:
    """The numbers (rows, D) float32 in the given order of rows, what each column is, and notes. Empties `columns`.

    Raises
    ------
    DataError
        Text of too many kinds; what is neither a number nor text; infinite numbers.
    """
    before = {} if like is None else {one.name: one for one in like.columns or map(Column, like.names)}
    read: list[Column] = []
    raw: list[np.ndarray] = []
    notes: list[str] = []
    for name in chosen:
        column = columns.pop(name)
        if name not in before:
            _refuse_many_texts(column, name, decimal_comma)
        encoded = encode(column, name, before.get(name), decimal_comma=decimal_comma)
        read.append(encoded.column)
        raw.append(encoded.raw if order is None else encoded.raw[order])
        notes += encoded.notes
        if encoded.column.categories and name not in before:
            count = len(encoded.column.categories)
            notes.append(
                f"{name!r} holds text of {count} {'kind' if count == 1 else 'kinds'}: each is a column of 0 and 1."
            )
    together = np.empty((len(raw[0]), len(raw)), np.float32)
    for place in range(len(raw)):
        together[:, place] = raw[place]
        # Of many rows each column counts.
        raw[place] = raw[place][:0]
    return expand(together, read), read, notes


def _refuse_many_texts(column: Any, name: Any, decimal_comma: bool) -> None:
    """Raise DataError where a column holds more texts than can be told apart, or numbers of which one is misspelt."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = getattr(column.type, "value_type", column.type)
    if not is_text(kind):
        return
    texts = pc.unique(pc.drop_null(plain(column)))
    if len(texts) <= MOST:
        return
    digits = pc.replace_substring(texts, ",", ".") if decimal_comma else texts
    wrong = first_failure(digits, pa.float64())
    if wrong is not None:
        raise DataError(
            f"{name} must hold numbers, or text of at most {MOST} kinds; got {len(texts):,} kinds, such as "
            f"{texts[wrong].as_py()!r}. Correct it if it should be a number, or leave it out with feature_cols= "
            f"(command line: --feature-cols)."
        )
