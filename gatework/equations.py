"""The LSTM, the GRU and the RNN, written once, in the textbook's letters.

Everything else in gatework, fast paths, layers, plots, exports and docs, is checked against this file.

x input, u its share W x + b of every gate, h short-term memory, c long-term memory, R recurrent weights;
i, f, o input, forget and output gate, g candidate; r, z, n reset gate, update gate and candidate of a GRU.
Sizes: T time, B batch, D input, H hidden, S = H or the projected size, G = gate rows (4H, 3H or H).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, sigmoid, tanh
from torch.nn import functional as F


class Moment(NamedTuple):
    """All that an LSTM computes in one step: gates i, f, o, candidate g, long-term memory c, short-term memory h."""

    i: Tensor
    f: Tensor
    g: Tensor
    o: Tensor
    c: Tensor
    h: Tensor


class GRUMoment(NamedTuple):
    """All that a GRU computes in one step: reset gate r, update gate z, candidate n, memory h."""

    r: Tensor
    z: Tensor
    n: Tensor
    h: Tensor


class RNNMoment(NamedTuple):
    """All that a plain RNN computes in one step: its memory h."""

    h: Tensor


class Norm(NamedTuple):
    """Gain and shift of one layer normalisation (Ba, Kiros & Hinton, 2016, arXiv:1607.06450)."""

    weight: Tensor
    bias: Tensor

    def __call__(self, a: Tensor) -> Tensor:
        """Normalise the last axis to mean 0 and variance 1, then scale and shift it."""
        return F.layer_norm(a, a.shape[-1:], self.weight, self.bias, eps=1e-5)


def share(x: Tensor, W: Tensor, b: Tensor | None = None, *, norm: Norm | None = None) -> Tensor:
    """The input's share of every gate, u = W x + b, for all times at once: it does not wait for h.

    x (..., D); W (G, D); b (G,). With `norm`, W x is normalised before b is added.
    """
    if norm is None:
        return F.linear(x, W, b)
    u = norm(F.linear(x, W))
    return u if b is None else u + b


def step(
    u: Tensor,
    h: Tensor,
    c: Tensor,
    R: Tensor,
    *,
    p: Tensor | None = None,
    P: Tensor | None = None,
    norm: Norm | None = None,
    norm_c: Norm | None = None,
    coupled: bool = False,
    clip: float | None = None,
    m: Tensor | None = None,
    zh: Tensor | None = None,
    zc: Tensor | None = None,
) -> Moment:
    """One moment of an LSTM (Hochreiter & Schmidhuber, 1997). A weight that is absent is a variant that is off.

    Parameters
    ----------
    u : (B, 4H)
        The input's share W x + b, rows i, f, g, o; (B, 3H), rows i, g, o, when `coupled`.
    h, c : (B, S), (B, H)
        Short-term and long-term memory.
    R : (4H, S) or (3H, S)
        Recurrent weights.
    p : (3, H) or (2, H)
        Peepholes from c to i, f, o, or to i, o when `coupled` (Gers & Schmidhuber, 2000).
    P : (S, H)
        Projection of h (Sak, Senior & Beaufays, 2014, arXiv:1402.1128).
    norm, norm_c : Norm
        Layer normalisation of R h over all gate rows, and of c before the output's tanh (Ba et al., 2016).
    coupled : bool
        f = 1 - i: CIFG (Greff et al., 2017, arXiv:1503.04069).
    clip : float
        c is held within +-clip after its update (Sak et al., 2014).
    m : (B, S)
        Multiplies the h that R sees: recurrent dropout (Gal & Ghahramani, 2016, arXiv:1512.05287).
    zh, zc : (B, S), (B, H) or a scalar
        Share of the old h and c that stays: zoneout (Krueger et al., 2017, arXiv:1606.01305).
    """
    a = F.linear(h if m is None else h * m, R)
    a = u + (a if norm is None else norm(a))
    if coupled:
        i, g, o = a.chunk(3, dim=-1)
        i = sigmoid(i if p is None else i + p[0] * c)
        f = 1 - i
    else:
        i, f, g, o = a.chunk(4, dim=-1)
        i = sigmoid(i if p is None else i + p[0] * c)
        f = sigmoid(f if p is None else f + p[1] * c)
    g = tanh(g)
    new_c = f * c + i * g  # the constant error carousel
    if clip is not None:
        new_c = new_c.clamp(-clip, clip)
    o = sigmoid(o if p is None else o + p[-1] * new_c)
    new_h = o * tanh(new_c if norm_c is None else norm_c(new_c))
    if P is not None:
        new_h = F.linear(new_h, P)
    if zc is not None:
        new_c = zc * c + (1 - zc) * new_c
    if zh is not None:
        new_h = zh * h + (1 - zh) * new_h
    return Moment(i, f, g, o, new_c, new_h)


def gru_step(
    u: Tensor,
    h: Tensor,
    c: None,
    R: Tensor,
    *,
    b: Tensor | None = None,
    norm: Norm | None = None,
    m: Tensor | None = None,
    zh: Tensor | None = None,
) -> GRUMoment:
    """One moment of a GRU (Cho et al., 2014, arXiv:1406.1078) as torch and cuDNN write it: r gates R h + b.

    u (B, 3H), rows r, z, n; h (B, H); c is None: a GRU has one memory; R (3H, H); b (H,) torch's b_hn, the recurrent
    bias of the candidate, which lies inside the reset gate. norm, m and zh as in `step`.
    """
    a = F.linear(h if m is None else h * m, R)
    a = a if norm is None else norm(a)
    (u_r, u_z, u_n), (a_r, a_z, a_n) = u.chunk(3, dim=-1), a.chunk(3, dim=-1)
    r, z = sigmoid(u_r + a_r), sigmoid(u_z + a_z)
    n = tanh(u_n + r * (a_n if b is None else a_n + b))
    new_h = (1 - z) * n + z * h
    if zh is not None:
        new_h = zh * h + (1 - zh) * new_h
    return GRUMoment(r, z, n, new_h)


def rnn_step(
    u: Tensor,
    h: Tensor,
    c: None,
    R: Tensor,
    *,
    relu: bool = False,
    norm: Norm | None = None,
    m: Tensor | None = None,
    zh: Tensor | None = None,
) -> RNNMoment:
    """One moment of a plain RNN (Elman, 1990): h = tanh(u + R h), or relu.

    u (B, H); R (H, H); c is None: an RNN has one memory. norm, m and zh as in `step`.
    """
    a = F.linear(h if m is None else h * m, R)
    a = u + (a if norm is None else norm(a))
    new_h = torch.relu(a) if relu else tanh(a)
    if zh is not None:
        new_h = zh * h + (1 - zh) * new_h
    return RNNMoment(new_h)


def scan(
    u: Tensor,
    h: Tensor,
    c: Tensor | None,
    R: Tensor,
    *,
    step: Callable[..., Any] = step,
    lengths: Tensor | None = None,
    reset: Tensor | None = None,
    reset_state: tuple[Tensor, Tensor | None] | None = None,
    reverse: bool = False,
    zh: Tensor | None = None,
    zc: Tensor | None = None,
    **weights: Any,
) -> tuple[Any, Tensor, Tensor | None]:
    """Run `step` over time. Returns the moments, each quantity (T, B, .), and the last h and c.

    Parameters
    ----------
    u : (T, B, G)
        The input's share, from `share`.
    h, c : (B, S), (B, H)
        The memory before the first step; c is None for a GRU or an RNN.
    step : callable
        `step`, `gru_step` or `rnn_step`; `weights` go to it as they are.
    lengths : (B,) int
        A row ends there: its memory stays as it was, and its moments are 0 from there on.
    reset : (T, B) bool
        *Before this step* the memory becomes `reset_state`, or zero; no gradient crosses. In reverse the memory
        restarts before t when reset[t + 1], so that both directions see the same episodes.
    reset_state : (h (B, S), c (B, H))
        What a reset puts in the memory's place.
    reverse : bool
        From the last time (of each row) to the first.
    zh, zc : (T, B, S), (T, B, H) or a scalar
        As in `step`, for each time.
    """
    T, B = u.shape[:2]
    alive = None if lengths is None else torch.arange(T, device=u.device)[:, None] < lengths
    restart = reset if reset is None or alive is None else reset & alive
    if restart is not None and reverse:
        restart = torch.cat([restart[1:], torch.zeros_like(restart[:1])])
    fresh_h, fresh_c = reset_state or (torch.zeros_like(h), None if c is None else torch.zeros_like(c))

    def at(t: int, u: Tensor, h: Tensor, c: Tensor | None) -> Any:
        masks = {
            name: z if z.dim() == 0 else z[t]  # a scalar is every time's expected value
            for name, z in (("zh", zh), ("zc", zc))
            if z is not None
        }
        return step(u, h, c, R, **masks, **weights)

    us = u.unbind(0)  # u[t] in the loop would cost a whole u of zeros a step on the way back
    moments: list[Any] = [None] * T
    for t in reversed(range(T)) if reverse else range(T):
        if restart is not None:
            again = restart[t][:, None]
            h = torch.where(again, fresh_h, h)
            c = c if c is None or fresh_c is None else torch.where(again, fresh_c, c)
        now = at(t, us[t], h, c)
        if alive is not None:
            here = alive[t][:, None]
            now = type(now)(*(torch.where(here, q, torch.zeros_like(q)) for q in now))
            # In the new memory's type: under autocast it may be a lower one than the old memory's.
            h = torch.where(here, now.h, h.to(now.h.dtype))
            c = c if c is None else torch.where(here, now.c, c.to(now.c.dtype))
        else:
            h, c = now.h, (None if c is None else now.c)
        moments[t] = now
    if T == 0:
        empty = step(u.new_zeros(B, u.shape[2]), h, c, R, **weights)
        return type(empty)(*(q[None][:0] for q in empty)), h, c
    return type(moments[0])(*(torch.stack(q) for q in zip(*moments, strict=True))), h, c
