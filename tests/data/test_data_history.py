"""A Panel survives Parquet whole."""

from __future__ import annotations

import datetime
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from beside import FUTURE, STATIC, TABLE
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


MADE = {"unique_id": list("abbb"), "cutoff": [3, 3, 6, 6], "ds": [4, 4, 7, 8], "price": [1.0, np.nan, 3.0, 4.0]}
KNOWN = {"futr_exog_list": ["price", "sky"], "hist_exog_list": "stock"}
SIZED = {"stat_exog_list": ["kind", "size"], "static_df": STATIC}
NO_VALUE = {**TABLE, "y": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, *[np.nan] * 4]}


@pytest.mark.parametrize(
    ("table", "options"),
    [
        (TABLE, KNOWN),
        (TABLE, {**KNOWN, **SIZED, "futr_df": {**FUTURE, "sky": ["sun", "", "hail", "fog"]}}),
        (TABLE, {"hist_exog_list": ["stock", "sky"]}),
        (TABLE, SIZED),
        (TABLE, {**SIZED, "keep_static_only": True}),
        (TABLE, {"futr_exog_list": "price", "futr_df": MADE}),
        (TABLE, {"futr_exog_list": "price", "futr_df": MADE, **SIZED, "keep_static_only": True}),
        (NO_VALUE, {**KNOWN, **SIZED}),
        (NO_VALUE, {"hist_exog_list": "stock"}),
        (
            {**TABLE, "vintage": TABLE["price"]},
            {"futr_exog_list": "price", "hist_exog_list": "vintage", "futr_df": MADE},
        ),
        ({**TABLE, "sky=sun": TABLE["price"]}, {"futr_exog_list": ["sky=sun", "sky"]}),
        (pd.DataFrame({0: range(5), 1: range(5), 2: range(5)}), {"time_col": 0, "target_col": 1, "hist_exog_list": 2}),
        (
            {"ds": range(4), "b": range(4), "a": range(4), "x": range(4)},
            {"target_col": ["b", "a"], "futr_exog_list": "x"},
        ),
    ],
)
def test_covariates_there_and_back(table, options):
    panel = read(table, **options)
    again = there_and_back(panel)
    assert_same(panel, again)
    assert again.covariates.columns == panel.covariates.columns
    for part in ("past", "known"):
        for old, new in zip(getattr(panel.covariates, part), getattr(again.covariates, part), strict=True):
            np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(panel.covariates.static, again.covariates.static)
    assert (panel.covariates.vintages is None) == (again.covariates.vintages is None)


def test_a_person_can_read_the_covariates():
    table = to_parquet_table(read(TABLE, **KNOWN, stat_exog_list="kind", static_df=STATIC))
    assert table.column_names[3:] == ["stock", "price", "sky=fog", "sky=rain", "sky=sun", "kind=kiosk", "kind=shop"]
    assert table.to_pydict()["y"] == [1, 2, 3, None, None, 5, 6, 7, None, 8]
    assert table.to_pydict()["price"] == [10, None, 30, 40, 50, 1, 2, 3, None, 4]
    assert table.to_pydict()["kind=shop"] == [0, *[None] * 4, 1, *[None] * 4]


def test_what_was_kept_before_there_were_covariates_still_loads():
    panel = read(TABLE)
    table = to_parquet_table(panel)
    facts = json.loads(table.schema.metadata[b"gatework"])
    assert facts.pop("covariates") is None
    assert facts.pop("targets") == []
    old = table.replace_schema_metadata({b"gatework": json.dumps(facts)})
    assert_same(panel, from_parquet_table(old))


def test_a_series_without_a_value_is_kept():
    panel = read({**TABLE, "y": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, *[np.nan] * 4]})
    assert [len(series) for series in panel.values] == [6, 0]
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
