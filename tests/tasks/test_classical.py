"""Theta and ETS: real where statsforecast is installed, and around a stand-in what gatework itself does."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

import gatework
from gatework.data.frame import read
from gatework.errors import OptionError
from gatework.models.quantiles import MEDIAN, QUANTILES, interval
from gatework.tasks import classical as room
from gatework.tasks.classical import LEVELS, classical

REASON = "statsforecast is an extra: pip install 'gatework[compare]'"


def panel(*series, season_length=7):
    n = max(map(len, series))
    ds = np.datetime64("2024-01-01") + np.arange(n)
    ids = np.concatenate([np.repeat(f"s{i}", len(y)) for i, y in enumerate(series)])
    table = {"unique_id": ids, "ds": np.concatenate([ds[: len(y)] for y in series]), "y": np.concatenate(series)}
    return read(table, season_length=season_length)


def seasonal(n=60, seed=0):
    return 50 + 10 * np.sin(np.arange(n) * 2 * np.pi / 7) + np.random.default_rng(seed).normal(size=n)


class StandIn:
    """statsforecast's contract: the mean is the last value, an interval of L percent reaches L to both sides."""

    seen: ClassVar[list] = []

    def __init__(self, season):
        self.season = season

    def forecast(self, y, h, level):
        StandIn.seen.append((self.season, y))
        if len(y) == 13:
            raise ZeroDivisionError
        mean = np.full(h, y[-1])
        ends = {f"{end}-{one}": mean + sign * one for one in level for end, sign in (("lo", -1), ("hi", 1))}
        return {"mean": mean, **ends}


def forecast(panel, h=2):
    failures, StandIn.seen = [], []
    simple = lambda panel: np.full((len(panel), h, len(QUANTILES)), -1.0)  # noqa: E731
    return classical(StandIn, h, simple, failures.append)(panel), failures, StandIn.seen


def test_intervals_become_quantiles():
    quantiles, failures, _ = forecast(panel(seasonal()))
    assert LEVELS == [95, 90, 80, 60, 40, 20]
    assert (quantiles[0, 0, MEDIAN], failures) == (seasonal()[-1], [])
    lo, hi = interval(quantiles[0, 1], 90)
    assert (lo, hi) == pytest.approx((seasonal()[-1] - 90, seasonal()[-1] + 90))
    assert (np.diff(quantiles) > 0).all()


def test_gaps_are_filled_by_straight_lines_and_short_series_have_no_season():
    y = np.arange(30.0)
    y[[4, 5, 20]] = np.nan
    _, _, seen = forecast(panel(y, np.arange(16.0)))
    assert seen[0][0] == 7
    np.testing.assert_allclose(seen[0][1], np.arange(30))
    assert seen[1][0] == 1


def test_where_a_model_fails_the_simple_forecast_stands_in_and_is_counted():
    quantiles, failures, _ = forecast(panel(seasonal(), np.full(20, 3.0), np.arange(13.0), np.arange(3.0)))
    assert failures == [3]
    assert (quantiles[1:] == -1).all()
    assert (quantiles[0] != -1).all()


@pytest.mark.parametrize("name", ["Theta", "ETS"])
def test_they_forecast_a_season_and_say_with_what_they_cannot(name):
    pytest.importorskip("statsforecast", reason=REASON)
    t = np.datetime64("2024-01-01") + np.arange(80)
    table = {
        "unique_id": np.repeat(["a", "b"], 80),
        "ds": np.tile(t, 2),
        "y": np.concatenate([seasonal(80) + np.arange(80), np.full(80, 3.0)]),
    }
    found = gatework.compare(table, 7, models=["SeasonalNaive", name], n_windows=2)
    assert found.rows[name].mase < 0.8 * found.rows["SeasonalNaive"].mase
    assert 60 <= found.rows[name].coverage <= 100
    assert found.rows[name].crps < found.rows[name].mase
    assert (
        f"{name} cannot forecast 2 of 4 histories, constant or too short for it: the seasonal naive stands in."
        in found.notes
    )


def test_ets_takes_a_long_season_off_first():
    pytest.importorskip("statsforecast", reason=REASON)
    assert type(room.ets(24)).__name__ == "AutoETS"
    y = 50 + 10 * np.sin(np.arange(200) * 2 * np.pi / 48)
    found = room.ets(48).forecast(y=y, h=48, level=[90])
    np.testing.assert_allclose(found["mean"], y[8:56], atol=0.5)


def test_where_statsforecast_is_absent_they_are_left_out_and_it_is_said(monkeypatch):
    monkeypatch.setattr(room, "find_spec", lambda name: None)
    t = np.datetime64("2024-01-01") + np.arange(60)
    table, quick = {"ds": t, "y": seasonal()}, {"max_steps": 2, "hidden_size": 2, "num_layers": 1, "progress": False}
    found = gatework.compare(table, 7, n_windows=1, **quick)
    assert set(found.rows) == {"LastValue", "SeasonalNaive", "Ridge", "Boosting", "LSTM", "GRU", "RNN"}
    assert "Theta and ETS are left out: they need statsforecast. Run: pip install 'gatework[compare]'" in found.notes
    with pytest.raises(OptionError) as error:
        gatework.compare(table, 7, models=["SeasonalNaive", "ETS"])
    assert str(error.value) == (
        "models must be installed; got ETS without statsforecast. Run: pip install 'gatework[compare]'"
    )
