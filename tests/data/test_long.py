"""Long tables: rows in any order become sequences, a label that changes is one a step, and refusals as written."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatework.data.items import read_items
from gatework.errors import DataError

TABLE = {
    "id": ["b", "b", "a", "a", "a"],
    "time": [0, 1, 0, 1, 2],
    "x": [1.0, 2.0, 3.0, np.nan, 5.0],
    "n": [1, 2, 3, 4, 5],
    "label": ["yes", "yes", "no", "no", "no"],
}


def refused(text, change, **options):
    with pytest.raises(DataError) as info:
        read_items(TABLE | change, **options)
    assert str(info.value) == text


def without(*names):
    return {name: values for name, values in TABLE.items() if name not in names}


@pytest.mark.parametrize("kind", ["dict", "pandas", "polars", "pyarrow", "csv", "csv.gz", "tsv", "parquet"])
def test_any_kind_of_table(kind, tmp_path):
    frame, path = pd.DataFrame(TABLE), tmp_path / f"data.{kind}"
    if kind == "parquet":
        frame.to_parquet(path)
    elif kind in ("csv", "csv.gz", "tsv"):
        frame.to_csv(path, index=False, sep="\t" if kind == "tsv" else ",")
    made = {"dict": TABLE, "pandas": frame, "polars": pl.DataFrame(TABLE), "pyarrow": pa.table(TABLE)}
    items = read_items(made.get(kind, path))
    assert (items.kind, items.ids, items.names) == ("series", ("a", "b"), ("x", "n"))
    np.testing.assert_array_equal(items.items[0], np.float32([[3, 3], [np.nan, 4], [5, 5]]), strict=True)
    np.testing.assert_array_equal(items.items[1], np.float32([[1, 1], [2, 2]]), strict=True)
    assert items.y.tolist() == ["no", "yes"]
    assert (items.targets, items.stepwise) == (("label",), False)
    assert items.notes == ("read as series: 2 sequences of 2 to 3 steps, 2 columns (x, n), 2 classes.",)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_rows_in_any_order(lengths, random):
    ids = np.repeat(np.arange(len(lengths)), lengths)
    times = np.concatenate([np.arange(n) * 0.5 for n in lengths])
    rows = list(range(len(ids)))
    random.shuffle(rows)
    table = {"id": ids, "time": times, "x": np.arange(len(ids)), "label": ids * 10}
    items = read_items({name: np.array(values)[rows] for name, values in table.items()})
    assert [len(one) for one in items.items] == lengths
    np.testing.assert_array_equal(np.concatenate(items.items)[:, 0], np.arange(len(ids)))
    np.testing.assert_array_equal(items.y, np.arange(len(lengths)) * 10, strict=True)
    place = {row: at for at, row in enumerate(rows)}
    in_order = all(place[row] < place[row + 1] for row in range(len(ids) - 1) if ids[row] == ids[row + 1])
    note = "rows were not in order of 'time' within 'id'; they are sorted."
    assert (note in items.notes) != in_order


@pytest.mark.parametrize(
    "times",
    [
        ["2024-01-02", "2024-01-01"],
        ["1/13/2024", "1/12/2024"],
        np.array(["2024-01-02", "2024-01-01"], "M8[s]"),
        [0.3, 0.1],
        [2**60 + 1, 2**60],
        np.array([5, 3], "m8[s]"),
    ],
)
def test_any_kind_of_time(times):
    items = read_items({"id": [1, 1], "time": times, "x": [2, 1], "label": [0, 0]})
    assert items.items[0][:, 0].tolist() == [1, 2]


def test_no_time_and_no_id():
    items = read_items({"id": [2, 1, 2], "x": [1, 2, 3], "label": [0, 1, 0]})
    assert [one[:, 0].tolist() for one in items.items] == [[2], [1, 3]]
    assert items.notes[1] == (
        "there is no column of times: the rows of a sequence are taken in the order in which they stand."
    )
    items = read_items({"time": [1, 0], "x": [2, 1]}, id_col=None, need_y=False)
    assert (items.ids, items.items[0][:, 0].tolist(), items.y) == ((0,), [1, 2], None)
    with pytest.raises(DataError) as info:
        read_items(without("id"))
    assert str(info.value) == (
        "X must have the column 'id'; got 'time', 'x', 'n', 'label'. Name the column that tells sequences apart with "
        "id_col= (command line: --id), or say id_col=None if the table is one sequence."
    )


def test_ids_stay_what_they_are(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("id,time,x,label\n007,0,1,a\n7,0,2,b\n")
    assert read_items(path).ids == ("007", "7")


def test_a_label_that_changes_is_one_for_each_step():
    items = read_items(TABLE | {"label": [3, 2, 3, 2, 1]})
    assert (items.stepwise, items.like.stepwise) == (True, True)
    assert [one.tolist() for one in items.y] == [[3, 2, 1], [3, 2]]
    assert items.y[0].dtype == np.int64
    assert items.notes[1] == "'label' changes within id 'a', so there is an answer for each step."
    refused(
        "label must be the same in all rows of a sequence where stepwise is False; got 3 and 2 within id 'a'. "
        "Correct it.",
        {"label": [3, 2, 3, 2, 1]},
        stepwise=False,
    )
    assert [one.tolist() for one in read_items(TABLE, stepwise=True).y] == [["no"] * 3, ["yes"] * 2]


@pytest.mark.parametrize(
    ("label", "want"),
    [
        (["u", "v", None, "v", ""], [[None, "v", None], ["u", "v"]]),
        ([1.5, 2, None, 4, np.nan], [[np.nan, 4, np.nan], [1.5, 2]]),
        (pa.array([1, 2, None, 4, None]), [[None, 4, None], [1, 2]]),
        (pa.array([True, False, None, True, None]), [[None, True, None], [True, False]]),
    ],
)
def test_steps_without_a_label_are_masked(label, want):
    items = read_items(pa.table(TABLE | {"label": label}))
    for one, wanted in zip(items.y, want, strict=True):
        np.testing.assert_array_equal(one, np.array(wanted, items.y[0].dtype))
    assert items.y[0].dtype.kind == ("f" if 1.5 in label or 1.5 in want[1] else "O")
    assert "2 of 5 labels are missing; they are masked." in items.notes


def test_a_label_in_some_rows_is_the_label_of_all():
    items = read_items(TABLE | {"label": ["", "yes", "no", None, None]})
    assert (items.y.tolist(), items.stepwise) == (["no", "yes"], False)
    refused(
        "label must be known for each id; got none for 'b' (1 such). Fill it in or leave the sequence out.",
        {"label": ["", None, "no", None, None]},
    )
    refused("label must hold labels; got only missing ones. Check the column.", {"label": [""] * 5}, stepwise=True)


def test_signs_may_be_labels():
    assert read_items(TABLE | {"label": list("++---")}).y.tolist() == ["-", "+"]


def test_several_targets():
    items = read_items(TABLE, target_col=["label", "n"], stepwise=True)
    assert (items.targets, items.names) == (("label", "n"), ("x",))
    assert items.y[1].tolist() == [["yes", 1], ["yes", 2]]
    numbers = read_items(TABLE | {"label": [1, 1, 2, 2, 2], "n": [0.5, 0.5, 1, 1, 1]}, target_col=["label", "n"])
    np.testing.assert_array_equal(numbers.y, [[2, 1], [1, 0.5]])
    assert not numbers.stepwise
    # One that changes makes both an answer a step.
    assert read_items(TABLE, target_col=["label", "n"]).stepwise


def test_groups():
    items = read_items(TABLE | {"who": ["eve", "eve", "bob", "bob", "bob"]}, group_col="who")
    assert (items.groups.tolist(), items.names) == (["bob", "eve"], ("x", "n"))
    refused(
        "who must be the same in all rows of a sequence; got 'bob' and 'eve' within id 'a'. Correct it.",
        {"who": ["eve", "eve", "bob", "eve", "bob"]},
        group_col="who",
    )
    refused(
        "who must be known for each id; got none for 'b' (1 such). Fill it in or leave the sequence out.",
        {"who": ["", "", "bob", "bob", "bob"]},
        group_col="who",
    )


def test_predict_reads_the_columns_of_fit():
    like = read_items(TABLE, feature_cols="x").like
    assert like.names == ("x",)
    items = read_items(TABLE | {"label": [9] * 5, "more": ["?"] * 5}, like=like, need_y=False)
    assert (items.names, items.y, items.targets) == (("x",), None, ())
    assert read_items(without("label"), like=like, need_y=False).names == ("x",)
    with pytest.raises(DataError) as info:
        read_items({**without("x"), "X1": [0] * 5}, like=like, need_y=False)
    assert str(info.value) == (
        "X must have the column 'x'; got 'id', 'time', 'n', 'label', 'X1'. Did you mean feature_cols='X1'? (command "
        "line: --feature-cols)"
    )
    assert read_items([np.ones((3, 1))], like=like, need_y=False).names == ("x",)


def test_what_is_left_out():
    items = read_items(TABLE | {"when": np.zeros(5, "M8[s]"), "none": [None] * 5})
    assert items.names == ("x", "n")
    assert items.notes[1] == "columns that hold no numbers or text are left out: 'when' (dates), 'none' (empty)."


@pytest.mark.parametrize(
    ("text", "change", "options"),
    [
        (
            "X must have one row for each id and time; got 'a' at 1 again in row 5. Remove such rows, or name another "
            "column with time_col= or id_col=.",
            {"time": [0, 1, 0, 1, 1]},
            {},
        ),
        (
            "X must have the column 'id_'; got 'id', 'time', 'x', 'n', 'label'. Did you mean id_col='id'? (command "
            "line: --id)",
            {},
            {"id_col": "id_"},
        ),
        (
            "X must have the column 'class'; got 'id', 'time', 'x', 'n', 'label'. Say which it is with target_col=... "
            "(command line: --target)",
            {},
            {"target_col": "class"},
        ),
        (
            "X must have the column 'who'; got 'id', 'time', 'x', 'n', 'label'. Say which it is with group_col=... "
            "(command line: --group)",
            {},
            {"group_col": "who"},
        ),
        (
            "id_col, time_col, target_col and group_col must be columns of their own; got 'n' for two of them. Name "
            "each.",
            {},
            {"target_col": "n", "group_col": "n"},
        ),
        (
            "feature_cols must be columns besides id, time, label and group; got 'label'. Leave it out.",
            {},
            {"feature_cols": ["x", "label"]},
        ),
        (
            "time must hold a time in every row; got none in row 2. Fill it in or remove the row.",
            {"time": [0.5, None, 0, 1, 2]},
            {},
        ),
        (
            "id must name a series in every row; got none in row 1. Fill it in or remove the row.",
            {"id": [None, *"baaa"]},
            {},
        ),
        (
            "x must hold finite numbers; got inf in row 1. Correct it, or leave it empty if it is missing.",
            {"x": [np.inf, 0, 0, 0, 0]},
            {},
        ),
        (
            "label must hold numbers, text, or true and false; got dates, such as 1970-01-01 00:00:00 in row 1. Make "
            "one of these of it.",
            {"label": np.zeros(5, "M8[s]")},
            {},
        ),
        (
            "X must have a column of numbers besides id, time, label and group; got 'x' (empty). Add what each step "
            "has to tell.",
            {"x": [None] * 5},
            {"target_col": ["n", "label"]},
        ),
    ],
)
def test_a_table_that_cannot_be(text, change, options):
    refused(text, change, **options)


def test_a_table_without_rows():
    with pytest.raises(DataError) as info:
        read_items({"id": [], "time": [], "x": [], "label": []})
    assert str(info.value) == "X must have at least one row; got none. Check how it was made."


def test_a_decimal_comma(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("id;time;x;label\n1;0,5;1,5;2,5\n1;0,1;2,5;2,5\n")
    items = read_items(path)
    assert (items.items[0][:, 0].tolist(), items.y.tolist()) == ([2.5, 1.5], [2.5])


def test_a_million_steps(tmp_path):
    rows = np.random.default_rng(0).permutation(1_000_000)
    items = read_items({"id": np.zeros(len(rows), int), "time": rows, "x": rows, "label": rows // 1000 % 2})
    np.testing.assert_array_equal(items.items[0][:, 0], np.arange(1_000_000))
    np.testing.assert_array_equal(items.y[0], np.arange(1_000_000) // 1000 % 2)
