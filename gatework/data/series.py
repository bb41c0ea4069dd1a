"""Numbers that a person has of each step, as a network reads them: by rank, and by their sequence's own scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, ClassVar, Self

import numpy as np

from gatework.data.arrays import to_numbers
from gatework.errors import DataError

# Points at which a column's ranks are kept, and values that they are learned from at most.
KNOTS, ENOUGH = 101, 500_000


@dataclass(frozen=True)
class Ranks:
    """A column's values, ascending, and the normal score of each: where its rank lies in a normal distribution.

    Columns whose sizes span orders of magnitude, or of which a few values lie far out, are as readable so as any other.

    Attributes
    ----------
    values, scores : tuple of float
        Between them scores are interpolated; beyond them they grow with the logarithm of the distance.
    unit : float
        What that distance is measured in: the standard deviation.
    """

    values: tuple[float, ...]
    scores: tuple[float, ...]
    unit: float

    @classmethod
    def of(cls, values: np.ndarray) -> Self:
        """Learn from known values (n,); of none nothing is learned, and all that comes is 0."""
        if len(values) > ENOUGH:
            values = values[:: -(-len(values) // ENOUGH)]
        known, counts = np.unique(values.astype(np.float64), return_counts=True)
        if len(known) < 2:
            return cls(tuple(known.tolist()), (0.0,) * len(known), 1.0)
        # Values that are equal share the middle of their ranks.
        middle = (np.cumsum(counts) - counts / 2) / counts.sum()
        if len(known) > KNOTS:
            inner = np.searchsorted(middle, np.linspace(0, 1, KNOTS)[1:-1])
            chosen = np.unique([0, *inner.clip(max=len(known) - 1), len(known) - 1])
            known, middle = known[chosen], middle[chosen]
        normal = NormalDist()
        scores = tuple(normal.inv_cdf(p) for p in middle.tolist())
        return cls(tuple(known.tolist()), scores, float(values.std()) or 1.0)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Score values (n,), NaN where missing; 0 in a column that never changed, of which nothing was learned."""
        if len(self.values) < 2:
            return np.where(np.isnan(values), np.nan, 0.0)
        inside = np.interp(values, self.values, self.scores)
        over = np.log1p(np.maximum(values - self.values[-1], 0) / self.unit)
        under = np.log1p(np.maximum(self.values[0] - values, 0) / self.unit)
        return inside + over - under


@dataclass(frozen=True)
class SeriesReader:
    """Each column by the ranks of all values that were learned from, and by the mean and size of its own sequence.

    Attributes
    ----------
    columns : tuple of str
        The columns as they come.
    ranks : tuple of Ranks
        Of each column.
    missing : tuple of bool
        Which columns had missing values: the network is told where those of them are.
    own : bool
        Whether each column comes a second time, less its mean over the sequence and over its standard deviation there:
        shape without level. Not where the sequence is read as it comes, since it has no mean yet.
    still : tuple of bool
        Which columns never changed within a sequence: what they do so elsewhere says nothing.
    """

    kind: ClassVar[str] = "series"
    columns: tuple[str, ...]
    ranks: tuple[Ranks, ...]
    missing: tuple[bool, ...]
    own: bool
    still: tuple[bool, ...]

    @classmethod
    def fit(cls, items: Sequence[np.ndarray], *, names: Sequence[str], own: bool = True) -> Self:
        """Learn from items (T_i, D), NaN where missing.

        Raises
        ------
        DataError
            There is no step in any of them.
        """
        if not sum(map(len, items)):
            raise DataError("X must have a sequence with steps; got none that has. Check how it was made.")
        ranks, missing, still = [], [], np.ones(items[0].shape[1], bool)
        for k in range(items[0].shape[1]):
            column = np.concatenate([one[:, k] for one in items])
            known = ~np.isnan(column)
            ranks.append(Ranks.of(column[known]))
            missing.append(not known.all())
        for one in items if own else ():
            still &= ~np.nan_to_num(_own(one)).any(0)
        return cls(tuple(names), tuple(ranks), tuple(missing), own, tuple(still.tolist()))

    @property
    def names(self) -> tuple[str, ...]:
        """What the network reads of a step."""
        return self.columns + (tuple(f"{name} by its own scale" for name in self.columns) if self.own else ())

    @property
    def gaps(self) -> tuple[bool, ...]:
        """Which of `names` had missing values; what comes twice is told of once."""
        return self.missing + ((False,) * len(self.columns) if self.own else ())

    def read(self, items: Sequence[np.ndarray], ids: Sequence[Any] = ()) -> list[np.ndarray]:
        """Express items (T_i, D) in these units, float32, NaN where missing."""
        if not items:
            return []
        # All at once: to interpolate a few values costs as much as a few hundred.
        whole = np.concatenate(items).astype(np.float64)
        ranked = np.stack([rank(whole[:, k]) for k, rank in enumerate(self.ranks)], -1).astype(np.float32)
        parts = np.split(ranked, np.cumsum([len(one) for one in items])[:-1])
        if not self.own:
            return parts
        moves = ~np.array(self.still)
        return [np.concatenate([part, _own(one) * moves], -1) for part, one in zip(parts, items, strict=True)]

    def notes(self) -> list[str]:
        """Say which columns have gaps."""
        some = [name for name, one in zip(self.columns, self.missing, strict=True) if one]
        if not some:
            return []
        which = f"{len(some)} of {len(self.columns)} columns" if len(self.columns) > 1 else f"{some[0]!r}"
        have = "has" if len(some) == 1 else "have"
        return [f"{which} {have} missing values: they are masked, never filled, and the network is told where."]

    def stream(self) -> Rows:
        """Read rows as they come; only where no column comes by its sequence's own scale."""
        return Rows(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        ranks = [[one.values, one.scores, one.unit] for one in self.ranks]
        kept = {"columns": self.columns, "ranks": ranks, "missing": self.missing, "own": self.own}
        return kept | {"still": self.still}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Self:
        """Rebuild what `to_dict` was asked of."""
        ranks = tuple(Ranks(tuple(values), tuple(scores), unit) for values, scores, unit in saved["ranks"])
        columns, missing, still = (tuple(saved[name]) for name in ("columns", "missing", "still"))
        return cls(columns, ranks, missing, saved["own"], still)


def _own(item: np.ndarray) -> np.ndarray:
    """A sequence (T, D) by its own mean and standard deviation, float32; what never changes is 0."""
    known = ~np.isnan(item)
    count = np.maximum(known.sum(0), 1)
    mean = np.where(known, item, 0).sum(0, dtype=np.float64) / count
    away = np.where(known, item - mean, np.nan)
    std = np.sqrt(np.square(np.nan_to_num(away)).sum(0) / count)
    # What differs by roundings alone does not differ.
    return (away / np.where(std > 1e-6 * np.abs(mean), std, np.inf)).astype(np.float32)


class Rows:
    """Rows of numbers as they come: each is complete by itself, so there is nothing to keep."""

    def __init__(self, reader: SeriesReader):
        self._reader = reader
        self.state: Any = None

    def push(self, piece: Any) -> np.ndarray:
        """Read a row (D,) or some (n, D); with a single column (n,) is n rows.

        Raises
        ------
        DataError
            Another number of columns.
        """
        width = len(self._reader.columns)
        rows = to_numbers(piece, "piece")
        if rows.ndim == 0 and width == 1:
            rows = rows[None, None]
        elif rows.ndim == 1:
            rows = rows[:, None] if width == 1 else rows[None]
        if rows.ndim != 2 or rows.shape[1] != width:
            raise DataError(f"piece must be rows (n, {width}), or one ({width},); got {np.shape(piece)}.")
        return self._reader.read([rows])[0]

    def pending(self) -> np.ndarray:
        """Give what would follow if the input ended now: nothing."""
        return np.zeros((0, len(self._reader.names)), np.float32)

    def reset(self) -> None:
        """Begin a new sequence."""
