"""The simple forecast of a series from any of its steps: a blend of rules, by how well each served the past.

A blend does about as well as the best of them, which nobody knows beforehand (Bates & Granger, 1969).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatework.data.rules import LEVEL, SEASONS, Season, rules, steps_along, steps_back

# Where much has been forecast, a rule with twice another's error has 2 ** -12 of its share.
SHARPNESS = 12
# A share below this is none.
LEAST = 1e-3
# Origins to judge the rules by, and how much the first of them counts of the last.
MOST_ORIGINS, FIRST = 100, 0.3
# Numbers that are worked on at once.
AT_ONCE = 100_000


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
    list of (T_i, 1 + 2 * len(lags)) arrays
        At each step a level, a slope and a damped slope, then what each season repeats, then the mean of each season.
        The forecast from step t on is level[t], plus the slopes at t times `steps_along`, plus each other column at t
        plus `steps_back`.
    """
    tables: list[np.ndarray] = [np.empty(0)] * len(series)
    lengths = np.array([len(z) for z in series])
    for steps in np.unique(lengths):
        alike, origins = np.flatnonzero(lengths == steps), _origins(int(steps), lags, h)
        # So that what is computed at once stays within the processor's cache, more or less.
        some = max(1, AT_ONCE // (int(steps) + len(origins) * h + 1))
        for k in range(0, len(alike), some):
            chosen = alike[k : k + some]
            for i, table in zip(chosen, _tables(np.stack([series[i] for i in chosen]), lags, origins, h), strict=True):
                tables[i] = table
    return tables


def _tables(z: np.ndarray, lags: tuple[int, ...], origins: np.ndarray, h: int) -> np.ndarray:
    """The tables (N, T, columns) of histories z (N, T)."""
    many, steps = z.shape
    table = np.zeros((1 + 2 * len(lags), many, steps))
    if not steps:
        return np.moveaxis(table, 0, -1)
    to = origins[:, None] + np.arange(1, h + 1)
    truth = np.where(to < steps, z[:, np.minimum(to, steps - 1)], np.nan)
    seasons = list(rules(z, lags))
    errors = [_errors(truth, origins, season, steps_back(lags, h), steps_along(h)) for season in seasons]
    shares, begin = _shares(np.concatenate(errors), SHARPNESS * _proof(origins, h)), 0
    for season in seasons:
        some = shares[begin : (begin := begin + len(season.lines))]
        if season.column is not None:
            _add(table[season.column], some.sum(axis=0), season.values)
        for line, share in zip(season.lines, some, strict=True):
            _add(table[LEVEL], share, line.level)
            if line.slope is not None:
                _add(table[line.trend], share, line.slope)
    return np.moveaxis(table, 0, -1)


def _add(column: np.ndarray, share: np.ndarray, values: np.ndarray) -> None:
    """Add a share (N,) of values to a column, both (N, T); nothing where it is 0, as they may not be known yet."""
    some = np.flatnonzero(share)
    column[some] += share[some, None] * values[some]


def _origins(steps: int, lags: tuple[int, ...], h: int) -> np.ndarray:
    """Steps of the second half to forecast from, and to see by what followed how good each rule is."""
    first = max(steps // 2, min(steps - h, 2 * max(lags)), 1) - 1
    origins = np.arange(first, steps - 1, max(1, h // 3))
    return origins[np.unique(np.linspace(0, len(origins) - 1, MOST_ORIGINS).astype(int))] if len(origins) else origins


def _proof(origins: np.ndarray, h: int) -> float:
    """How far errors from these origins tell which rule is good, up to 1: half where all followed in one horizon."""
    return 1 / (1 + h / (origins[-1] - origins[0] + h)) if len(origins) else 1.0


def _errors(truth: np.ndarray, origins: np.ndarray, season: Season, back: np.ndarray, along: np.ndarray) -> np.ndarray:
    """The mean absolute error of a season with each of its lines, against truth (N, origins, h): (lines, N).

    Late origins count more; infinite where none is known.
    """
    able = origins >= season.since
    left, at = truth[:, able], origins[able]
    if season.column is not None:
        left = left - season.values[:, at[:, None] + back[season.column - SEASONS]]
    known = ~np.isnan(left)
    weight = known * (FIRST ** np.linspace(1, 0, len(origins)))[able, None]
    left, total, sums = np.where(known, left, 0), weight.sum(axis=(1, 2)), []
    for line in season.lines:
        gap = left - line.level[:, at, None]
        if line.slope is not None:
            gap -= line.slope[:, at, None] * along[line.trend - 1]
        sums.append(line.doubt * np.einsum("noh,noh->n", np.abs(gap, out=gap), weight))
    return np.where(total > 0, sums / np.where(total > 0, total, 1), np.inf)


def _shares(errors: np.ndarray, sharpness: float) -> np.ndarray:
    """The shares of the rules (rules, N), in all 1; one has all where it never erred, or where none could be judged."""
    least, best = errors.min(axis=0), errors.argmin(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (least / errors) ** sharpness
    alone = (least == 0) | np.isinf(least)
    share[:, alone] = np.eye(len(errors))[:, best[alone]]
    share[share < LEAST * share.sum(axis=0)] = 0
    return share / share.sum(axis=0)
