"""Networks that forecast together, as far as held-out windows say that they can be trusted."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gatework.models.forecast import EncoderDecoder, simple_quantiles
from gatework.models.quantiles import MEDIAN


class Ensemble(nn.Module):
    """The mean of several networks' quantiles, drawn towards the simple forecast, its intervals widened.

    Quantiles are averaged level by level (Vincent, 1912), so they cannot cross.

    Parameters
    ----------
    members : sequence of EncoderDecoder
        The networks.
    h : int
        Steps to forecast.

    Attributes
    ----------
    trust : () tensor
        The networks' share of the forecast, up to 1; the rest is the simple forecast's.
    heed : () tensor
        The share, in what the networks say, of what they say with covariates and the calendar; the rest is what they
        say without. 1 where there are none.
    spread : (h,) tensor
        How much wider than learned the intervals of each step are.
    """

    trust: Tensor
    heed: Tensor
    spread: Tensor

    def __init__(self, members: Sequence[EncoderDecoder], h: int):
        super().__init__()
        self.members = nn.ModuleList(members)
        self.register_buffer("trust", torch.ones(()))
        self.register_buffer("heed", torch.ones(()))
        self.register_buffer("spread", torch.ones(h))

    def forward(self, past: Tensor, future: Tensor) -> Tensor:
        """Forecast the quantiles (B, h, Q) of windows past (B, L, past_features), future (B, h, future_features)."""
        simple = simple_quantiles(future)
        mixed = simple + self.trust * (self.learned(past, future) - simple)
        median = mixed[..., MEDIAN : MEDIAN + 1]
        return median + self.spread[:, None] * (mixed - median)

    def learned(self, past: Tensor, future: Tensor) -> Tensor:
        """Give what the networks alone would forecast, (B, h, Q)."""
        # One pass is enough where the other would not count.
        if self.heed in (0, 1):
            return self.mean(past, future, blind=bool(self.heed == 0))
        heeding = self.mean(past, future)
        return torch.lerp(self.mean(past, future, blind=True), heeding, self.heed)

    def mean(self, past: Tensor, future: Tensor, blind: bool = False) -> Tensor:
        """Average the networks' quantiles (B, h, Q); with `blind`, as if there were no covariates and no calendar."""
        return torch.stack([member(past, future, blind) for member in self.members]).mean(0)
