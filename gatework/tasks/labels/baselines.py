"""What a classifier or regressor has to beat: the commonest answer, and a simple model that reads no order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from gatework.tasks.labels.fronts import Arrays
from gatework.tasks.labels.linear import Linear
from gatework.tasks.labels.sources import Source, Steps

TRIVIAL = {True: "majority class", False: "mean"}
LINEAR = {True: "logistic regression", False: "ridge regression"}
AT_ONCE = 50_000

Folds = Sequence[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Rival:
    """The rivals of a network at one target of classes, or at all of its numbers.

    Series and sound are summed up by `summaries` and answered by logistic or ridge regression, whose one setting is
    chosen in three folds where that is cheap. Texts are read as tf-idf of one and two words, or of one to four
    characters. Each step of a stepwise target is answered by itself and the steps 1, 2 and 4 before it. Logistic
    regression weighs classes alike where the network answers so.

    Attributes
    ----------
    trivial : (classes,) or (targets,) array
        The shares of the classes, or the means.
    classify : bool
        Which of both.
    models : tuple of Linear or None
        One for classes, or one for each number; None where there was nothing to learn.
    """

    trivial: np.ndarray
    classify: bool
    models: tuple[Linear | None, ...]

    @classmethod
    def learn(
        cls,
        source: Source,
        rows: np.ndarray,
        truth: np.ndarray,
        count: int,
        *,
        characters: bool = False,
        seed: int = 0,
        alike: bool = False,
        like: Rival | None = None,
    ) -> Self:
        """Learn from some rows.

        Parameters
        ----------
        source, rows : Source, array
            What is read, and where.
        truth : (len(source),) or (len(source), K) array
            Places of classes, -1 where unknown; or numbers, NaN where unknown.
        count : int
            How many classes there are; 0 for numbers.
        characters : bool
            Whether n-grams are of characters, not of words.
        seed : int
            Of the rows drawn where they are too many.
        alike : bool
            Whether classes count alike, however many each has.
        like : Rival, optional
            One that learned from nearly the same rows: its settings are taken.
        """
        columns = [truth] if count else list(truth.T)
        models = []
        for column, one in zip(columns, like.models if like else [None] * len(columns), strict=True):
            there = rows[(column[rows] >= 0) if count else ~np.isnan(column[rows])]
            setting = None if one is None else one.setting
            found = Linear.learn(
                source, there, column, count, characters=characters, seed=seed, alike=alike, setting=setting
            )
            models.append(found)
        return cls(_commonest(truth[rows], count), bool(count), tuple(models))

    def answer(self, source: Source, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Answer for rows: name -> probabilities (rows, classes) or numbers (rows, K)."""
        trivial = np.tile(self.trivial, (len(rows), 1))
        linear = trivial.copy()
        for start in range(0, len(rows), AT_ONCE) if any(self.models) else ():
            some = rows[start : start + AT_ONCE]
            x = source(some)
            for k, model in enumerate(self.models):
                at: Any = slice(None) if self.classify else k
                if model is not None:
                    linear[start : start + len(some), at] = model.answer(x, len(self.trivial))
        return {TRIVIAL[self.classify]: trivial, f"{LINEAR[self.classify]} on {source.reads}": linear}

    def to_parts(self) -> tuple[dict[str, Any], Arrays]:
        """Everything, as JSON can hold it and as arrays."""
        models: list[dict[str, Any] | None] = []
        arrays = {"trivial": self.trivial}
        for k, model in enumerate(self.models):
            plain, own = (None, {}) if model is None else model.to_parts()
            models.append(plain)
            arrays |= {f"{k}.{name}": array for name, array in own.items()}
        return {"classify": self.classify, "models": models}, arrays

    @classmethod
    def from_parts(cls, plain: dict[str, Any], arrays: Arrays) -> Self:
        """Rebuild from what `to_parts` gave."""
        models = [
            None if one is None else Linear.from_parts(one, under(arrays, f"{k}."))
            for k, one in enumerate(plain["models"])
        ]
        return cls(arrays["trivial"], plain["classify"], tuple(models))


def held_out(
    source: Source,
    truth: np.ndarray,
    count: int,
    folds: Folds,
    *,
    characters: bool = False,
    seed: int = 0,
    alike: bool = False,
) -> tuple[dict[str, np.ndarray], Rival]:
    """Let rivals answer for each fold's held part, having learned from its training part alone.

    Parameters
    ----------
    source, truth, count, characters, seed, alike
        As for `Rival.learn`.
    folds : sequence of (array, array)
        The sequences to learn from and to answer for.

    Returns
    -------
    dict of str to (rows, classes) or (rows, K) array
        Probabilities, or numbers; NaN for what no fold held out.
    Rival
        The first fold's.
    """
    answers: dict[str, np.ndarray] = {}
    first = None
    for parts in folds:
        learn, held = (source.of(part) if isinstance(source, Steps) else part for part in parts)
        rival = Rival.learn(source, learn, truth, count, characters=characters, seed=seed, alike=alike, like=first)
        first = first or rival
        for name, found in rival.answer(source, held).items():
            answers.setdefault(name, np.full((len(source), found.shape[1]), np.nan))[held] = found
    assert first is not None
    return answers, first


def under(arrays: Arrays, prefix: str) -> Arrays:
    """Those whose names begin so, without that beginning."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _commonest(truth: np.ndarray, count: int) -> np.ndarray:
    """The shares of the classes, or the mean of each target."""
    if count:
        known = truth[truth >= 0]
        return np.bincount(known, minlength=count) / max(1, len(known))
    there = ~np.isnan(truth)
    return np.where(there, truth, 0).sum(0) / np.where(there.any(0), there.sum(0), np.nan)
