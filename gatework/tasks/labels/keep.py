"""What of a classifier or regressor is kept on the disk: its training on the way, and itself when fitted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.errors import DataError, GateworkError
from gatework.tasks.folder import Parts
from gatework.tasks.labels.readers import restored
from gatework.tasks.labels.recipe import Recipe
from gatework.tasks.labels.rivals import Rivals
from gatework.tasks.labels.scores import LabelScores
from gatework.tasks.labels.targets import Targets
from gatework.train.history import History

if TYPE_CHECKING:
    from gatework.data.items import Items
    from gatework.tasks.labels.labelling import Labelling

# What the rivals' numbers are called begins so, beside the network's.
RIVAL = "rival."


def path_of(X: Any) -> str | None:  # noqa: N803
    """Where X lies, where it is a path."""
    return fspath(X) if isinstance(X, str | PathLike) else None


def is_table(X: Any) -> bool:  # noqa: N803
    """Whether X has ids to which answers belong: a table, a file or a folder."""
    import narwhals as nw

    return isinstance(X, str | PathLike | Mapping) or nw.dependencies.is_into_dataframe(X)


def saved_params(model: Labelling) -> dict[str, Any]:
    """The parameters as JSON can hold them: paths and a dict's keys are text there, and a table's columns a list."""
    params = {name: _plain(value) for name, value in model.get_params().items()}
    weights = params.get("class_weight")
    if isinstance(weights, Mapping):
        params["class_weight"] = {str(name): weight for name, weight in weights.items()}
    return params


def _plain(value: Any) -> Any:
    if isinstance(value, PathLike):
        return fspath(value)
    return value.tolist() if hasattr(value, "tolist") else value


def fingerprint(items: Items) -> str:
    """Tell these sequences, answers and groups from others."""
    found = hashlib.sha256()
    for one in items.items:
        content = one.tobytes() if isinstance(one, np.ndarray) else _bytes(one)
        # The length too: sequences that are parted elsewhere are others.
        found.update(len(content).to_bytes(8, "little") + content)
    for known in (*(items.y if isinstance(items.y, list) else [items.y]), items.groups):
        found.update(str(np.asarray(known).tolist()).encode())
    return found.hexdigest()


def _bytes(one: Any) -> bytes:
    """A text, a file or a recording as bytes."""
    if hasattr(one, "samples"):
        return f"{one.rate} ".encode() + one.samples.tobytes()
    return f"{one} {one.stat().st_size}".encode() if hasattr(one, "stat") else str(one).encode("utf-8", "surrogatepass")


def take_apart(model: Labelling) -> Parts:
    """Split a fitted estimator into what a folder can hold."""
    import torch

    from gatework.tasks.labels.facts import model_card

    rivals, numbers = model.rivals_.to_parts()
    config = {
        "params": saved_params(model),
        "data": {"path": model.source_, "fingerprint": model.fingerprint_},
        "like": model.like_.to_dict(),
        "reader": {"kind": model.reader_.kind, **model.reader_.to_dict()},
        "targets": model.targets_.to_dict(),
        "network": model.recipe_.to_dict(),
        "history": [one.to_dict() for one in model.histories_],
        "notes": model.notes_,
        "rivals": rivals,
    }
    tensors = model.net_.state_dict() | {RIVAL + name: torch.tensor(array) for name, array in numbers.items()}
    return Parts(config, tensors, model.held_, model.scores_.to_dict() if model.scores_ else {}, model_card(model))


def reading_like(config: dict[str, Any]) -> Labelling:
    """Make of a saved config what can read more of what fit saw, without torch; it cannot answer."""
    from gatework.data.items import Like
    from gatework.tasks import Classifier, Regressor

    model = (Classifier if config["class"] == Classifier.__name__ else Regressor)(**config["params"])
    model.like_ = Like.from_dict(config["like"])
    return model


@contextmanager
def as_saved() -> Iterator[None]:
    """Say what is wrong where a config's entries, which may be a stranger's, are not what `take_apart` made.

    Raises
    ------
    DataError
        One is missing, of another kind, or of another network than the weights.
    """
    try:
        yield
    except GateworkError:
        raise
    except (AttributeError, LookupError, TypeError, ValueError, RuntimeError) as error:
        raise DataError(
            "config.json must be as save wrote it; got one of which a part is missing or does not fit. Save the model "
            "again."
        ) from error


def put_together(model: Labelling, parts: Parts) -> None:
    """Give an estimator, made with the saved parameters, all that fit had given the one that was saved."""
    from gatework.data.items import Like
    from gatework.tasks.labels.learning import build

    config = parts.config
    model.source_, model.fingerprint_ = config["data"]["path"], config["data"]["fingerprint"]
    model.like_ = Like.from_dict(config["like"])
    reader = dict(config["reader"])
    model.reader_ = restored(reader.pop("kind"), reader)
    model.targets_ = Targets.from_dict(config["targets"])
    model.recipe_ = Recipe.from_dict(config["network"])
    model.net_ = build(model.recipe_).eval()
    numbers = {name.removeprefix(RIVAL): one.numpy() for name, one in parts.tensors.items() if name.startswith(RIVAL)}
    model.net_.load_state_dict({name: one for name, one in parts.tensors.items() if not name.startswith(RIVAL)})
    model.rivals_ = Rivals.from_parts(config["rivals"], numbers)
    model.histories_ = [History.from_dict(one) for one in config["history"]]
    model.scores_ = LabelScores.from_dict(parts.scores) if parts.scores else None
    model.held_ = parts.history
    model.notes_ = config["notes"]
