"""Series as they might have been: a little slower here and quicker there, begun later, larger, noisier."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

# Time runs at one pace in each of so many parts, and in so many of the sequences.
PARTS, MOVED = 4, 0.5


@dataclass(frozen=True)
class Augment:
    """How much each sequence of a batch is changed; all is drawn anew for every sequence (Um et al., 2017).

    Parameters
    ----------
    warp : float
        Spread of the logarithm of the pace of each quarter.
    crop : float
        Up to this share is left out at each end.
    scale : float
        Spread of the factor that each column is multiplied by.
    jitter : float
        Spread of what is added to every number.
    """

    warp: float = 0.2
    crop: float = 0.1
    scale: float = 0.1
    jitter: float = 0.03

    def __call__(self, x: Tensor, lengths: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Change sequences x (B, T, D), NaN where missing, of `lengths` (B,), which stay; 0 behind the end of each.

        Between two steps numbers are interpolated; what lies beside a missing one is missing.
        """
        rows, steps, columns = x.shape
        if self.warp or self.crop:
            # Some stay as they came: what the first step alone tells must be seen too.
            moved = torch.rand(rows, 1, 1, generator=generator) < MOVED
            x = torch.where(moved, _read_at(x, self._places(lengths, steps, generator)), x)
        if self.scale:
            x = x * (1 + self.scale * torch.randn(rows, 1, columns, generator=generator))
        if self.jitter:
            x = x + self.jitter * torch.randn(x.shape, generator=generator)
        alive = torch.arange(steps) < lengths[:, None]
        return x.masked_fill(~alive[..., None], 0), lengths

    def _places(self, lengths: Tensor, steps: int, generator: torch.Generator) -> Tensor:
        """Which moment of its sequence is read at each step, (B, T), from 0 to the last."""
        rows, last = len(lengths), (lengths[:, None] - 1).clamp(min=0).float()
        share = (torch.arange(steps) / last.clamp(min=1)).clamp(max=1)
        pace = (self.warp * torch.randn(rows, PARTS, generator=generator)).exp()
        ends = torch.nn.functional.pad(pace.cumsum(1) / pace.sum(1, keepdim=True), (1, 0))
        part = (share * PARTS).long().clamp(max=PARTS - 1)
        share = torch.lerp(ends.gather(1, part), ends.gather(1, part + 1), share * PARTS - part)
        first, end = self.crop * torch.rand(2, rows, 1, generator=generator)
        return (first + (1 - end - first) * share) * last


def _read_at(x: Tensor, places: Tensor) -> Tensor:
    """Interpolate x (B, T, D) at places (B, T) between its steps."""
    low = places.long()
    share = (places - low)[..., None]
    high = (low + 1).clamp(max=x.shape[1] - 1)
    before, after = (x.gather(1, at[..., None].expand(-1, -1, x.shape[2])) for at in (low, high))
    return torch.lerp(before, after, share)
