"""The simple model: logistic or ridge regression on what a sequence, a text or a step comes down to."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gatework.tasks.labels.measures import unequal
from gatework.tasks.labels.summary import MOST_FEATURES, chosen

# What a step of a stepwise target is judged by: itself, and the steps so far before it.
LAGS = (0, 1, 2, 4)
# A simple model learns from at most so many sequences, texts or steps (of more, at random), so many numbers in all,
# and reads at most so much of a text and so many of its n-grams.
MOST_ROWS, MOST_CELLS = 30_000, 10_000_000
MOST_CHARACTERS, MOST_GRAMS = 20_000, 100_000
# In so many texts what characters occur in once alone tells nothing, and takes half of the time.
MANY_TEXTS = 1000
# Where it reads numbers, at most so many rows times features times answers, its one setting is chosen in three folds.
CHEAP, FOLDS = 2_000_000, 3
CHOICES = {True: ("model__C", (0.01, 0.1, 1.0, 10.0)), False: ("model__alpha", (0.1, 1.0, 10.0, 100.0, 1000.0))}


# Places -> rows of numbers, or texts.
Read = Callable[[np.ndarray], Any]


class Rows:
    """The rows of a matrix."""

    def __init__(self, x: np.ndarray):
        self.x = x

    def __call__(self, places: np.ndarray) -> Any:
        """Give these rows."""
        return self.x[places]


class Texts:
    """The beginnings of texts."""

    def __init__(self, texts: Sequence[str]):
        self.texts = [one[:MOST_CHARACTERS] for one in texts]

    def __call__(self, places: np.ndarray) -> Any:
        """Give these texts."""
        return [self.texts[i] for i in places]


class Steps:
    """Steps of sequences, each beside the steps before it: NaN (of tokens: -1) where there are none yet."""

    def __init__(self, arrays: Sequence[np.ndarray], ends: np.ndarray):
        x = np.concatenate(arrays)
        self.nothing = np.nan if x.dtype.kind == "f" else -1
        x = x.reshape(len(x), -1)
        self.x = x[:, chosen(x.shape[1], MOST_FEATURES // len(LAGS))]
        self.starts = np.repeat(np.concatenate([[0], ends[:-1]]), np.diff(ends, prepend=0))

    def __call__(self, places: np.ndarray) -> Any:
        """Give these steps, (places, lags * D)."""
        parts = []
        for lag in LAGS:
            there = (places - lag >= self.starts[places])[:, None]
            parts.append(np.where(there, self.x[np.maximum(places - lag, 0)], self.nothing))
        return np.concatenate(parts, axis=1)


class Linear:
    """Logistic or ridge regression behind what makes its features."""

    def __init__(self, reads: str, classify: bool, count: int, characters: bool, seed: int):
        self.reads, self.classify, self.count, self.characters, self.seed = reads, classify, count, characters, seed
        self.models: list[Any] = []

    def fit(self, read: Read, learn: np.ndarray, targets: np.ndarray) -> bool:
        """Learn from the rows at `learn`; False where there is nothing to learn."""
        columns = [targets] if self.classify else list(targets.T)
        self.models = [self._fit(read, learn, column) for column in columns]
        return any(one is not None for one in self.models)

    def _fit(self, read: Read, learn: np.ndarray, column: np.ndarray) -> Any:
        learn = learn if self.classify else learn[~np.isnan(column[learn])]
        learn = _some(learn, MOST_ROWS, self.seed)
        x, y = read(learn), column[learn]
        if isinstance(x, np.ndarray) and x.size > MOST_CELLS:
            learn = _some(learn, MOST_CELLS // x.shape[1], self.seed)
            x, y = read(learn), column[learn]
        if not len(y) or (self.classify and len(np.unique(y)) < 2):
            return None
        if self.reads == "texts" and not any(one.strip() for one in x):
            return None
        # What scikit-learn says of steps that did not converge, or classes too rare for three folds, is of no use here.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self._chosen(x, y).fit(x, y)

    def _chosen(self, x: Any, y: np.ndarray) -> Any:
        """The pipeline, or the search for its one setting."""
        from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold

        counts = np.bincount(y) if self.classify else np.array([len(y)] * 2)
        pipeline = self._pipeline(x, self.classify and unequal(counts))
        cheap = self.reads != "texts" and x.size * max(1, self.count) <= CHEAP
        # With fewer of the second class the folds would learn from one class alone.
        if not cheap or np.sort(counts)[-2] < FOLDS:
            return pipeline
        name, values = CHOICES[self.classify]
        split = (StratifiedKFold if self.classify else KFold)(FOLDS, shuffle=True, random_state=self.seed)
        by = "neg_mean_squared_error" if not self.classify else "balanced_accuracy" if unequal(counts) else "accuracy"
        return GridSearchCV(pipeline, {name: values}, scoring=by, cv=split)

    def _pipeline(self, x: Any, weigh: bool) -> Any:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression, Ridge
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

        steps: list[tuple[str, Any]]
        if self.reads == "texts" and self.characters:
            often = 2 if len(x) >= MANY_TEXTS else 1
            letters = {"analyzer": "char_wb", "ngram_range": (1, 4), "min_df": often, "max_features": MOST_GRAMS}
            steps = [("tf-idf", TfidfVectorizer(**letters))]
        elif self.reads == "texts":
            # Marks count as words; scikit-learn's own pattern drops them, and words of one letter.
            words = {"token_pattern": r"\w+|[^\w\s]", "ngram_range": (1, 2), "max_features": MOST_GRAMS}
            steps = [("tf-idf", TfidfVectorizer(sublinear_tf=True, **words))]
        elif x.dtype.kind != "f":
            steps = [("tokens", OneHotEncoder(handle_unknown="ignore"))]
        else:
            steps = [("scale", StandardScaler()), ("fill", FunctionTransformer(_tame))]
        if not self.classify:
            return Pipeline([*steps, ("model", Ridge(alpha=1.0))])
        weights = "balanced" if weigh else None
        strength, iterations = (10.0, 50) if self.reads == "texts" else (1.0, 100)
        return Pipeline([*steps, ("model", LogisticRegression(C=strength, class_weight=weights, max_iter=iterations))])

    def answer(self, x: Any) -> np.ndarray:
        """Answer for rows: probabilities of all classes, or numbers."""
        if not self.classify:
            rows = len(x)
            return np.stack([np.full(rows, np.nan) if m is None else m.predict(x) for m in self.models], axis=1)
        (model,) = self.models
        p = np.zeros((len(x), self.count))
        p[:, model.classes_] = model.predict_proba(x)
        return p


def _tame(x: np.ndarray) -> np.ndarray:
    """Numbers without meaning become the mean, and what lies far outside all that was learned from comes nearer."""
    return np.clip(np.nan_to_num(x), -10, 10)


def _some(rows: np.ndarray, most: int, seed: int) -> np.ndarray:
    """So many rows at most, of more at random."""
    return rows if len(rows) <= most else np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
