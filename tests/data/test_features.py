"""Columns of a long table as numbers: text of few kinds, and what float32 cannot tell apart."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gatework.data.items import Like, read_items
from gatework.errors import DataError

TABLE = {
    "id": ["b", "b", "a", "a", "a"],
    "time": [0, 1, 0, 1, 2],
    "x": [1.0, 2.0, 3.0, np.nan, 5.0],
    "n": [1, 2, 3, 4, 5],
    "label": ["yes", "yes", "no", "no", "no"],
}


def test_a_few_texts_become_columns():
    items = read_items(TABLE | {"n": ["low", "high", "low", "", "low"]})
    assert items.names == ("x", "n=high", "n=low")
    np.testing.assert_array_equal(items.items[1][:, 1:], [[0, 1], [1, 0]])
    assert "'n' holds text of 2 kinds: each is a column of 0 and 1." in items.notes
    like = Like.from_dict(json.loads(json.dumps(items.like.to_dict())))
    assert like == items.like
    again = read_items(TABLE | {"n": ["low", "new", "low", "", "low"]}, like=like, need_y=False)
    np.testing.assert_array_equal(again.items[1][:, 1:], [[0, 1], [0, 0]])
    assert "n: 1 of 5 rows hold none of its 2 categories, such as 'new'." in again.notes


def test_too_many_texts():
    table = {"id": [1] * 21, "time": range(21), "x": [*map(str, range(20)), "2o"], "label": [0] * 21}
    with pytest.raises(DataError) as info:
        read_items(table)
    assert str(info.value) == (
        "x must hold numbers, or text of at most 20 kinds; got 21 kinds, such as '2o'. Correct it if it should be a "
        "number, or leave it out with feature_cols= (command line: --feature-cols)."
    )


def test_numbers_that_lie_too_close_for_float32_are_told_of():
    clock = 1_700_000_000 + np.arange(5)
    items = read_items(TABLE | {"n": clock})
    said = (
        "'n' moves by 1 at numbers of 1.7e+09, where they are read in steps of 128: subtract the smallest, or leave it "
        "out."
    )
    assert said in items.notes
    # Asked again it has been said.
    assert said not in read_items(TABLE | {"n": clock}, like=items.like, need_y=False).notes
    for well in (clock - clock[0], 1000.0 * np.arange(5) + clock, np.full(5, 1.7e9), [np.nan] * 4 + [1.7e9]):
        assert not any("steps of" in note for note in read_items(TABLE | {"n": well}).notes)


def test_whole_numbers_beyond_64_bits_are_numbers():
    table = {"id": ["b", "b", "a"], "time": [0, 1, 0], "x": [2**70, 2**71, 3], "label": [0, 0, 1]}
    assert read_items(table).items[1].tolist() == [[2.0**70], [2.0**71]]
