"""From norms by lag to a rate a step and a verdict."""

from __future__ import annotations

from typing import Literal

import numpy as np

# A gradient that changes by more than this factor on its way has vanished, or exploded.
MOST = 1000.0
# Lags that are compared pair by pair.
LAGS = 400


def judge(norms: np.ndarray, smallest: float) -> tuple[float, Literal["vanishing", "exploding", "neither"]]:
    """Say by which factor norms (lags,) change with each step back, and what that comes to over all of them.

    The rate is the median slope of the logarithms over all pairs of lags (Theil, 1950; Sen, 1968), which three in ten
    lags cannot mislead. Norms below `smallest` do not enter it: there the numbers' type has lost its digits. A gradient
    that is lost there before the last lag has vanished; one that is no number any more has exploded.
    """
    lags = np.arange(len(norms))
    known = np.isfinite(norms) & (norms > smallest)
    rate = _rate(lags[known], norms[known]) if known.sum() > 1 else float("nan")
    if not np.isfinite(norms).all():
        return rate, "exploding"
    if not known[-1] and len(norms) > 1:
        return (rate if np.isfinite(rate) else 0.0), "vanishing"
    if not np.isfinite(rate):
        return rate, "neither"
    change = np.log(rate) * (len(norms) - 1)
    bound = np.log(MOST)
    return rate, "exploding" if change > bound else "vanishing" if change < -bound else "neither"


def _rate(lags: np.ndarray, norms: np.ndarray) -> float:
    some = np.unique(np.linspace(0, len(lags) - 1, min(len(lags), LAGS)).astype(int))
    t, z = lags[some], np.log(norms[some])
    one, other = np.triu_indices(len(some), 1)
    return float(np.exp(np.median((z[other] - z[one]) / (t[other] - t[one]))))
