"""A fitted forecaster as the instruments see it: windows in, the median forecast out, in the windows' own units."""

from __future__ import annotations

from copy import deepcopy
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from gatework.data.clock import names
from gatework.data.latest import latest, some
from gatework.data.panel import Panel
from gatework.data.windows import Batch
from gatework.errors import DataError, NotFittedError, OptionError
from gatework.look.subject import Subject, recurrent
from gatework.models.forecast import quantile_loss
from gatework.models.quantiles import MEDIAN
from gatework.tasks.backtest import FEWEST
from gatework.tasks.forecaster import Forecaster
from gatework.tasks.inputs import check_future, read_more
from gatework.tasks.rehearsal import reader

if TYPE_CHECKING:
    from gatework.data.covariates import Column, Covariates
    from gatework.data.standard import Standard, Unit


def panel_of(model: Any, data: Any, futr_df: Any = None, static_df: Any = None) -> Panel:
    """Read what a fitted Forecaster is to be seen with, as its predict does; a Panel has been read already."""
    if not isinstance(model, Forecaster):
        raise OptionError(
            "model must be a torch module or a fitted Forecaster, Classifier or Regressor; got "
            f"{type(model).__name__}. gatework.load gives a saved one."
        )
    if not hasattr(model, "net_"):
        raise NotFittedError("Forecaster must be fitted before it is looked into; got none. Call fit(df) first.")
    return data if isinstance(data, Panel) else read_more(model.get_params(), model.panel_, data, futr_df, static_df)


def of_forecaster(model: Any, data: Any, windows: int, back: int) -> Subject:
    """See a Forecaster and its series as the instruments do; the parameters are those of `subject`."""
    panel = panel_of(model, data)
    for name, value, least in (("windows", windows, 1), ("back", back, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise OptionError(f"{name} must be a whole number of at least {least}; got {value!r}.")
    if back < model.ahead:
        check_future(panel, model.ahead - back)
    net = deepcopy(model.net_).eval()
    batch = _windows(model, panel, windows, back)
    x = batch.past.transpose(0, 1).contiguous()

    def quantiles(x: Tensor) -> Tensor:
        times = x.shape[1] // len(batch.future)
        return net(x.transpose(0, 1), batch.future.repeat(times, 1, 1))[:, model.lead :]

    def loss(x: Tensor) -> Tensor:
        return quantile_loss(quantiles(x), batch.target[:, model.lead :])

    covariates = _covariates(panel.covariates, model.recipe_.standard)
    calendar = names(model.recipe_.calendar)
    return Subject(
        net,
        _layers(net),
        x,
        None,
        lambda x: quantiles(x)[None, ..., MEDIAN],
        ("value", *(f"change over {lag}" for lag in model.recipe_.lags), "known", *covariates, *calendar),
        loss=loss if bool((~torch.isnan(batch.target[:, model.lead :])).any()) else None,
    )


def _layers(net: Any) -> dict[str, Any]:
    """The encoder and the decoder, of each network where there are several."""
    alone = "members.0." if len(net.members) == 1 else "members."
    return {name.removeprefix(alone): layer for name, layer in recurrent(net).items()}


def _windows(model: Forecaster, panel: Panel, windows: int, back: int) -> Batch:
    recipe = model.recipe_
    known = [i for i, values in enumerate(panel.values) if len(values) - back >= FEWEST and not np.isnan(values).all()]
    if not known:
        raise DataError(
            f"data must have a series of at least {FEWEST + back} steps; got {max(map(len, panel.values))} at most."
        )
    part = latest(some(panel, known), recipe.latest)
    read = reader(part, recipe)
    # The ends of the windows, oldest first; a short series has fewer of them.
    ends = [
        np.unique(np.linspace(max(FEWEST, min(recipe.input_size, n - back)), n - back, windows).astype(int))
        if windows > 1
        else np.array([n - back])
        for n in map(len, part.values)
    ]
    series = np.repeat(np.arange(len(part)), list(map(len, ends)))
    return read.batch(torch.from_numpy(series), torch.from_numpy(np.concatenate(ends)))


def _covariates(covariates: Covariates | None, standard: Standard | None) -> list[str]:
    """Name each number that a step has of the covariates, as data/context.py lays them out."""
    if covariates is None or standard is None:
        return []
    units = (standard.past, standard.known, standard.static)
    return list(chain.from_iterable(map(_group, covariates.columns, units)))


def _group(columns: tuple[Column, ...], units: tuple[Unit, ...]) -> list[str]:
    names = [
        str(column.name) if one is None else f"{column.name}={one}"
        for column in columns
        for one in (column.categories if column.categories is not None else (None,))
    ]
    return names + [f"{name} known" for name, unit in zip(names, units, strict=True) if unit.gaps]
