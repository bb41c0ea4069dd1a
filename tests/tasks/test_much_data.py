"""Of much data the latest steps and a sample of the series are learned from; every series is forecast."""

from __future__ import annotations

import numpy as np
import pytest

from gatework import Forecaster
from gatework.data import latest

SIZES = {"season_length": 7, "hidden_size": 8, "num_layers": 1, "max_steps": 10, "batch_size": 16, "progress": False}
SERIES, STEPS, H = 12, 400, 4


def table(series=SERIES, steps=STEPS):
    rng = np.random.default_rng(0)
    t = np.tile(np.arange(steps), series)
    y = 10 * np.repeat(np.arange(series), steps) + np.sin(t * 2 * np.pi / 7) + 0.1 * rng.normal(size=len(t))
    return {"unique_id": np.repeat(np.arange(series), steps), "ds": t, "y": y}


def test_forecasts_are_the_same_in_lots_as_at_once(monkeypatch):
    model = Forecaster(H, **SIZES).fit(table())
    whole = model.predict()
    monkeypatch.setattr(latest, "AT_ONCE", 900)
    lots = model.predict()
    for name, values in whole.items():
        np.testing.assert_allclose(lots[name], values, rtol=1e-6, atol=1e-6)


def test_where_there_is_room_nothing_is_left_out():
    model = Forecaster(H, **SIZES).fit(table())
    assert model.recipe_.latest is None
    assert not any("the networks learn from" in note for note in model.notes_)


@pytest.mark.parametrize("most", [3600, 1500])
def test_of_much_data_the_latest_steps_decide(monkeypatch, most):
    monkeypatch.setattr(latest, "MOST", most)
    data = table()
    model = Forecaster(H, **SIZES).fit(data)
    # Twelve series keep 300 steps each; or, of ten windows of 28 steps, only five series have room.
    steps = {3600: 300, 1500: 280}[most]
    assert model.recipe_.latest == steps
    notes = [note for note in model.notes_ if "the networks learn from" in note]
    assert notes[0].startswith(f"the networks learn from the latest {steps} steps of each series, and read no more:")
    assert len(notes) == 1 if most == 3600 else "5 of 12 series" in notes[1]
    found = model.predict()
    assert np.isfinite(found["LSTM"]).all()
    assert len(found["LSTM"]) == SERIES * H
    # What lies before the latest steps may be anything; one step later, and it is read.
    for spoiled, same in ((STEPS - steps, True), (STEPS - steps + 1, False)):
        y = np.where(data["ds"] < spoiled, -1e6, data["y"])
        again = model.predict({**data, "y": y})
        assert np.array_equal(again["LSTM"], found["LSTM"]) is same


def test_one_series_is_forecast_as_among_the_many_that_were_learned(monkeypatch):
    monkeypatch.setattr(latest, "MOST", 3600)
    data = table()
    model = Forecaster(H, **SIZES).fit(data)
    alone = model.predict({name: values[data["unique_id"] == 3] for name, values in data.items()})
    among = model.predict()
    np.testing.assert_allclose(alone["LSTM"], among["LSTM"][among["unique_id"] == 3], rtol=1e-6)
