"""What can be read off a state: all that it holds, and nothing of what it does not."""

from __future__ import annotations

import numpy as np
import pytest

from gatework.look.recall import recall


def line(x, lags, rng, noise=0.0):
    """A state that holds the inputs of these lags, mixed, and noise of its own."""
    held = [np.roll(x[..., :1], k, axis=0) for k in lags]
    for one, k in zip(held, lags, strict=True):
        one[: max(k, 0)] = 0
    state = np.concatenate([*held, rng.standard_normal((*x.shape[:2], 3))], axis=2)
    return state @ rng.standard_normal((state.shape[2], state.shape[2])) + noise * rng.standard_normal(state.shape)


@pytest.mark.parametrize("rows", [2, 12])
def test_what_a_state_holds_is_read_and_nothing_else(rows):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((400, rows, 2))
    found = recall(line(x, (0, 3), rng), x, np.ones((400, rows), bool), rng)
    held = np.isin(found.lags, (0, 3))
    assert found.score[held, 0] == pytest.approx([1, 1], abs=1e-3)
    assert found.score[~held].max() < 0.03
    assert found.score[held, 1].max() < 0.03


def test_noise_scores_nothing_however_many_units():
    rng = np.random.default_rng(0)
    x, state = rng.standard_normal((120, 8, 1)), rng.standard_normal((120, 8, 100))
    found = recall(state, x, np.ones((120, 8), bool), rng)
    assert found.score.max() < 0.02
    assert (found.score > 0).mean() < 0.05


def test_few_rows_of_noise_score_nothing_either():
    rng = np.random.default_rng(0)
    x, state = rng.standard_normal((40, 64, 2)), rng.standard_normal((40, 64, 16))
    found = recall(state, x, np.ones((40, 64), bool), rng, last=True)
    assert found.score.shape == (40, 2)
    assert (found.score > 0).mean() < 0.03


def test_half_of_an_input_scores_a_half():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((800, 10, 1))
    state = x + rng.standard_normal(x.shape)
    assert recall(state, x, np.ones((800, 10), bool), rng).score[0, 0] == pytest.approx(0.5, abs=0.04)


def test_padding_is_not_read():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 12, 1))
    alive = np.arange(200)[:, None] < np.r_[[60] * 6, [200] * 6]
    state = np.where(alive[..., None], line(x, (0, 5), rng), np.nan)
    found = recall(state, np.where(alive[..., None], x, 1e9), alive, rng)
    assert found.score[np.isin(found.lags, (0, 5)), 0] == pytest.approx([1, 1], abs=1e-3)


def test_both_sides_are_read_where_that_is_asked():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 10, 1))
    state = np.concatenate([np.roll(x, 2, axis=0), np.roll(x, -4, axis=0)], axis=2)
    found = recall(state, x, np.ones((300, 10), bool), rng, both=True)
    assert found.lags[found.score[:, 0] > 0.9].tolist() == [-4, 2]


def test_at_the_end_each_lag_is_one_input():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 200, 1))
    state = rng.standard_normal((50, 200, 4))
    state[-1, :, 0] = x[10, :, 0]
    found = recall(state, x, np.ones((50, 200), bool), rng, last=True, also=np.array([39]))
    assert found.lags[found.score[:, 0] > 0.9].tolist() == [39]


def test_an_input_that_never_changes_and_too_few_moments_say_nothing():
    rng = np.random.default_rng(0)
    x = np.ones((100, 6, 1))
    assert np.isnan(recall(rng.standard_normal((100, 6, 2)), x, np.ones((100, 6), bool), rng).score).all()
    x = rng.standard_normal((6, 2, 1))
    assert np.isnan(recall(x, x, np.ones((6, 2), bool), rng).score).all()
