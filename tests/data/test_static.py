"""What never changes has a row for each series, and may tell of series that have no other."""

from __future__ import annotations

from beside import NAN, STATIC, TABLE, equal, refused

from gatework.data.covariates import Column
from gatework.data.frame import read
from gatework.data.static import with_static
from gatework.errors import DataError


def test_a_row_for_each_series():
    panel = read(TABLE, stat_exog_list=["kind", "size"], static_df=STATIC)
    assert panel.covariates.columns == ((), (), (Column("kind", ("kiosk", "shop")), Column("size")))
    equal([panel.covariates.static], [[[1, 0, 1], [0, 1, 2]]])
    assert [values.shape for values in panel.covariates.known] == [(3, 0), (5, 0)]
    assert panel.notes[-1] == "static_df: 1 of its 3 series is not in the data and is passed over, 'c' first."


def test_one_series_has_one_row_without_an_id():
    table = {"ds": [1, 2, 3], "y": [1, 2, 3]}
    equal([read(table, stat_exog_list="size", static_df={"size": [4]}).covariates.static], [[4]])
    text = "static_df must have one row; got another in row 2. Remove one."
    refused(DataError, text, read, table, stat_exog_list="size", static_df={"size": [4, 5]})


def test_static_values_may_be_missing():
    static = {"unique_id": ["a", "b"], "size": [NAN, 2.0], "kind": ["", "shop"]}
    panel = read(TABLE, stat_exog_list=["size", "kind"], static_df=static)
    equal([panel.covariates.static], [[[NAN, 0], [2, 1]]])
    assert panel.notes[-2:] == (
        "kind of static_df: 1 of 2 rows is empty, which counts as none of its categories.",
        "size of static_df is missing in 1 of 2 rows; it is masked there, never filled.",
    )


def test_statics_that_cannot_be_used():
    def static_refused(text, static):
        refused(DataError, text, read, TABLE, stat_exog_list="size", static_df=static)

    static_refused("static_df must hold size of each series; got none. Give a table with a row for each.", None)
    static_refused(
        "static_df must have a row for each series; got none for 'b', 1 of 2 missing. Add it.",
        {"unique_id": ["a"], "size": [1]},
    )
    static_refused(
        "static_df must have one row for each unique_id; got 'a' again in row 3. Remove one.",
        {"unique_id": ["a", "b", "a"], "size": [1, 2, 3]},
    )
    static_refused(
        "static_df must have the columns 'unique_id', 'size'; got 'unique_id', without 'size'. Rename or add it.",
        {"unique_id": ["a", "b"]},
    )


def test_statics_of_fit_are_taken_over():
    fitted = read(TABLE, stat_exog_list=["kind", "size"], static_df=STATIC)
    new = {"unique_id": list("bbb"), "ds": [1, 2, 3], "y": [1, 2, 3]}
    panel = read(new, stat_exog_list=["kind", "size"], static_df=fitted)
    assert panel.covariates.columns == fitted.covariates.columns
    equal([panel.covariates.static], [[[0, 1, 2]]])
    text = "static_df must have a row for each series; got none for 'x'. Add it."
    refused(DataError, text, read, {**new, "unique_id": list("xxx")}, stat_exog_list="size", static_df=fitted)
    text = "static_df must be a Panel with covariates; got one without. Give a table."
    refused(DataError, text, read, new, stat_exog_list="size", static_df=read(TABLE))
    # New ones are read as those of fit were.
    other = {"unique_id": ["b"], "size": [9], "kind": ["tent"]}
    like = read(new, stat_exog_list=["kind", "size"], static_df=other, like=fitted.covariates).covariates
    assert like.columns == fitted.covariates.columns
    equal([like.static], [[[0, 0, 9]]])


def test_new_series_with_statics_only():
    options = {"futr_exog_list": "price", "hist_exog_list": "stock", "stat_exog_list": "size"}
    static = {"unique_id": ["aa", "b", "a"], "size": [3, 2, 1]}
    panel = read(TABLE, **options, static_df=static, keep_static_only=True)
    assert panel.ids == ("a", "aa", "b")
    assert [len(series) for series in panel.values] == [3, 0, 5]
    # It begins behind the latest value of all, at 6.
    assert panel.starts.tolist() == [2, 7, 2]
    equal([panel.covariates.static], [[1, 3, 2]])
    assert [values.shape for values in panel.covariates.past] == [(3, 1), (0, 1), (5, 1)]
    assert panel.notes[-1] == "static_df: 1 series is not in the data, 'aa' first: known by what never changes alone."
    future = {"unique_id": ["aa", "aa"], "ds": [9, 10], "price": [1, 2]}
    panel = read(TABLE, **options, static_df=static, keep_static_only=True, futr_df=future)
    assert panel.starts.tolist() == [2, 9, 2]
    equal(panel.covariates.known, [[10, NAN, 30, 40, 50], [1, 2], [1, 2, 3, NAN, 4]])


def test_new_series_keep_the_type_of_the_ids():
    table = {"unique_id": [10, 10, 10, 2, 2, 2], "ds": [1, 2, 3] * 2, "y": range(6)}
    panel = with_static(
        read(table), {"unique_id": ["7", "10", "2"], "size": [1, 2, 3]}, ["size"], keep_static_only=True
    )
    assert panel.ids == (2, 7, 10)
    equal([panel.covariates.static], [[3, 1, 2]])
    refused(
        DataError,
        "unique_id of static_df must hold int, as the data do; got 'x'. Correct it.",
        with_static,
        read(table),
        {"unique_id": ["x", "10", "2"], "size": [1, 2, 3]},
        ["size"],
        keep_static_only=True,
    )
