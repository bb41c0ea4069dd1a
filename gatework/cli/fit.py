"""`gatework fit`: a table in, a judged model out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gatework.cli.flags import Futr, Static, forecaster, with_flags
from gatework.cli.places import check_model_folder
from gatework.cli.report import tell, tell_data, tell_scores
from gatework.tasks import Forecaster
from gatework.tasks.inputs import about
from gatework.tasks.recipe import choose
from gatework.train.checkpoint import Checkpoint


@with_flags
def fit(
    data: Path,
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("model"),
    futr: Futr = None,
    static: Static = None,
    config: Path | None = None,
    overwrite: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    **settings,
) -> int:
    """Train a forecaster on a table, and score it beside the naive forecasts.

    Parameters
    ----------
    data
        A .csv, .csv.gz or .parquet file: a row for each series and time.
    output
        The folder to keep the model in.
    futr
        A file with the ids, the times and the columns of --futr-exog-list for the steps to come; with a column
        `cutoff`, as they were forecast at the time.
    static
        A file with the ids and the columns of --stat-exog-list, one row for each series.
    config
        A YAML file of the model's parameters, such as `hidden_size: 32`. A flag overrules it.
    overwrite
        Replace the model that is in the folder.
    """
    model = forecaster(settings, config)
    check_model_folder(output, overwrite)
    return train(model, data, output, futr=futr, static=static)


def train(
    model: Forecaster,
    data: Path,
    folder: Path,
    resume: bool = False,
    *,
    futr: Path | None = None,
    static: Path | None = None,
) -> int:
    """Fit a model, print what came of it, and return the exit code."""
    panel = model._checked(data, futr, static)
    tell_data(data, panel)
    _, chosen = choose(model, panel)
    told = [*about(panel), *chosen]
    tell(told)
    model.fit(str(data), folder, resume, futr_df=futr, static_df=static)
    tell(note for note in model.notes_ if note not in [*panel.notes, *told])
    tell_scores(model.scores_)
    if model.history_.stopped != "interrupted":
        print(f"\nThe model is in {folder}/. Next:")
        print(f"  gatework predict {folder}/ -o forecast.csv --plot forecast.png")
        print(f"  gatework evaluate {folder}/ {data} --windows 3")
        return 0
    again = f"gatework resume {folder}/" if Checkpoint(folder, "").exists() else "the same command, and --overwrite"
    print(f"\nInterrupted: the best model so far is in {folder}/. Go on with: {again}", file=sys.stderr)
    return 130
