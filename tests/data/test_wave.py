"""Files of sound as people have them, arrays, and what is refused, each text asserted as written."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from gatework.data import wave
from gatework.data.wave import Wave, read_wave
from gatework.errors import DataError, OptionError

TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)


@pytest.mark.parametrize(
    ("name", "subtype", "off"),
    [
        ("a.wav", "PCM_U8", 1 / 128),
        ("a.wav", "PCM_16", 1 / 2**15),
        ("a.wav", "PCM_24", 1 / 2**23),
        ("a.wav", "PCM_32", 1e-7),
        ("a.wav", "FLOAT", 1e-7),
        ("a.wav", "DOUBLE", 1e-7),
        ("a.wav", "ULAW", 0.02),
        ("a.flac", "PCM_24", 1 / 2**23),
        ("a.aiff", "PCM_16", 1 / 2**15),
        ("a.ogg", "VORBIS", 0.05),
    ],
)
def test_the_kinds_of_files(name, subtype, off, tmp_path):
    soundfile.write(tmp_path / name, TONE, 8000, subtype)
    got = read_wave(tmp_path / name)
    assert (got.rate, got.channels, got.samples.dtype, got.samples.shape) == (8000, 1, np.float32, (4000,))
    assert np.abs(got.samples - TONE).max() <= off


def test_channels_are_averaged_and_counted(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.stack([TONE, -TONE, 3 * np.full(4000, 0.1)], 1), 8000, "FLOAT")
    got = read_wave(str(tmp_path / "a.wav"))
    assert got.channels == 3
    np.testing.assert_allclose(got.samples, 0.1, rtol=1e-6)


def test_a_file_that_was_cut_off_gives_what_is_there(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, TONE, 8000, "PCM_16")
    path.write_bytes(path.read_bytes()[:-2000])
    np.testing.assert_allclose(read_wave(path).samples, TONE[:3000], atol=1 / 2**15)


def refused(text, call, *arguments, error=DataError):
    with pytest.raises(error) as info:
        call(*arguments)
    assert str(info.value) == text


def test_files_that_cannot_be_read(tmp_path):
    path = tmp_path / "a.wav"
    refused(f"audio must be the path of a file; got '{path}', no such file. Check the path.", read_wave, path)
    refused(f"audio must be the path of a file; got '{tmp_path}', a folder. Check the path.", read_wave, tmp_path)
    path.write_bytes(b"")
    refused(f"audio must hold sound; got '{path}', an empty file. Leave it out.", read_wave, path)
    soundfile.write(path, TONE[:0], 8000)
    refused(f"audio must hold sound; got '{path}', a file without samples. Leave it out.", read_wave, path)
    soundfile.write(path, np.array([0.1, np.nan]), 8000, "FLOAT")
    refused(f"'{path}' must be finite; got nan at sample 1. Cut it out or set it to 0.", read_wave, path)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.wav", b"unique_id,ds,y\n", "Format not recognised"),
        ("a.csv", b"unique_id,ds,y\n", "Format not recognised"),
        ("a.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ", None),
        ("a.raw", b"\x00\x01" * 100, None),
        ("a.flac", b"fLaC" + b"\x00" * 50, None),
    ],
)
def test_files_that_hold_no_sound(name, content, reason, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError) as info:
        read_wave(path)
    start = (
        f"audio must be a file that libsndfile reads (WAV, FLAC, OGG, MP3 or AIFF); got '{path}', which failed with: "
    )
    # What follows is libsndfile's own reason, which differs from version to version.
    assert str(info.value).startswith(start + (reason or ""))
    assert str(info.value).endswith(". Save it again, as WAV.")
    assert "\n" not in str(info.value)


def test_without_soundfile(monkeypatch, tmp_path):
    monkeypatch.setattr(wave, "find_spec", lambda name: None)
    text = "audio must have soundfile; it is not installed. Run: pip install 'gatework[audio]'"
    refused(text, read_wave, tmp_path / "a.wav", error=OptionError)


@pytest.mark.parametrize(
    ("dtype", "given", "want"),
    [
        ("int8", [-128, 0, 64], [-1, 0, 0.5]),
        ("uint8", [0, 128, 192], [-1, 0, 0.5]),
        ("int16", [-32768, 0, 16384], [-1, 0, 0.5]),
        ("int32", [-(2**31), 0, 2**30], [-1, 0, 0.5]),
        ("float64", [-1, 0.25, 300], [-1, 0.25, 300]),
        ("float16", [-1, 0.25, 0.5], [-1, 0.25, 0.5]),
    ],
)
def test_numbers_are_scaled_by_what_their_kind_can_hold(dtype, given, want):
    got = Wave.of(np.array(given, dtype), np.int64(8000))
    assert (got.samples.dtype, type(got.rate)) == (np.float32, int)
    assert got.samples.tolist() == want


def test_columns_are_channels():
    got = Wave.of(np.array([[0, 16384], [16384, -16384]], np.int16), 8000.0)
    assert (got.samples.tolist(), got.channels, got.rate) == ([0.25, 0.0], 2, 8000)
    assert Wave.of(np.ones((5, 1)), 8000).channels == 1


@pytest.mark.parametrize(
    ("samples", "rate", "text"),
    [
        ([1, 2], 8000, "x must be floats within +-1, or integers of 8, 16 or 32 bits, whose range says what is loud; "
         "got int64. Convert them, as with .astype('int16')."),
        (np.zeros((2, 8000)), 8000, "x must be (n,) or (n, channels); got (2, 8000). Did you mean the transpose?"),
        (np.zeros((2, 3, 4)), 8000, "x must be (n,) or (n, channels); got (2, 3, 4). Did you mean the transpose?"),
        (np.zeros(0), 8000, "x must hold sound; got no samples. Leave it out."),
        ([0.0, 1.0, np.inf], 8000, "x must be finite; got inf at sample 2. Cut it out or set it to 0."),
        ([0.0], 44.1, "the rate of x must be a whole number of samples a second, 1000 or more; got 44.1. "
         "Give sound as (samples, rate)."),
        ([0.0], 16, "the rate of x must be a whole number of samples a second, 1000 or more; got 16. "
         "Give sound as (samples, rate)."),
        ([0.0], None, "the rate of x must be a whole number of samples a second, 1000 or more; got None. "
         "Give sound as (samples, rate)."),
    ],
)  # fmt: skip
def test_arrays_that_are_no_sound(samples, rate, text):
    refused(text, Wave.of, samples, rate, "x")
