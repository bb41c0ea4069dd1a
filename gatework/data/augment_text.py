"""Texts made harder to learn by heart: words that go missing in training."""

from __future__ import annotations

import torch
from torch import Tensor

from gatework.data.text import UNKNOWN
from gatework.errors import OptionError


def augment(
    tokens: Tensor, lengths: Tensor, generator: torch.Generator, rate: float, *, everywhere: bool = False
) -> Tensor:
    """Replace a share of the tokens by the unknown one.

    Parameters
    ----------
    tokens : (B, T) int64
        A batch of texts, padded.
    lengths : (B,) int64
        How many tokens each has; what is behind stays as it is.
    generator : torch.Generator
        What draws.
    rate : float
        The chance that a token goes missing, from 0 to below 1.
    everywhere : bool
        Whether a token goes missing all over its text or not at all (Gal & Ghahramani, 2016), and not each time by a
        chance of its own (Iyyer et al., 2015).

    Returns
    -------
    (B, T) int64
        A new batch. A text that would have no token left keeps all: nothing is to be learned from none.
    """
    if not 0 <= rate < 1:
        raise OptionError(f"rate must be from 0 to below 1; got {rate}. 0 changes nothing.")
    rows, steps = tokens.shape
    if not rate or not tokens.numel():
        return tokens.clone()
    sides = int(tokens.max()) + 1 if everywhere else steps
    missing = torch.rand(rows, sides, generator=generator, device=generator.device).to(tokens.device) < rate
    if everywhere:
        missing = missing.gather(1, tokens)
    behind = torch.arange(steps, device=tokens.device) >= lengths.to(tokens.device)[:, None]
    missing &= ~(missing | behind).all(1, keepdim=True)
    return tokens.masked_fill(missing & ~behind, UNKNOWN)
