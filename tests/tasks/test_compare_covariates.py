"""A comparison with covariates: who reads them, by which rule, and what is said of it."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from contest import weekly
from rich.console import Console

import gatework
from gatework.data.frame import read
from gatework.tasks.lagged import Lags, Spots

NAN = float("nan")
DAYS = np.datetime64("2024-01-01") + np.arange(160)
QUICK = {"max_steps": 4, "hidden_size": 4, "num_layers": 1, "progress": False}
READERS = ["Ridge", "Boosting"]


def shop(seed=0, n=160):
    """Days whose sales follow today's weather, and the visitors of the day before."""
    rng = np.random.default_rng(seed)
    temp, visitors = rng.normal(size=n), rng.normal(size=n)
    y = weekly(n, seed) + 3 * temp + 3 * np.append(0, visitors[:-1])
    return {"ds": DAYS[:n], "y": y, "temp": temp, "visitors": visitors}


def lags(h=2, futr_df=None, **lists):
    table = {"ds": DAYS[:9], "y": [3.0, 5, 4, 6, 5, 7, 6, 8, 7], "temp": [0.0, 1, 2, 3, 4, 5, 6, 7, 8]}
    return Lags(read(table, season_length=3, futr_df=futr_df, **lists), h)


def spot(t):
    return Spots(np.array([0]), np.array([t]))


# What the learners read.


def test_known_ahead_is_read_at_the_step_and_beside_its_season_before():
    of = lags(futr_exog_list=["temp"])
    unit = of.standard.known[0]
    value, change = np.sinh(of.ahead(spot(4)))[0, :, :2].T
    # The two steps after step 4 are 5 and 6 degrees; three steps before each there were three less.
    assert (value * unit.std + unit.mean).tolist() == pytest.approx([5, 6])
    assert (change * unit.std).tolist() == pytest.approx([3, 3])
    assert of.flat(spot(4)).shape == lags().flat(spot(4)).shape
    assert of.stacked(spot(4)).shape == (2, lags().stacked(spot(4)).shape[1] + of.ahead(spot(4)).shape[-1])


def test_known_up_to_the_last_value_is_read_no_further():
    of = lags(hist_exog_list=["temp"])
    unit = of.standard.past[0]
    assert of.ahead(spot(4)).shape == (1, 2, 0)
    read_ = of.beside.behind(np.array([0]), np.array([5]), np.array([0, 1, 3]))[0, :, 0]
    assert (np.sinh(read_) * unit.std + unit.mean).tolist() == pytest.approx([4, 3, 1])


def test_vintages_are_read_by_the_cutoff_and_not_what_came_to_be():
    made = {"cutoff": DAYS[[3, 3, 5, 5]], "ds": DAYS[[4, 5, 6, 7]], "temp": [14.0, 15, 26, 27]}
    of = lags(futr_exog_list=["temp"], futr_df=made)
    unit = of.standard.known[0]
    for t, expected in ((2, [3, 4]), (3, [14, 15]), (5, [26, 27])):
        found = np.sinh(of.ahead(spot(t))[0, :, 0]) * unit.std + unit.mean
        assert found.tolist() == pytest.approx(expected), t
    # What was made at step 3 says nothing of the second step after step 4.
    assert of.ahead(spot(4))[0, :, 1].tolist() == [1, 0]


def test_a_later_history_is_read_in_the_units_that_were_learned_in():
    early = lags(futr_exog_list=["temp"])
    table = {"ds": DAYS[:9], "y": np.arange(9.0) % 4, "temp": 100 + np.arange(9.0)}
    later = Lags(read(table, season_length=3, futr_exog_list=["temp"]), 2, early.standard)
    assert later.standard is early.standard
    assert (later.ahead(spot(4))[0, :, 0] > 3).all()


# What it is worth.


@pytest.mark.parametrize("kind", ["futr_exog_list", "hist_exog_list"])
@pytest.mark.parametrize("name", READERS)
def test_the_learners_gain_by_covariates_that_carry_signal(name, kind):
    column = "temp" if kind == "futr_exog_list" else "visitors"
    without, found = (
        gatework.compare(shop(), 1, models=["SeasonalNaive", name], n_windows=30, step_size=1, **lists)
        for lists in ({}, {kind: [column]})
    )
    assert found.rows[name].mase < 0.95 * without.rows[name].mase
    assert found.rows["SeasonalNaive"].mase == without.rows["SeasonalNaive"].mase


@pytest.mark.parametrize("name", READERS)
def test_noise_does_little_harm(name):
    table, rng = shop(), np.random.default_rng(5)
    table |= {f"noise{k}": rng.normal(size=160) for k in range(4)}
    noise = {"futr_exog_list": ["noise0", "noise1"], "hist_exog_list": ["noise2", "noise3"]}
    without, found = (
        gatework.compare(table, 7, models=["SeasonalNaive", name], n_windows=8, **lists) for lists in ({}, noise)
    )
    assert found.rows[name].mase < 1.1 * without.rows[name].mase


@pytest.mark.parametrize("name", [*READERS, "LSTM"])
def test_no_model_sees_the_future_of_what_is_known_up_to_the_cutoff(name):
    table = shop()
    later = {**table, "visitors": np.append(table["visitors"][:-7], np.full(7, 50.0))}
    options = {"models": ["SeasonalNaive", name], "n_windows": 1, "hist_exog_list": ["visitors"], **QUICK}
    one, other = (gatework.compare(some, 7, **options).forecasts[name] for some in (table, later))
    np.testing.assert_array_equal(one, other)
    earlier = {**table, "visitors": np.append(table["visitors"][:-8], np.full(8, 50.0))}
    assert not np.array_equal(one, gatework.compare(earlier, 7, **options).forecasts[name])


@pytest.mark.parametrize("name", READERS)
def test_the_learners_take_texts_gaps_and_what_never_changes(name):
    ids = np.repeat(["a", "b"], 80)
    table = {"unique_id": ids, "ds": np.tile(DAYS[:80], 2), "y": np.append(weekly(80), weekly(80, 1))}
    table["sky"] = np.resize(["rain", "clear", "clear"], 160)
    table["temp"] = np.where(np.arange(160) % 9 == 4, NAN, np.arange(160.0) % 11)
    places = {"unique_id": ["a", "b"], "size": [1.0, 2.0]}
    lists = {"futr_exog_list": ["sky"], "hist_exog_list": ["temp"], "stat_exog_list": ["size"]}
    found = gatework.compare(table, 7, models=["SeasonalNaive", name], n_windows=2, static_df=places, **lists)
    assert np.isfinite(found.forecasts[name]).all()
    assert found.rows[name].mark == ""


def test_the_networks_are_those_of_the_forecaster():
    options = {"futr_exog_list": ["temp"], "hist_exog_list": ["visitors"], **QUICK}
    found = gatework.compare(shop(), 7, models=["SeasonalNaive", "LSTM"], n_windows=2, **options)
    expected = gatework.Forecaster(7, **options).cross_validation(shop(), 2)
    np.testing.assert_array_equal(found.forecasts["LSTM"], expected["LSTM"])


# What is said.


def test_it_is_said_who_reads_what_and_whether_it_came_to_be_or_was_forecast():
    models = ["LastValue", "SeasonalNaive", "Ridge"]
    found = gatework.compare(shop(), 7, models=models, n_windows=2, futr_exog_list=["temp"])
    marks = {name: row.mark for name, row in found.rows.items()}
    assert marks == {"LastValue": "no covariates", "SeasonalNaive": "no covariates", "Ridge": ""}
    assert "covariates: temp (known ahead)." in found.notes
    actuals = "with temp as it came to be (actuals): a real forecast of it would be worse."
    assert found.future == found.to_dict()["future"] == actuals
    console = Console(width=80)
    with console.capture() as shown:
        console.print(found.table())
    assert f"Covariates: {actuals}" in " ".join(shown.get().split())
    naive = [name for name in found.rows if name != "Ridge"]
    assert f"\nNo covariates: {naive[0]}, {naive[1]}. " in shown.get()

    cuts = np.arange(20, 159, 7)
    rows = [(cut, cut + k) for cut in cuts for k in range(1, 8) if cut + k < 160]
    made, steps = np.array(rows).T
    vintages = {"cutoff": DAYS[made], "ds": DAYS[steps], "temp": np.cos(steps)}
    found = gatework.compare(shop(), 7, models=models, n_windows=2, futr_exog_list=["temp"], futr_df=vintages)
    assert found.future == "with temp as it was forecast (vintages)."
    without = gatework.compare(shop(), 7, models=models, n_windows=2)
    assert (without.future, without.rows["LastValue"].mark) == ("", "")


def test_each_model_says_whether_its_interval_holds():
    table = shop()
    found = gatework.compare(table, 7, models=["LastValue", "SeasonalNaive"], n_windows=12)
    sentence = found.rows["SeasonalNaive"].calibration
    assert sentence.startswith(f"The 90 % interval held {found.rows['SeasonalNaive'].coverage:.0f} % of 84 values")
    assert found.to_dict()["rows"]["SeasonalNaive"]["calibration"] == sentence
    mine = {name: found.forecasts[name] for name in ("ds", "cutoff")} | {"Mine": found.forecasts["LastValue"]}
    beside = gatework.compare(table, 7, models=["SeasonalNaive"], others=mine, n_windows=12)
    assert beside.rows["Mine"].calibration == ""


def test_weather_and_holidays_make_forecasts_of_bike_rentals_better(data):
    with (data / "bike_sharing/day.csv").open() as file:
        rows = list(csv.DictReader(file))
    table = {"ds": np.array([row["dteday"] for row in rows], dtype="M8[D]")}
    names = ["temp", "hum", "windspeed", "holiday", "workingday"]
    table |= {name: np.array([float(row[name]) for row in rows]) for name in names}
    table["y"] = np.array([float(row["cnt"]) for row in rows])
    table["sky"] = np.array([f"sky {row['weathersit']}" for row in rows])
    without, found = (
        gatework.compare(table, 7, models=["SeasonalNaive", "Ridge"], n_windows=40, **lists)
        for lists in ({}, {"futr_exog_list": [*names, "sky"]})
    )
    assert found.rows["Ridge"].mase < 0.96 * without.rows["Ridge"].mase
