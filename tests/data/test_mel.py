"""Log-mel and MFCC against their definition, written out once more in plain loops."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest
from scipy.fft import dct

from gatework.data.mel import Mel, to_hertz, to_mel
from gatework.errors import OptionError


def by_definition(x, rate, bands, window, hop):
    """The six steps of Mel's docstring, but for the last, number by number."""
    W, S = round(window * rate), round(hop * rate)
    N = 1
    while N < 2 * W:
        N *= 2
    count = 1 + math.ceil(max(len(x) - W, 0) / S) if len(x) else 0
    hann = [0.5 - 0.5 * math.cos(2 * math.pi * m / W) for m in range(W)]
    energy = sum(w * w for w in hann)

    def mel(f):
        return 1127 * math.log(1 + f / 700)

    d = (mel(rate / 2) - mel(20)) / (bands + 1)
    p = [mel(20) + k * d for k in range(bands + 2)]
    frames = []
    for k in range(count):
        piece = [x[k * S + m] if k * S + m < len(x) else 0.0 for m in range(W)]
        power = []
        for b in range(N // 2 + 1):
            X = sum(hann[m] * piece[m] * cmath.exp(-2j * math.pi * b * m / N) for m in range(W))
            power.append(abs(X) ** 2 / energy)
        E = [
            sum(
                power[b] * max(0, min((mel(b * rate / N) - p[n]) / d, (p[n + 2] - mel(b * rate / N)) / d))
                for b in range(N // 2 + 1)
            )
            for n in range(bands)
        ]
        frames.append([math.log(max(e, 1e-10)) for e in E])
    return np.array(frames)


@pytest.mark.parametrize(
    ("rate", "bands", "window", "hop", "samples"),
    [
        (1000, 8, 0.064, 0.032, 200),
        (1000, 5, 0.05, 0.05, 120),
        (2000, 10, 0.025, 0.01, 130),
        (2000, 6, 0.025, 0.01, 20),
        (2000, 6, 0.0256, 0.0104, 93),
    ],
)
def test_log_mel_is_its_definition(rate, bands, window, hop, samples):
    x = np.random.default_rng(0).standard_normal(samples) * 0.1
    want = by_definition(x.tolist(), rate, bands, window, hop)
    got = Mel(rate, bands, window, hop).all_frames(x)
    assert (got.dtype, got.shape) == (np.float32, want.shape)
    np.testing.assert_allclose(got, want, atol=1e-5)


def test_mfcc_are_the_orthonormal_cosine_transform():
    x = np.random.default_rng(1).standard_normal(3000) * 0.1
    log_mel = Mel(8000, 40).all_frames(x).astype(np.float64)
    want = dct(log_mel, type=2, norm="ortho", axis=1)[:, :13]
    np.testing.assert_allclose(Mel(8000, 40, coefficients=13).all_frames(x), want, atol=1e-5)
    by_hand = sum(log_mel[0, b] * math.cos(math.pi * 3 * (b + 0.5) / 40) for b in range(40)) * math.sqrt(2 / 40)
    assert want[0, 3] == pytest.approx(by_hand)


def test_1000_hertz_are_1000_mel():
    assert to_mel(1000) == pytest.approx(999.99, abs=0.01)
    assert to_hertz(to_mel(440.0)) == pytest.approx(440)
    # HTK's book writes it with the decimal logarithm.
    assert to_mel(4000) == pytest.approx(2595 * math.log10(1 + 4000 / 700), rel=1e-4)


@pytest.mark.parametrize("samples", [0, 1, 199, 200, 201, 279, 280, 281, 360, 5000])
def test_every_sample_is_in_a_frame_and_no_frame_is_beyond_them(samples):
    mel = Mel(8000)
    frames = mel.all_frames(np.zeros(samples, np.float32))
    assert len(frames) == mel.count(samples)
    last = (mel.count(samples) - 1) * 80
    assert samples == 0 or (last + 200 >= samples and (last == 0 or last + 200 - 80 < samples))
    assert mel.complete(samples) == sum(k * 80 + 200 <= samples for k in range(100))


def test_a_frame_sees_its_own_samples_alone():
    mel, x = Mel(8000), np.random.default_rng(2).standard_normal(1000)
    before = mel.frames(x)
    x[500] += 1
    changed = np.flatnonzero((mel.frames(x) != before).any(1))
    assert changed.tolist() == [k for k in range(len(before)) if 80 * k < 500 < 80 * k + 200]


def test_many_frames_at_once_are_those_one_by_one():
    mel, x = Mel(1000, 8), np.random.default_rng(3).standard_normal(50_000)
    frames = mel.frames(x)
    assert len(frames) > 2 * 2048
    for k in (0, 2047, 2048, len(frames) - 1):
        np.testing.assert_allclose(frames[k], mel.frames(x[10 * k : 10 * k + 25])[0], atol=1e-6)


@pytest.mark.parametrize("hertz", [120, 500, 1000, 3000])
def test_a_tone_is_loudest_in_the_band_that_is_called_so(hertz):
    mel = Mel(8000, 40)
    frame = mel.frames(np.sin(2 * np.pi * hertz * np.arange(200) / 8000))[0]
    middles = np.array([float(name.removesuffix(" Hz")) for name in mel.names])
    assert abs(np.argmax(frame) - np.argmin(np.abs(middles - hertz))) <= 1


def test_white_noise_has_its_variance_in_every_bin():
    x = np.random.default_rng(4).standard_normal(80_000) * 0.3
    mel = Mel(8000, 40)
    power = np.exp(mel.frames(x).astype(np.float64)).mean(0)
    # Bins of N = 512 that a band adds up: its triangle's area, in bins of 15.6 Hz.
    edges = 700 * (np.exp(np.linspace(1127 * np.log(1 + 20 / 700), 1127 * np.log(1 + 4000 / 700), 42) / 1127) - 1)
    area = (edges[2:] - edges[:-2]) / 2 / (8000 / 512)
    np.testing.assert_allclose(power[10:], 0.09 * area[10:], rtol=0.1)


@pytest.mark.parametrize("samples", [1, 5, 200, 1000])
def test_silence_and_scraps_are_finite(samples):
    for coefficients in (None, 13):
        mel = Mel(8000, coefficients=coefficients)
        assert np.isfinite(mel.all_frames(np.zeros(samples))).all()
        assert np.isfinite(mel.all_frames(np.ones(samples))).all()
    np.testing.assert_allclose(Mel(8000).all_frames(np.zeros(samples)), math.log(1e-10), rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"bands": 0}, "bands must be a whole number from 1 to 8000; got 0. 40 and 13 are usual."),
        ({"bands": 40.0}, "bands must be a whole number from 1 to 8000; got 40.0. 40 and 13 are usual."),
        ({"coefficients": 41}, "coefficients must be a whole number from 1 to 40; got 41. 40 and 13 are usual."),
        (
            {"hop": 0.03},
            "hop must be above 0 and at most window, in seconds; got hop=0.03, window=0.025. "
            "0.010 and 0.025 are usual.",
        ),
        (
            {"window": 0.0},
            "hop must be above 0 and at most window, in seconds; got hop=0.01, window=0.0. 0.010 and 0.025 are usual.",
        ),
        (
            {"bands": 200},
            "bands must be so few that each has a frequency of its own; got 200 at 8,000 samples a second. Take fewer, "
            "or a longer window.",
        ),
    ],
)
def test_what_cannot_be(options, text):
    with pytest.raises(OptionError) as info:
        Mel(8000, **options)
    assert str(info.value) == text
