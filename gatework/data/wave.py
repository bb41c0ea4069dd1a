"""Sound as numbers: one channel of float samples and their rate, from a file or from arrays."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Self

import numpy as np

from gatework.errors import DataError, OptionError

KINDS = "WAV, FLAC, OGG, MP3 or AIFF"
# An array with more columns than this has its axes the other way round.
CHANNELS = 64


@dataclass(frozen=True, eq=False)
class Wave:
    """One recording.

    Parameters
    ----------
    samples : (n,) float32 array
        Full scale is +-1, though nothing is cut off there.
    rate : int
        Samples a second.
    channels : int
        How many channels these samples are the mean of.
    """

    samples: np.ndarray
    rate: int
    channels: int = 1

    @classmethod
    def of(cls, samples: Any, rate: Any, name: str = "samples") -> Self:
        """Make a Wave of an array (n,), or (n, channels), whose mean is taken.

        Floats stay as they are. Integers are divided by the range of their dtype: int16 by 32,768, int32 by 2**31, and
        uint8, which is silent at 128, becomes (x - 128) / 128.

        Raises
        ------
        DataError
            Samples of another shape or kind, none at all, or NaN or infinite ones; `name` is what the text calls them.
        """
        mono = mix(samples, name)
        return cls(mono, whole_rate(rate, name), 1 if np.ndim(samples) == 1 else np.shape(samples)[1])


def mix(samples: Any, name: str = "samples") -> np.ndarray:
    """Scale samples (n,) or (n, channels) and give their mean over the channels, (n,) float32; see Wave.of."""
    x = np.asarray(samples)
    if x.ndim not in (1, 2) or (x.ndim == 2 and not 1 <= x.shape[1] <= CHANNELS):
        raise DataError(f"{name} must be (n,) or (n, channels); got {x.shape}. Did you mean the transpose?")
    x = scaled(x, name)
    if not len(x):
        raise DataError(f"{name} must hold sound; got no samples. Leave it out.")
    x = x[:, 0] if x.ndim == 2 and x.shape[1] == 1 else x if x.ndim == 1 else x.mean(1, dtype=np.float64)
    x = np.ascontiguousarray(x, dtype=np.float32)
    if not np.isfinite(x).all():
        place = int(np.argmin(np.isfinite(x)))
        raise DataError(f"{name} must be finite; got {x[place]} at sample {place}. Cut it out or set it to 0.")
    return x


def scaled(x: np.ndarray, name: str = "samples") -> np.ndarray:
    """Give samples as floats: floats as they are, integers of 8, 16 or 32 bits divided by their dtype's range."""
    if x.dtype.kind == "f":
        return x
    if x.dtype == np.uint8:
        return (x.astype(np.float32) - 128) / 128
    if x.dtype.kind == "i" and x.dtype.itemsize <= 4:
        return (x / float(2 ** (8 * x.dtype.itemsize - 1))).astype(np.float32)
    raise DataError(
        f"{name} must be floats within +-1, or integers of 8, 16 or 32 bits, whose range says what is loud; "
        f"got {x.dtype}. Convert them, as with .astype('int16')."
    )


def whole_rate(rate: Any, name: str = "samples") -> int:
    """Check a sampling rate: a whole number of samples a second, 1,000 or more."""
    whole = isinstance(rate, Integral | Real) and not isinstance(rate, bool) and rate == rate // 1
    if not whole or not 1000 <= rate < 2**31:
        raise DataError(
            f"the rate of {name} must be a whole number of samples a second, 1000 or more; got {rate!r}. "
            "Give sound as (samples, rate)."
        )
    return int(rate)


def need_soundfile() -> None:
    """Raise OptionError, with the command that helps, unless soundfile is installed."""
    if find_spec("soundfile") is None:
        raise OptionError("audio must have soundfile; it is not installed. Run: pip install 'gatework[audio]'")


def read_wave(path: str | Path) -> Wave:
    """Read a file of sound, of any kind that libsndfile reads: WAV of 8 to 64 bits, FLAC, OGG, MP3, AIFF and others.

    Raises
    ------
    DataError
        A file that is absent, empty, broken, of another kind, or holds NaN.
    OptionError
        soundfile is not installed.
    """
    with open_sound(Path(path)) as file:
        try:
            samples, rate = file.read(dtype="float32", always_2d=True), file.samplerate
        except (RuntimeError, OSError, EOFError) as error:
            raise _unreadable(path, error) from None
    if not len(samples):
        raise DataError(f"audio must hold sound; got '{path}', a file without samples. Leave it out.")
    return Wave.of(samples, rate, f"'{path}'")


def open_sound(path: Path) -> Any:
    """Open a file as a soundfile.SoundFile, whose header tells samplerate, channels and frames."""
    need_soundfile()
    import soundfile

    if not path.is_file():
        what = "a folder" if path.is_dir() else "no such file"
        raise DataError(f"audio must be the path of a file; got '{path}', {what}. Check the path.")
    if path.stat().st_size == 0:
        raise DataError(f"audio must hold sound; got '{path}', an empty file. Leave it out.")
    try:
        return soundfile.SoundFile(path)
    # A TypeError is what soundfile raises at the name of a headerless file, .raw.
    except (RuntimeError, TypeError, OSError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: str | Path, error: Exception) -> DataError:
    # libsndfile's own words come behind the path, which the sentence has already.
    reason = str(error).splitlines()[0].split(": ")[-1].strip().rstrip(".")
    return DataError(
        f"audio must be a file that libsndfile reads ({KINDS}); got '{path}', which failed with: {reason}. "
        "Save it again, as WAV."
    )
