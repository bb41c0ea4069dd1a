"""What is read otherwise than it stands is asked about, put in order, or refused in a sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gatework.data.items import read_items
from gatework.errors import DataError, OptionError

RNG = np.random.default_rng(0)
CUBE = RNG.normal(size=(6, 5, 2)).astype(np.float32)
RAGGED = [RNG.normal(size=(n, 2)).astype(np.float32) for n in (3, 1, 4)]
Y = np.arange(6) % 2
TABLE = {
    "id": [1, 1, 2, 2],
    "time": [0, 1, 0, 1],
    "x": [1.0, 2, 3, 4],
    "label": ["a", "a", "b", "b"],
    "who": [7, 7, 8, 8],
}
TEXTS = {"text": ["good", "bad"], "label": ["a", "b"], "who": [7, 8]}


def refused(error, text, *given, **options):
    with pytest.raises(error) as info:
        read_items(*given, **options)
    assert str(info.value) == text


def objects(values):
    """Numpy's own ragged form."""
    found = np.empty(len(values), object)
    found[:] = values
    return found


def test_answers_to_padding_too_are_asked_about():
    text = (
        "y must be plainly one answer a step or several a sequence; got 5 for each of 5 steps. Say stepwise=True or "
        "stepwise=False."
    )
    for lengths in ([5, 5, 5, 3, 3, 3], [3] * 6):
        for y in (np.zeros((6, 5)), np.zeros((6, 5)).tolist()):
            refused(DataError, text, CUBE, y, lengths=lengths)
    y = np.tile(np.arange(5), (6, 1))
    steps = read_items(CUBE, y, lengths=[5, 5, 5, 3, 3, 3], stepwise=True)
    assert [one.tolist() for one in steps.y[2:4]] == [[0, 1, 2, 3, 4], [0, 1, 2]]
    assert read_items(CUBE, np.zeros((6, 4)), lengths=[4, 3] * 3).targets == ("y0", "y1", "y2", "y3")


def test_columns_of_frames_are_found_by_their_names():
    frames = [pd.DataFrame(one, columns=["a", "b"]) for one in RAGGED]
    like = read_items(frames, [0, 1, 0]).like
    turned = read_items([frames[0][["b", "a"]], frames[1]], like=like, need_y=False)
    for one, want in zip(turned.items, RAGGED, strict=False):
        np.testing.assert_array_equal(one, want)
    text = "X[1] must have the columns ('a', 'b'), as fit saw them; got ('a', 'c'). Rename them."
    refused(DataError, text, [frames[0], frames[1].rename(columns={"b": "c"})], like=like, need_y=False)
    # Arrays, and frames where fit saw arrays, have their places alone.
    assert len(read_items(RAGGED, like=like, need_y=False)) == 3
    unnamed = read_items(RAGGED, [0, 1, 0]).like
    np.testing.assert_array_equal(read_items(frames, like=unnamed, need_y=False).items[0], RAGGED[0])


@pytest.mark.parametrize("table", [TABLE, TEXTS])
def test_groups_are_needed_to_learn_alone(table):
    learned = read_items(table, group_col="who")
    assert learned.groups.tolist() == [7, 8]
    without = {name: column for name, column in table.items() if name != "who"}
    for need_y in (True, False):
        again = read_items(without, group_col="who", like=learned.like, need_y=need_y)
        assert (len(again), again.groups) == (2, None)
        assert read_items(table, group_col="who", like=learned.like, need_y=need_y).names == again.names
    with pytest.raises(DataError, match="X must have the column 'who'"):
        read_items(without, group_col="who")


def test_an_empty_text_alone_is_answered():
    like = read_items(["good", "bad"], [0, 1]).like
    assert read_items([""], like=like, need_y=False).items == [""]
    assert read_items({"text": [" "]}, like=like, need_y=False).items == [""]
    text = "X must hold a text that is not empty; got 2 empty ones. Check how it was made."
    refused(DataError, text, ["", ""], [0, 1])


def test_an_array_of_arrays_is_a_list():
    items = read_items(objects(RAGGED), [0, 1, 0])
    for one, want in zip(items.items, RAGGED, strict=True):
        np.testing.assert_array_equal(one, want, strict=True)
    steps = read_items(objects(RAGGED), objects([np.arange(len(one)) for one in RAGGED]))
    assert [one.tolist() for one in steps.y] == [[0, 1, 2], [0], [0, 1, 2, 3]]


def test_the_layout_of_a_list():
    items = read_items([one.T for one in RAGGED], [0, 1, 0], layout="NDT")
    for one, want in zip(items.items, RAGGED, strict=True):
        np.testing.assert_array_equal(one, want, strict=True)
    frames = [pd.DataFrame(one, columns=["a", "b"]) for one in RAGGED]
    assert read_items(frames, [0, 1, 0], layout="NDT").items[0].shape == (3, 2)


def test_nothing_to_answer():
    like = read_items(RAGGED, [0, 1, 0]).like
    text = "Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is required."
    refused(DataError, text, [], like=like, need_y=False)


def test_another_kind_than_fit_saw():
    like = read_items(RAGGED, [0, 1, 0]).like
    text = "X must be series of numbers; got text, such as 'a b'. Give a list of (T, D) arrays."
    refused(DataError, text, ["a b", "c"], like=like, need_y=False)
    like = read_items(["good", "bad"], [0, 1]).like
    text = "X must be a list of texts, a table or a folder; got list. Give one of these."
    refused(DataError, text, [(np.zeros(9, np.float32), 8000)], like=like, need_y=False)


def test_missing_ones_of_pandas():
    text = "y must be known for each sequence; got a missing one (NaN, None or an empty text) for sequence 2. Fill it "
    text += "in or leave the sequence out."
    refused(DataError, text, CUBE, pd.Series(["a", "b", None] * 2, dtype="string"))
    refused(DataError, text, CUBE, pd.Series([1, 2, None] * 2, dtype="Int64"))
    items = read_items(pd.Series(["good", None, "bad"], dtype="string"), [0, 1, 0])
    assert items.items == ["good", "", "bad"]
    text = "groups must be known for each sequence; got none for sequence {}. Fill it in."
    refused(DataError, text.format(2), CUBE, Y, groups=pd.Series(["a", "b", None] * 2, dtype="string"))
    refused(DataError, text.format(0), CUBE, Y, groups=[None] * 6)
    with pytest.raises(DataError, match=r"got a missing one .* for sequence 0"):
        read_items(CUBE, [None] * 6)


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("lengths must be whole numbers; got 'a' for sequence 0. Count each one's steps.", ["a"] * 6),
        (
            "lengths must be whole numbers from 1 to the steps of X, here 5; got nan for sequence 0. Leave empty "
            "sequences out.",
            [np.nan] * 6,
        ),
        ("lengths must be (6,), one a sequence; got (). Leave none out.", [[1], [1, 2]]),
    ],
)
@pytest.mark.filterwarnings("error")
def test_lengths_that_are_none(text, lengths):
    refused(OptionError, text, CUBE, Y, lengths=lengths)


def test_labels_that_no_number_holds():
    for big in (2**63, 2**70):
        text = f"y must hold whole numbers of 64 bits; got {big}. Make text of all."
        refused(DataError, text, CUBE, [big, 1] * 3)
    refused(DataError, text.replace(str(2**70), str(2**63)), CUBE, np.array([2**63, 1] * 3, np.uint64))
    table = TABLE | {"label": np.array([2**63] * 4, np.uint64)}
    refused(DataError, f"label must hold whole numbers of 64 bits; got {2**63}. Make text of all.", table)


def test_no_target_at_all():
    text = "target_col must be a column or a list of them; got []. Name that of labels."
    for table in (TABLE, TEXTS):
        refused(OptionError, text, table, target_col=[])
