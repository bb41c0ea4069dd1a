"""The backend "equations": equations.py as it stands. Always there, every option, every mode of differentiation."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from gatework import equations
from gatework.ops.call import Answer, Call, Direction

name = "equations"


def why_not(call: Call) -> list[str]:
    """Nothing speaks against the equations but speed."""
    return []


def run(call: Call) -> Answer:
    """Run each direction through `equations.scan`."""
    if call.batch_sizes is not None:
        return _packed(call, call.batch_sizes)
    x = call.x
    if call.lengths is not None:
        # Padding is cut off from the gradient here: 0 * NaN is NaN, and a row's padding may hold anything.
        alive = torch.arange(x.shape[0], device=x.device)[:, None] < call.lengths
        x = torch.where(alive[..., None], x, torch.zeros_like(x))
    moments, states = [], []
    for k, weights in enumerate(call.directions):
        fresh = call.reset_state
        one, h, c = equations.scan(
            _share(call, x, weights),
            call.state[0][k],
            call.state[1][k] if call.cell == "lstm" else None,
            weights.R,
            step=_step(call, weights),
            lengths=call.lengths,
            reset=call.reset,
            reset_state=None if fresh is None else (fresh[0][k], fresh[1][k] if call.cell == "lstm" else None),
            reverse=k == 1,
            **_masks(weights),
        )
        moments.append(one)
        states.append((h,) if c is None else (h, c))
    y = moments[0].h if len(moments) == 1 else torch.cat([one.h for one in moments], dim=-1)
    state = tuple(torch.stack(part) for part in zip(*states, strict=True))
    return Answer(y, state, tuple(moments) if call.trace else None)


def _share(call: Call, x: Tensor, w: Direction) -> Tensor:
    b = w.b_ih
    if b is not None and w.b_hh is not None:
        H = w.R.shape[0] // 3
        # torch keeps the recurrent bias of a GRU's candidate inside the reset gate: it cannot join the input's share.
        b = b + (torch.cat([w.b_hh[: 2 * H], torch.zeros_like(w.b_hh[2 * H :])]) if call.cell == "gru" else w.b_hh)
    return equations.share(x, w.W, b, norm=w.norm_ih)


def _step(call: Call, w: Direction):
    if call.cell == "lstm":
        return partial(
            equations.step, p=w.p, P=w.P, norm=w.norm_hh, norm_c=w.norm_c, coupled=call.coupled, clip=call.clip, m=w.m
        )
    if call.cell == "gru":
        b_n = None if w.b_hh is None else w.b_hh[2 * (w.R.shape[0] // 3) :]
        if b_n is not None and torch.is_autocast_enabled(call.x.device.type) and b_n.dtype == torch.float32:
            # In torch's GRU this bias is part of a matrix product, which autocast lowers as a whole.
            b_n = b_n.to(torch.get_autocast_dtype(call.x.device.type))
        return partial(equations.gru_step, b=b_n, norm=w.norm_hh, m=w.m)
    return partial(equations.rnn_step, relu=call.cell == "rnn_relu", norm=w.norm_hh, m=w.m)


def _masks(w: Direction) -> dict[str, Tensor]:
    return {name: z for name, z in (("zh", w.zh), ("zc", w.zc)) if z is not None}


def _packed(call: Call, batch_sizes: Tensor) -> Answer:
    """Lay the packed rows out, run them with their lengths, and pack the answer again."""
    sizes = batch_sizes.to(call.x.device)
    alive = torch.arange(int(batch_sizes[0]), device=call.x.device) < sizes[:, None]
    x = call.x.new_zeros(*alive.shape, call.x.shape[-1])
    x = x.index_put((alive,), call.x)
    answer = run(call._replace(x=x, batch_sizes=None, lengths=alive.sum(dim=0)))
    return answer._replace(y=answer.y[alive])
