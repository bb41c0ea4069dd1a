"""Columns of any kind of table: a data frame, a dict of arrays, or a file."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gatework.errors import DataError

_KINDS = "a pandas, polars or pyarrow table, a dict of columns, or the path of a .csv, .csv.gz or .parquet file"
# What spreadsheets and databases write where they have no value.
_EMPTY = ["", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "None", "-", "?"]


@dataclass(frozen=True)
class Table:
    """A table whose columns are read when they are asked for.

    Parameters
    ----------
    kind : {"pandas", "polars", "pyarrow", "dict"}
        What `give_back` makes again. A file counts as pyarrow.
    names : tuple
        Its columns.
    load : callable
        A list of names, and which of them stay text -> a list of pyarrow.ChunkedArray of one length.
    decimal_comma : bool
        Whether its text writes numbers as 12,5.
    """

    kind: str
    names: tuple
    load: Callable[..., list[Any]]
    decimal_comma: bool = False


def open_table(data: Any) -> Table:
    """See any kind of data as a table. Nothing of it is changed, and a file is read no further than its header.

    Raises
    ------
    DataError
        A file that is absent, empty or unreadable; a dict of columns of unequal length; no table at all.
    """
    if isinstance(data, (str, os.PathLike)):
        return _open_file(Path(data))
    if isinstance(data, Mapping):
        return _open_dict(data)
    import narwhals as nw

    try:
        frame = nw.from_native(data, eager_only=True)
    except TypeError:
        advice = "Collect it first." if type(data).__name__ == "LazyFrame" else "Put it into one of these."
        raise DataError(f"data must be {_KINDS}; got {_article(type(data).__name__)}. {advice}") from None
    kind = frame.implementation.value
    kind = kind if kind in ("pandas", "polars") else "pyarrow"
    return Table(kind, tuple(frame.columns), lambda names, text=(): [_column(frame.get_column(n)) for n in names])


def give_back(columns: Mapping[Any, Any], kind: str) -> Any:
    """Columns (name -> pyarrow array) as a table of the kind that came in."""
    import pyarrow as pa

    if kind == "dict":
        return {name: array.to_numpy(zero_copy_only=False) for name, array in columns.items()}
    table = pa.table({str(name): array for name, array in columns.items()})
    if kind == "pandas":
        frame = table.to_pandas(date_as_object=False)
        frame.columns = list(columns)
        return frame
    if kind == "polars":
        import polars as pl

        return pl.from_arrow(table)
    return table


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _open_dict(data: Mapping) -> Table:
    columns = {name: np.asarray(values) for name, values in data.items()}
    lengths = {name: len(values) if values.ndim == 1 else values.shape for name, values in columns.items()}
    if len(set(lengths.values())) > 1 or any(values.ndim != 1 for values in columns.values()):
        got = ", ".join(f"{name!r}: {length}" for name, length in lengths.items())
        raise DataError(f"data must have columns of one length; got {got}. Give each one value a row.")
    return Table("dict", tuple(columns), lambda names, text=(): [_column(columns[name]) for name in names])


def _column(values: Any) -> Any:
    """A column of any kind as a pyarrow.ChunkedArray; one of mixed kinds, or of a kind that arrow lacks, as text."""
    import pyarrow as pa

    try:
        if isinstance(values, np.ndarray):
            if values.dtype.kind == "M" and np.datetime_data(values.dtype)[0] not in ("D", "s", "ms", "us", "ns"):
                values = values.astype("M8[s]")
            array = pa.array(values, from_pandas=True)
        else:
            array = values.to_arrow()
        if not isinstance(array.type, pa.BaseExtensionType):
            return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        pass
    listed = values.tolist() if isinstance(values, np.ndarray) else values.to_list()
    return pa.chunked_array([pa.array([None if v is None or v != v else str(v) for v in listed], pa.string())])


def _open_file(path: Path) -> Table:
    import pyarrow as pa

    name = str(path)
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no such file"
        raise DataError(f"data must be the path of a file; got {name!r}, {what}. Check the path.")
    if path.name.lower().endswith((".csv", ".csv.gz")):
        opener = _open_csv
    elif path.name.lower().endswith(".parquet"):
        opener = _open_parquet
    else:
        raise DataError(f"data must be a .csv, .csv.gz or .parquet file; got {name!r}. Save it as one of these.")
    if path.stat().st_size == 0:
        raise DataError(f"data must be a file with a table; got {name!r}, an empty file. Check how it was made.")
    with _readable(path):
        return opener(path, pa)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what pyarrow and the system say of a broken file into one sentence."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise DataError(
            f"data must be a readable file; got {str(path)!r}, which failed with: {reason}. "
            f"Save it again, a CSV as UTF-8 with one header line."
        ) from None


def _open_parquet(path: Path, pa: Any) -> Table:
    from pyarrow import parquet

    names = tuple(parquet.read_schema(path).names)

    def load(names: list[str], text: Iterable[str] = ()) -> list[Any]:
        with _readable(path):
            table = parquet.ParquetFile(path).read(columns=names)
        return [table[name] for name in names]

    return Table("pyarrow", names, load)


def _open_csv(path: Path, pa: Any) -> Table:
    from pyarrow import csv as arrow_csv

    with pa.input_stream(str(path), compression="gzip" if path.suffix.lower() == ".gz" else None) as stream:
        start = stream.read(1 << 16).decode("utf-8-sig", errors="ignore")
    lines = start.splitlines()
    header = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t", key=header.count)
    names = tuple(next(csv.reader([header], delimiter=delimiter), ()))
    # Where semicolons part the columns, a comma is free to part a number.
    decimal_comma = delimiter == ";" and re.search(r'(^|;)"?[-+]?\d+,\d+"?(;|$)', start, re.MULTILINE) is not None

    def load(names: list[str], text: Iterable[str] = ()) -> list[Any]:
        def read(columns: Iterable[str]) -> Any:
            return arrow_csv.read_csv(
                path,
                parse_options=arrow_csv.ParseOptions(delimiter=delimiter),
                convert_options=arrow_csv.ConvertOptions(
                    include_columns=names,
                    column_types={name: pa.string() for name in columns},
                    decimal_point="," if decimal_comma else ".",
                ),
            )

        with _readable(path):
            try:
                table = read(text)
            except pa.ArrowInvalid:
                # pyarrow fixes a column's type by the first megabyte. A later row that differs is read as text here,
                # so that it can be understood, or named.
                table = read(names)
        return [table[name] for name in names]

    return Table("pyarrow", names, load, decimal_comma)


def is_text(kind: Any) -> bool:
    """Whether a pyarrow type holds text."""
    import pyarrow as pa

    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


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


def row_of(mask: Any) -> int:
    """The first row (counted from 1) where a mask, of numpy or pyarrow, is true; 0 where it never is."""
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
