"""Word vectors from a file of text, as GloVe and word2vec have them, for the words of one vocabulary alone."""

from __future__ import annotations

import gzip
import os
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gatework.errors import DataError

# A line that is longer holds no vector: the file is none of text.
_LONGEST_LINE = 1 << 20


class Vectors(NamedTuple):
    """What a file has for the V words of a vocabulary."""

    values: np.ndarray  # (V, D) float32, 0 where a word is not in the file
    found: np.ndarray  # (V,) bool
    notes: tuple[str, ...]


class _Row(NamedTuple):
    """A line of the file, the word read and its numbers not yet."""

    line: int
    word: str
    numbers: bytes


def read_vectors(path: str | os.PathLike[str], words: Sequence[str]) -> Vectors:
    """Read the vectors of some words from a GloVe (no header) or word2vec (header "V D") file of text, or a .gz of it.

    The file is read line by line: memory holds the words' own vectors alone. A word that the file does not have is
    looked for in small letters. Of a word that comes twice the first vector is taken. Numbers are read of the wanted
    words alone; how many there are is checked in every line.

    Parameters
    ----------
    path : str or path
        The file.
    words : sequence of str
        A vocabulary, by index, such as TextReader.vocabulary.

    Raises
    ------
    DataError
        No such file, or a line that is no vector, by its number.
    """
    path = Path(path)
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no such file"
        raise DataError(f"vectors must be the path of a file; got '{path}', {what}. Check the path.")
    wanted = {form for word in words for form in (word, word.lower())}
    had: dict[str, np.ndarray] = {}
    width = 0
    for row in _rows(path):
        width = row.numbers.count(b" ") + 1
        if row.word in wanted and row.word not in had:
            had[row.word] = _numbers(path, row.line, row.numbers)
    values, found = np.zeros((len(words), width), np.float32), np.zeros(len(words), bool)
    for k, word in enumerate(words):
        vector = had.get(word, had.get(word.lower()))
        if vector is not None:
            values[k], found[k] = vector, True
    return Vectors(values, found, (f"{found.sum():,} of {len(words):,} words found in {path.name}.",))


def _rows(path: Path) -> Iterator[_Row]:
    """Every line with a vector, checked for how many numbers it has."""
    said = width = count = 0
    for line, raw in _lines(path):
        many = raw.count(b" ")
        if line == 1 and many == 1 and raw.replace(b" ", b"").isdigit():
            said, width = map(int, raw.split(b" "))
            if not width:
                raise _wrong(path, line, "how many words there are and how many numbers each has", repr(raw.decode()))
            continue
        if not width:
            # The first word has no space; that it is followed by numbers is checked whether it is wanted or not.
            width = many
            _numbers(path, line, raw.partition(b" ")[2])
        word, numbers = _part(raw, width, many)
        # A word may have spaces (". . ." in GloVe's 840B), but then its last part is no decimal number.
        last = word.rpartition(b" ")[2]
        if many < width or (many > width and b"." in last and _is_number(last)):
            raise _wrong(path, line, f"a word and {width} numbers", f"{many} of them")
        try:
            text = word.decode("utf-8")
        except UnicodeDecodeError:
            raise _wrong(path, line, "text in UTF-8", "other bytes") from None
        count += 1
        yield _Row(line, unicodedata.normalize("NFC", text), numbers)
    if not count:
        raise DataError(
            f"vectors must be a file with a line a word; got '{path}', which has none. Check how it was made."
        )
    if said and said != count:
        raise DataError(
            f"vectors must have {said:,} words, as the first line of '{path}' says; got {count:,}. "
            f"The file may be cut off: fetch it again."
        )


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines from 1 on, without what ends them. Words may hold what else ends lines in Unicode."""
    with path.open("rb") as start:
        packed = start.read(2) == b"\x1f\x8b"
    try:
        with path.open("rb") as stored:
            plain: Any = gzip.GzipFile(fileobj=stored) if packed else stored
            line = 0
            while raw := plain.readline(_LONGEST_LINE):
                line += 1
                if len(raw) == _LONGEST_LINE:
                    raise _wrong(path, line, "a word and its numbers", "a million bytes")
                if raw := raw.rstrip(b" \r\n"):
                    yield line, raw
    except (OSError, EOFError, zlib.error) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise DataError(
            f"vectors must be a readable file; got '{path}', which failed with: {reason}. Fetch it again."
        ) from None


def _part(raw: bytes, width: int, many: int) -> tuple[bytes, bytes]:
    """A line's word and its `width` numbers, of `many` that a space stands before."""
    if many <= width:
        word, _, numbers = raw.partition(b" ")
        return word, numbers
    word, *fields = raw.rsplit(b" ", width)
    return word, b" ".join(fields)


def _numbers(path: Path, line: int, text: bytes) -> np.ndarray:
    fields = text.split(b" ")
    bad = next((field for field in fields if not _is_number(field)), None)
    if bad is not None:
        raise _wrong(path, line, "numbers after the word", repr(bad[:40].decode("utf-8", "replace")))
    with np.errstate(over="ignore"):
        values = np.array([float(field) for field in fields]).astype(np.float32)
    if not np.isfinite(values).all():
        raise _wrong(path, line, "numbers below 3e38", fields[int(np.argmin(np.isfinite(values)))].decode())
    return values


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _wrong(path: Path, line: int, want: str, got: str) -> DataError:
    return DataError(
        f"line {line:,} of '{path}' must hold {want}; got {got}. Give a GloVe or word2vec file of text, as .txt or .gz."
    )
