"""Ridge regression and gradient boosting on lags, calendar and covariates: one model for all, by scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gatework.models.quantiles import MEDIAN, QUANTILES
from gatework.tasks.lagged import Lags, Spots

if TYPE_CHECKING:
    from gatework.data.panel import Panel
    from gatework.data.standard import Standard

# With fewer windows than this there is nothing to learn.
FEWEST = 10
# Intervals are measured on the last part of many windows, or in folds of few.
MANY, HELD, FOLDS = 2000, 0.25, 5
# How much of an answer may be kept.
SHARES = (1, 0.8, 0.6, 0.4, 0.2, 0)
# Errors that an interval's end should rest on.
ENOUGH = 200
MOST_ROWS = 60_000

Predict = Callable[[Lags, Spots], np.ndarray]
Fit = Callable[[Lags, Spots, int], Predict]


def ridge(lags: Lags, spots: Spots, seed: int) -> Predict:
    """Fit a linear map from lags to all h steps at once, shrunk by as much as leave-one-out errors ask for."""
    from sklearn.linear_model import RidgeCV
    from sklearn.preprocessing import StandardScaler

    alphas = 10.0 ** np.arange(-1, 5)
    x, y = lags.flat(spots), lags.targets(spots)
    beside = _pooled(lags, spots, seed)
    scaler = StandardScaler().fit(x)
    # Few windows overlap much, and leave-one-out takes their neighbours for news.
    model = RidgeCV(alphas=alphas).fit(scaler.transform(x), np.nan_to_num(y - beside(lags, spots)))

    def predict(lags: Lags, spots: Spots) -> np.ndarray:
        return model.predict(scaler.transform(lags.flat(spots))).reshape(len(spots), -1) + beside(lags, spots)

    return predict


def _pooled(lags: Lags, spots: Spots, seed: int) -> Predict:
    """Fit one linear map for all steps ahead, from what is known of each besides the target; 0 where nothing is."""
    from sklearn.linear_model import RidgeCV

    if not lags.ahead(spots[np.arange(1)]).shape[-1]:
        return lambda lags, spots: np.zeros((len(spots), lags.h))
    some = _some(lags, spots, seed)
    x, y = lags.ahead(some).reshape(len(some) * lags.h, -1), lags.targets(some).ravel()
    known = ~np.isnan(y)
    model = RidgeCV(alphas=10.0 ** np.arange(-1, 5)).fit(x[known], y[known])

    def predict(lags: Lags, spots: Spots) -> np.ndarray:
        return model.predict(lags.ahead(spots).reshape(len(spots) * lags.h, -1)).reshape(len(spots), lags.h)

    return predict


def _some(lags: Lags, spots: Spots, seed: int) -> Spots:
    """As many windows as have MOST_ROWS steps ahead in all, of more at random."""
    most = max(1, MOST_ROWS // lags.h)
    if len(spots) <= most:
        return spots
    return spots[np.sort(np.random.default_rng(seed).choice(len(spots), most, replace=False))]


def boosting(lags: Lags, spots: Spots, seed: int) -> Predict:
    """Fit gradient-boosted trees (HistGradientBoosting) to each step by itself, by the absolute error."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    spots = _some(lags, spots, seed)
    x, y = lags.stacked(spots), lags.targets(spots).ravel()
    known = ~np.isnan(y)
    model = HistGradientBoostingRegressor(
        loss="absolute_error", max_iter=150, early_stopping=False, random_state=seed
    ).fit(x[known], y[known])

    def predict(lags: Lags, spots: Spots) -> np.ndarray:
        return model.predict(lags.stacked(spots)).reshape(len(spots), lags.h)

    return predict


def learner(
    fit: Fit, panel: Panel, h: int, seed: int, simple: Callable[[Panel], np.ndarray]
) -> Callable[[Panel], np.ndarray]:
    """Learn from a panel, and return what forecasts any: panel -> quantiles (N, h, Q).

    The intervals are conformal (Vovk et al., 2005; Barber et al., 2021): as wide, step by step, as the errors of copies
    on windows that they did not learn from; the model itself learns from all.

    Parameters
    ----------
    fit : callable
        `ridge` or `boosting`.
    panel : Panel
        To learn from.
    h, seed : int
        Steps to forecast; of the windows drawn.
    simple : callable
        The forecast where there is too little to learn from.
    """
    found = _learn(fit, panel, h, seed)
    if found is not None and panel.covariates is not None:
        # Covariates that tell nothing do harm: they are read where that helped on windows not learned from.
        without = _learn(fit, replace(panel, covariates=None), h, seed)
        found = found if without is None or found.error < without.error else without
    if found is None:
        return simple
    learned, standard = found, found.standard

    def forecast(panel: Panel) -> np.ndarray:
        quantiles = simple(panel)
        lags = Lags(panel if standard is not None else replace(panel, covariates=None), h, standard)
        ends = lags.ends()
        # A series that has not changed yet, or not yet over a season, has no unit to forecast in.
        ends = ends[np.flatnonzero(lags.size[ends.place] > 0)]
        if len(ends):
            median = learned.share * learned.predict(lags, ends)
            quantiles[ends.series] = lags.undo(ends, median[..., None] + learned.widths)
        return quantiles

    return forecast


class _Learned(NamedTuple):
    """What came of learning: the units of the covariates that it read, and its error on windows it did not learn."""

    predict: Predict
    share: float
    widths: np.ndarray
    standard: Standard | None
    error: float


def _learn(fit: Fit, panel: Panel, h: int, seed: int) -> _Learned | None:
    """Learn from a panel, with its covariates where it has any; None where there is too little to learn from."""
    lags = Lags(panel, h)
    spots = lags.windows(np.random.default_rng(seed))
    if len(spots) < FEWEST:
        return None
    folds = _folds(lags, spots)
    truth = np.concatenate([lags.targets(held) for _, held in folds])
    blind = np.concatenate([fit(lags, rest, seed)(lags, held) for rest, held in folds])
    # With little to learn from, only so much of an answer is kept as helped on windows that were not learned from.
    share = min(SHARES, key=lambda share: np.nanmean(np.abs(truth - share * blind)))
    errors = np.abs(truth - share * blind)
    return _Learned(fit(lags, spots, seed), share, _widths(errors), lags.standard, float(np.nanmean(errors)))


def _folds(lags: Lags, spots: Spots) -> list[tuple[Spots, Spots]]:
    """What to learn from and what to hold out: the last quarter, or where windows are few each fifth in its turn.

    What is held out and what is learned from share no value, where that leaves enough to learn from.
    """
    left, count = lags.left(spots), len(spots)
    last = np.arange(count - round(HELD * count), count)
    parts = [last] if count >= MANY else np.array_split(np.arange(count), FOLDS)
    found = []
    for part in parts:
        clear = (left >= left[part].max() + lags.h) | (left <= left[part].min() - lags.h)
        others = np.setdiff1d(np.arange(count), part)
        found.append((spots[np.flatnonzero(clear) if clear.sum() >= FEWEST else others], spots[part]))
    return found


def _widths(errors: np.ndarray) -> np.ndarray:
    """How far each quantile (h, Q) lies from the median, from errors (B, h), NaN where there is none."""
    b, h = errors.shape
    around = min(h, -(-(ENOUGH // b) // 2))
    widths = np.zeros((h, len(QUANTILES)))
    for k in range(h):
        near = errors[:, max(0, k - around) : k + around + 1]
        near = np.sort(near[~np.isnan(near)])
        if not len(near):
            continue
        for q in range(MEDIAN):
            # The rank that holds for one more value of the same kind.
            rank = min(len(near), int(np.ceil((len(near) + 1) * (1 - 2 * QUANTILES[q]))))
            widths[k, q], widths[k, -1 - q] = -near[rank - 1], near[rank - 1]
    return widths
