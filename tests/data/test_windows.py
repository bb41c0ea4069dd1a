"""Windows read what was known at their cutoff, and nothing else."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from gatework.data import simple, windows
from gatework.data.alike import alike
from gatework.data.draws import Draws, cutoffs
from gatework.data.scale import carry
from gatework.data.windows import Windows, future_features, past_features

nan = np.nan
LAGS, L, H = (1, 4), 6, 3


def random_series(seed: int, steps: int = 40, positive: bool = False) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.normal(size=steps)) + 3 * np.sin(np.arange(steps) * np.pi / 2)
    x[rng.random(steps) < 0.1] = nan
    return np.exp(x / 5) if positive else x


def window(series: list[np.ndarray], i: int, cutoff: int, **sizes):
    windows = Windows(series, LAGS, **({"input_size": L, "h": H} | sizes))
    at = torch.tensor([i]), torch.tensor([cutoff])
    return windows.batch(*at), windows.scale(*at)


def only_the_last_value(series, lags, h):
    """A simple forecast that repeats the last value."""
    return [np.column_stack([carry(z, 1), *np.zeros((2 * len(lags), len(z)))]) for z in series]


def test_a_window_by_hand(monkeypatch):
    monkeypatch.setattr(windows, "simple", only_the_last_value)
    # One-step changes 1, 2, 4, 8 and no season to follow: the scale is their mean 3.75, the level the last value.
    x = np.array([-15.0, -14, -12, -8, 0])
    batch, scale = window([x], 0, 5, input_size=4, h=2)
    assert scale.size.item() == 3.75
    assert scale.path.tolist() == [[0, 0]]
    unit = np.arcsinh(np.array([[-14, 1, nan], [-12, 2, nan], [-8, 4, nan], [0, 8, 15]]) / 3.75)
    wanted = np.column_stack([np.nan_to_num(unit), np.ones(4)])
    np.testing.assert_allclose(batch.past[0], wanted, rtol=1e-6)
    # What lag 1 repeats, what lag 4 repeats, the path, the place in the horizon and the reach of a random walk.
    future = [[0, np.arcsinh(-14 / 3.75), 0, 0.5, 1], [0, np.arcsinh(-12 / 3.75), 0, 1, np.sqrt(2)]]
    np.testing.assert_allclose(batch.future[0], future, rtol=1e-6)
    assert torch.isnan(batch.target).all()


def test_sizes_are_as_promised():
    batch, scale = window([random_series(0)], 0, 20)
    assert batch.past.shape == (1, L, past_features(LAGS))
    assert batch.future.shape == (1, H, future_features(LAGS))
    assert batch.target.shape == scale.path.shape == (1, H)
    assert {part.dtype for part in batch} == {torch.float32}


@given(st.integers(0, 10_000), st.integers(10, 40), st.booleans())
def test_nothing_from_the_cutoff_on_is_read(seed, cutoff, positive):
    x = random_series(seed, positive=positive)
    # Which rules have a share is chosen once too; here each has the same, and 10 steps are enough for all of them.
    with mock.patch.object(simple, "_shares", lambda errors, sharpness: np.full(errors.shape, 1 / len(errors))):
        unseen(x, cutoff)


def unseen(x, cutoff):
    whole, known = Windows([x], LAGS, L, H), Windows([x[:cutoff]], LAGS, L, H)
    # How a series is measured is chosen once, over all of the history that its windows are made of.
    assume(whole.chosen == known.chosen and whole.log == known.log)
    at = torch.tensor([0]), torch.tensor([cutoff])
    one, two, scale, again = whole.batch(*at), known.batch(*at), whole.scale(*at), known.scale(*at)
    assert torch.isnan(two.target).all()
    for part, same in ((one.past, two.past), (one.future, two.future), (scale.path, again.path)):
        torch.testing.assert_close(part, same, rtol=0, atol=0, equal_nan=True)
    assert scale.size == again.size


def test_the_target_is_what_follows():
    x = random_series(3)
    batch, scale = window([x], 0, 20)
    np.testing.assert_allclose(scale.undo(batch.target[..., None])[0, :, 0], x[20:23], rtol=1e-5)


@pytest.mark.parametrize("cutoff", [1, 2, 5, 20, 39, 40])
def test_neighbours_in_the_flat_tensors_are_not_seen(cutoff):
    x, loud = random_series(1), np.full(30, 1e9)
    alone, _ = window([x], 0, cutoff)
    between, _ = window([loud, x, loud], 1, cutoff)
    for one, two in zip(alone, between, strict=True):
        torch.testing.assert_close(one, two, rtol=0, atol=0, equal_nan=True)


def test_many_windows_are_the_same_as_one_by_one():
    series = [random_series(i, steps=10 + i, positive=i % 2 == 0) for i in range(5)]
    which, cut = torch.tensor([4, 0, 2, 2]), torch.tensor([3, 10, 7, 12])
    together = Windows(series, LAGS, L, H).batch(which, cut)
    for row, (i, cutoff) in enumerate(zip(which.tolist(), cut.tolist(), strict=True)):
        for one, many in zip(window(series, i, cutoff)[0], together, strict=True):
            torch.testing.assert_close(one[0], many[row], rtol=0, atol=0, equal_nan=True)


def test_series_of_one_length_side_by_side_are_the_same_as_alone(monkeypatch):
    many = [random_series(i, positive=i % 2 == 0) for i in range(7)] + [np.full(40, nan), np.ones(40)]
    monkeypatch.setattr(windows, "AT_ONCE", 120)
    together = Windows(many, LAGS, L, H)
    assert together.log.tolist() == [True, False] * 3 + [True, False, False]
    for i, series in enumerate(many):
        alone = Windows([series], LAGS, L, H)
        assert alone.chosen[0] == together.chosen[i]
        for name in ("_values", "_z", "_carried", "_changes", "_simple", "_usual"):
            mine, all_ = getattr(alone, name)[:-1], getattr(together, name)[40 * i : 40 * i + 40]
            # Sums over one series may be rounded otherwise.
            rtol = 1e-9 if name == "_simple" else 0
            np.testing.assert_allclose(mine, all_, rtol=rtol, atol=rtol / 1000, err_msg=name)


def test_series_are_stacked_by_length_as_many_as_fit_at_once():
    series = [np.arange(n) for n in (3, 0, 2, 3, 3, 9)]
    stacks = [(which.tolist(), x.tolist()) for which, x in alike(series, 7)]
    assert [which for which, _ in stacks] == [[2], [0, 3], [4], [5]]
    assert all(rows == [series[i].tolist() for i in which] for which, rows in stacks)
    (_, x), *_ = alike([np.zeros(2)], 7)
    x += 1
    assert x.dtype == np.float64


def test_missing_values_are_masked_never_filled():
    x = random_series(5)
    x[[30, 33, 34]] = nan
    batch, _ = window([x], 0, 35)
    assert batch.past[0, :, -1].tolist() == [1 - float(missing) for missing in np.isnan(x[29:35])]
    assert (batch.past[0][np.isnan(x[29:35])] == 0).all()
    assert torch.isfinite(batch.future).all()
    batch, _ = window([x], 0, 32)
    assert torch.isnan(batch.target).tolist() == [[False, True, True]]


@pytest.mark.parametrize("factor", [1e-6, 1e12, -1e12])
def test_a_window_does_not_depend_on_the_unit(factor):
    x = random_series(7)
    one, _ = window([x], 0, 30)
    two, _ = window([x * abs(factor)], 0, 30)
    for part, same in zip(one, two, strict=True):
        torch.testing.assert_close(part, same, rtol=1e-4, atol=1e-5, equal_nan=True)
    if factor < 0:
        upside_down, _ = window([x * factor], 0, 30)
        torch.testing.assert_close(upside_down.target, -one.target, rtol=1e-4, atol=1e-5, equal_nan=True)


def test_draws_depend_on_the_step_alone():
    windows = Windows([random_series(i, 30 + i) for i in range(4)], LAGS, L, H)
    one_by_one, backward = Draws(windows, 8, seed=1), Draws(windows, 8, seed=1)
    forward = [one_by_one(step) for step in range(600)]
    for step in (599, 3, 256, 0, 255):
        for one, two in zip(forward[step], backward(step), strict=True):
            torch.testing.assert_close(one, two, rtol=0, atol=0, equal_nan=True)
    assert not torch.equal(forward[0].past, forward[1].past)
    assert not torch.equal(forward[0].past, Draws(windows, 8, seed=2)(0).past)


@pytest.mark.parametrize(
    ("steps", "first", "last"),
    # A whole window has 6 values before it and 3 after it; shorter series give what they have, down to 3 values.
    [(20, 6, 17), (9, 4, 6), (5, 2, 2), (3, 2, 2), (2, 2, 1), (0, 2, -1)],
)
def test_cutoffs_leave_something_to_read_and_something_to_forecast(steps, first, last):
    found = cutoffs(Windows([random_series(0)[:steps], random_series(1)], LAGS, L, H))
    assert [tensor[0].item() for tensor in found] == [first, max(last, -1)]


def test_every_window_and_no_other_is_drawn():
    x = np.arange(12.0) ** 2 - 50
    windows = Windows([x, x[:2]], LAGS, L, H)
    draws = Draws(windows, 32, seed=0)
    assert len(draws) == 4
    lasts = {tuple(row) for step in range(20) for row in draws(step).target.tolist()}
    wanted = windows.batch(torch.zeros(4, dtype=torch.long), torch.tensor([6, 7, 8, 9])).target
    assert lasts == {tuple(row) for row in wanted.tolist()}


def test_a_series_is_drawn_as_often_as_the_root_of_its_windows(monkeypatch):
    windows = Windows([random_series(i, steps) for i, steps in enumerate((8 + 100, 8 + 25, 2))], LAGS, L, H)
    drawn, batch = [], Windows.batch
    monkeypatch.setattr(Windows, "batch", lambda self, series, cut: drawn.append(series) or batch(self, series, cut))
    Draws(windows, 2048, seed=0)(0)
    assert torch.bincount(drawn[0]).tolist() == pytest.approx([2048 * 10 / 15, 2048 * 5 / 15], rel=0.05)
