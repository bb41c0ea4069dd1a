"""What a table becomes: ragged series on one regular grid."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gatework.data import dates
from gatework.data.covariates import Covariates
from gatework.data.frequency import Frequency
from gatework.data.table import give_back


@dataclass(frozen=True)
class Columns:
    """The caller's names for the columns, and the pyarrow types in which to give them back.

    Parameters
    ----------
    id, time, target : str
        The columns of the long table that goes out; `id` is None where the table has no id column.
    id_type, time_type : pyarrow.DataType
        Their types.
    targets : tuple of str
        The columns that became a series each, where there were several; `target` is then "y".
    """

    id: Any
    time: Any
    target: Any
    id_type: Any = None
    time_type: Any = None
    targets: tuple = ()


@dataclass(frozen=True, eq=False)
class Panel:
    """Ragged series on one regular grid: the only thing that later rooms see of a user's table.

    Parameters
    ----------
    ids : tuple
        One for each series, the caller's own values, ascending; (0,) where the table has no id column.
    values : tuple of (T_i,) float64 arrays
        NaN where a step is missing. The first and last are values, unless all are missing.
    starts : (N,) int64 array
        The ordinal on the grid of each series' first value.
    freq : Frequency
        The grid.
    season_length : int
        Steps in the main season, as given or inferred.
    columns : Columns
        The caller's names; `columns.id` is None where the table has no id column.
    kind : {"pandas", "polars", "pyarrow", "dict"}
        What to give back. A path gives pyarrow.
    notes : tuple of str
        What was inferred or handled, one plain sentence each.
    covariates : Covariates, optional
        What is known besides the target, where any was asked for.
    """

    ids: tuple
    values: tuple[np.ndarray, ...]
    starts: np.ndarray
    freq: Frequency
    season_length: int
    columns: Columns
    kind: str
    notes: tuple[str, ...] = ()
    covariates: Covariates | None = None

    def __len__(self) -> int:
        """How many series."""
        return len(self.ids)

    def last(self) -> np.ndarray:
        """The ordinal (N,) of each series' last step."""
        return self.starts + np.array([len(series) for series in self.values], dtype=np.int64) - 1

    def head(self, drop: int) -> Panel:
        """Every series without its last `drop` steps. A series that has no more keeps 0 steps; its end may be NaN.

        Of the covariates stays what was known by then: those that are known ahead stay whole.
        """
        lengths = [max(len(series) - drop, 0) for series in self.values]
        values = tuple(series[:n] for series, n in zip(self.values, lengths, strict=True))
        return replace(self, values=values, covariates=self.covariates and self.covariates.head(lengths))

    def fingerprint(self) -> str:
        """The data's sha256: over ids, values, starts, grid and covariates, whatever kind of table they came in."""
        digest = hashlib.sha256(repr((self.ids, self.freq)).encode())
        digest.update(np.ascontiguousarray(self.starts).tobytes())
        for series in self.values:
            digest.update(len(series).to_bytes(8, "little"))
            # Any NaN is the same NaN.
            digest.update(np.where(np.isnan(series), np.nan, series).tobytes())
        for part in self.covariates.parts() if self.covariates else ():
            digest.update(part)
        return digest.hexdigest()

    def frame(self, table: Mapping[Any, Any]) -> Any:
        """Columns (name -> (n,) array) as the kind of table that came in, ids and times in their own types.

        Parameters
        ----------
        table : mapping
            The id column holds values of `ids`; the time column and any other of datetime64 hold `freq.times(...)`.
        """
        import pyarrow as pa

        wall = self.freq.whole_days

        def array(name: Any, values: Any) -> Any:
            if self.columns.id is not None and name == self.columns.id:
                return pa.array(np.asarray(values).tolist(), self.columns.id_type)
            values = np.asarray(values)
            if name == self.columns.time or values.dtype.kind == "M":
                return dates.write(values, self.columns.time_type, wall=wall)
            return pa.array(values)

        return give_back({name: array(name, values) for name, values in table.items()}, self.kind)
