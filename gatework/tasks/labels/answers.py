"""Answers as a table, in which each belongs to the sequence, or the step, that it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.data.table import give_back, open_table
from gatework.tasks.labels.keep import path_of

if TYPE_CHECKING:
    import pyarrow

    from gatework.data.items import Items
    from gatework.tasks.labels.answering import Answering


def as_table(model: Answering, X: Any, items: Items, answers: Any) -> Any:  # noqa: N803
    """Lay answers in a table of the kind that X came in: a path gives a pyarrow.Table.

    Parameters
    ----------
    model : Classifier or Regressor
        Whose answers they are.
    X : table, dict or path
        What it was asked about.
    items : Items
        The same, read.
    answers : (N, K) array, or list of (T_i, K) arrays
        Probabilities, or standardised numbers.
    """
    columns = _whose(model, items, answers)
    columns |= _found(model, answers, columns)
    return give_back(columns, "pyarrow" if path_of(X) is not None else open_table(X).kind)


def held_table(model: Answering, items: Items, held: Any) -> pyarrow.Table:
    """Lay what networks answered for sequences that they had not learned from beside what is true."""
    import pyarrow as pa

    assert items.y is not None
    known = ~np.isnan((np.concatenate(held) if model.targets_.stepwise else held)[:, 0])
    truth = np.concatenate(items.y) if model.targets_.stepwise else np.asarray(items.y)
    columns = _whose(model, items, held)
    for k, name in enumerate(model.targets_.names):
        columns[f"true {name}"] = _array(truth if truth.ndim == 1 else truth[:, k])
    columns |= _found(model, held, columns)
    return pa.table({str(name): column.filter(pa.array(known)) for name, column in columns.items()})


def _whose(model: Answering, items: Items, answers: Any) -> dict[Any, Any]:
    """Name the sequence of each answer, and its step where each step has one."""
    ids = np.array(items.ids)
    # Without a column of ids the table is one sequence, or its rows are items in their order.
    named = model.id_col is not None
    if not model.targets_.stepwise:
        return {model.id_col: _array(ids)} if named else {}
    lengths = [len(one) for one in answers]
    owners = {model.id_col: _array(np.repeat(ids, lengths))} if named else {}
    if items.times is not None:
        return {**owners, model.time_col: items.times.combine_chunks()}
    step = "row" if "step" in (model.id_col, *model.targets_.names) else "step"
    return {**owners, step: _array(np.concatenate([np.arange(length) for length in lengths]))}


def _found(model: Answering, answers: Any, beside: Any) -> dict[str, Any]:
    """The answers, a column a target, and the probability of each class that is answered; no column is of `beside`."""
    targets = model.targets_
    whole = np.concatenate(answers) if targets.stepwise else answers
    labels = targets.decode(whole)
    labels = labels[:, None] if labels.ndim == 1 else labels
    columns = {}
    for k, name in enumerate(targets.names):
        columns[name] = _array(labels[:, k])
        if targets.classes is not None:
            sure = "probability" if len(targets.names) == 1 else f"{name} probability"
            # A column of the user's is not written over.
            sure = f"{sure} of it" if sure in {*targets.names, *beside} else sure
            columns[sure] = _array(targets.split(whole)[k].max(-1))
    return columns


def _array(values: Any) -> Any:
    import pyarrow as pa

    return pa.array(np.asarray(values).tolist())
