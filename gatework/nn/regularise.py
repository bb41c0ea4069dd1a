"""Random masks, drawn outside the recurrence and handed in, so that every backend drops the same units."""

from __future__ import annotations

import math

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
    return _flips(like, shape, p) if training else like.new_full((), p)


def _flips(like: Tensor, shape: tuple[int, ...], p: float) -> Tensor:
    """Ones with probability p, else zeros."""
    # What traces or transforms torch's operations knows bernoulli for a random one.
    watched = torch.compiler.is_compiling() or torch._C._functorch.peek_interpreter_stack() is not None
    threshold = round(p * 2**16) - 2**15
    if watched or like.device.type != "cpu" or threshold == 2**15:
        return torch.bernoulli(like.new_full(shape, p))
    # torch draws 64 random bits for every unit here, and a layer waits for them longer than for its kernel. 16 of them
    # are enough for a p right to one part in 131,072.
    count = math.prod(shape)
    bits = torch.empty(-(-count // 4), dtype=torch.int64, device="cpu").random_(-(2**63), None).view(torch.int16)
    return (bits[:count] < threshold).view(shape).to(like.dtype)
