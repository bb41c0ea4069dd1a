"""The native kernel on tensors: one direction of a layer, forward beside backward; csrc/contract.h is what it takes."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from gatework.ops.built import native
from gatework.ops.call import OneWay

_CELLS = {"lstm": 0, "gru": 1, "rnn_tanh": 2, "rnn_relu": 3}


class Kept(NamedTuple):
    """What forward leaves for backward. gates and cells are also what a trace shows.

    Where there are `slots`, only steps that live have a place: (T, B, .) is (N, .).
    """

    gates: Tensor  # (T, B, G)
    cells: Tensor | None  # (T, B, H)
    inner: Tensor | None = None  # (T, B, H) of a GRU
    normed: Tensor | None = None  # (T, B, G) R h brought to mean 0 and variance 1
    scale: Tensor | None = None  # (T, B)
    stats_c: Tensor | None = None  # (T, B, 2)
    raw: Tensor | None = None  # (T * B, G) or (N, G): W x before its layer norm, and that norm's
    mean: Tensor | None = None  # (T * B, 1) or (N, 1)
    rstd: Tensor | None = None  # (T * B, 1) or (N, 1)
    alive: Tensor | None = None  # (N,) int64: where in T * B each lies that lives
    slots: Tensor | None = None  # (T, B) int64: the other way round


class Ends(NamedTuple):
    """What forward answers: h at every step and the memory after the last."""

    y: Tensor
    h: Tensor
    c: Tensor | None


def forward(one: OneWay, keep: bool, dense: bool = False, y: Tensor | None = None) -> tuple[Ends, Kept | None]:
    """Run one direction; with `keep`, also give what `backward` needs.

    With `dense`, what is kept has a place for padding too: a trace shows every (t, b), a gradient by gates and cells
    lies as they do, and the op must name its shapes before anyone sees the lengths. `y` is where h goes, when that is
    given.
    """
    x, w = one.x, one.w
    T, B = x.shape[:2]
    S, H, G = w.R.shape[1], _hidden(one), w.R.shape[0]
    index, slots = (None, None) if one.lengths is None or dense else _living(T, one.lengths)
    rows = (T, B) if index is None else (len(index),)
    flat, b = _flat(one, index), bias(one)
    raw = mean = rstd = None
    if w.norm_ih is None:
        u = flat @ w.W.t() if b is None else torch.addmm(b, flat, w.W.t())
    else:
        raw = flat @ w.W.t()
        shift = w.norm_ih.bias if b is None else w.norm_ih.bias + b
        u, mean, rstd = torch.native_layer_norm(raw, [G], w.norm_ih.weight, shift, 1e-5)
    lstm = one.cell == "lstm"
    ends = Ends(x.new_empty(T, B, S) if y is None else y, x.new_empty(B, S), x.new_empty(B, H) if lstm else None)
    scan, held = scan_of(one)
    _set(scan, u=u, slots=slots)
    kept = None
    if keep:
        norm = w.norm_hh is not None
        kept = Kept(
            gates=u.view(*rows, G),  # the gates take the place of what they were made of
            cells=x.new_empty(*rows, H) if lstm else None,
            inner=x.new_empty(*rows, H) if one.cell == "gru" else None,
            normed=x.new_empty(*rows, G) if norm else None,
            scale=x.new_empty(*rows) if norm else None,
            stats_c=x.new_empty(*rows, 2) if w.norm_c is not None else None,
            raw=raw,
            mean=mean,
            rstd=rstd,
            alive=index,
            slots=slots,
        )
        _set(scan, **kept._asdict())
    _set(scan, y=ends.y, h_n=ends.h, c_n=ends.c)
    native.forward(scan)
    del held
    return ends, kept


class Gradients(NamedTuple):
    """The gradient of the loss by each of a OneWay's tensors; None where there is none.

    Of x, h, c, W, R, P and norm_ih also None where nobody wants it, and of the biases where nobody wants either. The
    others are small, fall out of the scan, and are there wanted or not: p, norm_hh, norm_c and reset_state, and within
    a GRU's b_hh the candidate's part is summed either way.
    """

    x: Tensor | None
    h: Tensor | None
    c: Tensor | None
    W: Tensor | None
    R: Tensor | None
    b_ih: Tensor | None
    b_hh: Tensor | None
    P: Tensor | None
    p: Tensor | None
    norm_ih: tuple[Tensor, Tensor] | None
    norm_hh: tuple[Tensor, Tensor] | None
    norm_c: tuple[Tensor, Tensor] | None
    reset_state: tuple[Tensor, Tensor | None] | None


ALL = frozenset(Gradients._fields)


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
    wants: frozenset[str] = ALL,
) -> Gradients:
    """Go back from the gradient by what forward answered; None is a gradient of zero.

    `wants` names those of Gradients that somebody asks for: the others' matrix products and sums over time are not
    made. What the scan adds up as it goes is made all the same; Gradients says which.
    """
    x, w = one.x, one.w
    T, B = x.shape[:2]
    S, H, G = w.R.shape[1], _hidden(one), w.R.shape[0]
    rows = (T, B) if kept.alive is None else (len(kept.alive),)
    new = x.new_empty
    scan, held = scan_of(one)
    given = [None if t is None else t.contiguous() for t in (dy, dh, dc, dgates, dcells)]
    _set(scan, y=y, **kept._asdict())
    _set(scan, **dict(zip(("dy", "dh_n", "dc_n", "dgates", "dcells"), given, strict=True)))
    du = new(*rows, G)
    da = new(*rows, G) if w.norm_hh is not None or one.cell == "gru" else du
    # Where memory may begin anew, end early or be masked, R did not see y of the step before.
    apart = w.m is not None or one.lengths is not None or one.reset is not None
    seen = new(*rows, S) if apart and "R" in wants else None
    fresh_h, fresh_c = one.reset_state or (None, None)
    out: dict[str, Any] = {
        "dh0": new(B, S) if "h" in wants else None,
        "dc0": new(B, H) if "c" in wants and one.c is not None else None,
        "dfresh_h": None if fresh_h is None else new(B, S),
        "dfresh_c": None if fresh_c is None else new(B, H),
        "db": new(H) if one.cell == "gru" and w.b_hh is not None else None,
        "dp": None if w.p is None else new(*w.p.shape),
        "dnorm_weight": None if w.norm_hh is None else new(G),
        "dnorm_bias": None if w.norm_hh is None else new(G),
        "dnorm_c_weight": None if w.norm_c is None else new(H),
        "dnorm_c_bias": None if w.norm_c is None else new(H),
        "projected": None if w.P is None else new(*rows, H),
        "dprojected": None if w.P is None else new(*rows, S),
    }
    _set(scan, du=du, da=da, seen=seen, **out)
    native.backward(scan)
    del held
    du = du.view(-1, G)
    db = du.sum(0) if w.b_ih is not None and wants & {"b_ih", "b_hh"} else None
    db_hh = db
    if out["db"] is not None and db is not None:
        db_hh = torch.cat([db[: 2 * H], out["db"]])
    norm_ih = None
    draw = du
    if w.norm_ih is not None:
        asked = [bool(wants & {"x", "W"}), "norm_ih" in wants, "norm_ih" in wants]
        draw, *norm_ih = torch.ops.aten.native_layer_norm_backward(
            du, kept.raw, [G], kept.mean, kept.rstd, w.norm_ih.weight, w.norm_ih.bias, asked
        )
    projected, dprojected = out["projected"], out["dprojected"]
    return Gradients(
        x=_spread(draw @ w.W, x, kept.alive) if "x" in wants else None,
        h=out["dh0"],
        c=out["dc0"],
        W=_outer(draw, _flat(one, kept.alive)) if "W" in wants else None,
        R=_by_R(one, da, y, seen) if "R" in wants else None,
        b_ih=db,
        b_hh=db_hh,
        P=dprojected.view(-1, S).t() @ projected.view(-1, H) if w.P is not None and "P" in wants else None,
        p=out["dp"],
        norm_ih=(norm_ih[0], norm_ih[1]) if norm_ih is not None and "norm_ih" in wants else None,
        norm_hh=None if w.norm_hh is None else (out["dnorm_weight"], out["dnorm_bias"]),
        norm_c=None if w.norm_c is None else (out["dnorm_c_weight"], out["dnorm_c_bias"]),
        reset_state=None if fresh_h is None else (out["dfresh_h"], out["dfresh_c"]),
    )


def _by_R(one: OneWay, da: Tensor, y: Tensor, seen: Tensor | None) -> Tensor:
    """The recurrent weights' gradient: that of R h, times the h that R saw, over all steps and rows."""
    (G, S), (T, B) = one.w.R.shape, y.shape[:2]
    if seen is not None:
        return _outer(da.view(-1, G), seen.view(-1, S))
    if T == 0:
        return da.new_zeros(G, S)
    first, later, before = (-1, da[:-1], y[1:]) if one.reverse else (0, da[1:], y[:-1])
    at_first = da[first].t() @ one.h
    if T == 1:
        return at_first
    return torch.addmm(at_first, later.reshape((T - 1) * B, G).t(), before.reshape((T - 1) * B, S))


def _outer(rows: Tensor, others: Tensor) -> Tensor:
    """Sum over the rows of each one's outer product: rows (N, G), others (N, D) -> (G, D)."""
    if others.shape[1] < 32:
        # torch's product is several times slower in the order that comes to mind where D is small.
        return (others.t() @ rows).t().contiguous()
    return rows.t() @ others


def _living(steps: int, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Where the steps that live lie among all of them, (N,) of T * B; and where all lie among those, (T, B)."""
    alive = torch.arange(steps, device=lengths.device)[:, None] < lengths
    return alive.view(-1).nonzero()[:, 0], (alive.view(-1).cumsum(0) - 1).view(alive.shape)


def _flat(one: OneWay, index: Tensor | None) -> Tensor:
    """Lay x out as (T * B, D), or (N, D) by `index`. Its padding is left out: it may hold NaN, and 0 * NaN is NaN."""
    x, (T, B, D) = one.x, one.x.shape
    if index is not None:
        return x.reshape(T * B, D).index_select(0, index)
    if one.lengths is not None:
        alive = torch.arange(T, device=x.device)[:, None] < one.lengths
        x = torch.where(alive[..., None], x, x.new_zeros(()))
    return x.reshape(T * B, D)


def _spread(rows: Tensor, x: Tensor, index: Tensor | None) -> Tensor:
    """Lay rows out like x, zeros where nothing lives."""
    if index is None:
        return rows.view(x.shape)
    return x.new_zeros(x.shape[0] * x.shape[1], x.shape[2]).index_copy_(0, index, rows).view(x.shape)


def _hidden(one: OneWay) -> int:
    if one.c is not None:
        return one.c.shape[-1]
    return one.h.shape[-1]


def bias(one: OneWay) -> Tensor | None:
    """The biases that join the input's share, in one."""
    w = one.w
    if w.b_ih is None or w.b_hh is None:
        return w.b_ih
    if one.cell != "gru":
        return w.b_ih + w.b_hh
    b, H = w.b_ih.clone(), _hidden(one)
    b[: 2 * H] += w.b_hh[: 2 * H]  # the candidate's recurrent bias lies inside the reset gate
    return b


def scan_of(one: OneWay) -> tuple[Any, Any]:
    """The kernel's view of what forward and backward share, and the tensors that must live as long as it is used."""
    w, (T, B) = one.w, one.x.shape[:2]
    H = _hidden(one)
    scan = native.Scan32() if one.x.dtype == torch.float32 else native.Scan64()
    scan.T, scan.B, scan.H, scan.S, scan.K = T, B, H, w.R.shape[1], w.R.shape[0] // H
    scan.cell, scan.coupled, scan.reverse = _CELLS[one.cell], one.coupled, one.reverse
    scan.threads = torch.get_num_threads()
    scan.clip = one.clip or 0.0
    scan.zh_is_one = w.zh is not None and w.zh.dim() == 0
    scan.zc_is_one = w.zc is not None and w.zc.dim() == 0
    b = w.b_hh[2 * H :] if one.cell == "gru" and w.b_hh is not None else None
    fresh_h, fresh_c = one.reset_state or (None, None)
    tensors = {
        "h0": one.h, "c0": one.c, "R": w.R, "b": b, "p": w.p, "P": w.P, "m": w.m, "zh": w.zh, "zc": w.zc,
        "lengths": one.lengths, "reset": one.reset, "fresh_h": fresh_h, "fresh_c": fresh_c,
    }  # fmt: skip
    for name, norm in (("norm", w.norm_hh), ("norm_c", w.norm_c)):
        if norm is not None:
            tensors |= {f"{name}_weight": norm.weight, f"{name}_bias": norm.bias}
    held = {name: t.contiguous() for name, t in tensors.items() if t is not None}
    _set(scan, **held)
    return scan, held


def _set(scan: Any, **tensors: Tensor | None) -> None:
    for name, t in tensors.items():
        if t is not None and name not in ("raw", "mean", "rstd", "alive"):
            setattr(scan, name, t.data_ptr())
