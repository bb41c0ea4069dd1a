"""What a network makes of its input before anything else: missing numbers become zeros with a mark, tokens vectors."""

from __future__ import annotations

import torch
from torch import Tensor, nn


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

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, T, D) to (B, T, D + gaps)."""
        if not len(self.gaps):
            return x.nan_to_num()
        known = (~torch.isnan(x[..., self.gaps])).to(x.dtype)
        return torch.cat([x.nan_to_num(), known], -1)


class Tokens(nn.Module):
    """Tokens (B, T) become vectors.

    Parameters
    ----------
    count, size : int
        Tokens there are, the first of them padding, and numbers a vector.
    spread : float
        The standard deviation of the numbers at first.
    """

    def __init__(self, count: int, size: int, spread: float = 1.0):
        super().__init__()
        self.table = nn.Embedding(count, size, padding_idx=0)
        self.size = size
        with torch.no_grad():
            self.table.weight.mul_(spread)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, T) to (B, T, size)."""
        return self.table(x)
