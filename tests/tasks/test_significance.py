"""How often the paired test cries wolf, and whether it sees a wolf that is there."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from gatework.tasks.significance import ALPHA, across_series, across_windows, holm, paired, waves


def errors(rng, windows, series, rho=0.0, overlap=1, shared=0.0):
    """Errors (W, N) of a model, each a mean over `overlap` steps of a process with memory `rho` from step to step."""
    steps = rng.normal(size=(windows + overlap + 30, series)) + shared * rng.normal(size=(windows + overlap + 30, 1))
    for t in range(1, len(steps)):
        steps[t] += rho * steps[t - 1]
    steps = steps[30:]
    return np.stack([np.abs(steps[w : w + overlap]).mean(0) for w in range(windows)])


def alarms(draws, seed=0, **scene):
    """The share of comparisons of a model with itself that name a winner."""
    overlap, rng = scene.get("overlap", 1), np.random.default_rng(seed)
    found = [paired(errors(rng, **scene), errors(rng, **scene), overlap).p < ALPHA for _ in range(draws)]
    return float(np.mean(found))


@pytest.mark.parametrize(
    "scene",
    [
        pytest.param({"windows": 1, "series": 8}, id="8 series"),
        pytest.param({"windows": 3, "series": 400}, id="400 series"),
        pytest.param({"windows": 12, "series": 1}, id="12 windows of one series"),
        pytest.param({"windows": 12, "series": 1, "rho": 0.5}, id="12 windows that remember"),
        pytest.param({"windows": 24, "series": 1, "rho": 0.6}, id="24 windows that remember longer"),
        pytest.param({"windows": 24, "series": 1, "overlap": 4, "rho": 0.3}, id="24 windows that overlap"),
        pytest.param({"windows": 60, "series": 3, "overlap": 12, "rho": 0.3}, id="60 windows that overlap much"),
        pytest.param({"windows": 16, "series": 50, "shared": 3.0}, id="series that are hit together"),
    ],
)
def test_of_a_model_against_itself_at_most_one_in_twenty_names_a_winner(scene):
    assert alarms(400, **scene) <= 0.05


def test_a_plain_t_test_would_cry_wolf_where_windows_overlap():
    # What the scenes above guard against: without it, none of them shows anything.
    rng, scene = np.random.default_rng(0), {"windows": 24, "series": 1, "overlap": 4, "rho": 0.3}
    plain = [across_series((errors(rng, **scene) - errors(rng, **scene))[:, 0]) < ALPHA for _ in range(200)]
    assert np.mean(plain) > 0.15


@pytest.mark.parametrize(
    "scene", [{"windows": 1, "series": 30}, {"windows": 24, "series": 1}, {"windows": 40, "series": 1, "overlap": 4}]
)
def test_a_better_model_is_seen(scene):
    rng = np.random.default_rng(0)
    overlap = scene.get("overlap", 1)
    found = [paired(0.5 * errors(rng, **scene), 1.2 + errors(rng, **scene), overlap) for _ in range(100)]
    assert np.mean([one.p < ALPHA for one in found]) > 0.9
    assert np.mean([one.gap for one in found]) < -1.2


def test_one_difference_a_series_is_the_paired_t_test():
    rng = np.random.default_rng(1)
    one, other = errors(rng, 2, 20), errors(rng, 2, 20)
    found = paired(one, other, 1)
    assert found.p == pytest.approx(stats.ttest_rel(one.mean(0), other.mean(0)).pvalue)
    assert found.gap == pytest.approx((one - other).mean())


def test_the_variance_across_windows_worked_by_hand():
    x = np.array([1.0, 2.0, 0.0, 3.0, 2.0, 1.0, 4.0, 0.0, 1.0, 2.0, 3.0, 2.0])
    assert waves(12, 1) == 2
    total = 0.0
    for j in (1, 2):
        total += sum(np.sqrt(2 / 12) * x[t] * np.cos(np.pi * j * (t + 0.5) / 12) for t in range(12)) ** 2
    expected = 2 * stats.t.sf(x.mean() / np.sqrt(total / 2 / 12), 2)
    assert across_windows(x) == pytest.approx(expected)


def test_the_more_doubtful_answer_counts():
    rng = np.random.default_rng(2)
    # Every series says the same, but half of the windows say the contrary of the other half.
    sign = np.repeat([1.0, -0.8], 8)[:, None]
    one = sign + 0.01 * rng.normal(size=(16, 30))
    assert across_series(one.mean(0)) < 1e-6
    assert paired(one, np.zeros_like(one), 1).p > 0.3


@pytest.mark.parametrize(("windows", "series", "overlap"), [(11, 7, 1), (3, 1, 1), (1, 7, 1), (30, 1, 12), (12, 2, 4)])
def test_too_little_to_tell_by_is_no_p(windows, series, overlap):
    rng = np.random.default_rng(0)
    assert np.isnan(paired(rng.normal(size=(windows, series)), rng.normal(size=(windows, series)), overlap).p)


def test_series_without_an_error_do_not_count():
    rng = np.random.default_rng(3)
    one, other = rng.normal(size=(1, 9)), rng.normal(size=(1, 9))
    one[0, 0] = np.nan
    assert paired(one, other, 1) == pytest.approx(paired(one[:, 1:], other[:, 1:], 1))
    one[0, 1] = np.nan
    assert np.isnan(paired(one, other, 1).p)


def test_the_same_forecast_is_no_difference_and_a_constant_difference_is_sure():
    x = np.random.default_rng(0).normal(size=(2, 10))
    assert paired(x, x, 1) == (0, 1)
    assert paired(np.zeros((12, 1)), np.ones((12, 1)), 1) == (-1, 0)


def test_holm_worked_by_hand():
    assert holm([0.01, 0.04, 0.03]).tolist() == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.5]).tolist() == [1, 1]
