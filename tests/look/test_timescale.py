"""How long gates say that a memory lasts, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gatework.look.timescale import slow, timescales


def test_what_is_left_of_a_memory_is_the_product_of_its_gates():
    # Two steps of 0.9 and 0.4 leave what two of 0.6 do; the second row has ended after one.
    f = np.array([[[0.9], [0.6]], [[0.4], [np.nan]]])
    found = timescales({"a": {"i": f**2, "f": f, "o": f}, "b": {"z": f, "h": f}, "c": {"h": f}})
    want = -3 / np.log(0.9 * 0.4 * 0.6)
    assert {name: one.tolist() for name, one in found.items()} == {"a": [pytest.approx(want)], "b": found["a"].tolist()}


def test_a_gate_that_never_closes_keeps_for_ever_and_one_that_is_shut_nothing():
    assert timescales({"a": {"f": np.array([[[1.0, 0.0]]])}})["a"].tolist() == [np.inf, 0]


def test_the_slow_units_are_those_of_all_layers():
    scales = {"a": np.array([9.0, 1.0, 3.0]), "b": np.array([2.0, 100.0])}
    assert [slow(scales, share) for share in (0, 0.5, 0.9, 1)] == [1, 3, 9, 100]
    assert np.isnan(slow({}, 0.5))
