"""What a trained network remembers, and for how long: its gates, its answers and its state, side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from gatework.errors import DataError, OptionError
from gatework.look.effect import Answers, Effect, by_change, by_gradient
from gatework.look.horizon import Horizon, control, floor, horizon
from gatework.look.jsonable import jsonable
from gatework.look.lags import peaks, spread_out
from gatework.look.memory_in_words import in_words
from gatework.look.recall import Recall, recall
from gatework.look.subject import Subject, subject
from gatework.look.timescale import slow, timescales
from gatework.look.trace import arrays, see
from gatework.look.watch import listening

# More lags are kept only where there is a peak.
LAGS = 1024

# A forecaster of few series is asked about several windows of each.
WINDOWS = 64


@dataclass(frozen=True)
class Memory:
    """Three measures of a memory, by lag: how many steps before the answer an input was read.

    Changes of the answer are told as a share of its own spread: 1 is a standard deviation. Sizes: N lags, M lags of
    recall, D inputs, H units.

    Attributes
    ----------
    horizon : float
        How many steps back it remembers: the last lag whose `change` counts. NaN where no input changes the answer.
    beyond : bool
        Whether that is all that the data could show; then it remembers at least so far.
    horizon_by_gradient : float
        The same by `gradient`.
    ahead : float
        How many steps after the answer's own an input still counts, of a network that reads in both directions; NaN
        where later inputs change nothing.
    eps : float
        A lag counts where its effect is at least this share of the largest.
    lags : (N,) int array
        Negative ones are of later inputs.
    change : (N,) array
        Mean size of the change of the answer when the input at that lag is replaced by one from elsewhere in the data.
    gradient : (N,) array
        What that would be if the answer were linear in each input, by gradient.
    control : (2, N) array
        The band in which `change` would lie if lags said nothing: times shuffled among all that lie farther off.
    timescales : dict of str to (H,) array
        Of each layer and direction, the steps of the data after which a unit's gate leaves exp(-1) of a memory;
        infinite where it never closes. Plain RNNs have no such gate.
    recall_lags : (M,) int array
        Lags of `recall`.
    recall : (M, D) array
        R^2 at which the input at that lag can be read off the state, by ridge regression, on rows it was not fitted to.
    recall_now : (M, D) array
        The same, read off the present input alone: what the data themselves tell, without a memory.
    names : tuple of str
        Of the D inputs.
    rows, steps : int
        How many rows were read, and how many steps the longest has.
    stepwise : bool
        Whether there was an answer for each step, rather than one about the end.
    floor : float
        The share of the largest effect that every older input has alike, back to the oldest, behind the last lag that
        stands out: a sum or a mean of all that was read has one. NaN where there is none that reaches `eps`.
    inside : bool
        Whether what the layers give at each step was looked at in the place of answers: of a Classifier or Regressor
        whose answer an input reaches without being remembered, by a mean over all steps or beside the layers.
    """

    horizon: float
    beyond: bool
    horizon_by_gradient: float
    ahead: float
    eps: float
    lags: np.ndarray
    change: np.ndarray
    gradient: np.ndarray
    control: np.ndarray
    timescales: dict[str, np.ndarray]
    recall_lags: np.ndarray
    recall: np.ndarray
    recall_now: np.ndarray
    names: tuple[str, ...]
    rows: int
    steps: int
    stepwise: bool
    floor: float = np.nan
    inside: bool = False

    def __str__(self) -> str:
        return in_words(self)

    @property
    def gate_reach(self) -> float:
        """How far back the slowest tenth of all units would remember by their gates: NaN without a gate that keeps."""
        return float(-np.log(self.eps) * slow(self.timescales, 0.9))

    @property
    def gates_agree(self) -> bool | None:
        """Whether the gates reach as far as the effect, by a factor of 2; None where there is nothing to compare."""
        # Inputs that count on behind the horizon leave no one reach.
        if not (self.gate_reach >= 0 and self.horizon >= 0) or (self.floor > 0 and not self.beyond):
            return None
        # Between neighbouring steps a factor says little.
        gates, effect = self.gate_reach + 1, self.horizon + 1
        return bool(gates >= effect / 2 and (self.beyond or gates <= 2 * effect))

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it; what is NaN or infinite is None."""
        return jsonable({**vars(self), "gate_reach": self.gate_reach, "gates_agree": self.gates_agree})


def memory(
    model: Any,
    data: Any = None,
    lengths: Any = None,
    batch_first: bool | None = None,
    *,
    eps: float = 0.05,
    seed: int = 0,
    futr_df: Any = None,
    static_df: Any = None,
) -> Memory:
    """Measure what a model remembers, and for how long, in three ways: a picture of gates alone over-claims.

    Gates say for how long a unit could keep what it has. The effect of an input on later answers, by replacing it and
    by gradient, says what reaches them. What can be read off the state says what is there.

    The horizon is the last lag that counts: its effect is at least `eps` of the largest. Where an effect drops into
    the band of a control, what shuffled times would give among the lags that lie farther off, it counts no more,
    however large that band; `floor` is what older inputs still do there. Where only the input of the same step stands
    out of it, a floor of `eps` is the memory, and longer than the data. A gate that is constant at f has a horizon of
    ln(eps) / ln(f).

    Parameters
    ----------
    model : nn.Module, Forecaster, Classifier or Regressor
        A gatework or torch.nn LSTM, GRU or RNN; a module that holds some; or a fitted estimator. It stays as it is.
    data : tensor, array, list of (T_i, D) arrays; or a table
        What the module reads: (T, B, D), or (B, T, D) with `batch_first`; a list is padded. For a Forecaster a table
        as its `predict` takes, by default the history it keeps. For a Classifier or Regressor what its `predict` takes.
    lengths : (B,) whole numbers, optional
        Where each row of an array ends.
    batch_first : bool, optional
        How data lie; by default as the model's first recurrent layer has it.
    eps : float
        The share of the largest effect from which a lag counts. 0.05, as three time constants leave.
    seed : int
        Of the inputs that are put in the places of others.
    futr_df, static_df : table, dict or path, optional
        Of a Forecaster with covariates, as its `predict` takes them.

    Returns
    -------
    Memory
        Curves by lag, and the horizon. `print` tells it in sentences; `plot_memory` draws it.

    Raises
    ------
    OptionError, DataError, ShapeError, NotFittedError
        A setting that cannot be, rows of a single step, answers that are no numbers, or as `subject` does.

    Examples
    --------
    >>> import torch, gatework
    >>> from gatework.look import memory
    >>> found = memory(gatework.LSTM(3, 8), torch.randn(100, 4, 3))
    >>> found.change.shape == found.lags.shape, 0 < found.horizon < 20
    (True, True)
    """
    if not (isinstance(eps, int | float) and 0 < eps < 1):
        raise OptionError(f"eps must be between 0 and 1; got {eps!r}. 0.05 is 5 % of the largest effect.")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise OptionError(f"seed must be a whole number from 0 on; got {seed!r}.")
    tables = {"futr_df": futr_df, "static_df": static_df}
    seen = subject(model, data, lengths, batch_first, **tables)
    inside = seen.remembered is not None
    if seen.remembered is not None:
        seen = replace(seen, run=seen.remembered, stepwise=True)
    if not isinstance(model, nn.Module) and seen.sequences is None and seen.x.shape[1] < WINDOWS:
        seen = subject(model, data, windows=-(-WINDOWS // seen.x.shape[1]), **tables)
    generator = torch.Generator().manual_seed(int(seed))
    if len(seen.x) < 2:
        raise DataError("data must have rows of 2 steps or more; got 1. One step has none before it to remember.")
    answers = Answers(seen)
    by_slope = by_gradient(answers, generator)
    high = peaks(by_slope.lags, by_slope.mean)
    changed = by_change(answers, generator, high)
    layers = _moments(seen)
    told, now = _recalled(answers, layers, np.random.default_rng(int(seed)), high)

    most = int(answers.lengths.max())
    near = np.union1d(spread_out(most, LAGS), high)
    sides = _sides(changed, near), _sides(by_slope, near)
    (past, later), (slope_past, slope_later) = sides
    largest, steepest = (max((side.mean.max() for side in both if len(side.lags)), default=0.0) for both in sides)
    found = horizon(past, eps, largest)
    ahead = horizon(later, eps, largest) if len(later.lags) else Horizon(np.nan, False)
    behind = floor(past, eps, largest) if largest > 0 else None
    lags = np.concatenate([-later.lags[::-1], past.lags])
    slopes = dict(zip(slope_past.lags.tolist(), slope_past.mean, strict=True))
    slopes |= dict(zip((-slope_later.lags).tolist(), slope_later.mean, strict=True))
    bands = [control(side) if len(side.lags) else np.empty((2, 0)) for side in (later, past)]
    return Memory(
        horizon=found.steps,
        beyond=found.beyond,
        horizon_by_gradient=horizon(slope_past, eps, steepest).steps,
        ahead=ahead.steps,
        eps=float(eps),
        lags=lags,
        change=np.concatenate([later.mean[::-1], past.mean]),
        gradient=np.array([slopes.get(k, np.nan) for k in lags.tolist()]),
        control=np.concatenate([bands[0][:, ::-1], bands[1]], axis=1),
        timescales={name: seen.stride * one for name, one in timescales(layers).items()},
        recall_lags=told.lags,
        recall=told.score,
        recall_now=now.score,
        names=seen.names,
        rows=seen.x.shape[1],
        steps=most,
        stepwise=answers.stepwise,
        floor=behind[1] if behind and behind[1] >= eps else np.nan,
        inside=inside,
    )


def _sides(effect: Effect, near: np.ndarray) -> tuple[Effect, Effect]:
    """Of inputs up to the answer, and of later ones by how much later; none where no later one changes anything."""
    later = Effect(-effect.lags[::-1], effect.mean[::-1], effect.second[::-1], effect.count[::-1])
    later = later.at(near[near > 0])
    # A network that reads forward alone may differ in the last bits, as rows are summed in another order.
    if not (later.mean > 1e-5 * effect.mean.max()).any():
        later = later.at(near[:0])
    return effect.at(near), later


@torch.no_grad()
def _moments(seen: Subject) -> dict[str, dict[str, np.ndarray]]:
    with listening(seen.layers, see) as heard:
        seen.run(seen.x)
    return arrays(heard, seen.alive().cpu())


def _recalled(
    answers: Answers, layers: dict[str, dict[str, np.ndarray]], rng: np.random.Generator, also: np.ndarray
) -> tuple[Recall, Recall]:
    """What the state tells of the inputs, and what the present input tells: of layers that read at the data's pace."""
    seen = answers.seen
    x, alive = seen.x.cpu().double().numpy(), seen.alive().cpu().numpy()
    parts = [
        parts[letter]
        for parts in layers.values()
        for letter in ("h", "c")
        if letter in parts and len(parts[letter]) == -(-len(x) // seen.stride)
    ]
    if not parts:
        empty = Recall(np.empty(0, int), np.empty((0, x.shape[2])))
        return empty, empty
    # An answer about the end is made of the state there, where there are rows enough to learn from that moment alone.
    last = not answers.stepwise and x.shape[1] >= WINDOWS
    both = any(layer.bidirectional for layer in seen.layers.values())
    # A step of the layers stands for so many of x.
    state = np.concatenate(parts, axis=2).repeat(seen.stride, axis=0)[: len(x)]
    told, now = (recall(one, x, alive, rng, last=last, both=both, also=also) for one in (state, x))
    return told, now
