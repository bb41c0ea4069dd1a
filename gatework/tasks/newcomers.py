"""Series of which nothing is known but what never changes: they are expected to do as the series most like them."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from gatework.data.floor import floor
from gatework.data.panel import Panel
from gatework.data.standard import Standard, apply
from gatework.models.quantiles import QUANTILES, values_at

# Series that a newcomer is likened to, at most.
NEAREST = 10
# Levels at which each of their forecasts is read to mix them.
LEVELS = np.array([NormalDist().inv_cdf(p) for p in (np.arange(99) + 0.5) / 99])


def welcome(panel: Panel, quantiles: np.ndarray, standard: Standard | None) -> np.ndarray:
    """Forecast series of no steps too, from what never changes: quantiles (N, h, Q), NaN only where nothing is known.

    A newcomer's forecast is the mixture of those of the ten series nearest to it, of those that end last: it may be any
    of them. Near are series whose static covariates differ little, in units of how much they differ at all.

    Parameters
    ----------
    panel : Panel
        All series.
    quantiles : (N, h, Q) array
        Their forecasts, NaN for newcomers.
    standard : Standard, optional
        The units of the covariates; None where there are none, and then nothing is filled in.
    """
    if panel.covariates is None or standard is None or not standard.static:
        return quantiles
    known = ~np.isnan(quantiles).any((1, 2))
    new = np.flatnonzero([len(series) == 0 for series in panel.values] & ~known)
    latest = known & (panel.last() == panel.last()[known].max(initial=-1))
    if not len(new) or not latest.any():
        return quantiles
    # What is missing is like the mean.
    traits = np.nan_to_num(apply(standard.static, panel.covariates.static))
    old, filled, h = np.flatnonzero(latest), quantiles.copy(), quantiles.shape[1]
    scores = np.broadcast_to(LEVELS[:, None], (len(LEVELS), h))
    for i in new:
        nearest = old[np.argsort(np.square(traits[old] - traits[i]).sum(1), kind="stable")[:NEAREST]]
        # Every value that one of them may take, each as likely as the others: (series, levels, h).
        likely = values_at(quantiles[nearest, None], np.broadcast_to(scores, (len(nearest), *scores.shape)))
        likely = np.maximum(likely, np.array([floor(panel.values[k]) for k in nearest])[:, None, None])
        filled[i] = np.quantile(likely.reshape(-1, h), QUANTILES, axis=0).T
    return filled
