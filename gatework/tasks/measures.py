"""What an error is counted in, so that series can be added up: MASE's unit, CRPS, and the mean of what is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatework.data.alike import alike
from gatework.models.quantiles import QUANTILES
from gatework.tasks.naive import AT_ONCE, has_season

# The share of all quantiles for which each learned one stands: up to halfway to its neighbours.
_EDGES = np.concatenate([[0], (np.array(QUANTILES[1:]) + QUANTILES[:-1]) / 2, [1]])
WEIGHTS = np.diff(_EDGES)


def units_of(histories: Sequence[np.ndarray], season_length: int) -> np.ndarray:
    """Give the mean seasonal change of each of N histories, MASE's unit: (N,), NaN for one that never changes.

    A history that holds no two values one season apart is measured by its one-step changes.
    """
    m = max(1, int(season_length))
    units = np.full(len(histories), np.nan)
    for which, x in alike(histories, AT_ONCE):
        able = has_season(x, m)
        for some, lag in ((able, m), (~able, 1)):
            units[which[some]] = mean(np.abs(x[some, lag:] - x[some, :-lag]), 1)
    return np.where(units > 0, units, np.nan)


def crps(truth: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Score whole forecasts, quantiles (..., Q), by what happened (...): the continuous ranked probability score.

    Twice the pinball loss, averaged over all quantiles: of a forecast that is sure of its median it is the error.
    """
    over = truth[..., None] - quantiles
    return 2 * (np.maximum(np.array(QUANTILES) * over, (np.array(QUANTILES) - 1) * over) @ WEIGHTS)


def mean(x: np.ndarray, axis: int | None = None) -> np.ndarray:
    """Return the mean of what is not NaN; NaN, without a warning, where nothing is left."""
    known = ~np.isnan(x)
    count = known.sum(axis=axis)
    return np.where(count > 0, np.where(known, x, 0).sum(axis=axis) / np.maximum(count, 1), np.nan)


def as_null(value: float) -> float | None:
    """Give a number as JSON can hold it, which has no NaN: None stands there."""
    return None if np.isnan(value) else value


def as_nan(value: float | None) -> float:
    """Give back the number of which `as_null` may have made None."""
    return float("nan") if value is None else value
