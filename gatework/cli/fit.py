"""`gatework fit`: a table in, a judged model out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gatework.cli.flags import forecaster, with_flags
from gatework.cli.places import check_model_folder
from gatework.cli.report import tell, tell_data, tell_scores
from gatework.tasks import Forecaster
from gatework.tasks.recipe import choose
from gatework.train.checkpoint import Checkpoint


@with_flags
def fit(
    data: Path,
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("model"),
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
    config
        A YAML file of the model's parameters, such as `hidden_size: 32`. A flag overrules it.
    overwrite
        Replace the model that is in the folder.
    """
    model = forecaster(settings, config)
    check_model_folder(output, overwrite)
    return train(model, data, output)


def train(model: Forecaster, data: Path, folder: Path, resume: bool = False) -> int:
    """Fit a model, print what came of it, and return the exit code."""
    panel = model._checked(data)
    tell_data(data, panel)
    _, chosen = choose(model, panel)
    tell(chosen)
    model.fit(str(data), folder, resume)
    tell(note for note in model.notes_ if note not in [*panel.notes, *chosen])
    tell_scores(model.scores_)
    if model.history_.stopped != "interrupted":
        print(f"\nThe model is in {folder}/. Next:")
        print(f"  gatework predict {folder}/ -o forecast.csv --plot forecast.png")
        print(f"  gatework evaluate {folder}/ {data} --windows 3")
        return 0
    again = f"gatework resume {folder}/" if Checkpoint(folder, "").exists() else "the same command, and --overwrite"
    print(f"\nInterrupted: the best model so far is in {folder}/. Go on with: {again}", file=sys.stderr)
    return 130
