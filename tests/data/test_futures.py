"""A table of what is known ahead goes on where the data end, and is refused where it does not fit them."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from beside import FUTURE, NAN, TABLE, equal, refused

from gatework.data.frame import read
from gatework.data.futures import with_future
from gatework.errors import DataError

KINDS = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "pyarrow": pa.table,
    "dict": dict,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_of_the_future_goes_on_where_the_data_end(kind):
    panel = read(TABLE, futr_exog_list="price", futr_df=KINDS[kind](FUTURE))
    equal(panel.covariates.known, [[10, NAN, 30, 40, 50, 60, 70], [1, 2, 3, NAN, 4, 5, 6]])


def test_the_future_from_a_file(tmp_path):
    path = tmp_path / "future.csv"
    pd.DataFrame(FUTURE).to_csv(path, index=False)
    panel = read(TABLE, futr_exog_list="price", futr_df=path)
    equal(panel.covariates.known, [[10, NAN, 30, 40, 50, 60, 70], [1, 2, 3, NAN, 4, 5, 6]])
    text = "futr_df must be the path of a file; got 'nowhere.csv', no such file. Check the path."
    refused(DataError, text, read, TABLE, futr_exog_list="price", futr_df="nowhere.csv")


def test_the_data_win_over_the_future_in_what_has_passed():
    future = {"unique_id": list("aaaaa"), "ds": [1, 2, 3, 5, 6], "price": [-1.0, -2.0, -3.0, -5.0, NAN]}
    panel = read(TABLE, futr_exog_list="price", futr_df=future)
    # Step 3 is told by the future alone; of steps 5 and 6, which are ahead, the future has the newer word, if any.
    equal(panel.covariates.known, [[10, -3, 30, -5, 50], [1, 2, 3, NAN, 4]])
    assert panel.notes[-1] == "futr_df: 1 of 2 series has no row in it."


def test_what_the_data_tell_ahead_leaves_no_gap():
    panel = read(TABLE, futr_exog_list="price", futr_df={"unique_id": list("ab"), "ds": [7, 7], "price": [1, 2]})
    equal(panel.covariates.known, [[10, NAN, 30, 40, 50, 1], [1, 2, 3, NAN, 4, 2]])
    assert not any("steps between" in note for note in panel.notes)


def test_a_future_may_be_told_again():
    panel = read(TABLE, futr_exog_list="price", futr_df=FUTURE)
    later = with_future(panel, {"unique_id": ["b"], "ds": [7], "price": [0.5]})
    equal(later.covariates.known, [[10, NAN, 30, 40, 50, 60, 70], [1, 2, 3, NAN, 4, 0.5, 6]])
    equal(panel.covariates.known[1:], [[1, 2, 3, NAN, 4, 5, 6]])


def test_what_a_future_lacks_is_said():
    table = {"unique_id": list("aaabbbccc"), "ds": [1, 2, 3] * 3, "y": range(9), "x": range(9)}
    future = {"unique_id": list("ayzb"), "ds": [6, 4, 4, 2], "x": [6, 4, 4, 2]}
    panel = read(table, futr_exog_list="x", futr_df=future)
    equal(panel.covariates.known, [[0, 1, 2, NAN, NAN, 6], [3, 4, 5], [6, 7, 8]])
    assert panel.notes[-3:] == (
        "futr_df: 2 of its 4 series are not in the data and are passed over, 'y' first.",
        "futr_df: 1 of 3 series has no row in it.",
        "futr_df: for 1 of 3 series there are steps between the last value and its first row; they are masked, never "
        "filled.",
    )
    panel = read(table, futr_exog_list="x", futr_df={"unique_id": list("abc"), "ds": [3, 3, 3], "x": [1, 2, 3]})
    assert (
        panel.notes[-1] == "futr_df: no row lies after the last value of its series, so it tells nothing of what comes."
    )
    equal(panel.covariates.known, [[0, 1, 2], [3, 4, 5], [6, 7, 8]])


def future_refused(text, future, table=TABLE, **options):
    refused(DataError, text, read, table, futr_exog_list="price", futr_df=future, **options)


def test_a_future_that_cannot_be_used():
    future_refused(
        "futr_df must have the columns 'unique_id', 'ds', 'price'; got 'unique_id', 'ds', 'cost', without 'price'. "
        "Rename or add it.",
        {"unique_id": ["a"], "ds": [7], "cost": [1]},
    )
    future_refused(
        "futr_df must have the columns 'unique_id', 'ds', 'price'; got 'ds', 'price', without 'unique_id'. "
        "Rename or add it.",
        {"ds": [7], "price": [1]},
    )
    future_refused(
        "price of futr_df must hold numbers; got 'dear' in row 2. Correct it, or leave it empty if it is missing.",
        {**FUTURE, "price": ["1", "dear", "3", "4"]},
    )
    future_refused(
        "futr_df must have one row for each unique_id and ds; got 'b' at 7 again in row 4. Remove one.",
        {**FUTURE, "ds": [7, 8, 7, 7]},
    )
    future_refused(
        "unique_id of futr_df must name a series in every row; got none in row 2. Fill it in or remove the row.",
        {**FUTURE, "unique_id": ["a", "", "b", "b"]},
    )
    future_refused(
        "futr_df must have at least one row; got none. Check how it was made.", pd.DataFrame(FUTURE).iloc[:0]
    )
    future_refused(
        "futr_df must be a pandas, polars or pyarrow table, a dict of columns, or a path; got int. Make it one.", 3
    )
    future_refused(
        "futr_df must have one column 'price'; got 2. Rename the others.",
        pd.DataFrame([["a", 7, 1.0, 2.0]], columns=["unique_id", "ds", "price", "price"]),
    )
    future_refused(
        "ds of futr_df must hold whole numbers, as the data do; got 2024-01-01. Correct it.",
        {**FUTURE, "ds": ["2024-01-01"] * 4},
    )
    future_refused(
        "futr_df must have rows at most steps; got 1 rows that reach 2,000,000,002 steps beyond the last value. "
        "Correct the times.",
        {"unique_id": ["a"], "ds": [2_000_000_006], "price": [1]},
    )


def hours(n, **zone):
    return pd.date_range("2024-01-01", periods=n, freq="h", **zone)


def test_times_of_the_future_lie_on_the_grid_of_the_data():
    table = pd.DataFrame({"ds": hours(5), "y": range(5), "price": range(5)})
    future = pd.DataFrame({"ds": hours(9)[5:], "price": range(4)})
    equal(read(table, futr_exog_list="price", futr_df=future).covariates.known, [[0, 1, 2, 3, 4, 0, 1, 2, 3]])
    future_refused(
        "ds of futr_df must lie on the grid of the data (h); got 2024-01-01 05:30:00 in row 1, 4 of 4 rows off it. "
        "Correct it, or leave such rows out.",
        future.assign(ds=future["ds"] + pd.Timedelta("30min")),
        table,
    )
    future_refused(
        "ds of futr_df must have no time zone, as the data; got Europe/Berlin. Write both alike.",
        future.assign(ds=future["ds"].dt.tz_localize("Europe/Berlin")),
        table,
    )
    future_refused(
        "ds of futr_df must hold dates, as the data do; got 5. Correct it.", {"ds": [5, 6], "price": [1, 2]}, table
    )
    berlin = table.assign(ds=table["ds"].dt.tz_localize("Europe/Berlin"))
    future_refused("ds of futr_df must have a time zone, as the data; got none. Write both alike.", future, berlin)
    # Another zone's hours are the same hours.
    utc = future.assign(ds=future["ds"].dt.tz_localize("Europe/Berlin").dt.tz_convert("UTC"))
    equal(read(berlin, futr_exog_list="price", futr_df=utc).covariates.known, [[0, 1, 2, 3, 4, 0, 1, 2, 3]])


def test_days_of_the_future_are_those_of_the_wall():
    days = pd.date_range("2024-03-27", periods=8, tz="Europe/Berlin")
    table = pd.DataFrame({"ds": days[:4], "y": range(4), "price": range(4)})
    for ahead in (days[4:], days[4:].tz_localize(None)):
        future = pd.DataFrame({"ds": ahead, "price": range(4)})
        equal(read(table, futr_exog_list="price", futr_df=future).covariates.known, [[0, 1, 2, 3, 0, 1, 2, 3]])


def test_ids_are_the_same_however_they_are_written(tmp_path):
    table = {"unique_id": [1, 1, 1, 2, 2, 2], "ds": [1, 2, 3] * 2, "y": range(6), "x": range(6)}
    future = {"unique_id": ["2", "1"], "ds": [4, 4], "x": [7, 8]}
    equal(read(table, futr_exog_list="x", futr_df=future).covariates.known, [[0, 1, 2, 8], [3, 4, 5, 7]])
