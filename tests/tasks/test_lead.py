"""A lead: forecasts begin some steps after the last value, are trained for those steps and scored on them alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import gatework
from gatework import Forecaster
from gatework.errors import OptionError

SMALL = {"hidden_size": 8, "num_layers": 1, "max_steps": 20, "batch_size": 16, "progress": False}
T = 120
Y = 20 + 5 * np.sin(np.arange(T) * np.pi / 6) + np.random.default_rng(0).normal(size=T)


def frame(steps=T):
    return pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=steps, freq="h"), "y": Y[:steps]})


def model(h=4, lead=3, **settings):
    return Forecaster(h, lead=lead, **{"season_length": 12} | SMALL | settings)


@pytest.fixture(scope="module")
def fitted():
    return model().fit(frame())


def test_forecasts_begin_after_the_lead(fitted):
    found = fitted.predict()
    assert list(found["ds"]) == list(pd.date_range("2024-01-06 03:00", periods=4, freq="h"))
    assert found.notna().all(axis=None)
    pd.testing.assert_frame_equal(fitted.predict(h=2), found.head(2))


def test_the_last_value_counts_though_it_lies_far_back(fitted):
    moved = frame()
    moved.loc[T - 1, "y"] += 1
    assert (fitted.predict(moved)["LSTM"] != fitted.predict()["LSTM"]).all()


def test_a_backtest_leaves_the_lead_out(fitted):
    found = fitted.cross_validation(frame(), n_windows=2)
    assert len(found) == 8
    # By default windows lie h steps apart, whatever the lead.
    assert list(found["cutoff"].drop_duplicates()) == list(pd.to_datetime(["2024-01-05 12:00", "2024-01-05 16:00"]))
    assert ((found["ds"] - found["cutoff"]) / pd.Timedelta(hours=1)).tolist() == [4.0, 5.0, 6.0, 7.0] * 2
    truth = frame().set_index("ds")["y"]
    np.testing.assert_array_equal(found["y"], truth[found["ds"]])


def test_scores_are_those_of_the_steps_asked_for(fitted):
    scores = fitted.evaluate(frame())
    last = Y[: T - 7]
    scale = np.abs(last[12:] - last[:-12]).mean()
    ahead = np.array([4, 5, 6, 7])
    naive = np.abs(Y[T - 8 + ahead] - Y[T - 8 + ahead - 12]).mean() / scale
    assert scores.rows["SeasonalNaive"].mase == pytest.approx(naive)
    assert scores.rows["LastValue"].mase == pytest.approx(np.abs(Y[T - 8 + ahead] - Y[T - 8]).mean() / scale)


def test_what_happens_within_the_lead_is_not_scored(fitted):
    spoilt = frame()
    spoilt.loc[T - 7 : T - 5, "y"] = 1e6
    assert fitted.score(spoilt) == pytest.approx(fitted.score(frame()))


def test_it_is_kept_by_save_and_drawn_by_simulate(fitted, tmp_path):
    again = gatework.load(fitted.save(tmp_path / "model"))
    pd.testing.assert_frame_equal(again.predict(), fitted.predict())
    paths = again.simulate(200, seed=0)
    assert list(paths["ds"].drop_duplicates()) == list(fitted.predict()["ds"])
    middle = paths.groupby("ds")["LSTM"].median().to_numpy()
    wide = (fitted.predict()["LSTM-hi-90"] - fitted.predict()["LSTM-lo-90"]).to_numpy()
    assert (np.abs(middle - fitted.predict()["LSTM"]) < 0.2 * wide).all()


def test_a_longer_lead_forecasts_no_better():
    rng = np.random.default_rng(1)
    walk = {"ds": np.arange(400), "y": rng.normal(size=400).cumsum()}
    near, far = (model(lead=lead, season_length=1).evaluate(walk, n_windows=12) for lead in (0, 12))
    assert far.rows["LSTM"].mase > 1.5 * near.rows["LSTM"].mase


@pytest.mark.parametrize("lead", [-1, 1.5, None, True])
def test_it_must_be_a_whole_number(lead):
    with pytest.raises(OptionError) as error:
        model(lead=lead).fit(frame())
    assert str(error.value) == f"lead must be a whole number of at least 0; got {lead!r}."


def test_without_a_lead_nothing_changes():
    one, other = Forecaster(4, season_length=12, **SMALL).fit(frame()), model(lead=0).fit(frame())
    pd.testing.assert_frame_equal(one.predict(), other.predict())
