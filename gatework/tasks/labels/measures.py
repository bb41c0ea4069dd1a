"""What answers are worth, in numbers: of classes the share that is right, of numbers how far they are off."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class ClassRow(NamedTuple):
    """How good one model's classes are.

    Accuracy is the share of answers that are right. Balanced accuracy is its mean over the true classes, macro F1 the
    mean of each class's F1, and log loss what the probabilities lost (0 is best; ln K is no knowledge of K classes).
    """

    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    log_loss: float


class NumberRow(NamedTuple):
    """How good one model's numbers are: root mean squared error, mean absolute error, share of variance explained."""

    rmse: float
    mae: float
    r2: float


Row = ClassRow | NumberRow
NOTHING = float("nan")
# One class more than so many times as large as the others are on average: balanced accuracy decides.
UNEQUAL = 3


def of_classes(truth: np.ndarray, probabilities: np.ndarray) -> ClassRow:
    """Measure probabilities (N, K) beside the true classes' places (N,); all NaN where N is 0.

    As scikit-learn has them: a class that is neither true nor answered counts nowhere, and a probability of 0 counts as
    the smallest step above it, since the logarithm has none.
    """
    n, k = probabilities.shape
    if not n:
        return ClassRow(NOTHING, NOTHING, NOTHING, NOTHING)
    counts = confusion(truth, probabilities.argmax(1), k)
    right, true, said = counts.diagonal(), counts.sum(1), counts.sum(0)
    seen, met = true > 0, true + said > 0
    least = np.finfo(probabilities.dtype).eps
    # A row of zeros says that no class is possible, which is as wrong as an answer can be.
    given = probabilities[np.arange(n), truth] / np.maximum(probabilities.sum(1), least)
    return ClassRow(
        float(right.sum() / n),
        float((right[seen] / true[seen]).mean()),
        float((2 * right[met] / (true + said)[met]).mean()),
        float(-np.log(np.clip(given, least, 1 - least)).mean()),
    )


def of_numbers(truth: np.ndarray, answer: np.ndarray) -> NumberRow:
    """Measure numbers (N,) beside the true ones; all NaN where N is 0, and no R2 where the truth never changes."""
    if not len(truth):
        return NumberRow(NOTHING, NOTHING, NOTHING)
    error = answer - truth
    squared, spread = float((error**2).sum()), float(((truth - truth.mean()) ** 2).sum())
    r2 = 1 - squared / spread if spread else NOTHING
    return NumberRow(float(np.sqrt(squared / len(truth))), float(np.abs(error).mean()), r2)


def confusion(truth: np.ndarray, said: np.ndarray, k: int) -> np.ndarray:
    """Count how often each of k classes (a row) was taken for each (a column): (k, k)."""
    return np.bincount(truth * k + said, minlength=k * k).reshape(k, k)


def unequal(counts: np.ndarray) -> bool:
    """Whether one class is so large beside the others that to answer it always would look good."""
    found = np.sort(counts[counts > 0])
    return len(found) > 1 and bool(found[-1] > UNEQUAL * found[:-1].mean())


def known_of(labels: Any) -> np.ndarray:
    """Which labels are known: NaN, which is not itself, and None are not."""
    labels = np.asarray(labels)
    if labels.dtype != object:
        return labels == labels
    return np.array([one is not None and one == one for one in labels], dtype=bool)
