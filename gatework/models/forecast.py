"""The forecasting network: an encoder reads up to the last value, and a decoder goes on from its state."""

from __future__ import annotations

from math import pi, sqrt
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.data.windows import Batch
from gatework.models.quantiles import MEDIAN, QUANTILES, Z
from gatework.nn import GRU, LSTM, RNN

CELLS = {"lstm": LSTM, "gru": GRU, "rnn": RNN}

# In this share of the windows that are learned from all covariates are hidden, so that the network can be asked what it
# would say without them; and in this share of the others, each is hidden by itself, so that none is leaned on alone.
BLIND, HIDDEN = 0.25, 0.1

# Normal changes whose mean size is 1 have this standard deviation.
SIGMA = sqrt(pi / 2)


class EncoderDecoder(nn.Module):
    """Two recurrent stacks and a linear head that gives quantiles which cannot cross.

    The decoder goes on from the encoder's last state, so every forecast has seen the last value; what it reads is known
    beforehand, so no forecast leans on a value that will be missing when it counts. Untrained, the network gives the
    simple forecast, which is 0 in the units of data/scale.py, with its textbook intervals: those of a random walk, over
    as many lags as the step lies ahead.

    Parameters
    ----------
    past_features, future_features : int
        Numbers that the encoder and the decoder read a step; the last of `future` scales the intervals.
    hidden_size, num_layers : int
        Of both stacks.
    cell : "lstm", "gru" or "rnn"
        Of both stacks.
    covariates : two tuples of int
        Which covariate, or part of the calendar, each of the last features is of, in `past` and, before the one that
        scales the intervals, in `future`. Their weights begin at 0, so that what a covariate says has to be learned,
        and while learning they are hidden in some windows, so that noise is not leaned on.
    """

    past_owners: Tensor
    future_owners: Tensor

    def __init__(
        self,
        past_features: int,
        future_features: int,
        hidden_size: int = 64,
        num_layers: int = 2,
        cell: Literal["lstm", "gru", "rnn"] = "lstm",
        covariates: tuple[tuple[int, ...], tuple[int, ...]] = ((), ()),
    ):
        super().__init__()
        self.encoder = CELLS[cell](past_features, hidden_size, num_layers, batch_first=True)
        self.decoder = CELLS[cell](future_features, hidden_size, num_layers, batch_first=True)
        self.head = nn.Linear(hidden_size, len(QUANTILES))
        past, future = past_features - len(covariates[0]), future_features - 1 - len(covariates[1])
        # Which covariate each feature is of; 0 is none, and the others count from 1.
        owners = [0] * past + [k + 1 for k in covariates[0]], [0] * future + [k + 1 for k in covariates[1]] + [0]
        self.register_buffer("past_owners", torch.tensor(owners[0]), persistent=False)
        self.register_buffer("future_owners", torch.tensor(owners[1]), persistent=False)
        self.covariates = max(map(max, owners))
        with torch.no_grad():
            self.encoder.weight_ih_l0[:, past:] = 0
            self.decoder.weight_ih_l0[:, future:-1] = 0
            self.head.weight.zero_()
            self.head.bias.zero_()
            # softplus(log(exp(gap) - 1)) = gap, between one quantile and the next.
            gaps = torch.from_numpy(SIGMA * Z).diff().expm1().log()
            self.head.bias[:MEDIAN], self.head.bias[MEDIAN + 1 :] = gaps[:MEDIAN], gaps[MEDIAN:]

    def forward(self, past: Tensor, future: Tensor, blind: bool = False) -> Tensor:
        """Forecast the quantiles (B, h, Q) of windows past (B, L, past_features), future (B, h, future_features).

        With `blind`, as if there were no covariates.
        """
        if self.covariates and (self.training or blind):
            chance = torch.rand(len(past), 1, 1 + self.covariates, device=past.device)
            shown = (chance >= HIDDEN) & (chance[..., :1] >= (1 if blind else BLIND))
            shown[..., 0] = True
            past, future = past * shown[..., self.past_owners], future * shown[..., self.future_owners]
        _, state = self.encoder(past)
        outputs, _ = self.decoder(future, state)
        below, median, above = self.head(outputs).split((MEDIAN, 1, MEDIAN), -1)
        reach = future[..., -1:]
        down = reach * F.softplus(below).flip(-1).cumsum(-1).flip(-1)
        up = reach * F.softplus(above).cumsum(-1)
        return torch.cat([median - down, median, median + up], -1)


def simple_quantiles(future: Tensor) -> Tensor:
    """Give what an untrained network would: the simple forecast with its textbook intervals, (B, h, Q)."""
    return future[..., -1:] * torch.from_numpy(SIGMA * Z).to(future)


def pinball(model: nn.Module, batch: Batch) -> Tensor:
    """The quantile loss of a model's forecasts of a batch."""
    return quantile_loss(model(batch.past, batch.future), batch.target)


def quantile_loss(quantiles: Tensor, target: Tensor) -> Tensor:
    """The quantile loss (Koenker & Bassett, 1978) over all known targets, doubled: the median's share is its error."""
    loss, known = _losses(quantiles, target)
    return loss.sum() / known.sum().clamp(min=1)


def window_losses(quantiles: Tensor, target: Tensor) -> Tensor:
    """The quantile loss of each window by itself (B,), NaN where none of its targets is known."""
    loss, known = _losses(quantiles, target)
    return loss.sum(1) / known.sum(1)


def _losses(quantiles: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """The loss of each target (B, h), 0 where it is missing, and whether it is known."""
    known = ~torch.isnan(target)
    error = target.nan_to_num()[..., None] - quantiles
    level = error.new_tensor(QUANTILES)
    return 2 * torch.maximum(level * error, (level - 1) * error).mean(-1) * known, known
