"""The quantiles that a network learns, any other read off them, and where a value lies among them. Without torch."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from statistics import NormalDist
from typing import Any

import numpy as np

from gatework.errors import OptionError

# The median stands in the middle.
QUANTILES = (0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975)
MEDIAN = len(QUANTILES) // 2

Z = np.array([NormalDist().inv_cdf(p) for p in QUANTILES])


def quantile(values: np.ndarray, p: float) -> np.ndarray:
    """Read the quantile p off the learned ones.

    Between two of them, p lies as it would between those of a normal distribution; beyond the last, the distance from
    the median grows as a normal distribution's does.

    Parameters
    ----------
    values : (..., Q) array
        The learned quantiles, ascending.
    p : float
        Above 0 and below 1.

    Returns
    -------
    (...) array
        Ascending in p.
    """
    z = NormalDist().inv_cdf(p)
    if not Z[0] <= z <= Z[-1]:
        end = 0 if z < 0 else -1
        return values[..., MEDIAN] + z / Z[end] * (values[..., end] - values[..., MEDIAN])
    right = max(int(np.searchsorted(Z, z)), 1)
    share = (z - Z[right - 1]) / (Z[right] - Z[right - 1])
    # Written so that between two equal quantiles lies exactly the same number.
    return values[..., right - 1] + share * (values[..., right] - values[..., right - 1])


def values_at(values: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Read values off the learned quantiles at normal scores: what `quantile` gives at the level of each score.

    Parameters
    ----------
    values : (..., Q) array
        The learned quantiles, ascending.
    scores : (...) array
        What a standard normal distribution would have in the place of each value; shapes broadcast.

    Returns
    -------
    (...) array
        Ascending in the scores.
    """
    right = np.clip(np.searchsorted(Z, scores), 1, len(Z) - 1)
    high = np.take_along_axis(values, right[..., None], -1)[..., 0]
    low = np.take_along_axis(values, right[..., None] - 1, -1)[..., 0]
    found = low + (scores - Z[right - 1]) / (Z[right] - Z[right - 1]) * (high - low)
    for end, beyond in ((0, scores < Z[0]), (-1, scores > Z[-1])):
        away = values[..., end] - values[..., MEDIAN]
        found = np.where(beyond, values[..., MEDIAN] + scores / Z[end] * away, found)
    return found


def level_of(values: np.ndarray, y: np.ndarray, share: float | np.ndarray = 0.5) -> np.ndarray:
    """Say at which level a value lies: the p for which `quantile(values, p)` is y, its probability integral transform.

    Parameters
    ----------
    values : (..., Q) array
        The learned quantiles, ascending.
    y : (...) array
        What happened.
    share : float or (...) array
        Where quantiles are equal, all levels from theirs to theirs are y's; this says how far up to go, from 0 to 1.

    Returns
    -------
    (...) array
        From 0 to 1; NaN where y or the quantiles are.
    """
    from scipy.special import ndtr

    below = (values < y[..., None]).sum(-1)
    upto = (values <= y[..., None]).sum(-1)
    median = values[..., MEDIAN]
    left, right = (np.clip(below + k, 0, len(Z) - 1) for k in (-1, 0))
    low, high = (np.take_along_axis(values, at[..., None], -1)[..., 0] for at in (left, right))
    with np.errstate(divide="ignore", invalid="ignore"):
        score = Z[left] + (y - low) / (high - low) * (Z[right] - Z[left])
        for end, beyond in ((0, y < values[..., 0]), (-1, y > values[..., -1])):
            score = np.where(beyond, Z[end] * np.abs((y - median) / (values[..., end] - median)), score)
    # A stretch that reaches from the median to the end has nothing beyond it.
    first = np.where((below == 0) & (upto > MEDIAN), 0, ndtr(Z[right]))
    last = np.where((upto == len(Z)) & (below <= MEDIAN), 1, ndtr(Z[np.maximum(upto - 1, 0)]))
    level = np.where(upto > below, first + share * (last - first), ndtr(score))
    return np.where(np.isnan(y + values.sum(-1)), np.nan, level)


def interval(values: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Give the ends of the central interval that is to hold `level` percent: two (...) arrays from (..., Q) values."""
    tail = (1 - level / 100) / 2
    return quantile(values, tail), quantile(values, 1 - tail)


def check_levels(level: float | Sequence[float] | None) -> list[float]:
    """Give levels as a list, ascending and each once; None is no level.

    Raises
    ------
    OptionError
        One is no number from 1 to below 100.
    """
    if level is None:
        return []
    levels: list[Any] = [level] if isinstance(level, Real | str) else list(level)  # type: ignore[arg-type]
    for one in levels:
        if isinstance(one, bool) or not isinstance(one, Real) or not 1 <= float(one) < 100:
            raise OptionError(f"level must be percents from 1 to below 100; got {one!r}. 90 is the usual one.")
    return sorted(set(levels))
