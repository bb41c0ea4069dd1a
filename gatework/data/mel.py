"""What an ear tells a network: log-mel bands and MFCC, defined so exactly that a C program can repeat them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gatework.errors import OptionError

# In power: about the noise that rounding to 16 bits leaves in a band, so that silence of zeros is no other world.
FLOOR = 1e-10
LOWEST = 20.0
# Frames that are worked on at once.
AT_ONCE = 2048


def to_mel(hertz: Any) -> Any:
    """Mel = 1127 ln(1 + f / 700), O'Shaughnessy's (1987), which HTK and Kaldi use."""
    return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)


def to_hertz(mel: Any) -> Any:
    """Undo to_mel."""
    return 700.0 * np.expm1(np.asarray(mel) / 1127.0)


@dataclass(frozen=True)
class Mel:
    """How samples become frames of features.

    For sound of `rate` samples a second, W = round(window * rate), S = round(hop * rate), N the smallest power of two
    that is at least 2 W (finer than W asks for, so that the narrow bands at the bottom hold a bin each):

    1. Frame k is x[k S] ... x[k S + W - 1]: it needs nothing after that. n samples have 1 + ceil(max(n - W, 0) / S)
       frames (none if n = 0), the last one filled up with zeros, so that every sample is in one, and a sound shorter
       than W is one frame. No dither, no pre-emphasis, no offset removed.
    2. Multiplied by the periodic Hann window w[m] = 0.5 - 0.5 cos(2 pi m / W), m = 0 ... W - 1.
    3. P[b] = |sum over m of w[m] x[k S + m] exp(-2 pi i b m / N)|^2 / sum of w[m]^2, b = 0 ... N / 2: of white noise,
       its variance.
    4. B bands: with mel(f) = 1127 ln(1 + f / 700), B + 2 points divide mel(20) ... mel(rate / 2) equally; band b is
       the triangle, straight in mel, that is 0 at point b, 1 at point b + 1 and 0 at point b + 2:
       E[b] = sum over bins of P * max(0, min((mel(f) - p[b]) / d, (p[b + 2] - mel(f)) / d)), f = bin rate / N, d the
       distance of two points. Each triangle is 1 at its top, whatever its area, as in HTK and Kaldi.
    5. log-mel: ln(max(E[b], 1e-10)).
    6. MFCC: of those, the DCT-II, orthonormal, its first C numbers, as they are (no lifter, and the first, which is
       loudness, stays): c[q] = s[q] sqrt(2 / B) sum over b of logmel[b] cos(pi q (b + 0.5) / B), s[0] = sqrt(0.5),
       else 1.

    In float64, rounded to float32 at the end.

    Parameters
    ----------
    rate : int
        Samples a second.
    bands : int
        B.
    window, hop : float
        Seconds. 25 ms every 10 ms is what speech recognition uses throughout.
    coefficients : int, optional
        C, for MFCC; None for log-mel.
    """

    rate: int
    bands: int = 40
    window: float = 0.025
    hop: float = 0.010
    coefficients: int | None = None

    def __post_init__(self) -> None:
        for name in ("bands", "coefficients"):
            value, most = getattr(self, name), self.rate if name == "bands" else self.bands
            if value is not None and not (isinstance(value, int) and 1 <= value <= most):
                raise OptionError(
                    f"{name} must be a whole number from 1 to {most}; got {value!r}. 40 and 13 are usual."
                )
        if not self.window > 0 or not 0 < self.hop <= self.window or round(self.hop * self.rate) < 1:
            raise OptionError(
                f"hop must be above 0 and at most window, in seconds; got hop={self.hop!r}, window={self.window!r}. "
                "0.010 and 0.025 are usual."
            )
        if not self._filters.any(0).all():
            raise OptionError(
                f"bands must be so few that each has a frequency of its own; got {self.bands} at {self.rate:,} samples "
                "a second. Take fewer, or a longer window."
            )

    @property
    def size(self) -> int:
        """W, the samples in a frame."""
        return max(round(self.window * self.rate), 1)

    @property
    def step(self) -> int:
        """S, the samples from one frame to the next."""
        return round(self.hop * self.rate)

    @property
    def fft(self) -> int:
        """N, the points of the discrete Fourier transform."""
        return 1 << (2 * self.size - 1).bit_length()

    @property
    def names(self) -> tuple[str, ...]:
        """What the D numbers of a frame are called: the middles of the bands, or c0 ... for MFCC."""
        if self.coefficients is not None:
            return tuple(f"c{q}" for q in range(self.coefficients))
        return tuple(f"{hertz:.0f} Hz" for hertz in to_hertz(self._points[1:-1]))

    def complete(self, samples: int) -> int:
        """How many frames so many samples fill."""
        return max((samples - self.size) // self.step + 1, 0)

    def count(self, samples: int) -> int:
        """How many frames so many samples have in all, the last one filled up with zeros."""
        return 1 + max(-((self.size - samples) // self.step), 0) if samples else 0

    def frames(self, samples: np.ndarray) -> np.ndarray:
        """Give the features (K, D) float32 of the K frames that samples (n,) fill."""
        count = self.complete(len(samples))
        out = np.empty((count, len(self.names)), np.float32)
        if not count:
            return out
        cut = np.lib.stride_tricks.sliding_window_view(samples, self.size)[:: self.step]
        for begin in range(0, count, AT_ONCE):
            spectrum = np.fft.rfft(cut[begin : begin + AT_ONCE] * self._window, self.fft)
            power = spectrum.real**2 + spectrum.imag**2
            energy = np.log(np.maximum(power @ self._filters, FLOOR))
            out[begin : begin + AT_ONCE] = energy if self.coefficients is None else energy @ self._cosines
        return out

    def all_frames(self, samples: np.ndarray) -> np.ndarray:
        """Give the features (K, D) float32 of all frames of samples (n,), the last one filled up with zeros."""
        count = self.count(len(samples))
        room = (count - 1) * self.step + self.size if count else 0
        return self.frames(np.concatenate([samples, np.zeros(room - len(samples), samples.dtype)]))

    @cached_property
    def _window(self) -> np.ndarray:
        return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.size) / self.size)

    @property
    def _points(self) -> np.ndarray:
        return np.linspace(to_mel(LOWEST), to_mel(self.rate / 2), self.bands + 2)

    @cached_property
    def _filters(self) -> np.ndarray:
        """The triangles (N / 2 + 1, B), and the window's energy."""
        mel = to_mel(np.arange(self.fft // 2 + 1) * self.rate / self.fft)[:, None]
        points = self._points
        rise, fall = mel - points[:-2], points[2:] - mel
        return np.maximum(np.minimum(rise, fall) / (points[1] - points[0]), 0) / (self._window**2).sum()

    @cached_property
    def _cosines(self) -> np.ndarray:
        """The DCT-II (B, C)."""
        assert self.coefficients is not None
        q, b = np.arange(self.coefficients), np.arange(self.bands)[:, None]
        scale = np.sqrt(np.where(q == 0, 1, 2) / self.bands)
        return scale * np.cos(np.pi * q * (b + 0.5) / self.bands)
