"""`gatework fit`: data in, a judged model out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from gatework.cli.flags import Futr, Static, estimator, read_config, with_flags
from gatework.cli.labels import refuse_tables, train_labels
from gatework.cli.places import check_model_folder
from gatework.cli.report import tell, tell_data, tell_scores
from gatework.cli.task import guess
from gatework.tasks import Forecaster
from gatework.tasks.inputs import about
from gatework.tasks.recipe import choose
from gatework.train.checkpoint import Checkpoint


@with_flags
def fit(
    data: Path,
    /,
    *,
    task: Literal["forecast", "classify", "regress"] | None = None,
    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("model"),
    futr: Futr = None,
    static: Static = None,
    config: Path | None = None,
    overwrite: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    **settings,
) -> int:
    """Train a forecaster, classifier or regressor, and score it beside what is simpler.

    Parameters
    ----------
    data
        A .csv, .csv.gz, .tsv or .parquet file: a row for each series and time, or for each text or recording. Or a
        folder: of recordings, a folder for each class; or of .txt files, one for each class, a text a line.
    task
        What to do. By default seen from the data, and said: forecast where --h is given or there are no labels,
        classify where labels are texts, a folder's names or a few whole numbers, regress where they are fractions or
        many.
    output
        The folder to keep the model in.
    futr
        A file with the ids, the times and the columns of --futr-exog-list for the steps to come; with a column
        `cutoff`, as they were forecast at the time.
    static
        A file with the ids and the columns of --stat-exog-list, one row for each series.
    config
        A YAML file of the model's parameters, such as `hidden_size: 32`. A flag overrules it. Weights of classes stand
        there too: `class_weight: {cat: 1, dog: 5}`.
    overwrite
        Replace the model that is in the folder.
    """
    configured = read_config(config)
    job, why = (task, "") if task else guess(data, configured | settings)
    model = estimator(job, settings, configured, config)
    check_model_folder(output, overwrite)
    if isinstance(model, Forecaster):
        return train(model, data, output, futr=futr, static=static)
    refuse_tables(job, futr=futr, static=static)
    return train_labels(model, data, output, why=f"task: {job}, since {why}; --task says otherwise." if why else "")


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
