"""Times as they are: summer time comes and goes, forecasts are asked for later than fit, and with a hole between."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from gatework import Forecaster

SMALL = {"hidden_size": 8, "num_layers": 1, "max_steps": 20, "batch_size": 32, "progress": False}
ZONE = "Europe/Berlin"


def load(wall: pd.DatetimeIndex) -> np.ndarray:
    """What people use by the hour of their clocks."""
    return 100 + 20 * np.sin((wall.hour.to_numpy() - 9) * np.pi / 12)


# Summer time


@pytest.mark.parametrize(
    ("last", "skipped", "twice"),
    [("2024-03-30 12:00", "2024-03-31 02:00", None), ("2024-10-26 12:00", None, "2024-10-27 02:00")],
    ids=["spring", "autumn"],
)
@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_no_hour_is_lost_or_given_twice_where_clocks_change_in_the_forecast(kind, last, skipped, twice):
    when = pd.date_range(end=last, periods=240, freq="h", tz=ZONE)
    df = pd.DataFrame({"ds": when, "y": load(when)})
    found = Forecaster(24, **SMALL).fit(df if kind == "pandas" else pl.from_pandas(df)).predict()
    times = pd.DatetimeIndex(found["ds"] if kind == "pandas" else found.to_pandas()["ds"])
    assert str(times.tz) == ZONE
    # Every hour that passes, each once, whatever the clocks show.
    assert (times == pd.date_range(when[-1], periods=25, freq="h")[1:]).all()
    shown = times.tz_localize(None)
    assert shown[0] == pd.Timestamp(last) + pd.Timedelta("1h")
    assert skipped is None or pd.Timestamp(skipped) not in shown
    assert shown[shown.duplicated()].tolist() == ([] if twice is None else [pd.Timestamp(twice)])


@pytest.mark.parametrize("change", ["2024-03-31", "2024-10-27"])
def test_a_change_of_clocks_in_the_past_is_no_gap_and_no_second_row(change):
    when = pd.date_range(pd.Timestamp(change) - pd.Timedelta("15D"), periods=600, freq="h", tz=ZONE)
    model = Forecaster(24, **SMALL).fit(pd.DataFrame({"ds": when, "y": load(when)}))
    assert model.notes_[:2] == [
        "frequency: hourly (h), inferred; season: 24 steps, inferred.",
        f"ds: steps are counted in UTC and given back in {ZONE}.",
    ]
    assert not any("no value" in note for note in model.notes_)
    # Ten days later the old hours are out of sight.
    found = model.predict()
    assert np.abs(found["LSTM"] - load(pd.DatetimeIndex(found["ds"]))).max() < 1


def test_hours_by_the_wall_that_have_no_zone_lack_one_in_spring():
    when = pd.date_range("2024-03-25", "2024-04-05", freq="h", tz=ZONE).tz_localize(None)
    model = Forecaster(24, **SMALL).fit(pd.DataFrame({"ds": when, "y": load(when)}))
    assert f"1 of {len(when) + 1} steps have no value; they are masked, never filled." in model.notes_


# Later than fit


DAY = np.arange("2024-01-01", "2024-12-31", dtype="datetime64[D]")
SALES = 50 + 10 * np.sin(np.arange(365) * 2 * np.pi / 7) + np.random.default_rng(0).normal(size=365)


@pytest.fixture(scope="module")
def model() -> Forecaster:
    return Forecaster(7, **SMALL).fit({"ds": DAY[:120], "y": SALES[:120]})


def table(rows: np.ndarray) -> dict[str, np.ndarray]:
    return {"ds": DAY[rows], "y": SALES[rows]}


# In the hole lies nothing, half of what a window reads, or five times as much.
@pytest.mark.parametrize("begin", [120, 135, 250])
def test_a_fitted_forecaster_goes_on_behind_a_hole(begin, model):
    rows = np.append(np.arange(120), np.arange(begin, begin + 30))
    found = model.predict(table(rows))
    np.testing.assert_array_equal(found["ds"], DAY[begin + 30 : begin + 37])
    assert np.abs(found["LSTM"] - SALES[begin + 30 : begin + 37]).mean() < 2.5


def test_later_data_alone_are_enough(model):
    found = model.predict(table(np.arange(300, 340)))
    np.testing.assert_array_equal(found["ds"], DAY[340:347])
    assert np.abs(found["LSTM"] - SALES[340:347]).mean() < 2.5


def test_just_behind_a_hole_the_season_of_before_it_is_known_still(model):
    # Three values, after a hole of three weeks and a day.
    rows = np.append(np.arange(120), np.arange(142, 145))
    found = model.predict(table(rows))
    np.testing.assert_array_equal(found["ds"], DAY[145:152])
    alone = model.predict(table(np.arange(142, 145)))["LSTM"]
    error, blind = (np.abs(some - SALES[145:152]).mean() for some in (found["LSTM"], alone))
    assert error < blind / 2


def test_every_series_goes_on_from_its_own_last_value():
    long, short = (pd.DataFrame(table(np.arange(end))).assign(unique_id=name) for name, end in (("a", 200), ("b", 151)))
    found = Forecaster(7, **SMALL).fit(pd.concat([long, short])).predict()
    np.testing.assert_array_equal(found["unique_id"], ["a"] * 7 + ["b"] * 7)
    np.testing.assert_array_equal(found["ds"].to_numpy().astype("M8[D]"), np.append(DAY[200:207], DAY[151:158]))
