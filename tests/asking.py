"""Ask a layer, differentiate what it answers, and compare two answers."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from problems import VARIANTS, Problem, randn
from torch import Tensor

from gatework import LSTM
from gatework.nn.stack import Recurrent

# "auto" is the native kernel where that was built, so a quick backend and the plain one pass by here.
BACKENDS = ["auto", "equations"]


def make(variant: str, **options: Any) -> Recurrent:
    """Make a layer of the variant, two deep, in eval, with 3 features in and 4 units."""
    kind, own = VARIANTS[variant]
    return Problem(variant, kind, own, training=False).layer(num_layers=2, **options)


class Asked(NamedTuple):
    """A call: x (T, B, 3), a state, where rows end, where they begin anew and from what."""

    x: Tensor
    hx: Any
    lengths: Tensor | None
    reset: Tensor | None
    reset_state: Any


def ask(layer: Recurrent, T: int, B: int, seed: int, lengths: bool = True, reset: bool = True, fresh: bool = True):
    g = torch.Generator().manual_seed(seed)
    x = randn(g, T, B, 3).requires_grad_()
    hx, given = ([randn(g, len(layer.all_weights), B, width) for width in layer.widths] for _ in range(2))
    hx = [part.requires_grad_() for part in hx]
    ends = torch.randint(0, T + 1, (B,), generator=g)
    marks = torch.rand(T, B, generator=g) < 0.3
    return Asked(
        x,
        bind(layer, hx),
        ends if lengths else None,
        marks if reset else None,
        bind(layer, given) if reset and fresh else None,
    )


def bind(layer: Recurrent, parts) -> Any:
    """Make a state of its parts: (h, c) for an LSTM, h for the others."""
    return tuple(parts) if isinstance(layer, LSTM) else next(iter(parts))


def parts(state: Any) -> tuple[Tensor, ...]:
    return state if isinstance(state, tuple) else (state,)


def run(layer: Recurrent, asked: Asked, **more: Any) -> tuple[Any, ...]:
    x, hx, *rest = asked
    return layer(x, hx, **dict(zip(("lengths", "reset", "reset_state"), rest, strict=True)), **more)


def gradients(answer, asked: Asked, *more: Tensor) -> list[Tensor]:
    """Differentiate a fixed random sum of all outputs and states by x, the state and `more`."""
    outs = [answer[0], *parts(answer[1])]
    g = torch.Generator().manual_seed(9)
    cotangents = [randn(g, *out.shape) for out in outs]
    inputs = [asked.x, *parts(asked.hx), *more]
    return list(torch.autograd.grad(outs, inputs, cotangents, allow_unused=True, materialize_grads=True))


def same(one, other) -> None:
    for a, b in zip(one, other, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-11)


def identical(one, other) -> None:
    for a, b in zip(one, other, strict=True):
        assert torch.equal(a, b)
