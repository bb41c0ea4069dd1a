"""What a sequence of each class counts in the loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gatework.errors import OptionError
from gatework.tasks.labels.targets import UNKNOWN, Targets


def class_weights(wanted: Any, targets: Targets, encoded: Any) -> tuple[tuple[float, ...], ...]:
    """Give the weight of each class of each target; () where targets are numbers.

    Parameters
    ----------
    wanted : None, "balanced" or mapping of class to weight
        None: all count 1. "balanced": each class counts as much as any other, however many it has (King & Zeng, 2001).
        A class that the mapping leaves out counts 1.
    targets : Targets
        The classes.
    encoded : (N, K) array, or a list of (T_i, K)
        The targets as Targets.encode gives them.

    Raises
    ------
    OptionError
        It is none of these, or names a class that is not there.
    """
    if targets.classes is None:
        return ()
    numbers = np.concatenate(encoded) if isinstance(encoded, list) else encoded
    if wanted is None:
        return tuple((1.0,) * len(one) for one in targets.classes)
    if isinstance(wanted, str) and wanted == "balanced":
        return tuple(_balanced(column, len(one)) for column, one in zip(numbers.T, targets.classes, strict=True))
    if not isinstance(wanted, Mapping):
        raise OptionError(f"class_weight must be None, 'balanced' or a dict of class and weight; got {wanted!r}.")
    if len(targets.classes) > 1:
        raise OptionError("class_weight must be None or 'balanced' with several targets; got a dict.")
    names = {str(one): k for k, one in enumerate(targets.classes[0].tolist())}
    weights = [1.0] * len(names)
    for name, weight in wanted.items():
        if str(name) not in names:
            raise OptionError(
                f"class_weight must name classes of the data; got {name!r}. There are {', '.join(names)}."
            )
        weights[names[str(name)]] = _checked(name, weight)
    return (tuple(weights),)


def _checked(name: Any, weight: Any) -> float:
    if isinstance(weight, bool) or not isinstance(weight, int | float | np.number) or not 0 <= weight < np.inf:
        raise OptionError(f"class_weight must be numbers of 0 or above; got {weight!r} for {name!r}.")
    return float(weight)


def _balanced(numbers: np.ndarray, classes: int) -> tuple[float, ...]:
    count = np.bincount(numbers[numbers != UNKNOWN], minlength=classes)
    return tuple((count.sum() / (classes * np.maximum(count, 1))).tolist())
