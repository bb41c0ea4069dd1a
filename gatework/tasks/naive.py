"""The two forecasts that cost nothing and that every model must beat: the seasonal naive and the last value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Forecast(NamedTuple):
    """Forecasts of N series over h steps: the median and the interval around it, each (N, h)."""

    median: np.ndarray
    lo: np.ndarray
    hi: np.ndarray


def seasonal_naive(values: Sequence[np.ndarray], season_length: int, h: int, level: float = 90) -> Forecast:
    """Forecast each step by the last known value of its position in the season.

    Parameters
    ----------
    values : sequence of (T,) arrays
        The N histories, NaN where a value is missing.
    season_length : int
        Steps in a season. A history that holds no more than one season is continued with its last value.
    h : int
        Steps to forecast.
    level : float
        Percent that the interval is to hold: of the history's own changes over as many seasons as the step lies ahead.

    Returns
    -------
    Forecast
        (N, h) arrays; NaN for a history without any value.
    """
    ahead = np.arange(1, h + 1)
    rows = []
    for x in values:
        m = season_of(x, season_length)
        positions = [_last(x[::-1][m - 1 - i :: m]) for i in range(m)]
        season = np.where(np.isnan(positions), _last(x[::-1]), positions)
        rows.append(_around(season[(ahead - 1) % m], x, m * -(-ahead // m), level))
    return _stack(rows, h)


def last_value(values: Sequence[np.ndarray], h: int, level: float = 90) -> Forecast:
    """Forecast every step by the last known value; parameters and shapes are those of `seasonal_naive`."""
    ahead = np.arange(1, h + 1)
    return _stack([_around(np.full(h, _last(x[::-1])), x, ahead, level) for x in values], h)


def season_of(x: np.ndarray, season_length: int) -> int:
    """Return `season_length`, or 1 where the history `x` (T,) does not hold two values one season apart."""
    m = max(1, int(season_length))
    return m if np.isfinite(x[m:] - x[:-m]).any() else 1


def _last(newest_first: np.ndarray) -> float:
    known = newest_first[~np.isnan(newest_first)]
    return float(known[0]) if len(known) else float("nan")


def _around(median: np.ndarray, x: np.ndarray, lags: np.ndarray, level: float) -> tuple[np.ndarray, ...]:
    width = {lag: _change(x, lag, level) for lag in sorted({int(lag) for lag in lags})}
    # A history too short to show any change over so long a lag lends the nearest one that it does show, grown as the
    # spread of a random walk grows.
    seen, at = 0.0, 1
    for lag in width:
        if np.isnan(width[lag]):
            width[lag] = seen * np.sqrt(lag / at)
        else:
            seen, at = width[lag], lag
    half = np.array([width[int(lag)] for lag in lags])
    return median, median - half, median + half


def _change(x: np.ndarray, lag: int, level: float) -> float:
    """Return the size that `level` percent of the changes over `lag` steps stay within; NaN where none is known."""
    change = np.abs(x[lag:] - x[:-lag])
    change = change[~np.isnan(change)]
    if not len(change):
        return float("nan")
    # The rank that holds for one more value of the same kind, as conformal prediction has it (Vovk et al., 2005).
    rank = min(len(change), int(np.ceil((len(change) + 1) * level / 100)))
    return float(np.partition(change, rank - 1)[rank - 1])


def _stack(rows: list[tuple[np.ndarray, ...]], h: int) -> Forecast:
    stacked = np.array(rows, dtype=float).reshape(len(rows), 3, h)
    return Forecast(stacked[:, 0], stacked[:, 1], stacked[:, 2])
