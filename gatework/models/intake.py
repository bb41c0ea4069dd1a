"""What a network makes of its input before anything else: missing numbers become zeros with a mark, tokens vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.data.text import UNKNOWN
from gatework.models.evidence import Evidence


class Numbers(nn.Module):
    """Numbers (B, T, D), NaN where missing, become 0 there; columns with gaps get one beside them that says so.

    Parameters
    ----------
    gaps : sequence of bool, one a column
        Which had missing values where the network learned.
    """

    gaps: Tensor

    def __init__(self, gaps: tuple[bool, ...]):
        super().__init__()
        self.register_buffer("gaps", torch.tensor([k for k, one in enumerate(gaps) if one], dtype=torch.int64), False)
        self.size = len(gaps) + sum(gaps)

    def begin(self, rows: int) -> Any:
        """Give the carry before the first step: there is nothing to keep."""
        return None

    def take(self, carry: Any, x: Tensor) -> tuple[Any, Tensor]:
        """Map further steps, and give the carry after them."""
        return carry, self(x)

    def forward(self, x: Tensor, own: Tensor | None = None) -> Tensor:
        """Map (B, T, D) to (B, T, D + gaps)."""
        if not len(self.gaps):
            return x.nan_to_num()
        known = (~torch.isnan(x[..., self.gaps])).to(x.dtype)
        return torch.cat([x.nan_to_num(), known], -1)


class Tokens(nn.Module):
    """Tokens (B, T) become vectors, and evidence of classes beside them, where there is any.

    Parameters
    ----------
    count, size : int
        Tokens there are, the first of them padding and the second whatever is unknown, and numbers a vector.
    spread : float
        The standard deviation of the numbers at first.
    missing : float
        The chance that a token's vector is the unknown one's while learning (word dropout: Iyyer et al., 2015).
    dropout : float
        Share of a vector's numbers that are left out while learning.
    evidence : Evidence, optional
        It is never left out: a text that is learned from is read without its own share in it, which is enough.
    """

    known: Tensor

    def __init__(
        self,
        count: int,
        size: int,
        spread: float = 1.0,
        *,
        missing: float = 0.0,
        dropout: float = 0.0,
        evidence: Evidence | None = None,
    ):
        super().__init__()
        self.table = nn.Embedding(count, size, padding_idx=0)
        # Each token, or the unknown one where it is too rare in what this network learned from.
        self.register_buffer("known", torch.arange(count))
        self.missing, self.dropout, self.evidence = missing, dropout, evidence
        self.size = size + (0 if evidence is None else evidence.size)
        with torch.no_grad():
            self.table.weight.mul_(spread)
            # What nothing is known of says nothing, unless that is learned.
            self.table.weight[UNKNOWN] = 0

    def learn(self, arrays: Sequence[np.ndarray], least: int) -> None:
        """Take for unknown what occurs less than `least` times in the texts (T_i,) that are learned from.

        What is held out must meet its rare tokens as new texts meet theirs, or it would judge too well.
        """
        counts = np.bincount(np.concatenate([*arrays, np.zeros(0, np.int64)]), minlength=len(self.known))
        if not (counts[UNKNOWN + 1 :] >= least).any():
            return
        rare = torch.from_numpy(counts < least)
        rare[: UNKNOWN + 1] = False
        self.known[rare] = UNKNOWN

    def forward(self, x: Tensor, own: Tensor | None = None) -> Tensor:
        """Map (B, T) to (B, T, size); with the classes (B,) of texts that evidence was learned from."""
        x = self.known[x]
        tokens = x
        if self.training and self.missing:
            gone = torch.rand(x.shape, device=x.device) < self.missing
            tokens = x.masked_fill(gone & (x > 0), UNKNOWN)
        vectors = F.dropout(self.table(tokens), self.dropout, self.training)
        return vectors if self.evidence is None else torch.cat([vectors, self.evidence(x, own)], -1)

    def begin(self, rows: int) -> Any:
        """Give the carry before the first step: the tokens that a run may still begin with."""
        before = 0 if self.evidence is None else self.evidence.longest - 1
        return torch.zeros(rows, before, dtype=torch.int64, device=self.table.weight.device)

    def take(self, carry: Any, x: Tensor) -> tuple[Any, Tensor]:
        """Map further tokens, and give the carry after them."""
        seen = torch.cat([carry, x], 1)
        before = carry.shape[1]
        return seen[:, seen.shape[1] - before :], self(seen)[:, before:]
