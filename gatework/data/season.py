"""The season of integer steps, which only the values can tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# The seasons that people's data have: quarters, days of a week, months, hours, half-hours, weeks, quarter-hours, ...
CANDIDATES = (4, 7, 12, 24, 48, 52, 96, 168, 365)
# A season must explain this much of the differences; noise stays below `_SIGMAS` of its own spread.
_CLEAR, _SIGMAS = 0.2, 5.0
# Of a season and its multiples the shortest is the main one, unless a longer one explains far more.
_NEARLY = 0.7
# As much as is needed for a sure answer in a fraction of a second.
_MOST_SERIES, _MOST_STEPS = 500, 4_000


def find_season(values: Sequence[np.ndarray]) -> int:
    """The main season of many series, or 1 where none is clear.

    The autocorrelation of each series' differences, pooled over series, must peak at the season, higher than at the
    lags beside it, and high above what noise gives.

    Parameters
    ----------
    values : sequence of (T_i,) arrays
        With NaN where a step is missing.
    """
    chosen = values[:: max(1, len(values) // _MOST_SERIES)]
    changes = [_changes(series[-_MOST_STEPS:]) for series in chosen]
    strengths = {}
    for season in CANDIDATES:
        long_enough = [change for change in changes if len(change) >= 2 * season]
        before, at, after = (_autocorrelation(long_enough, season + shift) for shift in (-1, 0, 1))
        pairs = sum(len(change) - season for change in long_enough)
        if at > max(_CLEAR, before, after, _SIGMAS / np.sqrt(max(pairs, 1))):
            strengths[season] = at
    strongest = max(strengths.values(), default=0.0)
    return next((season for season, strength in strengths.items() if strength >= _NEARLY * strongest), 1)


def _changes(series: np.ndarray) -> np.ndarray:
    """Differences of a series at its own scale, without its trend; 0 where a step is missing."""
    change = np.diff(series)
    with np.errstate(invalid="ignore", divide="ignore"):
        change = (change - np.nanmean(change)) / np.nanstd(change) if np.isfinite(change).any() else change
    # One spike must not decide.
    return np.nan_to_num(np.clip(change, -3, 3), nan=0.0)


def _autocorrelation(changes: list[np.ndarray], lag: int) -> float:
    product = sum(float(change[lag:] @ change[:-lag]) for change in changes)
    power = sum(float(change @ change) * (1 - lag / len(change)) for change in changes)
    return product / power if power > 0 else 0.0
