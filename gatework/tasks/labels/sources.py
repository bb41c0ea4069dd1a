"""What simple models read: sequences summed up, the beginnings of texts, or steps beside those before them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gatework.tasks.labels.summary import MOST_FEATURES, chosen, summaries, width

# What a step of a stepwise target is judged by: itself, and the steps so far before it.
LAGS = (0, 1, 2, 4)
# So much of a text is read.
MOST_CHARACTERS = 20_000


class Sums:
    """Sequences in a few numbers each, worked out when they are first asked for."""

    reads = "summary features"

    def __init__(self, arrays: Sequence[np.ndarray]):
        self.arrays = arrays
        self.width = width(arrays[0].shape[1])
        self.found: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self.arrays)

    def __call__(self, places: np.ndarray) -> np.ndarray:
        """Give these sequences' summaries, (places, width)."""
        new = [i for i in places.tolist() if i not in self.found]
        if new:
            self.found.update(zip(new, summaries([self.arrays[i] for i in new]), strict=True))
        return np.stack([self.found[i] for i in places.tolist()])

    def lay(self, answers: np.ndarray) -> Any:
        """Lay answers, one a row, as the sequences lie."""
        return answers


class Texts:
    """The beginnings of texts."""

    reads = "tf-idf"
    width = 1

    def __init__(self, texts: Sequence[str]):
        self.texts = [one[:MOST_CHARACTERS] for one in texts]

    def __len__(self) -> int:
        return len(self.texts)

    def __call__(self, places: np.ndarray) -> list[str]:
        """Give these texts."""
        return [self.texts[i] for i in places]

    def lay(self, answers: np.ndarray) -> Any:
        """Lay answers, one a row, as the texts lie."""
        return answers


class Steps:
    """Steps of sequences, each beside the steps before it: NaN (of tokens: -1) where there are none yet."""

    reads = "single steps"

    def __init__(self, arrays: Sequence[np.ndarray]):
        sizes = np.array([len(one) for one in arrays])
        x = np.concatenate(arrays)
        self.nothing = np.nan if x.dtype.kind == "f" else -1
        x = x.reshape(len(x), -1)
        self.x = x[:, chosen(x.shape[1], MOST_FEATURES // len(LAGS))]
        self.width = self.x.shape[1] * len(LAGS)
        self.ends = np.cumsum(sizes)
        self.starts = np.repeat(self.ends - sizes, sizes)

    def __len__(self) -> int:
        return len(self.x)

    def __call__(self, places: np.ndarray) -> np.ndarray:
        """Give these steps, (places, lags * D)."""
        parts = []
        for lag in LAGS:
            there = (places - lag >= self.starts[places])[:, None]
            parts.append(np.where(there, self.x[np.maximum(places - lag, 0)], self.nothing))
        return np.concatenate(parts, axis=1)

    def of(self, sequences: np.ndarray) -> np.ndarray:
        """Give the places of the steps of these sequences."""
        starts = np.concatenate([[0], self.ends[:-1]])
        return np.concatenate([np.zeros(0, int), *(np.arange(starts[i], self.ends[i]) for i in sequences)])

    def lay(self, answers: np.ndarray) -> Any:
        """Lay answers, one a step, in a list of a sequence's each."""
        return np.split(answers, self.ends[:-1])


Source = Sums | Texts | Steps


def source(arrays: Sequence[np.ndarray], texts: Sequence[str] | None, stepwise: bool) -> Source:
    """Choose what is read of arrays (T_i, D) or (T_i,) that a Reader made, or of the texts that it made them of."""
    if stepwise:
        return Steps(arrays)
    return Sums(arrays) if texts is None else Texts(texts)
