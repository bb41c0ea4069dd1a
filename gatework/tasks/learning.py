"""Networks learn from a panel, and forecast one."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from gatework.data.draws import Draws
from gatework.data.floor import floor
from gatework.data.latest import latest, lots, sample
from gatework.data.panel import Panel
from gatework.data.windows import Batch, Windows, future_features, owners, past_features
from gatework.models.ensemble import Ensemble
from gatework.models.forecast import EncoderDecoder, pinball
from gatework.models.quantiles import QUANTILES
from gatework.tasks import rehearsal
from gatework.tasks.backtest import Origin
from gatework.tasks.recipe import Recipe
from gatework.tasks.rehearsal import AT_ONCE, reader
from gatework.train.checkpoint import Checkpoint
from gatework.train.loop import History, fit, seeded

# Validations in one training. It ends early when half of them have passed without a new best.
VALIDATIONS = 20
# Between the seeds of two networks of one ensemble.
APART = 1000


class Learned(NamedTuple):
    """What came of learning."""

    net: Ensemble  # in eval mode
    history: History  # of the training that chose how long to train, the first network's
    held: Origin  # the last window of each series, held out of that training
    rehearsed: np.ndarray  # and how it was forecast then, (N, h, Q)


def build(recipe: Recipe) -> Ensemble:
    """Make the networks, untrained; the same seed gives the same weights."""
    read = recipe.lags, recipe.standard, recipe.calendar
    sizes = past_features(*read), future_features(*read), recipe.hidden_size, recipe.num_layers
    members = []
    for k in range(recipe.members):
        with seeded(recipe.seed + APART * k):
            members.append(EncoderDecoder(*sizes, recipe.cell, owners(*read)))
    return Ensemble(members, recipe.h).eval()


def learn(
    panel: Panel,
    recipe: Recipe,
    checkpoint: Checkpoint | None = None,
    resume: bool = False,
    progress: bool | None = None,
    start: Ensemble | None = None,
) -> Learned:
    """Rehearse on all but the last windows of the series, which then say how it went; and go on with them too.

    What the held-out windows decide: after how many steps each network was best, how far to trust them all, and how
    wide their intervals must be. Each network then trains on from there on everything.

    Parameters
    ----------
    panel : Panel
        Series with fewer than 3 steps before the held-out windows are passed over. Where all are, the networks stay
        untrained.
    recipe : Recipe
        The settings.
    checkpoint, resume, progress
        As in gatework.train.fit; the trainings after the first have checkpoints beside the first one's.
    start : Ensemble, optional
        Trained networks to begin with, which stay as they are.
    """
    lessons = Lessons(build(recipe) if start is None else deepcopy(start), recipe, checkpoint, resume, progress)
    net, held = lessons.net, rehearsal.hold_out(panel, recipe.h, recipe.lead)
    windows, before = rehearsal.read(held, recipe), _windows(held[0].history, recipe)
    if not len(Draws(before, recipe.batch_size, recipe.seed)):
        return Learned(net, History(stopped="finished"), held[-1], foresee(net, held[-1].history, recipe))
    if checkpoint is not None and not resume:
        checkpoint.clear()
    histories: list[History] = []
    for k in range(recipe.members):
        histories.append(lessons.rehearse(k, before, windows, untrained=start is not None))
        if histories[k].stopped == "interrupted":
            break
    # Windows of much data are large, and soon there are others.
    del before
    # Networks that an interrupted training left without a lesson have no say.
    net.members = net.members[: len(histories)]
    rehearsal.calibrate(net, windows, rehearsal.worth(held))
    rehearsed = foresee(net, held[-1].history, recipe)
    if histories[-1].stopped != "interrupted":
        whole, wide = _windows(panel, recipe), rehearsal.widths(net, windows)
        for k, history in enumerate(histories):
            if not lessons.perform(k, whole, history):
                histories[-1].stopped = "interrupted"
                break
        rehearsal.keep_widths(net, windows, wide)
    return Learned(net, replace(histories[0], stopped=histories[-1].stopped), held[-1], rehearsed)


@dataclass
class Lessons:
    """The trainings of an ensemble, each with draws and a checkpoint of its own."""

    net: Ensemble
    recipe: Recipe
    checkpoint: Checkpoint | None
    resume: bool
    progress: bool | None

    def rehearse(self, k: int, before: Windows, held: list[Batch], untrained: bool) -> History:
        """Train network k on what lies before the held-out windows, and leave it as it was best for those."""
        steps = self.recipe.steps
        return self._train(
            k,
            k,
            before,
            "rehearsing",
            steps=steps,
            learning_rate=self.recipe.learning_rate,
            validate=partial(rehearsal.loss, held=held),
            every=max(1, steps // VALIDATIONS),
            patience=VALIDATIONS // 2,
            # An untrained network is the simple forecast, which may not have seen the last value; a barely trained one
            # has. One that comes trained may be best as it is.
            untrained=untrained,
        )

    def perform(self, k: int, whole: Windows, rehearsed: History) -> bool:
        """Train network k on everything, for as many steps again as were best; False where that was interrupted.

        The rate is lower the earlier it was best: it had little to gain then and much to lose.
        """
        best = rehearsed.best_step
        if not best:
            return True
        before = deepcopy(self.net.members[k].state_dict())
        rate = self.recipe.learning_rate * best / self.recipe.steps
        history = self._train(
            k, self.recipe.members + k, whole, "training on everything", steps=best, learning_rate=rate
        )
        if history.stopped != "interrupted":
            return True
        # In the middle of a cycle the rate is high, and the weights are worse than before it.
        self.net.members[k].load_state_dict(before)
        return False

    def _train(self, k: int, run: int, on: Windows, title: str, **settings: Any) -> History:
        count, seed = self.recipe.members, self.recipe.seed
        return fit(
            self.net.members[k],
            Draws(on, self.recipe.batch_size, seed + APART * k + run // count),
            pinball,
            seed=seed,
            checkpoint=self.checkpoint.beside(run) if self.checkpoint and run else self.checkpoint,
            resume=self.resume,
            progress=self.progress,
            title=title if count == 1 else f"{title}, network {k + 1} of {count}",
            **settings,
        )


def _windows(panel: Panel, recipe: Recipe) -> Windows:
    """As many windows as are learned from."""
    return reader(sample(latest(panel, recipe.latest), recipe.seed), recipe)


def foresee(net: nn.Module, panel: Panel, recipe: Recipe) -> np.ndarray:
    """Forecast what follows each series: quantiles (N, h, Q), NaN for a series without any value.

    Demand, rain and whatever else has zeros and nothing below them is forecast no lower than 0.
    """
    known = [i for i, series in enumerate(panel.values) if not np.isnan(series).all()]
    quantiles = np.full((len(panel), recipe.h, len(QUANTILES)), np.nan)
    with torch.no_grad():
        for rows, part in lots(panel, known, recipe.latest):
            windows = reader(part, recipe)
            for some in torch.arange(len(rows)).split(AT_ONCE):
                ends = windows.lengths[some]
                batch = windows.batch(some, ends)
                units = net(batch.past, batch.future)
                quantiles[np.array(rows)[some]] = windows.scale(some, ends).undo(units).numpy()
    return np.maximum(quantiles, np.array([floor(series) for series in panel.values])[:, None, None])
