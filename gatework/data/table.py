"""Any kind of table as named pyarrow columns, and back: a data frame, a dict of arrays, or a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gatework.data.columns import is_text
from gatework.data.file import open_file
from gatework.errors import DataError

# How Python, numpy and pandas spell a missing value.
_MISSING = {"None", "nan", "NaT", "<NA>"}


@dataclass(frozen=True)
class Table:
    """A table whose columns are read when they are asked for.

    Parameters
    ----------
    kind : {"pandas", "polars", "pyarrow", "dict"}
        What to give back. A file counts as pyarrow, and so does a data frame of any other library.
    names : tuple
        Its columns.
    load : callable
        A list of names, and which of them hold ids -> a list of pyarrow.ChunkedArray of one length.
    decimal_comma : bool
        Whether it writes numbers as 12,5.
    """

    kind: str
    names: tuple
    load: Callable[..., list[Any]]
    decimal_comma: bool = False


def open_table(data: Any) -> Table:
    """See any kind of data as a table. Nothing of it is changed, and of a file only the header is read.

    Raises
    ------
    DataError
        A file that cannot be read; a dict of columns of unequal length; no table at all.
    """
    if isinstance(data, (str, os.PathLike)):
        return Table("pyarrow", *open_file(Path(data)))
    if isinstance(data, Mapping):
        return _open_dict(data)
    import narwhals as nw

    try:
        frame = nw.from_native(data, eager_only=True)
    except TypeError:
        raise DataError(
            "data must be a pandas, polars or pyarrow table, a dict of columns, or a path; "
            f"got {type(data).__name__}. {'Collect it first.' if 'Lazy' in type(data).__name__ else 'Make it one.'}"
        ) from None
    except nw.exceptions.DuplicateError:
        raise twice(list(data.columns)) from None
    kind = frame.implementation.value
    kind = kind if kind in ("pandas", "polars") else "pyarrow"
    return Table(kind, tuple(frame.columns), lambda names, ids=(): [_column(frame.get_column(n)) for n in names])


def release_unused() -> None:
    """Have pyarrow give back the memory of columns that are gone, which it keeps for others to come."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


def twice(names: list[Any]) -> DataError:
    """The error for a table in which the first of these names that comes again is not one column."""
    name = next(name for name in names if names.count(name) > 1)
    return DataError(f"data must have one column {name!r}; got {names.count(name)}. Rename the others.")


def give_back(columns: Mapping[Any, Any], kind: str) -> Any:
    """Columns (name -> pyarrow array) as a table of the kind that came in."""
    import pyarrow as pa

    if kind == "dict":
        return {
            name: np.array(array.to_pylist()) if is_text(array.type) else array.to_numpy(zero_copy_only=False)
            for name, array in columns.items()
        }
    table = pa.table({str(name): array for name, array in columns.items()})
    if kind == "pandas":
        frame = table.to_pandas(date_as_object=False)
        frame.columns = list(columns)
        return frame
    if kind == "polars":
        import polars as pl

        return pl.from_arrow(table)
    return table


def _open_dict(data: Mapping) -> Table:
    columns = {name: np.asarray(values) for name, values in data.items()}
    shapes = {name: values.shape for name, values in columns.items()}
    if len(set(shapes.values())) > 1 or any(len(shape) != 1 for shape in shapes.values()):
        got = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise DataError(f"data must have columns (n,) of one length; got {got}. Give each one value a row.")
    return Table("dict", tuple(columns), lambda names, ids=(): [_column(columns[name]) for name in names])


def _column(values: Any) -> Any:
    """A column as a pyarrow.ChunkedArray; one of mixed kinds, or of a kind that arrow has not, as text."""
    import pyarrow as pa

    try:
        array = pa.array(values, from_pandas=True) if isinstance(values, np.ndarray) else values.to_arrow()
        if not isinstance(array.type, pa.BaseExtensionType):
            return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        pass
    listed = values.tolist() if isinstance(values, np.ndarray) else values.to_list()
    return pa.chunked_array([pa.array([None if str(v) in _MISSING else str(v) for v in listed], pa.string())])
