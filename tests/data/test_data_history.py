"""A Panel survives Parquet whole."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from grids import frequencies
from hypothesis import given

from gatework.data.frame import read
from gatework.data.history import from_parquet_table, to_parquet_table
from gatework.data.panel import Columns, Panel
from gatework.errors import DataError


def there_and_back(panel: Panel) -> Panel:
    stream = pa.BufferOutputStream()
    pa.parquet.write_table(to_parquet_table(panel), stream)
    return from_parquet_table(pa.parquet.read_table(pa.BufferReader(stream.getvalue())))


def assert_same(panel: Panel, again: Panel) -> None:
    assert again.fingerprint() == panel.fingerprint()
    for field in ("ids", "freq", "season_length", "columns", "kind", "notes"):
        assert getattr(again, field) == getattr(panel, field), field


DAYS = pd.date_range("2024-03-28", periods=6)


@pytest.mark.parametrize(
    "table",
    [
        {"ds": [1, 2, 4, 8], "y": [1.0, 2.0, np.nan, 3.0]},
        {"ds": np.arange(5, dtype="int32"), "y": [0.1, 0.2, 0.3, -0.0, 1e300]},
        {"ds": ["1949-01", "1949-02", "1949-05"], "y": [1, 2, 3]},
        {"ds": DAYS.to_numpy().astype("M8[s]"), "y": range(6)},
        pd.DataFrame({"ds": DAYS.tz_localize("Europe/Berlin"), "y": range(6)}),
        pd.DataFrame({"ds": pd.date_range("2018-11-01", periods=2, freq="4D", tz="America/Sao_Paulo"), "y": [1, 2]}),
        pd.DataFrame({"unique_id": pd.Categorical(list("bbbaaa")), "ds": [1, 2, 3] * 2, "y": range(6)}),
        pd.DataFrame({"unique_id": [7, 7, 7, 8, 8, 8], "ds": [1, 2, 4] * 2, "y": [1, 2, 3, None, 5, None]}),
        pd.DataFrame({0: [1, 2, 3], 1: [4, 5, 6]}),
        pa.table(
            {
                "unique_id": ["a"] * 4,
                "ds": pa.array([datetime.date(2024, 1, d) for d in (1, 2, 5, 9)], pa.date64()),
                "y": range(4),
            }
        ),
    ],
    ids=[
        "gaps",
        "int32",
        "months",
        "seconds",
        "zone",
        "no midnight",
        "categories",
        "a short series",
        "numbered",
        "date64",
    ],
)
def test_there_and_back(table):
    names = {"time_col": 0, "target_col": 1} if isinstance(table, pd.DataFrame) and 0 in table else {}
    if isinstance(table, pd.DataFrame) and len(table) == 2:
        # The day that has no midnight is a gap: it is written all the same.
        table = pd.concat([table, pd.DataFrame({"ds": table["ds"] + pd.Timedelta("1D"), "y": [3, 4]})])
        names = {"freq": "D"}
    panel = read(table, **names)
    assert_same(panel, there_and_back(panel))


@given(frequencies())
def test_any_grid_there_and_back(freq):
    kind = pa.int64() if freq.calendar == "integer" else pa.timestamp("us")
    panel = Panel(
        ids=("a", "b"),
        values=(np.array([1.0, np.nan, np.nan, 4.0]), np.array([5.0, 6.0, 7.0])),
        starts=np.array([-3, 40]),
        freq=freq,
        season_length=12,
        columns=Columns("id", "t", "value", pa.string(), kind),
        kind="pyarrow",
        notes=("one.", "two."),
    )
    assert_same(panel, there_and_back(panel))


def test_the_history_is_a_table_that_reads_like_any_other():
    panel = read({"unique_id": list("aaab"), "ds": [1, 2, 4, 1], "y": [1, 2, 3, 4]})
    table = to_parquet_table(panel)
    assert table.column_names == ["unique_id", "ds", "y"]
    assert table.to_pydict() == {"unique_id": list("aaaab"), "ds": [1, 2, 3, 4, 1], "y": [1, 2, None, 3, 4]}
    assert read(table).fingerprint() == panel.fingerprint()


def test_without_the_library_of_its_kind_it_is_pyarrow(monkeypatch):
    table = to_parquet_table(read(pd.DataFrame({"ds": [1, 2, 3], "y": [1, 2, 3]})))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert from_parquet_table(table).kind == "pyarrow"


@pytest.mark.parametrize(("metadata", "got"), [(None, "None"), ({"gatework": '{"format": 99}'}, "99")])
def test_another_table_is_refused(metadata, got):
    with pytest.raises(DataError) as error:
        from_parquet_table(pa.table({"ds": [1], "y": [2.0]}).replace_schema_metadata(metadata))
    assert str(error.value) == (
        f"history must be a table that gatework wrote in format 1; got format {got}. Fit and save the model again."
    )
