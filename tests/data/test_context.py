"""What a window reads of covariates: known at its cutoff, with gaps that decay, as it was foreseen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_standard import column, covariates

from gatework.data.context import Context, future_owners, of_series, past_owners
from gatework.data.covariates import Vintages
from gatework.data.standard import Standard, Unit
from gatework.data.windows import Windows, future_features, past_features

nan = np.nan
LAGS, L, H = (1, 4), 6, 3
PLAIN, GAPS = Unit(0.0, 1.0, False, 0), Unit(0.0, 1.0, True, 0)


def context(x, known=(), past=(), static=(), lags=(1,), h=2) -> Context:
    """One reader of covariates in their own units: 0 is the mean, 1 the spread."""
    return Context(x, Standard(tuple(past), tuple(known), tuple(static)), [len(part) for part in x.past], lags, h)


def at(cutoff: int, series: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor([series]), torch.tensor([cutoff])


def random_covariates(seed: int, steps=(40, 30), ahead: int = 3, vintages: bool = False):
    rng = np.random.default_rng(seed)
    past, known = ([rng.normal(size=(n + more, 2)) for n in steps] for more in (0, ahead))
    for part in (*past, *known):
        part[rng.random(part.shape) < 0.1] = nan
    said = None
    if vintages:
        cutoffs = tuple(np.sort(rng.choice(np.arange(5, n + 1), 6, replace=False)) for n in steps)
        said = Vintages(cutoffs, tuple(rng.normal(size=(6, 4, 2)).astype(np.float32) for _ in steps))
    return covariates(past, known, rng.normal(size=(len(steps), 2)), vintages=said)


def series(seed: int, steps=(40, 30)) -> list[np.ndarray]:
    return [np.random.default_rng((seed, n)).normal(size=n).cumsum() for n in steps]


def windows(x, seed: int = 0) -> Windows:
    values = series(seed, [len(part) for part in x.past])
    return Windows(values, LAGS, L, H, x, Standard.of(x, [20] * len(values)))


def same(one, two) -> bool:
    parts = zip(one[:2], two[:2], strict=True)
    return all(torch.equal(a, b) for a, b in parts)


# By hand


def test_gaps_decay_by_hand():
    x = covariates([column(nan, 2, nan, nan, -1)], [np.zeros((5, 0))])
    found = context(x, past=[GAPS]).past(*at(5), 6)[0]
    # Before the series and before its first value there is nothing; then 2, and a tenth less at each step.
    np.testing.assert_allclose(found[:, 0], np.arcsinh([0, 0, 2, 1.8, 1.62, -1]), rtol=1e-6)
    assert found[:, 1].tolist() == [0, 0, 1, 0, 0, 1]


def test_what_is_ahead_by_hand():
    x = covariates([np.zeros((5, 0))], [column(1, 2, 4, 8, 16, 32, 64)])
    found = context(x, known=[PLAIN], lags=(1, 2), h=3).future(*at(3))[0]
    # Lag 1 repeats step 2; lag 2 repeats steps 1, 2 and 1 again.
    wanted = [[8, 8 - 4, 8 - 2], [16, 16 - 4, 16 - 4], [32, 32 - 4, 32 - 2]]
    np.testing.assert_allclose(found, np.arcsinh(wanted), rtol=1e-6)
    # A lag that reaches back beyond the first step repeats nothing, and nothing has changed since.
    found = context(x, known=[PLAIN], lags=(1, 4), h=2).future(*at(3))[0]
    np.testing.assert_allclose(found, np.arcsinh([[8, 8 - 4, 0], [16, 16 - 4, 16 - 1]]), rtol=1e-6)


def test_what_nobody_said_of_the_future_decays():
    x = covariates([np.zeros((3, 0))], [column(1, 1, 2, 4)])
    found = context(x, known=[GAPS], h=3).future(*at(3))[0]
    np.testing.assert_allclose(found[:, 0], np.arcsinh([4, 3.6, 3.24]), rtol=1e-6)
    assert found[:, 1].tolist() == [1, 0, 0]


def vintages_by_hand() -> Context:
    said = Vintages(
        (none := np.array([], dtype=np.int64), np.array([3, 5]), none),
        (
            empty := np.zeros((0, 3, 1), dtype=np.float32),
            np.array([[30, 40, 50], [51, nan, 71]], dtype=np.float32)[..., None],
            empty,
        ),
    )
    actual = [column(*range(10)), column(*range(100, 110)), column(*range(10))]
    x = covariates([np.zeros((8, 0))] * 3, actual, vintages=said)
    return context(x, known=[GAPS], h=3)


@pytest.mark.parametrize(
    ("cutoff", "values", "known"),
    [
        # Before the first vintage, what came to be.
        (2, [102, 103, 104], [1, 1, 1]),
        (3, [30, 40, 50], [1, 1, 1]),
        # A step later the same vintage is the latest, and ends a step early: its last word decays.
        (4, [40, 50, 45], [1, 1, 0]),
        (5, [51, 45.9, 71], [1, 0, 1]),
        (7, [71, 63.9, 57.51], [1, 0, 0]),
        # So old that it says nothing any more: the last value that came to be decays.
        (8, [0.9 * 107, 0.81 * 107, 0.729 * 107], [0, 0, 0]),
    ],
)
def test_the_latest_vintage_is_read_by_hand(cutoff, values, known):
    found = vintages_by_hand().future(*at(cutoff, 1))[0]
    np.testing.assert_allclose(found[:, 0], np.arcsinh(values), rtol=1e-6)
    assert found[:, 1].tolist() == known
    # Its change is measured from what came to be a step before the cutoff.
    wanted = np.arcsinh(np.array(values) - (99 + cutoff))
    np.testing.assert_allclose(found[:, 2], wanted, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("neighbour", [0, 2])
def test_a_series_that_has_no_vintage_reads_what_came_to_be(neighbour):
    found = vintages_by_hand().future(*at(8, neighbour))[0]
    np.testing.assert_allclose(found[:, 0], np.arcsinh([8, 9, 8.1]), rtol=1e-6)


def test_static_values_stand_at_every_step():
    x = covariates([np.zeros((3, 0))] * 2, [np.zeros((3, 0))] * 2, [[2, nan], [0, 1]])
    reader = context(x, static=[PLAIN, GAPS])
    for found in (reader.past(*at(2), 4)[0], reader.future(*at(2))[0]):
        np.testing.assert_allclose(found, np.tile([np.arcsinh(2), 0, 0], (len(found), 1)), rtol=1e-6)
    assert reader.future(*at(2, 1))[0, 0].tolist() == pytest.approx([0, np.arcsinh(1), 1])


# In windows


@pytest.mark.parametrize("vintages", [False, True])
def test_sizes_are_as_promised(vintages):
    x = random_covariates(0, vintages=vintages)
    standard = Standard.of(x, [20, 20])
    batch = windows(x).batch(*at(20))
    assert batch.past.shape == (1, L, past_features(LAGS, standard))
    assert batch.future.shape == (1, H, future_features(LAGS, standard))
    assert past_features(LAGS, standard) - past_features(LAGS) == len(past_owners(standard))
    assert future_features(LAGS, standard) - future_features(LAGS) == len(future_owners(standard, LAGS))
    assert {part.dtype for part in batch} == {torch.float32}
    assert torch.isfinite(batch.past).all()
    assert torch.isfinite(batch.future).all()
    # The reach stays last.
    assert torch.equal(batch.future[..., -1], Windows(series(0), LAGS, L, H).batch(*at(20)).future[..., -1])


def after(parts, step: int):
    """Other numbers from `step` on."""
    changed = [part.copy() for part in parts]
    for part in changed:
        part[step:] = 1000
    return tuple(changed)


@pytest.mark.parametrize("vintages", [False, True])
@pytest.mark.parametrize("cutoff", [2, 17, 30])
def test_nothing_of_past_covariates_from_the_cutoff_on_is_read(cutoff, vintages):
    x = random_covariates(1, vintages=vintages)
    changed = replace(x, past=after(x.past, cutoff))
    standard = Standard.of(x, [20, 20])
    one, two = (Windows(series(0), LAGS, L, H, some, standard).batch(*at(cutoff)) for some in (x, changed))
    assert same(one, two)
    one, two = (Windows(series(0), LAGS, L, H, some, standard).batch(*at(cutoff + 1)) for some in (x, changed))
    assert cutoff == 30 or not same(one, two)


def test_what_is_known_ahead_is_read_as_far_as_the_horizon_and_no_farther():
    x = random_covariates(2)
    standard = Standard.of(x, [20, 20])
    for step, alike in ((20 + H, True), (20 + H - 1, False)):
        changed = replace(x, known=after(x.known, step))
        one, two = (Windows(series(0), LAGS, L, H, some, standard).batch(*at(20)) for some in (x, changed))
        assert same(one, two) is alike


def test_where_vintages_rule_nothing_that_came_to_be_from_the_cutoff_on_is_read():
    x = random_covariates(3, vintages=True)
    standard, cutoff = Standard.of(x, [20, 20]), int(x.vintages.cutoffs[0][2])
    changed = replace(x, known=after(x.known, cutoff))
    one, two = (Windows(series(0), LAGS, L, H, some, standard).batch(*at(cutoff)) for some in (x, changed))
    assert same(one, two)
    # Before the first vintage there is nothing else to read.
    early = int(x.vintages.cutoffs[0][0]) - 1
    changed = replace(x, known=after(x.known, early))
    one, two = (Windows(series(0), LAGS, L, H, some, standard).batch(*at(early)) for some in (x, changed))
    assert not same(one, two)


def test_no_vintage_made_after_the_cutoff_is_read():
    x = random_covariates(4, vintages=True)
    standard, cutoffs = Standard.of(x, [20, 20]), x.vintages.cutoffs
    cutoff = int(cutoffs[0][3]) - 1
    for place, alike in ((3, True), (2, False)):
        changed = [part.copy() for part in x.vintages.values]
        changed[0][place] += 1
        other = replace(x, vintages=Vintages(cutoffs, tuple(changed)))
        one, two = (Windows(series(0), LAGS, L, H, some, standard).batch(*at(cutoff)) for some in (x, other))
        assert same(one, two) is alike


@pytest.mark.parametrize("vintages", [False, True])
def test_many_windows_of_many_series_are_the_same_as_each_alone(vintages):
    steps = (12, 40, 11, 30)
    x = random_covariates(5, steps, vintages=vintages)
    standard, values = Standard.of(x, [8] * 4), series(5, steps)
    which, cut = torch.tensor([3, 0, 2, 2, 1]), torch.tensor([30, 12, 7, 9, 25])
    together = Windows(values, LAGS, L, H, x, standard).batch(which, cut)
    for row, (i, cutoff) in enumerate(zip(which.tolist(), cut.tolist(), strict=True)):
        alone = Windows([values[i]], LAGS, L, H, of_series(x, [i]), standard).batch(*at(cutoff))
        for one, many in zip(alone, together, strict=True):
            torch.testing.assert_close(one[0], many[row], rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_a_covariates_unit_and_zero_do_not_count(factor):
    x = random_covariates(6)
    other = replace(
        x,
        past=tuple(part * np.float32(factor) for part in x.past),
        known=tuple(part * np.float32(factor) for part in x.known),
        static=x.static * np.float32(factor),
    )
    for one, two in zip(windows(x).batch(*at(25)), windows(other).batch(*at(25)), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-5, equal_nan=True)


def test_without_steps_there_is_nothing_to_read():
    x = random_covariates(7, (0, 20))
    assert torch.isfinite(windows(x).batch(*at(10, 1)).future).all()
