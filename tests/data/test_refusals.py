"""What cannot be used is refused in one clear sentence, each asserted here as written."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

from gatework.data.frame import read
from gatework.errors import DataError, OptionError

HOURS = np.arange("2020-01-01T00", "2020-01-03T00", dtype="M8[h]").astype("M8[us]")


def refused(error, text, data, **options):
    with pytest.raises(error) as info:
        read(data, **options)
    assert str(info.value) == text


def test_two_rows_of_one_time():
    refused(
        DataError,
        "data must have one row for each unique_id and ds; got 'b' at 2020-01-02 00:00:00 again in row 3. "
        "Remove or add up such rows.",
        {
            "unique_id": list("bbbaaa"),
            "ds": np.array(
                ["2020-01-01", "2020-01-02", "2020-01-02", "2020-01-02", "2020-01-02", "2020-01-01"], "M8[s]"
            ),
            "y": range(6),
        },
    )


def test_two_rows_of_one_time_without_an_id():
    refused(
        DataError,
        "ds must differ from row to row; got 2011-01-01 again in row 2. Remove or add up such rows, or, if the table "
        "holds several series, name their column with id_col= (command line: --id).",
        {"ds": [datetime.date(2011, 1, 1)] * 3 + [datetime.date(2011, 1, 2)], "y": range(4)},
    )


def test_an_hour_that_clocks_showed_twice_is_not_to_be_added_up():
    said = (
        "ds must differ from row to row; got 2024-10-27 02:00:00 again in row 2. Remove or add up such rows, or, if "
        "the table holds several series, name their column with id_col= (command line: --id). Where clocks were set "
        "back, write times with their offset, as 2024-10-27 02:00:00+01:00."
    )
    night = np.array(["2024-10-27T02", "2024-10-27T02", "2024-10-27T03"], "M8[s]")
    refused(DataError, said, {"ds": night, "y": range(3)})
    night = ["2024-10-27 02:00:00+02:00", "2024-10-27 02:00:00+01:00", "2024-10-27 03:00:00+01:00"]
    assert read({"ds": night, "y": range(3)}).values[0].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("y", "got"),
    [
        ([1, 2, "many"], "'many' in row 3"),
        (["1", "2.5", "1,5"], "'1,5' in row 3"),
        ([datetime.date(2020, 1, 1)] * 3, "2020-01-01 in row 1"),
        (np.array([1, None, "x"], dtype=object), "'x' in row 3"),
    ],
)
def test_a_target_that_is_no_number(y, got):
    text = f"y must hold numbers; got {got}. Correct it, or leave it empty if it is missing."
    refused(DataError, text, {"ds": [1, 2, 3], "y": y})
    refused(DataError, text, pd.DataFrame({"ds": [1, 2, 3], "y": list(y)}))


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_a_target_that_is_infinite(value):
    text = f"y must hold finite numbers; got {value} in row 2. Correct it, or leave it empty if it is missing."
    refused(DataError, text, {"ds": [1, 2, 3], "y": [1, value, 3]})
    refused(DataError, text, {"ds": [1, 2, 3], "y": ["1", str(value), "3"]})


@pytest.mark.parametrize("y", [[np.nan] * 3, [None] * 3, ["", "NA", "null"]])
def test_a_target_that_is_all_missing(y):
    refused(DataError, "y must hold numbers; got only missing ones. Check the column.", {"ds": [1, 2, 3], "y": y})


def test_numbers_written_as_text_are_numbers():
    assert read({"ds": [1, 2, 3, 4], "y": [" 1", "2.5", "NA", "1e3"]}).values[0].tolist()[::3] == [1, 1000]


def test_too_few_values():
    refused(
        DataError,
        "y must have 3 values in some series; got 2 at most. Give a longer history.",
        {"unique_id": list("aaab"), "ds": [1, 2, 3, 1], "y": [1, None, 2, 3]},
    )


def test_a_missing_id():
    text = "unique_id must name a series in every row; got none in row 2. Fill it in or remove the row."
    refused(DataError, text, {"unique_id": ["a", "", "a"], "ds": [1, 2, 3], "y": [1, 2, 3]})
    refused(DataError, text, pd.DataFrame({"unique_id": [1, None, 1], "ds": [1, 2, 3], "y": [1, 2, 3]}))
    refused(DataError, text, {"unique_id": np.array([1, None, "a"], dtype=object), "ds": [1, 2, 3], "y": [1, 2, 3]})
    refused(DataError, text, pl.DataFrame({"unique_id": ["a", None, "a"], "ds": [1, 2, 3], "y": [1, 2, 3]}))


def test_no_rows():
    text = "data must have at least one row; got none. Check how it was made."
    refused(DataError, text, {"ds": [], "y": []})
    refused(DataError, text, pd.DataFrame({"ds": [], "y": []}))


def test_a_row_off_the_grid():
    refused(
        DataError,
        "ds must step evenly; got 2020-01-01 05:30:00 in row 49: 1 of 49 rows lies off the h grid. "
        "Correct it, or give a finer step: freq='30min' fits every row.",
        {"ds": np.append(HOURS, np.datetime64("2020-01-01T05:30", "us")), "y": range(49)},
    )


def test_rows_off_the_grid_that_was_given():
    refused(
        DataError,
        "ds must step evenly; got 2020-01-01 01:00:00 in row 2: 24 of 48 rows lie off the 2h grid. "
        "Correct it, or give a finer step: freq='h' fits every row.",
        {"ds": HOURS, "y": range(48)},
        freq="2h",
    )
    refused(
        DataError,
        "ds must step evenly; got 2024-01-01 in row 1: 3 of 3 rows lie off the W-TUE grid. "
        "Correct it, or give a finer step: freq='W' fits every row.",
        {"ds": [datetime.date(2024, 1, day) for day in (1, 8, 15)], "y": range(3)},
        freq="W-TUE",
    )
    refused(
        DataError,
        "ds must step evenly; got 1 in row 1: 2 of 4 rows lie off the 2 grid. "
        "Correct it, or give a finer step: freq='1' fits every row.",
        {"ds": [1, 2, 3, 4], "y": range(4)},
        freq=2,
    )


def test_a_row_off_the_days_of_its_zone():
    days = pd.date_range("2024-03-01", periods=48, tz="Europe/Berlin").to_list()
    days[40] += pd.Timedelta("90min")
    refused(
        DataError,
        "ds must step evenly; got 2024-04-10 01:30:00+02:00 in row 41: 1 of 48 rows lies off the D grid. "
        "Correct it, or give a finer step: freq='90min' fits every row.",
        pd.DataFrame({"ds": days, "y": range(48)}),
        freq="D",
    )


def test_times_that_jitter():
    jitter = np.random.default_rng(0).integers(0, 1000, 48).astype("m8[us]")
    with pytest.raises(DataError, match=r"^ds must step evenly; .* Round the times to a regular step\.$"):
        read({"ds": HOURS + jitter, "y": range(48)})


def test_a_grid_that_is_far_too_fine():
    refused(
        DataError,
        "ds must have rows at most steps; got 48 rows for 169,200,001 steps of ms. "
        "Give a coarser step with freq= (command line: --freq).",
        {"ds": HOURS, "y": range(48)},
        freq="ms",
    )


def test_no_step_to_see():
    refused(
        DataError,
        "ds must show a step; got one row in each series. Give it with freq= (command line: --freq).",
        {"unique_id": list("abc"), "ds": HOURS[:3], "y": range(3)},
    )


TABLE = {"Month": ["1949-01", "1949-02", "1949-03"], "Passengers": [1, 2, 3]}


@pytest.mark.parametrize(
    ("data", "options", "text"),
    [
        (
            TABLE,
            {},
            "data must have the columns 'ds' and 'y'; got 'Month', 'Passengers'. Did you mean "
            "time_col='Month' (--time Month) and target_col='Passengers' (--target Passengers)?",
        ),
        (
            TABLE,
            {"time_col": "Month", "target_col": "passenger"},
            "data must have the column 'passenger'; got 'Month', 'Passengers'. "
            "Did you mean target_col='Passengers' (--target Passengers)?",
        ),
        (
            {"date": ["2024-01-01"], "data": ["2024-01-01"], "y": [1]},
            {"time_col": "DATE"},
            "data must have the column 'DATE'; got 'date', 'data', 'y'. Did you mean time_col='date' (--time date)?",
        ),
        (
            {"ds": [1], "a": [1], "b": [2]},
            {},
            "data must have the column 'y'; got 'ds', 'a', 'b'. Say which is which with target_col=... (--target).",
        ),
        (
            {"ds": [1], "y": [1], "shop": ["a"]},
            {"id_col": "shops"},
            "data must have the column 'shops'; got 'ds', 'y', 'shop'. Did you mean id_col='shop' (--id shop)?",
        ),
        (
            {"day": [20240101, 20240102]},
            {},
            "data must have the columns 'ds' and 'y'; got 'day'. "
            "Say which is which with time_col='day' (--time day) and target_col=... (--target).",
        ),
        (
            {f"V{i}": [1] for i in range(30)},
            {},
            "data must have the columns 'ds' and 'y'; got "
            + ", ".join(f"'V{i}'" for i in range(20))
            + ", ... (30 in all). Say which is which with time_col=... (--time) and target_col=... (--target).",
        ),
    ],
    ids=["airline", "misspelt", "case", "no guess", "id", "one for two", "wide"],
)
def test_an_unknown_column(data, options, text):
    refused(DataError, text, data, **options)


def test_one_column_for_two_things():
    with pytest.raises(DataError) as error:
        read({"ds": [1, 2, 3], "y": [1.0, 2.0, 3.0]}, time_col="y")
    assert str(error.value) == "time_col must be another column than target_col; got 'y' for both. Name each."


def test_two_columns_of_one_name():
    table = pd.DataFrame([[1, 2, 3]], columns=["ds", "y", "y"])
    refused(DataError, "data must have one column 'y'; got 2. Rename the others.", table)


@pytest.mark.parametrize(
    "data", [None, 3, [1, 2, 3], np.zeros((3, 2)), pd.Series([1, 2])], ids=lambda d: type(d).__name__
)
def test_what_is_no_table(data):
    refused(
        DataError,
        "data must be a pandas, polars or pyarrow table, a dict of columns, or a path; "
        f"got {type(data).__name__}. Make it one.",
        data,
    )


def test_a_lazy_table():
    refused(
        DataError,
        "data must be a pandas, polars or pyarrow table, a dict of columns, or a path; "
        "got LazyFrame. Collect it first.",
        pl.DataFrame({"ds": [1], "y": [1]}).lazy(),
    )


def test_columns_of_unequal_length():
    refused(
        DataError,
        "data must have columns (n,) of one length; got ds (3,), y (2,). Give each one value a row.",
        {"ds": [1, 2, 3], "y": [1, 2]},
    )


@pytest.mark.parametrize("season", [0, -1, 1.5, "many", True])
def test_a_season_that_cannot_be(season):
    refused(
        OptionError,
        f"season_length must be a whole number of at least 1; got {season!r}. Use 1 for no season.",
        {"ds": [1, 2, 3], "y": [1, 2, 3]},
        season_length=season,
    )
