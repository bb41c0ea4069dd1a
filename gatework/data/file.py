"""A CSV or Parquet file as a table."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from gatework.data.columns import is_text
from gatework.data.utf8 import not_utf8
from gatework.errors import DataError

# How much of a file is looked at to tell how it is written.
_LOOK = 1 << 16


class File(NamedTuple):
    """A file of which no more than the header has been read."""

    names: tuple[str, ...]
    # Names, which of them hold ids -> pyarrow.ChunkedArrays of one length; ids may come as dictionaries.
    load: Callable[..., list[Any]]
    decimal_comma: bool = False


def open_file(path: Path) -> File:
    """Look at a file's header.

    Raises
    ------
    DataError
        A file that is absent, of another kind, empty or unreadable.
    """
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no such file"
        raise DataError(f"data must be the path of a file; got '{path}', {what}. Check the path.")
    if path.name.lower().endswith((".csv", ".csv.gz", ".tsv", ".tsv.gz")):
        opener = _open_csv
    elif path.name.lower().endswith(".parquet"):
        opener = _open_parquet
    else:
        raise DataError(
            f"data must be a .csv, .tsv or .parquet file, perhaps .gz; got '{path}'. Save it as one of these."
        )
    if path.stat().st_size == 0:
        raise DataError(f"data must be a file with a table; got '{path}', an empty file. Check how it was made.")
    with _readable(path):
        return opener(path)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what pyarrow and the system say of a broken file into one sentence."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, EOFError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        if "UTF8" in reason:
            raise not_utf8(path) from None
        raise DataError(
            f"data must be a readable file; got '{path}', which failed with: {reason}. "
            f"Save it again, a CSV as UTF-8 with one header line."
        ) from None


def _open_parquet(path: Path) -> File:
    from pyarrow import parquet

    schema = parquet.read_schema(path)

    def load(names: list[str], ids: Iterable[str] = ()) -> list[Any]:
        with _readable(path):
            texts = [name for name in ids if is_text(schema.field(name).type)]
            table = parquet.ParquetFile(path, read_dictionary=texts).read(columns=names)
        return [table[name] for name in names]

    return File(tuple(schema.names), load)


def _open_csv(path: Path) -> File:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    with pa.input_stream(str(path), compression="gzip" if path.suffix.lower() == ".gz" else None) as stream:
        looked_at = stream.read(_LOOK)
    start = looked_at.decode("utf-8-sig", errors="ignore")
    header = next((line for line in start.splitlines() if line.strip()), "")
    tabs = path.name.lower().endswith((".tsv", ".tsv.gz"))
    delimiter = "\t" if tabs else max(",;\t", key=header.count)
    quote = '"' if not tabs or _quotes(start, cut=len(looked_at) == _LOOK) else False
    # Where semicolons part the columns, a comma is free to part a number.
    decimal_comma = delimiter == ";" and re.search(r'(^|;)"?[-+]?\d+,\d+"?(;|$)', start, re.MULTILINE) is not None

    def load(names: list[str], ids: Iterable[str] = ()) -> list[Any]:
        # Ids are read as text, or else 007 and 7 would be one series.
        text = pa.dictionary(pa.int32(), pa.string())
        options = arrow_csv.ConvertOptions(include_columns=names, column_types=dict.fromkeys(ids, text))
        # The usual pool keeps a fifth more of what it no longer needs.
        pool = pa.system_memory_pool()
        with _readable(path):
            # Cells that go on over lines are rare, and looking for them is slow.
            for parse in (
                arrow_csv.ParseOptions(delimiter=delimiter, quote_char=quote),
                arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            ):
                try:
                    table = arrow_csv.read_csv(path, parse_options=parse, convert_options=options, memory_pool=pool)
                    break
                except pa.ArrowInvalid as error:
                    if parse.newlines_in_values or "UTF8" in str(error):
                        raise
        # Arrow takes text that is not UTF-8 for bytes, and says nothing.
        if any(pa.types.is_binary(field.type) for field in table.schema):
            raise not_utf8(path)
        return [_as_ids(table[name]) if name in ids else table[name] for name in names]

    names = next(csv.reader([header], delimiter=delimiter), []) if quote else header.split(delimiter)
    return File(tuple(names), load, decimal_comma)


def _quotes(start: str, *, cut: bool) -> bool:
    """Whether a file of tabs puts cells in quotes. Its standard has none, and a text may well begin with one."""
    opened = re.findall(r'(?:^|\t)"', start, re.MULTILINE)
    closed = re.findall(r'(?:^|\t)"(?:[^"]++|"")*+"(?=\t|\r?$)', start, re.MULTILINE)
    # The last one may be cut.
    return len(closed) > 0 and len(opened) - len(closed) <= cut


def _as_ids(column: Any) -> Any:
    """Ids that are whole numbers as numbers, so that 2 comes before 10; but 007 stays text."""
    import pyarrow as pa

    column = column.unify_dictionaries()
    known = column.chunk(0).dictionary if column.num_chunks else pa.array([], pa.string())
    try:
        whole = known.cast(pa.int64())
    except pa.ArrowInvalid:
        return column
    if not whole.cast(pa.string()).equals(known):
        return column
    return pa.chunked_array(
        [pa.DictionaryArray.from_arrays(c.indices, whole) for c in column.chunks], pa.dictionary(pa.int32(), pa.int64())
    )
