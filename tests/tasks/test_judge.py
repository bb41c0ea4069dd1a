from __future__ import annotations

import numpy as np
import pytest

from gatework.data.frame import read
from gatework.models.quantiles import MEDIAN, QUANTILES
from gatework.tasks.backtest import origins
from gatework.tasks.judge import Forecasts, judge, profiles
from gatework.tasks.measures import WEIGHTS
from gatework.tasks.scores import Window, mase, score, smape

GAP = float("nan")
Q = len(QUANTILES)


def backtest(*values, h=2, n_windows=1, step="D", season_length=1, start="2024-01-01", zone=None):
    n = len(values[0])
    ds = np.datetime64(start, "us") + np.arange(n) * np.timedelta64(1, step)
    table = {
        "unique_id": np.repeat([f"s{i}" for i in range(len(values))], n),
        "ds": np.tile(ds, len(values)),
        "y": np.concatenate(values).astype(float),
    }
    if zone is not None:
        import pandas as pd

        table = pd.DataFrame(table).assign(ds=lambda d: d["ds"].dt.tz_localize("UTC").dt.tz_convert(zone))
    return origins(read(table, season_length=season_length), h, n_windows, h)


def sure(median, width=1.0):
    """Forecasts (W, N, h) all of whose quantiles are the median, with an interval around."""
    median = np.array(median, dtype=float)
    return Forecasts("A", np.repeat(median[..., None], Q, axis=-1), median - width, median + width)


def test_every_metric_worked_by_hand():
    found = backtest([1, 3, 2, 5, 4, 8])
    # One-step changes 2, 1, 3 have mean 2; the errors are 1 and 4.
    one = judge(found, sure([[[5.0, 4.0]]], width=1.5))
    assert one.average("mase") == pytest.approx(2.5 / 2)
    assert one.average("smape") == pytest.approx((200 / 9 + 200 * 4 / 12) / 2)
    assert one.average("mape") == pytest.approx((100 / 4 + 100 * 4 / 8) / 2)
    assert one.average("coverage") == 50
    assert one.average("width") == pytest.approx(3 / 2)
    assert one.error.tolist() == [[[0.5, 2.0]]]


def test_the_crps_of_a_forecast_that_is_sure_of_its_median_is_its_mase():
    one = judge(backtest([1, 3, 2, 5, 4, 8]), sure([[[5.0, 4.0]]]))
    assert one.average("crps") == pytest.approx(one.average("mase"))
    assert WEIGHTS.sum() == pytest.approx(1)


def test_the_crps_of_a_normal_forecast_is_near_the_formula():
    from statistics import NormalDist

    found = backtest([0, 1, 0, 1, 0, 0.3, 0.3])
    z = np.array([NormalDist().inv_cdf(p) for p in QUANTILES])
    forecast = sure(np.zeros((1, 1, 2)))._replace(quantiles=np.broadcast_to(z, (1, 1, 2, Q)))
    y, normal = 0.3, NormalDist()
    formula = y * (2 * normal.cdf(y) - 1) + 2 * normal.pdf(y) - 1 / np.sqrt(np.pi)
    assert judge(found, forecast).average("crps") == pytest.approx(formula, rel=0.05)


def test_it_agrees_with_the_scores_of_evaluate():
    rng = np.random.default_rng(0)
    found = backtest(*rng.normal(size=(5, 40)).cumsum(1), h=4, n_windows=3, season_length=7)
    median = rng.normal(size=(3, 5, 4))
    one = judge(found, sure(median))
    from gatework.tasks.naive import Forecast

    windows = [Window(at.history, at.truth, Forecast(m, m - 1, m + 1)) for at, m in zip(found, median, strict=True)]
    row = score(windows, "A").rows["A"]
    assert (one.average("mase"), one.average("smape"), one.average("coverage")) == pytest.approx(
        (row.mase, row.smape, row.coverage)
    )
    at = found[1]
    assert one.cells["mase"][1, 2] == pytest.approx(mase(at.truth[2], median[1, 2], at.history.values[2], 7))
    assert one.cells["smape"][1, 2] == pytest.approx(smape(at.truth[2], median[1, 2]))


def test_missing_values_and_zeros_do_not_count():
    found = backtest([1, 3, 2, 5, 0, 8], [1, 2, 3, 4, GAP, 6])
    one = judge(found, sure([[[1.0, 6.0], [7.0, 5.0]]]))
    assert one.cells["mape"][0].tolist() == [pytest.approx(25), pytest.approx(100 / 6)]
    assert one.cells["mase"][0, 1] == pytest.approx(1)
    assert np.isnan(one.error[0, 1, 0])


def test_a_series_that_never_changed_has_percentages_and_nothing_in_units_of_change():
    one = judge(backtest([2, 2, 2, 2, 2, 4]), sure([[[2.0, 2.0]]]))
    assert [np.isnan(one.average(name)) for name in ("mase", "crps", "width")] == [True] * 3
    assert one.average("smape") == pytest.approx(200 * 2 / 6 / 2)


def test_a_model_without_quantiles_or_an_interval_has_no_crps_coverage_or_width():
    bare = sure([[[5.0, 4.0]]])
    bare.quantiles[..., np.arange(Q) != MEDIAN] = GAP
    one = judge(backtest([1, 3, 2, 5, 4, 8]), bare._replace(lo=np.full((1, 1, 2), GAP), hi=np.full((1, 1, 2), GAP)))
    assert [name for name, cells in one.cells.items() if np.isnan(cells).all()] == ["crps", "coverage", "width"]
    assert one.average("mase") == pytest.approx(2.5 / 2)


def test_errors_by_horizon_hour_and_weekday():
    # 2024-01-01 is a Monday; the forecasts begin on Saturday the 6th at 0 o'clock.
    y = np.arange(5 * 24 + 48) % 2
    found = backtest(y, h=48, step="h")
    error = np.arange(48.0)[None, None]
    by = profiles(found, error)
    assert by["horizon"] == {k + 1: k for k in range(48)}
    assert by["hour"] == {hour: hour + 12 for hour in range(24)}
    assert by["weekday"] == {5: 11.5, 6: 35.5}


def test_the_hour_is_that_of_the_time_zone():
    found = backtest(np.arange(60) % 2, h=24, step="h", zone="Asia/Kolkata", start="2024-01-01T00:30")
    by = profiles(found, np.arange(24.0)[None, None])
    # 36 hours after 0:30 in Greenwich it is 18 o'clock in Kolkata.
    assert by["hour"][18] == 0


@pytest.mark.parametrize(("step", "names"), [("D", ["horizon", "weekday"]), ("W", ["horizon"])])
def test_a_profile_is_there_where_the_grid_tells_it(step, names):
    found = backtest(np.arange(30.0) % 3, h=7, step=step)
    assert list(profiles(found, np.ones((1, 1, 7)))) == names
