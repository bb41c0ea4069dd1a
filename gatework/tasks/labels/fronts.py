"""What a linear model sees of what it reads: numbers in units of their own, which tokens, or n-grams of a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

# Of texts, so many n-grams at most. Of texts and tokens so many coefficients over all answers: they are kept.
MOST_GRAMS, MOST_COEFFICIENTS = 100_000, 500_000
# In so many texts what characters occur in once alone tells nothing, and takes half of the time.
MANY_TEXTS = 1000
# What lies farther out than so many standard deviations comes nearer.
FARTHEST = 10.0

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Scaled:
    """Numbers less their mean, over their standard deviation; one without meaning becomes the mean."""

    kind: ClassVar[str] = "numbers"
    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray) -> tuple[Self, np.ndarray]:
        """Learn from rows (N, F), and give what is seen of them."""
        known = ~np.isnan(x)
        count = np.maximum(known.sum(0), 1)
        mean = np.where(known, x, 0).sum(0, dtype=np.float64) / count
        std = np.sqrt(np.square(np.where(known, x - mean, 0)).sum(0, dtype=np.float64) / count)
        # What differs by roundings alone does not differ.
        front = cls(mean, np.where(std > 1e-9 * np.abs(mean), std, 1.0))
        return front, front(x)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Give what is seen of rows: (N, F)."""
        return np.clip(np.nan_to_num((x - self.mean) / self.scale), -FARTHEST, FARTHEST)

    def to_arrays(self) -> Arrays:
        """Everything, as arrays."""
        return {"mean": self.mean, "scale": self.scale}

    @classmethod
    def from_arrays(cls, saved: Arrays) -> Self:
        """Rebuild from what `to_arrays` gave."""
        return cls(saved["mean"], saved["scale"])


@dataclass(frozen=True)
class Tokens:
    """Which token stands at each place, of those known there: `ids`, place after place, of which each has `sizes`."""

    kind: ClassVar[str] = "tokens"
    ids: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, most: int) -> tuple[Self, Any]:
        """Learn from rows (N, F) the commonest tokens of each place, so many in all, and give what is seen of them."""
        ids = []
        for column in x.T:
            some, counts = np.unique(column, return_counts=True)
            ids.append(np.sort(some[np.argsort(-counts, kind="stable")[: max(1, most // x.shape[1])]]))
        front = cls(np.concatenate(ids), np.array([len(some) for some in ids]))
        return front, front(x)

    def __call__(self, x: np.ndarray) -> Any:
        """Give what is seen of rows: a sparse matrix (N, all ids) of ones."""
        from scipy.sparse import csr_matrix

        rows, columns, start = [], [], 0
        for column, some in zip(x.T, np.split(self.ids, np.cumsum(self.sizes)[:-1]), strict=True):
            at = np.searchsorted(some, column).clip(max=len(some) - 1)
            (there,) = np.nonzero(some[at] == column)
            rows.append(there)
            columns.append(start + at[there])
            start += len(some)
        places = np.concatenate(rows), np.concatenate(columns)
        return csr_matrix((np.ones(len(places[0])), places), shape=(len(x), start))

    def to_arrays(self) -> Arrays:
        """Everything, as arrays."""
        return {"ids": self.ids, "sizes": self.sizes}

    @classmethod
    def from_arrays(cls, saved: Arrays) -> Self:
        """Rebuild from what `to_arrays` gave."""
        return cls(saved["ids"], saved["sizes"])


@dataclass(frozen=True)
class Grams:
    """N-grams of words or of characters, weighed by how few texts have them (tf-idf)."""

    kind: ClassVar[str] = "n-grams"
    words: tuple[str, ...]
    rarity: np.ndarray
    characters: bool

    @classmethod
    def of(cls, texts: list[str], most: int, characters: bool) -> tuple[Self, Any]:
        """Learn the commonest n-grams of texts, and give what is seen of them."""
        often = 2 if characters and len(texts) >= MANY_TEXTS else 1
        vectorizer = _vectorizer(characters, min_df=often, max_features=min(MOST_GRAMS, most))
        seen = vectorizer.fit_transform(texts)
        words = vectorizer.get_feature_names_out().tolist()
        return cls(tuple(words), vectorizer.idf_.astype(np.float32), characters), seen

    def __call__(self, texts: list[str]) -> Any:
        """Give what is seen of texts: a sparse matrix (N, n-grams)."""
        vectorizer = _vectorizer(self.characters, vocabulary={word: k for k, word in enumerate(self.words)})
        vectorizer.idf_ = self.rarity.astype(np.float64)
        return vectorizer.transform(texts)

    def to_arrays(self) -> Arrays:
        """Everything, as arrays: the n-grams, of which none has the end of a line, as lines in UTF-8."""
        lines = "\n".join(self.words).encode("utf-8", "surrogatepass")
        characters = np.array([self.characters], np.uint8)
        return {"words": np.frombuffer(lines, np.uint8), "rarity": self.rarity, "characters": characters}

    @classmethod
    def from_arrays(cls, saved: Arrays) -> Self:
        """Rebuild from what `to_arrays` gave."""
        lines = saved["words"].tobytes().decode("utf-8", "surrogatepass")
        return cls(tuple(lines.split("\n")), saved["rarity"], bool(saved["characters"][0]))


def _vectorizer(characters: bool, **options: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    if characters:
        return TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), **options)
    # Marks count as words; scikit-learn's own pattern drops them, and words of one letter.
    return TfidfVectorizer(token_pattern=r"\w+|[^\w\s]", ngram_range=(1, 2), sublinear_tf=True, **options)


Front = Scaled | Tokens | Grams
FRONTS: dict[str, type[Front]] = {one.kind: one for one in (Scaled, Tokens, Grams)}
