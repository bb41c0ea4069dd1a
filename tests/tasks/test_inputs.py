"""What a forecaster is given is read as its parameters and its fit say, and what is missing of the future is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gatework import Forecaster
from gatework.data.covariates import Vintages
from gatework.errors import DataError, OptionError
from gatework.tasks.inputs import about, about_future, check_future, check_steps, read_first, read_more

NAN = np.nan
# "a" has values up to step 4 and is told of 5 and 6; "b" has values up to 6, and nothing ahead.
TABLE = {
    "shop": list("aaaaaabbbbb"),
    "day": [1, 2, 3, 4, 5, 6, 2, 3, 4, 5, 6],
    "sold": [1.0, 2, 3, 4, NAN, NAN, 5, 6, 7, 8, 9],
    "price": [9.0, 10, 11, 12, 13, 14, 1, 2, 3, 4, 5],
    "sky": ["sun", "rain", "sun", "rain", "sun", "rain", "sun", "sun", "rain", "sun", "sun"],
    "stock": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
}
STATIC = {"shop": ["a", "b"], "size": [1.0, 2.0]}
AHEAD = {"shop": list("aabb"), "day": [5, 6, 7, 8], "price": [20.0, 21, 22, 23], "sky": ["rain"] * 4}
COLUMNS = {"id_col": "shop", "time_col": "day", "target_col": "sold"}
LISTS = {"futr_exog_list": ["price", "sky"], "hist_exog_list": ["stock"], "stat_exog_list": ["size"]}


def params(**more):
    return Forecaster(2, **{**COLUMNS, **more}).get_params()


@pytest.fixture
def known():
    return read_first(params(**LISTS, season_length=3, freq=1), TABLE, AHEAD, STATIC)


def test_the_first_data_are_read_as_the_parameters_say(known):
    assert known.ids == ("a", "b")
    assert (known.columns.time, known.columns.target) == ("day", "sold")
    assert (known.season_length, known.freq.alias) == (3, "1")
    names = [[column.name for column in group] for group in known.covariates.columns]
    assert names == [["stock"], ["price", "sky"], ["size"]]
    assert known.covariates.static.tolist() == [[1], [2]]
    # What the table itself says is told after the data.
    assert known.covariates.known[0][4:, 0].tolist() == [20, 21]
    daily = read_first(params(freq=1), {"shop": list("aaa"), "day": [2, 4, 6], "sold": [1, 2, 3]})
    assert [len(series) for series in daily.values] == [5]


def test_without_more_data_the_series_of_fit_go_on(known):
    assert read_more(params(**LISTS), known) is known
    later = {**AHEAD, "price": [70.0, 71, 72, 73]}
    told = read_more(params(**LISTS), known, futr_df=later)
    assert [values[-2:, 0].tolist() for values in told.covariates.known] == [[70, 71], [72, 73]]
    assert told.values is known.values


@pytest.mark.parametrize("listed", [["size"], "size"])
def test_without_more_data_new_series_may_be_named_by_what_never_changes(listed, known):
    more = {"shop": ["b", "c"], "size": [5.0, 9.0]}
    found = read_more(params(**{**LISTS, "stat_exog_list": listed}), known, static_df=more)
    assert found.ids == ("a", "b", "c")
    # "a" is as it was.
    assert found.covariates.static.tolist() == [[1], [5], [9]]
    assert [len(series) for series in found.values] == [4, 5, 0]
    with pytest.raises(OptionError) as error:
        read_more(params(), known, static_df=more)
    assert str(error.value).startswith("stat_exog_list must name the columns to read from static_df; got none.")


def test_what_never_changes_of_new_series_is_read_in_the_terms_of_fit():
    listed = {"stat_exog_list": ["kind"]}
    known = read_first(params(**listed), TABLE, static_df={"shop": ["a", "b"], "kind": ["small", "large"]})
    found = read_more(params(**listed), known, static_df={"shop": ["c", "d"], "kind": ["small", "huge"]})
    assert found.covariates.columns == known.covariates.columns
    a, b, c, d = found.covariates.static.tolist()
    assert c == a != b
    assert d not in (a, b)


def test_more_data_are_read_on_the_grid_and_in_the_terms_of_fit(known):
    # A single value is enough, on fit's grid with fit's season; "fog" is none of fit's skies.
    more = {"shop": ["b"], "day": [9], "sold": [3.0], "price": [1.0], "sky": ["fog"], "stock": [3]}
    found = read_more(params(**LISTS), known, more)
    assert (found.season_length, found.freq) == (3, known.freq)
    assert found.covariates.columns == known.covariates.columns
    assert found.covariates.known[0][0, 1:].tolist() == [0, 0]
    # What fit knew of the shop.
    assert found.covariates.static.tolist() == [[2]]
    told = read_more(
        params(**LISTS),
        known,
        more,
        {"shop": ["b"], "day": [10], "price": [8.0], "sky": ["sun"]},
        {"shop": ["b"], "size": [7]},
    )
    assert told.covariates.static.tolist() == [[7]]
    assert told.covariates.known[0][1:, 0].tolist() == [8]


def test_parameters_of_an_older_model_know_of_no_covariates(known):
    plain = replace(known, covariates=None)
    old = {name: value for name, value in params().items() if not name.endswith("_list")}
    assert read_more(old, plain, TABLE).covariates is None
    assert read_more(old, plain) is plain


@pytest.mark.parametrize(("h", "steps"), [(None, 24), (1, 1), (24, 24), (np.int64(3), 3)])
def test_steps_that_can_be(h, steps):
    found = check_steps(h, 24)
    assert (found, type(found)) == (steps, int)


def test_more_steps_than_were_fitted():
    with pytest.raises(OptionError) as error:
        check_steps(2000, 1200)
    assert str(error.value) == "h must be at most 1,200, as fitted; got 2,000. Fit with h=2000."


ADVICE = "Give a table with the ids, the times and these columns (command line: --futr)."


def refused(panel, h):
    with pytest.raises(DataError) as error:
        check_future(panel, h)
    text = str(error.value)
    assert text.endswith(f". {ADVICE}")
    return text.removeprefix("futr_df must hold ").removesuffix(f". {ADVICE}")


def test_the_future_must_reach_as_far_as_the_forecast(known):
    check_future(known, 2)
    assert refused(known, 3) == "price and sky for the 3 steps after the last value of each series; got 2 for 'a'"
    check_future(replace(known, covariates=None), 3)
    past = read_first(params(hist_exog_list="stock"), TABLE)
    check_future(past, 3)


def test_the_series_and_the_columns_that_lack_most_are_named(known):
    # Of "b" no price is told ahead, but its sky is.
    covariates = known.covariates
    ahead = covariates.known[1].copy()
    ahead[5:, 0] = NAN
    short = replace(known, covariates=replace(covariates, known=(covariates.known[0], ahead)))
    assert refused(short, 2) == "price for the 2 steps after the last value of each series; got 0 for 'b'"
    # A gap on the way is none at the end.
    ahead[6, 0] = 5.0
    check_future(short, 2)
    alone = read_first(params(futr_exog_list="price"), {name: values[:6] for name, values in TABLE.items()})
    assert refused(alone, 3) == "price for the 3 steps after the last value of each series; got 2"
    nothing = read_first(params(futr_exog_list="price"), {name: values[:4] for name, values in TABLE.items()})
    assert refused(nothing, 1) == "price for the step after the last value of each series; got none"


def test_series_without_a_step_need_no_future(known):
    new = read_more(params(**LISTS), known, static_df={"shop": ["c"], "size": [3.0]})
    check_future(new, 2)


def vintages(panel, made, steps):
    """The same panel, of which each series was told `steps` (of each vintage) at the cutoffs `made`."""
    width = panel.covariates.known[0].shape[1]
    longest = max([n for part in steps for n in part], default=0)
    values = []
    for part in steps:
        told = np.full((len(part), longest, width), NAN, np.float32)
        for row, n in zip(told, part, strict=True):
            row[:n] = 1
        values.append(told)
    laid = Vintages(tuple(np.array(part, dtype=np.int64) for part in made), tuple(values))
    return replace(panel, covariates=replace(panel.covariates, vintages=laid))


def test_of_vintages_the_newest_that_was_made_must_reach_far_enough(known):
    # "a" ends after 4 steps, "b" after 5. What is told later than that does not count.
    check_future(vintages(known, [[4], [5]], [[2], [2]]), 2)
    check_future(vintages(known, [[2, 4], [5]], [[1, 2], [2]]), 2)
    old = vintages(known, [[1, 3], [5]], [[9, 2], [2]])
    assert refused(old, 2) == "price and sky for the 2 steps after the last value of each series; got 1 for 'a'"
    late = vintages(known, [[2, 9], [5]], [[3, 9], [2]])
    assert refused(late, 2) == "price and sky for the 2 steps after the last value of each series; got 1 for 'a'"
    stale = vintages(known, [[4], [1]], [[2], [2]])
    assert refused(stale, 2) == "price and sky for the 2 steps after the last value of each series; got 0 for 'b'"
    # Without one that had been made, what the data tell counts.
    check_future(vintages(known, [[9], [5]], [[1], [2]]), 2)


def test_the_covariates_are_told_by_kind(known):
    assert about(known) == [
        "covariates: price and sky (known ahead); stock (known up to the last value); size (the same at all times)."
    ]
    assert about(read_first(params(hist_exog_list="stock"), TABLE)) == [
        "covariates: stock (known up to the last value)."
    ]
    assert about(replace(known, covariates=None)) == []


def test_which_future_was_read_is_told(known):
    assert about_future(known) == (
        "with price and sky as they came to be (actuals): a real forecast of them would be worse."
    )
    assert about_future(read_first(params(futr_exog_list="price"), TABLE)) == (
        "with price as it came to be (actuals): a real forecast of it would be worse."
    )
    assert about_future(read_first(params(hist_exog_list="stock"), TABLE)) == ""
    assert about_future(replace(known, covariates=None)) == ""
    both, one = vintages(known, [[4], [5]], [[2], [2]]), vintages(known, [[], [5]], [[], [2]])
    assert about_future(both) == "with price and sky as they were forecast (vintages)."
    assert about_future(both, one) == (
        "with price and sky as they were forecast (vintages). But 1 of 4 windows lie before the first vintage and read "
        "actuals."
    )
    # A series that has no history there has no window.
    gone = replace(one, values=(one.values[0][:0], one.values[1]))
    assert about_future(gone) == "with price and sky as they were forecast (vintages)."
