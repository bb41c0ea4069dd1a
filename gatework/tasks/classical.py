"""Theta and ETS, the classical forecasts, by statsforecast: each series by itself, anew at each cutoff."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.models.quantiles import QUANTILES
from gatework.tasks.lagged import filled

if TYPE_CHECKING:
    from gatework.data.panel import Panel

LEVELS = [round(100 * (1 - 2 * p)) for p in QUANTILES if p < 0.5]
# Exponential smoothing has a state for each step of the season; beyond this the season is taken off first.
LONGEST_SEASON = 24


def installed() -> bool:
    """Whether statsforecast is there."""
    return find_spec("statsforecast") is not None


def theta(season: int) -> Any:
    """Return AutoTheta: the Theta family's best by its own error (Fiorucci et al., 2016)."""
    from statsforecast.models import AutoTheta

    return AutoTheta(season_length=season)


def ets(season: int) -> Any:
    """Return AutoETS: exponential smoothing's best by AICc (Hyndman & Khandakar, 2008), after STL if need be."""
    from statsforecast.models import MSTL, AutoETS

    if season <= LONGEST_SEASON:
        return AutoETS(season_length=season)
    return MSTL(season_length=[season], trend_forecaster=AutoETS(model="ZZN"))


def classical(
    make: Callable[[int], Any],
    h: int,
    simple: Callable[[Panel], np.ndarray],
    failed: Callable[[int], None],
) -> Callable[[Panel], np.ndarray]:
    """Make a forecaster of one of statsforecast's models.

    Parameters
    ----------
    make : callable
        Season -> model.
    h : int
        Steps to forecast.
    simple : callable
        The forecast (N, h, Q) of series with which the model fails or that are too short for it.
    failed : callable
        Told how many there were.

    Returns
    -------
    callable
        Panel -> quantiles (N, h, Q). Gaps are filled by straight lines: these models know none.
    """

    def forecast(panel: Panel) -> np.ndarray:
        quantiles = np.full((len(panel), h, len(QUANTILES)), np.nan)
        for row, series in zip(quantiles, panel.values, strict=True):
            y, m = filled(series), panel.season_length
            if len(y) > 3 and y.min() < y.max():
                row[:] = _one(make, y, m if len(y) >= 2 * m + 3 else 1, h)
        lost = np.isnan(quantiles).any((1, 2))
        if lost.any():
            quantiles[lost] = simple(panel)[lost]
            failed(sum(bool(some) and len(s) > 0 for some, s in zip(lost, panel.values, strict=True)))
        return quantiles

    return forecast


def _one(make: Callable[[int], Any], y: np.ndarray, season: int, h: int) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = make(season).forecast(y=y, h=h, level=LEVELS)
        # What a model raises where it cannot be fitted is its own affair: the series is counted, and said.
        except Exception:
            return np.full((h, len(QUANTILES)), np.nan)
    lo, hi = ([found[f"{end}-{level}"] for level in LEVELS] for end in ("lo", "hi"))
    rows = np.stack([*lo, found["mean"], *reversed(hi)], axis=1)
    return np.where(np.isfinite(rows).all(), rows, np.nan)
