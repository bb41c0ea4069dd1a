"""Recordings as frames of numbers, all at once or as the sound comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from gatework.data.mel import Mel
from gatework.data.normalise import NORMALISE, WHOLE, Running, level, measure, units
from gatework.data.resample import Resampler, resample
from gatework.data.wave import Wave, open_sound, read_wave, scaled, whole_rate
from gatework.errors import DataError, OptionError

FEATURES = ("log-mel", "mfcc")
# Nobody classifies sound by what lies above 8 kHz unless they say so.
HIGHEST_RATE = 16_000


@dataclass(frozen=True)
class AudioReader:
    """How recordings become (T, D) arrays of log-mel bands or MFCC: chosen from, or learned on, the training items.

    Parameters
    ----------
    mel : Mel
        The features' definition. Sound at another rate is resampled to the rate of this (data/resample.py).
    normalise : "utterance", "level", "running" or "training"
        What each of the D numbers is measured by: its mean and standard deviation over the recording, over the
        training set but for the recording's loudness (for both it must have ended: no stream), over the frames so far,
        or over the training set; see data/normalise.py for the formulas.
    mean, std : tuple of float
        Of the training set's frames, D each; empty for "utterance", which needs none.
    found : tuple of str
        What the training items made necessary, a sentence each.
    """

    mel: Mel
    normalise: str = "utterance"
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    found: tuple[str, ...] = ()

    kind = "audio"

    @classmethod
    def fit(
        cls,
        items: Sequence[Wave | str | Path],
        *,
        ids: Sequence[Any],
        sample_rate: int | None = None,
        features: str = "log-mel",
        bands: int | None = None,
        coefficients: int = 13,
        normalise: str = "utterance",
        window: float = 0.025,
        hop: float = 0.010,
    ) -> Self:
        """Choose the features by the training items.

        Parameters
        ----------
        items : sequence of Wave or path
            The training recordings.
        ids : sequence
            What each is called.
        sample_rate : int, optional
            By default the commonest of the recordings, at most 16,000.
        features : "log-mel" or "mfcc"
            The MFCC are for small models and short training sets; no differences are added, an LSTM takes its own.
        bands : int, optional
            By default 40 up to 8,000 samples a second and 64 above, near what Kaldi and speech command models use.
        coefficients : int
            How many MFCC to keep.
        normalise : "utterance", "level", "running" or "training"
            What frames are measured by, see AudioReader; "level" is for log-mel.
        window, hop : float
            Seconds that a frame lasts, and from one frame to the next.

        Raises
        ------
        DataError
            A recording that cannot be read, or no recordings.
        OptionError
            An option that cannot be.
        """
        for name, value, known in (("features", features, FEATURES), ("normalise", normalise, NORMALISE)):
            if value not in known:
                raise OptionError(f"{name} must be {', '.join(known[:-1])} or {known[-1]}; got {value!r}.")
        if normalise == "level" and features == "mfcc":
            raise OptionError(
                'normalise must be "utterance", "running" or "training" for MFCC; got "level", the mean of all bands. '
                'Take features="log-mel".'
            )
        if not len(items):
            raise DataError("audio must hold recordings; got none. Check the folder or the list.")
        heads = [_head(item) for item in items]
        rates = Counter(rate for rate, _ in heads)
        # Of rates that are equally common, the lower: nothing has to be made up.
        usual = min(rates, key=lambda rate: (-rates[rate], rate))
        rate = min(usual, HIGHEST_RATE) if sample_rate is None else whole_rate(sample_rate, "audio")
        mel = Mel(
            rate,
            bands=bands if bands is not None else 40 if rate <= 8000 else 64,
            window=window,
            hop=hop,
            coefficients=coefficients if features == "mfcc" else None,
        )
        reader = cls(mel, normalise, found=_found(heads, rate))
        if normalise == "utterance":
            return reader
        plain = (_plain(item, mel) for item in items)
        mean, std = measure(map(level, plain) if normalise == "level" else plain)
        return cls(mel, normalise, tuple(mean.tolist()), tuple(std.tolist()), reader.found)

    @property
    def names(self) -> tuple[str, ...]:
        """What the D numbers of a frame are called."""
        return self.mel.names

    def read(self, items: Sequence[Wave | str | Path], ids: Sequence[Any]) -> list[np.ndarray]:
        """Give the features of each recording, (T_i, D) float32."""
        return [self._normalised(_plain(item, self.mel)) for item in items]

    def stream(self) -> AudioStream:
        """Give what turns samples into frames as they come.

        Raises
        ------
        OptionError
            The reader measures a recording by all of it.
        """
        if self.normalise in WHOLE:
            raise OptionError(
                f'normalise must be "running" or "training" to stream; got "{self.normalise}", which waits for the end '
                'of the recording. Fit with normalise="running".'
            )
        return AudioStream(self)

    def notes(self) -> list[str]:
        """What was chosen and found, a sentence each."""
        mel = self.mel
        what = f"{mel.bands} log-mel bands" if mel.coefficients is None else f"{mel.coefficients} MFCC"
        how = {
            "utterance": "each recording is measured by its own mean and spread",
            "level": "measured by the training set's mean and spread, but for each recording's loudness",
            "running": "measured by the mean and spread so far",
            "training": "measured by the training set's mean and spread",
        }[self.normalise]
        frames = f"a frame of {1000 * mel.window:g} ms every {1000 * mel.hop:g} ms"
        return [f"sound is read at {mel.rate:,} samples a second as {what}, {frames}; {how}.", *self.found]

    def to_dict(self) -> dict[str, Any]:
        """Give all of it as JSON can hold it."""
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Self:
        """Rebuild from to_dict's answer, perhaps through JSON."""
        lists = {name: tuple(saved[name]) for name in ("mean", "std", "found")}
        return cls(Mel(**saved["mel"]), saved["normalise"], **lists)

    def _normalised(self, frames: np.ndarray) -> np.ndarray:
        if self.normalise == "utterance":
            return units(frames, frames.mean(0, dtype=np.float64), frames.std(0, dtype=np.float64))
        if self.normalise == "level":
            frames = level(frames)
        return self._normaliser().push(frames)

    def _normaliser(self) -> Running:
        return Running(self.mean, self.std, self.mel.hop, fixed=self.normalise != "running")


class AudioStream:
    """Samples in, frames out, as they become complete. Cut anywhere, the frames equal those of AudioReader.read."""

    def __init__(self, reader: AudioReader):
        self._reader = reader
        self.reset()

    def reset(self) -> None:
        """Forget all sound, as if none had come."""
        self._resampler: Resampler | None = None
        self._rest = np.zeros(0, np.float32)
        # So many samples of the rest have been in a frame already.
        self._had = 0
        self._normaliser = self._reader._normaliser()

    @property
    def state(self) -> dict[str, Any]:
        """All that the coming frames need to know of the sound so far; to be kept, and set again."""
        resampler = None if self._resampler is None else (self._resampler.rate, self._resampler.state)
        rest = (self._rest.copy(), self._had)
        return {"resampler": resampler, "rest": rest, "normaliser": self._normaliser.state}

    @state.setter
    def state(self, state: dict[str, Any]) -> None:
        self._resampler = None
        if state["resampler"] is not None:
            rate, inner = state["resampler"]
            self._resampler = Resampler(rate, self._reader.mel.rate)
            self._resampler.state = inner
        rest, self._had = state["rest"]
        self._rest, self._normaliser.state = rest.copy(), state["normaliser"]

    def push(self, samples: Any, rate: int | None = None) -> np.ndarray:
        """Take (n,) more samples, floats or integers as Wave.of has them, and give the frames (K, D) they complete.

        `rate` is theirs, by default the model's; it stays what it was at the first push.
        """
        x = scaled(np.asarray(samples))
        if x.ndim != 1:
            raise DataError(f"samples must be (n,), one channel; got {x.shape}. Take the mean of the channels.")
        if not np.isfinite(x).all():
            raise DataError("samples must be finite; got NaN or an infinite one. Set it to 0.")
        rate = self._reader.mel.rate if rate is None else whole_rate(rate)
        if self._resampler is None:
            self._resampler = Resampler(rate, self._reader.mel.rate)
        if rate != self._resampler.rate:
            raise DataError(
                f"rate must stay {self._resampler.rate} within a stream; got {rate}. Call reset() for another sound."
            )
        self._rest = np.concatenate([self._rest, self._resampler.push(x)])
        mel = self._reader.mel
        frames = mel.frames(self._rest)
        if len(frames):
            self._rest, self._had = self._rest[len(frames) * mel.step :].copy(), mel.size - mel.step
        return self._normaliser.push(frames)

    def pending(self) -> np.ndarray:
        """Give the frames (K, D) that would follow if the sound ended now; nothing is consumed."""
        rest = self._rest if self._resampler is None else np.concatenate([self._rest, self._resampler.pending()])
        # Where the last frame took all that came, no other follows; but what the resampler held back may fill several.
        if len(rest) <= self._had:
            rest = rest[:0]
        before = self._normaliser.state
        out = self._normaliser.push(self._reader.mel.all_frames(rest))
        self._normaliser.state = before
        return out


def _head(item: Wave | str | Path) -> tuple[int, int]:
    """The rate and the channels of a recording, of which no more than the header is read."""
    if isinstance(item, Wave):
        return item.rate, item.channels
    with open_sound(Path(item)) as file:
        return file.samplerate, file.channels


def _plain(item: Wave | str | Path, mel: Mel) -> np.ndarray:
    """The features of a recording, as they are."""
    wave = item if isinstance(item, Wave) else read_wave(item)
    return mel.all_frames(resample(wave.samples, wave.rate, mel.rate))


def _found(heads: list[tuple[int, int]], rate: int) -> tuple[str, ...]:
    """What had to be handled: channels and rates."""
    said = []
    several = sum(channels > 1 for _, channels in heads)
    if several:
        said.append(f"{several:,} of {len(heads):,} recordings have several channels: their mean is read.")
    for other, count in sorted(Counter(r for r, _ in heads if r != rate).items()):
        said.append(f"{count:,} of {len(heads):,} recordings have {other:,} samples a second: they are resampled.")
    return tuple(said)
