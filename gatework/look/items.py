"""The sequences that a fitted classifier or regressor is looked into with: read without torch, and some of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from gatework.data.items import Items
from gatework.errors import DataError
from gatework.tasks.labels.labelling import Labelling


def items_of(model: Labelling, data: Any, lengths: Any = None) -> Items:
    """Read what a Classifier or Regressor is to be seen with, with its answers if it has some; Items have been read.

    Parameters
    ----------
    model : Classifier or Regressor
        One that knows what it was fitted to.
    data : as its predict takes; a tuple (X, y) with the answers; or Items
        The sequences.
    lengths : (N,) whole numbers, optional
        Of a padded array.

    Raises
    ------
    DataError
        None are given, or they cannot be used.
    """
    if isinstance(data, Items):
        return data
    if data is None:
        raise DataError(
            f"data must be given with a {type(model).__name__}, which keeps no sequences; got None. Give what its "
            "predict takes."
        )
    if isinstance(data, tuple) and len(data) == 2:
        return model._read_like(*data, lengths, need_y=True)
    try:
        return model._read_like(data, None, lengths, need_y=True)
    except DataError:
        # Without answers there is no loss; what else is wrong is said once more.
        return model._read_like(data, None, lengths)


def picked(items: Items, rows: Any) -> Items:
    """Some of the sequences."""
    answers = items.y
    if answers is not None:
        answers = answers[rows] if isinstance(answers, np.ndarray) else [answers[k] for k in rows]
    return replace(items, items=[items.items[k] for k in rows], ids=tuple(items.ids[k] for k in rows), y=answers)


def evenly(count: int, most: int) -> np.ndarray:
    """Choose at most so many of `count`, spread evenly over all."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))
