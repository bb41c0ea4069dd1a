"""A text that comes in pieces gives the tokens of the whole, wherever it is cut."""

from __future__ import annotations

import itertools
import re
import unicodedata

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gatework.data.text import TextReader
from gatework.data.text_stream import joins
from gatework.data.words import LONGEST, kinds, split

TEXTS = [
    "Don't cut the café, 中文 ดี हिन्दी 한국어 👩‍💻 ΟΔΟΣ 3.14 l'été ... \u1100\u1161\u11a8 \u09c7\u09be",
    "x" * 250,
    "a b\n",
] * 2
READERS = {kind: TextReader.fit(TEXTS, ids=range(6), tokens=kind) for kind in ("words", "characters", "bpe")}
READERS["in words"] = TextReader.fit(["It 's a u.s. film .", "it 's , well , n't ."] * 2, ids=range(4))
READERS["at most 3"] = TextReader.fit(TEXTS, ids=range(6), max_length=3)

# What is hard to cut: marks that compose or reorder, syllables of letters, joined pictures, runs, signs, spaces.
HARD = [
    "e\u0301",
    "\u0301",
    "\u0327",
    "q\u0307\u0323",
    "\u1100",
    "\u1161",
    "\u11a8",
    "\uac00",
    "\u09c7",
    "\u09be",
    "👩‍💻",
]
HARD += [
    "\u200d",
    "🏽",
    "🇩",
    "🇪",
    "❤️",
    "中",
    "か\u3099",
    "ดี",
    "हिन्दी",
    "Σ",
    "İ",
    "don't",
    "can’t",
    "'",
    "n't",
    "'s",
    "...",
]
HARD += [
    " ",
    "\n",
    "\r\n",
    "\u00a0",
    "\u200b",
    "\u3000",
    "3.14",
    "1,0",
    ".",
    "-",
    "x" * 99,
    "\u2000",
    "\u212b",
    "\ud800",
]
texts = st.lists(st.sampled_from(HARD) | st.text(max_size=3), max_size=12).map("".join)


def units_of(text: str, pattern: str) -> list[str]:
    text = unicodedata.normalize("NFC", re.sub("[\ud800-\udfff]", "\ufffd", text))
    return [text[m.start() : m.end()] for m in re.finditer(pattern, kinds(text))]


def tokens_of(reader: TextReader, text: str) -> list[str]:
    """The tokens of a whole text, without a stream."""
    if reader.tokens == "characters":
        return list(unicodedata.normalize("NFC", text))
    return [token for unit in units_of(text, f"cm*|[^sc]{{1,{LONGEST}}}") for token in split(unit.lower())]


@pytest.mark.parametrize("name", READERS)
@given(text=texts, cuts=st.lists(st.integers(0, 60), max_size=8), data=st.data())
@example(text="don't", cuts=[1, 2, 3, 4], data=None)
@example(text="e\u0301\u0327 e", cuts=[1, 2, 3], data=None)
@example(text="👩‍💻", cuts=[1, 2], data=None)
@example(text="\u1100\u1161\u11a8 \u1100\u1161", cuts=[1, 2, 5], data=None)
@example(text="a  b ", cuts=[1, 2, 3, 4], data=None)
@example(text="中\u3099文", cuts=[1, 2], data=None)
@example(text="x" * 350 + " x", cuts=list(range(0, 350, 7)), data=None)
def test_pieces_give_what_the_whole_gives(name, text, cuts, data):
    reader = READERS[name]
    (whole,) = reader.read([text], [0])
    stream = reader.stream()
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    had = []
    for a, b in itertools.pairwise(edges):
        had.append(stream.push(text[a:b]))
        # What would follow is what the text so far gives, and asking for it changes nothing.
        now = np.concatenate([*had, stream.pending()])
        np.testing.assert_array_equal(now, reader.read([text[:b]], [0])[0])
        # Another stream goes on where this one stands.
        state, stream = stream.state, reader.stream()
        stream.state = state
    np.testing.assert_array_equal(np.concatenate([*had, stream.pending()]), whole)
    stream.reset()
    np.testing.assert_array_equal(np.concatenate([stream.push(text), stream.pending()]), whole)


@pytest.mark.parametrize("name", ["words", "characters"])
@given(text=texts.filter(lambda text: "\ud800" not in text))
def test_the_whole_is_read_as_its_definition_says(name, text):
    reader = READERS[name]
    places = {token: k for k, token in enumerate(reader.vocabulary)}
    wanted = [places.get(token, 1) for token in tokens_of(reader, text)]
    assert reader.read([text], [0])[0].tolist() == wanted


@given(text=texts)
def test_nothing_but_spaces_is_lost(text):
    for pattern in (f"cm*|[^sc]{{1,{LONGEST}}}", f"[^s]{{1,{LONGEST}}}"):
        for unit in units_of(text, pattern):
            assert "".join(split(unit)) == unit.replace("’", "'")


def test_a_word_is_complete_at_the_space_behind_it_and_a_letter_that_is_a_word_at_the_next():
    stream = READERS["words"].stream()
    assert [len(stream.push(c)) for c in "Don't cut"] == [0, 0, 0, 0, 0, 2, 0, 0, 0]
    stream.reset()
    assert [len(stream.push(c)) for c in "中文。"] == [0, 1, 1]
    stream = READERS["characters"].stream()
    assert [len(stream.push(c)) for c in "ab c"] == [0, 1, 2, 0]


def test_every_character_that_unicode_composes_with_the_one_before_is_held_for():
    every = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    later = {
        mark for c in every for mark in unicodedata.normalize("NFD", c)[1:] if not unicodedata.is_normalized("NFD", c)
    }
    assert {"\u0301", "\u1161", "\u11a8", "\u09be"} < later
    assert [c for c in later if not joins(c)] == []
    # None begins another way once it is normalised.
    assert [c for c in every if not joins(c) and joins(unicodedata.normalize("NFD", c)[0])] == []


def test_a_stream_holds_little_of_a_long_text():
    for name in ("words", "characters", "bpe"):
        stream = TextReader.fit(TEXTS, ids=range(6), tokens=name, max_length=None).stream()
        for _ in range(1000):
            stream.push("x" * 37)
        raw, rest, count = stream.state
        assert len(raw) <= 1
        assert len(rest) <= LONGEST
        assert count > 300


def test_no_more_tokens_come_once_there_have_been_as_many_as_are_read():
    stream = READERS["at most 3"].stream()
    assert stream.push("the cut the ").tolist() == READERS["at most 3"].read(["the cut the a"], [0])[0].tolist()
    assert stream.full
    assert stream.push("the the ").shape == stream.pending().shape == (0,)
