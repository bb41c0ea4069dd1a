"""Byte-pair encoding, learned from the user's own text: frequent words whole, rare ones in pieces, nothing unknown."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any

from gatework.errors import OptionError


def need_tokenizers() -> None:
    """Raise OptionError, with the command that helps, unless tokenizers is installed."""
    if find_spec("tokenizers") is None:
        raise OptionError("tokens='bpe' must have tokenizers; it is not installed. Run: pip install 'gatework[text]'")


def learn(units: Iterable[list[str]], size: int, min_count: int) -> str:
    """Learn at most `size` pieces from runs without spaces, and give the whole tokenizer as JSON.

    Bytes are its alphabet, so that there is a piece for all (Radford et al., 2019), even where `size` is below 256.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    # Each run is read as if a space stood before it: "good" is one piece wherever it begins a word.
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=max(size, len(alphabet)), min_frequency=min_count, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(units, trainer)
    return tokenizer.to_str()


def load(json: str) -> Any:
    """The tokenizer that `learn` gave."""
    need_tokenizers()
    from tokenizers import Tokenizer

    return Tokenizer.from_str(json)


def pieces(tokenizer: Any) -> list[str]:
    """All its pieces, by their index, in its own letters for bytes."""
    by_index = {index: piece for piece, index in tokenizer.get_vocab().items()}
    return [by_index[k] for k in range(len(by_index))]


def readable(piece: str) -> str:
    """A piece as text; a byte that is no character by itself as its number, in hexadecimal."""
    return bytes(_BYTES[c] for c in piece).decode("utf-8", "backslashreplace")


def _bytes() -> dict[str, int]:
    """The byte that each of the byte-level letters stands for: itself where it can be seen, else one from U+0100 on."""
    seen = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [b for b in range(256) if b not in seen]
    return {chr(b): b for b in seen} | {chr(0x100 + k): b for k, b in enumerate(hidden)}


_BYTES = _bytes()
