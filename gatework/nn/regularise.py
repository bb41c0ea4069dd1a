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
    compiled = torch.compiler.is_compiling()
    transformed = not compiled and torch._C._functorch.peek_interpreter_stack() is not None
    if p == 1 or transformed or like.device.type != "cpu":
        return torch.bernoulli(like.new_full(shape, p))
    return (_compiled_flips if compiled else _cpu_flips)(list(shape), p, like.dtype)


def _cpu_flips(shape: list[int], p: float, dtype: torch.dtype) -> Tensor:
    # torch draws 64 random bits for every unit here, and a layer waits for them longer than for its kernel. 16 of them
    # are enough for a p right to one part in 131,072.
    count = math.prod(shape)
    bits = torch.empty(-(-count // 4), dtype=torch.int64).random_(-(2**63), None).view(torch.int16)[:count]
    return (bits < round(p * 2**16) - 2**15).view(shape).to(dtype)


# torch.compile has random numbers of its own; inside an op they stay those of torch.manual_seed. The tag says that two
# equal calls are not one.
_compiled_flips = torch.library.custom_op(
    "gatework::flips",
    _cpu_flips,
    mutates_args=(),
    schema="(SymInt[] shape, float p, ScalarType dtype) -> Tensor",
    tags=(torch.Tag.nondeterministic_seeded,),
)
_compiled_flips.register_fake(lambda shape, p, dtype: torch.empty(shape, dtype=dtype))
