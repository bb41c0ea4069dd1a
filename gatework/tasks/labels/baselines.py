"""What a classifier or regressor has to beat: the commonest answer, and a simple model that reads no order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gatework.tasks.labels.linear import Linear, Read, Rows, Steps, Texts
from gatework.tasks.labels.measures import known_of
from gatework.tasks.labels.summary import summaries

TRIVIAL = {True: "majority class", False: "mean"}
# What the simple model is called, by what it is and what it reads.
LINEAR = {True: "logistic regression", False: "ridge regression"}
READS = {"sequences": "summary features", "steps": "single steps", "texts": "tf-idf"}
AT_ONCE = 50_000

Folds = Sequence[tuple[np.ndarray, np.ndarray]]


def rivals(
    kind: str,
    train: Sequence[np.ndarray],
    train_y: Any,
    test: Sequence[np.ndarray],
    *,
    classify: bool,
    seed: int = 0,
    texts: tuple[Sequence[str], Sequence[str]] | None = None,
    characters: bool = False,
    classes: Sequence[Any] | None = None,
) -> dict[str, Any]:
    """Learn the rivals from one part of the data, and let them answer for another; see `held_out`.

    `texts` are the training part's and the test part's.

    Returns
    -------
    dict of str to array, or to list of arrays
        Answers for the test part: "majority class" or "mean", and the simple model.
    """
    n, both = len(train), [*train, *test]
    folds = [(np.arange(n), np.arange(n, len(both)))]
    written = None if texts is None else [*texts[0], *texts[1]]
    found = held_out(
        kind,
        both,
        train_y,
        folds,
        classify=classify,
        seed=seed,
        texts=written,
        characters=characters,
        classes=classes,
    )
    return {name: answers[n:] for name, answers in found.items()}


def held_out(
    kind: str,
    arrays: Sequence[np.ndarray],
    y: Any,
    folds: Folds,
    *,
    classify: bool,
    seed: int = 0,
    texts: Sequence[str] | None = None,
    characters: bool = False,
    classes: Sequence[Any] | None = None,
) -> dict[str, Any]:
    """Let the rivals answer for each fold's held part, having learned from its training part alone.

    Series and sound are summed up by `summaries` and answered by logistic or ridge regression, whose one setting is
    chosen in three folds of the training part where that is cheap. Texts are read as tf-idf of one and two words, or of
    one to four characters. Each step of a stepwise target is answered by itself and the steps 1, 2 and 4 before it.
    Where classes are so unequal that balanced accuracy decides, logistic regression weighs them alike.

    Parameters
    ----------
    kind : str
        "series", "audio" or "text".
    arrays : sequence of (T_i, D) arrays, or of (T_i,) tokens
        What a Reader made of the items. Of texts only stepwise targets look at them.
    y : array, or list of arrays
        Labels (N,), or numbers (N,) or (N, K); a list holds one for each step. None and NaN are unknown.
    folds : sequence of (array, array)
        The places to learn from and to answer for.
    classify, seed : bool, int
        Whether y holds classes; of the rows drawn where they are too many.
    texts : sequence of str, optional
        The texts, where kind is "text".
    characters : bool
        Whether the network reads characters; then n-grams are of characters.
    classes : sequence, optional
        The classes, in the order of the answers' columns; by default those of y, sorted.

    Returns
    -------
    dict of str to array, or to list of arrays
        Probabilities (N, classes), or numbers shaped like y; a list where y is one. NaN for what no fold held out.
    """
    stepwise = isinstance(y, list)
    sizes = np.array([len(one) for one in arrays]) if stepwise else np.ones(len(arrays), int)
    ends = np.cumsum(sizes)
    labels = np.concatenate(y) if stepwise else np.asarray(y)
    if classify:
        targets, count = _numbered(labels, classes)
    else:
        targets, count = labels.astype(float).reshape(len(labels), -1), 0
    read: Read
    if stepwise:
        reads, read = "steps", Steps(arrays, ends)
    elif kind == "text":
        assert texts is not None
        reads, read = "texts", Texts(texts)
    else:
        reads, read = "sequences", Rows(summaries(arrays))
    width = count if classify else targets.shape[1]
    trivial, linear = (np.full((int(sizes.sum()), width), np.nan) for _ in range(2))
    for learn, held in folds:
        learn, held = (_places(part, sizes, ends) for part in (learn, held))
        learn = learn[(targets[learn] >= 0) if classify else ~np.isnan(targets[learn]).all(1)]
        trivial[held] = _commonest(targets[learn], count)
        linear[held] = trivial[held]
        model = Linear(reads, classify, count, characters, seed)
        for start in range(0, len(held), AT_ONCE) if model.fit(read, learn, targets) else ():
            some = held[start : start + AT_ONCE]
            linear[some] = model.answer(read(some))
    answers = {TRIVIAL[classify]: trivial, f"{LINEAR[classify]} on {READS[reads]}": linear}
    if not classify and labels.ndim == 1:
        answers = {name: one[:, 0] for name, one in answers.items()}
    return {name: np.split(one, ends[:-1]) for name, one in answers.items()} if stepwise else answers


def _commonest(targets: np.ndarray, count: int) -> np.ndarray:
    """The shares of the classes, or the mean of each target."""
    if count:
        return np.bincount(targets, minlength=count) / max(1, len(targets))
    there = ~np.isnan(targets)
    return np.where(there, targets, 0).sum(0) / np.where(there.any(0), there.sum(0), np.nan)


def _numbered(labels: np.ndarray, classes: Sequence[Any] | None) -> tuple[np.ndarray, int]:
    """Number labels by their class, -1 where one is unknown; and how many classes there are."""
    there = known_of(labels)
    named = labels[there].tolist()
    order = sorted(set(named)) if classes is None else [getattr(one, "item", lambda one=one: one)() for one in classes]
    places = {name: k for k, name in enumerate(order)}
    found = np.full(len(labels), -1)
    found[there] = [places.get(name, -1) for name in named]
    return found, len(order)


def _places(part: np.ndarray, sizes: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The rows of the sequences in a part."""
    if not len(part):
        return np.zeros(0, int)
    return np.concatenate([np.arange(ends[i] - sizes[i], ends[i]) for i in part])
