"""Convolutions before the memory: they see shapes of a few steps, and leave fewer steps to remember."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def normalised(norm: nn.BatchNorm1d, y: Tensor, alive: Tensor) -> Tensor:
    """Apply batch norm (Ioffe & Szegedy, 2015) to y (B, T, ..., C): in training by what is `alive` (B, T) alone."""
    if not norm.training:
        return norm(y.flatten(0, -2)).view(y.shape)
    known = y[alive].flatten(0, -2)
    # One vector has no variance; then those of training so far serve.
    if len(known) < 2:
        norm.eval()
    found = norm(known)
    norm.train()
    where = alive.view(*alive.shape, *(1 for _ in y.shape[2:]))
    return torch.zeros_like(y).masked_scatter(where, found)


class Block(nn.Module):
    """A convolution over time, batch norm over the steps that count, ReLU, dropout; T steps become ceil(T / stride).

    Output j stands for the `stride` steps from j * stride on. Causal, it sees none after those; else as many after as
    before.

    Parameters
    ----------
    features, channels : int
        Numbers a step, in and out.
    kernel, stride : int
        Steps that an output sees, and steps from one to the next; stride <= kernel.
    causal : bool
        Whether it can run as the steps come.
    dropout : float
        Share of channels that are left out for a whole sequence (Tompson et al., 2015).
    """

    def __init__(self, features: int, channels: int, kernel: int, stride: int, causal: bool, dropout: float):
        super().__init__()
        self.kernel, self.stride, self.dropout = kernel, stride, dropout
        self.before = kernel - stride if causal else (kernel - stride) // 2
        self.after = kernel - stride - self.before
        self.convolve = nn.Conv1d(features, channels, kernel, stride, bias=False)
        self.norm = nn.BatchNorm1d(channels)
        nn.init.kaiming_normal_(self.convolve.weight, nonlinearity="relu")

    def forward(self, x: Tensor, alive: Tensor) -> tuple[Tensor, Tensor]:
        """Map x (B, T, features), 0 where it is not `alive` (B, T), to (B, ceil(T / stride), channels), alike."""
        short = -x.shape[1] % self.stride
        alive = F.pad(alive, (0, short))[:, :: self.stride]
        y = self.convolve(F.pad(x.mT, (self.before, short + self.after))).mT
        y = F.relu(normalised(self.norm, y, alive))
        if self.dropout and self.training:
            y = y * F.dropout(y.new_ones(len(y), 1, y.shape[-1]), self.dropout)
        return y * alive[..., None], alive

    # As the steps come: only where causal.

    def begin(self, rows: int) -> Any:
        """Give the carry before the first step: the inputs that the next output still sees."""
        return self.convolve.weight.new_zeros(rows, self.before, self.convolve.in_channels)

    def take(self, carry: Any, x: Tensor) -> tuple[Any, Tensor]:
        """Read x (B, n, features); give the carry and the outputs that are complete (B, m, channels)."""
        seen = torch.cat([carry, x], 1)
        count = (seen.shape[1] - self.before) // self.stride
        if not count:
            return seen, seen.new_zeros(len(seen), 0, self.convolve.out_channels)
        used = seen[:, : self.before + count * self.stride]
        return seen[:, count * self.stride :], F.relu(self.norm(self.convolve(used.mT)).mT)

    def rest(self, carry: Any) -> Tensor:
        """Give the output that would follow, (B, 0 or 1, channels), if the input ended here."""
        over = (carry.shape[1] - self.before) % self.stride
        if not over:
            return carry.new_zeros(len(carry), 0, self.convolve.out_channels)
        return self.take(carry, carry.new_zeros(len(carry), self.stride - over, carry.shape[2]))[1]


class Stem(nn.Module):
    """Blocks in a row (DeepConvLSTM: Ordonez & Roggen, 2016; CLDNN: Sainath et al., 2015).

    Parameters
    ----------
    features : int
        Numbers a step that come in.
    channels, kernels, strides : sequence of int
        Of each block.
    causal, dropout
        As of a block.
    """

    def __init__(
        self,
        features: int,
        channels: tuple[int, ...],
        kernels: tuple[int, ...],
        strides: tuple[int, ...],
        causal: bool = False,
        dropout: float = 0.0,
    ):
        super().__init__()
        sizes = (features, *channels)
        # A list to those who read it: what lies in a ModuleList could be anything.
        self.blocks: Any = nn.ModuleList(
            Block(size, out, kernel, stride, causal, dropout)
            for size, out, kernel, stride in zip(sizes, channels, kernels, strides, strict=False)
        )
        self.size = sizes[-1]

    def forward(self, x: Tensor, alive: Tensor) -> tuple[Tensor, Tensor]:
        """As of a block."""
        for block in self.blocks:
            x, alive = block(x, alive)
        return x, alive

    def begin(self, rows: int) -> Any:
        """As of a block: the carries of all."""
        return tuple(block.begin(rows) for block in self.blocks)

    def take(self, carry: Any, x: Tensor) -> tuple[Any, Tensor]:
        """As of a block."""
        after = []
        for block, one in zip(self.blocks, carry, strict=True):
            one, x = block.take(one, x)
            after.append(one)
        return tuple(after), x

    def rest(self, carry: Any) -> Tensor:
        """As of a block: what each still holds goes through those after it."""
        x: Tensor | None = None
        for block, one in zip(self.blocks, carry, strict=True):
            done = None
            if x is not None:
                one, done = block.take(one, x)
            rest = block.rest(one)
            x = rest if done is None else torch.cat([done, rest], 1)
        assert x is not None
        return x
