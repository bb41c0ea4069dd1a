"""Runs of one to n tokens, each with a number, and in how many texts of each class they occur."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# The two first tokens are padding and what is unknown: no run holds them.
FIRST = 2
# What occurs in one text alone says nothing of others; of what is left so many runs of each length are kept.
LEAST, MOST = 2, 200_000


@dataclass(frozen=True)
class Grams:
    """The runs that are told apart.

    Attributes
    ----------
    vocabulary : int
        Tokens there are.
    codes : tuple of (M,) int64 arrays
        Of runs of 1, 2, ... tokens, ascending: their tokens as digits of a number.
    """

    vocabulary: int
    codes: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, arrays: Sequence[np.ndarray], vocabulary: int, longest: int) -> Grams:
        """Find the runs of up to `longest` tokens that occur in at least two texts (T_i,), the commonest where many."""
        found = []
        for size in range(1, longest + 1):
            texts = [np.unique(coded(one, size, vocabulary)) for one in arrays]
            codes, counts = np.unique(np.concatenate(texts), return_counts=True)
            kept = codes[(counts >= LEAST) & (codes >= 0)]
            if len(kept) > MOST:
                often = counts[(counts >= LEAST) & (codes >= 0)]
                kept = np.sort(kept[np.argsort(-often, kind="stable")[:MOST]])
            found.append(kept)
        return cls(vocabulary, tuple(found))

    def count(self, arrays: Sequence[np.ndarray], classes: np.ndarray, many: int) -> tuple[np.ndarray, ...]:
        """Count in how many texts of each class (N,), of `many`, each run occurs: (M, many) for each length."""
        tables = []
        for size, codes in enumerate(self.codes, 1):
            table = np.zeros((len(codes), many), np.float32)
            for one, label in zip(arrays, classes.tolist(), strict=True):
                if label >= 0:
                    seen = np.unique(coded(one, size, self.vocabulary))
                    at = np.searchsorted(codes, seen)
                    there = at < len(codes)
                    at, seen = at[there], seen[there]
                    table[at[codes[at] == seen], label] += 1
            tables.append(table)
        return tuple(tables)


def coded(tokens: np.ndarray, size: int, vocabulary: int) -> np.ndarray:
    """Number the run of `size` tokens that ends at each step from the first whole one on; -1 where one is unknown."""
    count = len(tokens) - size + 1
    if count < 1:
        return np.zeros(0, np.int64)
    code, known = np.zeros(count, np.int64), np.ones(count, bool)
    for first in range(size):
        part = tokens[first : first + count]
        code = code * vocabulary + part
        known &= part >= FIRST
    return np.where(known, code, -1)
