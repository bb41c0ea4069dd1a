"""How good answers are: of sequences that were held out, and of others, beside the rivals' answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.errors import OptionError
from gatework.tasks.labels.measures import ClassRow
from gatework.tasks.labels.recipe import NOUNS
from gatework.tasks.labels.rivals import Rivals
from gatework.tasks.labels.scores import LabelScores, score_classes, score_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gatework.data.items import Items
    from gatework.tasks.labels.answering import Answering
    from gatework.tasks.labels.rivals import Answers


def judge_held_out(
    model: Answering, items: Items, held: Any, rivals: Sequence[dict], parts: Sequence[tuple]
) -> LabelScores | None:
    """Score what networks and rivals answered for sequences that they had not learned from; None without such."""
    # Parts that hold nothing out are of networks that answer.
    parts = [(learned, others) for learned, others in parts if len(others)]
    if not parts:
        return None
    rows = np.unique(np.concatenate([others for _, others in parts]))
    # A sequence that several networks held out has the last one's answer; its rivals are those of that part too.
    count = len(np.unique([others.min() for _, others in parts]))
    how = (
        f"Of {len(items):,} {NOUNS[items.kind]}, {len(rows):,} were answered by networks that had not learned from them"
        f"{'' if count == 1 else f', in {count} parts'}; they decided when to end, which flatters slightly"
        f"{'; those that answer others have learned from all' if model.recipe_.judges else ''}."
    )
    return _score(model, items, held, rivals, rows, how)


def judge(model: Answering, items: Items, arrays: Sequence[np.ndarray], answers: Any) -> LabelScores:
    """Score answers for other sequences, beside those of rivals that learned from what fit did."""
    how = f"{len(items):,} {NOUNS[items.kind]} were given to judge by."
    return _score(model, items, answers, model.rivals_.answer(arrays, _texts(items)), np.arange(len(items)), how)


def mean_score(model: Answering, items: Items, answers: Any) -> float:
    """The accuracy of a classifier, the R2 of a regressor: the mean over targets, of all steps that are known."""
    scores = _score(model, items, answers, [], np.arange(len(items)), "")
    rows = [next(iter(rows.values())) for rows in scores.rows.values()]
    return float(np.mean([row.accuracy if isinstance(row, ClassRow) else row.r2 for row in rows]))


def learn_rivals(
    model: Answering, items: Items, arrays: Sequence[np.ndarray], parts: Sequence[tuple]
) -> tuple[Rivals, Answers]:
    """Let the rivals learn from what the networks do: those that stay, and the answers for what was held out."""
    reader = model.reader_
    return Rivals.learn(
        arrays,
        items.y,
        model.targets_,
        parts,
        texts=_texts(items),
        # A series comes by its own scale too, of which a linear model learns little more.
        columns=len(getattr(reader, "columns", reader.names)),
        characters=items.kind == "text" and model.tokens == "characters",
        seed=int(model.seed),
        alike=model.recipe_.alike,
    )


def _texts(items: Items) -> list[str] | None:
    return items.items if items.kind == "text" else None


def _target(y: Any, k: int) -> Any:
    """One of several targets."""
    if isinstance(y, list):
        return [one if one.ndim == 1 else one[:, k] for one in y]
    return y if y.ndim == 1 else y[:, k]


def _score(
    model: Answering, items: Items, answers: Any, rivals: Sequence[dict], rows: np.ndarray, how: str
) -> LabelScores:
    """Score the answers at some rows."""
    targets = model.targets_
    owners = np.repeat(rows, [len(answers[i]) for i in rows]) if targets.stepwise else None

    def some(values: Any) -> np.ndarray:
        return np.concatenate([values[i] for i in rows]) if targets.stepwise else values[rows]

    name, what = model.cell.upper(), NOUNS[items.kind]
    if targets.classes is None:
        given = {name: targets.decode(some(answers))} | {who: some(one) for who, one in (rivals or [{}])[0].items()}
        return score_numbers(some(items.y), given, targets.names, how, owners, what)
    parts = targets.split(some(answers))
    return LabelScores.join(
        score_classes(
            some(_target(items.y, k)),
            {name: part} | {who: some(one) for who, one in (rivals[k] if rivals else {}).items()},
            classes.tolist(),
            target,
            how,
            owners,
            what,
        )
        for k, (target, classes, part) in enumerate(zip(targets.names, targets.classes, parts, strict=True))
    )


def held_out_numbers(model: Answering, target: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """What is true and what was answered, of the sequences in `held_`, for one target."""
    name = model.targets_.names[0] if target is None else target
    if name not in model.targets_.names:
        known = ", ".join(map(repr, model.targets_.names))
        raise OptionError(f"target must be one of {known}; got {name!r}. Choose one of them.")
    truth, found = (model.held_[str(column)].to_numpy().astype(float) for column in (f"true {name}", name))
    return truth, found
