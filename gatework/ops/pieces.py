"""Rows of uneven length, cut at their resets, as one packed batch: how torch's own kernel serves `lengths` and `reset`.

Each stretch between two resets is a sequence of its own that starts from its own memory. Sorted by length and packed,
all of them run in one call, and the results go back to their places: exact, with no Python loop over time.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Pieces(NamedTuple):
    """Where every piece of every row lies; N pieces, the longest first. Row 0 of two is forward, row 1 reverse."""

    row: Tensor  # (N,) the row that each piece is cut from
    carries: Tensor  # (2, N) bool: this piece starts from the row's given state
    closes: Tensor  # (2, N) bool: the row's state ends with this piece
    places: Tensor  # (sum of lengths,) places in the flattened (T * B) input, in packed order
    batch_sizes: Tensor  # (longest,) int64 on the CPU: how many pieces are that long


def cut(T: int, B: int, lengths: Tensor | None, reset: Tensor | None, device: torch.device) -> Pieces:
    """Cut (T, B) at every reset and at every row's end."""
    time = torch.arange(T, device=device)
    ends = torch.full((B,), T, device=device) if lengths is None else lengths
    fresh = torch.zeros(T, B, dtype=torch.bool, device=device) if reset is None else reset
    starts = ((time == 0)[:, None] | fresh) & (time[:, None] < ends)
    row, start = starts.T.nonzero(as_tuple=True)  # by row, then by time
    changes = row[1:] != row[:-1]
    edge = torch.ones(min(1, len(row)), dtype=torch.bool, device=device)
    first, last = torch.cat([edge, changes]), torch.cat([changes, edge])
    end = torch.where(last, ends[row], torch.roll(start, -1))
    length, order = (end - start).sort(descending=True, stable=True)
    row, start, first, last = row[order], start[order], first[order], last[order]
    within = torch.arange(int(length[0]) if len(length) else 0, device=device)[:, None]
    alive = within < length
    return Pieces(
        row,
        torch.stack([first & ~fresh[0, row], last]),
        torch.stack([last, first]),
        ((start + within) * B + row)[alive],
        alive.sum(dim=1).cpu(),
    )


def initial(state: tuple[Tensor, ...], fresh: tuple[Tensor, ...] | None, pieces: Pieces) -> tuple[Tensor, ...]:
    """Where each piece starts: from `state` where it carries the row's memory on, else from `fresh` or zero."""
    carries = pieces.carries[: len(state[0]), :, None]
    new = tuple(torch.zeros_like(part) for part in state) if fresh is None else fresh
    return tuple(
        torch.where(carries, old[:, pieces.row], other[:, pieces.row]) for old, other in zip(state, new, strict=True)
    )


def final(state: tuple[Tensor, ...], ended: tuple[Tensor, ...], pieces: Pieces) -> tuple[Tensor, ...]:
    """The state that each row ends in: its closing piece's, or the given one where the row is empty."""

    def one(old: Tensor, new: Tensor, closes: Tensor) -> Tensor:
        return old.to(new.dtype).index_copy(0, pieces.row[closes], new[closes])

    return tuple(
        torch.stack([one(old[k], new[k], pieces.closes[k]) for k in range(len(old))])
        for old, new in zip(state, ended, strict=True)
    )
