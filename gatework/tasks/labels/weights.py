"""What a sequence of each class counts in the loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gatework.errors import OptionError
from gatework.tasks.labels.targets import UNKNOWN, Targets


def class_weights(wanted: Any, targets: Targets) -> tuple[tuple[float, ...], ...]:
    """Give the weight of each class of each target; () where targets are numbers.

    Parameters
    ----------
    wanted : None, "balanced" or mapping of class to weight
        None and "balanced": all count 1, since what is answered as if all were as often has been learned with their
        prior (log_prior). A class that the mapping leaves out counts 1.
    targets : Targets
        The classes.

    Raises
    ------
    OptionError
        It is none of these, or names a class that is not there.
    """
    if targets.classes is None:
        return ()
    if wanted is None or (isinstance(wanted, str) and wanted == "balanced"):
        return tuple((1.0,) * len(one) for one in targets.classes)
    if not isinstance(wanted, Mapping):
        raise OptionError(f"class_weight must be None, 'balanced' or a dict of class and weight; got {wanted!r}.")
    if len(targets.classes) > 1:
        raise OptionError("class_weight must be None or 'balanced' with several targets; got a dict.")
    classes = targets.classes[0].tolist()
    places = {_text(one): k for k, one in enumerate(classes)}
    weights = [1.0] * len(places)
    for name, weight in wanted.items():
        if _text(name) not in places:
            known = ", ".join(map(str, classes))
            raise OptionError(f"class_weight must name classes of the data; got {name!r}. There are {known}.")
        weights[places[_text(name)]] = _checked(name, weight)
    if not any(weights):
        raise OptionError(
            "class_weight must be above 0 for a class at least; got 0 for all. Leave out those that shall count 1."
        )
    return (tuple(weights),)


def _text(name: Any) -> str:
    """A class as the keys of a dict are in JSON; 1.0 is 1, in JSON's text too."""
    text = str(name)
    return text.removesuffix(".0") if text.removeprefix("-").removesuffix(".0").isdigit() else text


def _checked(name: Any, weight: Any) -> float:
    if isinstance(weight, bool) or not isinstance(weight, int | float | np.number) or not 0 <= weight < np.inf:
        raise OptionError(f"class_weight must be numbers of 0 or above; got {weight!r} for {name!r}.")
    return float(weight)


def log_prior(targets: Targets, encoded: Any) -> tuple[float, ...]:
    """Give the logarithm of how often each class is, target by target; () where targets are numbers.

    A network that learns with it added says by itself what it would if all classes were as often, better than one that
    counts rare ones for more (Menon et al., 2021).

    Parameters
    ----------
    targets : Targets
        The classes.
    encoded : (N, K) array, or a list of (T_i, K)
        The targets as Targets.encode gives them.
    """
    if targets.sizes is None:
        return ()
    numbers = np.concatenate(encoded) if isinstance(encoded, list) else encoded
    found: list[float] = []
    for column, size in zip(numbers.T, targets.sizes, strict=True):
        count = np.bincount(column[column != UNKNOWN], minlength=size)
        found += np.log(count / count.sum()).tolist()
    return tuple(found)
