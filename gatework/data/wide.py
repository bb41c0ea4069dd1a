"""Several targets side by side become one series each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gatework.errors import OptionError

# The columns of the long table that a wide one becomes.
ID, TARGET = "unique_id", "y"


class Long(NamedTuple):
    """Rows of several targets, one behind the other."""

    ids: tuple[str, ...]  # ascending
    series: np.ndarray  # (targets * rows,) int32
    y: np.ndarray  # (targets * rows,) float64
    rows: np.ndarray  # (targets * rows,) where each stands in the table


def targets_of(target_col: Any, time_col: Any) -> tuple | None:
    """The targets where there is a list of them; None where it is one name.

    Raises
    ------
    OptionError
        A list without a name, or with one twice; or a column of times that is called as the long table's others.
    """
    if not isinstance(target_col, (list, tuple)):
        return None
    if not target_col:
        raise OptionError("target_col must name a column, or several; got none. Name one, such as 'y'.")
    for name in target_col:
        if target_col.count(name) > 1:
            raise OptionError(f"target_col must name each column once; got {name!r} twice. Remove one.")
    if time_col in (ID, TARGET):
        raise OptionError(
            f"time_col must not be {time_col!r} where target_col is a list: the long table has a column of that name. "
            f"Rename yours."
        )
    return tuple(target_col)


def to_long(targets: Sequence[Any], values: Sequence[np.ndarray], ids: tuple | None, series: np.ndarray) -> Long:
    """Make a series of each target, and of each id where the table has ids: "load", or "north/load".

    Parameters
    ----------
    targets : sequence of str
        Their names.
    values : sequence of (rows,) arrays
        Their columns.
    ids : tuple or None
        Of the table, None where it has none.
    series : (rows,) int array
        Which of the ids each row belongs to.
    """
    stems = [""] if ids is None else [f"{name}/" for name in ids]
    names = [f"{stem}{target}" for target in targets for stem in stems]
    order = sorted(range(len(names)), key=lambda i: names[i])
    place = np.empty(len(names), np.int32)
    place[order] = np.arange(len(names), dtype=np.int32)
    return Long(
        tuple(names[i] for i in order),
        np.concatenate([place[k * len(stems) + series] for k in range(len(targets))]),
        np.concatenate(values),
        np.tile(np.arange(len(series)), len(targets)),
    )
