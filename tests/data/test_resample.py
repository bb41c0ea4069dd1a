"""Sound at another rate: its definition, a sine, what must not fold back, and cuts anywhere."""

from __future__ import annotations

from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import resample_poly

from gatework.data.resample import Resampler, resample

RATES = [(44_100, 16_000), (48_000, 16_000), (22_050, 16_000), (16_000, 8000), (8000, 16_000), (8000, 11_025)]


def sine(hertz, rate, samples):
    return np.sin(2 * np.pi * hertz * np.arange(samples) / rate)


def kernel(d, rate, to):
    """The definition in Resampler's docstring."""
    c = 0.92 * min(1.0, to / rate)
    half = ceil(32 / c)
    inside = np.maximum(1 - (d / half) ** 2, 0)
    return np.where(np.abs(d) < half, np.sinc(c * d) * np.i0(7.857 * np.sqrt(inside)) / np.i0(7.857), 0)


@pytest.mark.parametrize(("rate", "to"), RATES)
def test_the_definition_summed_by_hand(rate, to):
    x = np.random.default_rng(0).standard_normal(300)
    got = resample(x, rate, to)
    for j in {0, 1, len(got) // 2, len(got) - 1}:
        # From far before the begin to far behind the end: the weights there count for the sum by which all are divided.
        weights = kernel(j * rate / to - np.arange(-400, 800), rate, to)
        want = x @ weights[400:700] / weights.sum()
        # float32; and at the ends of the kernel, 1e-4 of its top, either may count a tap that the other does not.
        assert got[j] == pytest.approx(want, abs=2e-4)


@pytest.mark.parametrize(("rate", "to"), RATES)
def test_scipys_polyphase_filter_with_the_same_taps(rate, to):
    L, M = to // np.gcd(rate, to), rate // np.gcd(rate, to)
    half = ceil(32 / (0.92 * min(1.0, L / M)))
    taps = kernel(np.arange(-half * L, half * L + 1) / L, rate, to)
    x = np.random.default_rng(1).standard_normal(2000)
    want = resample_poly(x, L, M, window=taps / taps.sum())
    got = resample(x, rate, to)
    assert got.shape == want.shape == (ceil(2000 * L / M),)
    # scipy's phases are not each divided by their own sum.
    np.testing.assert_allclose(got, want, atol=3e-4)


@pytest.mark.parametrize(("rate", "to"), RATES)
def test_a_sine_stays_one_up_to_four_fifths_of_what_the_lower_rate_can_hold(rate, to):
    edge = len(resample(np.zeros(200), rate, to))
    for share in (0.01, 0.3, 0.8):
        hertz = share * min(rate, to) / 2
        got = resample(sine(hertz, rate, rate // 4), rate, to)
        error = np.abs(got - sine(hertz, to, len(got)))[edge:-edge].max()
        assert error < 2e-4, f"{hertz:.0f} Hz is off by {error:.1e}"


@pytest.mark.parametrize(("rate", "to"), [(r, t) for r, t in RATES if t < r])
def test_what_the_lower_rate_cannot_hold_does_not_fold_back(rate, to):
    edge = len(resample(np.zeros(200), rate, to))
    for hertz in np.linspace(to / 2, rate / 2, 9)[:-1]:
        got = resample(sine(hertz, rate, rate // 4), rate, to)
        assert np.abs(got[edge:-edge]).max() < 2e-4, f"{hertz:.0f} Hz comes back"


@pytest.mark.parametrize(("rate", "to"), RATES)
def test_a_constant_stays_one(rate, to):
    edge = len(resample(np.zeros(200), rate, to))
    np.testing.assert_allclose(resample(np.full(2000, 0.7), rate, to)[edge:-edge], 0.7, rtol=1e-6)


def test_equal_rates_change_nothing():
    x = np.random.default_rng(0).standard_normal(50).astype(np.float32)
    np.testing.assert_array_equal(resample(x, 8000, 8000), x)
    assert not len(Resampler(8000, 8000).pending())


@given(st.sampled_from(RATES), st.integers(0, 700), st.lists(st.integers(0, 700), max_size=8))
def test_cut_anywhere(rates, samples, cuts):
    x = np.random.default_rng(2).standard_normal(samples)
    resampler, out = Resampler(*rates), []
    for piece in np.split(x, sorted(cuts)):
        before = resampler.pending()
        np.testing.assert_array_equal(resampler.pending(), before)
        out.append(resampler.push(piece))
        # Carry on in another resampler, from the state alone.
        state, resampler = resampler.state, Resampler(*rates)
        resampler.state = state
    np.testing.assert_array_equal(np.concatenate([*out, resampler.pending()]), resample(x, *rates))


def test_sample_by_sample_and_reset():
    x = np.random.default_rng(3).standard_normal(300)
    resampler = Resampler(44_100, 16_000)
    for _ in range(2):
        out = [resampler.push(x[n : n + 1]) for n in range(300)]
        np.testing.assert_array_equal(np.concatenate([*out, resampler.pending()]), resample(x, 44_100, 16_000))
        resampler.reset()


def test_a_state_kept_does_not_change_with_the_stream():
    x = np.random.default_rng(4).standard_normal(400)
    resampler = Resampler(8000, 11_025)
    resampler.push(x[:200])
    state = resampler.state
    first = resampler.push(x[200:])
    resampler.state = state
    np.testing.assert_array_equal(resampler.push(x[200:]), first)


def test_a_long_sound_is_worked_on_in_pieces(monkeypatch):
    x = np.random.default_rng(5).standard_normal(5000)
    whole = resample(x, 16_000, 8000)
    monkeypatch.setattr("gatework.data.resample.AT_ONCE", 1000)
    np.testing.assert_array_equal(resample(x, 16_000, 8000), whole)
