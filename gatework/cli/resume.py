"""`gatework resume`: a training goes on where it stopped."""

from __future__ import annotations

from pathlib import Path

from gatework.cli.fit import train
from gatework.cli.flags import TASKS, Futr, Static
from gatework.cli.labels import refuse_tables, train_labels
from gatework.errors import DataError
from gatework.tasks import Forecaster
from gatework.train.checkpoint import about


def resume(model: Path, /, *, data: Path | None = None, futr: Futr = None, static: Static = None) -> int:
    """Go on with a training that was interrupted, from its last checkpoint.

    The weights will be those of a training that was never interrupted. One that had ended is scored once more.

    Parameters
    ----------
    model
        The folder that `gatework fit` was given.
    data
        Where the data are now, if they have moved. They must not have changed.
    futr
        Where the future of the covariates is now, if it has moved.
    static
        Where the covariates that never change are now, if they have moved.
    """
    run = about(model)["run"] or {}
    kinds = {cls.__name__: cls for cls in TASKS.values()}
    if run.get("class") not in kinds:
        raise DataError(
            f"folder must hold a training that `gatework fit` began; got {model}, of another kind. Run `gatework fit` "
            "first."
        )
    if data is None and run["data"] is None:
        raise DataError(f"data must be named, since {model} was fitted to a table in memory; got none. Add --data.")
    tables = {"futr": futr or run.get("futr_df"), "static": static or run.get("static_df")}
    if run["class"] != Forecaster.__name__:
        refuse_tables("classify or regress", futr=futr, static=static)
        return train_labels(kinds[run["class"]](**run["params"]), data or Path(run["data"]), model, resume=True)
    return train(Forecaster(**run["params"]), data or Path(run["data"]), model, resume=True, **tables)
