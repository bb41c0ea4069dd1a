"""What the kernel's op costs in matrix products, told to torch.utils.flop_counter."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack
from torch.utils.flop_counter import FlopCounterMode, flop_registry, register_flop_formula

Size = tuple[int, ...]

_FRESH_H = 15  # its place among the op's tensors


def forward(
    x: Size, h: Size, c: Any, W: Size, R: Size, b_ih: Any, b_hh: Any, P: Size | None, *_: Any, **__: Any
) -> int:
    """Count W x, R h and P h of every step and row, two operations a multiplication, as torch does."""
    (T, B, D), (G, S) = x, R
    return 2 * T * B * (D * G + S * G + (0 if P is None else P[0] * P[1]))


def backward(given: list[Size], there: list[bool], wanted: list[bool], *_: Any, **__: Any) -> int:
    """Count the products whose gradient is wanted, and those by which the gradient goes back in time.

    That is one less than there are steps where nobody asks for the gradient of the memory that the first one read.
    """
    take = iter(given)
    x, _h, _c, _W, R, _b, _b_hh, P, *_rest = (next(take) if here else None for here in there)
    by_x, by_h, _by_c, by_W, by_R, _by_b, _by_b_hh, by_P, *_others = wanted
    assert x is not None
    assert R is not None
    (T, B, D), (G, S) = x, R
    back = T if by_h or wanted[_FRESH_H] else max(T - 1, 0)
    count = T * D * G * (by_x + by_W) + S * G * (T * by_R + back)
    return 2 * B * (count + (0 if P is None else T * P[0] * P[1] * (1 + by_P)))


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
