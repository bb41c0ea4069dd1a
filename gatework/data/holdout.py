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
        How many folds. No two hold out the same sequence. With 1 it is one split, which holds out `share`. There are
        fewer where fewer groups can be held out without a class that is in no other.
    seed : int
        The same seed makes the same folds.
    share : float, optional
        How much of the sequences to hold out where count is 1; a fifth by default.

    Returns
    -------
    list of (train, held)
        Ascending places, int64. A class with a single member is always in train; so is a class in a single group.
        Neither part is empty, but where each group has such a class: then nothing is held out.

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
    classes, rng = _classes(y), np.random.default_rng(seed)
    if groups is None:
        alone = _Alone(classes)
        _refuse_few(
            alone.free.sum(), count, "sequences of classes that have two" if len(alone.sizes) > 1 else "sequences"
        )
        held = alone.one(share, rng) if count == 1 else alone.deal(count, rng)
        return [(np.flatnonzero(~one), np.flatnonzero(one)) for one in held]
    blocks = np.unique(np.asarray(groups), return_inverse=True)[1]
    # How many of each class there are in each group.
    table = np.zeros((blocks.max(initial=-1) + 1, classes.max(initial=-1) + 1), np.int64)
    np.add.at(table, (blocks, classes), 1)
    # What holds all of a class is to be learned from. A single class is no class.
    free = ~((table > 0) & ((table > 0).sum(0) == 1)).any(1) | (table.shape[1] == 1)
    _refuse_few(len(table), count, "groups")
    if not free.any():
        return [(np.arange(len(blocks)), np.arange(0))]
    count = min(count, int(free.sum()))
    held = _one(table, free, share, rng) if count == 1 else _deal(table, free, count, rng)
    return [(np.flatnonzero(~one[blocks]), np.flatnonzero(one[blocks])) for one in held]


def _refuse_few(got: int, count: int, what: str) -> None:
    if got < max(count, 2):
        raise DataError(
            f"X must have at least {max(count, 2)} {what} to hold some out; got {got}. Add some, or ask for "
            f"fewer folds."
        )


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


class _Alone:
    """Sequences that belong to no group."""

    def __init__(self, classes: np.ndarray):
        self.classes, self.sizes = classes, np.bincount(classes)
        # A class of one member is to be learned from. A single class is no class.
        self.free = (self.sizes[classes] > 1) | (len(self.sizes) == 1)

    def _shuffled(self, rng: np.random.Generator) -> np.ndarray:
        """Those that may be held out, class by class."""
        order = rng.permutation(np.flatnonzero(self.free))
        return order[np.argsort(self.classes[order], kind="stable")]

    def deal(self, count: int, rng: np.random.Generator) -> list[np.ndarray]:
        """Deal class by class, each going on where the one before it ended: folds differ by one in each and in all."""
        fold, order = np.full(len(self.classes), -1), self._shuffled(rng)
        fold[order] = np.arange(len(order)) % count
        return [fold == k for k in range(count)]

    def one(self, share: float, rng: np.random.Generator) -> list[np.ndarray]:
        """Hold out `share` of each class, and of all."""
        room = self.sizes - 1
        want = np.minimum(share * self.sizes, room)
        take = np.floor(want).astype(np.int64)
        # The places that rounding down leaves go to the classes that lost most by it.
        spare = max(round(share * len(self.classes)), 1) - take.sum()
        for one in np.argsort(take - want, kind="stable")[: max(spare, 0)]:
            take[one] += take[one] < room[one]
        order = self._shuffled(rng)
        of = self.classes[order]
        rank = np.arange(len(of)) - np.searchsorted(of, of)
        held = np.zeros(len(self.classes), bool)
        held[order[rank < take[of]]] = True
        return [held]


def _deal(table: np.ndarray, free: np.ndarray, count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """The groups that each fold holds out."""
    fold, weights = np.full(len(table), -1), _weights(table)
    order = rng.permutation(np.flatnonzero(free))
    # Groups with much of a class first. Each goes to the fold that has least of what it holds, which keeps the squares
    # of all folds' shares least, as scikit-learn's StratifiedGroupKFold seeks to.
    order = order[np.argsort(-np.square(weights[order]).sum(1), kind="stable")]
    shares = np.zeros((count, weights.shape[1]))
    for group in order.tolist():
        fold[group] = (shares @ weights[group]).argmin()
        shares[fold[group]] += weights[group]
    return [fold == k for k in range(count)]


def _one(table: np.ndarray, free: np.ndarray, share: float, rng: np.random.Generator) -> list[np.ndarray]:
    """The groups to hold out: near to `share` of every class and of all."""
    order = rng.permutation(np.flatnonzero(free))
    weights, counts = _weights(table)[order], table[order]
    got, left = np.zeros(weights.shape[1]), table.sum(0) - 1
    inside = np.zeros(len(order), bool)
    for place in range(len(order)):
        nearer = np.square(got + weights[place] - share).sum() < np.square(got - share).sum()
        if nearer and (counts[place] <= left).all():
            got, left, inside[place] = got + weights[place], left - counts[place], True
    # Then the group that brings it nearest goes in, or out again, while there is one.
    for _ in range(_SWAPS):
        sign = np.where(inside, -1, 1)
        change = 2 * sign * (weights @ (got - share)) + np.square(weights).sum(1)
        change[~inside & (counts > left).any(1)] = np.inf
        best = int(change.argmin())
        if change[best] > -1e-12:
            break
        got, left = got + sign[best] * weights[best], left - sign[best] * counts[best]
        inside[best] = ~inside[best]
    if not inside.any():
        # None is small enough: the smallest.
        inside[counts.sum(1).argmin()] = True
    held = np.zeros(len(table), bool)
    held[order[inside]] = True
    return [held]


def _weights(table: np.ndarray) -> np.ndarray:
    """What share of each class, and of all, a group holds."""
    together = np.column_stack([table, table.sum(1)])
    return together / np.maximum(together.sum(0), 1)
