"""What the kernel's op costs in matrix products, told to torch.utils.flop_counter."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack
from torch.utils.flop_counter import FlopCounterMode, flop_registry, register_flop_formula

Size = tuple[int, ...]


def forward(
    x: Size, h: Size, c: Any, W: Size, R: Size, b_ih: Any, b_hh: Any, P: Size | None, *_: Any, **__: Any
) -> int:
    """Count W x, R h and P h of every step and row, two operations a multiplication, as torch does."""
    (T, B, D), (G, S) = x, R
    return 2 * T * B * (D * G + S * G + (0 if P is None else P[0] * P[1]))


def backward(given: list[Size], there: list[bool], *_: Any, **__: Any) -> int:
    """Count two products for each of forward's: by what it multiplied and by what that was multiplied with."""
    take = iter(given)
    full: Any = (next(take) if here else None for here in there)
    return 2 * forward(*full)


def register() -> None:
    """Let every counter know, those included that are counting now."""
    formulas: dict[Any, Any] = {torch.ops.gatework.recurrent: forward, torch.ops.gatework.recurrent_backward: backward}
    for op, formula in formulas.items():
        register_flop_formula(op)(formula)
    # The op is made when somebody first looks on, which may be a counter: it has copied the registry already.
    for mode in _get_current_dispatch_mode_stack():
        counter = getattr(mode, "counter", None)
        if isinstance(counter, FlopCounterMode):
            counter.flop_registry |= {op: flop_registry[op] for op in formulas}
