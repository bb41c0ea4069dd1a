"""Covariates are read in units of the steps that were learned from, and of no others."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from gatework.data.covariates import Column, Covariates, Vintages
from gatework.data.standard import Standard, Unit, apply

nan = np.nan


def covariates(past, known, static=None, columns=None, vintages=None) -> Covariates:
    """Covariates of series: a list of (T_i, P), one of (T_i + A_i, K), and (N, S)."""
    past, known = ([np.asarray(part, dtype=np.float32) for part in parts] for parts in (past, known))
    static = np.zeros((len(past), 0)) if static is None else np.asarray(static)
    widths = past[0].shape[1], known[0].shape[1], static.shape[1]
    columns = columns or tuple(tuple(Column(f"x{k}") for k in range(width)) for width in widths)
    return Covariates(tuple(past), tuple(known), static.astype(np.float32), columns, vintages)


def column(*values) -> np.ndarray:
    return np.array(values, dtype=np.float32)[:, None]


def test_units_by_hand():
    # Of the first series three steps count, of the second two: 1, 2, 3, 6 and a gap have mean 3 and variance 14 / 4.
    x = covariates([column(1, 2, 3, 100), column(6, nan, 100)], [np.zeros((4, 0)), np.zeros((3, 0))], [[5], [7]])
    found = Standard.of(x, [3, 2])
    assert found.past == (Unit(3.0, pytest.approx(np.sqrt(14 / 4)), True, 0),)
    assert found.known == ()
    assert found.static == (Unit(6.0, 1.0, False, 1),)


def test_a_series_without_steps_has_no_say():
    x = covariates([column(1, 3), column(9)], [np.zeros((2, 0)), np.zeros((1, 0))], [[5], [7]])
    found = Standard.of(x, [2, 0])
    assert (found.past[0].mean, found.static[0].mean) == (2.0, 5.0)
    assert Standard.of(x, [0, 0]).past == (Unit(0.0, 0.0, False, 0),)


def test_a_column_that_never_differed_reads_as_nothing():
    units = Standard.of(covariates([column(7.1, 7.1)], [np.zeros((2, 0))]), [2]).past
    assert units[0].std == 0
    assert apply(units, column(7.1, 1e9, -3)).tolist() == [[0], [0], [0]]
    # A difference of the last bit is one of rounding.
    units = Standard.of(covariates([column(1, np.nextafter(np.float32(1), 2))], [np.zeros((2, 0))]), [2]).past
    assert units[0].std == 0


def test_values_far_from_zero_keep_their_differences():
    units = Standard.of(covariates([np.zeros((3, 0))], [column(1e6 - 1, 1e6, 1e6 + 1)]), [3]).known
    read = apply(units, column(1e6 + 2).astype(float))
    np.testing.assert_allclose(read[0, 0], 2 / np.sqrt(2 / 3), rtol=1e-5)
    assert read.dtype == np.float32
    many = column(*(1e6 + 2 * (np.arange(1001) % 7 == 0)))
    (unit,) = Standard.of(covariates([np.zeros((1001, 0))], [many]), [1001]).known
    assert (unit.mean, unit.std) == (pytest.approx(1e6 + 2 / 7, abs=1e-6), pytest.approx(2 * np.sqrt(6) / 7))


def test_categories_share_the_column_they_come_from():
    columns = ((Column("sky", ("clear", "rain")), Column("wind")), (Column("holiday"),), ())
    x = covariates([[[1, 0, 3], [0, 1, 4]]], [column(0, 1)], columns=columns)
    found = Standard.of(x, [2])
    assert [unit.column for unit in (*found.past, *found.known)] == [0, 0, 1, 2]


def test_what_was_foreseen_may_end_so_it_has_gaps():
    vintages = Vintages((np.array([1]),), (np.zeros((1, 2, 1), dtype=np.float32),))
    known = [column(1, 2)]
    found = Standard.of(covariates([column(3, 4)], known, vintages=vintages), [2])
    assert (found.known[0].gaps, found.past[0].gaps) == (True, False)
    assert not Standard.of(covariates([np.zeros((2, 0))], known), [2]).known[0].gaps


def test_it_comes_back_from_json():
    found = Standard.of(covariates([column(1, nan, 3)], [column(1, 2, 9)], [[4]]), [3])
    assert Standard.from_dict(json.loads(json.dumps(asdict(found)))) == found
