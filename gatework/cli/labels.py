"""The verbs' other half: where the model is a classifier or a regressor."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.cli.places import TABLES, check_file, check_picture, to_csv, write_table
from gatework.cli.report import tell, tell_scores
from gatework.data.wave import open_sound
from gatework.errors import OptionError
from gatework.tasks import load
from gatework.tasks.labels.answers import as_table
from gatework.tasks.labels.facts import unjudged
from gatework.tasks.labels.keep import reading_like
from gatework.tasks.labels.plot import plot_confusion, plot_predicted
from gatework.tasks.labels.targets import Targets
from gatework.tasks.plot import need_matplotlib
from gatework.train.checkpoint import Checkpoint

if TYPE_CHECKING:
    from gatework.data.items import Items
    from gatework.tasks.labels.labelling import Labelling
    from gatework.tasks.labels.scores import LabelScores


def refuse_tables(task: str, **given: Any) -> None:
    """Refuse what belongs to another task."""
    for name, value in given.items():
        if value is not None:
            shown = f"'{value}'" if isinstance(value, Path) else value
            raise OptionError(f"{name} must be left out to {task}; got {shown}. It belongs to another task.")


def train_labels(model: Labelling, data: Path, folder: Path, resume: bool = False, why: str = "") -> int:
    """Fit a model, print what came of it, draw its pictures, and return the exit code."""
    items = model._checked(data, None)
    refuse_sounds(items)
    # Made for its refusals; learning makes it again.
    Targets.of(items.y, items.targets, items.stepwise, model.classify)
    tell_items(data, items)
    tell([why] if why else [])
    model._learn(items, str(data), folder, resume)
    tell(note for note in model.notes_ if note not in items.notes)
    if model.scores_ is None:
        print(f"\n{unjudged(model)}")
    else:
        tell_scores(model.scores_)
    pictures = draw(model, folder)
    if model.histories_[-1].stopped != "interrupted":
        print(f"\nThe model is in {folder}/{f', with {pictures}' if pictures else ''}. Next:")
        print(f"  gatework predict {folder}/ {data} -o predictions.csv")
        print(f"  gatework evaluate {folder}/ other{data.suffix}")
        return 0
    again = f"gatework resume {folder}/" if Checkpoint(folder, "").exists() else "the same command, and --overwrite"
    print(f"\nInterrupted: the best model so far is in {folder}/. Go on with: {again}", file=sys.stderr)
    return 130


def refuse_sounds(items: Items) -> None:
    """Refuse recordings that cannot be opened, before others are read for minutes."""
    if items.kind == "audio":
        for one in items.items:
            open_sound(one).close()


def tell_items(data: Path, items: Items, file: Any = None) -> None:
    """Print what was read."""
    first, *others = items.notes
    print(f"{data}: {first}", file=file)
    tell(others, file)


def draw(model: Labelling, folder: Path) -> str:
    """Draw how the training went and what was taken for what, where matplotlib is there; name the pictures."""
    names = []
    with suppress(OptionError):
        need_matplotlib()
        model.plot_learning().figure.savefig(folder / "learning.png", dpi=150)
        names.append("learning.png")
        if model.scores_ is not None:
            what = "confusion" if model.classify else "predicted"
            getattr(model, f"plot_{what}")().figure.savefig(folder / f"{what}.png", dpi=150)
            names.append(f"{what}.png")
    return " and ".join(names)


def predict_labels(folder: Path, config: dict[str, Any], data: Path | None, output: Path | None) -> None:
    """Answer for sequences, as a table."""
    if data is None:
        raise OptionError("data must be named, since a classifier keeps no sequences; got none. Name a file or folder.")
    if output is not None:
        check_file("output", output, TABLES)
    # Where answers are printed, nothing else is, so that another program can read them.
    out = sys.stderr if output is None else None
    items = reading_like(config)._read_like(data, need_y=False)
    refuse_sounds(items)
    tell_items(data, items, out)
    fitted = load(folder)
    table = as_table(fitted, data, items, fitted._answers(items))
    if output is None:
        sys.stdout.write(to_csv(table))
        return
    write_table(table, output)
    print(f"{output}: {table.num_rows:,} rows, columns {', '.join(table.column_names)}.")


def evaluate_labels(folder: Path, config: dict[str, Any], data: Path, plot: Path | None, as_json: bool) -> None:
    """Score answers for sequences that have labels, beside the rivals'."""
    if plot is not None:
        check_picture(plot)
    out = sys.stderr if as_json else sys.stdout
    reading = reading_like(config)
    items = reading._read_like(data, need_y=True)
    refuse_sounds(items)
    if not reading.classify:
        # Texts are no numbers; a class that is not known is judged as wrong.
        Targets.of(items.y, items.targets, items.stepwise, classify=False)
    tell_items(data, items, out)
    fitted = load(folder)
    answers, scores = fitted._evaluated(items)
    if as_json:
        print(json.dumps(scores.to_dict(), indent=2))
    else:
        tell_scores(scores)
    if plot is not None:
        picture: Any = _picture(fitted, items, answers, scores)
        picture.figure.savefig(plot, dpi=150)
        shown = "which class was taken for which" if fitted.classify else "the answers beside the true numbers"
        print(f"{plot}: {shown}.", file=out)


def _picture(fitted: Labelling, items: Items, answers: Any, scores: LabelScores) -> Any:
    """Draw the first target: classes against classes, or numbers against numbers."""
    if fitted.classify:
        return plot_confusion(scores)
    numbers = [fitted.targets_.decode(one) for one in (answers if fitted.targets_.stepwise else [answers])]
    return plot_predicted(_columns(items.y)[0], _columns(numbers)[0], name=fitted.targets_.names[0])


def _columns(y: Any) -> list[np.ndarray]:
    """One array a target, of all sequences or all of their steps."""
    whole = np.concatenate(y) if isinstance(y, list) else y
    return [whole] if whole.ndim == 1 else list(whole.T)
