"""What the doctor measures on a subject: what its first layer reads, its moments, and what changed inputs do."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from gatework.look.subject import Subject, subject
from gatework.look.trace import arrays, see
from gatework.look.watch import listening

# Rows that a model is run on; its data are examined whole.
ROWS = 64


def some_rows(model: Any, seen: Subject, batch_first: bool | None) -> Subject:
    """The same subject with at most ROWS rows, spread evenly over all."""
    rows = seen.x.shape[1]
    if rows <= ROWS or not isinstance(model, nn.Module):
        return seen
    some = torch.linspace(0, rows - 1, ROWS).long()
    ends = None if seen.lengths is None else seen.lengths.cpu()[some]
    return subject(model, laid(seen, seen.given[:, some], batch_first), ends, batch_first)


def laid(seen: Subject, x: Tensor, batch_first: bool | None) -> Tensor:
    """Lay x (T, B, D), or the tokens that all of it was made of, as a module's data lie."""
    first = next(iter(seen.layers.values())).batch_first if batch_first is None else batch_first
    x = seen.given if x is seen.x else x
    return x.transpose(0, 1) if first else x


@torch.no_grad()
def read_first(seen: Subject) -> np.ndarray:
    """What the first recurrent layer that is called reads, (N, D): the inputs, or what the model makes of them."""
    heard: list[Tensor] = []

    def note(layer: nn.Module, args: tuple, given: dict[str, Any]) -> None:
        if not heard:
            x = args[0] if args else given["input"]
            heard.append(x.data if isinstance(x, PackedSequence) else _counted(x, layer, seen))

    handles = [layer.register_forward_pre_hook(note, with_kwargs=True) for layer in seen.layers.values()]
    try:
        seen.run(seen.x)
    finally:
        for handle in handles:
            handle.remove()
    x = heard[0] if heard else seen.x[seen.alive()]
    return x.detach().cpu().double().numpy()


def _counted(x: Tensor, layer: Any, seen: Subject) -> Tensor:
    if x.dim() == 3 and layer.batch_first:
        x = x.transpose(0, 1)
    return x[seen.alive()] if x.shape[:2] == seen.x.shape[:2] else x.flatten(0, -2)


@torch.no_grad()
def moments(seen: Subject) -> dict[str, dict[str, np.ndarray]]:
    """Every gate and memory, as a Trace has them."""
    with listening(seen.layers, see) as heard:
        seen.run(seen.x)
    return arrays(heard, seen.alive().cpu())


@torch.no_grad()
def moved(seen: Subject, filled: np.ndarray) -> float:
    """By what share of their spread the answers move when the steps (T, B) in `filled` hold something else.

    Of answers for each step those count that are not filled themselves.
    """
    where = torch.from_numpy(filled).to(seen.x.device)
    # An input as large as any, that no row ends in.
    other = seen.x[~where].mean(0) + seen.x[~where].std(0)
    change = seen.run(torch.where(where[..., None], other, seen.x)) - (before := seen.run(seen.x))
    if seen.stepwise:
        change, before = change[~where], before[~where]
    else:
        change, before = change[0][where.any(0)], before[0]
    spread = before.double().std(0).norm()
    return float(change.double().norm(dim=-1).mean() / spread) if spread > 0 else 0.0
