"""Forecasts of several models against what happened: every error, in units in which series can be added up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gatework.data.calendar import calendar_parts
from gatework.models.quantiles import MEDIAN
from gatework.tasks.measures import crps, mean, units_of

if TYPE_CHECKING:
    from gatework.tasks.backtest import Origin

METRICS = ("mase", "smape", "mape", "crps", "coverage", "width")


class Forecasts(NamedTuple):
    """What one model forecast in every window: (W, N, h, Q) quantiles, and the ends (W, N, h) of its interval.

    Quantiles that an outside model does not give are NaN, all but the median; so are the ends where it has none.
    """

    name: str
    quantiles: np.ndarray
    lo: np.ndarray
    hi: np.ndarray
    seconds: float | None = None
    mark: str = ""


class Judged(NamedTuple):
    """One model's errors.

    Attributes
    ----------
    cells : dict of str to (W, N) arrays
        Each metric in each window of each series, averaged over its steps; NaN where there is none.
    error : (W, N, h) array
        The absolute error of every step in MASE's units.
    """

    cells: dict[str, np.ndarray]
    error: np.ndarray

    def average(self, metric: str) -> float:
        """Average over windows, then over series."""
        return float(mean(mean(self.cells[metric], 0), 0))


def judge(found: Sequence[Origin], forecasts: Forecasts) -> Judged:
    """Score one model where a value is known and there was a history to forecast it from.

    MASE, CRPS and width are in units of the seasonal change in each history (MASE's scale), so a series that never
    changed has none of them. CRPS is twice the pinball loss, averaged over all quantiles: of a forecast that is sure of
    its median it is the MASE.
    """
    truth = np.stack([at.truth for at in found])
    truth[[[bool(np.isnan(series).all()) for series in at.history.values] for at in found]] = np.nan
    unit = np.stack([units_of(at.history.values, at.history.season_length) for at in found])
    median, interval = forecasts.quantiles[..., MEDIAN], forecasts.hi - forecasts.lo
    away = np.abs(truth - median)
    error = away / unit[..., None]
    size = np.abs(truth) + np.abs(median)
    inside = np.where(np.isnan(truth + interval), np.nan, (forecasts.lo <= truth) & (truth <= forecasts.hi))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(truth == 0, np.nan, 100 * away / np.abs(truth))
    steps = {
        "mase": error,
        "smape": 200 * away / np.where(size == 0, 1, size),
        "mape": share,
        "crps": crps(truth, forecasts.quantiles) / unit[..., None],
        "coverage": 100 * inside,
        "width": np.where(np.isnan(truth), np.nan, interval) / unit[..., None],
    }
    return Judged({name: mean(values, 2) for name, values in steps.items()}, error)


def profiles(found: Sequence[Origin], error: np.ndarray) -> dict[str, dict[int, float]]:
    """Average the errors (W, N, h) by the step of the horizon (from 1), the hour and the weekday (0 is Monday).

    Hour and weekday are there where the grid tells them and more than one occurs.
    """
    along = mean(error.reshape(-1, error.shape[2]), 0)[found[0].lead :]
    by = {"horizon": {k + 1: float(value) for k, value in enumerate(along)}}
    ahead = np.arange(1, error.shape[2] + 1)
    ordinals = np.stack([at.history.last()[:, None] + ahead for at in found])
    parts = calendar_parts(found[0].history, ordinals)
    known = ~np.isnan(error)
    for name in ("hour", "weekday"):
        if name in parts and len(values := np.unique(parts[name][known])) > 1:
            by[name] = {int(value): float(error[known & (parts[name] == value)].mean()) for value in values}
    return by
