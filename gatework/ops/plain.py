"""The backend "equations": equations.py as it stands. Always there, every option, every mode of differentiation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from gatework import equations
from gatework.ops.call import Answer, Call, Direction, OneWay
from gatework.ops.rows import packed

name = "equations"


def why_not(call: Call) -> list[str]:
    """Nothing speaks against the equations but speed."""
    return []


def run(call: Call) -> Answer:
    """Run each direction through `equations.scan`."""
    if call.batch_sizes is not None:
        return packed(call, call.batch_sizes, run)
    moments, hs, cs = zip(*map(one_way, call.ways()), strict=True)
    y = moments[0].h if len(moments) == 1 else torch.cat([one.h for one in moments], dim=-1)
    state = tuple(torch.stack(part) for part in (hs, cs) if part[0] is not None)
    return Answer(y, state, moments if call.trace else None)


def one_way(
    one: OneWay, watched: Callable[[Callable[..., Any]], Callable[..., Any]] | None = None
) -> tuple[Any, Tensor, Tensor | None]:
    """Run one direction. Returns its moments, each quantity (T, B, .), and the last h and c.

    Who wants to see each moment as it comes gives `watched(step)`, a step to run in the place of the direction's own.
    """
    x, step = one.x, _step(one)
    if one.lengths is not None:
        # Padding is cut off from the gradient here: 0 * NaN is NaN, and a row's padding may hold anything.
        alive = torch.arange(x.shape[0], device=x.device)[:, None] < one.lengths
        x = torch.where(alive[..., None], x, torch.zeros_like(x))
    return equations.scan(
        _share(one, x),
        one.h,
        one.c,
        one.w.R,
        step=step if watched is None else watched(step),
        lengths=one.lengths,
        reset=one.reset,
        reset_state=one.reset_state,
        reverse=one.reverse,
        **_masks(one.w),
    )


def _share(one: OneWay, x: Tensor) -> Tensor:
    w, b = one.w, one.w.b_ih
    if b is not None and w.b_hh is not None:
        H = w.R.shape[0] // 3
        # torch keeps the recurrent bias of a GRU's candidate inside the reset gate: it cannot join the input's share.
        b = b + (torch.cat([w.b_hh[: 2 * H], torch.zeros_like(w.b_hh[2 * H :])]) if one.cell == "gru" else w.b_hh)
    return equations.share(x, w.W, b, norm=w.norm_ih)


def _step(one: OneWay):
    w = one.w
    if one.cell == "lstm":
        return partial(
            equations.step, p=w.p, P=w.P, norm=w.norm_hh, norm_c=w.norm_c, coupled=one.coupled, clip=one.clip, m=w.m
        )
    if one.cell == "gru":
        b_n = None if w.b_hh is None else w.b_hh[2 * (w.R.shape[0] // 3) :]
        if b_n is not None and torch.is_autocast_enabled(one.x.device.type) and b_n.dtype == torch.float32:
            # In torch's GRU this bias is part of a matrix product, which autocast lowers as a whole.
            b_n = b_n.to(torch.get_autocast_dtype(one.x.device.type))
        return partial(equations.gru_step, b=b_n, norm=w.norm_hh, m=w.m)
    return partial(equations.rnn_step, relu=one.cell == "rnn_relu", norm=w.norm_hh, m=w.m)


def _masks(w: Direction) -> dict[str, Tensor]:
    return {name: z for name, z in (("zh", w.zh), ("zc", w.zc)) if z is not None}
