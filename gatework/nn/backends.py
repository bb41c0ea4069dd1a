"""Which backend would run a call, and why the others would not."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from gatework.errors import BackendError, OptionError
from gatework.nn.reading import read
from gatework.nn.stack import Recurrent
from gatework.ops import BACKENDS, choose


class Choice(NamedTuple):
    """The backend that runs, and each backend's reasons why it cannot ([] when it can)."""

    backend: str
    reasons: dict[str, list[str]]

    def __str__(self) -> str:
        lines = [f"{self.backend} runs this call."]
        for name, reasons in self.reasons.items():
            verdict = "can run it" if not reasons else "cannot: " + "; ".join(reasons)
            lines.append(f"  {name}: {verdict}.")
        return "\n".join(lines)


def backends(
    layer: Recurrent, x: Tensor | PackedSequence, state: Any = None, lengths: Any = None, reset: Any = None
) -> Choice:
    """Say which backend would run `layer(x, state, lengths=lengths, reset=reset)`, and why the others would not.

    Nothing is computed, and the random numbers of a later call stay what they would have been.

    Returns
    -------
    Choice
        `.backend`, the name; `.reasons`, a list for each backend; `str()` for people. Where the backend asked for by
        name cannot run the call, `.backend` is "none".

    Examples
    --------
    >>> import torch, gatework
    >>> print(gatework.backends(gatework.LSTM(3, 4, peephole=True), torch.zeros(5, 2, 3)))
    native runs this call.
      native: can run it.
      torch: cannot: it has no peepholes.
      equations: can run it.
    """
    if not isinstance(layer, Recurrent):
        raise OptionError(
            f"layer must be a gatework.LSTM, GRU or RNN; got {type(layer).__name__}. Convert it with from_torch(layer)."
        )
    reading = read(layer, x, state, lengths, reset)
    devices = [reading.x.device] if reading.x.is_cuda else []
    with torch.random.fork_rng(devices=devices):
        call = layer.call(0, reading)
    try:
        chosen = choose(call, layer.backend)
    except BackendError:
        chosen = "none"
    return Choice(chosen, {name: one.why_not(call) for name, one in BACKENDS.items()})
