"""A Panel as one Parquet table that a person can open too, and back without loss."""

from __future__ import annotations

import base64
import importlib.util
import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from gatework.data import dates
from gatework.data.frame import read
from gatework.data.frequency import Frequency
from gatework.data.panel import Columns, Panel
from gatework.data.stored import columns_of, covariates_of, row_counts
from gatework.errors import DataError

_KEY, _FORMAT = b"gatework", 1


def to_parquet_table(panel: Panel) -> Any:
    """A Panel as a pyarrow.Table: id (if there is one), time and target, a row for each step, null where it is missing.

    Behind them stand the covariates, and rows go on as far as those are known. What the columns do not tell (the grid,
    the season, the notes) is in the schema's metadata. A series of 0 steps has one row, without a value.
    """
    import pyarrow as pa

    columns, lengths = panel.columns, row_counts(panel)
    ordinals = np.concatenate([start + np.arange(n) for start, n in zip(panel.starts.tolist(), lengths, strict=True)])
    values = np.full(sum(lengths), np.nan)
    ends = np.cumsum(lengths).tolist()
    for end, n, series in zip(ends, lengths, panel.values, strict=True):
        values[end - n : end - n + len(series)] = series
    arrays = {
        columns.time: dates.write(panel.freq.times(ordinals), columns.time_type, wall=panel.freq.whole_days),
        columns.target: pa.array(values, from_pandas=True),
    }
    types = [("time", columns.time_type)]
    if columns.id is not None:
        ids = [name for name, n in zip(panel.ids, lengths, strict=True) for _ in range(n)]
        arrays = {columns.id: pa.array(ids, columns.id_type), **arrays}
        types.append(("id", columns.id_type))
    more, about_them = columns_of(panel, taken=[str(name) for name in arrays])
    facts = {
        "format": _FORMAT,
        "columns": [columns.id, columns.time, columns.target],
        "targets": columns.targets,
        # Parquet has no timestamps in seconds, so the types are kept beside the columns.
        "types": base64.b64encode(pa.schema(types).serialize()).decode(),
        "freq": asdict(panel.freq),
        "season_length": panel.season_length,
        "kind": panel.kind,
        "notes": panel.notes,
        "covariates": about_them,
    }
    table = pa.table({**{str(name): array for name, array in arrays.items()}, **more})
    return table.replace_schema_metadata({_KEY: json.dumps(facts)})


def from_parquet_table(table: Any) -> Panel:
    """The Panel that `to_parquet_table` made this pyarrow.Table of.

    Its kind becomes pyarrow where the library of the old kind is not installed.

    Raises
    ------
    DataError
        A table that gatework did not write, or of a format that it does not know.
    """
    import pyarrow as pa

    metadata = table.schema.metadata or {}
    facts = json.loads(metadata.get(_KEY, "{}"))
    if facts.get("format") != _FORMAT:
        raise DataError(
            f"history must be a table that gatework wrote in format {_FORMAT}; got format {facts.get('format')}. "
            f"Fit and save the model again."
        )
    types = pa.ipc.read_schema(pa.BufferReader(base64.b64decode(facts["types"])))
    id_col, time_col, target_col = facts["columns"]
    panel = read(
        table,
        id_col=None if id_col is None else str(id_col),
        time_col=str(time_col),
        target_col=str(target_col),
        freq=Frequency(**facts["freq"]),
        season_length=facts["season_length"],
    )
    id_type, time_type = (types.field(n).type if n in types.names else None for n in ("id", "time"))
    about_covariates = facts.get("covariates")
    installed = facts["kind"] == "dict" or importlib.util.find_spec(facts["kind"]) is not None
    return replace(
        panel,
        columns=Columns(id_col, time_col, target_col, id_type, time_type, tuple(facts.get("targets", ()))),
        kind=facts["kind"] if installed else "pyarrow",
        notes=tuple(facts["notes"]),
        covariates=None if about_covariates is None else covariates_of(table, panel, about_covariates),
    )
