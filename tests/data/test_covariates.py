"""Covariates are read beside the target: on its grid, as numbers, and as far ahead as they are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from beside import FUTURE, NAN, STATIC, TABLE, equal, refused

from gatework.data.covariates import Column
from gatework.data.frame import read
from gatework.errors import DataError, OptionError


def test_columns_lie_on_the_grid_of_their_series():
    panel = read(TABLE, futr_exog_list=["price", "sky"], hist_exog_list="stock")
    covariates = panel.covariates
    assert panel.starts.tolist() == [2, 2]
    # fog is told by the first row alone, which lies before the first value; as a category it counts all the same.
    assert covariates.columns == ((Column("stock"),), (Column("price"), Column("sky", ("fog", "rain", "sun"))), ())
    equal(covariates.past, [[1, 2, 3], [6, 7, 8, NAN, 9]])
    equal(
        covariates.known,
        [
            [[10, 0, 0, 1], [NAN, 0, 1, 0], [30, 0, 0, 1], [40, 0, 0, 0], [50, 0, 0, 1]],
            [[1, 0, 0, 1], [2, 0, 0, 1], [3, 0, 1, 0], [NAN] * 4, [4, 0, 0, 1]],
        ],
    )
    assert covariates.static.shape == (2, 0)
    assert covariates.vintages is None
    assert panel.notes[1:] == (
        "1 of 8 steps have no value; they are masked, never filled.",
        "empty steps at the ends of series are left off, 1 in all.",
        "rows without a value behind the last one tell what is known ahead, 2 in all.",
        "sky: 1 of 10 rows is empty, which counts as none of its categories.",
        "stock is missing in 1 of 8 steps; it is masked there, never filled.",
        "price is missing in 2 of 8 steps; it is masked there, never filled.",
        "sky is missing in 1 of 8 steps; it is masked there, never filled.",
    )


def test_each_column_has_its_own_gaps():
    notes = read(TABLE, futr_exog_list=["sky", "price", "stock"]).notes[-3:]
    assert [note.split(";")[0] for note in notes] == [
        "sky is missing in 1 of 8 steps",
        "price is missing in 2 of 8 steps",
        "stock is missing in 1 of 8 steps",
    ]


def test_nothing_is_read_that_was_not_asked_for():
    assert read(TABLE).covariates is None
    assert read(TABLE, futr_exog_list=None, hist_exog_list=(), stat_exog_list=[]).covariates is None


def test_rows_behind_the_last_value_that_say_nothing_are_left_off():
    table = {"ds": [1, 2, 3, 4, 5, 6], "y": [1, 2, 3, NAN, NAN, NAN], "x": [1, 2, 3, NAN, 5, NAN]}
    equal(read(table, futr_exog_list="x").covariates.known, [[1, 2, 3, NAN, 5]])
    assert "empty steps at the ends of series are left off, 1 in all." in read(table, futr_exog_list="x").notes
    panel = read(table, hist_exog_list="x")
    equal(panel.covariates.past, [[1, 2, 3]])
    assert panel.covariates.known[0].shape == (3, 0)
    assert "empty steps at the ends of series are left off, 3 in all." in panel.notes


def test_rows_before_the_first_value_are_left_off():
    table = {"unique_id": list("aaabbbbb"), "ds": [1, 2, 3, 1, 2, 3, 4, 6], "y": [1, 2, 3, NAN, NAN, 6, 7, 8]}
    panel = read({**table, "x": range(8)}, hist_exog_list="x")
    equal(panel.covariates.past, [[0, 1, 2], [5, 6, NAN, 7]])


def test_the_order_of_rows_does_not_matter():
    order = np.random.default_rng(0).permutation(10)
    shuffled = {name: np.array(values)[order] for name, values in TABLE.items()}
    options = {"futr_exog_list": ["price", "sky"], "hist_exog_list": "stock"}
    assert read(shuffled, **options).fingerprint() == read(TABLE, **options).fingerprint()


@pytest.mark.parametrize(
    ("values", "columns", "want"),
    [
        ([True, False, True], None, [1, 0, 1]),
        (np.array([True, None, False], dtype=object), None, [1, NAN, 0]),
        (["1", " 2.5", "NA"], None, [1, 2.5, NAN]),
        ([" a", "a", "-"], ("a",), [[1], [1], [0]]),
        (np.array([1, 2, 3], dtype="int8"), None, [1, 2, 3]),
        (["a", "2", "a"], ("2", "a"), [[0, 1], [1, 0], [0, 1]]),
        (pd.Series([7, 10, 7], dtype="category"), ("10", "7"), [[0, 1], [1, 0], [0, 1]]),
        (pd.Series(["x", None, "y"], dtype="category"), ("x", "y"), [[1, 0], [0, 0], [0, 1]]),
        (pl.Series(["x", "y", "x"], dtype=pl.Categorical).to_pandas(), ("x", "y"), [[1, 0], [0, 1], [1, 0]]),
    ],
)
def test_what_a_column_becomes(values, columns, want):
    table = pd.DataFrame({"ds": [1, 2, 3], "y": [1.0, 2.0, 3.0], "x": values})
    panel = read(table, hist_exog_list=["x"])
    assert panel.covariates.columns[0] == (Column("x", columns),)
    equal(panel.covariates.past, [want])


def test_numbers_of_a_file_may_have_a_decimal_comma(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("ds;y;x\n1;1,5;2,5\n2;2,5;\n3;3,5;4,5\n")
    equal(read(path, hist_exog_list="x").covariates.past, [[2.5, NAN, 4.5]])


def test_the_most_frequent_texts_are_told_apart():
    names = [f"k{i:02}" for i in range(40)]
    values = [*names, *names[5:], *names[5:]]
    table = {"ds": np.arange(110), "y": np.arange(110), "x": values}
    panel = read(table, hist_exog_list="x")
    # 35 come three times: the first 32 of them stay.
    assert panel.covariates.columns[0][0].categories == tuple(names[5:37])
    assert panel.covariates.past[0].sum(1).tolist() == [float(value in names[5:37]) for value in values]
    assert panel.notes[-1] == (
        "x: of 40 different texts the 32 most frequent are told apart, in 87% of rows; the others count as none of "
        "them."
    )


def test_what_is_no_covariate():
    def beside(values):
        n = len(values)
        return {"ds": np.arange(n), "y": np.arange(n), "x": values}

    days = np.arange("2024-01-01", "2024-02-10", dtype="M8[D]")
    advice = "Leave it out, or give what it tells as a number, such as days since."
    text = "x must hold numbers, true and false, or text; got dates, such as {}. " + advice
    refused(DataError, text.format("2024-01-01"), read, beside(days), hist_exog_list="x")
    refused(DataError, text.format("2024-01-01"), read, beside(days.astype(str)), hist_exog_list="x")
    refused(
        DataError,
        "x must hold numbers or at most 1,000 different texts; got 1,001, such as 'id 0'. Leave it out, or group them "
        "into a few kinds.",
        read,
        beside([f"id {i}" for i in range(1001)]),
        hist_exog_list="x",
    )
    lists = pa.table({"ds": [1, 2, 3], "y": [1, 2, 3], "x": [[1], [2], [3]]})
    refused(
        DataError,
        "x must hold numbers, true and false, or text; got list<item: int64>, such as [1]. Leave it out.".replace(
            "item", lists.schema.field("x").type.value_field.name
        ),
        read,
        lists,
        hist_exog_list="x",
    )
    missing = "x must hold numbers; got only missing ones. Check the column."
    for nothing in ([NAN] * 3, [None] * 3, ["", "NA", ""]):
        refused(DataError, missing, read, beside(nothing), hist_exog_list="x")
    refused(
        DataError,
        "x must hold numbers or text; got only missing ones. Leave it out.",
        read,
        pd.DataFrame({"ds": [1, 2, 3], "y": [1, 2, 3], "x": pd.Categorical([None] * 3)}),
        hist_exog_list="x",
    )
    refused(
        DataError,
        "x must hold finite numbers; got inf in row 2. Correct it, or leave it empty if it is missing.",
        read,
        beside([1, np.inf, 3]),
        hist_exog_list="x",
    )
    refused(
        DataError,
        "x must hold numbers below 3e38; got 1e+300 in row 3. Use another unit.",
        read,
        beside([1, 2, 1e300]),
        hist_exog_list="x",
    )


def test_options_that_cannot_be():
    refused(
        OptionError,
        "hist_exog_list must name other columns than futr_exog_list; got 'price' in both. Remove it from one.",
        read,
        TABLE,
        hist_exog_list=["stock", "price"],
        futr_exog_list="price",
    )
    for option, taken, name in (
        ("hist_exog_list", "target_col", "y"),
        ("futr_exog_list", "time_col", "ds"),
        ("stat_exog_list", "id_col", "unique_id"),
    ):
        text = f"{option} must name other columns than {taken}; got {name!r} in both. Remove it from one."
        refused(OptionError, text, read, TABLE, **{option: [name]})
    text = "hist_exog_list must name each column once; got 'price' twice. Remove one."
    refused(OptionError, text, read, TABLE, hist_exog_list=["price", "price"])
    text = "futr_exog_list must be names of columns; got 1.5. Give a list, such as ['price']."
    refused(OptionError, text, read, TABLE, futr_exog_list=1.5)
    text = "futr_exog_list must not name 'cutoff': in futr_df it says when a forecast was made. Rename yours."
    refused(OptionError, text, read, {**TABLE, "cutoff": TABLE["ds"]}, futr_exog_list=["cutoff"])
    refused(
        OptionError,
        "futr_exog_list must name the columns to read from futr_df; got none. For example futr_exog_list=['x'].",
        read,
        TABLE,
        futr_df=FUTURE,
    )
    refused(
        OptionError,
        "stat_exog_list must name the columns to read from static_df; got none. For example stat_exog_list=['x'].",
        read,
        TABLE,
        static_df=STATIC,
    )


def test_a_column_that_is_not_there():
    refused(
        DataError,
        "data must have the column 'prise'; got 'unique_id', 'ds', 'y', 'price', 'sky', 'stock'. "
        "Did you mean futr_exog_list='price' (--futr-exog-list price)?",
        read,
        TABLE,
        futr_exog_list=["prise"],
    )
    refused(
        DataError,
        "data must have the columns 'temp' and 'wind'; got 'ds', 'y', 'x'. "
        "Say which is which with hist_exog_list=... (--hist-exog-list) and futr_exog_list=... (--futr-exog-list).",
        read,
        {"ds": [1], "y": [1], "x": [1]},
        hist_exog_list="temp",
        futr_exog_list=["wind"],
    )


def test_what_fit_saw_is_read_as_it_was():
    fitted = read(TABLE, futr_exog_list=["price", "sky"]).covariates
    new = {"ds": [1, 2, 3], "y": [1, 2, 3], "price": ["1", "2", "3"], "sky": ["sun", "hail", "sun"]}
    panel = read(new, futr_exog_list=["sky", "price"], like=fitted)
    assert panel.covariates.columns[1] == (fitted.columns[1][1], fitted.columns[1][0])
    equal(panel.covariates.known, [[[0, 0, 1, 1], [0, 0, 0, 2], [0, 0, 1, 3]]])
    assert panel.notes[-1] == "sky: 1 of 3 rows hold none of its 3 categories, such as 'hail'."
    # Numbers where there were texts, and nothing at all, are texts that are none of them.
    for sky in ([1, 2, 3], [None] * 3):
        equal(read({**new, "sky": sky}, futr_exog_list="sky", like=fitted).covariates.known, [[[0, 0, 0]] * 3])
    equal(read({**new, "price": [NAN] * 3}, futr_exog_list="price", like=fitted).covariates.known, [[NAN] * 3])
    refused(
        DataError,
        "price must hold numbers; got 'dear' in row 1. Correct it, or leave it empty if it is missing.",
        read,
        {**new, "price": ["dear", "2", "3"]},
        futr_exog_list="price",
        like=fitted,
    )


def test_head_keeps_what_was_known_by_then():
    panel = read(TABLE, futr_exog_list=["price"], hist_exog_list="stock").head(2)
    assert [len(series) for series in panel.values] == [1, 3]
    equal(panel.covariates.past, [[1], [6, 7, 8]])
    equal(panel.covariates.known, [[10, NAN, 30, 40, 50], [1, 2, 3, NAN, 4]])
    assert [len(values) for values in panel.head(9).covariates.past] == [0, 0]


def test_the_fingerprint_tells_any_change():
    options = {"futr_exog_list": "price", "hist_exog_list": "stock", "stat_exog_list": "size", "static_df": STATIC}
    base = read(TABLE, **options)
    other = {**STATIC, "size": [2, 1.5, 3]}
    changes = [
        read(TABLE),
        read({**TABLE, "price": [9, 10, NAN, 30, 40, 50.5, 1, 2, 3, 4]}, **options),
        read({**TABLE, "stock": [0, 1, 2, 3, 4, 5, 6, 7, 8.5, 9]}, **options),
        read(TABLE, **{**options, "static_df": other}),
        read({**TABLE, "cost": TABLE["price"]}, **{**options, "futr_exog_list": "cost"}),
        read(TABLE, **options, futr_df=FUTURE),
        read(TABLE, **options, futr_df={**FUTURE, "cutoff": [6, 6, 6, 6]}),
        base.head(1),
    ]
    assert len({base.fingerprint(), *(panel.fingerprint() for panel in changes)}) == 9
    sign = replace(
        base.covariates, past=tuple(np.where(np.isnan(v), -np.float32(NAN), v) for v in base.covariates.past)
    )
    assert replace(base, covariates=sign).fingerprint() == base.fingerprint()
