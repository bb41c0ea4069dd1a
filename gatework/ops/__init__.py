"""The equations, faster. One door, `scan`; a backend a file: `name`, `why_not(call)`, `run(call)`."""

from __future__ import annotations

import torch

from gatework.errors import BackendError, OptionError
from gatework.ops import aten, native, plain
from gatework.ops.call import Answer, Call, Cell, Direction

__all__ = ["BACKENDS", "Answer", "Call", "Cell", "Direction", "choose", "scan"]

# The order is the order of preference: the quickest first, the one that can do everything last.
BACKENDS = {backend.name: backend for backend in (native, aten, plain)}


def choose(call: Call, backend: str = "auto") -> str:
    """Name the backend that runs this call: the first with no reasons against it, or the one asked for.

    Raises BackendError with every reason when the one asked for cannot.
    """
    if backend == "auto":
        if call.cell != "lstm" and call.x.shape[0] == 1 and not aten.why_not(call):
            return aten.name  # a single step of a plain GRU or RNN takes torch less than the way into the kernel
        return next(name for name, one in BACKENDS.items() if not one.why_not(call))
    if backend not in BACKENDS:
        raise OptionError(f"backend must be one of auto, {', '.join(BACKENDS)}; got {backend!r}. Choose one of them.")
    if reasons := BACKENDS[backend].why_not(call):
        raise BackendError(
            f"backend must be one that can run this call; got {backend!r}, but {'; '.join(reasons)}. "
            'Use backend="auto".'
        )
    return backend


def scan(call: Call, backend: str = "auto") -> Answer:
    """Run one layer over time: the same answer, dropout and gradients from every backend, at its own speed."""
    answer = BACKENDS[choose(call, backend)].run(call)
    return _as_autocast(call, answer)


def _as_autocast(call: Call, answer: Answer) -> Answer:
    """Give back the types that torch's own layer gives under autocast.

    torch's fused kernels (cuDNN; oneDNN's LSTM on the CPU) answer in autocast's type throughout; its composite ones (a
    packed or projected LSTM, GRU and RNN on the CPU) in what type promotion leaves, which the equations share.
    """
    device = call.x.device.type
    if not torch.is_autocast_enabled(device):
        return answer
    dense_lstm = call.cell == "lstm" and call.batch_sizes is None and call.directions[0].P is None
    if device == "cpu" and not dense_lstm:
        return answer
    low = torch.get_autocast_dtype(device)
    y, *state = (t if t.dtype == torch.float64 else t.to(low) for t in (answer.y, *answer.state))
    return answer._replace(y=y, state=tuple(state))
