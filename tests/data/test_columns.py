"""Ids and values as tables and files hold them: each text once, and nothing of the caller's changed or kept."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from gatework.data.frame import read
from gatework.errors import DataError


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize(("ids", "known", "type_"), [(["b", "a"], ("a", "b"), "string"), (["10", "2"], None, None)])
def test_ids_of_a_file_come_back_as_what_they_are(tmp_path, kind, ids, known, type_):
    table = pa.table({"unique_id": np.repeat(ids, 3), "ds": [1, 2, 3] * 2, "y": [1.0, 2, 3, 4, 5, 6]})
    path = tmp_path / f"data.{kind}"
    (csv.write_csv if kind == "csv" else parquet.write_table)(table, path)
    panel = read(path)
    # Whole numbers in a CSV file are numbers; as text they would be in another order.
    assert panel.ids == (known or ((2, 10) if kind == "csv" else ("10", "2")))
    assert str(panel.columns.id_type) == (type_ or ("int64" if kind == "csv" else "string"))
    assert [series.tolist() for series in panel.values] == (
        [[1, 2, 3], [4, 5, 6]] if panel.ids[0] == "10" else [[4, 5, 6], [1, 2, 3]]
    )


def test_a_dictionary_of_ids_may_hold_more_than_there_is():
    def table(*rows):
        ids = pa.DictionaryArray.from_arrays(pa.array(rows, pa.int8()), pa.array(["z", "", "a", None]))
        return pa.table({"unique_id": ids, "ds": range(len(rows)), "y": np.arange(len(rows), dtype=float)})

    panel = read(table(2, 2, 2, 0, 0, 0), freq=1)
    assert panel.ids == ("a", "z")
    assert pa.types.is_dictionary(panel.columns.id_type)
    for rows in ([2, 2, 1, 3], [2, 2, 3, 1], [2, 2, None, 1]):
        with pytest.raises(DataError, match=r"^unique_id must name a series in every row; got none in row 3"):
            read(table(*rows), freq=1)


def test_the_callers_values_are_copied():
    y = np.arange(4.0)
    panel = read({"ds": np.arange(4), "y": y})
    y[:] = -1
    assert panel.values[0].tolist() == [0, 1, 2, 3]
