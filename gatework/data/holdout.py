"""Which sequences are held out: in folds that never part a group, each class in every fold where it can be."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatework.errors import DataError

Split = tuple[np.ndarray, np.ndarray]


def folds(classes: np.ndarray, groups: Any, count: int, seed: int) -> list[Split]:
    """Split sequences into those to learn from and those held out, `count` times.

    Parameters
    ----------
    classes : (N,) int array
        What folds are to be alike in; zeros for numbers.
    groups : (N,) array or None
        No group is on both sides.
    count : int
        How many folds, at least 2. No two hold out the same sequence. There are fewer where fewer groups can be held
        out without a class that is in no other.
    seed : int
        The same seed makes the same folds.

    Returns
    -------
    list of (train, held)
        Ascending places, int64. A class with a single member is always in train; so is a class in a single group.
        Neither part is empty, but where each group has such a class: then nothing is held out.

    Raises
    ------
    DataError
        Too few sequences or groups to hold out.
    """
    rng = np.random.default_rng(seed)
    if groups is None:
        sizes = np.bincount(classes)
        # A class of one member is to be learned from. A single class is no class.
        free = (sizes[classes] > 1) | (len(sizes) == 1)
        _refuse_few(free.sum(), count, "sequences of classes that have two" if len(sizes) > 1 else "sequences")
        fold, order = np.full(len(classes), -1), rng.permutation(np.flatnonzero(free))
        # Class by class, each going on where the one before it ended: folds differ by one in each and in all.
        fold[order[np.argsort(classes[order], kind="stable")]] = np.arange(len(order)) % count
        return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(count)]
    blocks = np.unique(np.asarray(groups), return_inverse=True)[1]
    # How many of each class there are in each group.
    table = np.zeros((blocks.max(initial=-1) + 1, classes.max(initial=-1) + 1), np.int64)
    np.add.at(table, (blocks, classes), 1)
    # What holds all of a class is to be learned from. A single class is no class.
    free = ~((table > 0) & ((table > 0).sum(0) == 1)).any(1) | (table.shape[1] == 1)
    _refuse_few(len(table), count, "groups")
    if not free.any():
        return [(np.arange(len(blocks)), np.arange(0))]
    held = _deal(table, free, min(count, int(free.sum())), rng)
    return [(np.flatnonzero(~one[blocks]), np.flatnonzero(one[blocks])) for one in held]


def _refuse_few(got: int, count: int, what: str) -> None:
    if got < count:
        raise DataError(
            f"X must have at least {count} {what} to hold some out; got {got}. Add some, or ask for fewer folds."
        )


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


def _weights(table: np.ndarray) -> np.ndarray:
    """What share of each class, and of all, a group holds."""
    together = np.column_stack([table, table.sum(1)])
    return together / np.maximum(together.sum(0), 1)
