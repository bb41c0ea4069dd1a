"""Which sequences are held out: in folds that never part a group, each class in every fold where it can be."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatework.errors import DataError, OptionError

# Steps of improving a split by groups, after the first.
_SWAPS = 100

Split = tuple[np.ndarray, np.ndarray]


def folds(y: Any, groups: Any, count: int, seed: int, share: float | None = None) -> list[Split]:
    """Split sequences into those to learn from and those held out, `count` times.

    Parameters
    ----------
    y : (N,) or (N, K) array, or list of arrays
        What is to be answered. Folds are stratified by classes: text, bools, objects and whole numbers; of several
        targets by the first, of answers for each step by each sequence's most frequent. Floats are not stratified: give
        numbers as floats.
    groups : (N,) array or None
        No group is on both sides.
    count : int
        How many folds. No two hold out the same sequence. With 1 it is one split, which holds out `share`.
    seed : int
        The same seed makes the same folds.
    share : float, optional
        How much of the sequences to hold out where count is 1; a fifth by default.

    Returns
    -------
    list of (train, held)
        Ascending places, int64, neither part empty. A class with a single member is always in train; so is a class in
        a single group, where there are other groups to hold out.

    Raises
    ------
    OptionError, DataError
        A share or count that cannot be; too few sequences or groups to hold out.
    """
    share = 0.2 if share is None else share
    if count < 1 or not 0 < share < 1:
        raise OptionError(
            f"count must be at least 1, and share between 0 and 1; got {count} and {share}. Use 5, or 1 and 0.2."
        )
    classes = _classes(y)
    blocks = np.arange(len(classes)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    # How many of each class there are in each block: a block is what stays together.
    table = np.zeros((blocks.max(initial=-1) + 1, classes.max(initial=-1) + 1), np.int64)
    np.add.at(table, (blocks, classes), 1)
    # What holds all of a class is to be learned from. A single class is no class.
    pinned = ((table > 0) & ((table > 0).sum(0) == 1)).any(1) & (table.shape[1] > 1)
    if groups is not None and (~pinned).sum() < count:
        pinned[:] = False
    if (~pinned).sum() < count or len(table) < 2:
        what = "sequences of classes that have two" if groups is None and table.shape[1] > 1 else "sequences"
        raise DataError(
            f"X must have at least {max(count, 2)} {what if groups is None else 'groups'} to hold some out; got "
            f"{(~pinned).sum()}. Add some, or ask for fewer folds."
        )
    rng = np.random.default_rng(seed)
    if count == 1:
        held = [_one(table, pinned, share, rng)]
    else:
        fold = _deal(table, pinned, count, rng)
        held = [fold == k for k in range(count)]
    return [(np.flatnonzero(~one[blocks]), np.flatnonzero(one[blocks])) for one in held]


def _classes(y: Any) -> np.ndarray:
    """A number for each sequence's class (N,); zeros where y is numbers."""
    if isinstance(y, list):
        steps = [one[:, 0] if one.ndim == 2 else one for one in y]
        if any(one.dtype.kind == "f" for one in steps):
            return np.zeros(len(y), np.int64)
        known = [[str(label) for label in one.tolist() if label is not None] for one in steps]
        most = [max(sorted(set(one)), key=one.count, default="") for one in known]
        return np.unique(most, return_inverse=True)[1]
    first = np.asarray(y)
    first = first[:, 0] if first.ndim == 2 else first
    if first.dtype.kind == "f":
        return np.zeros(len(first), np.int64)
    return np.unique(first.astype(str) if first.dtype == object else first, return_inverse=True)[1]


def _deal(table: np.ndarray, pinned: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """The fold of each block, -1 for those that are always learned from."""
    fold = np.full(len(table), -1)
    order = rng.permutation(np.flatnonzero(~pinned))
    if (table.sum(1) == 1).all():
        # Class by class, each going on where the one before it ended: folds differ by one at most, in each and in all.
        order = order[np.argsort(table[order].argmax(1), kind="stable")]
        fold[order] = np.arange(len(order)) % count
        return fold
    weights = _weights(table)
    # Blocks with much of a class first. Each goes to the fold that has least of what it holds, which keeps the squares
    # of all folds' shares least, as scikit-learn's StratifiedGroupKFold seeks to.
    order = order[np.argsort(-np.square(weights[order]).sum(1), kind="stable")]
    shares = np.zeros((count, weights.shape[1]))
    for block in order.tolist():
        fold[block] = (shares @ weights[block]).argmin()
        shares[fold[block]] += weights[block]
    return fold


def _one(table: np.ndarray, pinned: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Which blocks to hold out: near to `share` of every class and of all."""
    held = np.zeros(len(table), bool)
    order = rng.permutation(np.flatnonzero(~pinned))
    if (table.sum(1) == 1).all():
        which = table.argmax(1)
        sizes = table.sum(0)
        room = np.where(pinned[:, None], 0, table).sum(0) - 1
        want = np.minimum(share * sizes, np.maximum(room, 0))
        take = np.floor(want).astype(int)
        # The places that rounding leaves go to the classes that lost most by it.
        spare = max(round(share * len(table)), 1) - take.sum()
        for one in np.argsort(take - want, kind="stable")[: max(spare, 0)]:
            take[one] += take[one] < room[one]
        for one, some in enumerate(take.tolist()):
            held[order[which[order] == one][:some]] = True
    else:
        weights, counts = _weights(table)[order], table[order]
        got, left = np.zeros(weights.shape[1]), table.sum(0) - 1
        inside = np.zeros(len(order), bool)
        for block in range(len(order)):
            nearer = np.square(got + weights[block] - share).sum() < np.square(got - share).sum()
            if nearer and (counts[block] <= left).all():
                got, left, inside[block] = got + weights[block], left - counts[block], True
        # Then the block that brings it nearest goes in, or out again, while there is one.
        for _ in range(_SWAPS):
            sign = np.where(inside, -1, 1)
            change = 2 * sign * (weights @ (got - share)) + np.square(weights).sum(1)
            change[~inside & (counts > left).any(1)] = np.inf
            best = int(change.argmin())
            if change[best] > -1e-12:
                break
            got, left = got + sign[best] * weights[best], left - sign[best] * counts[best]
            inside[best] = ~inside[best]
        held[order[inside]] = True
    if not held.any():
        # Nothing is small enough: the smallest that leaves something to learn from.
        held[order[table[order].sum(1).argmin()]] = True
    return held


def _weights(table: np.ndarray) -> np.ndarray:
    """What share of each class, and of all, a block holds."""
    together = np.column_stack([table, table.sum(1)])
    return together / np.maximum(together.sum(0), 1)
