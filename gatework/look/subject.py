"""A model and its data as every instrument sees them: time first, in eval mode, with gatework's own layers inside."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from gatework.errors import DataError, OptionError, ShapeError, check_shape
from gatework.nn import from_torch
from gatework.nn.stack import Recurrent

THEIRS = (nn.LSTM, nn.GRU, nn.RNN)


@dataclass(frozen=True)
class Subject:
    """What an instrument looks at. Sizes: T time, B rows, D inputs, K answers.

    Attributes
    ----------
    net : nn.Module
        A copy in eval mode, torch's recurrent layers replaced by gatework's. The caller's model stays as it is.
    layers : dict of str to Recurrent
        The recurrent layers in it, by module path; "layer" for a bare one.
    x : (T, B, D) tensor
        What the model reads; 0 past a row's end.
    lengths : (B,) int64 tensor, optional
        How many steps of each row count; None: all.
    run : callable
        x (T, B, D) -> answers: (T, B, K), one for each step, or (1, B, K), one about the end. Differentiable. It also
        takes (T, n * B, D), the B rows n times over.
    names : tuple of str
        Of the D inputs.
    stepwise : bool
        Whether there is an answer for each step.
    loss : callable, optional
        x -> the loss that the model was trained with, a scalar; None where that is not known.
    """

    net: nn.Module
    layers: dict[str, Recurrent]
    x: Tensor
    lengths: Tensor | None
    run: Callable[[Tensor], Tensor]
    names: tuple[str, ...]
    stepwise: bool = False
    loss: Callable[[Tensor], Tensor] | None = None

    def alive(self) -> Tensor:
        """Say which steps count, (T, B) bool."""
        steps, rows = self.x.shape[:2]
        ends = torch.full((rows,), steps) if self.lengths is None else self.lengths
        return torch.arange(steps, device=self.x.device)[:, None] < ends.to(self.x.device)


def subject(
    model: Any,
    data: Any = None,
    lengths: Any = None,
    batch_first: bool | None = None,
    *,
    windows: int = 1,
    back: int = 0,
) -> Subject:
    """See a model and its data as the instruments do.

    Parameters
    ----------
    model : nn.Module or Forecaster
        A gatework or torch.nn LSTM, GRU or RNN; a module that holds some and is called as `model(x)`, with
        `lengths=` where it takes them, of whose answers the first counts; or a fitted Forecaster.
    data : tensor, array, list of (T_i, D) arrays; or a table
        What the module reads: (T, B, D), or (B, T, D) with `batch_first`; (T, D) is one row; a list is padded. For a
        Forecaster a table as its `predict` takes, by default the history it keeps.
    lengths : (B,) whole numbers, optional
        Where each row of an array ends.
    batch_first : bool, optional
        How data lie, and the model's own inputs and answers. By default as its first recurrent layer has it.
    windows : int
        Of a Forecaster: windows a series, the last one at its end, the others spread evenly over what lies before.
    back : int
        Of a Forecaster: how many steps before a series' end its last window ends. From `h` on, all is known that is
        forecast, and `loss` is the forecaster's own.

    Raises
    ------
    OptionError, DataError, ShapeError, NotFittedError
        A model without a recurrent layer, or data that do not fit it.

    Examples
    --------
    >>> import torch, gatework
    >>> from gatework.look import subject
    >>> seen = subject(torch.nn.LSTM(3, 8, batch_first=True), torch.randn(2, 50, 3))
    >>> seen.x.shape, seen.run(seen.x).shape, list(seen.layers)
    (torch.Size([50, 2, 3]), torch.Size([50, 2, 8]), ['layer'])
    """
    if not isinstance(model, nn.Module):
        from gatework.look.forecaster import of_forecaster

        return of_forecaster(model, data, windows, back)
    net = copied(model)
    layers = recurrent(net)
    first = next(iter(layers.values()))
    batch_first = first.batch_first if batch_first is None else batch_first
    if data is None:
        raise DataError("data must be given with a module; got None. Give a batch that it reads.")
    x, ends = _read(data, lengths, batch_first, first.weight_ih_l0)
    if net is first:
        check_shape("data", tuple(x.shape), ("T", "B", first.input_size), f"The layer has {first.input_size} inputs.")
    run, stepwise = _runner(net, x, ends, batch_first, any(layer.bidirectional for layer in layers.values()))
    return Subject(net, layers, x, ends, run, tuple(f"x{k}" for k in range(x.shape[2])), stepwise)


def copied(model: nn.Module) -> nn.Module:
    """Copy a model, in eval mode, with gatework's layers in the place of torch's."""
    theirs = any(type(one) in THEIRS for one in model.modules())
    return (from_torch(model) if theirs else deepcopy(model)).eval()


def recurrent(net: nn.Module) -> dict[str, Recurrent]:
    """Name the gatework layers in a model. Raises OptionError where there is none."""
    found = {name or "layer": one for name, one in net.named_modules() if isinstance(one, Recurrent)}
    if not found:
        raise OptionError(
            f"model must be or hold an LSTM, GRU or RNN; got {type(net).__name__}. There is no memory to look into."
        )
    return found


def _read(data: Any, lengths: Any, batch_first: bool, like: Tensor) -> tuple[Tensor, Tensor | None]:
    """Bring data to (T, B, D) of the weights' type, 0 past a row's end, and lengths to (B,) or None."""
    if isinstance(data, list | tuple):
        if lengths is not None:
            raise OptionError("lengths must not be given with a list of rows; got both. The rows have their lengths.")
        rows = [torch.as_tensor(np.asarray(row) if not isinstance(row, Tensor) else row).to(like) for row in data]
        for k, row in enumerate(rows):
            check_shape(f"data[{k}]", tuple(row.shape), ("T", rows[0].shape[-1] if rows[0].dim() == 2 else "D"))
        if not rows:
            raise DataError("data must have a row; got an empty list.")
        ends = torch.tensor([len(row) for row in rows])
        x = nn.utils.rnn.pad_sequence(rows)
    else:
        x = torch.as_tensor(data).to(like)
        x = x.unsqueeze(1) if x.dim() == 2 else x.transpose(0, 1) if batch_first and x.dim() == 3 else x
        if x.dim() != 3:
            want = "(B, T, D)" if batch_first else "(T, B, D)"
            raise ShapeError(f"data must be {want}; got {tuple(x.shape)}. The inputs of a step come last.")
        ends = torch.full((x.shape[1],), x.shape[0]) if lengths is None else torch.as_tensor(lengths).long()
        check_shape("lengths", tuple(ends.shape), (x.shape[1],), "One length a row.")
    if x.numel() == 0 or not 1 <= int(ends.min()) <= int(ends.max()) <= len(x):
        raise DataError(f"data must have 1 to {len(x)} steps in each row; got {ends.tolist()[:8]}.")
    alive = torch.arange(len(x))[:, None] < ends
    x = torch.where(alive[..., None].to(x.device), x.detach(), 0)
    if not torch.isfinite(x).all():
        t, b, d = (int(q) for q in (~torch.isfinite(x)).nonzero()[0])
        raise DataError(f"data must be finite; got {x[t, b, d].item()} in row {b}, step {t}, input {d}. Fill the gap.")
    return x, None if bool((ends == len(x)).all()) else ends.to(x.device)


def _runner(
    net: nn.Module, x: Tensor, lengths: Tensor | None, batch_first: bool, two_sided: bool
) -> tuple[Callable[[Tensor], Tensor], bool]:
    """Give the function from x to time-first answers, and whether there is one for each step."""
    taken = inspect.signature(net.forward).parameters
    takes_lengths = "lengths" in taken

    def ask(x: Tensor, ends: Tensor | None) -> Tensor:
        more = {"lengths": ends.repeat(x.shape[1] // len(ends))} if takes_lengths and ends is not None else {}
        y = net(x.transpose(0, 1) if batch_first else x, **more)
        return _tensor(y, batch_first, len(x))

    with torch.no_grad():
        y = ask(x, lengths)
        stepwise = _is_stepwise(
            y, x, batch_first, lambda fewer: ask(fewer, None if lengths is None else lengths.clamp(max=len(fewer)))
        )
    if lengths is not None and not takes_lengths and (two_sided or not stepwise):
        raise OptionError(
            f"model must take lengths= to read rows of different length; got {type(net).__name__}, whose forward does "
            "not and whose answers padding would reach. Give rows of one length, or let forward take lengths."
        )

    def run(x: Tensor) -> Tensor:
        y, rows = ask(x, lengths), x.shape[1]
        if not stepwise:
            if y.dim() == 3 and y.shape[0] != rows:
                y = y.transpose(0, 1)
            return y.reshape(1, rows, -1)
        if y.dim() == 2:
            y = y.unsqueeze(-1)
        return y.transpose(0, 1) if batch_first else y

    return run, stepwise


def _tensor(y: Any, batch_first: bool, steps: int) -> Tensor:
    while isinstance(y, tuple | list) and not isinstance(y, PackedSequence) and len(y):
        y = y[0]
    if isinstance(y, PackedSequence):
        y = pad_packed_sequence(y, batch_first, total_length=steps)[0]
    if not isinstance(y, Tensor):
        raise ShapeError(f"answers must be a tensor, or a tuple that begins with one; got {type(y).__name__}.")
    return y


def _is_stepwise(y: Tensor, x: Tensor, batch_first: bool, again: Callable[[Tensor], Tensor]) -> bool:
    """Whether there is an answer for each step, rather than one about the end."""
    steps, rows = x.shape[:2]
    sizes = (rows, steps) if batch_first else (steps, rows)
    if y.dim() == 3 and rows in y.shape[:2]:
        return y.shape[:2] == sizes
    if y.dim() == 1 and len(y) == rows:
        return False
    if y.dim() != 2 or rows not in y.shape:
        raise ShapeError(
            f"answers must be (B, K) about the end, or {'(B, T, K)' if batch_first else '(T, B, K)'} for each step, "
            f"with B = {rows} and T = {steps}; got {tuple(y.shape)}."
        )
    if y.shape != sizes or steps == 1:
        return False
    # (B, T) may be an answer for each step, or as many about the end: with a step less, the first has one less.
    try:
        return again(x[:-1]).shape[1 if batch_first else 0] == steps - 1
    except (RuntimeError, ValueError):
        return False
