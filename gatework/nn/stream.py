"""A stream: one moment at a time, with the weights held as they are now and no gradient."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor

from gatework.errors import ShapeError, check_shape
from gatework.nn.layout import Layout
from gatework.nn.options import check_one_way, check_size
from gatework.nn.reading import Reading, check_kind, parts_of
from gatework.ops import BACKENDS, Call, choose, scan

if TYPE_CHECKING:
    from gatework.nn.stack import Recurrent


class Stepper(Protocol):
    """What carries a stream's memories and advances them: the seam for speed.

    A backend that has a quick one offers `stepper(calls) -> Stepper`: a Call a layer, of one step and all zeros, with
    weights that nobody else will change. Memories are (layers, B, width), (h, c) or (h,).
    """

    def step(self, x_t: Tensor) -> Tensor:
        """Read x_t (B, D), of any strides; give a fresh (B, S)."""

    def get(self) -> tuple[Tensor, ...]:
        """Copy the memories."""

    def set(self, state: tuple[Tensor, ...]) -> None:
        """Take over a copy of these memories."""

    def reset(self, rows: Tensor) -> None:
        """Put zeros in the memories of the rows that are True, (B,)."""


class Stream:
    """A recurrent layer that reads one moment at a time: made by `layer.stream(batch_size)`.

    It answers as the layer does in eval, with the weights that the layer had when the stream was made, whatever
    becomes of the layer. Nothing in it asks for a gradient. Autocast does not reach it: its outputs have the type of
    its weights. A step takes as many threads as torch.get_num_threads() says at the time.

    Forward pre-hooks run once, on the stream's own copy of the layer with a moment of zeros, so that the weights they
    compute are there. What hooks would make of each input or output does not reach it.

    Parameters
    ----------
    layer : LSTM, GRU or RNN
        Any variant in one direction.
    batch_size : int
        How many rows each moment has.

    Raises
    ------
    OptionError, TypeError
        Where the layer is bidirectional or there is no such batch size.
    """

    def __init__(self, layer: Recurrent, batch_size: int = 1) -> None:
        check_size("batch_size", batch_size)
        check_one_way(layer, "stream")
        self.batch_size = batch_size
        with torch.no_grad(), torch.autocast(next(layer.parameters()).device.type, enabled=False):
            self._layer = _held(layer, batch_size)
            self._stepper = _stepper(_calls(self._layer, batch_size), layer.backend)
            weight = self._layer.weight_ih_l0
        self._shape = torch.Size((batch_size, layer.input_size))
        self._dtype, self._device = weight.dtype, weight.device

    def step(self, x_t: Tensor) -> Tensor:
        """Read one moment: x_t (B, D) -> a fresh y_t (B, S)."""
        # All that a quick kernel leaves of a step's time is this line: what is wrong is worked out when something is.
        try:
            fits = x_t.shape == self._shape and x_t.dtype is self._dtype and x_t.device == self._device
        except AttributeError:
            fits = False
        return self._stepper.step(x_t if fits else self._mend(x_t))

    @property
    def state(self) -> Any:
        """The memories, as the layer gives them: (h, c) of an LSTM, h of the others; copies. They can be set."""
        parts = self._stepper.get()
        return parts if self._layer.cell == "lstm" else parts[0]

    @state.setter
    def state(self, state: Any) -> None:
        layer = self._layer
        parts = parts_of(layer, "state", state)
        parts = Layout(1, self.batch_size).states_inward("state", parts, layer.widths, layer.num_layers)
        # A type that autocast would mend has passed the check.
        self._stepper.set(tuple(part.detach().to(self._dtype) for part in parts))

    def reset(self, rows: Any = None) -> None:
        """Forget: zero the memories of `rows`, a row's number, a list of numbers, or bool marks (B,); None means all.

        Raises
        ------
        ShapeError
            Where there is no such row.
        """
        self._stepper.reset(self._marks(range(self.batch_size) if rows is None else rows))

    def _mend(self, x_t: Any) -> Tensor:
        """Say what is wrong with x_t, or give it the weights' type where autocast has lowered it."""
        if not isinstance(x_t, Tensor):
            raise ShapeError(f"x_t must be a tensor; got {type(x_t).__name__}. Use torch.as_tensor(x_t).")
        check_shape("x_t", tuple(x_t.shape), tuple(self._shape), f"The stream has batch_size={self.batch_size}.")
        check_kind("x_t", x_t, self._layer.weight_ih_l0)
        return x_t.to(self._dtype)

    def _marks(self, rows: Any) -> Tensor:
        """Turn `rows` into bool marks (B,)."""
        try:
            found = torch.as_tensor(rows, device=self._device)
        except (TypeError, ValueError, RuntimeError):
            kind = type(rows).__name__
            raise ShapeError(f"rows must be row numbers or bool marks; got {kind}. Give a list of them.") from None
        if found.dtype == torch.bool:
            check_shape("rows", tuple(found.shape), (self.batch_size,), "One mark a row.")
            return found
        if found.numel() and (found.is_floating_point() or found.is_complex()):
            raise ShapeError(
                f"rows must be row numbers or bool marks; got {found.dtype}. Convert them with rows.long()."
            )
        if found.dim() > 1:
            check_shape("rows", tuple(found.shape), ("N",), "One number a row.")
        numbers = found.reshape(-1).long()
        outside = numbers[(numbers < 0) | (numbers >= self.batch_size)]
        if len(outside):
            last = self.batch_size - 1
            raise ShapeError(f"rows must be from 0 to {last}; got {int(outside[0])}. Count the rows from 0.")
        return torch.zeros(self.batch_size, dtype=torch.bool, device=self._device).index_fill_(0, numbers, True)


class _Scans:
    """The stepper that every backend has: each layer's call, scanned over one step."""

    def __init__(self, calls: list[Call], backend: str) -> None:
        self.calls, self.backend = calls, backend

    def step(self, x_t: Tensor) -> Tensor:
        y = x_t.detach().unsqueeze(0)
        # Neither autograd nor autocast: a stream answers the same wherever it is called.
        with torch.no_grad(), torch.autocast(y.device.type, enabled=False):
            for k, call in enumerate(self.calls):
                y, state, _ = scan(call._replace(x=y), self.backend)
                self.calls[k] = call._replace(state=state)
        return y.squeeze(0)

    def get(self) -> tuple[Tensor, ...]:
        return tuple(map(torch.cat, zip(*(call.state for call in self.calls), strict=True)))

    def set(self, state: tuple[Tensor, ...]) -> None:
        for k, call in enumerate(self.calls):
            self.calls[k] = call._replace(state=tuple(part[k : k + 1].clone() for part in state))

    def reset(self, rows: Tensor) -> None:
        for k, call in enumerate(self.calls):
            # Filled, not multiplied: a memory that is NaN is forgotten too.
            self.calls[k] = call._replace(state=tuple(part.masked_fill(rows[:, None], 0) for part in call.state))


def _held(layer: Recurrent, batch_size: int) -> Recurrent:
    """Copy the layer, in eval, with every weight as its call would find it."""
    # deepcopy refuses a tensor that was computed, as pruning and the old weight_norm leave one: it finds these copied.
    held = copy.deepcopy(layer, {id(t): t.detach().clone() for t in _own(layer) if not t.is_leaf}).eval()
    # Those compute it before each call, and a stream makes none.
    sizes = (batch_size, 1) if layer.batch_first else (1, batch_size)
    x = next(held.parameters()).new_zeros(*sizes, layer.input_size)
    for key, hook in held._forward_pre_hooks.items():
        hook(held, (x,), *(({},) if key in held._forward_pre_hooks_with_kwargs else ()))
    return held


def _own(layer: Recurrent) -> list[Tensor]:
    """Every tensor that the layer holds, by name or in lists, tuples and dicts."""
    found: list[Tensor] = []
    seen = set()  # a list may hold itself
    todo: list[Any] = [vars(module) for module in layer.modules()]
    while todo:
        node = todo.pop()
        if isinstance(node, Tensor):
            found.append(node)
        elif isinstance(node, (list, tuple, dict)) and id(node) not in seen:
            seen.add(id(node))
            todo.extend(node.values() if isinstance(node, dict) else node)
    return found


def _stepper(calls: list[Call], backend: str) -> Stepper:
    """Take the first quick stepper that can serve every layer, of the backend asked for, else the general one."""
    for call in calls:
        choose(call, backend)  # a backend asked for by name says now why it cannot
    for name in BACKENDS if backend == "auto" else (backend,):
        quick = getattr(BACKENDS[name], "stepper", None)
        if quick is not None and not any(BACKENDS[name].why_not(call) for call in calls):
            return quick(calls)
    return _Scans(calls, backend)


def _calls(layer: Recurrent, B: int) -> list[Call]:
    """Ask each layer for one step from zero; its weights are taken as they are, parametrised or not."""
    like = layer.weight_ih_l0
    calls = []
    for k in range(layer.num_layers):
        x = like.new_zeros(1, B, layer.input_size if k == 0 else layer.widths[0])
        state = tuple(like.new_zeros(layer.num_layers, B, width) for width in layer.widths)
        call = layer.call(k, Reading(Layout(1, B), x, state, None, None, None, False))
        calls.append(call.with_tensors([tensor.detach() for tensor in call.tensors()]))
    return calls
