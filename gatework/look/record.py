"""Traces of a training: every so many steps, what happened inside the model at that step."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from gatework.errors import OptionError
from gatework.look.subject import THEIRS
from gatework.look.trace import Trace, arrays, see
from gatework.look.watch import Seen, listening
from gatework.nn.convert import around
from gatework.nn.stack import Recurrent


class Recorder:
    """Traces a model in training, for as long as a `with` lasts or through calls of its own. `record` makes one."""

    def __init__(self, model: nn.Module, every: int, rows: int):
        for name, value in (("every", every), ("rows", rows)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise OptionError(f"{name} must be a whole number of at least 1; got {value!r}.")
        self.model, self.every, self.rows = model, every, rows
        self.layers = {
            name or "layer": one
            for name, one in model.named_modules()
            if isinstance(one, Recurrent) or type(one) in THEIRS
        }
        if not self.layers:
            raise OptionError(
                f"model must be or hold an LSTM, GRU or RNN; got {type(model).__name__}. There is no memory to record."
            )
        self.traces: list[Trace] = []
        self.step = 0
        self._due = False
        self._hooks = ExitStack()

    def __enter__(self) -> list[Trace]:
        """Begin to record; the list fills as the training goes on."""
        # In this order, so that the model's own hooks lie around those of its layers where it is one itself.
        before = self.model.register_forward_pre_hook(self._begin, with_kwargs=True)
        self._hooks.callback(before.remove)
        self._heard = self._hooks.enter_context(listening(self.layers, _see, lambda: self._due))
        self._hooks.callback(self.model.register_forward_hook(self._end, with_kwargs=True).remove)
        return self.traces

    def __exit__(self, *error: Any) -> None:
        """Take every hook away."""
        self._hooks.close()
        self._due = False

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Stay one: a copy of the model has its hooks too, and what it does in eval mode is passed over."""
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the model, and record where it is due."""
        with self:
            return self.model(*args, **kwargs)

    def _begin(self, model: nn.Module, args: tuple, given: dict[str, Any]) -> None:
        self._due = model.training and self.step % self.every == 0
        self.step += model.training
        # What was heard of the last step, or of one that failed half way.
        for readings in self._heard.values():
            readings.clear()

    def _end(self, model: nn.Module, args: tuple, given: dict[str, Any], output: Any) -> None:
        if not self._due:
            return
        self._due = False
        first = next(iter(self.layers.values()))
        x, y = (_time_first(q, first.batch_first) for q in ((*args, *given.values()), output))
        layers = arrays(self._heard)
        kept = {name: {q: a[:, : self.rows].copy() for q, a in parts.items()} for name, parts in layers.items()}
        names = tuple(f"x{k}" for k in range(x.shape[-1]))
        self.traces.append(
            Trace(x[:, : self.rows].numpy(), y[:, : self.rows].numpy(), kept, names=names, step=self.step - 1)
        )


def record(model: nn.Module, every: int = 50, rows: int = 8) -> Recorder:
    """Trace every so many training steps of a model, in any loop.

    The training stays what it was, bit for bit: a step that is due is looked at after its forward pass, with the same
    random numbers. In between, a hook counts. A step is a call of the model in training mode.

    Parameters
    ----------
    model : nn.Module
        What is trained; torch.nn's recurrent layers are traced too.
    every : int
        Steps from one trace to the next; the first step is traced.
    rows : int
        How many rows of each batch to keep, the first ones.

    Returns
    -------
    Recorder
        `with record(model) as traces:` fills the list while it lasts.

    Raises
    ------
    OptionError
        There is no recurrent layer in the model, or a number is below 1.

    Examples
    --------
    >>> import torch, gatework
    >>> from gatework.look import record
    >>> layer, x = gatework.LSTM(3, 8), torch.randn(50, 2, 3)
    >>> optimizer = torch.optim.Adam(layer.parameters())
    >>> with record(layer, every=5) as traces:
    ...     for _ in range(11):
    ...         loss = layer(x)[0].square().mean()
    ...         optimizer.zero_grad()
    ...         loss.backward()
    ...         optimizer.step()
    >>> [found.step for found in traces], traces[0].layers["layer.l0"]["f"].shape
    ([0, 5, 10], (50, 2, 8))

    Or by hand, where `with` does not fit the loop: `recorder = record(layer, every=5)`, then `recorder(x)` in the place
    of `layer(x)`; `recorder.traces` has them.
    """
    return Recorder(model, every, rows)


def _see(layer: nn.Module, input: Any, hx: Any, given: dict[str, Any]) -> Seen:
    """See a call of a layer, or of torch's own as one of ours with the same weights."""
    return see(layer if isinstance(layer, Recurrent) else around(layer), input, hx, given)


def _time_first(given: Any, batch_first: bool) -> Tensor:
    """The first tensor of what was given or answered, on the CPU, as (T, B, .) or (1, B, .)."""
    while not isinstance(given, Tensor):
        if isinstance(given, PackedSequence):
            return pad_packed_sequence(given)[0].detach().float().cpu()
        if not isinstance(given, tuple | list) or not given:
            return torch.empty(0, 0, 0)
        given = given[0]
    q = given.detach().float().cpu().clone()
    if q.dim() == 3:
        return q.transpose(0, 1) if batch_first else q
    return q.reshape(1, len(q), -1)
