"""Forecasts of covariates are kept by the cutoff at which they were made."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from beside import NAN, TABLE, equal, refused

from gatework.data.covariates import Vintages
from gatework.data.frame import read
from gatework.data.futures import with_future
from gatework.data.static import with_static
from gatework.errors import DataError

# Series "a" has values at 2, 3 and 4, "b" at 2, 3, 4 and 6.
MADE = {
    "unique_id": list("aaaabbbb"),
    "cutoff": [2, 2, 4, 4, 3, 4, 4, 4],
    "ds": [3, 4, 5, 7, 4, 5, 6, 7],
    "price": [31.0, 32.0, 51.0, 53.0, 40.0, 50.0, 60.0, 70.0],
}


def read_made(made, table=TABLE, **options):
    return read(table, futr_exog_list="price", futr_df=made, **options)


def test_vintages_stand_at_the_step_behind_their_cutoff():
    panel = read_made(MADE)
    cutoffs, values = panel.covariates.vintages
    assert [made.tolist() for made in cutoffs] == [[1, 3], [2, 3]]
    assert all(made.dtype == np.int64 for made in cutoffs)
    equal(values, [[[31, 32, NAN], [51, NAN, 53]], [[40, NAN, NAN], [50, 60, 70]]])
    # What came to be is left as it is in the data.
    equal(panel.covariates.known, [[10, NAN, 30, 40, 50], [1, 2, 3, NAN, 4]])
    assert panel.notes[-1] == "futr_df: 4 vintages of at most 3 steps are read by their cutoff."


def test_series_may_share_their_cutoffs():
    made = {"unique_id": list("aabb"), "cutoff": [3] * 4, "ds": [4, 5, 4, 5], "price": [1.0, 2.0, 3.0, 4.0]}
    equal(read_made(made).covariates.vintages.values, [[[1, 2]], [[3, 4]]])


def test_the_order_of_rows_does_not_matter():
    order = np.random.default_rng(0).permutation(8)
    shuffled = {name: np.array(values)[order] for name, values in MADE.items()}
    assert read_made(shuffled).fingerprint() == read_made(MADE).fingerprint()


def test_texts_are_categories_in_every_vintage():
    made = {**MADE, "sky": ["sun", "fog", "hail", "", "sun", "sun", "sun", "sun"]}
    panel = read(TABLE, futr_exog_list=["sky"], futr_df=made)
    equal(
        panel.covariates.vintages.values[:1],
        [[[[0, 0, 1], [1, 0, 0], [NAN] * 3], [[0, 0, 0], [NAN] * 3, [0, 0, 0]]]],
    )


def test_vintages_of_before_and_after_the_series_are_left_off():
    made = {"unique_id": list("aaaa"), "cutoff": [0, 1, 4, 5], "ds": [1, 2, 5, 6], "price": [1.0, 2.0, 5.0, 6.0]}
    panel = read_made(made)
    assert [steps.tolist() for steps in panel.covariates.vintages.cutoffs] == [[0, 3], []]
    equal(panel.covariates.vintages.values, [[[2], [5]], np.empty((0, 1, 1))])
    assert panel.notes[-3:] == (
        "futr_df: 1 of 2 series has no row in it.",
        "futr_df: 2 vintages of at most 1 step are read by their cutoff.",
        "futr_df: 1 more was made after the last value of a series; later ones are not used.",
    )


def test_rows_that_are_not_after_their_cutoff_are_not_read():
    made = {"unique_id": list("aaa"), "cutoff": [3, 3, 3], "ds": [2, 3, 4], "price": [2.0, 3.0, 4.0]}
    panel = read_made(made)
    equal(panel.covariates.vintages.values[:1], [[[4]]])
    assert panel.notes[-1] == "futr_df: 2 rows are not after their cutoff; they are not read."


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (
            {**MADE, "ds": [3, 3, 5, 7, 4, 5, 6, 7]},
            "futr_df must have one row for each unique_id and cutoff and ds; got 'a' at 3 again in row 2. Remove one.",
        ),
        (
            {**MADE, "cutoff": [9] * 8},
            "futr_df must have rows after their cutoff; got none. Is `cutoff` the last time that was known?",
        ),
        (
            {**MADE, "ds": [3, 4, 5, 7, 4, 5, 6, 10**9]},
            "futr_df must have rows soon after their cutoff; got one 999,999,996 steps behind. Correct the times.",
        ),
        (
            {**MADE, "cutoff": [2, 2, 4, 4, 3, 4, None, 4]},
            "cutoff of futr_df must hold a time in every row; got none in row 7. Fill it in or remove the row.",
        ),
    ],
)
def test_vintages_that_cannot_be_used(made, text):
    refused(DataError, text, read_made, made)


def test_a_cutoff_off_the_grid():
    hours = pd.date_range("2024-01-01", periods=4, freq="h")
    table = pd.DataFrame({"ds": hours, "y": range(4), "price": range(4)})
    made = pd.DataFrame({"cutoff": hours[:2] + pd.Timedelta("20min"), "ds": hours[1:3], "price": [1, 2]})
    text = (
        "cutoff of futr_df must lie on the grid of the data (h); got 2024-01-01 00:20:00 in row 1, 2 of 2 rows off it. "
        "Correct it, or leave such rows out."
    )
    refused(DataError, text, read_made, made, table)


def test_head_keeps_the_vintages_that_had_been_made():
    vintages = read_made(MADE).head(2).covariates.vintages
    assert [made.tolist() for made in vintages.cutoffs] == [[1], [2, 3]]
    equal(vintages.values, [[[31, 32, NAN]], [[40, NAN, NAN], [50, 60, 70]]])
    assert [len(made) for made in read_made(MADE).head(9).covariates.vintages.cutoffs] == [0, 0]


def test_what_is_told_now_is_the_newest_vintage():
    panel = read_made(MADE)
    now = with_future(panel, {"unique_id": list("bb"), "ds": [7, 8], "price": [0.5, 0.6]})
    cutoffs, values = now.covariates.vintages
    assert [made.tolist() for made in cutoffs] == [[1, 3], [2, 3, 5]]
    equal(values, [[[31, 32, NAN], [51, NAN, 53]], [[40, NAN, NAN], [50, 60, 70], [0.5, 0.6, NAN]]])
    # One that was made at the same cutoff gives way, and a longer one makes room for itself.
    again = with_future(now, {"unique_id": list("bbbb"), "ds": [7, 8, 9, 10], "price": [1, 2, 3, 4]})
    assert again.covariates.vintages.cutoffs[1].tolist() == [2, 3, 5]
    equal(again.covariates.vintages.values[1][-1:], [[1, 2, 3, 4]])
    equal(again.covariates.vintages.values[0][:1], [[31, 32, NAN, NAN]])


def test_a_series_without_a_value_begins_behind_its_latest_cutoff():
    static = {"unique_id": ["a", "b", "c"], "size": [1, 2, 3]}
    made = {"unique_id": list("cccc"), "cutoff": [8, 8, 9, 9], "ds": [9, 10, 10, 11], "price": [1.0, 2.0, 3.0, 4.0]}
    panel = read_made(made, stat_exog_list="size", static_df=static, keep_static_only=True)
    assert panel.starts.tolist() == [2, 2, 10]
    assert [made.tolist() for made in panel.covariates.vintages.cutoffs] == [[], [], [0]]
    equal(panel.covariates.vintages.values[2], [[3, 4]])


def test_a_new_series_has_no_vintages():
    static = {"unique_id": ["a", "b", "aa"], "size": [1, 2, 3]}
    panel = with_static(read_made(MADE), static, ["size"], keep_static_only=True)
    assert panel.ids == ("a", "aa", "b")
    assert [made.tolist() for made in panel.covariates.vintages.cutoffs] == [[1, 3], [], [2, 3]]
    assert panel.covariates.vintages.values[1].shape == (0, 3, 1)


def test_nothing_made_yet_is_no_vintage():
    none = Vintages((np.array([5]),), (np.zeros((1, 2, 1), np.float32),)).head([4])
    assert (none.cutoffs[0].shape, none.values[0].shape) == ((0,), (0, 2, 1))
