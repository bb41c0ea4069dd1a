"""What X and y become: sequences of one kind, each with what is to be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from gatework.data.covariates import Column
from gatework.errors import DataError

KINDS = ("series", "audio", "text")


@dataclass(frozen=True)
class Like:
    """What fit saw, and predict must see again.

    Parameters
    ----------
    kind : {"series", "audio", "text"}
        What the sequences are.
    names : tuple of str
        The columns of series.
    rows : int, optional
        How many columns X had where it was a 2-D array: each of its rows is a series of that many steps.
    columns : tuple of Column
        The columns of a long table, before its text became 0 and 1; none where the series came as arrays.
    stepwise : bool
        Whether there is an answer for each step.
    estimator : str
        What errors call the model.
    """

    kind: str
    names: tuple[str, ...] = ()
    rows: int | None = None
    columns: tuple[Column, ...] = ()
    stepwise: bool = False
    estimator: str = "this model"

    @property
    def n_features(self) -> int:
        """scikit-learn's n_features_in_: the columns of X where it was 2-D, else those of a step."""
        return len(self.names) if self.rows is None else self.rows

    def refuse_width(self, width: int) -> None:
        """Raise DataError, in scikit-learn's words, where X has another number of columns than fit saw."""
        if width != self.n_features:
            raise DataError(
                f"X has {width} features, but {self.estimator} is expecting {self.n_features} features as input."
            )

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        kept = {"kind": self.kind, "names": self.names, "rows": self.rows, "stepwise": self.stepwise}
        columns = [{"name": one.name, "categories": one.categories} for one in self.columns]
        return kept | {"columns": columns, "estimator": self.estimator}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Self:
        """Rebuild what `to_dict` was asked of."""
        columns = [
            Column(one["name"], None if one["categories"] is None else tuple(one["categories"]))
            for one in saved["columns"]
        ]
        return cls(**saved | {"names": tuple(saved["names"]), "columns": tuple(columns)})


@dataclass(frozen=True, eq=False)
class Items:
    """Sequences of one kind.

    Parameters
    ----------
    kind : {"series", "audio", "text"}
        What they are.
    items : list
        Series: (T_i, D) float32 arrays, NaN where a value is missing. Audio: paths or Waves. Text: str.
    names : tuple of str
        The D columns of series, "x0" and so on where they have no names; () otherwise.
    ids : tuple
        What each is called: the ids of a table, file names, else 0 to N - 1.
    y : (N,) or (N, K) array, or list of (T_i,) or (T_i, K) arrays, or None
        The answers, in the dtype that they came in: text is str, several targets of different kinds are objects. Of
        answers for each step some may be missing: NaN among floats, else None in an array of objects.
    targets : tuple of str
        The K answers' names.
    groups : (N,) array, optional
        Which sequences belong together: one speaker's, one machine's.
    stepwise : bool
        Whether y is one for each step.
    notes : tuple of str
        What was inferred and handled, one plain sentence each.
    like : Like
        What predict must see again.
    times : pyarrow.ChunkedArray, optional
        Of a long table with an answer for each step: the time of each, sequence after sequence, as it came.
    """

    kind: str
    items: list[Any]
    names: tuple[str, ...]
    ids: tuple
    y: np.ndarray | list[np.ndarray] | None
    targets: tuple[str, ...]
    groups: np.ndarray | None
    stepwise: bool
    notes: tuple[str, ...]
    like: Like
    times: Any = None

    def __len__(self) -> int:
        """How many sequences."""
        return len(self.items)


class Ask(NamedTuple):
    """What a caller says of a table: its columns, and whether its answers are needed."""

    id_col: Any = "id"
    time_col: Any = "time"
    targets: tuple = ("label",)
    group_col: Any = None
    text_col: Any = "text"
    path_col: Any = "path"
    features: Sequence[Any] | None = None
    stepwise: bool | None = None
    like: Like | None = None
    # Whether the table's own column of labels is to be read; not where y is given beside it.
    need_y: bool = True
    folder: Path = Path()

    @property
    def groups_in(self) -> Any:
        """The column of groups where they are read: to learn, not to answer."""
        return self.group_col if self.like is None else None

    @property
    def taken(self) -> tuple:
        """The columns that are no features."""
        return (self.id_col, self.time_col, *self.targets, self.group_col)


def about(y: np.ndarray | list[np.ndarray] | None, targets: Sequence[Any]) -> str:
    """How many classes or labels the one target has, for a note."""
    if y is None or len(targets) > 1 or (isinstance(y, list) and not y):
        return ""
    known = np.concatenate(y) if isinstance(y, list) else y
    if known.dtype.kind == "O":
        known = np.array([one for one in known.tolist() if one is not None])
    if known.dtype.kind not in "iuUb":
        return ""
    count = len(np.unique(known))
    what = "different label" if known.dtype.kind in "iu" else "class"
    return f", {count:,} {what}" + ("" if count == 1 else "es" if what == "class" else "s")
