"""A text that comes in pieces, as the units that are complete: whatever follows, they are those of the whole text."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

from gatework.data.words import LONGEST, kinds
from gatework.errors import DataError

if TYPE_CHECKING:
    from gatework.data.text import TextReader

# On the letters of words.kinds: what is turned into tokens at once. Words of any script; or all between two spaces.
_UNITS = {"words": re.compile(f"cm*|[^sc]{{1,{LONGEST}}}"), "bpe": re.compile(f"[^s]{{1,{LONGEST}}}")}
_SURROGATE = re.compile("[\ud800-\udfff]")


def joins(c: str) -> bool:
    """Whether a character may become one with what stands before it, under Unicode's NFC.

    Marks, the later letters of a Hangul syllable, and the one other letter that does, Kirat Rai's sign E.
    """
    return unicodedata.category(c)[0] == "M" or "\u1160" <= c <= "\u11ff" or c == "\U00016d67"


class Units:
    """Cut a text into units: characters, or runs without spaces, which become tokens each for itself.

    The text is normalised (NFC), lone surrogates become U+FFFD. What a later piece could still change is held back.
    """

    def __init__(self, tokens: str):
        self.pattern = _UNITS.get(tokens)
        # As it came, from the last character that marks may follow; and normalised, a unit that may go on.
        self.raw, self.open = "", ""

    def push(self, piece: str) -> list[str]:
        """Take more text, and give the units that are complete."""
        raw = self.raw + piece
        # Nothing becomes one with a space, so that a word is complete as soon as that comes.
        cut = len(raw)
        if raw and not raw[-1].isspace():
            cut -= 1
            while cut and joins(raw[cut]):
                cut -= 1
        units, self.open = self._cut(self.open + _normal(raw[:cut]))
        self.raw = raw[cut:]
        return units

    def pending(self) -> list[str]:
        """The units that would follow if the text ended now."""
        units, rest = self._cut(self.open + _normal(self.raw))
        return [*units, rest] if rest else units

    def _cut(self, text: str) -> tuple[list[str], str]:
        """The units of a normalised text, and what could be the beginning of a longer one."""
        if self.pattern is None:
            return list(text), ""
        shape = kinds(text)
        units, rest = [], ""
        for match in self.pattern.finditer(shape):
            unit = text[match.start() : match.end()]
            # A letter that is a token by itself came with all its marks.
            if match.end() == len(text) and not (self.pattern is _UNITS["words"] and shape[match.start()] == "c"):
                rest = unit
            else:
                units.append(unit)
        return units, rest


class TextStream:
    """The tokens of a text that comes in pieces: those of push, put together, and pending at the end are read's."""

    def __init__(self, reader: TextReader):
        self._reader = reader
        self.reset()

    def reset(self) -> None:
        """Begin a new text."""
        self._units, self._count = Units(self._reader.tokens), 0

    @property
    def state(self) -> tuple[str, str, int]:
        """All that the next push needs, to be copied and set again: two pieces of text held back, and tokens so far."""
        return self._units.raw, self._units.open, self._count

    @state.setter
    def state(self, state: tuple[str, str, int]) -> None:
        self._units.raw, self._units.open, self._count = state

    @property
    def full(self) -> bool:
        """Whether there have been max_length tokens: no more will come."""
        most = self._reader.max_length
        return most is not None and self._count >= most

    def push(self, piece: str) -> np.ndarray:
        """Take more text, and give the tokens (n,) that became complete."""
        if not isinstance(piece, str):
            raise DataError(f"piece must be text; got {type(piece).__name__}. Push strings.")
        if self.full:
            return np.empty(0, np.int64)
        ids = self._ids(self._units.push(piece))
        self._count += len(ids)
        return ids

    def pending(self) -> np.ndarray:
        """The tokens (m,) that would follow if the text ended now; they are not consumed."""
        return self._ids(self._units.pending())

    def _ids(self, units: list[str]) -> np.ndarray:
        most = self._reader.max_length
        found = np.array([i for unit in units for i in self._reader.encode(unit)], np.int64)
        return found if most is None else found[: most - self._count]


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", _SURROGATE.sub("\ufffd", text))
