"""Whether series move like a random walk: whether their past tells where they go next."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

# Changes of a series that are enough to see how they hang together.
ENOUGH = 100
# Lags at least at which changes are looked at, and at most; the steps of the horizon and the season in between.
FEWEST, MOST = 5, 60
# What a walk may show by accident: more standard errors than this are a sign, if they are of a size that helps.
SURE = 2.6
# The share of the changes' variance that their past explains; of h steps' variance beside h times one step's; of it
# that comes of a steady drift; and that a return to a level explains: less helps no forecast.
EXPLAINED, RATIO, DRIFT, RETURN = 0.02, 0.2, 0.1, 0.02
# Mean and spread of Dickey & Fuller's statistic on a random walk (Im, Pesaran & Shin, 2003).
WALKS, APART = -1.53, 0.84
# Series that are looked at, at most.
LOOKED_AT = 1000


def wanders(values: Sequence[np.ndarray], h: int, season_length: int = 1) -> bool:
    """Say whether series move like a random walk: no change tells of the next ones, and none drifts.

    Four questions, each of whether a departure is both sure and of a size that a forecast over h steps would gain by:
    do changes hang together from step to step and at the season (Box & Pierce, 1970); do h steps spread as far as steps
    that know nothing of each other (Lo & MacKinlay, 1988); do the series drift; do they return to a level (Dickey &
    Fuller, 1979)? Errors allow for calm and wild times. Series that are positive are looked at in logarithms.

    Parameters
    ----------
    values : sequence of (T,) arrays
        The series, NaN where a value is missing. Those with fewer than 100 known changes do not count.
    h, season_length : int
        Steps to forecast, and in a season.

    Returns
    -------
    bool
        False too where no series is long enough to tell.
    """
    found = [one for x in values[:LOOKED_AT] if (one := _look(x, h, season_length)) is not None]
    if not found:
        return False
    excess, ratio, drift, returns = (np.array(part) for part in zip(*found, strict=True))
    return not (
        _departs(excess, EXPLAINED)
        or _departs(ratio * [np.sign(ratio[:, 0].mean()), 1], RATIO)
        or _departs(drift, DRIFT)
        or (returns[:, 0].mean() > RETURN and returns[:, 1].mean() < WALKS - SURE * APART / math.sqrt(len(returns)))
    )


def _look(x: np.ndarray, h: int, season: int) -> tuple[tuple[float, float], ...] | None:
    """Measure one series: departures from a walk, each with its standard error; None where it is too short.

    Of the last one, the return to a level, Dickey & Fuller's statistic in the place of the error.
    """
    known = x[~np.isnan(x)]
    if len(known) and known.min() > 0:
        x = np.log(x)
    change = np.diff(x)
    n = int((~np.isnan(change)).sum())
    if n < ENOUGH or not np.nanvar(change) > 0:
        return None
    drift, spread = float(np.nanmean(change)), float(np.nanvar(change))
    d = np.nan_to_num(change - drift)
    near = min(max(h, FEWEST), MOST, n // 5)
    level = np.where(np.isnan(change), 0, x[:-1] - np.nanmean(np.where(np.isnan(change), np.nan, x[:-1])))
    lags = sorted({*range(1, near + 1)} | {k for k in (season, 2 * season) if season > 1 and k <= n // 3})
    total = float((d**2).sum())
    r = np.array([d[k:] @ d[:-k] for k in lags]) / total
    # Lo & MacKinlay's: changes that are large together do not pass for changes that hang together.
    error = np.sqrt([(d[k:] ** 2) @ (d[:-k] ** 2) for k in lags]) / total
    # Of few lags each speaks for itself; of many the noise would drown the season's.
    some = [i for i, k in enumerate(lags) if k <= FEWEST or k % season == 0]
    explained = float((r[some] ** 2 - error[some] ** 2).sum()), float(math.sqrt(2 * (error[some] ** 4).sum()))
    first = np.arange(near)
    weights = 2 * (1 - (first + 1) / (near + 1))
    ratio = float(weights @ r[first]), float(np.sqrt((weights**2) @ (error[first] ** 2)))
    pull = abs(drift) / math.sqrt(spread)
    steady = h * (pull**2 - 1 / n), h * max(pull / math.sqrt(n), math.sqrt(2) / n)
    back = (d @ level) / (level @ level)
    gain = (1 - max(1 + back, 0) ** h) / 2
    return explained, ratio, steady, (gain, float((d @ level) / np.sqrt((d**2) @ (level**2))))


def _departs(found: np.ndarray, size: float) -> bool:
    """Whether departures (N, 2), each with its error, are sure and large, on average over series."""
    mean, error = float(found[:, 0].mean()), float(np.sqrt((found[:, 1] ** 2).sum())) / len(found)
    return mean > max(size, SURE * error)
