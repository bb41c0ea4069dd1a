"""A network learns from a panel, and forecasts one."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

from gatework.data.context import future_owners, of_series, past_owners
from gatework.data.draws import Draws
from gatework.data.panel import Panel
from gatework.data.windows import Batch, Windows, future_features, past_features
from gatework.models.forecast import EncoderDecoder, pinball
from gatework.models.quantiles import MEDIAN, QUANTILES
from gatework.tasks.backtest import Origin
from gatework.tasks.recipe import Recipe
from gatework.train.checkpoint import Checkpoint
from gatework.train.loop import History, fit, seeded

# Validations in one training. It ends early when half of them have passed without a new best.
VALIDATIONS = 20
# Series in a validation, and windows that go through the network at once.
MOST_VALIDATED, AT_ONCE = 2048, 512
# Intervals are widened by no more than this, whatever a few held-out values say.
WIDEST = 5.0


def build(recipe: Recipe) -> EncoderDecoder:
    """Make the network, untrained; the same seed gives the same weights."""
    with seeded(recipe.seed):
        return EncoderDecoder(
            past_features(recipe.lags, recipe.standard),
            future_features(recipe.lags, recipe.standard),
            recipe.hidden_size,
            recipe.num_layers,
            recipe.cell,
            (past_owners(recipe.standard), future_owners(recipe.standard, recipe.lags)),
        )


def learn(
    at: Origin,
    recipe: Recipe,
    checkpoint: Checkpoint | None = None,
    resume: bool = False,
    progress: bool | None = None,
) -> tuple[EncoderDecoder, History]:
    """Train a network on the histories at an origin; what followed them decides how long.

    Parameters
    ----------
    at : Origin
        Series with histories of fewer than 3 steps are passed over. Where all are, the network stays untrained.
    recipe : Recipe
        Its settings.
    checkpoint, resume, progress
        As in gatework.train.fit.

    Returns
    -------
    EncoderDecoder, History
        The network in eval mode, and how it came about.
    """
    net = build(recipe)
    known = at.history
    windows = Windows(known.values, recipe.lags, recipe.input_size, recipe.h, known.covariates, recipe.standard)
    draws = Draws(windows, recipe.batch_size, recipe.seed)
    if not len(draws):
        return net.eval(), History(stopped="finished")
    held = _held_out(windows, at.truth)

    def validate(net: nn.Module) -> float:
        sizes = [len(batch.target) for batch in held]
        return sum(n * float(pinball(net, batch)) for n, batch in zip(sizes, held, strict=True)) / sum(sizes)

    history = fit(
        net,
        draws,
        pinball,
        steps=recipe.steps,
        validate=validate,
        every=max(1, recipe.steps // VALIDATIONS),
        patience=VALIDATIONS // 2,
        # An untrained network is the simple forecast, which may not have seen the last value; a barely trained one has.
        untrained=False,
        learning_rate=recipe.learning_rate,
        seed=recipe.seed,
        checkpoint=checkpoint,
        resume=resume,
        progress=progress,
    )
    net.spread.fill_(_spread(net, held))
    return net, history


def _spread(net: EncoderDecoder, held: list[Batch]) -> float:
    """By how much the 90 % intervals must be widened to hold 90 % of what was held out; 1 where they do already.

    Split conformal prediction (Vovk et al., 2005; Romano et al., 2019), one factor for all intervals: quantiles learned
    from little data are too sure of themselves.
    """
    low, high = QUANTILES.index(0.05), QUANTILES.index(0.95)
    shares = []
    with torch.no_grad():
        for batch in held:
            quantiles = net(batch.past, batch.future)
            error = batch.target - quantiles[..., MEDIAN]
            width = torch.where(error > 0, quantiles[..., high], quantiles[..., low]) - quantiles[..., MEDIAN]
            shares.append((error / width)[~torch.isnan(batch.target)])
    ordered = torch.cat(shares).sort().values
    # The rank that holds for one more value of the same kind.
    rank = min(len(ordered), math.ceil(0.9 * (len(ordered) + 1)))
    return min(max(1.0, float(ordered[rank - 1])), WIDEST) if rank else 1.0


def _held_out(windows: Windows, truth: np.ndarray) -> list[Batch]:
    """The windows at the ends of the series, with what followed as their targets."""
    able = torch.nonzero(windows.lengths >= 3)[:, 0]
    able = able[:: -(-len(able) // MOST_VALIDATED) or 1]
    batches = []
    for some in able.split(AT_ONCE):
        ends = windows.lengths[some]
        target = windows.scale(some, ends).apply(torch.from_numpy(truth[some])).float()
        batches.append(windows.batch(some, ends)._replace(target=target))
    return batches


def foresee(net: EncoderDecoder, panel: Panel, recipe: Recipe) -> np.ndarray:
    """Forecast what follows each series: quantiles (N, h, Q), NaN for a series without any value."""
    known = [i for i, series in enumerate(panel.values) if not np.isnan(series).all()]
    quantiles = np.full((len(panel), recipe.h, len(QUANTILES)), np.nan)
    if not known:
        return quantiles
    values, covariates = [panel.values[i] for i in known], panel.covariates and of_series(panel.covariates, known)
    windows = Windows(values, recipe.lags, recipe.input_size, recipe.h, covariates, recipe.standard)
    with torch.no_grad():
        for some in torch.arange(len(known)).split(AT_ONCE):
            ends = windows.lengths[some]
            batch = windows.batch(some, ends)
            units = net(batch.past, batch.future)
            quantiles[np.array(known)[some]] = windows.scale(some, ends).undo(units).numpy()
    return quantiles
