"""What is held out: each class in its share, no group on both sides, nothing twice."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatework.data.holdout import folds
from gatework.errors import DataError

labels = st.lists(st.sampled_from([0, 0, 1, 1, 1, 1, 2, 3]), min_size=8, max_size=60).map(
    lambda found: np.unique(found, return_inverse=True)[1]
)


def possible(y, count):
    """Whether enough sequences are of a class that has others."""
    values, counts = np.unique(y, return_counts=True)
    return counts[counts > 1].sum() >= count if len(values) > 1 else len(y) >= count


@given(labels, st.integers(2, 5), st.integers(0, 3))
def test_folds_of_classes(y, count, seed):
    if not possible(y, count):
        return
    splits = folds(y, None, count, seed)
    assert len(splits) == count
    for train, held in splits:
        assert len(train)
        assert len(held)
        np.testing.assert_array_equal(np.sort(np.concatenate([train, held])), np.arange(len(y)))
        assert set(y[train]) == set(y)
    together = np.concatenate([held for _, held in splits])
    assert len(set(together)) == len(together)
    values, counts = np.unique(y, return_counts=True)
    single = np.isin(y, values[counts == 1]) & (len(values) > 1)
    np.testing.assert_array_equal(np.sort(together), np.flatnonzero(~single))
    for value in values[counts > 1]:
        shares = [(y[held] == value).sum() for _, held in splits]
        assert max(shares) - min(shares) <= 1
    sizes = [len(held) for _, held in splits]
    assert max(sizes) - min(sizes) <= 1


@given(
    st.lists(st.tuples(st.sampled_from("aab"), st.integers(0, 12)), min_size=20, max_size=80),
    st.integers(2, 4),
    st.booleans(),
)
def test_groups_are_never_parted(rows, count, as_numbers):
    y = np.array([int(label == "b" and not as_numbers) for label, _ in rows])
    groups = np.array([f"g{group}" for _, group in rows])
    if len(set(groups)) < count:
        return
    splits = folds(y, groups, count, 1)
    owners = [set(groups[y == label]) for label in set(y)] if len(set(y)) > 1 else []
    # Where each group alone has a class, nothing can be held out.
    free = set(groups) - {group for some in owners if len(some) == 1 for group in some}
    assert len(splits) == max(1, min(count, len(free)))
    for train, held in splits:
        assert len(train)
        assert bool(len(held)) == bool(free)
        assert not set(groups[train]) & set(groups[held])
    together = np.concatenate([held for _, held in splits])
    assert len(set(together)) == len(together)


def test_a_single_member_is_always_learned_from():
    y = np.array([0] * 9 + [1] * 9 + [2])
    for count in (2, 5):
        for seed in range(10):
            assert all(18 in train for train, _ in folds(y, None, count, seed))


def test_a_class_in_one_group_is_learned_from():
    y, groups = np.array([0, 1] * 10 + [2, 2]), np.array([*np.repeat(np.arange(5), 4), 9, 9])
    for count in (2, 5):
        for seed in range(10):
            assert all({20, 21} <= set(train) for train, _ in folds(y, groups, count, seed))


def test_few_groups_that_can_be_held_out_make_few_folds():
    y = np.array([2] * 4 + [3] * 4 + [0, 1] * 16)
    groups = np.array([0] * 4 + [1] * 4 + list(np.arange(32) // 8 + 2))
    for seed in range(10):
        splits = folds(y, groups, 5, seed)
        assert [len(held) for _, held in splits] == [8] * 4
        assert all(set(y[train]) == {0, 1, 2, 3} for train, _ in splits)
    # Only one group has no class of its own: one fold holds it out.
    y, groups = np.array([0, 0, 1, 2, 0, 1, 3]), np.array([0, 0, 1, 1, 2, 2, 0])
    ((train, held),) = folds(y, groups, 3, 0)
    assert (train.tolist(), held.tolist()) == ([0, 1, 2, 3, 6], [4, 5])


def test_where_each_group_is_a_class_nothing_is_held_out():
    y = groups = np.repeat(np.arange(4), 5)
    ((train, held),) = folds(y, groups, 4, 0)
    assert train.tolist() == list(range(20))
    assert held.dtype == np.int64
    assert not len(held)


def test_groups_are_dealt_so_that_classes_are_alike():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 60, 1200)
    # Each group has classes of its own liking.
    liking = rng.dirichlet([0.5] * 3, 60)
    y = np.array([rng.choice(3, p=liking[group]) for group in groups])
    whole = np.bincount(y) / len(y)
    for _, held in folds(y, groups, 5, 0):
        assert abs(len(held) - 240) < 12
        np.testing.assert_allclose(np.bincount(y[held]) / len(held), whole, atol=0.04)


def test_the_seed_decides():
    y = np.arange(100) % 2
    for groups in (None, np.arange(100) // 3):
        for count in (2, 5):
            one, again, other = (folds(y, groups, count, seed)[0][1].tolist() for seed in (0, 0, 1))
            assert one == again
            assert one != other


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (
            "X must have at least 5 sequences to hold some out; got 4. Add some, or ask for fewer folds.",
            (np.zeros(4, int), None, 5, 0),
        ),
        (
            "X must have at least 2 sequences of classes that have two to hold some out; got 0. Add some, or ask for "
            "fewer folds.",
            (np.arange(2), None, 2, 0),
        ),
        (
            "X must have at least 3 groups to hold some out; got 2. Add some, or ask for fewer folds.",
            (np.arange(8) % 2, np.arange(8) // 4, 3, 0),
        ),
        (
            "X must have at least 2 groups to hold some out; got 1. Add some, or ask for fewer folds.",
            (np.arange(8) % 2, np.zeros(8), 2, 0),
        ),
    ],
)
def test_what_cannot_be_held_out(text, asked):
    with pytest.raises(DataError) as info:
        folds(*asked)
    assert str(info.value) == text
