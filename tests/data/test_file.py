"""CSV files as people have them, and files that cannot be read."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from gatework.data.frame import read
from gatework.errors import DataError

LINES = ["ds,y", *(f"2024-01-{day:02},{day}.5" for day in range(1, 8))]
TEXT = "\n".join(LINES) + "\n"


def write(folder, text, name="data.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "﻿" + TEXT,
        TEXT.replace("\n", "\r\n"),
        "\n" + TEXT,
        TEXT.replace(",", ";"),
        TEXT.replace(",", "\t"),
        TEXT.replace("ds", '"ds"').replace("2024-01-03", '"2024-01-03"'),
        gzip.compress(TEXT.encode()),
    ],
    ids=["plain", "byte order mark", "windows", "blank line", "semicolons", "tabs", "quotes", "gzip"],
)
def test_the_ways_to_write_a_csv(text, tmp_path):
    panel = read(write(tmp_path, text, "data.csv.gz" if isinstance(text, bytes) else "data.csv"))
    np.testing.assert_array_equal(panel.values[0], np.arange(1, 8) + 0.5)
    assert (panel.freq.alias, panel.columns.time) == ("D", "ds")
    assert len(panel.notes) == 2  # the frequency, and that the series is short


def test_semicolons_leave_the_comma_to_numbers(tmp_path):
    panel = read(write(tmp_path, TEXT.replace(",", ";").replace(".", ",")))
    np.testing.assert_array_equal(panel.values[0], np.arange(1, 8) + 0.5)
    assert "y: numbers such as 12,5 are read with a decimal comma." in panel.notes


def test_a_number_that_is_none_is_shown_as_it_is_written(tmp_path):
    with pytest.raises(DataError, match=r"got '1\.234,5' in row 3\."):
        read(write(tmp_path, "ds;y\n1;1,5\n2;2,5\n3;1.234,5\n"))


@pytest.mark.parametrize(
    ("ids", "want"),
    [
        (["10", "2"], (2, 10)),
        (["007", "7"], ("007", "7")),
        (["NA", "US"], ("NA", "US")),
        (["1.0", "1.5"], ("1.0", "1.5")),
        (["2024-01-01", "x"], ("2024-01-01", "x")),
    ],
)
def test_ids_in_a_csv(ids, want, tmp_path):
    rows = [f"{name},{step},{step}" for name in ids for step in range(4)]
    assert read(write(tmp_path, "\n".join(["unique_id,ds,y", *rows]))).ids == want


def test_empty_cells_are_missing_values(tmp_path):
    panel = read(write(tmp_path, "ds,y\n1,1\n2,\n3,NA\n4,4\n5,5\n"))
    np.testing.assert_array_equal(panel.values[0], [1, np.nan, np.nan, 4, 5])


@pytest.mark.parametrize(("late", "value"), [("3.25", 3.25), ("NA", np.nan)])
def test_a_column_that_changes_its_mind_after_a_megabyte(late, value, tmp_path):
    rows = [f"{step},{step}" for step in range(200_000)]
    rows[150_000] = f"150000,{late}"
    panel = read(write(tmp_path, "\n".join(["ds,y", *rows])))
    assert panel.values[0][150_000] == value or np.isnan(value)
    assert len(panel.values[0]) == 200_000


def test_a_bad_value_after_a_megabyte_is_named(tmp_path):
    rows = [f"{step},{step}" for step in range(200_000)]
    rows[150_000] = "150000,oops"
    with pytest.raises(DataError) as error:
        read(write(tmp_path, "\n".join(["ds,y", *rows])))
    assert str(error.value) == (
        "y must hold numbers; got 'oops' in row 150001. Correct it, or leave it empty if it is missing."
    )


def refused(path, text):
    with pytest.raises(DataError) as error:
        read(path)
    assert str(error.value) == text


def test_a_file_that_is_not_there(tmp_path):
    path = tmp_path / "data.csv"
    refused(path, f"data must be the path of a file; got '{path}', no such file. Check the path.")
    refused(tmp_path, f"data must be the path of a file; got '{tmp_path}', a folder. Check the path.")


def test_a_file_of_another_kind(tmp_path):
    path = write(tmp_path, TEXT, "data.xlsx")
    refused(path, f"data must be a .csv, .tsv or .parquet file, perhaps .gz; got '{path}'. Save it as one of these.")


@pytest.mark.parametrize("name", ["data.csv", "data.csv.gz", "data.parquet"])
def test_an_empty_file(name, tmp_path):
    path = write(tmp_path, "", name)
    refused(path, f"data must be a file with a table; got '{path}', an empty file. Check how it was made.")


def test_only_a_header(tmp_path):
    refused(write(tmp_path, "ds,y\n"), "data must have at least one row; got none. Check how it was made.")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("data.csv", "ds,y\n1,2\n1,2,3\n", "CSV parse error: Expected 2 columns, got 3: 1,2,3"),
        ("data.csv.gz", "ds,y\n1,2\n", "zlib inflate failed: incorrect header check"),
        ("data.parquet", "ds,y\n1,2\n", None),
        ("data.csv", "ds,y\n1,2\n\x00".encode("utf-16"), None),
    ],
    ids=["ragged", "no gzip", "no parquet", "no utf-8"],
)
def test_a_file_that_cannot_be_read(name, content, reason, tmp_path):
    path = write(tmp_path, content, name)
    with pytest.raises(DataError) as error:
        read(path)
    start = f"data must be a readable file; got '{path}', which failed with: "
    end = ". Save it again, a CSV as UTF-8 with one header line."
    assert str(error.value).startswith(start)
    assert str(error.value).endswith(end)
    assert reason is None or str(error.value) == start + reason + end
