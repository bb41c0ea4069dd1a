"""The native kernel over long sequences: stretch after stretch, each in the memory of the one before."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from gatework.ops import kernel
from gatework.ops.call import OneWay, leaves
from gatework.ops.kernel import Ends, Gradients, Kept

# Fresh memory costs more than what is done with it here, a page at a time; what was just given back costs nothing.
_STRETCH = 8 << 20  # bytes


def forward(one: OneWay, keep: bool, dense: bool = False) -> tuple[Ends, Kept | None]:
    """Run one direction; with `keep`, also give what `backward` needs.

    With `dense`, for a trace and for the op, that has a place for padding too: see kernel.forward.
    """
    stretches = [] if keep else _stretches(one)
    if len(stretches) < 2:
        return kernel.forward(one, keep, dense)
    y = one.x.new_empty(*one.x.shape[:2], one.w.R.shape[1])
    for a, b in stretches:
        ends, _ = kernel.forward(_part(one, a, b), False, dense, y[a:b])
        one = one._replace(h=ends.h, c=ends.c)
    return Ends(y, one.h, one.c), None


def backward(
    one: OneWay,
    y: Tensor,
    kept: Kept,
    dy: Tensor | None,
    dh: Tensor | None,
    dc: Tensor | None,
    dgates: Tensor | None = None,
    dcells: Tensor | None = None,
    *,
    wants: frozenset[str] = kernel.ALL,
) -> Gradients:
    """Go back from the gradient by what forward answered, as kernel.backward does."""
    stretches = _stretches(one)
    if len(stretches) < 2:
        return kernel.backward(one, y, kept, dy, dh, dc, dgates, dcells, wants=wants)
    dx = torch.empty_like(one.x, memory_format=torch.contiguous_format) if "x" in wants else None
    total: Gradients | None = None
    for a, b in reversed(stretches):
        part = _part(one, a, b)
        before = b if one.reverse else a - 1
        if 0 <= before < len(y):
            part = _after(part, one, before, y, kept)
        each = [t if t is None else t[a:b] for t in (dy, dgates, dcells)]
        found = kernel.backward(
            part, y[a:b], _kept(kept, a, b), each[0], dh, dc, each[1], each[2], wants=wants | {"h", "c"}
        )
        if dx is not None and found.x is not None:
            dx[a:b] = found.x
        dh, dc = found.h, found.c
        total = found if total is None else _sum(total, found)
    assert total is not None
    return total._replace(x=dx, h=dh, c=dc)


def _kept(kept: Kept, a: int, b: int) -> Kept:
    """What was kept of the steps from a to b."""
    if kept.alive is None or kept.slots is None:
        B = kept.gates.shape[1]
        flat = ("raw", "mean", "rstd")  # of T * B rows
        return Kept._make(t if t is None else t[a * B : b * B] if name in flat else t[a:b] for name, t in _named(kept))
    # The last slot of each step is the number of those that live until its end, less one.
    start, end = (int(kept.slots[k - 1, -1]) + 1 if k else 0 for k in (a, b))
    part = Kept._make(t if t is None or name == "slots" else t[start:end] for name, t in _named(kept))
    return part._replace(alive=kept.alive[start:end] - a * kept.slots.shape[1], slots=kept.slots[a:b] - start)


def _named(kept: Kept) -> Iterator[tuple[str, Any]]:
    return zip(Kept._fields, kept, strict=True)


def _after(part: OneWay, one: OneWay, before: int, y: Tensor, kept: Kept) -> OneWay:
    """Begin a part with the memory after step `before`; rows that are not yet, or no longer, there begin as `one`."""
    h, c = y[before], kept.cells
    if one.lengths is None:
        return part._replace(h=h, c=None if c is None else c[before])
    there = (one.lengths > before)[:, None]
    if c is not None:
        assert one.c is not None
        c = c[before] if kept.slots is None else c[kept.slots[before].clamp(min=0)]
        c = torch.where(there, c, one.c)
    return part._replace(h=torch.where(there, h, one.h), c=c)


def _sum(total: Gradients, more: Gradients) -> Gradients:
    """Add to the weights' gradients, in place."""
    done = set()  # the two biases may share one
    for held, new in zip(leaves(total[3:]), leaves(more[3:]), strict=True):
        if id(held) not in done:
            held += new
            done.add(id(held))
    return total


def _stretches(one: OneWay) -> list[tuple[int, int]]:
    """Cut the steps so that the gates of each stretch fit in memory that the next can use again, in the order of time.

    Not so short that packing R for each would count, and not at all where memory may begin anew.
    """
    T, B = one.x.shape[:2]
    R = one.w.R
    if one.reset is not None:
        return [(0, T)]
    step = max(B * R.shape[0] * R.element_size(), 1)
    most = max(_STRETCH, 2 * R.numel() * R.element_size())
    count = max(1, min(T, -(-T * step // most)))
    cuts = [T * k // count for k in range(count + 1)]
    stretches = list(pairwise(cuts))
    return stretches[::-1] if one.reverse else stretches


def _part(one: OneWay, a: int, b: int) -> OneWay:
    """The steps from a to b; from which memory, the caller says."""
    masks = {name: z[a:b] for name in ("zh", "zc") if (z := getattr(one.w, name)) is not None and z.dim()}
    lengths = None if one.lengths is None else (one.lengths - a).clamp(0, b - a)
    return one._replace(x=one.x[a:b], w=one.w._replace(**masks), lengths=lengths)
