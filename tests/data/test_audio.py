"""Recordings as frames: what is chosen, what is found, and that a stream gives what the whole gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatework.data.audio import AudioReader
from gatework.data.wave import Wave

RATE = 8000


def noise(samples, rate=RATE, seed=0, loud=0.1):
    return Wave.of(np.random.default_rng(seed).standard_normal(samples) * loud, rate)


def fit(items, **options):
    return AudioReader.fit(items, ids=range(len(items)), **options)


def read(reader, *items):
    return reader.read(items, range(len(items)))


def streamed(stream, samples, cuts, rate=None):
    pieces = np.split(samples, cuts)
    return np.concatenate([stream.push(piece, rate) for piece in pieces] + [stream.pending()])


TRAINED = {
    (normalise, features): fit(
        [noise(4000), noise(2000, seed=1)], normalise=normalise, features=features, sample_rate=RATE
    )
    for normalise in ("running", "training")
    for features in ("log-mel", "mfcc")
}


@given(
    st.sampled_from(sorted(TRAINED)),
    st.sampled_from([1, 79, 80, 199, 200, 201, 279, 280, 281, 360, 1000]),
    st.lists(st.integers(0, 1000), max_size=6),
    st.sampled_from([RATE, 11_025, 16_000]),
)
def test_a_stream_cut_anywhere_is_the_whole(which, samples, cuts, rate):
    reader, wave = TRAINED[which], noise(samples, rate, seed=2)
    whole = read(reader, wave)[0]
    np.testing.assert_array_equal(streamed(reader.stream(), wave.samples, sorted(cuts), rate), whole)


@pytest.mark.parametrize("rate", [RATE, 44_100])
def test_a_stream_of_single_samples_is_the_whole(rate):
    reader, wave = TRAINED["running", "log-mel"], noise(1100, rate, seed=3)
    np.testing.assert_allclose(
        streamed(reader.stream(), wave.samples, np.arange(1, 1100), rate), read(reader, wave)[0], atol=1e-6
    )
