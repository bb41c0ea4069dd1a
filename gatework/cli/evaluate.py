"""`gatework evaluate`: how good the forecasts would have been."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gatework.cli.flags import Futr, Static
from gatework.cli.labels import evaluate_labels, refuse_tables
from gatework.cli.models import label_config, look_into, read_like
from gatework.cli.report import tell, tell_calibration, tell_data, tell_scores
from gatework.tasks import Forecaster
from gatework.tasks.backtest import origins


def evaluate(
    model: Path,
    data: Path,
    /,
    *,
    windows: int | None = None,
    step_size: int | None = None,
    refit: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    futr: Futr = None,
    static: Static = None,
    plot: Path | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
) -> None:
    """Score a forecaster on the past, as if it were the future, or a classifier or regressor on other sequences.

    Of a forecaster what is scored is a copy with the model's parameters, trained on what lies before the first window
    alone: the model itself may have seen these windows. This takes as long as `gatework fit`. A classifier or regressor
    is scored as it is, on labelled sequences that fit should not have seen, beside simple rivals that learned from
    what fit did.

    Parameters
    ----------
    model
        The folder that `gatework fit` made.
    data
        A .csv, .csv.gz, .tsv or .parquet file with the columns that fit was given; or a folder, as fit was given.
    windows
        How often to forecast h steps, the last time from h steps before the end. By default once.
    step_size
        Steps from one window to the next. By default h, so that they do not overlap.
    refit
        Train anew before every window: slower, and what a forecaster that is trained daily would do.
    futr
        A file with the ids, the times and the columns of --futr-exog-list; with a column `cutoff`, as they were
        forecast at the time. Without it they are read as they came to be.
    static
        A file with the ids and the columns of --stat-exog-list, one row for each series.
    plot
        A .png, .svg, .pdf or .jpg file for a picture of which class was taken for which, or of numbers against the true
        ones.
    as_json
        Print the scores as JSON and nothing else.
    """
    if config := label_config(model):
        others = {"futr": futr, "static": static, "windows": windows, "step_size": step_size, "refit": refit or None}
        refuse_tables("classify or regress", **others)
        evaluate_labels(model, config, data, plot, as_json)
        return
    refuse_tables("forecast", plot=plot)
    windows = 1 if windows is None else windows
    parameters, known = look_into(model)
    panel, copy = read_like(parameters, known, data, futr, static), Forecaster(**parameters)
    # Refused here, before it takes long; evaluate asks for the same.
    origins(panel, copy.ahead, windows, copy.h if step_size is None else step_size, copy.lead)
    out = sys.stderr if as_json else sys.stdout
    tell_data(data, panel, out)
    tell(["a copy of the model is trained on what lies before the first window."], out)
    scores = copy.evaluate(data, windows, step_size, refit, futr_df=futr, static_df=static)
    if as_json:
        print(json.dumps(scores.to_dict(), indent=2))
    else:
        tell_calibration(scores)
        tell_scores(scores)
