"""What a panel knows besides its target: what was measured with it, what is known ahead, and what never changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np


class Column(NamedTuple):
    """A column of the caller's, and how it becomes numbers.

    Parameters
    ----------
    name : str
        The caller's name for it.
    categories : tuple or None
        None for a number, which is one column; else there is a 0/1 column for each of these, in this order, and any
        other value is 0 in all of them.
    """

    name: Any
    categories: tuple | None = None

    @property
    def width(self) -> int:
        """How many numbers it becomes."""
        return 1 if self.categories is None else len(self.categories)


class Vintages(NamedTuple):
    """What was forecast of the known covariates, and when: weather as it was foreseen, not as it came to be.

    Parameters
    ----------
    cutoffs : N of (V_i,) int64 arrays
        Ascending. A vintage of cutoff c was made when the steps before step c of its series were known; c may be T_i.
    values : N of (V_i, A, K) float32 arrays
        What it says of steps c, c + 1, ...; NaN where it says nothing.
    """

    cutoffs: tuple[np.ndarray, ...]
    values: tuple[np.ndarray, ...]

    def head(self, lengths: Sequence[int]) -> Vintages:
        """Those that were made by the time that the series had these lengths."""
        made = [int(np.searchsorted(c, n, side="right")) for c, n in zip(self.cutoffs, lengths, strict=True)]
        return Vintages(
            tuple(c[:n] for c, n in zip(self.cutoffs, made, strict=True)),
            tuple(v[:n] for v, n in zip(self.values, made, strict=True)),
        )


@dataclass(frozen=True, eq=False)
class Covariates:
    """The covariates of N series, step by step from each one's first value on, as raw numbers.

    Parameters
    ----------
    past : N of (T_i, P) float32 arrays
        Known up to the cutoff only (`hist_exog_list`); NaN where missing.
    known : N of (T_i + A_i, K) float32 arrays
        Known ahead (`futr_exog_list`), for A_i >= 0 steps beyond the last value; NaN where missing.
    static : (N, S) float32 array
        What never changes (`stat_exog_list`); NaN where missing.
    columns : three tuples of Column
        The caller's columns of past, known and static, before they became P, K and S numbers.
    vintages : Vintages, optional
        What was forecast of `known`, and when; None where `known` is all that there is.
    """

    past: tuple[np.ndarray, ...]
    known: tuple[np.ndarray, ...]
    static: np.ndarray
    columns: tuple[tuple[Column, ...], tuple[Column, ...], tuple[Column, ...]]
    vintages: Vintages | None = None

    def head(self, lengths: Sequence[int]) -> Covariates:
        """The covariates when the series had these lengths: what is known ahead stays, later vintages go."""
        return replace(
            self,
            past=tuple(values[:n] for values, n in zip(self.past, lengths, strict=True)),
            vintages=None if self.vintages is None else self.vintages.head(lengths),
        )

    def parts(self) -> Iterator[bytes]:
        """All of it as bytes, for a digest."""
        yield repr(self.columns).encode()
        vintages = self.vintages or ((), ())
        for arrays in (self.past, self.known, (self.static,), *vintages):
            yield repr([array.shape for array in arrays]).encode()
            for array in arrays:
                # Any NaN is the same NaN.
                yield (
                    np.where(np.isnan(array), np.float32("nan"), array) if array.dtype.kind == "f" else array
                ).tobytes()
