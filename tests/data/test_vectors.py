"""Word vectors from files as people have them, and what is said of broken ones."""

from __future__ import annotations

import gzip
import tracemalloc

import numpy as np
import pytest

from gatework.data.vectors import read_vectors
from gatework.errors import DataError

GLOVE = "the 0.1 0.2\ncat -1 2e-3\nparis 5 6\nthe 9 9\n"
ADVICE = "Give a GloVe or word2vec file of text, as .txt or .gz."


def write(folder, text, name="v.txt"):
    path = folder / name
    raw = text if isinstance(text, bytes) else text.encode()
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return path


def said_of(path, words=("the",)) -> str:
    with pytest.raises(DataError) as error:
        read_vectors(path, words)
    return str(error.value)


@pytest.mark.parametrize(
    "text", [GLOVE, "4 2\n" + GLOVE, GLOVE.replace("\n", " \r\n")], ids=["glove", "word2vec", "ends"]
)
@pytest.mark.parametrize("name", ["v.txt", "v.txt.gz"])
def test_the_wanted_words_are_read(tmp_path, text, name):
    values, found, notes = read_vectors(write(tmp_path, text, name), ["<padding>", "cat", "the", "Paris", "dog"])
    np.testing.assert_array_equal(values, np.array([[0, 0], [-1, 2e-3], [0.1, 0.2], [5, 6], [0, 0]], np.float32))
    assert values.dtype == np.float32
    assert found.tolist() == [False, True, True, True, False]
    assert notes == (f"3 of 5 words found in {name}.",)


def test_a_word_is_taken_as_it_is_before_its_small_letters(tmp_path):
    path = write(tmp_path, "us 1\nUS 2\n")
    assert read_vectors(path, ["US", "us", "Us"]).values.tolist() == [[2], [1], [1]]


def test_words_with_spaces_numbers_and_what_else_ends_lines(tmp_path):
    path = write(
        tmp_path, "x 1 2\n. . . 3 4\n1 1/2 5 6\n2 7 8\na\u2028b\x85 9 10\ncafe\u0301 11 12\nsec 2 15 16\n 13 14\n"
    )
    wanted = [". . .", "1 1/2", "2", "a\u2028b\x85", "caf\u00e9", "sec 2", ""]
    assert read_vectors(path, wanted).values.tolist() == [[3, 4], [5, 6], [7, 8], [9, 10], [11, 12], [15, 16], [13, 14]]


@pytest.mark.parametrize(
    ("text", "line", "want", "got"),
    [
        ("x 1 2\nthe 1\n", 2, "a word and 2 numbers", "1 of them"),
        ("x 1 2\ny 1.0 2.0 3.0\n", 2, "a word and 2 numbers", "3 of them"),
        ("1 3\nthe 1 2\n", 2, "a word and 3 numbers", "2 of them"),
        ("x 1 2\nthe 1 two\n", 2, "numbers after the word", "'two'"),
        ("2 0\nthe 1\n", 1, "how many words there are and how many numbers each has", "'2 0'"),
        ("hello there\n", 1, "numbers after the word", "'there'"),
        ("one\n", 1, "numbers after the word", "''"),
        ("x 1\nthe nan\n", 2, "numbers below 3e38", "nan"),
        ("x 1\nthe 1e39\n", 2, "numbers below 3e38", "1e39"),
        (b"x 1\n\xff\xfe 2\n", 2, "text in UTF-8", "other bytes"),
        pytest.param("x " + "1" * (1 << 20), 1, "a word and its numbers", "a million bytes", id="a million bytes"),
    ],
)
def test_a_broken_line_is_named(tmp_path, text, line, want, got):
    path = write(tmp_path, text)
    assert said_of(path) == f"line {line} of '{path}' must hold {want}; got {got}. {ADVICE}"


def test_broken_files_are_refused(tmp_path):
    path = write(tmp_path, "5 1\nthe 1\n")
    assert said_of(path) == (
        f"vectors must have 5 words, as the first line of '{path}' says; got 1. "
        "The file may be cut off: fetch it again."
    )
    for text in ("", "\n\n", "0 3\n"):
        path = write(tmp_path, text)
        assert said_of(path) == (
            f"vectors must be a file with a line a word; got '{path}', which has none. Check how it was made."
        )
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(GLOVE.encode() * 100)[:-12])
    assert said_of(path).startswith(f"vectors must be a readable file; got '{path}', which failed with: ")
    assert said_of(tmp_path) == f"vectors must be the path of a file; got '{tmp_path}', a folder. Check the path."
    assert said_of(tmp_path / "no") == (
        f"vectors must be the path of a file; got '{tmp_path / 'no'}', no such file. Check the path."
    )


def test_memory_holds_the_wanted_words_alone(tmp_path):
    path = write(tmp_path, "".join(f"w{k} {'0.25 ' * 50}\n" for k in range(20_000)), "v.gz")
    tracemalloc.start()
    read_vectors(path, ["w7", "w19999"])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The file's vectors would take 4 MB as numbers, and 5 as text.
    assert peak < 1_000_000
