"""Texts as words, characters and pieces: what a token is, what is unknown, what is kept."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gatework.data.text import TextReader
from gatework.data.words import split
from gatework.errors import DataError, OptionError

TEXTS = ["The cat sat. The cat sat!", "A dog's day, a dog's night.", ""]


def fit(texts=TEXTS, **options) -> TextReader:
    return TextReader.fit(texts, ids=range(len(texts)), **options)


def shown(reader: TextReader, text: str) -> list[str]:
    return reader.show(reader.read([text], [0])[0])


@pytest.mark.parametrize(
    ("chunk", "tokens"),
    [
        ("(don't!)", ["(", "do", "n't", "!", ")"]),
        ("I'd've", ["I", "'d", "'ve"]),
        ("can’t", ["ca", "n't"]),
        ("'hello'", ["'", "hello", "'"]),
        ("n't", ["n't"]),
        ("'s", ["'s"]),
        ("l'homme", ["l'", "homme"]),
        ("rock'n'roll", ["rock'n'roll"]),
        ("well-made", ["well-made"]),
        ("1,000.", ["1,000", "."]),
        ("12:30", ["12:30"]),
        ("end.Next", ["end", ".", "Next"]),
        ("--", ["--"]),
        ("?!?", ["?", "!", "?"]),
        (".,..", [".", ",", ".."]),
        ("中文字", ["中", "文", "字"]),
        ("テキスト", ["テ", "キ", "ス", "ト"]),
        ("ดี", ["ดี"]),
        ("हिन्दी", ["हिन्दी"]),
        ("한국어", ["한국어"]),
        ("👩‍💻👩🏽‍🚀🇩🇪🇫🇷❤️", ["👩‍💻", "👩🏽‍🚀", "🇩🇪", "🇫🇷", "❤️"]),
        ("\u0301x", ["\u0301", "x"]),
    ],
)
def test_a_run_without_spaces_parts_into_words_and_signs(chunk, tokens):
    assert split(chunk) == tokens


def test_words_are_the_frequent_ones_in_order_and_the_rest_is_unknown():
    reader = fit()
    assert reader.vocabulary == ("<padding>", "<unknown>", "'s", ".", "a", "cat", "dog", "sat", "the")
    assert shown(reader, "The cat's fish") == ["the", "cat", "'s", "<unknown>"]
    np.testing.assert_array_equal(reader.read(["the fish"], [0])[0], [8, 1])
    assert reader.read(["the fish"], [0])[0].dtype == np.int64
    assert (reader.kind, reader.names) == ("text", ("token",))


@pytest.mark.parametrize("tokens", ["words", "characters", "bpe"])
def test_an_empty_text_has_no_tokens(tokens):
    reader = fit(tokens=tokens)
    for text in ("", " \n\t" if tokens != "characters" else ""):
        assert reader.read([text], [0])[0].shape == (0,)
        assert reader.read([text], [0])[0].dtype == np.int64


@pytest.mark.parametrize("tokens", ["words", "characters", "bpe"])
def test_a_reader_survives_json(tokens):
    reader = fit(tokens=tokens)
    again = TextReader.from_dict(json.loads(json.dumps(reader.to_dict())))
    assert again == reader
    assert again.notes() == reader.notes()
    np.testing.assert_array_equal(again.read(["A cat's day 中"], [0])[0], reader.read(["A cat's day 中"], [0])[0])


def test_characters_are_code_points_after_nfc():
    reader = fit(["Zoe\u0308 \n"], tokens="characters")
    assert shown(reader, "Zo\u00eb z") == ["Z", "o", "\u00eb", "␣", "<unknown>"]
    assert set(reader.vocabulary[2:]) == {"Z", "o", "\u00eb", " ", "\n"}
    assert shown(fit(["Zoë"], tokens="characters", lowercase=True), "zOË") == ["z", "o", "ë"]


def test_refusals():
    with pytest.raises(OptionError, match=r"^tokens must be 'words', 'characters' or 'bpe'; got 'word'. Use one"):
        fit(tokens="word")
    with pytest.raises(OptionError, match=r"^min_count must be a whole number from 1 on; got 0. None takes the def"):
        fit(min_count=0)
    with pytest.raises(DataError, match=r"^X must hold text; got 2 empty ones. Check the column or the files.$"):
        fit(["", " "])
    with pytest.raises(DataError, match=r"^text b must be a string; got float. Leave it out, or use ''.$"):
        TextReader.fit(["x", float("nan")], ids=["a", "b"])
    with pytest.raises(DataError, match=r"^piece must be text; got bytes. Push strings.$"):
        fit().stream().push(b"x")
