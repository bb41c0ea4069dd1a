"""Which lags to look at: each of the near ones, and of the far ones so many to a doubling."""

from __future__ import annotations

import numpy as np


def spread_out(steps: int, count: int) -> np.ndarray:
    """Choose at most `count` lags from 0 to `steps` - 1: all where they are that few, else ever farther apart.

    Examples
    --------
    >>> spread_out(5, 8).tolist()
    [0, 1, 2, 3, 4]
    >>> spread_out(1000, 12).tolist()
    [0, 1, 3, 6, 12, 23, 44, 82, 154, 288, 536, 999]
    """
    if steps <= count:
        return np.arange(steps)
    # Near lags are taken one by one until the others, each as much farther as the last, are a step apart.
    for near in range(1, count):
        ratio = (steps / near) ** (1 / (count - near))
        if near * (ratio - 1) >= 1:
            break
    far = near * ratio ** np.arange(1, count - near + 1) - 1
    return np.unique(np.concatenate([np.arange(near), np.round(far).astype(int)]))


def peaks(lags: np.ndarray, values: np.ndarray, count: int = 4) -> np.ndarray:
    """The lags, 0 or more, at which an effect stands highest above its neighbours, and those neighbours.

    Examples
    --------
    >>> peaks(np.arange(6), np.array([1.0, 0.1, 0.1, 0.9, 0.1, 0.1]), count=1).tolist()
    [2, 3, 4]
    """
    inner = np.arange(1, len(lags) - 1)
    beside = np.maximum(values[inner - 1], values[inner + 1])
    inner = inner[(values[inner] > beside) & (lags[inner] > 0)]
    best = inner[np.argsort(values[inner - 1] - values[inner])[:count]]
    return np.unique(lags[(best[:, None] + np.arange(-1, 2)).ravel()])
