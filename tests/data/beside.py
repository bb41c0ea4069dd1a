"""A small table with covariates, what is told beside it, and the checks that many tests share."""

from __future__ import annotations

import numpy as np
import pytest

NAN = np.nan
TABLE = {
    "unique_id": list("aaaaaabbbb"),
    "ds": [1, 2, 3, 4, 5, 6, 2, 3, 4, 6],
    "y": [NAN, 1.0, 2.0, 3.0, NAN, NAN, 5.0, 6.0, 7.0, 8.0],
    "price": [9.0, 10.0, NAN, 30.0, 40.0, 50.0, 1.0, 2.0, 3.0, 4.0],
    "sky": ["fog", "sun", "rain", "sun", "", "sun", "sun", "sun", "rain", "sun"],
    "stock": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
}
STATIC = {"unique_id": ["b", "a", "c"], "size": [2.0, 1.0, 3.0], "kind": ["shop", "kiosk", "shop"]}
FUTURE = {"unique_id": ["a", "a", "b", "b"], "ds": [7, 8, 7, 8], "price": [60.0, 70.0, 5.0, 6.0]}


def refused(error, text, function, *args, **options):
    with pytest.raises(error) as info:
        function(*args, **options)
    assert str(info.value) == text


def equal(arrays, wanted):
    for array, want in zip(arrays, wanted, strict=True):
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, np.array(want, dtype=np.float32).reshape(array.shape))
        assert len(array) == len(want)
