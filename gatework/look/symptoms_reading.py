"""Whether a forecaster reads as far back as its series depend on what was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from gatework.data.latest import latest
from gatework.data.panel import Panel
from gatework.look import limits
from gatework.look.dependence import FEWEST, MOMENTS, READINGS, Dependence, dependence
from gatework.look.finding import Finding
from gatework.tasks.rehearsal import reader


def left_over(model: Any, panel: Panel) -> Dependence | str:
    """How well what the simple forecast leaves is told from the last values; a text says why that is not known.

    Of what the last step has beside its value, covariates and the calendar, the share is taken out first: that is no
    matter of how far back a network reads.
    """
    recipe, panel = model.recipe_, latest(panel, model.recipe_.latest)
    reach = recipe.input_size + max(recipe.lags)
    long = min(READINGS, max(map(len, panel.values)) // 2)
    # Of windows that are whole, as many as a regression takes, evenly over all series.
    each = [np.arange(long, len(series) - recipe.h + 1) for series in panel.values]
    series, ends = np.repeat(np.arange(len(each)), list(map(len, each))), np.concatenate(each)
    too_few = "Its series have {:,} whole windows of {:,} steps; {} are needed.".format
    if len(ends) < FEWEST:
        return too_few(len(ends), long, FEWEST)
    some = np.linspace(0, len(ends) - 1, min(len(ends), MOMENTS)).astype(int)
    windows = reader(panel, replace(recipe, input_size=long))
    batch = windows.batch(torch.from_numpy(series[some]), torch.from_numpy(ends[some]))
    target = torch.asinh(batch.target[:, recipe.lead :]).double().numpy()
    known = np.isfinite(target).all(1)
    if known.sum() < FEWEST:
        return too_few(known.sum(), long, FEWEST)
    past, target = batch.past.transpose(0, 1).double().numpy()[:, known], target[known]
    beside = np.insert(past[-1, :, len(recipe.lags) + 2 :], 0, 1, axis=1)
    target = target - beside @ np.linalg.lstsq(beside, target, rcond=None)[0]
    return dependence(past[..., :1], np.ones(past.shape[:2], bool), target, at_end=True, also=[reach])


def too_little_read(depends: Dependence, input_size: int, lag: int) -> Finding | None:
    """Say whether steps farther back than those that are read, and than a lag before these, would tell much more."""
    needed, reach = depends.needed(), input_size + lag
    if needed is None or depends.gain(reach - 1) < limits.GAIN:
        return None
    told, more = depends.score.max() - depends.gain(reach - 1), depends.score[depends.steps == needed + 1][0]
    return Finding(
        "memory too short",
        "worth knowing",
        f"It reads {input_size:,} steps and their changes over up to {lag:,}. Of what its simple forecast leaves, the "
        f"last {reach:,} values tell {told:.0%}, and the last {needed + 1:,} tell {more:.0%} (R^2 of a ridge "
        "regression, on windows it had not seen).",
        f"Read {needed + 1:,} steps.",
    )


def enough_steps(depends: Dependence | str) -> int | None:
    """How many steps would tell most of it."""
    needed = None if isinstance(depends, str) else depends.needed()
    return None if needed is None else needed + 1
