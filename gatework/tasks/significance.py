"""Whether one forecaster's errors are smaller than another's by more than chance explains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gatework.tasks.measures import mean

# A difference is called one where chance would show so large a one in fewer cases than this. Less than the usual 5 %,
# so that of a few hundred comparisons of a model with itself no more than 5 % name a winner.
ALPHA = 0.03
# Series that are enough to tell by, each with one difference: windows of one series resemble each other.
ENOUGH_SERIES = 8
# Windows that are enough, where they also span four times the horizon: fewer hold no sign of how alike they are.
ENOUGH_WINDOWS = 12


class Difference(NamedTuple):
    """How far one forecaster's error lies below another's, and how often chance alone would show as much.

    `p` is NaN where there is too little to tell by.
    """

    gap: float
    p: float


def paired(one: np.ndarray, other: np.ndarray, overlap: float) -> Difference:
    """Compare two forecasters on the same series and windows.

    Two questions, and the more doubtful answer counts. Would other series show the same? A t-test of one difference a
    series, for 8 series or more. Would other times? A t-test of one difference a window that allows for windows that
    resemble their neighbours (Lazarus et al., 2018), for 12 windows or more that span 4 horizons.

    Parameters
    ----------
    one, other : (W, N) arrays
        Errors in each window of each series; NaN where there is none.
    overlap : float
        Horizon divided by the steps from window to window: how many windows share a value.

    Returns
    -------
    Difference
        The mean of one minus other, and its two-sided p.
    """
    difference = one - other
    by_series, by_window = mean(difference, 0), mean(difference, 1)
    by_series, by_window = by_series[~np.isnan(by_series)], by_window[~np.isnan(by_window)]
    found = []
    if len(by_series) >= ENOUGH_SERIES:
        found.append(across_series(by_series))
    if len(by_window) >= ENOUGH_WINDOWS and waves(len(by_window), overlap) >= 2:
        found.append(across_windows(by_window, overlap))
    return Difference(float(mean(by_series, 0)), max(found, default=math.nan))


def across_series(differences: np.ndarray) -> float:
    """Give the two-sided p of a t-test that differences (N,) of N series have mean 0."""
    variance = differences.var(ddof=1) / len(differences)
    return _p(float(differences.mean()), float(variance), len(differences) - 1)


def across_windows(differences: np.ndarray, overlap: float = 1) -> float:
    """Give the two-sided p that differences (W,) of W windows in order of time have mean 0, alike as neighbours may be.

    What resembles its neighbours moves slowly, and the slowest cosines show how much: the mean of their squared
    weights is the variance of the mean, times W, with one degree of freedom each (Lazarus, Lewis, Stock & Watson,
    2018). Fewer cosines where windows overlap, since what overlaps is slow by itself.
    """
    n, k = len(differences), max(1, waves(len(differences), overlap))
    cosines = np.cos(np.pi * np.arange(1, k + 1)[:, None] * (np.arange(n) + 0.5) / n)
    variance = ((math.sqrt(2 / n) * (cosines @ differences)) ** 2).mean() / n
    return _p(float(differences.mean()), float(variance), k)


def waves(windows: int, overlap: float) -> int:
    """How many cosines the variance of so many windows' mean is read off."""
    return min(round(0.4 * windows ** (2 / 3)), int(windows / (2 * max(overlap, 1)) + 1e-9))


def holm(p: Sequence[float]) -> np.ndarray:
    """Adjust p-values of several tests so that a false alarm among all of them is as rare as in one (Holm, 1979)."""
    values = np.asarray(p, dtype=float)
    order = np.argsort(values)
    grown = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(grown, 1)
    return adjusted


def _p(mean: float, variance: float, freedom: int) -> float:
    from scipy.stats import t

    # Differences that are all the same leave a variance of mere rounding.
    if variance <= (1e-12 * mean) ** 2:
        return 0.0 if mean else 1.0
    return float(2 * t.sf(abs(mean) / math.sqrt(variance), freedom))
