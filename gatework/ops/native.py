"""The backend "native": our own kernel for the CPU, every variant of every cell. csrc/ holds it, kernel.py feeds it."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, cast

import torch
from torch import Tensor

from gatework import equations
from gatework.ops import built, kernel, plain, stretch
from gatework.ops.call import Answer, Call, Direction, OneWay, apart, in_transform, leaves, refill
from gatework.ops.rows import packed

name = "native"

_TYPES = (torch.float32, torch.float64)


def why_not(call: Call) -> list[str]:
    """Say what the kernel cannot do of this call."""
    if built.why is not None:
        return [built.why]
    device, dtype = call.x.device.type, call.x.dtype
    reasons = []
    if device != "cpu":
        reasons.append(f"it runs on the cpu only, not on {device}")
    elif torch.is_autocast_enabled("cpu"):
        reasons.append("it does not lower its numbers' type under autocast")
    if dtype not in _TYPES:
        reasons.append(f"it has float32 and float64 only, not {str(dtype).removeprefix('torch.')}")
    elif any(t.dtype != dtype for t in call.tensors()):
        reasons.append("it wants all its numbers of one type")
    if in_transform(call):
        reasons.append("it is wrong or refuses under torch.func and in forward-mode differentiation")
    if any(z.requires_grad for w in call.directions for z in (w.m, w.zh, w.zc) if z is not None):
        reasons.append("it has no gradient of a mask")
    return reasons


def run(call: Call) -> Answer:
    """Run each direction through the kernel."""
    if call.batch_sizes is not None:
        return packed(call, call.batch_sizes, run)
    if call.lengths is not None and not any(map(_watched, call.ways())):
        shortest, longest = (int(q) for q in call.lengths.aminmax()) if len(call.lengths) else (0, 0)
        if longest < len(call.x) and len(call.x) > 1:
            longest = max(longest, 1)
            return _padded(run(_first(call, longest)), len(call.x) - longest)
        if shortest == len(call.x) > 0:
            call = call._replace(lengths=None)
    ends = [_direction(one, call.trace) for one in call.ways()]
    ys, hs, cs, moments = zip(*ends, strict=True)
    states = (hs,) if call.cell != "lstm" else (hs, cs)
    if len(ends) == 1:
        y, state = ys[0], tuple(part[0][None] for part in states)
    else:
        y, state = torch.cat(ys, dim=-1), tuple(torch.stack(part) for part in states)
    return Answer(y, state, moments if call.trace else None)


def _direction(one: OneWay, trace: bool) -> tuple[Any, ...]:
    gates: Tensor | None
    cells: Tensor | None
    if _watched(one):
        from gatework.ops import native_op

        y, h, c, gates, cells = native_op.run(one, trace)
    elif torch.is_grad_enabled() and any(t.requires_grad for t in tensors(one)):
        y, h, c, gates, cells = _Differentiable.apply(one, trace, *tensors(one))
    else:
        (y, h, c), kept = stretch.forward(one, keep=trace, dense=trace)
        gates, cells = (None, None) if kept is None else (kept.gates, kept.cells)
    return y, h, c, moments(one, y, gates, cells) if trace else None


def _first(call: Call, steps: int) -> Call:
    """The call's first steps only."""

    def cut(w: Direction) -> Direction:
        return w._replace(
            **{name: z[:steps] for name in ("zh", "zc") if (z := getattr(w, name)) is not None and z.dim()}
        )

    reset = None if call.reset is None else call.reset[:steps]
    return call._replace(x=call.x[:steps], reset=reset, directions=tuple(map(cut, call.directions)))


def _padded(answer: Answer, steps: int) -> Answer:
    """The answer, with so many steps after it in which no row lives."""

    def pad(t: Tensor) -> Tensor:
        return torch.cat([t, t.new_zeros(steps, *t.shape[1:])])

    moments = None if answer.moments is None else tuple(type(q)(*map(pad, q)) for q in answer.moments)
    return answer._replace(y=pad(answer.y), moments=moments)


def _watched(one: OneWay) -> bool:
    """Whether somebody records torch's operations: they must find one of ours among them, not a gap."""
    return (
        torch.compiler.is_compiling()
        or torch._C._len_torch_dispatch_stack() > 0
        or torch._C._get_tracing_state() is not None
        or any(type(t) not in (Tensor, torch.nn.Parameter) for t in tensors(one))
    )


def stepper(calls: list[Call]) -> Any:
    """Take a stack of layers one step at a time."""
    from gatework.ops.native_step import Stepper

    return Stepper(calls)


def moments(one: OneWay, y: Any, gates: Any, cells: Any) -> Any:
    """Name what the kernel kept, as equations.py names it."""
    if one.cell == "lstm" and one.coupled:
        i, g, o = gates.chunk(3, dim=-1)
        f = 1 - i
        if one.lengths is not None:
            f = f * (torch.arange(len(f), device=f.device)[:, None] < one.lengths)[..., None]
        return equations.Moment(i, f, g, o, cells, y)
    if one.cell == "lstm":
        i, f, g, o = gates.chunk(4, dim=-1)
        return equations.Moment(i, f, g, o, cells, y)
    if one.cell == "gru":
        r, z, n = gates.chunk(3, dim=-1)
        return equations.GRUMoment(r, z, n, y)
    return equations.RNNMoment(y)


_WITH_GRADIENT = ("W", "R", "b_ih", "b_hh", "P", "p", "norm_ih", "norm_hh", "norm_c")
_weights = attrgetter(*_WITH_GRADIENT)


def _owners(one: OneWay) -> tuple[Any, ...]:
    """What each of kernel.Gradients is the gradient by."""
    return (one.x, one.h, one.c, *_weights(one.w), one.reset_state)


def tensors(one: OneWay) -> list[Tensor]:
    """Everything in `one` that has a gradient, in the order of `gradients`."""
    return leaves(_owners(one))


def with_tensors(one: OneWay, given: Sequence[Tensor]) -> OneWay:
    """Return the same direction with other tensors in those places."""
    x, h, c, *weights, fresh = refill(_owners(one), iter(given).__next__)
    w = one.w._replace(**dict(zip(_WITH_GRADIENT, weights, strict=True)))
    return one._replace(x=x, h=h, c=c, w=w, reset_state=fresh)


def gradients(one: OneWay, found: kernel.Gradients) -> list[Tensor | None]:
    """Lay gradients out as `tensors` lays out what they belong to."""
    flat: list[Tensor | None] = []
    for owner, gradient in zip(_owners(one), cast(Any, found), strict=True):
        if isinstance(owner, Tensor):
            flat.append(gradient)
        elif owner is not None:
            parts = (None,) * len(owner) if gradient is None else gradient
            flat.extend(g for o, g in zip(owner, parts, strict=True) if o is not None)
    return flat


def wanted(one: OneWay, needs: Sequence[bool]) -> frozenset[str]:
    """Name the gradients that somebody asks for; `needs` says it of each of `tensors`."""
    names, start = set(), 0
    for name, owner in zip(kernel.Gradients._fields, _owners(one), strict=True):
        if owner is not None:
            end = start + (1 if isinstance(owner, Tensor) else len(leaves(owner)))
            if True in needs[start:end]:
                names.add(name)
            start = end
    return frozenset(names)


def by_equations(one: OneWay, inputs: list[Tensor]) -> tuple[Tensor | None, ...]:
    """Answer as the kernel does, in plain operations, whose gradient has a gradient."""
    moment, h, c = plain.one_way(with_tensors(one, inputs))
    y = moment.h
    if one.cell == "lstm":
        gates = [moment.i, moment.g, moment.o] if one.coupled else [moment.i, moment.f, moment.g, moment.o]
        return y, h, c, torch.cat(gates, dim=-1), moment.c
    if one.cell == "gru":
        return y, h, None, torch.cat([moment.r, moment.z, moment.n], dim=-1), None
    return y, h, None, None, None


# What stands for a tensor where autograd keeps the tensor itself.
_THERE = torch.empty(0, device="cpu")


class _Differentiable(torch.autograd.Function):
    """The kernel's answer and gradient, and the equations' gradient of that gradient."""

    @staticmethod
    def forward(ctx, one: OneWay, trace: bool, *given: Tensor):
        ends, kept = stretch.forward(one, keep=True, dense=trace)
        assert kept is not None
        everything = leaves(one)
        ctx.set_materialize_grads(False)
        # All of it in autograd's hands: it frees memory, and refuses what has been written over since.
        ctx.save_for_backward(*everything, ends.y, *(t for t in kept if t is not None))
        ctx.one, ctx.kept = refill(one, lambda: _THERE), [t is not None for t in kept]
        ctx.count = len(everything)
        return (*ends, *(kept[:2] if trace and one.cell not in ("rnn_tanh", "rnn_relu") else (None, None)))

    @staticmethod
    def backward(ctx, *grads):
        saved = ctx.saved_tensors
        one: OneWay = refill(ctx.one, iter(saved[: ctx.count]).__next__)
        y, *rest = saved[ctx.count :]
        if torch.is_grad_enabled() or any(map(_is_more, grads)):
            return None, None, *twice(one, tensors(one), grads)
        take = iter(rest)
        kept = kernel.Kept(*cast(Any, (next(take) if there else None for there in ctx.kept)))
        found = stretch.backward(one, y, kept, *grads, wants=wanted(one, ctx.needs_input_grad[2:]))
        return None, None, *gradients(one, found)


def _is_more(gradient: Tensor | None) -> bool:
    """Whether it is more than it shows: a batch of cotangents (is_grads_batched=True), or one with a tangent."""
    if gradient is None:
        return False
    forward = torch.autograd.forward_ad
    if forward._current_level >= 0 and forward.unpack_dual(gradient).tangent is not None:
        return True
    functorch = torch._C._functorch
    return functorch.is_legacy_batchedtensor(gradient) or functorch.is_batchedtensor(gradient)


def twice(one: OneWay, given: Any, grads: Any) -> list[Tensor | None]:
    """Give the gradient by the equations: as a graph where one is wanted, or for many cotangents at once."""
    graph = torch.is_grad_enabled()
    with torch.enable_grad():
        inputs = apart(given)
        pairs = [(out, g) for out, g in zip(by_equations(one, inputs), grads, strict=True) if g is not None]
    if not pairs:
        return [None] * len(inputs)
    outputs, cotangents = zip(*pairs, strict=True)
    return list(torch.autograd.grad(outputs, inputs, cotangents, create_graph=graph, allow_unused=True))
