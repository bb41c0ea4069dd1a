"""Whether one model's answers are better than another's by more than chance explains."""

from __future__ import annotations

import numpy as np

# A difference is called one where chance would show so large a one in fewer cases than this.
ALPHA = 0.05
# So few differences are flipped in all ways; of more, so many ways are drawn.
ALL_WAYS, DRAWS = 13, 9_999
# Beyond so many differences their sum is as good as normal.
MANY = 10_000
AT_ONCE = 4_000_000


def chance(differences: np.ndarray, owners: np.ndarray | None = None) -> float:
    """Give the two-sided p that paired differences (N,) lie as far from 0 as they do, were the two models alike.

    Were they alike, each difference might as well have the other sign: p is the share of all ways to choose the signs
    whose sum is as large. Where all differences have one size, that is McNemar's exact test (1947).

    Parameters
    ----------
    differences : (N,) array
        What one model lost at each item more than the other did.
    owners : (N,) array, optional
        The sequence that each item, a step, belongs to. Steps of one sequence resemble each other, so that they flip
        together.

    Returns
    -------
    float
        1 where the two never differ.
    """
    if owners is not None:
        _, whose = np.unique(owners, return_inverse=True)
        differences = np.bincount(whose, weights=differences)
    size = np.abs(differences)
    # Sums over an owner that cancel leave mere rounding.
    some = size > 1e-12 * size.max(initial=0)
    d, size = differences[some].astype(float), size[some]
    if not len(d):
        return 1.0
    if size.max() - size.min() <= 1e-9 * size.max():
        from scipy.stats import binomtest

        return float(binomtest(int((d > 0).sum()), len(d)).pvalue)
    d /= size.max()
    reached = abs(d.sum()) - 1e-9 * len(d)
    if len(d) <= ALL_WAYS:
        signs = 1 - 2 * (np.arange(2 ** len(d))[:, None] >> np.arange(len(d)) & 1)
        return float((np.abs(signs @ d) >= reached).mean())
    if len(d) > MANY:
        from scipy.stats import norm

        return float(2 * norm.sf(abs(d.sum()) / np.sqrt((d**2).sum())))
    return _drawn(d, reached)


def _drawn(d: np.ndarray, reached: float) -> float:
    # The same data get the same p each time.
    draw, found, left = np.random.default_rng(0), 0, DRAWS
    while left:
        rows = min(left, max(1, AT_ONCE // len(d)))
        signs = draw.integers(0, 2, (rows, len(d)), dtype=np.int8)
        found += int((np.abs(2 * (signs @ d) - d.sum()) >= reached).sum())
        left -= rows
    # The way that came to be is one of those that might have.
    return (found + 1) / (DRAWS + 1)
