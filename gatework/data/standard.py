"""In what units covariates are read: each column's mean and spread where the network learned, as plain numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from gatework.data.covariates import Column, Covariates


class Unit(NamedTuple):
    """How one column of numbers is read.

    Parameters
    ----------
    mean, std : float
        Of its values where the network learned. A std of 0 is a column that never differed: it reads as 0 everywhere.
    gaps : bool
        Whether a second column says at which steps its value is known.
    column : int
        Which of the caller's columns it comes from, counted over past, known and static.
    """

    mean: float
    std: float
    gaps: bool
    column: int


@dataclass(frozen=True)
class Standard:
    """The units of all columns of a Covariates: P of past, K of known and S of static."""

    past: tuple[Unit, ...]
    known: tuple[Unit, ...]
    static: tuple[Unit, ...]

    @classmethod
    def of(cls, covariates: Covariates, lengths: Sequence[int]) -> Self:
        """Measure covariates by the first `lengths` (N,) steps of each series, and by nothing after them.

        Of static columns count the series that have steps. Where there are vintages, every known column has gaps:
        the latest one may be old, and say nothing of the last steps of a window.
        """
        learned = [n > 0 for n in lengths]
        tables = [
            np.concatenate([part[:n] for part, n in zip(parts, lengths, strict=True)])
            for parts in (covariates.past, covariates.known)
        ]
        tables.append(covariates.static[learned])
        first, found = 0, []
        for k, (columns, table) in enumerate(zip(covariates.columns, tables, strict=True)):
            always = k == 1 and covariates.vintages is not None
            found.append(_units(columns, table.astype(np.float64), first, always))
            first += len(columns)
        return cls(*found)

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Self:
        """Rebuild from what dataclasses.asdict gave, perhaps through JSON."""
        return cls(**{name: tuple(Unit(*unit) for unit in units) for name, units in saved.items()})


def apply(units: tuple[Unit, ...], values: np.ndarray) -> np.ndarray:
    """Express values (..., columns) in their units, float32, NaN where missing."""
    mean = np.array([unit.mean for unit in units])
    size = np.array([unit.std if unit.std > 0 else np.inf for unit in units])
    return ((values - mean) / size).astype(np.float32)


def _units(columns: tuple[Column, ...], table: np.ndarray, first: int, always: bool) -> tuple[Unit, ...]:
    missing = np.isnan(table)
    count = np.maximum((~missing).sum(0), 1)
    mean = np.where(missing, 0, table).sum(0) / count
    std = np.sqrt(np.where(missing, 0, table - mean).__pow__(2).sum(0) / count)
    # What differs by roundings alone does not differ.
    std = np.where(std > 1e-7 * np.abs(mean), std, 0)
    owners = np.repeat(first + np.arange(len(columns)), [column.width for column in columns])
    gaps = missing.any(0) | always
    return tuple(Unit(*row) for row in zip(mean.tolist(), std.tolist(), gaps.tolist(), owners.tolist(), strict=True))
