"""Every gate and every memory of a model at every step, as it reads a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gatework.look.jsonable import jsonable
from gatework.look.sequences import Sequences
from gatework.look.subject import subject
from gatework.look.watch import Heard, Seen, arguments, in_order, listening, living
from gatework.nn.stack import Recurrent

GATES = {"i": "input gate", "f": "forget gate", "o": "output gate", "r": "reset gate", "z": "update gate"}


@dataclass(frozen=True)
class Trace:
    """What happened inside a model while it read a batch. Padding is NaN everywhere.

    Attributes
    ----------
    x : (T, B, D) array
        What it read; of tokens, what their embedding made of them.
    outputs : (T, B, K) array, or (1, B, K)
        What it answered at each step, or about the end.
    layers : dict of str to dict of str to array
        For each layer and direction, named by the module's path, the depth and the direction ("layer.l0",
        "encoder.l1_reverse"), each quantity (T, B, units), at the time at which the input was read: i, f, g, o, c, h
        of an LSTM; r, z, n, h of a GRU; h of an RNN. A decoder has times of its own. Where a module was called more
        than once, each time from a state that was not its last one, the later readings are "encoder.l0 (2)", ...
    lengths : (B,) array, optional
        How many steps of each row count; None: all.
    names : tuple of str
        Of the D inputs.
    step : int, optional
        The training step that was recorded.
    tokens : (T, B) int array, optional
        What a model of tokens read; -1 past a row's end.
    sequences : Sequences, optional
        Of a Classifier or Regressor: what its rows are called, what is answered and true of each, and how many steps
        of x one step of its layers stands for (`stride`).
    """

    x: np.ndarray
    outputs: np.ndarray
    layers: dict[str, dict[str, np.ndarray]]
    lengths: np.ndarray | None = None
    names: tuple[str, ...] = ()
    step: int | None = None
    tokens: np.ndarray | None = None
    sequences: Sequences | None = None

    @property
    def stride(self) -> int:
        """How many steps of x one step of the layers stands for."""
        return 1 if self.sequences is None else self.sequences.stride

    def __str__(self) -> str:
        steps, rows, inputs = self.x.shape
        when = "" if self.step is None else f" at training step {self.step:,}"
        read = "step" if self.tokens is None else "token"
        what = f"and {_count(inputs, 'input')}" if read == "step" else f"each embedded in {_count(inputs, 'number')}"
        long = f"{_count(steps, read)}{',' * (read == 'token')}"
        about = "" if self.sequences is None else f" {self.sequences.about()}"
        lines = [f"{_count(rows, 'row')} of {long} {what}{when}.{about} On average:"]
        for name, parts in self.layers.items():
            memory = "c" if "c" in parts else "h"
            head = f"{name}, {_count(parts[memory].shape[2], 'unit')}: "
            if not np.isfinite(parts[memory]).any():
                lines.append(f"{head}no numbers; the weights are none, or the state overflows")
                continue
            said = [f"{word} {np.nanmean(parts[gate]):.0%} open" for gate, word in GATES.items() if gate in parts]
            said.append(f"{memory} {np.nanmean(np.abs(parts[memory])):.2g} from 0")
            lines.append(head + ", ".join(said))
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it; padding is None."""
        return jsonable(vars(self) | {"sequences": None if self.sequences is None else vars(self.sequences)})


def trace(
    model: Any,
    data: Any = None,
    lengths: Any = None,
    batch_first: bool | None = None,
    *,
    futr_df: Any = None,
    static_df: Any = None,
) -> Trace:
    """See every gate and memory of a model while it reads a batch, in eval mode.

    Parameters
    ----------
    model : nn.Module, Forecaster, Classifier or Regressor
        A gatework or torch.nn LSTM, GRU or RNN, a module that holds some, or a fitted estimator. It stays as it is.
    data : tensor, array, list of (T_i, D) arrays; or a table
        What it reads, (T, B, D) or, with `batch_first`, (B, T, D); whole numbers (T, B) are tokens for an nn.Embedding.
        For a Forecaster a table as its `predict` takes, by default the history it keeps: the last window of each
        series, as the encoder reads it. For a Classifier or Regressor what its `predict` takes: of many sequences 128,
        spread evenly over all.
    lengths : (B,) whole numbers, optional
        Where each row ends.
    batch_first : bool, optional
        How data lie; by default as the first recurrent layer has it.
    futr_df, static_df : table, dict or path, optional
        Of a Forecaster with covariates, as its `predict` takes them.

    Returns
    -------
    Trace
        Named arrays for each layer and direction, beside the inputs and the answers.

    Raises
    ------
    OptionError, DataError, ShapeError, NotFittedError
        As `subject` does.

    Examples
    --------
    >>> import torch, gatework
    >>> from gatework.look import trace
    >>> found = trace(gatework.LSTM(3, 8), torch.randn(50, 2, 3))
    >>> found.layers["layer.l0"]["f"].shape
    (50, 2, 8)
    """
    seen = subject(model, data, lengths, batch_first, futr_df=futr_df, static_df=static_df)
    with torch.no_grad(), listening(seen.layers, see) as heard:
        y = seen.run(seen.x)
    alive = seen.alive().cpu()
    ends = None if seen.lengths is None else seen.lengths.cpu().numpy()
    return Trace(
        _array(seen.x, alive),
        _array(y, alive if len(y) == len(alive) else None),
        arrays(heard, alive),
        ends,
        seen.names,
        tokens=None if seen.tokens is None else torch.where(alive, seen.tokens.cpu(), -1).numpy(),
        sequences=seen.sequences,
    )


@torch.no_grad()
def see(layer: Recurrent, input: Any, hx: Any, given: Mapping[str, Any]) -> Seen:
    """See one call of a layer: run it once more, for its moments."""
    reading = arguments(layer, input, hx, given)
    _, ended, moments = layer._stack(reading)
    layout = reading.layout
    ordered = {name: type(q)(*(in_order(layout, part) for part in q)) for name, q in moments.items()}
    return Seen(ordered, living(reading), layout.states_outward(ended))


def arrays(heard: Mapping[str, list[Heard]], alive: Tensor | None = None) -> dict[str, dict[str, np.ndarray]]:
    """Name the moments that were heard, each quantity (T, B, units), NaN where a row has ended.

    `alive` (T, B) says which steps count of a layer that was not told.
    """
    found = {}
    for path, readings in heard.items():
        for k, reading in enumerate(readings, start=1):
            counted = reading.alive()
            for suffix, first in reading.calls[0].moments.items():
                parts = [torch.cat(q) for q in zip(*(call.moments[suffix] for call in reading.calls), strict=True)]
                if counted is None and alive is not None and parts[-1].shape[:2] == alive.shape:
                    counted = alive
                name = f"{path}.{suffix}" + (f" ({k})" if k > 1 else "")
                found[name] = {letter: _array(q, counted) for letter, q in zip(first._fields, parts, strict=True)}
    return found


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + "s" * (number != 1)


def _array(q: Tensor, alive: Tensor | None = None) -> np.ndarray:
    """A tensor (T, B, .) as an array of its own, NaN where a row has ended."""
    q = q.detach().cpu()
    q = q.float() if q.dtype in (torch.bfloat16, torch.float16) else q
    q = q.clone() if alive is None else torch.where(alive[..., None], q, torch.nan)
    return q.numpy()
