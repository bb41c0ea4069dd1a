"""One answer about a whole sequence: how the outputs of all its steps become one vector, at once or as they come."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Last(nn.Module):
    """What the memory holds at the end: the forward direction's last output, and the backward one's first."""

    def __init__(self, size: int, backward: int = 0):
        super().__init__()
        self.ahead = size - backward

    def forward(self, outputs: Tensor, alive: Tensor) -> Tensor:
        """Pool outputs (B, T, S), of which those count that are `alive` (B, T), into (B, S)."""
        ends = (alive.sum(1) - 1).clamp(min=0)
        ahead = outputs[torch.arange(len(outputs), device=outputs.device), ends, : self.ahead]
        # A sequence without a step has outputs of 0 throughout, so that its first is right too.
        return torch.cat([ahead, outputs[:, 0, self.ahead :]], -1)

    def begin(self, rows: int, like: Tensor) -> Any:
        """Give the carry of sequences of which nothing has come yet."""
        return like.new_zeros(rows, self.ahead)

    def take(self, carry: Any, outputs: Tensor) -> Any:
        """Give the carry after further outputs (B, n, S)."""
        return outputs[:, -1] if outputs.shape[1] else carry

    def give(self, carry: Any) -> Tensor:
        """Pool what has come, (B, S)."""
        return carry


class Mean(nn.Module):
    """The mean over all steps."""

    def __init__(self, size: int, backward: int = 0):
        super().__init__()
        self.size = size

    def forward(self, outputs: Tensor, alive: Tensor) -> Tensor:
        """As Last.forward."""
        return (outputs * alive[..., None]).sum(1) / alive.sum(1).clamp(min=1)[:, None]

    def begin(self, rows: int, like: Tensor) -> Any:
        """As Last.begin. In float64: a sum of a million small pieces must end where that of one large piece does."""
        return like.new_zeros(rows, self.size, dtype=torch.float64), 0

    def take(self, carry: Any, outputs: Tensor) -> Any:
        """As Last.take."""
        total, count = carry
        return total + outputs.double().sum(1), count + outputs.shape[1]

    def give(self, carry: Any) -> Tensor:
        """As Last.give."""
        total, count = carry
        return (total / max(count, 1)).float()


class Max(nn.Module):
    """The largest of each unit over all steps."""

    def __init__(self, size: int, backward: int = 0):
        super().__init__()
        self.size = size

    def forward(self, outputs: Tensor, alive: Tensor) -> Tensor:
        """As Last.forward."""
        most = outputs.masked_fill(~alive[..., None], -torch.inf).amax(1)
        return most.masked_fill(~alive.any(1)[:, None], 0)

    def begin(self, rows: int, like: Tensor) -> Any:
        """As Last.begin."""
        return like.new_full((rows, self.size), -torch.inf)

    def take(self, carry: Any, outputs: Tensor) -> Any:
        """As Last.take."""
        return torch.maximum(carry, outputs.amax(1)) if outputs.shape[1] else carry

    def give(self, carry: Any) -> Tensor:
        """As Last.give."""
        return carry.masked_fill(torch.isinf(carry), 0)


class Attention(nn.Module):
    """A mean weighted by what each step itself says it is worth (Bahdanau et al., 2015; Yang et al., 2016)."""

    def __init__(self, size: int, backward: int = 0):
        super().__init__()
        self.size = size
        self.hidden, self.score = nn.Linear(size, size), nn.Linear(size, 1, bias=False)
        # Nothing learned yet: all steps are worth the same.
        nn.init.zeros_(self.score.weight)

    def worth(self, outputs: Tensor) -> Tensor:
        """Say what each step is worth (B, T), as the exponent of its weight."""
        return self.score(torch.tanh(self.hidden(outputs)))[..., 0]

    def forward(self, outputs: Tensor, alive: Tensor) -> Tensor:
        """As Last.forward."""
        worth = self.worth(outputs).masked_fill(~alive, -torch.inf)
        # A sequence without a step has no weights; zeros, rather than what 0 / 0 is.
        weights = worth.softmax(1).masked_fill(~alive, 0)
        return (weights[..., None] * outputs).sum(1)

    def begin(self, rows: int, like: Tensor) -> Any:
        """As Last.begin: the largest exponent, and the sums of weights and of weighted outputs relative to it."""
        sums = like.new_zeros(rows, self.size, dtype=torch.float64)
        return like.new_full((rows,), -torch.inf, dtype=torch.float64), like.new_zeros(rows, dtype=torch.float64), sums

    def take(self, carry: Any, outputs: Tensor) -> Any:
        """As Last.take."""
        if not outputs.shape[1]:
            return carry
        most, weight, sums = carry
        worth = self.worth(outputs).double()
        top = torch.maximum(most, worth.amax(1))
        old, new = (most - top).exp(), (worth - top[:, None]).exp()
        return top, old * weight + new.sum(1), old[:, None] * sums + (new[..., None] * outputs).sum(1)

    def give(self, carry: Any) -> Tensor:
        """As Last.give."""
        _, weight, sums = carry
        return (sums / weight.where(weight > 0, 1)[:, None]).float()


KINDS: dict[str, type[nn.Module]] = {"last": Last, "mean": Mean, "max": Max, "attention": Attention}
