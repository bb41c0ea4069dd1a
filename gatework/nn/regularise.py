"""Random masks, drawn outside the recurrence and handed in, so that every backend drops the same units."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def variational(like: Tensor, shape: tuple[int, ...], p: float, training: bool) -> Tensor | None:
    """One mask for a whole sequence: 0 with probability p, else 1 / (1 - p) (Gal & Ghahramani, 2016)."""
    return F.dropout(like.new_ones(shape), p) if p and training else None


def zone(like: Tensor, shape: tuple[int, ...], p: float, training: bool) -> Tensor | None:
    """Draw what keeps its old value, 1 with probability p (Krueger et al., 2017); in eval the expected value p."""
    if not p:
        return None
    # bernoulli_ with a number is many times quicker on the CPU than with a tensor of them.
    return like.new_empty(shape).bernoulli_(p) if training else like.new_full((), p)
