"""How much of an input k steps back can be read off the state: linear memory capacity, by lag."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gatework.look.lags import spread_out

# Enough lags for a curve, and enough moments for a ridge regression on some hundred units.
LAGS, MOMENTS = 40, 4000

FOLDS = 5

# What is told is believed where it is so many standard errors above nothing: many lags are asked.
ERRORS = 3

LARGEST = np.float64(1e100)

# Ridge strengths, as shares of the mean variance along the state's directions.
STRENGTHS = (1e-5, 1e-3, 0.1, 10.0)


@dataclass(frozen=True)
class Recall:
    """R^2 of the input k steps back, read off a state by ridge regression, on rows or times it was not fitted to.

    Attributes
    ----------
    lags : (N,) int array
        k; negative where the input comes later.
    score : (N, D) array
        0 where the state tells nothing; NaN where there are too few moments to tell, or the input never changes.
    """

    lags: np.ndarray
    score: np.ndarray


def recall(
    state: np.ndarray,
    x: np.ndarray,
    alive: np.ndarray,
    rng: np.random.Generator,
    *,
    last: bool = False,
    both: bool = False,
    also: np.ndarray | None = None,
) -> Recall:
    """Read the input of each lag off the state (Jaeger, 2001, "Short term memory in echo state networks").

    Parameters
    ----------
    state : (T, B, S) array
        The state, or whatever is to tell of the input.
    x : (T, B, D) array
        The inputs.
    alive : (T, B) bool array
        Which steps count.
    rng : numpy Generator
        Draws the moments that are fitted to, and the rows of each fold.
    last : bool
        Ask the state at each row's end alone; else at any moment of its later half.
    both : bool
        Also look at later inputs.
    also : array, optional
        Lags that are not to be missed where there are too many for all.
    """
    steps = len(x)
    ends, times = alive.sum(0), np.arange(steps)[:, None]
    lags = np.union1d(spread_out(steps, LAGS), [] if also is None else also).astype(int)
    # A state that overflowed tells nothing, and its squares must not overflow either.
    known = (np.abs(np.where(np.isnan(state), np.inf, state)) < LARGEST).all(2)
    score: dict[int, np.ndarray] = {}
    for sign in (1, -1) if both and not last else (1,):
        # Lags of up to half a row are all asked of the same moments; of farther ones fewer moments can tell.
        nearest = 0 if sign > 0 else 1
        for share in (0.5, 0.8, 1) if last else (0.5, 0.8):
            group = lags[(lags >= nearest) & (lags < max(share * steps, 1))]
            if not len(group):
                continue
            nearest = group[-1] + 1
            # A forward memory has had the time to fill; so has a backward one, from the other end.
            full = max(group[-1], steps // 2)
            where = times == ends - 1 if last else alive & ((times >= full) if sign > 0 else (times < ends - full))
            found = _scores(state, x, where & known, alive, sign * group, rng)
            score.update(zip((sign * group).tolist(), found, strict=True))
    kept = sorted(score)
    return Recall(np.array(kept, int), np.array([score[k] for k in kept]).reshape(len(kept), x.shape[2]))


def _scores(
    state: np.ndarray, x: np.ndarray, where: np.ndarray, alive: np.ndarray, lags: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Score the inputs at several lags, (N, D), all at the same moments."""
    t, b = np.nonzero(where)
    for k in (lags.min(), lags.max()):
        inside = (t - k >= 0) & (t - k < len(x))
        t, b = t[inside], b[inside]
        inside = alive[t - k, b]
        t, b = t[inside], b[inside]
    if len(t) > MOMENTS:
        chosen = np.sort(rng.choice(len(t), MOMENTS, replace=False))
        t, b = t[chosen], b[chosen]
    if len(t) < 4 * FOLDS:
        return np.full((len(lags), x.shape[2]), np.nan)
    told = np.concatenate([x[t - k, b] for k in lags], axis=1).astype(np.float64)
    return cross_validated(state[t, b].astype(np.float64), told, _folds(t, b, rng)).reshape(len(lags), -1)


def _folds(t: np.ndarray, b: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Hold out whole rows where there are enough of them, else stretches of time, so that neighbours stay together."""
    rows = np.unique(b)
    if len(rows) >= FOLDS:
        fold = rng.permutation(len(rows)) % FOLDS
        return fold[np.searchsorted(rows, b)]
    return np.argsort(np.argsort(t, kind="stable"), kind="stable") * FOLDS // len(t)


def cross_validated(state: np.ndarray, told: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """R^2 of each column of `told` (N, M), read off `state` (N, S): never below 0, NaN for a column that is constant.

    Each fold is forecast by what was fitted to the others, under the strength of ridge that did best on the fold
    before it: none is judged by itself. What errors may explain is 0, so that noise scores nothing.
    """
    gains, squares = np.zeros((2, FOLDS, len(STRENGTHS), told.shape[1]))
    totals = np.zeros((FOLDS, told.shape[1]))
    for k in range(FOLDS):
        train, test = fold != k, fold == k
        if not train.any() or not test.any():
            continue
        centre, level = state[train].mean(0), told[train].mean(0)
        size = state[train].std(0)
        size[size < 1e-9 * max(size.max(), 1e-300)] = np.inf
        known, asked = (state[train] - centre) / size, (state[test] - centre) / size
        values, vectors = np.linalg.eigh(known.T @ known)
        values = np.maximum(values, 0)
        turned = vectors.T @ (known.T @ (told[train] - level))
        seen = asked @ vectors
        missed = (told[test] - level) ** 2
        for j, strength in enumerate(STRENGTHS):
            ridge = strength * max(values.mean(), 1e-300)
            gain = missed - (told[test] - level - seen @ (turned / (values + ridge)[:, None])) ** 2
            gains[k, j], squares[k, j] = gain.sum(0), (gain**2).sum(0)
        totals[k] = missed.sum(0)
    best = np.roll(gains / np.maximum(totals, 1e-300)[:, None], 1, axis=0).argmax(1)
    gain, square = (np.take_along_axis(one, best[:, None], 1)[:, 0].sum(0) for one in (gains, squares))
    gain = np.where(gain > ERRORS * np.sqrt(np.maximum(square - gain**2 / len(told), 0)), gain, 0)
    total = totals.sum(0)
    varied = total > 1e-12 * len(told) * (1 + np.abs(told).max(0)) ** 2
    return np.where(varied, np.clip(gain / np.where(varied, total, 1), 0, 1), np.nan)
