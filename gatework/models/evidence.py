"""What runs of tokens say of each class by how often it had them: naive Bayes, step by step, for a memory to weigh."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from gatework.data.grams import LEAST, Grams


class Evidence(nn.Module):
    """For the run of 1, 2, ... tokens that ends at each step: log P(class | run) - log P(class), smoothed.

    A linear model on such numbers is hard to beat where texts are few (Wang & Manning, 2012). Here they stand beside
    each token's vector. A text that is learned from is read as if it had not been counted: else rare runs would tell
    its own label, and the network would trust them.

    Parameters
    ----------
    sizes : sequence of int
        How many runs of each length there are.
    classes : int
        How many classes.
    vocabulary : int
        Tokens there are.
    """

    prior: Tensor

    def __init__(self, sizes: Sequence[int], classes: int, vocabulary: int):
        super().__init__()
        self.vocabulary, self.classes, self.longest = vocabulary, classes, len(sizes)
        self.size = len(sizes) * classes
        for k, size in enumerate(sizes):
            self.register_buffer(f"codes{k}", torch.zeros(size, dtype=torch.int64))
            # The last row is that of a run that was never counted.
            self.register_buffer(f"counts{k}", torch.zeros(size + 1, classes))
        self.register_buffer("prior", torch.full((classes,), 1 / classes))

    def learn(self, grams: Grams, arrays: Sequence[np.ndarray], classes: np.ndarray) -> None:
        """Count runs in texts (T_i,) of classes (N,)."""
        for k, table in enumerate(grams.count(arrays, classes, self.classes)):
            self._codes(k).copy_(torch.from_numpy(grams.codes[k]))
            # What occurs in one of them alone says nothing of others, held out or new.
            self._counts(k)[:-1] = torch.from_numpy(np.where(table.sum(1, keepdims=True) >= LEAST, table, 0))
        known = classes[classes >= 0]
        count = np.bincount(known, minlength=self.classes) + 1
        self.prior.copy_(torch.from_numpy(count / count.sum()))

    def forward(self, tokens: Tensor, own: Tensor | None = None) -> Tensor:
        """Map tokens (B, T) to (B, T, longest * classes); of texts of classes `own` (B,) without what they said."""
        parts = []
        for k in range(self.longest):
            codes, counts = self._codes(k), self._counts(k)
            code = self._coded(tokens, k + 1)
            at = torch.searchsorted(codes, code).clamp(max=max(len(codes) - 1, 0))
            known = codes[at] == code if len(codes) else torch.zeros_like(code, dtype=torch.bool)
            seen = counts[torch.where(known, at, len(codes))]
            if own is not None:
                mine = nn.functional.one_hot(own.clamp(min=0), self.classes) * (own >= 0)[:, None]
                seen = (seen - mine[:, None] * known[..., None]).clamp(min=0)
            total = seen.sum(-1, keepdim=True)
            # As many made-up texts as there are classes, spread by the prior: what was never seen says 0.
            share = (seen + self.classes * self.prior) / (total + self.classes)
            parts.append((share / self.prior).log())
        return torch.cat(parts, -1)

    def _codes(self, k: int) -> Tensor:
        return getattr(self, f"codes{k}")

    def _counts(self, k: int) -> Tensor:
        return getattr(self, f"counts{k}")

    def _coded(self, tokens: Tensor, size: int) -> Tensor:
        """As data/grams.py numbers runs, for every step: one that is not whole has a number that no counted one has."""
        padded = nn.functional.pad(tokens, (size - 1, 0))
        code = torch.zeros_like(tokens)
        for first in range(size):
            code = code * self.vocabulary + padded[:, first : first + tokens.shape[1]]
        return code
