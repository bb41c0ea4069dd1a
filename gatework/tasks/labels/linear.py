"""The simple model: logistic or ridge regression on what a sequence, a text or a step comes down to."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from gatework.tasks.labels.fronts import FRONTS, MOST_COEFFICIENTS, Arrays, Front, Grams, Scaled, Tokens
from gatework.tasks.labels.sources import Source

# A simple model learns from at most so many sequences, texts or steps (of more, at random), so many numbers in all.
MOST_ROWS, MOST_CELLS = 30_000, 10_000_000
# Where it reads numbers, at most so many rows times features times answers, its one setting is chosen in three folds.
CHEAP, FOLDS = 2_000_000, 3
CHOICES = {True: ("C", (0.01, 0.1, 1.0, 10.0)), False: ("alpha", (0.1, 1.0, 10.0, 100.0, 1000.0))}


@dataclass(frozen=True)
class Linear:
    """Logistic or ridge regression, as numbers.

    Attributes
    ----------
    front : Scaled, Tokens or Grams
        What is seen of what is read.
    weights, offsets : (K, F), (K,) arrays
        A row for each class, or a single one for the second of two classes, or for a number.
    classes : (n,) array, or None
        The places of the classes that were there to learn from; None for numbers.
    setting : float
        How much the weights were held back: C, or alpha.
    """

    front: Front
    weights: np.ndarray
    offsets: np.ndarray
    classes: np.ndarray | None
    setting: float

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
        setting: float | None = None,
    ) -> Self | None:
        """Learn from some rows of a source; None where there is nothing to learn.

        Parameters
        ----------
        source, rows : Source, array
            What is read, and where.
        truth : (len(source),) array
            Places of classes, or numbers; known at `rows`.
        count : int
            How many classes there are; 0 for numbers.
        characters : bool
            Whether n-grams are of characters.
        seed : int
            Of the rows drawn where they are too many.
        alike : bool
            Whether classes count alike, however many each has.
        setting : float, optional
            C or alpha where it is known; otherwise it is chosen where that is cheap.
        """
        rows = _some(rows, min(MOST_ROWS, MOST_CELLS // source.width), len(source), seed)
        y = truth[rows]
        if not len(y) or (count and len(np.unique(y)) < 2):
            return None
        x = source(rows)
        if isinstance(x, list) and not any(one.strip() for one in x):
            return None
        most = MOST_COEFFICIENTS // (1 if count <= 2 else count)
        front: Front
        if isinstance(x, list):
            front, seen = Grams.of(x, most, characters)
        else:
            front, seen = Scaled.of(x) if x.dtype.kind == "f" else Tokens.of(x, most)
        # What scikit-learn says of steps that did not converge, or classes too rare for three folds, is of no use here.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = _model(seen, y, count, isinstance(front, Grams), seed, alike, setting).fit(seen, y)
        model = getattr(model, "best_estimator_", model)
        weights = np.atleast_2d(model.coef_).astype(np.float64 if isinstance(front, Scaled) else np.float32)
        setting = float(getattr(model, CHOICES[bool(count)][0]))
        return cls(front, weights, np.atleast_1d(model.intercept_), model.classes_ if count else None, setting)

    def answer(self, x: Any, count: int) -> np.ndarray:
        """Answer for rows: probabilities of all classes (N, count), or numbers (N,)."""
        found = np.asarray(self.front(x) @ self.weights.T) + self.offsets
        if self.classes is None:
            return found[:, 0]
        if found.shape[1] == 1:
            found = np.concatenate([np.zeros_like(found), found], axis=1)
        likely = np.exp(found - found.max(1, keepdims=True))
        p = np.zeros((len(found), count))
        p[:, self.classes] = likely / likely.sum(1, keepdims=True)
        return p

    def to_parts(self) -> tuple[dict[str, Any], Arrays]:
        """Everything, as JSON can hold it and as arrays."""
        classes = None if self.classes is None else self.classes.tolist()
        plain = {"sees": self.front.kind, "classes": classes, "setting": self.setting}
        return plain, self.front.to_arrays() | {"weights": self.weights, "offsets": self.offsets}

    @classmethod
    def from_parts(cls, plain: dict[str, Any], arrays: Arrays) -> Self:
        """Rebuild from what `to_parts` gave."""
        classes = None if plain["classes"] is None else np.array(plain["classes"])
        front = FRONTS[plain["sees"]].from_arrays(arrays)
        return cls(front, arrays["weights"], arrays["offsets"], classes, plain["setting"])


def _model(seen: Any, y: np.ndarray, count: int, texts: bool, seed: int, alike: bool, setting: float | None) -> Any:
    """The regression, or the search for its one setting."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold

    counts = np.bincount(y) if count else np.array([len(y)] * 2)
    name, values = CHOICES[bool(count)]
    usual = 10.0 if texts and count else 1.0
    model: Any = Ridge()
    if count:
        model = LogisticRegression(class_weight="balanced" if alike else None, max_iter=50 if texts else 100)
    model.set_params(**{name: usual if setting is None else setting})
    cheap = not texts and np.prod(seen.shape) * max(1, count) <= CHEAP
    # With fewer of the second class the folds would learn from one class alone.
    if setting is not None or not cheap or np.sort(counts)[-2] < FOLDS:
        return model
    split = (StratifiedKFold if count else KFold)(FOLDS, shuffle=True, random_state=seed)
    by = "neg_mean_squared_error" if not count else "balanced_accuracy" if alike else "accuracy"
    return GridSearchCV(model, {name: values}, scoring=by, cv=split)


def _some(rows: np.ndarray, most: int, count: int, seed: int) -> np.ndarray:
    """So many rows at most; of more at random, and mostly the same ones of other rows of the same source."""
    if len(rows) <= most:
        return rows
    rank = np.random.default_rng(seed).permutation(count)[rows]
    return np.sort(rows[np.argpartition(rank, most)[:most]])
