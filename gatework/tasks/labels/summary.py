"""A sequence in a few numbers, whatever its length: what a simple model can learn from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# What is said of each of the D columns, the most telling first: of many columns only so much is said as fits.
SAID = (
    "mean", "std", "last", "slope", "min", "max", "first", "median", "lower quartile", "upper quartile",
    "mean absolute change", "autocorrelation", "share of crossings", "share missing",
)  # fmt: skip
MOST_FEATURES = 1500
# Numbers that are worked on at once.
AT_ONCE = 2_000_000


def summaries(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Sum up N arrays (T_i, D) with NaN where a value is missing.

    Returns
    -------
    (N, F) array
        Its length, and of each column as many of `SAID` as make at most 1,500 features; of more columns than that,
        evenly chosen ones. NaN where a number has no meaning, such as the mean of a column that is missing.
    """
    columns = chosen(arrays[0].shape[1], MOST_FEATURES)
    said = _said(len(columns))
    lengths = np.array([len(one) for one in arrays])
    found = np.empty((len(arrays), width(len(columns))))
    order, start = np.argsort(lengths, kind="stable"), 0
    while start < len(order):
        # Alike in length, so that little is filled up; the longest decides how many go at once.
        some = order[start : start + max(1, AT_ONCE // max(1, lengths[order[start]] * len(columns)))]
        longest = max(1, lengths[some[-1]])
        some = some[: max(1, AT_ONCE // (longest * len(columns)))]
        longest = max(1, lengths[some[-1]])
        x = np.full((len(some), longest, len(columns)), np.nan)
        for row, i in zip(x, some, strict=True):
            row[: lengths[i]] = arrays[i][:, columns]
        found[some, 0] = lengths[some]
        found[some, 1:] = _of(x, lengths[some])[:said].transpose(1, 0, 2).reshape(len(some), -1)
        start += len(some)
    return found


def width(columns: int) -> int:
    """How many numbers a sequence of so many columns comes down to."""
    columns = min(columns, MOST_FEATURES)
    return _said(columns) * columns + 1


def _said(columns: int) -> int:
    """How many of SAID are said of each of so many columns."""
    return min(len(SAID), max(1, MOST_FEATURES // columns))


def chosen(columns: int, most: int) -> np.ndarray:
    """Which of so many columns are read: all, or evenly chosen ones."""
    return np.arange(columns) if columns <= most else np.linspace(0, columns - 1, most).astype(int)


def _of(x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Sum up x (N, T, D), NaN behind each length and where a value is missing: (len(SAID), N, D)."""
    known = ~np.isnan(x)
    count = known.sum(1)
    some = np.where(count > 0, count, np.nan)
    mean = np.where(known, x, 0).sum(1) / some
    away = np.where(known, x - mean[:, None], 0)
    power = (away**2).sum(1)

    times = np.where(known, np.arange(x.shape[1])[:, None], 0.0)
    late = np.where(known, times - (times.sum(1) / some)[:, None], 0)
    spread = (late**2).sum(1)
    slope = (late * away).sum(1) / np.where(spread > 0, spread, np.nan)

    # NaN is sorted to the end.
    ordered = np.sort(x, axis=1)
    quartiles = [_quantile(ordered, count, q) for q in (0, 0.25, 0.5, 0.75, 1)]
    first, last = known.argmax(1), x.shape[1] - 1 - known[:, ::-1].argmax(1)
    ends = [np.take_along_axis(x, place[:, None], 1)[:, 0] for place in (first, last)]

    both = known[:, 1:] & known[:, :-1]
    pairs = np.where(both.any(1), both.sum(1), np.nan)
    change = np.where(both, np.abs(np.diff(np.where(known, x, 0), axis=1)), 0).sum(1) / pairs
    beside = np.where(both, away[:, 1:] * away[:, :-1], 0)
    # What hardly differs from its mean, next to that mean, differs by rounding.
    varies = power > 1e-12 * some * mean**2
    autocorrelation = np.where(varies | (count == 0), beside.sum(1) / np.where(varies, power, np.nan), 0)
    crossings = (beside < 0).sum(1) / pairs
    missing = 1 - count / np.maximum(lengths, 1)[:, None]
    return np.stack(
        [
            mean,
            np.sqrt(power / some),
            ends[1],
            slope,
            quartiles[0],
            quartiles[4],
            ends[0],
            quartiles[2],
            quartiles[1],
            quartiles[3],
            change,
            autocorrelation,
            crossings,
            missing,
        ]
    )


def _quantile(ordered: np.ndarray, count: np.ndarray, q: float) -> np.ndarray:
    """Read a quantile off sorted values (N, T, D), of which `count` (N, D) are known; straight lines between two."""
    place = np.maximum(count - 1, 0) * q
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    lo, hi = (np.take_along_axis(ordered, at[:, None], 1)[:, 0] for at in (below, above))
    return lo + (place - below) * (hi - lo)
