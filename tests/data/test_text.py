"""Texts as words, characters and pieces: what a token is, what is unknown, what is kept."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
import unicodedata

import numpy as np
import pytest

from gatework.data import bpe
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
        ("ﾃｷ", ["ﾃ", "ｷ"]),
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


def test_the_most_frequent_are_told_apart():
    texts = ["b b b a a c c d"]
    assert fit(texts).vocabulary[2:] == ("b", "a", "c")
    assert fit(texts, vocabulary_size=2).vocabulary[2:] == ("b", "a")
    assert fit(texts, min_count=1).vocabulary[2:] == ("b", "a", "c", "d")
    assert fit(texts, min_count=3).vocabulary[2:] == ("b",)
    assert fit(texts, tokens="characters").vocabulary[2:] == (" ", "b", "a", "c", "d")
    assert fit(texts, tokens="characters", vocabulary_size=1).vocabulary[2:] == (" ",)


def test_where_no_word_comes_twice_all_are_told_apart():
    assert fit(["a b", "c"]).vocabulary[2:] == ("a", "b", "c")
    said = (
        r"^min_count must be at most 1, as often as the most frequent of the words occurs; got 2. Take a smaller one.$"
    )
    with pytest.raises(OptionError, match=said):
        fit(["a b", "c"], min_count=2)


def test_case_is_ignored_in_words_alone_unless_asked():
    assert shown(fit(["Ab ab"]), "AB") == ["ab"]
    assert shown(fit(["Ab Ab"], lowercase=False), "Ab ab") == ["Ab", "<unknown>"]
    assert shown(fit(["Ab"], tokens="characters"), "aB") == ["<unknown>", "<unknown>"]
    assert "".join(shown(fit(["Abab Abab"], tokens="bpe"), "Abab")) == "␣Abab"
    assert "".join(shown(fit(["Abab Abab"], tokens="bpe", lowercase=True), "Abab")) == "␣abab"
    # A sigma is small as at a word's end only where the word ends.
    assert shown(fit(["ΟΔΟΣ οδος"]), "οδος") == ["οδος"]


def test_pieces_are_learned_from_the_text_and_know_every_byte():
    reader = fit(["lower lowest low"] * 20, tokens="bpe", vocabulary_size=300)
    assert shown(reader, "low") == ["␣low"]
    rare = shown(reader, "slow ☃")
    assert "".join(rare) == "␣slow␣\\xe2\\x98\\x83"
    assert "<unknown>" not in rare
    ids = reader.read(["lowest ☃ <unk> <padding>"], [0])[0]
    assert ids.min() > 1
    assert ids.max() < len(reader.vocabulary)
    assert fit(["lower lowest low"] * 20, tokens="bpe", vocabulary_size=300) == reader
    assert len(fit(["lower lowest low"] * 20, tokens="bpe", vocabulary_size=300, min_count=61).vocabulary) == 2 + 256


def test_there_are_no_more_pieces_than_asked_for_or_than_the_text_can_teach():
    words = [f"{a}{b}{c}ation" for a in "bdfgk" for b in "aeiou" for c in "lmnrt"]
    text = " ".join(words * 2)
    assert len(fit([text], tokens="bpe").vocabulary) == 2 + 256 + sum(map(len, words)) * 2 // 100
    assert len(fit([text], tokens="bpe", vocabulary_size=300).vocabulary) == 2 + 300
    assert len(fit([text], tokens="bpe", vocabulary_size=9).vocabulary) == 2 + 256


def test_without_tokenizers_pieces_are_refused_with_the_command_that_helps(monkeypatch):
    monkeypatch.setattr(bpe, "find_spec", lambda name: None)
    said = r"^tokens='bpe' must have tokenizers; it is not installed. Run: pip install 'gatework\[text\]'$"
    with pytest.raises(OptionError, match=said):
        fit(tokens="bpe")


def test_what_is_read_needs_neither_torch_nor_tokenizers():
    code = "import sys; from gatework.data import text, vectors; print({'torch', 'tokenizers'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_a_text_that_came_in_words_stays_as_it_is_and_others_are_parted():
    reader = fit(["it 's a u.s. film , n't '70s .", "film , a film , it '70s , the 's ."] * 2)
    assert reader.whole
    assert shown(reader, "it 's u.s. n't '70s .") == ["it", "'s", "u.s.", "n't", "'70s", "."]
    assert shown(reader, "It's a film.") == ["it", "'s", "a", "film", "."]
    assert not fit(["It's a film, well made. Well, well."] * 2).whole
    assert not fit(["It's a film, well made ! Well, well."] * 2).whole
    # A word of that name is no padding.
    assert fit(["a <padding> , b ."] * 2).read(["<padding>"], [0])[0].min() > 1
    assert not fit(["no signs at all"] * 2).whole


def test_the_first_tokens_of_a_long_text_are_read():
    reader = fit(["a b c d e f"] * 2, max_length=4)
    assert shown(reader, "f d c b a") == ["<unknown>", "d", "c", "b"]
    assert reader.read(["a b"], [0])[0].shape == (2,)
    # Words beyond are not learned either.
    assert reader.vocabulary[2:] == ("a", "b", "c", "d")
    million = "word " * 1_000_000
    assert fit(["word word"]).read([million], [0])[0].shape == (10_000,)
    assert fit(["word word"], max_length=None).read([million], [0])[0].shape == (1_000_000,)


def test_notes_say_what_was_learned():
    assert fit(["a a b b", "a c", ""]).notes() == [
        "2 words are told apart; 16.7% of the training texts' words are unknown.",
        "A text has 2 words (median), the longest 4.",
    ]
    assert fit(["a , a .", "abc"], max_length=2, min_count=1).notes() == [
        "3 words are told apart; 0.0% of the training texts' words are unknown.",
        "A text has 2 words (median), the longest 2.",
        "The texts are already split into words: what stands between spaces is one, or parted where unknown.",
        "1 text is longer than 2 words: the first 2 are read.",
    ]
    assert fit(["aab"], tokens="characters").notes()[0].startswith("2 characters are told apart; 0.0%")


def test_signs_that_cannot_be_seen_are_shown_as_ones_that_can():
    assert shown(fit(["a \n\t\r"], tokens="characters"), "\r\ta\n ") == ["␍", "⇥", "a", "↵", "␣"]
    assert fit().show([0, 1]) == ["<padding>", "<unknown>"]


def test_a_reader_travels_to_another_process_after_it_has_read():
    reader = fit()
    reader.read(["the cat"], [0])
    assert pickle.loads(pickle.dumps(reader)) == reader
    assert copy.deepcopy(reader).read(["the cat"], [0])[0].tolist() == reader.read(["the cat"], [0])[0].tolist()


def test_sst2_stays_as_it_is(data):
    rows = [line.split("\t") for line in (data / "sst2" / "train.tsv").read_text("utf-8").splitlines()]
    texts = [row[0] for row in rows]
    reader = fit(texts, min_count=1)
    assert reader.whole
    assert len(reader.vocabulary) == 2 + len({word for text in texts for word in text.split()})
    for text, ids in zip(texts, reader.read(texts, range(len(texts))), strict=True):
        assert reader.show(ids) == text.split()


def test_names_in_many_letters_are_read_whole(data):
    files = sorted((data / "names_nationality").glob("*.txt"))
    names = [name for file in files if file.stem != "ORIGIN" for name in file.read_text("utf-8").split("\n") if name]
    assert len(names) > 20_000
    reader = fit(names, tokens="characters")
    for name, ids in zip(names, reader.read(names, range(len(names))), strict=True):
        assert "".join(reader.vocabulary[k] for k in ids) == unicodedata.normalize("NFC", name)


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
