"""The quantiles that a network learns, and any other one read off them. Without torch."""

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
