"""Covariates as columns of a stored table, behind the target's, and back without loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gatework.data.covariates import Column, Covariates, Vintages
from gatework.data.panel import Panel

VINTAGES = "vintage"


def row_counts(panel: Panel) -> list[int]:
    """How many rows each series takes: its steps and those that are known ahead, and at least one."""
    rows = [max(len(series), 1) for series in panel.values]
    covariates = panel.covariates
    if covariates is None:
        return rows
    if covariates.columns[1]:
        rows = [max(n, len(known)) for n, known in zip(rows, covariates.known, strict=True)]
    if covariates.vintages is not None:
        # A vintage stands in the row of its first step, which may be the one behind the last value.
        made = covariates.vintages.cutoffs
        rows = [max(n, int(steps[-1]) + 1) if len(steps) else n for n, steps in zip(rows, made, strict=True)]
    return rows


def columns_of(panel: Panel, taken: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The covariates as columns (name -> pyarrow array), and what else is needed to read them.

    A category is a column "weather=rain"; what never changes stands in the first row of its series; a vintage is a
    list in the row of its first step.
    """
    import pyarrow as pa

    covariates = panel.covariates
    if covariates is None:
        return {}, None
    rows = np.array(row_counts(panel))
    begins = np.cumsum(rows) - rows
    parts = (covariates.past, covariates.known, tuple(covariates.static[:, None, :]))
    found: dict[str, Any] = {}
    for series, columns in zip(parts, covariates.columns, strict=True):
        flat = np.full((rows.sum(), sum(column.width for column in columns)), np.nan, np.float32)
        for begin, values in zip(begins.tolist(), series, strict=True):
            flat[begin : begin + len(values)] = values
        for name, values in zip(_names(columns), flat.T, strict=True):
            found[_free(name, [*taken, *found])] = pa.array(np.ascontiguousarray(values), from_pandas=True)
    if covariates.vintages is not None:
        found[_free(VINTAGES, [*taken, *found])] = _lists(covariates.vintages, begins, int(rows.sum()))
    facts = {
        "columns": covariates.columns,
        "rows": rows.tolist(),
        "known": [len(known) for known in covariates.known],
        "reach": None if covariates.vintages is None else covariates.vintages.values[0].shape[1],
    }
    return found, facts


def covariates_of(table: Any, panel: Panel, facts: dict[str, Any]) -> Covariates:
    """The covariates of a panel from the columns that stand last in a table, as `columns_of` made them."""
    past, known, static = (
        tuple(Column(name, None if categories is None else tuple(categories)) for name, categories in group)
        for group in facts["columns"]
    )
    widths = [sum(column.width for column in group) for group in (past, known, static)]
    reach, rows = facts["reach"], np.array(facts["rows"])
    begins = np.cumsum(rows) - rows
    first = table.num_columns - sum(widths) - (reach is not None)
    numbers = [_floats(table.column(first + k)) for k in range(sum(widths))]
    flat = np.stack(numbers, 1) if numbers else np.empty((table.num_rows, 0), np.float32)
    groups = np.split(flat, np.cumsum(widths)[:-1], axis=1)
    lengths = [len(series) for series in panel.values]

    def cut(values: np.ndarray, counts: Sequence[int]) -> tuple[np.ndarray, ...]:
        return tuple(values[a : a + n] for a, n in zip(begins.tolist(), counts, strict=True))

    return Covariates(
        cut(groups[0], lengths),
        cut(groups[1], facts["known"]),
        groups[2][begins],
        (past, known, static),
        None if reach is None else _vintages(table.column(table.num_columns - 1), begins, rows, reach, widths[1]),
    )


def _names(columns: Sequence[Column]) -> Iterator[str]:
    for column in columns:
        if column.categories is None:
            yield str(column.name)
        else:
            yield from (f"{column.name}={category}" for category in column.categories)


def _free(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _floats(column: Any) -> np.ndarray:
    return column.combine_chunks().fill_null(float("nan")).to_numpy(zero_copy_only=False).astype(np.float32, copy=False)


def _lists(vintages: Vintages, begins: np.ndarray, rows: int) -> Any:
    """A list of all its numbers in the row where each vintage begins; null in the others."""
    import pyarrow as pa

    at = np.concatenate([begin + made for begin, made in zip(begins.tolist(), vintages.cutoffs, strict=True)])
    size = int(np.prod(vintages.values[0].shape[1:]))
    has = np.zeros(rows, bool)
    has[at] = True
    flat = np.concatenate([values.reshape(-1) for values in vintages.values])
    offsets = np.concatenate([[0], np.cumsum(np.where(has, size, 0))]).astype(np.int64)
    return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(flat), mask=pa.array(~has))


def _vintages(column: Any, begins: np.ndarray, rows: np.ndarray, reach: int, width: int) -> Vintages:
    import pyarrow.compute as pc

    column = column.combine_chunks()
    at = np.flatnonzero(pc.is_valid(column).to_numpy(zero_copy_only=False))
    values = column.flatten().to_numpy(zero_copy_only=False).astype(np.float32, copy=False).reshape(-1, reach, width)
    low, high = np.searchsorted(at, begins), np.searchsorted(at, begins + rows)
    each = [(slice(a, b), begin) for a, b, begin in zip(low.tolist(), high.tolist(), begins.tolist(), strict=True)]
    return Vintages(tuple(at[some] - begin for some, begin in each), tuple(values[some] for some, _ in each))
