"""What a backend is asked: one layer, its input, memory, weights and masks; and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from gatework.equations import Norm
from gatework.errors import ShapeError

Cell = Literal["lstm", "gru", "rnn_tanh", "rnn_relu"]


class Direction(NamedTuple):
    """The weights and masks of one layer in one direction. What is None is off; shapes as in equations.py."""

    W: Tensor
    R: Tensor
    b_ih: Tensor | None = None
    b_hh: Tensor | None = None
    P: Tensor | None = None
    p: Tensor | None = None
    norm_ih: Norm | None = None
    norm_hh: Norm | None = None
    norm_c: Norm | None = None
    m: Tensor | None = None
    zh: Tensor | None = None
    zc: Tensor | None = None


class Call(NamedTuple):
    """One layer over one stretch of time. Every backend takes exactly this.

    x is (T, B, D), or (N, D) with `batch_sizes`, torch's packed layout. state is (h, c) or (h,), each
    (directions, B, .). lengths (B,) int64, reset (T, B) bool, reset_state like state. The second direction, where
    there is one, runs in reverse.
    """

    cell: Cell
    x: Tensor
    state: tuple[Tensor, ...]
    directions: tuple[Direction, ...]
    batch_sizes: Tensor | None = None
    lengths: Tensor | None = None
    reset: Tensor | None = None
    reset_state: tuple[Tensor, ...] | None = None
    coupled: bool = False
    clip: float | None = None
    trace: bool = False

    def ways(self) -> list[OneWay]:
        """The call's directions, each by itself. Packed rows have none: lay them out first (rows.py)."""
        lstm, fresh = self.cell == "lstm", self.reset_state
        return [
            OneWay(
                cell=self.cell,
                x=self.x,
                h=self.state[0][k],
                c=self.state[1][k] if lstm else None,
                w=w,
                lengths=self.lengths,
                reset=self.reset,
                reset_state=None if fresh is None else (fresh[0][k], fresh[1][k] if lstm else None),
                coupled=self.coupled,
                clip=self.clip,
                reverse=k == 1,
            )
            for k, w in enumerate(self.directions)
        ]

    def tensors(self) -> list[Tensor]:
        """Every floating-point tensor in the call, in an order that `with_tensors` understands."""
        return leaves((self.x, self.state, self.directions, self.reset_state))

    def with_tensors(self, tensors: list[Tensor]) -> Call:
        """Return the same call with other floating-point tensors in the same places."""
        x, state, directions, reset_state = refill(
            (self.x, self.state, self.directions, self.reset_state), iter(tensors).__next__
        )
        return self._replace(x=x, state=state, directions=directions, reset_state=reset_state)


class OneWay(NamedTuple):
    """One direction of a Call: x (T, B, D), h and c (B, .), the weights and masks; the letters of equations.scan."""

    cell: Cell
    x: Tensor
    h: Tensor
    c: Tensor | None
    w: Direction
    lengths: Tensor | None = None
    reset: Tensor | None = None
    reset_state: tuple[Tensor, Tensor | None] | None = None
    coupled: bool = False
    clip: float | None = None
    reverse: bool = False


class Answer(NamedTuple):
    """What comes back: y like x with directions * S features, state like the call's, a Moment a direction."""

    y: Tensor
    state: tuple[Tensor, ...]
    moments: tuple[Any, ...] | None = None


def check_lengths(lengths: Tensor, T: int) -> None:
    """Raise ShapeError unless every length is from 0 to T. Looks at values, which must be there."""
    if lengths.numel() == 0:
        return
    shortest, longest = (int(q) for q in lengths.aminmax())
    if not 0 <= shortest <= longest <= T:
        wrong = shortest if shortest < 0 else longest
        raise ShapeError(f"lengths must be from 0 to T = {T}; got {wrong}. Count the steps of each row.")


def leaves(node: Any) -> list[Tensor]:
    """Every tensor in nested tuples, from left to right."""
    found: list[Tensor] = []
    todo = [node]
    while todo:
        node = todo.pop()
        if node is None:
            continue
        if isinstance(node, tuple):
            todo.extend(reversed(node))
        elif isinstance(node, Tensor):
            found.append(node)
    return found


def refill(node: Any, take: Callable[[], Tensor]) -> Any:
    """Return the same nested tuples with `take()` in each tensor's place."""
    if isinstance(node, Tensor):
        return take()
    if isinstance(node, tuple):
        parts = [refill(part, take) for part in node]
        return type(node)(*parts) if hasattr(node, "_fields") else tuple(parts)
    return node


def apart(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Views of tensors, to differentiate by: one does not depend on another, as the tensors themselves may.

    An initial state computed from x, or one weight in two places, would else be counted twice. A second derivative
    still reaches the tensors through their views.
    """
    return [t.view_as(t) if t.requires_grad else t.detach().requires_grad_() for t in tensors]


def in_transform(call: Call) -> bool:
    """Whether torch.func, forward-mode AD or vmap is watching: only plain Python operations are right there."""
    functorch = torch._C._functorch
    # Asked so, torch.compile answers as eager code does; it takes `is not None` for true.
    if isinstance(functorch.peek_interpreter_stack(), functorch.CInterpreter):
        return True
    if torch.autograd.forward_ad._current_level < 0:
        return False
    # Which tensor has a tangent cannot be seen while torch.compile looks on; an op's own would be zero.
    return torch.compiler.is_compiling() or any(
        torch.autograd.forward_ad.unpack_dual(t).tangent is not None for t in call.tensors()
    )
