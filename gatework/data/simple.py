"""The simple forecast of a series from any of its steps: a blend of rules, by how well each served the past.

A rule repeats the last value or the last season, or smooths exponentially (Brown, 1959), with a season and half of the
trend as the theta method has it (Assimakopoulos & Nikolopoulos, 2000; Hyndman & Billah, 2003). A blend does about as
well as the best of them, which nobody knows beforehand (Bates & Granger, 1969).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.signal import lfilter

from gatework.data.scale import carry

# How much the newest value counts in a level.
ALPHAS = (0.1, 0.3, 0.6, 0.95)
# A rule with twice another's error has 2 ** -12 of its share.
SHARPNESS = 12
# A share below this is none.
LEAST = 1e-3
# Origins to judge the rules by.
MOST_ORIGINS = 100
# Numbers that are worked on at once.
AT_ONCE = 100_000


class Rule(NamedTuple):
    """One simple forecast of N series: the columns (N, T) of `simple` it fills, and its paths from each origin."""

    columns: dict[int, np.ndarray]
    paths: np.ndarray  # (N, origins, h)


def simple(series: Sequence[np.ndarray], lags: tuple[int, ...], h: int) -> list[np.ndarray]:
    """Lay out the simple forecast of each history from each of its steps, none of which sees beyond itself.

    Only the shares of the rules are those of the whole history.

    Parameters
    ----------
    series : sequence of (T_i,) arrays
        The histories, or their logarithms; NaN where a value is missing.
    lags : tuple of int
        1, and the seasons' lengths, ascending.
    h : int
        Steps to forecast.

    Returns
    -------
    list of (T_i, 2 + 2 * len(lags)) arrays
        At each step a level and a slope, then what each lag repeats, then the mean season of each lag. The forecast
        for k steps after step t is level[t] + k slope[t], plus each other column at t plus `steps_back`.
    """
    tables: list[np.ndarray] = [np.empty(0)] * len(series)
    lengths = np.array([len(z) for z in series])
    for steps in np.unique(lengths):
        alike = np.flatnonzero(lengths == steps)
        # So that what is computed at once stays within the processor's cache, more or less.
        some = max(1, AT_ONCE // (int(steps) + MOST_ORIGINS * h))
        for k in range(0, len(alike), some):
            chosen = alike[k : k + some]
            for i, table in zip(chosen, _tables(np.stack([series[i] for i in chosen]), lags, h), strict=True):
                tables[i] = table
    return tables


def steps_back(lags: tuple[int, ...], h: int) -> np.ndarray:
    """Where the columns after the second are read for each step ahead, from the last known step: (2 * len(lags), h).

    A season's mean is known half a season late.
    """
    ahead = np.arange(1, h + 1)
    late = [(lag, 0) for lag in lags] + [(lag, lag // 2) for lag in lags]
    return np.stack([ahead - lag * -(-(ahead + delay) // lag) for lag, delay in late])


def _tables(z: np.ndarray, lags: tuple[int, ...], h: int) -> np.ndarray:
    """The tables (N, T, columns) of histories z (N, T)."""
    (many, steps), ahead = z.shape, np.arange(1, h + 1)
    table = np.zeros((many, steps, 2 + 2 * len(lags)))
    if not steps:
        return table
    origins = _origins(steps, lags, h)
    to = origins[:, None] + ahead
    truth = np.where(to < steps, z[:, np.minimum(to, steps - 1)], np.nan)
    rules = [rule for k in range(len(lags)) for rule in _rules(z, lags, k, origins, ahead)]
    shares = _shares(np.stack([_error(truth, rule.paths) for rule in rules]))
    for share, rule in zip(shares, rules, strict=True):
        for column, values in rule.columns.items():
            # Nothing of a rule without a share, which may not be known yet either.
            table[:, :, column] += np.where(share[:, None] > 0, share[:, None] * values, 0)
    return table


def _origins(steps: int, lags: tuple[int, ...], h: int) -> np.ndarray:
    """Steps of the second half to forecast from, and to see by what followed how good each rule is."""
    first = max(steps // 2, min(steps - h, 2 * max(lags)), 1) - 1
    origins = np.arange(first, steps - 1, max(1, h // 3))
    return origins[np.unique(np.linspace(0, len(origins) - 1, MOST_ORIGINS).astype(int))] if len(origins) else origins


def _rules(z: np.ndarray, lags: tuple[int, ...], k: int, origins: np.ndarray, ahead: np.ndarray) -> list[Rule]:
    """The rules of one lag; none where the histories do not hold it twice."""
    lag, steps, rules = lags[k], z.shape[1], []
    repeated, late = steps_back((lag,), len(ahead))

    def read(column: np.ndarray, back: np.ndarray) -> np.ndarray:
        return column[:, np.maximum(origins[:, None] + back, 0)]

    if lag == 1 or steps >= 2 * lag:
        repeats = carry(z, lag)
        rules.append(Rule({2 + k: repeats}, read(repeats, repeated)))
    if lag > 1 and steps < 2 * lag + lag // 2:
        return rules
    season, adjusted = _season(z, lag)
    slope, seasonal = _slope(adjusted) / 2, read(season, late)
    for alpha in ALPHAS:
        level = _level(adjusted, alpha)
        if lag > 1:
            level[:, : 2 * lag - 1] = np.nan
        rules.append(Rule({0: level, 2 + len(lags) + k: season}, level[:, origins, None] + seasonal))
        # A level lags behind a trend by (1 - alpha) / alpha steps of it.
        level = level + slope * (1 / alpha - 1)
        paths = level[:, origins, None] + slope[:, origins, None] * ahead + seasonal
        rules.append(Rule({0: level, 1: slope, 2 + len(lags) + k: season}, paths))
    return rules


def _season(z: np.ndarray, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean season up to each step, and the series without what was known of it then; both (N, T).

    At a step stands the mean distance, at this step and whole seasons before it, from the moving average over a season.
    The first one and a half seasons are adjusted by the first season that is known, which is after two.
    """
    (many, steps), half = z.shape, lag // 2
    known = carry(z, 1)
    # Before the first value there is that value.
    known = np.where(np.isnan(known), carry(z[:, ::-1], 1)[:, ::-1], known)
    if lag == 1:
        return np.zeros_like(z), known
    total = np.concatenate([np.zeros((many, 1)), np.cumsum(known, axis=1)], axis=1)
    middle = np.arange(half, steps - half)
    # Over an even season the mean of the two averages that lie half a step off; over an odd one both are the same.
    starts, ends = middle - half, middle + half + 1
    sums = total[:, starts + lag] - total[:, starts] + total[:, ends] - total[:, ends - lag]
    distance = np.full((many, -(-steps // lag) * lag), np.nan)
    distance[:, middle] = z[:, middle] - sums / (2 * lag)
    by_phase = distance.reshape(many, -1, lag)
    count = np.cumsum(~np.isnan(by_phase), axis=1)
    season = (np.nancumsum(by_phase, axis=1) / np.maximum(count, 1)).reshape(many, -1)[:, :steps]
    then, start = np.empty_like(z), min(lag + half, steps)
    then[:, start:] = season[:, start - lag : steps - lag]
    then[:, :start] = season[:, half : half + lag][:, (np.arange(start) - half) % lag]
    return season, known - then


def _level(x: np.ndarray, alpha: float) -> np.ndarray:
    """The exponentially smoothed level (N, T): of the values so far, each counting 1 - alpha of the one after it."""
    weight = 1 - (1 - alpha) ** np.arange(1, x.shape[1] + 1)
    return lfilter([alpha], [1, alpha - 1], x) / weight


def _slope(x: np.ndarray) -> np.ndarray:
    """The slope (N, T) of the straight line through the values up to each step; 0 for the first four."""
    t = np.arange(x.shape[1], dtype=float)
    x = x - x[:, :1]  # keeps digits
    n, t_sum = t + 1, np.cumsum(t)
    spread = n * np.cumsum(t * t) - t_sum**2
    slope = (n * np.cumsum(t * x, axis=1) - t_sum * np.cumsum(x, axis=1)) / np.where(spread > 0, spread, 1)
    slope[:, :4] = 0
    return slope


def _error(truth: np.ndarray, paths: np.ndarray) -> np.ndarray:
    """The mean absolute error of each series (N,); infinite where none is known."""
    error = np.abs(truth - paths)
    known = ~np.isnan(error)
    count = known.sum(axis=(1, 2))
    return np.where(count > 0, np.where(known, error, 0).sum(axis=(1, 2)) / np.maximum(count, 1), np.inf)


def _shares(errors: np.ndarray) -> np.ndarray:
    """The shares of the rules (rules, N), in all 1; one has all where it never erred, or where none could be judged."""
    least, best = errors.min(axis=0), errors.argmin(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (least / errors) ** SHARPNESS
    alone = (least == 0) | np.isinf(least)
    share[:, alone] = np.eye(len(errors))[:, best[alone]]
    share[share < LEAST * share.sum(axis=0)] = 0
    return share / share.sum(axis=0)
