"""The native kernel one step at a time: weights packed beforehand, memories kept, nothing made anew but the answer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gatework.ops import kernel
from gatework.ops.built import native
from gatework.ops.call import Call, OneWay


class Stepper:
    """A stack of layers that takes one step at a time, from zero memories on; see nn/stream.py for what it promises."""

    def __init__(self, calls: list[Call]) -> None:
        ways = [call.ways()[0] for call in calls]
        first, last = ways[0], ways[-1]
        with torch.inference_mode(False):  # a memory can be set anywhere, wherever it was made
            self._memories = [(one.h.clone(), None if one.c is None else one.c.clone()) for one in ways]
        self._shape = (first.x.shape[1], last.w.R.shape[1])
        self._dtype = first.x.dtype
        bits = "32" if self._dtype == torch.float32 else "64"
        self._stack = getattr(native, f"Stepper{bits}")
        self._layers, self._held = [], []
        for one, (h, c) in zip(ways, self._memories, strict=True):
            # The kernel reads the memories in place, and leaves the next ones there.
            scan, held = kernel.scan_of(one._replace(h=h, c=c))
            scan.h_n = scan.h0
            scan.c_n = scan.c0
            share, weights = _share(one, getattr(native, f"Share{bits}")())
            self._layers.append((scan, share))
            self._held.append((held, weights))
        self._open(torch.get_num_threads())

    def _open(self, threads: int) -> None:
        """Make room and pack the weights for so many threads."""
        stack = self._stack()
        for scan, share in self._layers:
            scan.threads = threads
            stack.add(scan, share)
        self._advance, self._threads = stack.step, threads

    def step(self, x_t: Tensor) -> Tensor:
        """Read x_t (B, D); give a fresh (B, S)."""
        if torch.get_num_threads() != self._threads:
            self._open(torch.get_num_threads())
        y = torch.empty(self._shape, dtype=self._dtype, device="cpu")
        x_t = x_t.contiguous()
        self._advance(x_t.data_ptr(), y.data_ptr())
        return y

    def get(self) -> tuple[Tensor, ...]:
        """Copy the memories."""
        return tuple(torch.stack(part) for part in zip(*self._memories, strict=True) if part[0] is not None)

    def set(self, state: tuple[Tensor, ...]) -> None:
        """Take over a copy of these memories."""
        for k, memories in enumerate(self._memories):
            for memory, given in zip(memories, state, strict=False):
                if memory is not None:
                    memory.copy_(given[k])

    def reset(self, rows: Tensor) -> None:
        """Put zeros in the memories of the rows that are True, (B,)."""
        for memories in self._memories:
            for memory in memories:
                if memory is not None:
                    memory[rows] = 0


def _share(one: OneWay, share: Any) -> tuple[Any, dict[str, Tensor]]:
    w = one.w
    tensors = {"W": w.W, "b": kernel.bias(one)}
    if w.norm_ih is not None:
        tensors |= {"norm_weight": w.norm_ih.weight, "norm_bias": w.norm_ih.bias}
    held = {name: t.contiguous() for name, t in tensors.items() if t is not None}
    share.D = w.W.shape[1]
    for name, t in held.items():
        setattr(share, name, t.data_ptr())
    return share, held
