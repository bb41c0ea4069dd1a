"""The two forecasts that cost nothing and that every model must beat: the seasonal naive and the last value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gatework.data.alike import alike

# Numbers that are worked on at once.
AT_ONCE = 1_000_000


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
    m = max(1, int(season_length))
    ahead = np.arange(1, h + 1)
    found = _unknown(len(values), h)
    for which, x in alike(values, AT_ONCE):
        able = has_season(x, m)
        # The last m steps, or the last known value of their position in the season.
        season = _newest(x[able], m)
        season = np.where(np.isnan(season), _newest(x[able], 1), season)
        _put(found, which[able], season[:, (ahead - 1) % m], x[able], m * -(-ahead // m), level)
        _put(found, which[~able], _newest(x[~able], 1).repeat(h, 1), x[~able], ahead, level)
    return found


def last_value(values: Sequence[np.ndarray], h: int, level: float = 90) -> Forecast:
    """Forecast every step by the last known value; parameters and shapes are those of `seasonal_naive`."""
    found = _unknown(len(values), h)
    for which, x in alike(values, AT_ONCE):
        _put(found, which, _newest(x, 1).repeat(h, 1), x, np.arange(1, h + 1), level)
    return found


def has_season(x: np.ndarray, m: int) -> np.ndarray:
    """Say which of the histories (n, T) hold two values m steps apart, (n,)."""
    return np.isfinite(x[:, m:] - x[:, :-m]).any(1)


def _newest(x: np.ndarray, m: int) -> np.ndarray:
    """The last known value of histories (n, T) at each of the m positions in a season, the oldest first: (n, m)."""
    n, steps = x.shape
    seasons = max(1, -(-steps // m))
    table = np.full((n, seasons * m), np.nan)
    table[:, seasons * m - steps :] = x
    table = table.reshape(n, seasons, m)[:, ::-1]
    first = (~np.isnan(table)).argmax(1)
    return np.take_along_axis(table, first[:, None], 1)[:, 0]


def _put(found: Forecast, which: np.ndarray, median: np.ndarray, x: np.ndarray, lags: np.ndarray, level: float) -> None:
    """Write forecasts (n, h) of histories (n, T), each step as far ahead as its lag (h,), with the intervals around."""
    # A history too short to show any change over so long a lag lends the nearest one that it does show, grown as the
    # spread of a random walk grows.
    seen, at = np.zeros(len(x)), np.ones(len(x))
    half = np.empty(median.shape)
    for lag in np.unique(lags):
        width = _change(x, int(lag), level)
        known = ~np.isnan(width)
        width = np.where(known, width, seen * np.sqrt(lag / at))
        seen, at = np.where(known, width, seen), np.where(known, lag, at)
        half[:, lags == lag] = width[:, None]
    found.median[which], found.lo[which], found.hi[which] = median, median - half, median + half


def _change(x: np.ndarray, lag: int, level: float) -> np.ndarray:
    """Return the size that `level` percent of the changes over `lag` steps stay within, (n,); NaN where none is known.

    Of the histories (n, T).
    """
    if x.shape[1] <= lag:
        return np.full(len(x), np.nan)
    # What is missing is sorted to the end.
    change = np.sort(np.abs(x[:, lag:] - x[:, :-lag]), axis=1)
    count = (~np.isnan(change)).sum(1)
    # The rank that holds for one more value of the same kind, as conformal prediction has it (Vovk et al., 2005).
    rank = np.minimum(count, np.ceil((count + 1) * level / 100).astype(int))
    return np.take_along_axis(change, np.maximum(rank - 1, 0)[:, None], 1)[:, 0]


def _unknown(n: int, h: int) -> Forecast:
    return Forecast(*np.full((3, n, h), np.nan))
