"""`gatework fine-tune`: a fitted model goes on learning, from newer values or from other series."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gatework.cli.flags import Futr, Static
from gatework.cli.models import look_into, read_like
from gatework.cli.places import check_model_folder
from gatework.cli.report import tell, tell_data, tell_scores
from gatework.tasks import Forecaster, load
from gatework.tasks.recipe import check
from gatework.train.checkpoint import Checkpoint


def fine_tune(
    model: Path,
    data: Path,
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("tuned"),
    max_steps: int | None = None,
    futr: Futr = None,
    static: Static = None,
    overwrite: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> int:
    """Go on learning from newer values or from other series, with the weights that fit found.

    Where the last windows of these data are forecast best by the model as it came, its networks stay as they are. What
    it forecasts afterwards is what follows these data.

    Parameters
    ----------
    model
        The folder that `gatework fit` made. It stays as it is, unless it is the --output too.
    data
        A .csv, .csv.gz or .parquet file with the columns that fit was given.
    output
        The folder to keep the tuned model in.
    max_steps
        Training steps, and at most as many again on everything; by default a quarter of fit's.
    futr
        A file with the ids, the times and the columns of --futr-exog-list for the steps to come; with a column
        `cutoff`, as they were forecast at the time.
    static
        A file with the ids and the columns of --stat-exog-list, one row for each series. By default what fit was given
        for them.
    overwrite
        Replace the model that is in the folder.
    """
    parameters, known = look_into(model)
    check(Forecaster(**{**parameters, "max_steps": max_steps}))
    check_model_folder(output, overwrite)
    panel = read_like(parameters, known, data, futr, static)
    tell_data(data, panel)
    tuned = load(model).fine_tune(str(data), max_steps, futr_df=futr, static_df=static)
    tuned.save(output)
    # A checkpoint that lies there is of another training, and resume would bring that one back.
    stale = Checkpoint(output, "")
    stale.clear()
    stale.path.unlink(missing_ok=True)
    tell(note for note in tuned.notes_ if note not in panel.notes)
    tell_scores(tuned.scores_)
    if tuned.history_.stopped == "interrupted":
        print(f"\nInterrupted: the best model so far is in {output}/.", file=sys.stderr)
        return 130
    print(f"\nThe model is in {output}/. Next:")
    print(f"  gatework predict {output}/ -o forecast.csv --plot forecast.png")
    return 0
