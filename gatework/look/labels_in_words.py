"""What a classifier or regressor answers for a sequence, and what is true, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gatework.data.items import Items
from gatework.tasks.labels.labelling import Labelling


def said_of(model: Labelling, items: Items, answers: np.ndarray, lengths: list[int]) -> Iterator[str]:
    """Tell each sequence's answers (B, K) or (B, T, K), and the true ones where items have them.

    Parameters
    ----------
    model : Classifier or Regressor
        A fitted one.
    items : Items
        The sequences.
    answers : array
        Probabilities or standardised numbers, as the networks give them.
    lengths : list of int
        How many steps of each count.
    """
    for k, length in enumerate(lengths):
        truth = None if items.y is None else np.asarray(items.y[k])
        if model.targets_.stepwise:
            yield _of_steps(model, answers[k, :length], truth)
        else:
            yield _of_all(model, answers[k], truth)


def _of_all(model: Labelling, answer: np.ndarray, truth: np.ndarray | None) -> str:
    targets = model.targets_
    labels = np.atleast_1d(targets.decode(answer[None])[0]).tolist()
    true = [None] * len(labels) if truth is None else np.atleast_1d(truth).tolist()
    sure = [f" ({part.max():.0%})" for part in targets.split(answer)] if model.classify else [""] * len(labels)
    said = []
    for name, label, share, right in zip(targets.names, labels, sure, true, strict=True):
        head = f"{name}: " if len(labels) > 1 else ""
        # What is not known is None, or NaN.
        known = right is not None and right == right
        said.append(f"{head}answers {_written(label)}{share}" + (f", true {_written(right)}" if known else ""))
    return "; ".join(said)


def _of_steps(model: Labelling, answers: np.ndarray, truth: np.ndarray | None) -> str:
    """How many steps are right, or by how much they are off; of several targets, all of theirs."""
    if truth is None:
        return f"an answer for each of {len(answers):,} steps"
    found, right = (np.asarray(q).reshape(len(answers), -1) for q in (model.targets_.decode(answers), truth))
    if model.classify:
        known = np.array([[one is not None and one == one for one in row] for row in right.tolist()])
        return f"answers rightly at {int((found == right)[known].sum()):,} of {int(known.sum()):,} steps"
    off = np.abs(found - right.astype(float))
    if np.isnan(off).all():
        return f"an answer for each of {len(answers):,} steps"
    return f"answers are off by {np.nanmean(off):.4g} on average over its steps"


def _written(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
