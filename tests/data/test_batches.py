"""Batches are drawn from the step's number alone, hold every sequence once a round, and lie in bounded memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gatework.data import batches as room
from gatework.data.batches import Batches, cut, gather, in_order

LENGTHS = st.lists(st.integers(0, 40), min_size=1, max_size=60)


def sequences(lengths):
    """Each of nothing but its own number."""
    return [np.full((n, 2), k, np.float32) for k, n in enumerate(lengths)]


def rows_of(batch):
    """Which sequences a batch holds, by the label that is their number."""
    return batch.y[:, 0].tolist()


@given(LENGTHS, st.integers(1, 9), st.integers(0, 5))
def test_every_sequence_once_before_any_comes_again(lengths, size, seed):
    count = len(lengths)
    batches = Batches(sequences(lengths), np.arange(count)[:, None], size, seed)
    step = 0
    for _ in range(3):
        seen: list[int] = []
        while len(seen) < count:
            seen += rows_of(batches(step))
            step += 1
        assert sorted(seen) == list(range(count))


def test_a_batch_depends_on_its_step_alone():
    arrays, y = sequences([3, 9, 1, 4, 4, 7, 2]), np.arange(7)[:, None]
    in_turn = [Batches(arrays, y, 2, 5)] * 12
    want = [one(step) for step, one in enumerate(in_turn)]
    for step in (11, 0, 7, 3, 4, 11):
        for found in (Batches(arrays, y, 2, 5)(step), in_turn[0](step)):
            assert all(torch.equal(a, b) for a, b in zip(found, want[step], strict=True))


def test_another_seed_or_round_is_another_order():
    arrays, y = sequences([4] * 40), np.arange(40)[:, None]
    first = [rows_of(Batches(arrays, y, 8, 0)(step)) for step in range(10)]
    other = [rows_of(Batches(arrays, y, 8, 1)(step)) for step in range(10)]
    assert first[:5] != other[:5]
    assert first[:5] != first[5:]


def test_neither_numpys_nor_torchs_random_numbers_are_drawn():
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    Batches(sequences([3] * 9), np.arange(9)[:, None], 2, 0, lambda x, n, g: (x + torch.rand(x.shape, generator=g), n))(
        4
    )
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])


def test_padding_costs_no_more_than_the_sequences():
    lengths = np.random.default_rng(0).permutation([10] * 240 + [1000] * 16)
    batches = Batches(sequences(lengths), np.arange(256)[:, None], 8, 0)
    padded = sum(batches(step).x.shape[1] * 8 for step in range(32))
    assert padded < 2.5 * lengths.sum()


def test_lengths_that_hardly_differ_leave_batches_to_chance():
    lengths = np.random.default_rng(0).integers(300, 1000, 256)
    batches = Batches(sequences(lengths), np.arange(256)[:, None], 8, 0)
    means = [batches(step).lengths.float().mean() for step in range(32)]
    # The mean of eight that are drawn by chance: sorted ones would spread four times as far.
    assert np.std(means) < 1.5 * lengths.std() / 8**0.5
    together = [frozenset(rows_of(batches(step))) for step in range(64)]
    assert not set(together[:32]) & set(together[32:])


@given(LENGTHS, st.integers(1, 9), st.integers(1, 50))
def test_no_batch_is_larger_than_it_may_be_unless_one_sequence_is(lengths, size, most):
    room.MOST_STEPS, before = most, room.MOST_STEPS
    try:
        parts = in_order(sequences(lengths), size)
    finally:
        room.MOST_STEPS = before
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(lengths)))
    for part in parts:
        assert 0 < len(part) <= size
        assert len(part) == 1 or len(part) * max(lengths[k] for k in part) <= most


def test_as_many_go_together_as_may():
    assert [len(part) for part in cut(np.arange(10), np.full(10, 3), 4)] == [4, 4, 2]


def test_a_batch_is_padded_behind_its_sequences():
    arrays = [np.ones((2, 3), np.float32), np.full((4, 3), 2, np.float32), np.zeros((0, 3), np.float32)]
    batch = gather(arrays, np.array([[1], [0], [2]]), np.array([1, 0, 2]))
    assert batch.lengths.tolist() == [4, 2, 0]
    assert batch.y.tolist() == [[0], [1], [2]]
    assert batch.x[:, :, 0].tolist() == [[2, 2, 2, 2], [1, 1, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize(("dtype", "fill"), [(np.int64, -1), (np.float32, np.nan)])
def test_answers_to_padding_are_unknown(dtype, fill):
    arrays = sequences([1, 3])
    y = [np.ones((n, 1), dtype) for n in (1, 3)]
    found = gather(arrays, y, np.array([0, 1])).y
    np.testing.assert_array_equal(found[0, :, 0].numpy(), [1, fill, fill])
    assert (found[1] == 1).all()


def test_texts_without_a_word_are_a_batch_too():
    batch = gather([np.zeros(0, np.int64)] * 2, None, np.array([0, 1]))
    assert batch.x.tolist() == [[0], [0]]
    assert batch.lengths.tolist() == [0, 0]


def test_what_is_learned_from_is_changed_anew_each_time_and_as_before_with_the_same_seed():
    def shake(x, lengths, generator):
        return x + torch.rand(x.shape, generator=generator), lengths

    arrays, y = sequences([4]), np.zeros((1, 1))
    found = [Batches(arrays, y, 1, 0, shake)(step).x for step in (0, 1, 0)]
    assert not torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])
    assert (arrays[0] == 0).all()
