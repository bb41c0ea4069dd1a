"""Any kind of table becomes the same Panel, is left as it was, and gets its own kind of table back."""

from __future__ import annotations

import copy
import subprocess
import sys
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatework.data.frame import read

COLUMNS = {
    "unique_id": np.array(["b"] * 4 + ["a"] * 5),
    "ds": np.array(["2024-01-0" + d for d in "123512345"], dtype="M8[us]"),
    "y": np.array([1.0, 2.0, np.nan, 5.0, 10.0, 11.0, 12.0, 13.0, 14.0]),
}


def as_path(folder, columns, name):
    table = pa.table(columns)
    if name.endswith(".parquet"):
        pa.parquet.write_table(table, folder / name)
    else:
        with pa.output_stream(str(folder / name), compression="gzip" if name.endswith("gz") else None) as stream:
            pa.csv.write_csv(table, stream)
    return folder / name


KINDS = {
    "pandas": lambda columns, folder: pd.DataFrame(columns),
    "polars": lambda columns, folder: pl.DataFrame(columns),
    "pyarrow": lambda columns, folder: pa.table(columns),
    "dict": lambda columns, folder: dict(columns),
    "lists": lambda columns, folder: {name: values.tolist() for name, values in columns.items()},
    "csv": lambda columns, folder: as_path(folder, columns, "data.csv"),
    "csv.gz": lambda columns, folder: as_path(folder, columns, "data.csv.gz"),
    "parquet": lambda columns, folder: str(as_path(folder, columns, "data.parquet")),
}
GIVEN_BACK = {"lists": "dict", "csv": "pyarrow", "csv.gz": "pyarrow", "parquet": "pyarrow"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_table_is_the_same_panel(kind, tmp_path):
    panel = read(KINDS[kind](COLUMNS, tmp_path))
    assert panel.ids == ("a", "b")
    assert len(panel) == 2
    np.testing.assert_array_equal(panel.values[0], [10, 11, 12, 13, 14])
    np.testing.assert_array_equal(panel.values[1], [1, 2, np.nan, np.nan, 5])
    first = np.datetime64("2024-01-01", "us")
    assert panel.freq.times(panel.starts).tolist() == [first.item()] * 2
    assert panel.freq.times(panel.last()).tolist() == [np.datetime64("2024-01-05", "us").item()] * 2
    assert (panel.freq.alias, panel.season_length) == ("D", 7)
    assert (panel.columns.id, panel.columns.time, panel.columns.target) == ("unique_id", "ds", "y")
    assert panel.kind == GIVEN_BACK.get(kind, kind)
    assert panel.fingerprint() == read(COLUMNS).fingerprint()


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_of_the_same_kind_is_given_back(kind, tmp_path):
    panel = read(KINDS[kind](COLUMNS, tmp_path))
    ahead = panel.freq.times(np.concatenate([last + np.arange(1, 3) for last in panel.last()]))
    frame = panel.frame(
        {"unique_id": np.repeat(panel.ids, 2), "ds": ahead, "cutoff": ahead - 1, "LSTM": np.arange(4.0)}
    )
    types = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.Table, "dict": dict}
    assert type(frame) is types[panel.kind]
    names = list(getattr(frame, "column_names", getattr(frame, "columns", frame)))
    assert names == ["unique_id", "ds", "cutoff", "LSTM"]
    listed = {name: frame[name].to_pylist() if isinstance(frame, pa.Table) else list(frame[name]) for name in names}
    assert listed["unique_id"] == ["a", "a", "b", "b"]
    assert np.array(listed["ds"]).astype("M8[D]").astype(str).tolist() == ["2024-01-06", "2024-01-07"] * 2
    assert listed["LSTM"] == [0, 1, 2, 3]


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow", "dict", "lists"])
def test_nothing_that_comes_in_is_changed(kind, tmp_path):
    shuffled = {name: np.delete(values, 2)[::-1].copy() for name, values in COLUMNS.items()}  # NaN equals nothing
    table = KINDS[kind](shuffled, tmp_path)
    before = copy.deepcopy(table)
    panel = read(table)
    for values in panel.values:
        values[:] = -1  # not even by who writes into the panel
    if kind == "pandas":
        pd.testing.assert_frame_equal(table, before)
    elif kind in ("polars", "pyarrow"):
        assert table.equals(before)
    else:
        for name, values in before.items():
            np.testing.assert_array_equal(table[name], values)


def test_the_callers_names_are_used():
    renamed = dict(zip(["store", "Month", "Sales"], COLUMNS.values(), strict=True))
    panel = read(renamed, id_col="store", time_col="Month", target_col="Sales")
    assert (panel.columns.id, panel.columns.time, panel.columns.target) == ("store", "Month", "Sales")


@pytest.mark.parametrize("options", [{}, {"id_col": None}])
def test_without_an_id_the_table_is_one_series(options):
    panel = read({"ds": COLUMNS["ds"][4:], "y": COLUMNS["y"][4:]}, **options)
    assert (panel.ids, panel.columns.id, len(panel)) == ((0,), None, 1)
    assert list(panel.frame({"ds": panel.freq.times(panel.last() + 1), "LSTM": [1.0]})) == ["ds", "LSTM"]


@pytest.mark.parametrize(
    ("column", "ids"),
    [
        (pd.Series([10, 10, 10, 2, 2, 2]), (2, 10)),
        (pd.Series([10, 10, 10, 2, 2, 2], dtype="int8"), (2, 10)),
        (pd.Series(["10", "10", "10", "2", "2", "2"]), ("10", "2")),
        (pd.Series(list("bbbaaa")), ("a", "b")),
        (pd.Series(list("bbbaaa"), dtype="category"), ("a", "b")),
        (pd.Series([1.5, 1.5, 1.5, 0.5, 0.5, 0.5]), (0.5, 1.5)),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")),
)
def test_ids_keep_their_type_in_pandas_and_polars(column, ids):
    table = pd.DataFrame({"unique_id": column, "ds": [1, 2, 3] * 2, "y": range(6)})
    for frame in (table, pl.from_pandas(table)):
        panel = read(frame)
        assert panel.ids == ids
        back = panel.frame({"unique_id": np.array(panel.ids), "ds": np.array([4, 4]), "LSTM": [1.0, 2.0]})
        assert list(back["unique_id"]) == list(ids)
        same = back["unique_id"].dtype == frame["unique_id"].dtype
        assert same or (back["unique_id"].dtype == "category" and column.dtype == "category")


@pytest.mark.parametrize("dtype", ["datetime64[s]", "datetime64[ns]", "datetime64[us, Europe/Berlin]", "int32"])
def test_times_keep_their_type_in_pandas(dtype):
    times = (
        pd.Series(range(2024, 2030)).astype(dtype)
        if dtype == "int32"
        else pd.Series(pd.date_range("2024-01-01", periods=6, freq="h", tz="UTC" if "," in dtype else None)).astype(
            dtype
        )
    )
    panel = read(pd.DataFrame({"ds": times, "y": range(6)}))
    back = panel.frame({"ds": panel.freq.times(panel.starts[0] + np.arange(6)), "LSTM": np.zeros(6)})
    pd.testing.assert_series_equal(back["ds"], times, check_names=False)


@pytest.mark.parametrize(
    ("times", "alias"),
    [
        (pd.period_range("2013Q1", periods=5, freq="Q"), "QS"),
        (pd.period_range("1949-01", periods=5, freq="M"), "MS"),
        (pd.Series(pd.date_range("2024-01-01", periods=5).date), "D"),
        (np.arange("2024-01", "2024-06", dtype="M8[M]"), "MS"),
        (np.arange("2024-01-01T00", "2024-01-01T05", dtype="M8[h]"), "h"),
    ],
    ids=["quarters", "months", "dates", "numpy months", "numpy hours"],
)
def test_times_that_arrow_does_not_have(times, alias):
    table = (
        pd.DataFrame({"ds": times, "y": range(5)})
        if not isinstance(times, np.ndarray)
        else {"ds": times, "y": range(5)}
    )
    assert read(table).freq.alias == alias


@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(random):
    order = list(range(9))
    random.shuffle(order)
    panel = read({name: values[order] for name, values in COLUMNS.items()})
    assert panel.fingerprint() == read(COLUMNS).fingerprint()
    moments = COLUMNS["ds"][order]
    in_time = all((np.diff(moments[COLUMNS["unique_id"][order] == name]).astype(int) > 0).all() for name in "ab")
    assert ("rows were not in order of time; they are sorted." in panel.notes) != in_time


def test_missing_steps_and_values_are_masked_and_ends_left_off():
    nan = np.nan
    panel = read({"ds": [1, 2, 3, 5, 6, 8, 9], "y": [nan, 1, 2, 3, nan, 4, nan]})
    np.testing.assert_array_equal(panel.values[0], [1, 2, nan, 3, nan, nan, 4])
    assert panel.starts.tolist() == [2]
    assert panel.notes == (
        "frequency: integer steps (1), inferred; season: none, inferred.",
        "3 of 7 steps have no value; they are masked, never filled.",
        "empty steps at the ends of series are left off, 2 in all.",
    )


def test_one_bad_series_does_not_fail_a_panel():
    nan = np.nan
    panel = read(
        {"unique_id": list("aaaaabbbcd"), "ds": [1, 2, 3, 4, 5, 1, 2, 3, 7, 9], "y": [1, 2, 3, 4, 5, 6, 6, 6, nan, 1]},
        season_length=2,
    )
    assert panel.ids == ("a", "b", "c", "d")
    assert [len(series) for series in panel.values] == [5, 3, 0, 1]
    assert panel.notes == (
        "frequency: integer steps (1), inferred; season: 2 steps, as given.",
        "empty steps at the ends of series are left off, 1 in all.",
        "1 of 4 series has no value, and no forecast follows.",
        "1 of 4 series has fewer than 3 values.",
        # The second, and the fourth, of which one value is known.
        "2 of 4 series never changed: their intervals have no width, which is no certainty.",
        "1 of 4 series has fewer values than two seasons.",
    )


def test_a_constant_and_short_series_is_noted():
    panel = read({"ds": np.arange("2024-01-01", "2024-01-04", dtype="M8[D]"), "y": [5, 5, 5]})
    assert panel.notes[1:] == (
        "the series never changed: its intervals have no width, which is no certainty.",
        "the series has fewer values than two seasons.",
    )


@pytest.mark.parametrize(
    ("season", "says"), [(None, "7 steps, inferred"), (365, "365 steps, as given"), (1, "none, as given")]
)
@pytest.mark.parametrize(("freq", "how"), [(None, "inferred"), ("D", "as given")])
def test_what_is_inferred_and_what_is_given_is_said(season, says, freq, how):
    panel = read(COLUMNS, freq=freq, season_length=season)
    assert panel.notes[0] == f"frequency: daily (D), {how}; season: {says}."
    assert panel.season_length == (season or 7)


def test_the_season_of_whole_numbers_is_found_in_the_values():
    y = np.tile([1, 5, 2, 8, 3, 3, 9], 12)
    assert read({"ds": np.arange(84), "y": y}).season_length == 7
    assert read({"ds": np.arange(84), "y": y}, season_length=1).season_length == 1


def test_a_finer_grid_may_be_asked_for():
    panel = read(COLUMNS, freq="12h")
    assert [len(series) for series in panel.values] == [9, 9]
    assert panel.season_length == 2


def test_a_known_grid_is_taken_as_it_is():
    grid = read(COLUMNS).freq
    new = {"ds": np.array(["2030-01-01", "2030-01-03", "2030-01-05"], dtype="M8[us]"), "y": [1, 2, 3]}
    panel = read(new, freq=grid)
    assert panel.freq is grid
    np.testing.assert_array_equal(panel.values[0], [1, np.nan, 2, np.nan, 3])


def test_days_follow_the_wall_clock_and_hours_do_not():
    days = pd.date_range("2024-03-29", periods=5, tz="Europe/Berlin")
    panel = read(pd.DataFrame({"ds": days, "y": range(5)}))
    assert (panel.freq.alias, len(panel.values[0])) == ("D", 5)
    assert panel.notes[1] == "ds: days follow the wall clock of Europe/Berlin."
    hours = pd.date_range("2024-10-26", periods=48, freq="h", tz="Europe/Berlin")
    panel = read(pd.DataFrame({"ds": hours, "y": range(48)}))
    assert (panel.freq.alias, len(panel.values[0])) == ("h", 48)
    assert panel.notes[1] == "ds: steps are counted in UTC and given back in Europe/Berlin."
    ahead = panel.frame({"ds": panel.freq.times(panel.last() + 1), "LSTM": [0.0]})
    assert ahead["ds"][0] == hours[-1] + pd.Timedelta("1h")


def test_a_day_ahead_is_midnight_on_the_wall():
    days = pd.date_range("2024-03-26", periods=5, tz="Europe/Berlin")
    panel = read(pd.DataFrame({"ds": days, "y": range(5)}))
    ahead = panel.frame({"ds": panel.freq.times(panel.last() + [1, 2]), "LSTM": [0.0, 0.0]})  # noqa: RUF005
    assert [str(time) for time in ahead["ds"]] == ["2024-03-31 00:00:00+01:00", "2024-04-01 00:00:00+02:00"]


def test_dates_written_as_text_come_back_as_times_in_pandas():
    panel = read(pd.DataFrame({"ds": ["2024-01-01", "2024-01-02", "2024-01-03"], "y": [1, 2, 3]}))
    ahead = panel.frame({"ds": panel.freq.times(panel.last() + 1), "LSTM": [0.0]})
    assert ahead["ds"].dtype.kind == "M"


def test_columns_may_have_numbers_for_names():
    panel = read(pd.DataFrame({0: [1, 2, 3], 1: [4, 5, 6]}), time_col=0, target_col=1)
    assert list(panel.frame({0: panel.freq.times(panel.last() + 1), "LSTM": [0.0]})) == [0, "LSTM"]


def test_days_of_utc_shown_elsewhere_are_given_back_in_utc():
    days = pd.date_range("2024-03-01", periods=60, tz="UTC").tz_convert("Europe/Berlin")
    panel = read(pd.DataFrame({"ds": days, "y": range(60)}))
    assert panel.freq.alias == "D"
    assert panel.notes[1] == "ds: days are UTC's, not Europe/Berlin's."
    back = panel.frame({"ds": panel.freq.times(panel.last()), "LSTM": [0.0]})
    assert str(back["ds"][0]) == "2024-04-29 00:00:00+00:00"


def test_head_drops_the_last_steps_of_every_series():
    panel = read(COLUMNS).head(3)
    np.testing.assert_array_equal(panel.values[0], [10, 11])
    np.testing.assert_array_equal(panel.values[1], [1, 2])
    assert panel.head(5).last().tolist() == (panel.starts - 1).tolist()
    assert [len(series) for series in panel.head(0).values] == [2, 2]


def test_the_fingerprint_tells_any_change():
    base = read(COLUMNS).fingerprint()
    changes = [
        read({**COLUMNS, "y": COLUMNS["y"] + [0, 0, 0, 0, 0, 0, 0, 0, 1e-12]}),
        read({**COLUMNS, "ds": COLUMNS["ds"] + np.timedelta64(1, "D")}),
        read({**COLUMNS, "ds": COLUMNS["ds"] + np.timedelta64(1, "h")}),
        read({**COLUMNS, "unique_id": np.char.add(COLUMNS["unique_id"], "x")}),
        read(COLUMNS, freq="12h"),
        read(COLUMNS).head(1),
    ]
    # The same ids, starts and values on end: only the cut between the series differs.
    for cut in (3, 4):
        ids, steps = np.repeat(["a", "b"], [cut, 7 - cut]), np.r_[:cut, : 7 - cut]
        changes.append(read({"unique_id": ids, "ds": steps, "y": range(7)}))
    assert len({base, *(panel.fingerprint() for panel in changes)}) == 9


def test_a_panel_is_frozen():
    with pytest.raises(FrozenInstanceError):
        read(COLUMNS).ids = ()


@pytest.mark.parametrize("blocked", ["torch", "pandas", "polars", "sklearn"])
def test_a_file_is_read_without(blocked, tmp_path):
    path = as_path(tmp_path, COLUMNS, "data.csv")
    code = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] == {blocked!r}: raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "from gatework.data.frame import read\n"
        f"panel = read({str(path)!r})\n"
        "ahead = panel.freq.times(panel.last() + 1)\n"
        "frame = panel.frame({'unique_id': list(panel.ids), 'ds': ahead, 'LSTM': [1.0, 2.0]})\n"
        "print(frame.num_rows, panel.freq.alias)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "D"]


def test_importing_it_costs_no_heavy_package():
    heavy = ("torch", "pandas", "sklearn", "pyarrow", "narwhals")
    code = f"import sys, gatework.data.frame; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
