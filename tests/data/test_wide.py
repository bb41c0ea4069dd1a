"""Several targets side by side are a series each, and share what is known beside them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from beside import NAN, equal, refused

from gatework.data.frame import read
from gatework.errors import DataError, OptionError

WIDE = {
    "ds": [3, 1, 2, 4, 5],
    "wind": [30.0, 10.0, 20.0, NAN, NAN],
    "load": [3.0, NAN, 2.0, 4.0, NAN],
    "temp": [13.0, 11.0, 12.0, 14.0, 15.0],
}
SHOPS = {
    "shop": list("bbbaaa"),
    "ds": [1, 2, 3] * 2,
    "milk": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    "eggs": [10.0, 20.0, 30.0, 40.0, 50.0, 60.0],
    "open": [1, 1, 0, 1, 0, 1],
}


def test_a_column_is_a_series():
    panel = read(WIDE, target_col=["wind", "load"])
    assert panel.ids == ("load", "wind")
    np.testing.assert_array_equal(panel.values[0], [2, 3, 4])
    np.testing.assert_array_equal(panel.values[1], [10, 20, 30])
    assert panel.starts.tolist() == [2, 1]
    columns = panel.columns
    assert (columns.id, columns.time, columns.target, columns.targets) == ("unique_id", "ds", "y", ("wind", "load"))
    assert "rows were not in order of time; they are sorted." in panel.notes
    assert read(WIDE, target_col=("load",)).ids == ("load",)


def test_a_column_of_an_id_is_a_series():
    panel = read(SHOPS, id_col="shop", target_col=["milk", "eggs"])
    assert panel.ids == ("a/eggs", "a/milk", "b/eggs", "b/milk")
    assert [values.tolist() for values in panel.values] == [[40, 50, 60], [4, 5, 6], [10, 20, 30], [1, 2, 3]]
    assert (panel.columns.id, panel.columns.target) == ("shop", "y")


def test_wide_and_long_are_the_same_panel():
    wide = read(SHOPS, id_col="shop", target_col=["milk", "eggs"], futr_exog_list="open")
    long = {
        "unique_id": [f"{shop}/{name}" for name in ("milk", "eggs") for shop in SHOPS["shop"]],
        "ds": SHOPS["ds"] * 2,
        "y": SHOPS["milk"] + SHOPS["eggs"],
        "open": SHOPS["open"] * 2,
    }
    assert wide.fingerprint() == read(long, futr_exog_list="open").fingerprint()


@pytest.mark.parametrize("kind", [pd.DataFrame, pa.table, dict])
def test_long_tables_are_given_back(kind):
    panel = read(kind(WIDE), target_col=["wind", "load"])
    back = panel.frame({"unique_id": list(panel.ids), "ds": panel.freq.times(panel.last() + 1), "LSTM": [1.0, 2.0]})
    assert type(back) is type(kind(WIDE))
    listed = pd.DataFrame(back if isinstance(back, dict) else back.to_pydict() if kind is pa.table else back)
    assert listed.to_dict("list") == {"unique_id": ["load", "wind"], "ds": [5, 4], "LSTM": [1, 2]}


def test_covariates_apply_to_each_target():
    future = {"ds": [6, 7], "temp": [16, 17]}
    static = {"unique_id": ["wind", "load"], "height": [80, 0]}
    panel = read(
        WIDE,
        target_col=["wind", "load"],
        futr_exog_list="temp",
        futr_df=future,
        stat_exog_list="height",
        static_df=static,
    )
    equal(panel.covariates.known, [[12, 13, 14, 15, 16, 17], [11, 12, 13, 14, 15, 16, 17]])
    equal([panel.covariates.static], [[0, 80]])


def test_rows_in_order_have_their_covariates():
    table = {"ds": [1, 2, 3], "a": [1, 2, 3], "b": [4, 5, 6], "x": [7, 8, 9]}
    panel = read(table, target_col=["a", "b"], hist_exog_list="x")
    equal(panel.covariates.past, [[7, 8, 9], [7, 8, 9]])
    assert not any("not in order" in note for note in panel.notes)


def test_a_future_may_name_the_target():
    future = {"unique_id": ["wind", "load"], "ds": [6, 6], "temp": [16, 0]}
    panel = read(WIDE, target_col=["wind", "load"], futr_exog_list="temp", futr_df=future)
    equal(panel.covariates.known, [[12, 13, 14, 15, 0], [11, 12, 13, 14, 15, 16]])


def test_what_is_told_of_an_id_is_told_of_its_targets():
    future = {"shop": ["a", "b", "b/milk"], "ds": [4, 4, 4], "open": [1, 0, 1]}
    static = {"shop": ["a", "b"], "size": [1, 2]}
    panel = read(
        SHOPS,
        id_col="shop",
        target_col=["milk", "eggs"],
        futr_exog_list="open",
        futr_df=future,
        stat_exog_list="size",
        static_df=static,
    )
    equal([panel.covariates.static], [[1, 1, 2, 2]])
    equal(panel.covariates.known, [[1, 0, 1, 1], [1, 0, 1, 1], [1, 1, 0, 0], [1, 1, 0, 1]])
    made = {"shop": ["b", "b"], "cutoff": [2, 3], "ds": [3, 4], "open": [1, 1]}
    vintages = read(
        SHOPS, id_col="shop", target_col=["milk", "eggs"], futr_exog_list="open", futr_df=made
    ).covariates.vintages
    assert [steps.tolist() for steps in vintages.cutoffs] == [[], [], [2, 3], [2, 3]]


def test_a_future_without_ids_is_refused_where_the_data_have_them():
    text = "futr_df must have the columns 'shop', 'ds', 'open'; got 'ds', 'open', without 'shop'. Rename or add it."
    options = {"id_col": "shop", "target_col": ["milk"], "futr_exog_list": "open"}
    refused(DataError, text, read, SHOPS, **options, futr_df={"ds": [4], "open": [1]})


def test_a_new_id_has_every_target():
    static = {"shop": ["a", "b", "new", "old/milk"], "size": [1, 2, 3, 4]}
    panel = read(
        SHOPS,
        id_col="shop",
        target_col=["milk", "eggs"],
        stat_exog_list="size",
        static_df=static,
        keep_static_only=True,
    )
    assert panel.ids == ("a/eggs", "a/milk", "b/eggs", "b/milk", "new/eggs", "new/milk", "old/milk")
    equal([panel.covariates.static], [[1, 1, 2, 2, 3, 3, 4]])


@pytest.mark.parametrize(
    ("error", "targets", "text"),
    [
        (OptionError, [], "target_col must name a column, or several; got none. Name one, such as 'y'."),
        (OptionError, ["wind", "wind"], "target_col must name each column once; got 'wind' twice. Remove one."),
        (
            DataError,
            ["wind", "lode"],
            "data must have the column 'lode'; got 'ds', 'wind', 'load', 'temp'. Did you mean target_col='load' "
            "(--target load)?",
        ),
        (
            DataError,
            ["wind", "ds"],
            "time_col must be another column than target_col; got 'ds' for both. Name each.",
        ),
    ],
)
def test_targets_that_cannot_be(error, targets, text):
    refused(error, text, read, WIDE, target_col=targets)


def test_times_must_not_be_called_as_the_values_are():
    text = (
        "time_col must not be 'y' where target_col is a list: the long table has a column of that name. Rename yours."
    )
    refused(OptionError, text, read, {"y": [1, 2, 3], "a": [1, 2, 3]}, time_col="y", target_col=["a"])


def test_what_is_wrong_is_named_in_the_row_of_the_table():
    table = {**WIDE, "ds": [3, 1, 2, 4, 2]}
    refused(
        DataError,
        "ds must differ from row to row; got 2 again in row 5. Remove or add up such rows, or, if the table holds "
        "several series, name their column with id_col= (command line: --id).",
        read,
        table,
        target_col=["wind", "load"],
    )
    refused(
        DataError,
        "load must hold numbers; got 'x' in row 2. Correct it, or leave it empty if it is missing.",
        read,
        {**WIDE, "load": ["1", "x", "3", "4", "5"]},
        target_col=["wind", "load"],
    )
    hours = np.array(["2024-01-01T00", "2024-01-01T01", "2024-01-01T02", "2024-01-01T03"], "M8[us]")
    hours = np.append(hours, np.datetime64("2024-01-01T03:30", "us"))
    refused(
        DataError,
        "ds must step evenly; got 2024-01-01 03:30:00 in row 5: 2 of 10 rows lie off the h grid. Correct it, or give a "
        "finer step: freq='30min' fits every row.",
        read,
        {"ds": hours, "a": range(5), "b": range(5)},
        target_col=["a", "b"],
        freq="h",
    )
    refused(
        OptionError,
        "futr_exog_list must name other columns than target_col; got 'load' in both. Remove it from one.",
        read,
        WIDE,
        target_col=["wind", "load"],
        futr_exog_list="load",
    )
    refused(
        DataError,
        "wind and load must have 3 values in some series; got 2 at most. Give a longer history.",
        read,
        {"ds": [1, 2], "wind": [1, 2], "load": [1, 2]},
        target_col=["wind", "load"],
    )
