"""Series as the network reads them: by rank, by their own scale, with what is missing left missing, and row by row."""

from __future__ import annotations

import json
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatework.data.series import KNOTS, Ranks, SeriesReader
from gatework.errors import DataError

RNG = np.random.default_rng(0)


def some(lengths=(5, 3, 8), width=2, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n, width)).astype(np.float32) for n in lengths]


def fitted(items, own=True) -> SeriesReader:
    return SeriesReader.fit(items, names=[f"x{k}" for k in range(items[0].shape[1])], own=own)


# Ranks


def test_a_value_is_read_by_where_its_rank_lies_in_a_normal_distribution():
    ranks = Ranks.of(np.array([1.0, 100.0, 10.0, 10.0]))
    # The middle of the ranks of each: 1/8, of the two that are equal 4/8, and 7/8.
    want = [NormalDist().inv_cdf(p) for p in (1 / 8, 1 / 2, 7 / 8)]
    np.testing.assert_allclose(ranks(np.array([1.0, 10.0, 100.0])), want, atol=1e-12)
    # Halfway between two values is halfway between their scores.
    assert ranks(np.array([5.5]))[0] == pytest.approx((want[0] + want[1]) / 2)


@pytest.mark.parametrize("of", [lambda x: x, np.exp, lambda x: np.exp(5 * x), lambda x: np.round(x, 1)])
def test_whatever_the_scale_what_is_read_is_normal_and_in_order(of):
    values = of(RNG.normal(size=20_000))
    ranks = Ranks.of(values)
    assert len(ranks.values) <= KNOTS
    found = ranks(values)
    assert abs(found.mean()) < 0.05
    assert abs(found.std() - 1) < 0.1
    assert (np.diff(ranks(np.unique(values))) > 0).all()


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=9))
def test_more_is_never_read_as_less_and_nothing_as_infinite(learned, asked):
    found = Ranks.of(np.array(learned))(np.sort(asked))
    assert np.isfinite(found).all()
    assert (np.diff(found) >= -1e-12).all()


def test_beyond_what_was_seen_scores_grow_with_the_logarithm_of_the_distance():
    values = RNG.normal(size=1000)
    ranks = Ranks.of(values)
    far = ranks(np.array([values.max(), values.max() + 10 * values.std(), values.min() - 10 * values.std()]))
    assert far[1] - far[0] == pytest.approx(np.log(11))
    assert ranks(np.array([values.min()]))[0] - far[2] == pytest.approx(np.log(11))


def test_a_missing_value_stays_missing_and_a_column_without_any_is_nothing():
    assert np.isnan(Ranks.of(np.arange(5.0))(np.array([np.nan]))).all()
    nothing = Ranks.of(np.array([]))(np.array([3.0, np.nan]))
    assert nothing[0] == 0
    assert np.isnan(nothing[1])


# The reader


def test_each_column_comes_by_rank_and_by_its_own_sequence():
    items = some()
    reader = fitted(items)
    assert reader.names == ("x0", "x1", "x0 by its own scale", "x1 by its own scale")
    arrays = reader.read(items)
    assert [one.shape for one in arrays] == [(5, 4), (3, 4), (8, 4)]
    assert all(one.dtype == np.float32 for one in arrays)
    for item, array in zip(items, arrays, strict=True):
        np.testing.assert_allclose(array[:, 2:], (item - item.mean(0)) / item.std(0), atol=1e-5)
        for k in range(2):
            np.testing.assert_allclose(array[:, k], reader.ranks[k](item[:, k].astype(float)), atol=1e-6)


def test_a_sequence_is_read_alike_in_any_company():
    items = some()
    reader = fitted(items)
    for item, together in zip(items, reader.read(items), strict=True):
        np.testing.assert_array_equal(reader.read([item])[0], together)


def test_reading_changes_nothing_that_was_given():
    items = some()
    before = [one.copy() for one in items]
    fitted(items).read(items)
    assert all(np.array_equal(a, b) for a, b in zip(items, before, strict=True))


def test_what_never_changes_is_nothing_by_its_own_scale_however_large():
    items = [np.full((6, 1), 1e8, np.float32) + np.float32(8) * RNG.integers(0, 2, (6, 1)), np.full((4, 1), 7.3)]
    for one in fitted(items).read(items):
        np.testing.assert_array_equal(one[:, 1], 0)


def test_gaps_are_kept_told_and_said():
    items = some()
    items[1][0, 1] = np.nan
    reader = fitted(items)
    assert reader.gaps == (False, True, False, False)
    assert np.isnan(reader.read(items)[1][0]).tolist() == [False, True, False, True]
    assert reader.notes() == [
        "1 of 2 columns has missing values: they are masked, never filled, and the network is told where."
    ]
    assert fitted(some()).notes() == []
    alone = SeriesReader.fit([np.array([[1.0], [np.nan]])], names=["load"])
    assert alone.notes() == ["'load' has missing values: they are masked, never filled, and the network is told where."]


def test_a_column_that_is_missing_throughout_is_read_as_missing():
    items = [np.array([[1.0, np.nan], [2.0, np.nan]], np.float32)]
    found = fitted(items).read(items)[0]
    assert np.isnan(found[:, [1, 3]]).all()
    assert np.isfinite(found[:, [0, 2]]).all()


def test_without_a_step_there_is_nothing_to_learn():
    with pytest.raises(DataError) as error:
        fitted([np.zeros((0, 2))])
    assert str(error.value) == "X must have a sequence with steps; got none that has. Check how it was made."


def test_it_is_the_same_after_json():
    items = some()
    items[0][0, 0] = np.nan
    reader = fitted(items)
    again = SeriesReader.from_dict(json.loads(json.dumps(reader.to_dict())))
    assert again == reader
    for a, b in zip(again.read(items), reader.read(items), strict=True):
        np.testing.assert_array_equal(a, b)


# As rows come


@given(st.lists(st.integers(0, 12), max_size=4))
def test_rows_in_pieces_are_the_rows_of_the_whole(cuts):
    item = some((12,))[0]
    item[3, 1] = np.nan
    reader = fitted([item], own=False)
    assert reader.names == ("x0", "x1")
    stream = reader.stream()
    parts = [stream.push(part) for part in np.split(item, sorted(cuts))]
    np.testing.assert_array_equal(np.concatenate([*parts, stream.pending()]), reader.read([item])[0])


def test_a_row_comes_in_any_shape_that_is_plain():
    wide, narrow = fitted(some(), own=False).stream(), fitted(some(width=1), own=False).stream()
    assert wide.push([0.5, 1.0]).shape == (1, 2)
    assert wide.push(np.zeros((0, 2))).shape == (0, 2)
    assert narrow.push(0.5).shape == (1, 1)
    assert narrow.push([0.5, 1.0, 2.0]).shape == (3, 1)


@pytest.mark.parametrize("piece", [[1.0, 2.0, 3.0], np.zeros((2, 3)), np.zeros((1, 2, 2)), 1.0])
def test_a_piece_of_another_width_is_refused(piece):
    with pytest.raises(DataError) as error:
        fitted(some(), own=False).stream().push(piece)
    assert str(error.value) == f"piece must be rows (n, 2), or one (2,); got {np.shape(piece)}."


def test_rows_that_float32_cannot_tell_apart_are_one_in_a_stream_too():
    # As arrays they are float32 before they are read; their ranks lie far apart.
    rows = 1e8 + np.arange(40.0)[:, None]
    reader = fitted([rows.astype(np.float32)], own=False)
    np.testing.assert_array_equal(reader.stream().push(rows), reader.read([rows.astype(np.float32)])[0])


def test_an_infinite_number_is_refused_as_it_is_in_a_whole():
    with pytest.raises(DataError, match=r"^piece must hold finite numbers"):
        fitted(some(), own=False).stream().push([[1.0, np.inf]])


def test_a_column_that_never_changed_says_nothing_whatever_it_does_later():
    rows = [np.stack([np.arange(9.0), np.full(9, 3.0)], -1) for _ in range(3)]
    reader = fitted(rows, own=True)
    found = reader.read([np.stack([np.arange(9.0), np.arange(9.0) * 100], -1)])[0]
    assert found[:, 0].std() > 0.5
    assert not found[:, 1].any()
    assert not found[:, 3].any()
    assert found[:, 2].std() > 0.5


def test_a_column_that_differs_between_sequences_alone_has_no_shape():
    rows = [np.full((5, 1), float(k)) for k in range(4)]
    found = fitted(rows, own=True).read([np.arange(5.0)[:, None]])[0]
    assert found[:, 0].std() > 0.5
    assert not found[:, 1].any()
