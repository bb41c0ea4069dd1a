"""The season of integer steps, which only the values can tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# The seasons that people's data have: quarters, weekdays, months, hours, half-hours, weeks, quarter-hours, ...
CANDIDATES = (4, 7, 12, 24, 48, 52, 96, 168, 365)
# A season must explain this much of the changes from step to step, and this many times what noise seems to explain.
_CLEAR, _SIGMAS = 0.2, 3.5
# Of a season and its multiples the shortest is the main one, unless a longer one explains far more.
_NEARLY = 0.7
_ROUNDING = 1e-12
# As much as is needed for a sure answer in a fraction of a second.
_MOST_SERIES, _MOST_STEPS = 500, 4_000


def find_season(values: Sequence[np.ndarray]) -> int:
    """The main season of many series, or 1 where none is clear.

    The autocorrelation of the series' changes, pooled over series, must have its peak at the season and not beside it.

    Parameters
    ----------
    values : sequence of (T_i,) arrays
        With NaN where a step is missing.
    """
    chosen = values[:: max(1, len(values) // _MOST_SERIES)]
    correlation, pairs = _autocorrelation([_changes(series[-_MOST_STEPS:]) for series in chosen])
    strengths = {}
    for season in CANDIDATES:
        beside = max(1, season // 12)
        peak = season - beside + np.argmax(correlation[season - beside : season + beside + 1])
        # A smooth and noisy cycle peaks a little beside its season.
        if abs(peak - season) > season // 50 or pairs[season] < season:
            continue
        if correlation[season] > max(_CLEAR, _SIGMAS / np.sqrt(pairs[season])):
            strengths[season] = correlation[season]
    strongest = max(strengths.values(), default=0.0)
    return next((season for season, strength in strengths.items() if strength >= _NEARLY * strongest), 1)


def _changes(series: np.ndarray) -> np.ndarray:
    """Differences of a series at its own scale, without its trend; NaN where a step is missing."""
    largest = np.nanmax(abs(series), initial=0.0)
    change = np.diff(series / largest) if largest > 0 else np.empty(0)
    if np.isnan(change).all():
        return change[:0]
    change = change - np.nanmean(change)
    # Few spikes must not decide, nor hide the rest; where most changes are the same, the spikes are all there is.
    spread = np.nanmedian(abs(change)) or np.nanstd(change)
    # A constant or a straight line leaves no more than rounding errors.
    return np.clip(change / spread, -4, 4) if spread > _ROUNDING else change[:0]


def _autocorrelation(changes: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The pooled autocorrelation at every lag up to the longest that is asked for, and how many pairs it rests on."""
    lags = CANDIDATES[-1] + CANDIDATES[-1] // 12 + 1
    product, power, pairs = np.zeros((3, lags))
    for change in changes:
        known = ~np.isnan(change)
        x, m = np.where(known, change, 0.0), known.astype(float)
        # Padded by `lags`, so that no end meets a beginning.
        fx, fm, fs = np.fft.rfft([x, m, x * x], n=len(x) + lags)
        # Both ways, since a pair has two squares and a missing partner takes one of them away.
        sums = np.fft.irfft([abs(fx) ** 2, (fs * fm.conj()).real, abs(fm) ** 2], n=len(x) + lags)[:, :lags]
        product, power, pairs = product + sums[0], power + sums[1], pairs + sums[2]
    return np.divide(product, power, out=np.zeros(lags), where=pairs > 0.5), pairs.round()
