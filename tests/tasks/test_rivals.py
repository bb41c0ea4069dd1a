from __future__ import annotations

import numpy as np
import pytest

from gatework import Forecaster
from gatework.data.frame import read
from gatework.models.quantiles import MEDIAN, interval
from gatework.tasks.naive import last_value, seasonal_naive
from gatework.tasks.rivals import MODELS, learns, make_ready


@pytest.fixture
def panel():
    return read({"ds": np.arange(60), "y": np.random.default_rng(0).normal(size=60).cumsum()}, season_length=7)


@pytest.mark.parametrize("name", ["LastValue", "SeasonalNaive"])
def test_the_naive_forecasts_quantiles_are_their_intervals_ends(name, panel):
    found = learns(name, Forecaster(4), lambda _: None)(panel)(panel)
    for level in (20, 60, 80, 90, 95):
        if name == "LastValue":
            expected = last_value(panel.values, 4, level)
        else:
            expected = seasonal_naive(panel.values, 7, 4, level)
        lo, hi = interval(found, level)
        np.testing.assert_allclose(lo, expected.lo)
        np.testing.assert_allclose(hi, expected.hi)
        np.testing.assert_array_equal(found[..., MEDIAN], expected.median)


@pytest.mark.parametrize("name", [name for name in MODELS if name not in ("Theta", "ETS")])
def test_every_model_forecasts_ascending_quantiles_of_every_step(name, panel):
    make_ready(name)
    model = Forecaster(4, max_steps=2, hidden_size=2, num_layers=1, progress=False)
    found = learns(name, model, lambda _: None)(panel)(panel)
    assert found.shape == (1, 4, 13)
    assert (np.diff(found) >= 0).all()
