"""The backend "torch": ATen on the CPU (oneDNN where it can), cuDNN on CUDA, for all that torch can do exactly."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gatework.ops import onednn, pieces, plain
from gatework.ops.call import Answer, Call, Direction, apart, in_transform

name = "torch"

_KERNELS: dict[str, Callable[..., tuple[Tensor, ...]]] = {
    "lstm": torch.lstm,
    "gru": torch.gru,
    "rnn_tanh": torch.rnn_tanh,
    "rnn_relu": torch.rnn_relu,
}


# Asked once: a compiled graph cannot ask.
_HAS_ONEDNN = torch.backends.mkldnn.is_available()
_ONEDNN_TYPES = {
    torch.bfloat16: _HAS_ONEDNN and torch.ops.mkldnn._is_mkldnn_bf16_supported(),
    torch.float16: _HAS_ONEDNN and torch.ops.mkldnn._is_mkldnn_fp16_supported(),
}


def why_not(call: Call) -> list[str]:
    """Say what torch's kernel cannot do of this call."""
    first = call.directions[0]
    cannot = {
        "it has no peepholes": first.p is not None,
        "it has no coupled gates": call.coupled,
        "it has no cell clip": call.clip is not None,
        "it has no layer normalisation": first.norm_ih is not None,
        "it has no recurrent dropout": first.m is not None,
        "it has no zoneout": first.zh is not None or first.zc is not None,
        "it keeps its gates to itself, so there is nothing to trace": call.trace,
        "it is wrong or refuses under torch.func and in forward-mode differentiation": in_transform(call),
        "cutting rows at lengths and resets needs shapes that a compiled graph does not have": (
            torch.compiler.is_compiling() and (call.lengths is not None or call.reset is not None)
        ),
        f"it is trusted on cpu and cuda only, not on {call.x.device.type}": call.x.device.type not in ("cpu", "cuda"),
        "oneDNN has no such type on this processor": _autocast_fails(call),
    }
    return [reason for reason, true in cannot.items() if true]


def run(call: Call) -> Answer:
    """One call of torch's kernel for both directions; rows cut into pieces where there are lengths or resets."""
    if call.lengths is not None or call.reset is not None:
        return _cut(call)
    if torch.compiler.is_compiling():
        return _traced(call) if _fits_onednn(call) else _kernel(call)
    if call.x.is_cuda and torch.is_grad_enabled():
        return twice_differentiable(call)
    return _kernel(call)


def _kernel(call: Call) -> Answer:
    kernel = _KERNELS[call.cell]
    first = call.directions[0]
    flat = [w for one in call.directions for w in (one.W, one.R, one.b_ih, one.b_hh, one.P) if w is not None]
    state = call.state if call.cell == "lstm" else call.state[0]
    # In training mode whenever a gradient may be asked for: cuDNN and oneDNN cannot go back through an inference call.
    # Nothing else depends on it: dropout is 0 here, the layer draws its own between layers.
    rest = (flat, first.b_ih is not None, 1, 0.0, torch.is_grad_enabled(), len(call.directions) == 2)
    if call.batch_sizes is not None:
        y, *ended = kernel(call.x, call.batch_sizes, state, *rest)
    else:
        y, *ended = kernel(call.x, state, *rest, False)
    return Answer(y, tuple(ended))


def _cut(call: Call) -> Answer:
    T, B = call.x.shape[:2]
    parts = pieces.cut(T, B, call.lengths, call.reset, call.x.device)
    if len(parts.row) == 0:  # every row is empty
        return plain.run(call)
    packed = call._replace(
        x=call.x.flatten(0, 1).index_select(0, parts.places),
        batch_sizes=parts.batch_sizes,
        state=pieces.initial(call.state, call.reset_state, parts),
        lengths=None,
        reset=None,
        reset_state=None,
    )
    answer = run(packed)
    y = answer.y.new_zeros(T * B, answer.y.shape[-1]).index_copy(0, parts.places, answer.y)
    return Answer(y.unflatten(0, (T, B)), pieces.final(call.state, answer.state, parts))


def _fits_onednn(call: Call) -> bool:
    return (
        call.cell == "lstm"
        and call.batch_sizes is None
        and call.directions[0].P is None
        and call.x.device.type == "cpu"
        and all(t.dtype == torch.float32 for t in call.tensors())
        and not torch.is_autocast_enabled("cpu")
        and _HAS_ONEDNN
    )


def _traced(call: Call) -> Answer:
    def one(k: int, w: Direction) -> tuple[Tensor, Tensor, Tensor]:
        none = w.R.new_zeros(w.R.shape[0])
        b_ih, b_hh = (none if b is None else b for b in (w.b_ih, w.b_hh))
        return onednn.forward(call.x, w.W, w.R, b_ih, b_hh, call.state[0][k], call.state[1][k], k == 1)[:3]

    ys, hs, cs = zip(*(one(k, w) for k, w in enumerate(call.directions)), strict=True)
    return Answer(torch.cat(ys, dim=-1), (torch.stack(hs), torch.stack(cs)))


def _autocast_fails(call: Call) -> bool:
    """Whether torch.nn.LSTM itself would fail: under autocast it asks oneDNN for a type that the CPU may not have."""
    if call.cell != "lstm" or call.x.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
        return False
    if call.batch_sizes is not None or call.lengths is not None or call.reset is not None:
        return False  # packed rows never reach oneDNN
    if call.directions[0].P is not None:
        return False  # nor do projections
    return not _ONEDNN_TYPES.get(torch.get_autocast_dtype("cpu"), True)


class _TwiceDifferentiable(torch.autograd.Function):
    """cuDNN's answer and gradient, and the equations' gradient of that gradient, which cuDNN does not have."""

    @staticmethod
    def forward(ctx, call: Call, *tensors: Tensor):
        inside = [t.detach().requires_grad_(t.requires_grad) for t in tensors]
        with torch.enable_grad():
            answer = _kernel(call.with_tensors(inside))
        ctx.call, ctx.inside, ctx.outside = call, inside, (answer.y, *answer.state)
        ctx.save_for_backward(*tensors)
        return tuple(t.detach() for t in ctx.outside)

    @staticmethod
    def backward(ctx, *grads):
        again = torch.is_grad_enabled()
        inputs, outputs = ctx.inside, ctx.outside
        if again:
            inputs = apart(ctx.saved_tensors)
            answer = plain.run(ctx.call.with_tensors(inputs))
            outputs = (answer.y, *answer.state)
        wanted = [k for k, t in enumerate(inputs) if t.requires_grad]
        found = torch.autograd.grad(
            outputs, [inputs[k] for k in wanted], grads, create_graph=again, retain_graph=True, allow_unused=True
        )
        everything: list[Tensor | None] = [None] * len(inputs)
        for k, gradient in zip(wanted, found, strict=True):
            everything[k] = gradient
        return None, *everything


def twice_differentiable(call: Call) -> Answer:
    """Run the kernel so that a gradient of its gradient exists too (the equations give it)."""
    y, *state = _TwiceDifferentiable.apply(call, *call.tensors())
    return Answer(y, tuple(state))
