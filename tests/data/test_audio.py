"""Recordings as frames: what is chosen, what is found, and that a stream gives what the whole gives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from gatework.data.audio import AudioReader
from gatework.data.mel import Mel
from gatework.data.normalise import NORMALISE
from gatework.data.wave import Wave
from gatework.errors import DataError, OptionError

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


def test_pending_consumes_nothing_and_a_state_carries_on():
    reader, wave = TRAINED["running", "log-mel"], noise(3000, 11_025, seed=4)
    stream = reader.stream()
    assert stream.pending().shape == (0, 40)
    first = stream.push(wave.samples[:1234], rate=11_025)
    np.testing.assert_array_equal(stream.pending(), stream.pending())
    kept = stream.state
    rest = np.concatenate([stream.push(wave.samples[1234:], rate=11_025), stream.pending()])
    np.testing.assert_array_equal(np.concatenate([first, rest]), read(reader, wave)[0])
    other = reader.stream()
    other.state = kept
    again = np.concatenate([other.push(wave.samples[1234:], rate=11_025), other.pending()])
    np.testing.assert_array_equal(again, rest)
    other.reset()
    # After a reset, another rate is another sound.
    fresh = other.push(wave.samples, rate=RATE)
    np.testing.assert_array_equal(fresh, reader.stream().push(wave.samples))


def test_integers_stream_as_they_are_read():
    samples = (np.random.default_rng(0).standard_normal(2000) * 3000).astype(np.int16)
    reader = TRAINED["training", "log-mel"]
    np.testing.assert_array_equal(streamed(reader.stream(), samples, [700]), read(reader, Wave.of(samples, RATE))[0])


def test_an_utterance_is_measured_by_itself():
    wave = noise(4000, seed=5)
    frames = read(fit([wave]), wave)[0]
    np.testing.assert_allclose(frames.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(frames.std(0), 1, rtol=1e-4)
    louder = Wave.of(wave.samples * 8, RATE)
    np.testing.assert_allclose(read(fit([wave]), louder)[0], frames, atol=1e-4)


def test_the_training_sets_mean_and_spread_are_those_of_all_its_frames():
    waves = [noise(4000, seed=6), noise(900, seed=7, loud=0.01)]
    reader = fit(waves, normalise="training")
    plain = np.concatenate([Mel(RATE).all_frames(wave.samples) for wave in waves]).astype(np.float64)
    np.testing.assert_allclose(reader.mean, plain.mean(0))
    np.testing.assert_allclose(reader.std, plain.std(0))
    new = noise(500, seed=8)
    want = (Mel(RATE).all_frames(new.samples) - plain.mean(0)) / plain.std(0)
    np.testing.assert_allclose(read(reader, new)[0], want, atol=1e-5)


def test_running_is_its_formula_and_looks_at_nothing_to_come():
    reader, wave = TRAINED["running", "log-mel"], noise(32_000, seed=9, loud=0.02)
    reader = AudioReader(Mel(RATE, hop=0.02), "running", reader.mean, reader.std)
    plain = reader.mel.all_frames(wave.samples).astype(np.float64)
    m, v, want = np.array(reader.mean), np.array(reader.std) ** 2, []
    for k, x in enumerate(plain):
        a = 1 / min(25 + k + 1, 1500)
        d = x - m
        m, v = m + a * d, (1 - a) * (v + a * d**2)
        want.append((x - m) / np.maximum(np.sqrt(v), 0.1))
    got = read(reader, wave)[0]
    np.testing.assert_allclose(got, want, atol=1e-5)
    np.testing.assert_array_equal(read(reader, Wave(wave.samples[:16_200], RATE))[0][:50], got[:50])


def test_running_forgets_after_half_a_minute():
    reader = AudioReader(Mel(1000, 8, hop=0.025), "running", (0.0,) * 8, (1.0,) * 8)
    quiet, loud = (np.random.default_rng(k).standard_normal(200_000) * size for k, size in ((0, 0.01), (1, 1.0)))
    last = read(reader, Wave.of(np.concatenate([quiet, loud]), 1000))[0][-1000:]
    # After 200 s of the one, 200 s of the other are its own measure; without forgetting they would lie one apart.
    assert np.abs(last.mean(0)).max() < 0.1


def test_level_is_its_formula_and_forgets_how_loud_a_recording_is():
    # A second of zeros lies far more than 9 below the loudest number, and counts as what lies there.
    silence = np.zeros(RATE)
    waves = [noise(4000, seed=3), Wave.of(np.concatenate([silence, noise(900, seed=4, loud=0.01).samples]), RATE)]
    reader = fit(waves, normalise="level")
    new = Wave.of(np.concatenate([noise(500, seed=5).samples, silence]), RATE)
    frames = [Mel(RATE).all_frames(wave.samples).astype(np.float64) for wave in (*waves, new)]
    raised = [np.maximum(one, one.max() - 9) for one in frames]
    *known, x = [one - np.log(np.exp(one).mean(0)).mean() for one in raised]
    m, s = np.concatenate(known).mean(0), np.concatenate(known).std(0)
    want = (x - m) / np.maximum(s, 0.1)
    np.testing.assert_allclose(read(reader, new)[0], want, atol=1e-5)
    louder = Wave.of(new.samples * 8, RATE)
    np.testing.assert_allclose(read(reader, louder)[0], want, atol=1e-4)
    assert reader == AudioReader.from_dict(json.loads(json.dumps(reader.to_dict())))
    assert "measured by the training set's mean and spread, but for each recording's loudness." in reader.notes()[0]


@pytest.mark.parametrize(
    ("normalise", "features"),
    [*((normalise, "log-mel") for normalise in NORMALISE), *((one, "mfcc") for one in NORMALISE if one != "level")],
)
def test_silence_and_scraps_give_finite_numbers(normalise, features):
    waves = [Wave.of(np.zeros(n), RATE) for n in (1, 5, 200, 3000)] + [noise(n) for n in (1, 5, 200)]
    for train in ([noise(4000)], waves[:1]):
        for frames in read(fit(train, normalise=normalise, features=features), *waves):
            assert len(frames) >= 1
            assert np.isfinite(frames).all()


def test_the_rate_is_the_commonest_and_at_most_16_000():
    assert fit([noise(99), noise(99), noise(99, 11_025)]).mel.rate == RATE
    assert fit([noise(99, 11_025), noise(99)]).mel.rate == RATE
    assert fit([noise(99, 44_100), noise(99, 44_100), noise(99)]).mel.rate == 16_000
    assert fit([noise(99)], sample_rate=12_000).mel.rate == 12_000


def test_bands_follow_the_rate():
    assert [len(fit([noise(99)], sample_rate=rate).names) for rate in (8000, 16_000)] == [40, 64]
    assert fit([noise(99)], features="mfcc", coefficients=20).names == tuple(f"c{q}" for q in range(20))
    names = fit([noise(99)], sample_rate=16_000).names
    assert len(set(names)) == 64


def test_what_was_found_is_said():
    stereo = Wave.of(np.zeros((300, 2)), 16_000)
    assert fit([noise(99), noise(99), stereo]).notes() == [
        "sound is read at 8,000 samples a second as 40 log-mel bands, a frame of 25 ms every 10 ms; each recording is "
        "measured by its own mean and spread.",
        "1 of 3 recordings have several channels: their mean is read.",
        "1 of 3 recordings have 16,000 samples a second: they are resampled.",
    ]
    assert fit([noise(99)], features="mfcc", normalise="running").notes() == [
        "sound is read at 8,000 samples a second as 13 MFCC, a frame of 25 ms every 10 ms; measured by the mean and "
        "spread so far."
    ]


@pytest.mark.parametrize("which", sorted(TRAINED))
def test_json_keeps_all_of_it(which):
    reader = TRAINED[which]
    assert AudioReader.from_dict(json.loads(json.dumps(reader.to_dict()))) == reader


def test_files_are_read_as_their_samples_are(tmp_path):
    wave = noise(3000, 16_000)
    paths = [tmp_path / "a.wav", str(tmp_path / "b.wav")]
    for path in paths:
        soundfile.write(path, wave.samples, 16_000, "FLOAT")
    reader = fit(paths, sample_rate=RATE, normalise="training")
    assert reader == fit([wave, wave], sample_rate=RATE, normalise="training")
    np.testing.assert_array_equal(*read(reader, paths[0], wave))


def test_a_recording_that_is_broken_is_named(tmp_path):
    path = tmp_path / "a.wav"
    with pytest.raises(DataError, match="no such file"):
        fit([path])
    soundfile.write(path, np.zeros(100), RATE)
    reader = fit([path])
    path.write_bytes(b"")
    with pytest.raises(DataError) as info:
        read(reader, path)
    assert str(info.value) == f"audio must hold sound; got '{path}', an empty file. Leave it out."


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"features": "wave"}, OptionError, "features must be log-mel or mfcc; got 'wave'."),
        ({"normalise": None}, OptionError, "normalise must be utterance, level, running or training; got None."),
        (
            {"normalise": "level", "features": "mfcc"},
            OptionError,
            'normalise must be "utterance", "running" or "training" for MFCC; got "level", the mean of all bands. '
            'Take features="log-mel".',
        ),
        (
            {"sample_rate": 3.5},
            DataError,
            "the rate of audio must be a whole number of samples a second, 1000 or more; got 3.5. "
            "Give sound as (samples, rate).",
        ),
    ],
)
def test_options_that_cannot_be(options, error, text):
    with pytest.raises(error) as info:
        fit([noise(99)], **options)
    assert str(info.value) == text


def refused(error, text, call, *arguments, **options):
    with pytest.raises(error) as info:
        call(*arguments, **options)
    assert str(info.value) == text


def test_what_a_stream_refuses():
    for waiting in ("utterance", "level"):
        refused(
            OptionError,
            f'normalise must be "running" or "training" to stream; got "{waiting}", which waits for the end of the '
            'recording. Fit with normalise="running".',
            fit([noise(99)], normalise=waiting).stream,
        )
    refused(DataError, "audio must hold recordings; got none. Check the folder or the list.", fit, [])
    stream = TRAINED["running", "mfcc"].stream()
    refused(
        DataError,
        "samples must be (n,), one channel; got (5, 2). Take the mean of the channels.",
        stream.push,
        np.zeros((5, 2)),
    )
    refused(
        DataError,
        "samples must be finite; got NaN or an infinite one. Set it to 0.",
        stream.push,
        np.array([0.0, np.nan]),
    )
    stream.push(np.zeros(5))
    refused(
        DataError,
        "rate must stay 8000 within a stream; got 16000. Call reset() for another sound.",
        stream.push,
        np.zeros(5),
        rate=16_000,
    )


def test_spoken_digits(data: Path):
    files = sorted((data / "fsdd" / "recordings").glob("*.wav"))[:50]
    reader = fit(files, normalise="running")
    assert (reader.mel.rate, len(reader.names), reader.found) == (RATE, 40, ())
    for file, frames in zip(files, read(reader, *files), strict=True):
        samples, _ = soundfile.read(file, dtype="float32")
        assert np.isfinite(frames).all()
        np.testing.assert_array_equal(streamed(reader.stream(), samples, np.arange(100, len(samples), 100)), frames)
