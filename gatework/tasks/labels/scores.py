"""What answers are worth beside their rivals': a table, who was taken for whom, and who wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.errors import check_shape
from gatework.tasks.labels import table, verdict
from gatework.tasks.labels.chance import chance
from gatework.tasks.labels.measures import (
    ClassRow,
    NumberRow,
    Row,
    confusion,
    known_of,
    of_classes,
    of_numbers,
    unequal,
)

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class TargetScores:
    """What was found at one target.

    Attributes
    ----------
    count, sequences : int
        How many labels or numbers were scored, and of how many sequences; unknown ones are left out.
    rows : dict of str to ClassRow or NumberRow
        The model first, then its rivals.
    p : dict of str to float
        For each rival how often chance alone would show so large a difference from the model.
    classes : tuple
        Of a classifier; () for numbers.
    confusion : tuple of tuples of int
        How often the model took each class (a row) for each (a column).
    balanced : bool
        Whether balanced accuracy decides, since the classes are unequal.
    unseen : int
        How many labels are of classes that the model never saw: no answer is right for them.
    what : str
        What sequences are called: "sequences", "texts" or "recordings".
    """

    count: int
    sequences: int
    rows: dict[str, Row]
    p: dict[str, float]
    classes: tuple[Any, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    balanced: bool = False
    unseen: int = 0
    what: str = "sequences"

    @property
    def model(self) -> str:
        """The name of the model that is judged."""
        return next(iter(self.rows))

    @property
    def nearest(self) -> str:
        """The rival that does best."""
        return max(self.p, key=self.value)

    def value(self, name: str) -> float:
        """What decides, more is better: accuracy, balanced accuracy, or the RMSE with a minus."""
        row = self.rows[name]
        if isinstance(row, NumberRow):
            return -row.rmse
        return row.balanced_accuracy if self.balanced else row.accuracy

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold, which has no NaN: None stands there."""
        rows = {name: {k: None if v != v else v for k, v in row._asdict().items()} for name, row in self.rows.items()}
        return {
            "count": self.count,
            "sequences": self.sequences,
            "rows": rows,
            "p": dict(self.p),
            "classes": list(self.classes),
            "confusion": [list(row) for row in self.confusion],
            "balanced": self.balanced,
            "unseen": self.unseen,
            "what": self.what,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> TargetScores:
        """Rebuild from what `to_dict` returned."""
        kind = ClassRow if plain["classes"] else NumberRow
        rows = {
            name: kind(**{k: float("nan") if v is None else v for k, v in row.items()})
            for name, row in plain["rows"].items()
        }
        confused = tuple(tuple(row) for row in plain["confusion"])
        return cls(**{**plain, "rows": rows, "classes": tuple(plain["classes"]), "confusion": confused})


@dataclass(frozen=True)
class LabelScores:
    """What a classifier's or regressor's answers are worth: `targets` by name, and `how` they came about, in words."""

    targets: dict[str, TargetScores]
    how: str = ""

    @property
    def rows(self) -> dict[str, dict[str, Row]]:
        """The measures: target -> name -> ClassRow or NumberRow, the model first."""
        return {target: scores.rows for target, scores in self.targets.items()}

    @classmethod
    def join(cls, parts: Iterable[LabelScores]) -> LabelScores:
        """Put the scores of several targets beside each other; how they came about is the first's."""
        parts = list(parts)
        return cls({name: scores for part in parts for name, scores in part.targets.items()}, parts[0].how)

    @property
    def notes(self) -> list[str]:
        """What has to be known of the scores, a sentence each."""
        return [verdict.about_unseen(name, scores) for name, scores in self.targets.items() if scores.unseen]

    def verdict(self) -> str:
        """Say in one line who wins, by how much, and whether that is more than chance; see labels/verdict.py."""
        return verdict.verdict(self.targets)

    def table(self) -> Table:
        """Return the scores as a rich Table; the best of each column is bold."""
        return table.rich(self)

    def markdown(self) -> str:
        """Return the scores as a Markdown table."""
        return table.markdown(self)

    def to_dict(self) -> dict[str, Any]:
        """Return numbers and strings ready for JSON; `from_dict` reads them back."""
        targets = {name: scores.to_dict() for name, scores in self.targets.items()}
        return {"targets": targets, "how": self.how, "notes": self.notes, "verdict": self.verdict()}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> LabelScores:
        """Rebuild from what `to_dict` returned."""
        return cls({name: TargetScores.from_dict(scores) for name, scores in plain["targets"].items()}, plain["how"])


def score_classes(
    truth: np.ndarray,
    answers: Mapping[str, np.ndarray],
    classes: Sequence[Any],
    target: str = "label",
    how: str = "",
    owners: np.ndarray | None = None,
    what: str = "sequences",
) -> LabelScores:
    """Score a classifier's probabilities beside its rivals'.

    Parameters
    ----------
    truth : (N,) array
        The true labels. One that is NaN or None is unknown and left out, as is one that an answer is NaN for. One that
        is none of the classes is a class of its own, which nobody answers.
    answers : mapping of str to (N, K) array
        Probabilities of the K classes, the model's first.
    classes : sequence
        The K classes, in the order of the columns.
    target, how : str
        What the labels are called, and how the answers came about.
    owners : (N,) array, optional
        Where each label belongs to a step: the sequence of that step.
    what : str
        What sequences are called.

    Returns
    -------
    LabelScores
        With one target; `LabelScores.join` puts several together.
    """
    names = tuple(_native(one) for one in classes)
    truth = np.asarray(truth)
    columns = {name: _column(name, p, (len(truth), len(names))) for name, p in answers.items()}
    known = known_of(truth) & ~np.isnan(sum(columns.values())).any(1)
    seen = len(names)
    names = tuple(dict.fromkeys([*names, *truth[known].tolist()]))
    places = {name: k for k, name in enumerate(names)}
    true = np.array([places[label] for label in truth[known].tolist()], dtype=int)
    given = {name: np.pad(p[known], ((0, 0), (0, len(names) - seen))) for name, p in columns.items()}
    counts = np.bincount(true, minlength=len(names))
    balanced = unequal(counts)
    # Of balanced accuracy each answer is a part as large as its class is small.
    weights = 1 / np.maximum(counts, 1)[true] if balanced else np.ones(len(true))
    losses = {name: weights * (p.argmax(1) != true) for name, p in given.items()}
    model = next(iter(given))
    confused = confusion(true, given[model].argmax(1), len(names))
    found = TargetScores(
        len(true),
        _sequences(known, owners),
        {name: of_classes(true, p) for name, p in given.items()},
        _chances(losses, known, owners),
        names,
        tuple(map(tuple, confused.tolist())),
        balanced,
        int((true >= seen).sum()),
        what,
    )
    return LabelScores({target: found}, how)


def score_numbers(
    truth: np.ndarray,
    answers: Mapping[str, np.ndarray],
    targets: Sequence[str] = ("label",),
    how: str = "",
    owners: np.ndarray | None = None,
    what: str = "sequences",
) -> LabelScores:
    """Score a regressor's numbers beside its rivals'.

    Parameters
    ----------
    truth : (N,) or (N, K) array
        The true numbers of K targets. One that is NaN is unknown and left out, as is one that an answer is NaN for.
    answers : mapping of str to array
        What was answered, shaped like the truth; the model's first.
    targets : sequence of str
        The K targets' names.
    how : str
        How the answers came about.
    owners : (N,) array, optional
        Where each number belongs to a step: the sequence of that step.
    what : str
        What sequences are called.

    Returns
    -------
    LabelScores
        With K targets.
    """
    truth = np.asarray(truth, dtype=float)
    check_shape("truth", truth.reshape(len(truth), -1).shape, ("N", len(targets)))
    columns = {name: _column(name, a, truth.shape).reshape(len(truth), -1) for name, a in answers.items()}
    found = {}
    for k, (target, true) in enumerate(zip(targets, truth.reshape(len(truth), -1).T, strict=True)):
        known = ~np.isnan(sum((a[:, k] for a in columns.values()), true))
        given = {name: a[known, k] for name, a in columns.items()}
        rows: dict[str, Row] = {name: of_numbers(true[known], a) for name, a in given.items()}
        losses = {name: (a - true[known]) ** 2 for name, a in given.items()}
        p = _chances(losses, known, owners)
        found[target] = TargetScores(int(known.sum()), _sequences(known, owners), rows, p, what=what)
    return LabelScores(found, how)


def _column(name: str, answer: Any, shape: tuple[int, ...]) -> np.ndarray:
    answer = np.asarray(answer, dtype=float)
    check_shape(f"answers[{name!r}]", answer.shape, shape)
    return answer


def _chances(losses: Mapping[str, np.ndarray], known: np.ndarray, owners: np.ndarray | None) -> dict[str, float]:
    model, *rivals = losses
    whose = None if owners is None else np.asarray(owners)[known]
    return {name: chance(losses[model] - losses[name], whose) for name in rivals}


def _sequences(known: np.ndarray, owners: np.ndarray | None) -> int:
    return int(known.sum()) if owners is None else len(np.unique(np.asarray(owners)[known]))


def _native(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
