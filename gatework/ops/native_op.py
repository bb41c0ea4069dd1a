"""The native kernel as a custom op, so that torch.compile, torch.export and other tracers see one node and not a gap.

Eager code calls the kernel itself (native.py), which is quicker to enter. One op is one direction of one layer.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor

from gatework.equations import Norm
from gatework.ops import flops, kernel, native, stretch
from gatework.ops.call import Direction, OneWay, check_lengths

_NORMS = ("norm_ih", "norm_hh", "norm_c")
_WITH_GRADIENT = 17  # of forward's tensors, the first; the masks, lengths and resets have none


@torch.library.custom_op("gatework::recurrent", mutates_args=())
def forward(
    x: Tensor,
    h: Tensor,
    c: Tensor | None,
    W: Tensor,
    R: Tensor,
    b_ih: Tensor | None,
    b_hh: Tensor | None,
    P: Tensor | None,
    p: Tensor | None,
    norm_ih_weight: Tensor | None,
    norm_ih_bias: Tensor | None,
    norm_hh_weight: Tensor | None,
    norm_hh_bias: Tensor | None,
    norm_c_weight: Tensor | None,
    norm_c_bias: Tensor | None,
    fresh_h: Tensor | None,
    fresh_c: Tensor | None,
    m: Tensor | None,
    zh: Tensor | None,
    zc: Tensor | None,
    lengths: Tensor | None,
    reset: Tensor | None,
    cell: str,
    coupled: bool,
    clip: float | None,
    reverse: bool,
) -> list[Tensor]:
    """One direction of a layer: y, h_n, c_n and then kernel.Kept, an empty tensor where there is none."""
    if lengths is not None:
        check_lengths(lengths, x.shape[0])  # nobody could look while the graph was made, and memory is at stake
    given = (x, h, c, W, R, b_ih, b_hh, P, p, norm_ih_weight, norm_ih_bias, norm_hh_weight, norm_hh_bias,
             norm_c_weight, norm_c_bias, fresh_h, fresh_c, m, zh, zc, lengths, reset)  # fmt: skip
    ends, kept = stretch.forward(_one_way(*given, cell, coupled, clip, reverse), keep=True, dense=True)
    assert kept is not None
    return [x.new_empty(0) if t is None else t for t in (*ends, *kept)]


@forward.register_fake
def _(x, h, c, W, R, b_ih, b_hh, P, p, nih, nihb, norm_hh_weight, nhhb, norm_c_weight, ncb, fh, fc, m, zh, zc, lengths,
      reset, cell, coupled, clip, reverse):  # fmt: skip
    (T, B), (G, S), H = x.shape[:2], R.shape, (h if c is None else c).shape[-1]
    lstm, new = cell == "lstm", x.new_empty
    return [
        new(T, B, S),
        new(B, S),
        new(B, H) if lstm else new(0),
        new(T, B, G),
        new(T, B, H) if lstm else new(0),
        new(T, B, H) if cell == "gru" else new(0),
        new(0) if norm_hh_weight is None else new(T, B, G),
        new(0) if norm_hh_weight is None else new(T, B),
        new(0) if norm_c_weight is None else new(T, B, 2),
        new(0) if nih is None else new(T * B, G),
        new(0) if nih is None else new(T * B, 1),
        new(0) if nih is None else new(T * B, 1),
        new(0),
        new(0),
    ]


@torch.library.custom_op("gatework::recurrent_backward", mutates_args=())
def backward(
    given: list[Tensor],
    there: list[bool],
    wanted: list[bool],
    answered: list[Tensor],
    dy: Tensor | None,
    dh: Tensor | None,
    dc: Tensor | None,
    dgates: Tensor | None,
    dcells: Tensor | None,
    cell: str,
    coupled: bool,
    clip: float | None,
    reverse: bool,
) -> list[Tensor]:
    """Gradients of native.tensors; of forward's tensors, `there` says which are given, `wanted` whose is asked for.

    Of what is not wanted no product is made, and its place is an empty tensor.
    """
    take = iter(given)
    one = _one_way(*(next(take) if here else None for here in there), cell, coupled, clip, reverse)
    y, _, _, *rest = answered
    kept = kernel.Kept(*cast(Any, (t if t.numel() or t.dim() > 1 else None for t in rest)))
    needs = _needs(there, wanted)
    found = stretch.backward(one, y, kept, dy, dh, dc, dgates, dcells, wants=native.wanted(one, needs))
    # An op may not return one tensor as two, nor a view of one: the two biases of most cells share a gradient.
    out: list[Tensor] = []
    for t, need in zip(native.gradients(one, found), needs, strict=True):
        if not need:
            out.append(y.new_empty(0))
            continue
        assert t is not None
        out.append(t.clone() if any(t is other for other in out) else t)
    return out


@backward.register_fake
def _(given, there, wanted, answered, dy, dh, dc, dgates, dcells, cell, coupled, clip, reverse):
    take = iter(given)
    one = _one_way(*(next(take) if here else None for here in there), cell, coupled, clip, reverse)
    needs = _needs(there, wanted)
    return [t.new_empty(t.shape if need else 0) for t, need in zip(native.tensors(one), needs, strict=True)]


def run(one: OneWay, trace: bool) -> tuple[Tensor | None, ...]:
    """Run one direction by the op: y, h, c, and with `trace` what was kept of gates and cells."""
    w = one.w
    norms = [part for norm in _NORMS for part in (getattr(w, norm) or (None, None))]
    fresh = one.reset_state or (None, None)
    y, h, c, gates, cells, *_ = forward(
        one.x, one.h, one.c, w.W, w.R, w.b_ih, w.b_hh, w.P, w.p, *norms, *fresh, w.m, w.zh, w.zc, one.lengths,
        one.reset, one.cell, one.coupled, one.clip, one.reverse,
    )  # fmt: skip
    lstm = one.cell == "lstm"
    return y, h, c if lstm else None, gates if trace else None, cells if trace and lstm else None


def _one_way(*args: Any) -> OneWay:
    x, h, c, W, R, b_ih, b_hh, P, p, *norms, fresh_h, fresh_c, m, zh, zc, lengths, reset = args[:22]
    cell, coupled, clip, reverse = args[22:]
    pairs = zip(norms[::2], norms[1::2], strict=True)
    norm_ih, norm_hh, norm_c = (None if weight is None else Norm(weight, bias) for weight, bias in pairs)
    w = Direction(W, R, b_ih, b_hh, P, p, norm_ih, norm_hh, norm_c, m, zh, zc)
    fresh = None if fresh_h is None else (fresh_h, fresh_c)
    return OneWay(cell, x, h, c, w, lengths, reset, fresh, coupled, clip, reverse)


def _needs(there: list[bool], wanted: list[bool]) -> list[bool]:
    """Say of each of native.tensors whether its gradient is asked for."""
    return [need for here, need in zip(there[:_WITH_GRADIENT], wanted[:_WITH_GRADIENT], strict=True) if here]


def _save(ctx: Any, inputs: tuple[Any, ...], output: list[Tensor]) -> None:
    *tensors, cell, coupled, clip, reverse = inputs
    ctx.set_materialize_grads(False)
    ctx.there = [t is not None for t in tensors]
    ctx.options = (cell, coupled, clip, reverse)
    ctx.save_for_backward(*(t for t in tensors if t is not None), *output)


def _rule(ctx: Any, grads: list[Tensor | None]) -> tuple[Any, ...]:
    count = sum(ctx.there)
    given, answered = list(ctx.saved_tensors[:count]), list(ctx.saved_tensors[count:])
    take = iter(given)
    one = _one_way(*(next(take) if here else None for here in ctx.there), *ctx.options)
    dy, dh, dc, dgates, dcells, *_ = grads
    wanted = list(ctx.needs_input_grad[: len(ctx.there)])
    if torch.is_grad_enabled() and not torch.compiler.is_compiling():
        found = native.twice(one, native.tensors(one), (dy, dh, dc, dgates, dcells))
    else:
        found = backward(given, ctx.there, wanted, answered, dy, dh, dc, dgates, dcells, *ctx.options)
    take_gradient = (t if need else None for t, need in zip(found, _needs(ctx.there, wanted), strict=True))
    has_gradient = [here and k < _WITH_GRADIENT for k, here in enumerate(ctx.there)]
    return *(next(take_gradient) if here else None for here in has_gradient), None, None, None, None


forward.register_autograd(_rule, setup_context=_save)
flops.register()
