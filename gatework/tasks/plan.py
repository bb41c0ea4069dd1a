"""What a comparison will do: which models, from which cutoffs, beside which forecasts made elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gatework.errors import OptionError
from gatework.models.quantiles import check_levels
from gatework.tasks import classical
from gatework.tasks.backtest import FEWEST, origins
from gatework.tasks.forecaster import Forecaster
from gatework.tasks.inputs import about
from gatework.tasks.outside import read_outside
from gatework.tasks.rivals import CLASSICAL, MODELS
from gatework.tasks.significance import ENOUGH_SERIES, ENOUGH_WINDOWS

if TYPE_CHECKING:
    from gatework.data.panel import Panel
    from gatework.tasks.backtest import Origin
    from gatework.tasks.judge import Forecasts

# Windows by default: of many series few, since each series tells by itself.
FEW, MOST = 3, 24


@dataclass(frozen=True)
class Plan:
    """A comparison before anything is forecast: all that could be refused has been."""

    model: Forecaster
    panel: Panel
    names: list[str]
    found: list[Origin]
    step_size: int
    outside: list[Forecasts]
    level: float
    notes: list[str]
    covariates: tuple[str, ...] = ()

    def where(self) -> str:
        """Say from how many cutoffs, and how far apart."""
        count = len(self.found)
        if count == 1:
            return "1 cutoff"
        return f"{count} cutoffs, {self.step_size:,} step{'' if self.step_size == 1 else 's'} apart"


def plan(
    df: Any,
    h: int,
    models: Sequence[str] | None,
    others: Any,
    n_windows: int | None,
    step_size: int | None,
    level: float,
    settings: dict[str, Any],
    futr_df: Any = None,
    static_df: Any = None,
) -> Plan:
    """Read the data and the others' forecasts, and choose models and windows; the parameters are those of `compare`."""
    for name in ("cell", "alias"):
        if name in settings:
            raise OptionError(f"{name} must be left out, since compare runs every cell; got {settings[name]!r}.")
    names, notes = _choose(models)
    levels = check_levels(level)
    if len(levels) != 1:
        raise OptionError(f"level must be one percentage; got {level!r}. 90 is the usual one.")
    model = Forecaster(h)
    model.set_params(**settings)
    panel = model._checked(df, futr_df, static_df)
    n_windows, step_size = spread(panel, h, n_windows, step_size, model.lead)
    found = origins(panel, model.ahead, n_windows, step_size, model.lead)
    outside: list[Forecasts] = []
    for table in others if isinstance(others, list | tuple) else [others]:
        outside += read_outside(table, found, levels[0], [*MODELS, *(one.name for one in outside)])
    if len(names) + len(outside) < 2:
        raise OptionError(f"models must be two or more; got {', '.join(names) or 'none'}. Add SeasonalNaive.")
    columns = () if panel.covariates is None else sum(panel.covariates.columns, ())
    covariates = tuple(str(column.name) for column in columns)
    notes = [*panel.notes, *about(panel), *notes]
    return Plan(model, panel, names, found, step_size, outside, levels[0], notes, covariates)


def _choose(models: Sequence[str] | None) -> tuple[list[str], list[str]]:
    wanted = list(MODELS) if models is None else [models] if isinstance(models, str) else list(models)
    for name in wanted:
        if name not in MODELS:
            raise OptionError(
                f"models must be of {', '.join(MODELS)}; got {name!r}. Forecasts made elsewhere go to others= "
                "(command line: --with)."
            )
    names = [name for name in MODELS if name in wanted]
    lost = [name for name in names if name in CLASSICAL]
    if classical.installed() or not lost:
        return names, []
    if models is not None:
        raise OptionError(
            f"models must be installed; got {lost[0]} without statsforecast. Run: pip install 'gatework[compare]'"
        )
    note = "Theta and ETS are left out: they need statsforecast. Run: pip install 'gatework[compare]'"
    return [name for name in names if name not in lost], [note]


def spread(panel: Panel, h: int, n_windows: int | None, step_size: int | None, lead: int = 0) -> tuple[int, int]:
    """Choose how many windows, and how far apart, where that is left open."""
    if n_windows is not None:
        return n_windows, h if step_size is None else step_size
    longest = max(len(series) for series in panel.values)
    room = max(longest // 2, FEWEST + lead + h) - lead - h
    if len(panel) >= ENOUGH_SERIES:
        step = h if step_size is None else step_size
        return max(1, min(FEW, 1 + room // max(step, 1))), step
    if step_size is None:
        # Windows may overlap, but not so much that twelve say no more than three would.
        step_size = max(1, -(-h // 3), min(h, room // (ENOUGH_WINDOWS - 1)))
    return max(1, min(MOST, 1 + room // max(step_size, 1))), step_size
