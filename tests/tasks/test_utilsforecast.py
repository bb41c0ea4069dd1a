"""Nixtla's own tools take our tables as they are: utilsforecast scores and draws them, and agrees with our scores."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest

import gatework
from gatework.models.quantiles import QUANTILES

WHY = "utilsforecast is not installed: pip install -e '.[dev]'"
evaluate = pytest.importorskip("utilsforecast.evaluation", reason=WHY).evaluate
losses = pytest.importorskip("utilsforecast.losses", reason=WHY)
plot_series = pytest.importorskip("utilsforecast.plotting", reason=WHY).plot_series

SMALL = {"hidden_size": 8, "num_layers": 1, "max_steps": 20, "progress": False}


def shops(kind, n=60):
    rng = np.random.default_rng(0)
    days = np.datetime64("2024-01-01", "us") + np.arange(n) * np.timedelta64(1, "D")
    y = [20 + 5 * np.sin(np.arange(n) * 2 * np.pi / 7) + rng.normal(size=n) for _ in range(3)]
    table = {"unique_id": np.repeat(["a", "b", "c"], n), "ds": np.tile(days, 3), "y": np.concatenate(y)}
    return {"pandas": pd.DataFrame, "polars": pl.DataFrame}[kind](table)


def average(found, metric, model):
    """The mean over the windows of each series, then over series; of either kind of table."""
    if isinstance(found, pl.DataFrame):
        found = found.to_pandas()
    return found[found["metric"] == metric].groupby("unique_id")[model].mean().mean()


@pytest.fixture(params=["pandas", "polars"])
def df(request):
    return shops(request.param)


def test_it_scores_a_backtest_as_we_do(df):
    model = gatework.Forecaster(7, **SMALL)
    frame = model.cross_validation(df, n_windows=2, level=[80, 90])
    metrics = [partial(losses.mase, seasonality=7), losses.smape, losses.coverage]
    found = evaluate(frame, metrics, level=[80, 90], train_df=df)
    assert type(found) is type(df)
    scores = model.evaluate(df, n_windows=2)
    row = scores.rows["LSTM"]
    assert average(found, "mase", "LSTM") == pytest.approx(row.mase)
    # Theirs is a share of half the size.
    assert 200 * average(found, "smape", "LSTM") == pytest.approx(row.smape)
    for level in (80, 90):
        inside = 100 * average(found, f"coverage_level{level}", "LSTM")
        assert inside == pytest.approx(scores.calibration.intervals[level].coverage)


def test_it_scores_quantiles_and_whole_forecasts(df):
    levels = [95, 90, 80, 60, 40, 20]
    frame = gatework.Forecaster(7, **SMALL).cross_validation(df, n_windows=2, level=levels)
    metrics = [losses.mqloss, losses.scaled_crps, losses.quantile_loss, losses.calibration, losses.winkler_score]
    found = evaluate(frame, metrics, level=levels, train_df=df)
    if isinstance(found, pl.DataFrame):
        found = found.to_pandas()
    assert {"mqloss", "scaled_crps"} <= set(found["metric"])
    assert np.isfinite(found["LSTM"]).all()
    # Six intervals have twelve of the thirteen quantiles that were learned, all but the median.
    y, q = frame["y"].to_numpy(), np.array(QUANTILES)
    columns = [f"LSTM-lo-{level}" for level in levels] + [f"LSTM-hi-{level}" for level in levels[::-1]]
    over = y[:, None] - np.stack([frame[name].to_numpy() for name in columns], 1)
    q = np.delete(q, len(q) // 2)
    assert average(found, "mqloss", "LSTM") == pytest.approx(np.maximum(q * over, (q - 1) * over).mean())


def test_it_scores_a_comparison(df):
    found = gatework.compare(df, 7, models=["LastValue", "SeasonalNaive", "Ridge"], n_windows=2)
    theirs = evaluate(found.forecasts, [partial(losses.mase, seasonality=7)], train_df=df)
    for name, row in found.rows.items():
        assert average(theirs, "mase", name) == pytest.approx(row.mase)


def test_it_draws_forecasts_and_backtests(df):
    model = gatework.Forecaster(7, **SMALL).fit(df)
    figure = plot_series(df, model.predict(level=(80, 95)), level=[80, 95], engine="matplotlib")
    axes = figure.axes[:3]
    assert len(axes) == 3
    for panel in axes:
        assert len(panel.get_lines()) == 2  # what happened, and the forecast
        assert len(panel.collections) == 2  # an interval each
        assert np.isfinite(np.asarray(panel.get_lines()[1].get_ydata(), dtype=float)).sum() == 7
    frame = model.cross_validation(df)
    columns = [name for name in frame.columns if name not in ("cutoff", "y")]
    assert plot_series(df, frame[columns], level=[90], engine="matplotlib").axes
