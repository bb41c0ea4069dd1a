"""`gatework compare`: every forecaster on the same past, and which one to use."""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from gatework.cli.flags import Futr, Static, flags
from gatework.cli.places import TABLES, check_file, check_picture, write_table
from gatework.cli.report import tell, tell_data
from gatework.errors import OptionError
from gatework.tasks import Forecaster
from gatework.tasks.compare import carry_out
from gatework.tasks.plan import plan as make_plan

# Every cell runs, each under its own name.
FIXED = ("h", "cell", "alias")


def compare(
    data: Path,
    /,
    *,
    h: int | None = None,
    with_: Annotated[list[Path] | None, Parameter(name="--with", negative="")] = None,
    models: Annotated[list[str] | None, Parameter(negative="")] = None,
    windows: int | None = None,
    step_size: int | None = None,
    refit: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    level: float = 90,
    futr: Futr = None,
    static: Static = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
    plot: Path | None = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    **settings,
) -> None:
    """Forecast the past with every model, the simple ones too, and say which one to use.

    Each model forecasts from the same cutoffs, with what was known there, and is scored on what came. LSTM, GRU, RNN,
    ridge regression and gradient boosting learn from what lies before the first cutoff, covariates too; Theta and ETS
    are fitted at each, and read no covariates.

    Parameters
    ----------
    data
        A .csv, .csv.gz or .parquet file: a row for each series and time.
    h
        Steps to forecast.
    with_
        A file of forecasts made elsewhere, with the id, the time, a column `cutoff` and one for each model, NAME, and
        perhaps NAME-lo-90 and NAME-hi-90. May be given again.
    models
        LastValue, SeasonalNaive, Theta, ETS, Ridge, Boosting, LSTM, GRU or RNN; may be given again. By default all.
    windows
        How many cutoffs. By default 3 of many series; of few series as many as tell something.
    step_size
        Steps from one cutoff to the next. By default h where the data are long enough.
    refit
        Let the models that learn do so anew at every cutoff: slower, and what one that is trained daily would do.
    level
        Percent that the intervals are to hold.
    futr
        A file with the ids, the times and the columns of --futr-exog-list; with a column `cutoff`, as they were
        forecast at the time. Without it they are read as they came to be.
    static
        A file with the ids and the columns of --stat-exog-list, one row for each series.
    as_json
        Print the result as JSON and nothing else.
    plot
        A .png, .svg, .pdf or .jpg file for a picture.
    output
        A .csv or .parquet file for every forecast, with its cutoff: what --with reads, from other programs.
    """
    if h is None:
        raise OptionError("h must be given, the number of steps to forecast; got none. Add for example --h 24.")
    if output is not None:
        check_file("output", output, TABLES)
    if plot is not None:
        check_picture(plot)
    out = sys.stderr if as_json else sys.stdout
    # Everything that can be refused is, before it takes long; compare asks for the same.
    plan = make_plan(data, h, models, with_ or [], windows, step_size, level, settings, futr, static)
    tell_data(data, plan.panel, out)
    tell(plan.notes[len(plan.panel.notes) :], out)
    names = ", ".join([*plan.names, *(one.name for one in plan.outside)])
    tell([f"compared are {names}, {h:,} steps ahead from {plan.where()}."], out)
    found = carry_out(plan, refit)
    if as_json:
        print(json.dumps(found.to_dict(), indent=2))
    else:
        tell(found.notes[len(plan.notes) :], out)
        from rich.console import Console

        console = Console(highlight=False)
        print()
        console.print(found.table())
        if (when := found.when()).row_count:
            print()
            console.print(when)
        print(f"\n{found.verdict()}")
    if output is not None:
        write_table(found.forecasts, output)
        print(f"{output}: {found.forecasts.num_rows:,} rows, every forecast with its cutoff.", file=out)
    if plot is not None:
        picture: Any = found.plot()[0].figure
        picture.savefig(plot, dpi=150)
        print(f"{plot}: the models' errors, and when they err.", file=out)


_own = inspect.signature(compare, eval_str=True)
compare.__signature__ = _own.replace(  # type: ignore[attr-defined]
    parameters=[
        *(parameter for parameter in _own.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD),
        *(flag for flag in flags(Forecaster) if flag.name not in FIXED),
    ]
)
