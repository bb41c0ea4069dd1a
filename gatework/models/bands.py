"""Convolutions over time and bands of sound: a voice whose bands lie a little higher says the same."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.models.stem import normalised

# Frames and bands that an output sees, and how many bands become one.
KERNEL, POOLED = 3, 2


class BandBlock(nn.Module):
    """A convolution over frames and bands, batch norm over the frames that count, ReLU, and the largest of two bands.

    Parameters
    ----------
    features, channels : int
        Numbers a frame and band, in and out.
    causal : bool
        Whether it can run as the frames come.
    """

    def __init__(self, features: int, channels: int, causal: bool):
        super().__init__()
        self.before = KERNEL - 1 if causal else KERNEL // 2
        self.convolve = nn.Conv2d(features, channels, KERNEL, padding=(0, KERNEL // 2), bias=False)
        self.norm = nn.BatchNorm1d(channels)
        nn.init.kaiming_normal_(self.convolve.weight, nonlinearity="relu")

    def forward(self, x: Tensor, alive: Tensor) -> Tensor:
        """Map x (B, features, T, bands), 0 where it is not `alive` (B, T), to (B, channels, T, bands // 2)."""
        y = self.convolve(F.pad(x, (0, 0, self.before, KERNEL - 1 - self.before))).permute(0, 2, 3, 1)
        y = normalised(self.norm, y, alive)
        return self._finish(y) * alive[:, None, :, None]

    def _finish(self, y: Tensor) -> Tensor:
        return F.max_pool2d(F.relu(y.permute(0, 3, 1, 2)), (1, POOLED))

    def take(self, carry: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Read further frames (B, features, n, bands), in eval and causal; give the carry and what they become."""
        seen = torch.cat([carry, x], 2)
        y = self.norm(self.convolve(seen).movedim(1, -1).flatten(0, 2)).unflatten(0, (len(x), x.shape[2], -1))
        return seen[:, :, seen.shape[2] - self.before :], self._finish(y)


class Bands(nn.Module):
    """Blocks in a row (CLDNN: Sainath et al., 2015); what is left of the bands stands side by side in each frame.

    Parameters
    ----------
    bands : int
        Of a frame.
    channels : sequence of int
        Of each block.
    causal : bool
        Whether they can run as the frames come.
    """

    def __init__(self, bands: int, channels: tuple[int, ...], causal: bool = False):
        super().__init__()
        sizes = (1, *channels)
        self.bands = bands
        self.blocks: Any = nn.ModuleList(
            BandBlock(size, out, causal) for size, out in zip(sizes, channels, strict=False)
        )
        self.size = channels[-1] * (bands // POOLED ** len(channels))

    def forward(self, x: Tensor, alive: Tensor) -> tuple[Tensor, Tensor]:
        """Map frames x (B, T, bands) to (B, T, size); and which of them count, as before."""
        x = x[:, None]
        for block in self.blocks:
            x = block(x, alive)
        return self._aside(x), alive

    def begin(self, rows: int) -> Any:
        """Give the carry before the first frame: those that each block still sees."""
        carry, bands = [], self.bands
        for block in self.blocks:
            carry.append(block.convolve.weight.new_zeros(rows, block.convolve.in_channels, block.before, bands))
            bands //= POOLED
        return tuple(carry)

    def take(self, carry: Any, x: Tensor) -> tuple[Any, Tensor]:
        """Read further frames (B, n, bands); give the carry and what they become (B, n, size)."""
        if not x.shape[1]:
            return carry, x.new_zeros(len(x), 0, self.size)
        after, x = [], x[:, None]
        for block, one in zip(self.blocks, carry, strict=True):
            one, x = block.take(one, x)
            after.append(one)
        return tuple(after), self._aside(x)

    def rest(self, carry: Any) -> Tensor:
        """Give what would follow if the input ended here: nothing."""
        return carry[0].new_zeros(len(carry[0]), 0, self.size)

    @staticmethod
    def _aside(x: Tensor) -> Tensor:
        return x.transpose(1, 2).flatten(2)
