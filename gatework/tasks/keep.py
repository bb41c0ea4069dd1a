"""What of a forecaster is kept on the disk: its training on the way, and itself when fitted."""

from __future__ import annotations

import json
from collections.abc import Callable
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from gatework.data.history import from_parquet_table, to_parquet_table
from gatework.errors import OptionError
from gatework.tasks.card import card
from gatework.tasks.folder import Parts
from gatework.tasks.recipe import Recipe
from gatework.tasks.scores import Scores
from gatework.train.checkpoint import Checkpoint, to_json
from gatework.train.history import History

if TYPE_CHECKING:
    from gatework.data.panel import Panel
    from gatework.tasks.forecaster import Forecaster


def paths(**tables: Any) -> dict[str, str]:
    """Name the tables that are files, and where they lie."""
    return {name: fspath(table) for name, table in tables.items() if isinstance(table, str | PathLike)}


def checkpoint(forecaster: Forecaster, panel: Panel, folder: str | PathLike | None, resume: bool) -> Checkpoint | None:
    """Make the checkpoint of a training in `folder`; None without one. It raises what `begun` does."""
    data = {"data": None, **forecaster.source_}
    return begun(forecaster, forecaster.get_params(), data, panel.fingerprint, folder, resume)


def begun(
    estimator: Any,
    params: dict[str, Any],
    data: dict[str, Any],
    fingerprint: Callable[[], str],
    folder: str | PathLike | None,
    resume: bool,
) -> Checkpoint | None:
    """Make the checkpoint of an estimator's training in `folder`; None without one.

    Parameters
    ----------
    estimator : Forecaster, Classifier or Regressor
        Whose training it is.
    params, data : dict
        Its parameters, and where its data lie, as JSON can hold them.
    fingerprint : callable
        Gives that of the data, which is asked for only where there is a folder.
    folder, resume
        As fit has them.

    Raises
    ------
    OptionError
        To resume, and there is no folder, or what is in it was begun with other parameters.
    """
    if folder is None:
        if resume:
            raise OptionError("folder must be given where resume=True; got None. Name the one with the checkpoint.")
        return None
    # Through JSON and back, so that numpy's numbers and tuples compare as what the checkpoint made of them.
    params = json.loads(to_json(params))
    place = Checkpoint(folder, fingerprint(), {"class": type(estimator).__name__, "params": params, **data})
    if resume and place.exists():
        _refuse_other(params, (place.facts()["run"] or {}).get("params", {}), folder)
    return place


def _refuse_other(params: dict[str, Any], began: dict[str, Any], folder: str | PathLike) -> None:
    for name in params.keys() - {"progress"}:
        if params[name] != began.get(name):
            raise OptionError(
                f"{name} must be {began.get(name)!r}, as in the checkpoint in {folder}; got {params[name]!r}. "
                "Set it so, or fit without resume."
            )


def take_apart(forecaster: Forecaster) -> Parts:
    """Split a fitted forecaster into what a folder can hold."""
    config = {
        "params": forecaster.get_params(),
        "data": {
            "path": forecaster.source_.get("data"),
            "futr_df": forecaster.source_.get("futr_df"),
            "static_df": forecaster.source_.get("static_df"),
            "fingerprint": forecaster.panel_.fingerprint(),
        },
        "network": forecaster.recipe_.to_dict(),
        "history": forecaster.history_.to_dict(),
        "notes": forecaster.notes_,
    }
    history, scores = to_parquet_table(forecaster.panel_), forecaster.scores_.to_dict()
    return Parts(config, forecaster.net_.state_dict(), history, scores, card(forecaster))


def put_together(forecaster: Forecaster, parts: Parts) -> Forecaster:
    """Give a forecaster, made with the saved parameters, all that fit had given the one that was saved."""
    from gatework.tasks.learning import build

    config = parts.config
    # A model that an older gatework saved has no tables beside its data.
    paths = {"data": config["data"]["path"], **{name: config["data"].get(name) for name in ("futr_df", "static_df")}}
    forecaster.source_ = {name: path for name, path in paths.items() if path is not None}
    forecaster.panel_ = from_parquet_table(parts.history)
    forecaster.recipe_ = Recipe.from_dict(config["network"])
    forecaster.net_ = build(forecaster.recipe_)
    forecaster.net_.load_state_dict(parts.tensors)
    forecaster.history_ = History.from_dict(config["history"])
    forecaster.scores_ = Scores.from_dict(parts.scores)
    forecaster.notes_ = config["notes"]
    return forecaster
