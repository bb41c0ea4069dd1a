"""What windows that were held out say of networks: how long to train, how far to trust, how wide the intervals must be.

They are the last of each series; a few series have several each, since one window of one series says next to nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from gatework.data.clock import Clock
from gatework.data.latest import lots
from gatework.data.panel import Panel
from gatework.data.windows import Batch, Windows
from gatework.models.ensemble import Ensemble
from gatework.models.forecast import pinball, quantile_loss, simple_quantiles, window_losses
from gatework.models.quantiles import MEDIAN, QUANTILES
from gatework.tasks.backtest import Origin, origin
from gatework.tasks.recipe import Recipe

# Windows that say enough; those of few series reach back over no more than this share of the longest.
ENOUGH, MOST_ORIGINS, SHARE = 64, 24, 0.25
# Series of one origin, and windows that go through the network at once.
MOST_SERIES, AT_ONCE = 2048, 512
# The networks' shares in the forecast that are tried; never none, since the simple forecast may not have seen the last
# value, and a network has.
TRUSTS = torch.linspace(0.05, 1, 20).tolist()
# The covariates' shares in what the networks say that are tried.
HEEDS = torch.linspace(0, 1, 11).tolist()
# Fewer independent windows than these tell the best share partly by luck: one whose mixture is worse by no more than so
# many standard errors of the difference may be the best as well.
FEW, WORSE = 200, 0.5
# Held-out values that say how wide one step's interval must be; where its own are fewer, those of steps beside it help.
VALUES = 400
# Intervals are widened by no more than this, whatever a few held-out values say.
WIDEST = 5.0


def hold_out(panel: Panel, h: int, lead: int = 0) -> list[Origin]:
    """Choose the origins of the windows to hold out, oldest first, the last one h steps before the end."""
    longest = max(len(series) for series in panel.values)
    room = max(int(SHARE * longest) - h, 0)
    count = max(1, min(-(-ENOUGH // len(panel)), MOST_ORIGINS, 1 + room))
    apart = max(1, min(h, room // max(count - 1, 1)))
    return [origin(panel, h, h + apart * back, lead) for back in reversed(range(count))]


def reader(panel: Panel, recipe: Recipe) -> Windows:
    """All windows of a panel, to be read as a recipe says."""
    sizes = recipe.lags, recipe.input_size, recipe.h
    clock = Clock(panel, recipe.calendar, *sizes) if recipe.calendar else None
    return Windows(panel.values, *sizes, panel.covariates, recipe.standard, clock)


def read(held: list[Origin], recipe: Recipe) -> list[Batch]:
    """Read the windows at these origins in the units of what was known there, with what followed as their targets."""
    parts = []
    for known, truth, _ in held:
        able = [i for i, series in enumerate(known.values) if len(series) >= 3]
        able = able[:: -(-len(able) // MOST_SERIES) or 1]
        for rows, part in lots(known, able, recipe.latest):
            windows = reader(part, recipe)
            for some in torch.arange(len(rows)).split(AT_ONCE):
                ends = windows.lengths[some]
                followed = torch.from_numpy(truth[np.array(rows)[some]])
                target = windows.scale(some, ends).apply(followed).float()
                parts.append(windows.batch(some, ends)._replace(target=target))
    whole = [torch.cat(tensors) for tensors in zip(*parts, strict=True)]
    return [Batch(*tensors) for tensors in zip(*(one.split(AT_ONCE) for one in whole), strict=True)]


def loss(net: nn.Module, held: list[Batch]) -> float:
    """Average the quantile loss over the held-out windows."""
    sizes = [len(batch.target) for batch in held]
    return sum(n * float(pinball(net, batch)) for n, batch in zip(sizes, held, strict=True)) / sum(sizes)


def worth(held: list[Origin]) -> float:
    """Say how many windows that do not overlap these origins' windows amount to, over all series."""
    known = [max(len(series) for series in at.history.values) for at in held]
    series = sum(len(values) > 0 for values in held[-1].history.values)
    return series * (1 + (known[-1] - known[0]) / held[0].truth.shape[1])


@torch.no_grad()
def calibrate(net: Ensemble, held: list[Batch], windows: float = math.inf) -> None:
    """Set how far covariates are heeded and the networks trusted, and how much wider the intervals must be.

    Parameters
    ----------
    net : Ensemble
        The networks.
    held : list of Batch
        The held-out windows.
    windows : float
        How many independent ones they amount to. The fewer, the more must speak for the networks before they are
        trusted beyond the simple forecast. And a width that few windows tell is as unsure as theirs, so it is stretched
        as Student (1908) stretches a normal interval whose spread so many values told.
    """
    simple = torch.cat([simple_quantiles(batch.future) for batch in held])
    target = torch.cat([batch.target for batch in held])
    heeding = torch.cat([net.mean(batch.past, batch.future) for batch in held])
    net.heed.fill_(1.0)
    if any(member.covariates for member in net.members):
        blind = torch.cat([net.mean(batch.past, batch.future, blind=True) for batch in held])
        net.heed.fill_(_best(HEEDS, lambda heed: torch.lerp(blind, heeding, heed), target))
        heeding = torch.lerp(blind, heeding, net.heed)
    net.trust.fill_(_least(TRUSTS, lambda trust: torch.lerp(simple, heeding, trust), target, windows))
    net.spread.copy_(spread(torch.lerp(simple, heeding, net.trust), target) * stretch(windows))


def stretch(windows: float) -> float:
    """How much wider a 90 % interval is of which so many independent windows tell the width."""
    from scipy.special import stdtrit

    return float(stdtrit(windows, 0.95) / stdtrit(math.inf, 0.95)) if windows < 1e6 else 1.0


def _best(shares: list[float], mixed: Callable[[float], Tensor], target: Tensor) -> float:
    """Of these shares, the one whose mixture forecasts best."""
    losses = [float(quantile_loss(mixed(share), target)) for share in shares]
    return shares[losses.index(min(losses))]


def _least(shares: list[float], mixed: Callable[[float], Tensor], target: Tensor, windows: float) -> float:
    """Of these shares, the least whose mixture may be the best one; where windows are many, the best.

    The rule of Breiman et al. (1984) with half of their standard error: the networks' steps were chosen by the same
    windows, which flatters them. Losses on rolling windows of ten sets chose the half.
    """
    losses = torch.stack([window_losses(mixed(share), target) for share in shares])
    losses = losses[:, ~losses[0].isnan()]
    if losses.shape[1] < 2 or windows >= FEW:
        return _best(shares, mixed, target)
    worse = losses - losses[losses.mean(1).argmin()]
    error = worse.std(1) / min(windows, losses.shape[1]) ** 0.5
    return shares[int((worse.mean(1) <= WORSE * error).nonzero()[0])]


@torch.no_grad()
def widths(net: Ensemble, held: list[Batch]) -> Tensor:
    """Measure how wide the 90 % intervals of the held-out windows are, by step: (h,)."""
    low, high = QUANTILES.index(0.05), QUANTILES.index(0.95)
    quantiles = torch.cat([net(batch.past, batch.future) for batch in held])
    return (quantiles[..., high] - quantiles[..., low]).mean(0)


def keep_widths(net: Ensemble, held: list[Batch], before: Tensor) -> None:
    """Widen the intervals to what they were `before`, where a network that has learned these windows is surer of them.

    How wide they must be was found when it had not, as it has not learned what comes next.
    """
    net.spread.mul_((before / widths(net, held)).nan_to_num(1.0).clamp(1.0, WIDEST))


def spread(quantiles: Tensor, target: Tensor) -> Tensor:
    """By how much the intervals of each step (h,) must be widened so that the 90 % one holds 90 % of what was held out.

    Split conformal prediction (Vovk et al., 2005; Romano et al., 2019): quantiles learned from little data are too sure
    of themselves. It never narrows them.

    Parameters
    ----------
    quantiles : (n, h, Q) tensor
        The forecasts of n windows.
    target : (n, h) tensor
        What followed; NaN where that is missing.
    """
    low, high = QUANTILES.index(0.05), QUANTILES.index(0.95)
    error = target - quantiles[..., MEDIAN]
    width = torch.where(error > 0, quantiles[..., high], quantiles[..., low]) - quantiles[..., MEDIAN]
    score, (count, h) = error / width, target.shape
    beside = math.ceil(VALUES / max(count, 1)) // 2
    return torch.stack([_factor(score[:, max(k - beside, 0) : k + beside + 1]) for k in range(h)])


def _factor(score: Tensor) -> Tensor:
    """The factor that makes the interval hold 90 % of values that lie so many half-widths from the median."""
    ordered = score[~torch.isnan(score)].sort().values
    if not len(ordered):
        return score.new_ones(())
    # The rank that holds for one more value of the same kind.
    rank = min(len(ordered), math.ceil(0.9 * (len(ordered) + 1)))
    return ordered[rank - 1].clamp(1.0, WIDEST)
