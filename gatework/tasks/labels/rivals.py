"""The rivals of a fitted model: they learn from what it learns from, and stay with it, so that others can be judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gatework.tasks.labels.baselines import Folds, Rival, held_out, under
from gatework.tasks.labels.sources import Source, source

if TYPE_CHECKING:
    from gatework.tasks.labels.fronts import Arrays
    from gatework.tasks.labels.targets import Targets

Answers = list[dict[str, Any]]


@dataclass(frozen=True)
class Rivals:
    """The rivals at all targets.

    Attributes
    ----------
    each : tuple of Rival
        One for each target of classes, or one for all numbers.
    stepwise, flat : bool
        Whether each step is answered for, and whether the one number has no axis of its own.
    columns : int
        How many columns they read: what a network reads a second time in another way is not read twice.
    """

    each: tuple[Rival, ...]
    stepwise: bool
    flat: bool
    columns: int

    @classmethod
    def learn(
        cls,
        arrays: Sequence[np.ndarray],
        y: Any,
        targets: Targets,
        folds: Folds,
        *,
        columns: int,
        texts: Sequence[str] | None = None,
        characters: bool = False,
        seed: int = 0,
        alike: bool = False,
    ) -> tuple[Self, Answers]:
        """Learn from all items; and from each fold's training part alone, to answer for its held part.

        Parameters
        ----------
        arrays : sequence of (T_i, D) arrays, or of (T_i,) tokens
            What a Reader made of the items. Of texts only stepwise targets look at them.
        y, targets : array or list of arrays, Targets
            The answers as `Items` has them, and what they are.
        folds : sequence of (array, array)
            The sequences to learn from and to answer for; a held part may be empty.
        columns : int
            How many of the arrays' columns are read.
        texts : sequence of str, optional
            The items, where they are texts.
        characters : bool
            Whether texts are read by characters, not by words.
        seed : int
            Of the rows drawn where they are too many.
        alike : bool
            Whether classes count alike, however many each has.

        Returns
        -------
        Rivals, list of dict
            Those of all items; and the folds' answers, as `answer` gives them, NaN for what no fold held out.
        """
        read = _source(arrays, texts, targets.stepwise, columns)
        whole = y if targets.classes is None else targets.encode(y)
        truth = np.concatenate(whole) if targets.stepwise else np.asarray(whole)
        truth = truth.reshape(len(read), -1)
        asked: dict[str, Any] = {"characters": characters, "seed": seed, "alike": alike}
        questions = [(truth.astype(float), 0)]
        if targets.sizes is not None:
            questions = [(column, count) for column, count in zip(truth.T, targets.sizes, strict=True)]
        parts = [(learn, held) for learn, held in folds if len(held)]
        each, answers = [], []
        for column, count in questions:
            found, first = held_out(read, column, count, parts, **asked) if parts else ({}, None)
            each.append(Rival.learn(read, np.arange(len(read)), column, count, like=first, **asked))
            answers.append(found)
        rivals = cls(tuple(each), targets.stepwise, targets.flat, columns)
        return rivals, [rivals._laid(read, found) for found in answers]

    def answer(self, arrays: Sequence[np.ndarray], texts: Sequence[str] | None = None) -> Answers:
        """Answer for other items.

        Returns
        -------
        list of dict of str to array, or to list of arrays
            A dict for each target of classes, or one for all numbers: name -> probabilities (N, classes), or numbers
            shaped like the targets; a list of a sequence's each where each step is answered for.
        """
        read = _source(arrays, texts, self.stepwise, self.columns)
        return [self._laid(read, one.answer(read, np.arange(len(read)))) for one in self.each]

    def _laid(self, read: Source, answers: dict[str, np.ndarray]) -> dict[str, Any]:
        flat = self.flat and not self.each[0].classify
        return {name: read.lay(found[:, 0] if flat else found) for name, found in answers.items()}

    def to_parts(self) -> tuple[dict[str, Any], Arrays]:
        """Everything, as JSON can hold it and as arrays."""
        plain: list[dict[str, Any]] = []
        arrays: Arrays = {}
        for k, one in enumerate(self.each):
            said, own = one.to_parts()
            plain.append(said)
            arrays |= {f"{k}.{name}": array for name, array in own.items()}
        return {"each": plain, "stepwise": self.stepwise, "flat": self.flat, "columns": self.columns}, arrays

    @classmethod
    def from_parts(cls, plain: dict[str, Any], arrays: Arrays) -> Self:
        """Rebuild from what `to_parts` gave."""
        each = [Rival.from_parts(one, under(arrays, f"{k}.")) for k, one in enumerate(plain["each"])]
        return cls(tuple(each), plain["stepwise"], plain["flat"], plain["columns"])


def _source(arrays: Sequence[np.ndarray], texts: Sequence[str] | None, stepwise: bool, columns: int) -> Source:
    return source([one if one.ndim == 1 else one[:, :columns] for one in arrays], texts, stepwise)
