"""What happened in a training that some loop ran: its losses, its batches, and the states it passed in and got out."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from gatework.errors import OptionError
from gatework.look.subject import THEIRS
from gatework.nn.stack import Recurrent


@dataclass
class Call:
    """One call of a recurrent layer in training. Sizes: B rows, D inputs, N numbers of the state.

    Attributes
    ----------
    steps : int
        How many steps it read.
    first, last : (B, D) tensors
        What it read first, and last.
    near : (D,) tensor
        Mean square of the differences between neighbouring steps; NaN of a single step.
    given : (B, N) tensor, optional
        The state it began with; None: it was given none, or an empty one.
    left : (B, N) tensor
        The state it ended in.
    attached : bool
        Whether a gradient can flow into the state it was given.
    learning : bool
        Whether a gradient can flow out of the state it left.
    behind : bool
        Whether the gradient of the call before had already flowed back when this one began.
    overlaps : bool
        Whether it read again what the call before had read.
    """

    steps: int
    first: Tensor
    last: Tensor
    near: Tensor
    given: Tensor | None
    left: Tensor
    attached: bool
    learning: bool
    behind: bool
    overlaps: bool


class Recording:
    """Note what a training does, so that `doctor` can examine it: in any loop, three lines.

    The training stays what it was, bit for bit: hooks note what passes through the recurrent layers, and are gone when
    the `with` ends. Only calls in training mode count.

    Parameters
    ----------
    model : nn.Module
        What is trained: torch.nn's recurrent layers or gatework's.
    calls : int
        How many calls of each layer, and how many batches, to keep; the first ones. All losses are kept.
    rows : int
        How many rows of each batch to keep.

    Attributes
    ----------
    losses : list of float
        What `loss` was told.
    updates : list of float
        From one loss to the next, the size of the weights' change as a share of their own.
    batches : list of (x, y)
        What `batch` was told, as the model takes it.
    layers : dict of str to list of Call
        The calls of each recurrent layer, by module path.

    Examples
    --------
    >>> import torch
    >>> from gatework.look import Recording, doctor
    >>> class Net(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.lstm, self.head = torch.nn.LSTM(1, 8), torch.nn.Linear(8, 1)
    ...     def forward(self, x):
    ...         return self.head(self.lstm(x)[0])
    >>> _ = torch.manual_seed(0)
    >>> net = Net()
    >>> optimizer = torch.optim.Adam(net.parameters())
    >>> with Recording(net) as recording:
    ...     for _ in range(30):
    ...         x = torch.randn(20, 16, 1)
    ...         y = x.cumsum(0) / 5
    ...         recording.batch(x, y)
    ...         loss = (net(x) - y).square().mean()
    ...         optimizer.zero_grad()
    ...         loss.backward()
    ...         optimizer.step()
    ...         recording.loss(loss)
    >>> [finding.name for finding in doctor(net, x, recording)]
    []
    """

    def __init__(self, model: nn.Module, calls: int = 256, rows: int = 64):
        if not isinstance(model, nn.Module):
            raise OptionError(f"model must be a torch module; got {type(model).__name__}. Give what the loop trains.")
        for name, value in (("calls", calls), ("rows", rows)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise OptionError(f"{name} must be a whole number of at least 1; got {value!r}.")
        self._layers = {
            name or "layer": one
            for name, one in model.named_modules()
            if isinstance(one, Recurrent) or type(one) in THEIRS
        }
        if not self._layers:
            raise OptionError(
                f"model must be or hold an LSTM, GRU or RNN; got {type(model).__name__}. There is no memory to record."
            )
        self.model, self.most, self.rows = model, calls, rows
        self.losses: list[float] = []
        self.updates: list[float] = []
        self.batches: list[tuple[Tensor, Tensor | None]] = []
        self.layers: dict[str, list[Call]] = {name: [] for name in self._layers}
        self.batch_first = next(iter(self._layers.values())).batch_first
        #: values in the batches, those too that were not kept; a row that comes again counts once
        self.values = 0
        self._known: set[int] = set()
        self._weights: Tensor | None = None
        self._read: dict[str, Tensor] = {}
        self._flowed: dict[str, bool] = {}
        self._hooks = ExitStack()

    def __enter__(self) -> Self:
        """Begin to note."""
        for name, layer in self._layers.items():
            handle = layer.register_forward_hook(partial(self._note, name), with_kwargs=True)
            self._hooks.callback(handle.remove)
        return self

    def __exit__(self, *error: Any) -> None:
        """Take every hook away."""
        self._hooks.close()
        self._read.clear()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Stay one: a copy of the model has its hooks too, and what it does in eval mode is passed over."""
        return self

    def batch(self, x: Any, y: Any = None) -> None:
        """Note a batch as the model takes it, and its targets: (T, B) or (T, B, K), or (B,) or (B, K) about the end."""
        axis = 0 if self.batch_first else 1
        x = torch.as_tensor(x).detach()
        for row in x.unbind(axis) if x.dim() == 3 else ():
            seen = hash(row.cpu().contiguous().numpy().tobytes())
            self.values += 0 if seen in self._known else row.numel()
            self._known.add(seen)
        if len(self.batches) < self.most and self.model.training:
            known = None if y is None else torch.as_tensor(y).detach()
            if known is not None and known.dim() >= 2 and known.shape[:2] == x.shape[:2]:
                known = known.narrow(axis, 0, min(self.rows, known.shape[axis]))
            elif known is not None:
                known = known[: self.rows]
            kept = x.narrow(axis, 0, min(self.rows, x.shape[axis])) if x.dim() == 3 else x
            self.batches.append((kept.cpu().clone(), None if known is None else known.cpu().clone()))

    def loss(self, value: Any) -> None:
        """Note the loss of a step, once a step."""
        self.losses.append(float(value.detach() if isinstance(value, Tensor) else value))
        weights = torch.cat([p.detach().flatten().float().cpu() for p in self.model.parameters() if p.requires_grad])
        if self._weights is not None:
            self.updates.append(float((weights - self._weights).norm() / self._weights.norm().clamp(min=1e-12)))
        self._weights = weights

    @torch.no_grad()
    def _note(self, name: str, layer: Any, args: tuple, given: dict[str, Any], output: Any) -> None:
        calls = self.layers[name]
        rest = dict(given)
        x, *more = (*args, *(rest.pop(key) for key in ("input", "hx") if key in rest))
        if (
            not layer.training
            or len(calls) >= self.most
            or isinstance(x, PackedSequence)
            or rest.get("lengths") is not None
        ):
            return
        outputs, state = output[0], output[1]
        if x.dim() == 2:
            x, axis = x.unsqueeze(1), None
        else:
            x, axis = (x.transpose(0, 1) if layer.batch_first else x), 1
        x = x.detach()[:, : self.rows].float().cpu().clone()
        hx = more[0] if more else None
        began = None if hx is None else _flat(hx, axis, self.rows)
        calls.append(
            Call(
                len(x),
                x[0],
                x[-1],
                x.diff(dim=0).square().mean((0, 1)) if len(x) > 1 else torch.full((x.shape[2],), torch.nan),
                None if began is None or not bool(began.any()) else began,
                _flat(state, axis, self.rows),
                any(part.requires_grad for part in _parts(hx)),
                outputs.requires_grad,
                self._flowed.get(name, True),
                name in self._read and _overlaps(self._read[name], x),
            )
        )
        self._read[name] = x
        self._flowed[name] = not outputs.requires_grad
        for q in (outputs, *_parts(state)):
            if q.requires_grad:
                q.register_hook(partial(self._flow, name, len(calls)))

    def _flow(self, name: str, call: int, grad: Tensor) -> None:
        if call == len(self.layers[name]):
            self._flowed[name] = True


def _parts(state: Any) -> tuple[Tensor, ...]:
    return () if state is None else tuple(state) if isinstance(state, tuple | list) else (state,)


def _flat(state: Any, axis: int | None, rows: int) -> Tensor:
    """A state (layers, B, S), or a pair of them, as (B, N)."""
    parts = [part.detach() if axis == 1 else part.detach().unsqueeze(1) for part in _parts(state)]
    return torch.cat([part[:, :rows].transpose(0, 1).flatten(1) for part in parts], 1).float().cpu().clone()


def _overlaps(before: Tensor, x: Tensor) -> bool:
    """Whether x begins with what `before` ends with, two steps or more."""
    steps = len(x)
    if before.shape != x.shape:
        return False
    return any(bool((before[k:] == x[: steps - k]).all()) for k in range(steps - 1))
