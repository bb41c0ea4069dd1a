"""Texts as tokens: words, characters, or pieces of words learned from the user's own text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, ClassVar

import numpy as np

from gatework.data import bpe
from gatework.data.text_stream import TextStream, Units
from gatework.data.words import split
from gatework.errors import DataError, OptionError

KINDS = ("words", "characters", "bpe")
# What the first two tokens are called; their places are the padding behind a text and whatever is unknown.
PADDING, UNKNOWN = 0, 1
_FIRST = ("<padding>", "<unknown>")
_MOST = {"words": 20_000, "characters": None, "bpe": 8_000}
# A word that was seen once teaches more as the unknown word than as itself.
_MIN_COUNT = {"words": 2, "characters": 1, "bpe": 2}
# One piece for so many characters of text, or byte pairs would learn it by heart.
_CHARACTERS_A_PIECE = 100
# Long texts are read in parts, so that no more than needed is looked at.
_PART = 1 << 16
_SEEN = {" ": "␣", "\n": "↵", "\r": "␍", "\t": "⇥"}


@dataclass(frozen=True)
class TextReader:
    """Turns texts into tokens, as learned from the training texts.

    Texts are normalised (Unicode NFC). Words keep hyphens and numbers' points, part English contractions (do|n't), and
    are single letters in scripts without spaces (Chinese, Japanese, Thai). Characters are Unicode's code points, with
    no mark for the start or end: a network knows both. `fit` learns one; the fields are what it learned.
    """

    kind: ClassVar[str] = "text"
    names: ClassVar[tuple[str, ...]] = ("token",)

    tokens: str
    vocabulary: tuple[str, ...]  # by index; the padding and the unknown first
    lowercase: bool
    max_length: int | None
    whole: bool = False  # the text came in words: a run between spaces that is known is one
    tokenizer: str | None = None  # that of byte pairs, as JSON
    said: tuple[str, ...] = ()

    @classmethod
    def fit(
        cls,
        items: Sequence[str],
        *,
        ids: Sequence[Any],
        tokens: str = "words",
        vocabulary_size: int | None = None,
        min_count: int | None = None,
        lowercase: bool | None = None,
        max_length: int | None = 10_000,
    ) -> TextReader:
        """Learn which tokens there are.

        Parameters
        ----------
        items : sequence of str
            The training texts.
        ids : sequence
            What each is called in an error.
        tokens : {"words", "characters", "bpe"}
            What a step is. "bpe" are pieces of words (Sennrich et al., 2016), of bytes, so that none is unknown; it
            needs `pip install 'gatework[text]'`.
        vocabulary_size : int, optional
            The most tokens to tell apart; the most frequent are taken. By default 20,000 words, all characters, or
            8,000 pieces, but no more than 256 and one for every 100 characters of text.
        min_count : int, optional
            How often a token must occur to be told apart: 2 for words and pieces, 1 for characters.
        lowercase : bool, optional
            Whether to ignore case: by default for words alone.
        max_length : int, optional
            Tokens read of a text; of a longer one the first are read and the rest is left out. None reads all.

        Raises
        ------
        OptionError
            An option that cannot be, or tokenizers is not installed.
        DataError
            An item that is no text, or there is no text at all.
        """
        _check(tokens, vocabulary_size, min_count, max_length)
        if tokens == "bpe":
            bpe.need_tokenizers()
        lowercase = tokens == "words" if lowercase is None else lowercase
        empty = cls(tokens, _FIRST, lowercase, max_length)
        counts = Counter(unit for units in empty._units(items, ids) for unit in units)
        if not counts:
            raise DataError(f"X must hold text; got {len(items):,} empty ones. Check the column or the files.")
        most = _MOST[tokens] if vocabulary_size is None else vocabulary_size
        least = _MIN_COUNT[tokens] if min_count is None else min_count
        if tokens == "bpe":
            if vocabulary_size is None:
                most = min(8_000, 256 + sum(len(u) * n for u, n in counts.items()) // _CHARACTERS_A_PIECE)
            learned = bpe.learn(empty._units(items, ids), most or 0, least)
            reader = replace(empty, tokenizer=learned, vocabulary=_with_pieces(learned))
        else:
            whole = tokens == "words" and _in_words(counts)
            found: Counter[str] = Counter()
            for unit, n in counts.items():
                for token in [unit] if whole or tokens == "characters" else split(unit):
                    found[token] += n
            often = max(found.values())
            if min_count is not None and often < least:
                raise OptionError(
                    f"min_count must be at most {often:,}, as often as the most frequent of the {tokens} occurs; "
                    f"got {least:,}. Take a smaller one."
                )
            # Where no word comes twice, each is told apart: something is to be learned.
            least = min(least, often)
            order = sorted((t for t, n in found.items() if n >= least), key=lambda t: (-found[t], t))
            reader = replace(empty, vocabulary=(*_FIRST, *order[:most]), whole=whole)
        return replace(reader, said=tuple(reader._describe(items, ids)))

    def read(self, items: Sequence[str], ids: Sequence[Any]) -> list[np.ndarray]:
        """Turn texts into tokens: an int64 array (T,) each, of length 0 for an empty text.

        Raises
        ------
        DataError
            An item that is no text.
        """
        return [self._read(_text(item, name)) for item, name in zip(items, ids, strict=True)]

    def stream(self) -> TextStream:
        """Read a text that comes in pieces."""
        return TextStream(self)

    def show(self, ids: Iterable[int]) -> list[str]:
        """Name each token as a person reads it; spaces and line ends become signs that can be seen."""
        names = [self.vocabulary[int(i)] for i in ids]
        if self.tokens == "bpe":
            names = [name if name in _FIRST else bpe.readable(name) for name in names]
        return [name if self.tokens == "words" else "".join(_SEEN.get(c, c) for c in name) for name in names]

    def notes(self) -> list[str]:
        """What was chosen, a sentence each."""
        return list(self.said)

    def to_dict(self) -> dict[str, Any]:
        """Give all of it as JSON holds it."""
        stored = asdict(self) | {"vocabulary": list(self.vocabulary), "said": list(self.said)}
        if self.tokens == "bpe":
            # The tokenizer has it.
            del stored["vocabulary"]
        return stored

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> TextReader:
        """Make the reader that to_dict told of."""
        words = _with_pieces(stored["tokenizer"]) if stored["tokens"] == "bpe" else tuple(stored["vocabulary"])
        return cls(**{**stored, "vocabulary": words, "said": tuple(stored["said"])})

    @cached_property
    def encode(self) -> Any:
        """The function from a unit (a character, or a run without spaces) to its tokens; it remembers frequent ones."""
        places = {token: k for k, token in enumerate(self.vocabulary) if k >= len(_FIRST)}
        if self.tokens == "bpe":
            tokenizer = bpe.load(self.tokenizer or "")

        def encode(unit: str) -> tuple[int, ...]:
            if self.tokens == "bpe":
                return tuple(len(_FIRST) + i for i in tokenizer.encode(unit).ids)
            if self.tokens == "characters" or (self.whole and unit in places):
                return (places.get(unit, UNKNOWN),)
            return tuple(places.get(token, UNKNOWN) for token in split(unit))

        # By itself and not within its text: else a cut could change what is small (the final sigma).
        return lru_cache(1 << 16)(lambda unit: encode(unit.lower()) if self.lowercase else encode(unit))

    def __getstate__(self) -> dict[str, Any]:
        # What it remembers need not travel to another process, and cannot.
        return {name: value for name, value in self.__dict__.items() if name != "encode"}

    def _read(self, text: str) -> np.ndarray:
        stream, found = self.stream(), [np.empty(0, np.int64)]
        for at in range(0, len(text), _PART):
            found.append(stream.push(text[at : at + _PART]))
            if stream.full:
                break
        return np.concatenate([*found, stream.pending()])

    def _units(self, items: Sequence[str], ids: Sequence[Any]) -> Iterator[list[str]]:
        """The units of each text, as many as it has tokens at most."""
        for item, name in zip(items, ids, strict=True):
            text, cutter, units = _text(item, name), Units(self.tokens), []
            for at in range(0, len(text), _PART):
                units += cutter.push(text[at : at + _PART])
                if self.max_length is not None and len(units) > self.max_length:
                    break
            units = (units + cutter.pending())[: self.max_length]
            yield [unit.lower() for unit in units] if self.lowercase else units

    def _describe(self, items: Sequence[str], ids: Sequence[Any]) -> Iterator[str]:
        more = replace(self, max_length=None if self.max_length is None else self.max_length + 1)
        every = more.read(items, ids)
        found = [part[: self.max_length] for part in every]
        lengths = np.array([len(part) for part in found])
        unknown = sum(int((part == UNKNOWN).sum()) for part in found) / max(lengths.sum(), 1)
        noun = {"words": "words", "characters": "characters", "bpe": "pieces of words"}[self.tokens]
        yield (
            f"{len(self.vocabulary) - len(_FIRST):,} {noun} are told apart; {unknown:.1%} of the training texts' "
            f"{noun} are unknown."
        )
        yield f"A text has {np.median(lengths):,.0f} {noun} (median), the longest {lengths.max():,}."
        if self.whole:
            yield "The texts are already split into words: what stands between spaces is one, or parted where unknown."
        if cut := sum(len(part) > len(kept) for part, kept in zip(every, found, strict=True)):
            are = "text is" if cut == 1 else "texts are"
            yield f"{cut:,} {are} longer than {self.max_length:,} {noun}: the first {self.max_length:,} are read."


def _with_pieces(tokenizer: str) -> tuple[str, ...]:
    return (*_FIRST, *bpe.pieces(bpe.load(tokenizer)))


def _text(item: Any, name: Any) -> str:
    if not isinstance(item, str):
        raise DataError(f"text {name} must be a string; got {type(item).__name__}. Leave it out, or use ''.")
    return item


def _in_words(counts: Counter[str]) -> bool:
    """Whether commas and full stops nearly always stand alone: the text has been split into words."""
    alone = sum(n for unit, n in counts.items() if unit in {".", ",", "!", "?"})
    at_a_word = sum(n for unit, n in counts.items() if unit[-1] in ".,!?" and unit[0].isalnum())
    # Abbreviations keep their points (Mr., U.S.), and in news there is one for some six signs.
    return alone > 3 * at_a_word


def _check(tokens: str, vocabulary_size: int | None, min_count: int | None, max_length: int | None) -> None:
    if tokens not in KINDS:
        raise OptionError(f"tokens must be 'words', 'characters' or 'bpe'; got {tokens!r}. Use one of these.")
    given = {"vocabulary_size": vocabulary_size, "min_count": min_count, "max_length": max_length}
    for name, value in given.items():
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= 1
        if value is not None and not whole:
            raise OptionError(f"{name} must be a whole number from 1 on; got {value!r}. None takes the default.")
