"""Numbers that a person has of each step, as a network reads them: every column in a unit of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np

from gatework.errors import DataError


@dataclass(frozen=True)
class SeriesReader:
    """Each column less its mean, over its standard deviation: those of all steps that were learned from.

    Attributes
    ----------
    names : tuple of str
        The columns.
    mean, std : tuple of float, one a column
        Of the values that are known; a column that never changed has 1 as its standard deviation.
    gaps : tuple of bool
        Which columns had missing values: the network is told where those of them are.
    """

    kind: ClassVar[str] = "series"
    names: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    gaps: tuple[bool, ...]

    @classmethod
    def fit(cls, items: Sequence[np.ndarray], *, names: Sequence[str]) -> Self:
        """Measure items (T_i, D), NaN where missing.

        Raises
        ------
        DataError
            There is no step in any of them.
        """
        if not sum(map(len, items)):
            raise DataError("X must have a sequence with steps; got none that has. Check how it was made.")
        width = items[0].shape[1]
        count, total, squares = np.zeros(width), np.zeros(width), np.zeros(width)
        gaps = np.zeros(width, bool)
        # Twice over the items, since a sum of squares of large numbers has nothing left of their differences.
        for one in items:
            known = ~np.isnan(one)
            count += known.sum(0)
            total += np.where(known, one, 0).sum(0, dtype=np.float64)
            gaps |= ~known.all(0)
        mean = total / np.maximum(count, 1)
        for one in items:
            squares += np.square(np.nan_to_num(one - mean, nan=0.0)).sum(0)
        std = np.sqrt(squares / np.maximum(count, 1))
        # What differs by roundings alone does not differ.
        std = np.where(std > 1e-6 * np.abs(mean), std, 1)
        std[std == 0] = 1
        return cls(tuple(names), tuple(mean.tolist()), tuple(std.tolist()), tuple(gaps.tolist()))

    def read(self, items: Sequence[np.ndarray], ids: Sequence[Any] = ()) -> list[np.ndarray]:
        """Express items (T_i, D) in these units, float32, NaN where missing."""
        mean, std = np.array(self.mean), np.array(self.std)
        return [((one - mean) / std).astype(np.float32) for one in items]

    def notes(self) -> list[str]:
        """Say which columns have gaps."""
        some = [name for name, one in zip(self.names, self.gaps, strict=True) if one]
        if not some:
            return []
        which = f"{len(some)} of {len(self.names)} columns" if len(self.names) > 1 else f"{some[0]!r}"
        have = "has" if len(some) == 1 else "have"
        return [f"{which} {have} missing values: they are masked, never filled, and the network is told where."]

    def stream(self) -> Rows:
        """Read rows as they come."""
        return Rows(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Self:
        """Rebuild what `to_dict` was asked of."""
        return cls(**{name: tuple(values) for name, values in saved.items()})


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
        width = len(self._reader.names)
        rows = np.asarray(piece, dtype=np.float64)
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
