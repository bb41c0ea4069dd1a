"""What is known ahead makes forecasts better where it carries signal, and nothing of it is read before it was known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from weather import LEARN, SMALL, SPANS, STEPS, H, changed, fit, foreseen, frame, future, mae

from gatework import Forecaster
from gatework.errors import DataError, OptionError
from gatework.tasks.inputs import about_future

ADVICE = "Give a table with the ids, the times and these columns (command line: --futr)."


@pytest.fixture(scope="module")
def fitted() -> Forecaster:
    return fit()


def test_what_is_known_ahead_is_learned():
    rng = np.random.default_rng(4)
    t, x = np.arange(306), rng.normal(size=306)
    y = 5 * np.sin(t * np.pi / 6) + 2 * x + 0.1 * rng.normal(size=306)
    table, ahead = {"ds": t[:300], "y": y[:300], "x": x[:300]}, {"ds": t[300:], "x": x[300:]}
    without = Forecaster(6, season_length=12, seed=4, **LEARN).fit(table)
    model = Forecaster(6, season_length=12, seed=4, futr_exog_list=["x"], **LEARN).fit(table, futr_df=ahead)
    assert model.scores_.rows["LSTM"].mase < 0.5 * without.scores_.rows["LSTM"].mase
    assert mae(model, None, y[300:]) < 0.4 * mae(without, None, y[300:])


def test_vintages_are_said_to_be_used():
    model = Forecaster(H, futr_exog_list=["temp", "sky"], **SMALL)
    scores = model.evaluate(frame(), futr_df=foreseen(frame()))
    assert scores.future == "with temp and sky as they were forecast (vintages)."
    told = foreseen(frame()).drop(columns="sky")
    one = Forecaster(H, futr_exog_list=["temp"], **SMALL)._checked(frame(), told)
    assert about_future(one) == "with temp as it was forecast (vintages)."
    late = told[(told["cutoff"] >= SPANS[STEPS - 10]) | ((told["cutoff"] >= SPANS[9]) & (told["unique_id"] == "a"))]
    one = Forecaster(H, futr_exog_list=["temp"], **SMALL)._checked(frame(), late)
    assert about_future(one.head(10), one.head(4), one.head(STEPS - 5), one.head(STEPS)) == (
        "with temp as it was forecast (vintages). But 3 of 6 windows lie before the first vintage and read actuals."
    )


@pytest.mark.parametrize(
    ("column", "vintages", "alike"), [("visitors", False, True), ("temp", False, False), ("temp", True, True)]
)
def test_a_backtest_reads_no_covariate_before_it_was_known(column, vintages, alike):
    model = Forecaster(H, futr_exog_list=["temp", "sky"], hist_exog_list=["visitors"], **SMALL)
    told = foreseen(frame()) if vintages else None
    one, two = (model.cross_validation(table, futr_df=told)["LSTM"] for table in (frame(), changed(frame(), column, H)))
    assert (one == two).all() == alike
    assert (one == two).any() == alike


def test_the_future_may_stand_in_the_data(fitted):
    rows = pd.concat([frame(), future()], ignore_index=True)
    np.testing.assert_array_equal(fitted.predict(rows)["LSTM"], fitted.predict()["LSTM"])


def test_the_newest_vintage_is_the_forecast_that_predict_reads():
    table = frame()
    told = foreseen(table)
    model = Forecaster(H, futr_exog_list=["temp", "sky"], **SMALL).fit(table, futr_df=told)
    last = told["cutoff"] == SPANS[STEPS - 1]
    before = model.predict()["LSTM"]
    np.testing.assert_array_equal(model.predict(table, futr_df=told[last])["LSTM"], before)
    # Told without a cutoff it is the newest of all.
    alone = told[last].drop(columns="cutoff")
    np.testing.assert_array_equal(model.predict(futr_df=alone)["LSTM"], before)
    assert (model.predict(futr_df=alone.assign(temp=40.0))["LSTM"] != before).all()


def test_fewer_steps_are_the_first_of_all(fitted):
    found = fitted.predict(h=2)
    whole = fitted.predict().groupby("unique_id").head(2).reset_index(drop=True)
    pd.testing.assert_frame_equal(found, whole)
    assert len(fitted.plot(h=2)) == 2


@pytest.mark.parametrize(
    ("h", "text"),
    [
        (8, "h must be at most 4, as fitted; got 8. Fit with h=8."),
        (0, "h must be a whole number of at least 1; got 0."),
        (True, "h must be a whole number of at least 1; got True."),
        (1.5, "h must be a whole number of at least 1; got 1.5."),
    ],
)
def test_steps_that_cannot_be(h, text, fitted):
    with pytest.raises(OptionError) as error:
        fitted.predict(h=h)
    assert str(error.value) == text


def test_a_future_that_is_missing_or_too_short_is_refused():
    model = Forecaster(H, futr_exog_list=["temp", "sky"], **SMALL).fit(frame())
    with pytest.raises(DataError) as error:
        model.predict()
    want = "futr_df must hold temp and sky for the 4 steps after the last value of each series"
    assert str(error.value) == f"{want}; got none. {ADVICE}"
    ahead = future()
    ahead = ahead[(ahead["unique_id"] == "a") | (ahead["ds"] <= SPANS[STEPS + 1])]
    with pytest.raises(DataError) as error:
        model.predict(futr_df=ahead)
    assert str(error.value) == f"{want}; got 2 for 'b'. {ADVICE}"
    assert len(model.predict(futr_df=ahead, h=2)) == 4
    with pytest.raises(DataError) as error:
        model.predict(futr_df=future().assign(temp=np.nan), h=1)
    assert str(error.value) == (
        f"futr_df must hold temp for the step after the last value of each series; got none. {ADVICE}"
    )


def test_an_old_vintage_does_not_reach_far_enough():
    told = foreseen(frame())
    told = told[told["cutoff"] <= SPANS[STEPS - 3]]
    model = Forecaster(H, futr_exog_list=["temp", "sky"], **SMALL).fit(frame(), futr_df=told)
    with pytest.raises(DataError, match="got none") as error:
        model.predict()
    assert str(error.value).endswith(ADVICE)
    assert model.predict(futr_df=future())["LSTM"].notna().all()


def test_gaps_in_the_future_are_masked():
    ahead = future()
    ahead.loc[ahead["ds"] == SPANS[STEPS + 1], ["temp"]] = np.nan
    model = Forecaster(H, futr_exog_list=["temp", "sky"], **SMALL).fit(frame())
    assert model.predict(futr_df=ahead)["LSTM"].notna().all()


def test_without_covariates_there_is_no_future_to_speak_of():
    assert about_future(Forecaster(H, **SMALL)._checked(frame())) == ""
