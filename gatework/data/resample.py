"""Sound at another rate: a windowed sinc, cut anywhere."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, gcd
from typing import NamedTuple

import numpy as np

# Zero crossings of the sinc on each side, its cutoff as a share of the lower rate's half, and the Kaiser window's beta.
# Kaiser (1974): beta 0.1102 (A - 8.7) gives A = 80 dB, over a band as wide as 5.01 / ZEROS = 0.16 of half the lower
# rate: flat up to 0.84 of it, silent from 1 on.
ZEROS = 32
CUTOFF = 0.92
BETA = 7.857
# Products that are worked on at once.
AT_ONCE = 1 << 21


class Filter(NamedTuple):
    """The taps (L, 2 * half) of each of the L phases that an output sample can have between two input samples."""

    up: int  # L
    down: int  # M
    half: int
    taps: np.ndarray


@lru_cache(maxsize=8)
def design(rate: int, to: int) -> Filter:
    """Make the filter from one rate to another; see Resampler for its definition."""
    L, M = to // gcd(rate, to), rate // gcd(rate, to)  # noqa: N806
    cutoff = CUTOFF * min(1.0, L / M)
    half = ceil(ZEROS / cutoff)
    # Distance of output sample p / L, right of input sample 0, from the input samples 1 - half ... half.
    t = np.arange(L)[:, None] / L - np.arange(1 - half, half + 1)
    window = np.i0(BETA * np.sqrt(np.maximum(1 - (t / half) ** 2, 0))) / np.i0(BETA)
    taps = np.sinc(cutoff * t) * window
    return Filter(L, M, half, taps / taps.sum(1, keepdims=True))


class Resampler:
    """Samples at one rate, as they come, become samples at another.

    With M / L = rate / to in lowest terms, output sample j lies at t = j M / L input samples and is the sum over n of
    x[n] k(t - n), where x is 0 before its begin and behind its end, and

    ``k(d) = sinc(c d) I0(beta sqrt(1 - (d / half)^2)) / I0(beta)``, 0 from |d| = half on,

    with sinc(x) = sin(pi x) / (pi x), c = 0.92 min(1, L / M), half = ceil(32 / c), beta = 7.857; the 2 half weights of
    one t, n = floor(t) + 1 - half ... floor(t) + half, are divided by their sum. Of n samples come ceil(n L / M). In
    float64, rounded to float32 at the end. Where the rates are equal, nothing changes.

    Parameters
    ----------
    rate, to : int
        Samples a second that come and that go.
    """

    def __init__(self, rate: int, to: int):
        self.rate, self.to = rate, to
        self._filter = design(rate, to) if rate != to else None
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        # Zeros stand before the first sample, as many as the filter looks back.
        self._rest = np.zeros(self._filter.half - 1 if self._filter else 0)
        self._first = 1 - self._filter.half if self._filter else 0
        self._next = 0

    @property
    def state(self) -> tuple[np.ndarray, int, int]:
        """What the coming samples need to know of those before: the last ones, the place of the first, and the next."""
        return self._rest.copy(), self._first, self._next

    @state.setter
    def state(self, state: tuple[np.ndarray, int, int]) -> None:
        rest, self._first, self._next = state
        self._rest = rest.copy()

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Give the float32 samples that (n,) more samples make complete."""
        if self._filter is None:
            return samples.astype(np.float32)
        self._rest = np.concatenate([self._rest, samples])
        L, M, half, _ = self._filter  # noqa: N806
        # Sample j needs the samples up to floor(j M / L) + half.
        last = self._first + len(self._rest) - 1 - half
        end = max(-((-(last + 1) * L) // M), self._next)
        out = self._at(self._rest, end)
        self._next = end
        drop = end * M // L + 1 - half - self._first
        if drop > 0:
            self._rest, self._first = self._rest[drop:].copy(), self._first + drop
        return out

    def pending(self) -> np.ndarray:
        """Give the samples that would follow if the sound ended now; nothing is consumed."""
        if self._filter is None:
            return np.zeros(0, np.float32)
        seen = self._first + len(self._rest)
        end = -(-seen * self._filter.up // self._filter.down)
        return self._at(np.concatenate([self._rest, np.zeros(2 * self._filter.half)]), end)

    def _at(self, x: np.ndarray, end: int) -> np.ndarray:
        """Output samples from the next up to `end`, of input samples x, the first of which is sample self._first."""
        assert self._filter is not None
        L, M, half, taps = self._filter  # noqa: N806
        out = np.empty(max(end - self._next, 0), np.float32)
        block = max(AT_ONCE // (2 * half), 1)
        for begin in range(self._next, end, block):
            j = np.arange(begin, min(begin + block, end))
            first = j * M // L + 1 - half - self._first
            windows = np.lib.stride_tricks.sliding_window_view(x, 2 * half)[first]
            out[begin - self._next : begin - self._next + len(j)] = np.einsum("jt,jt->j", windows, taps[j * M % L])
        return out


def resample(samples: np.ndarray, rate: int, to: int) -> np.ndarray:
    """Resample (n,) samples, all at once, to ceil(n to / rate) float32 ones; see Resampler.

    >>> import numpy as np
    >>> from gatework.data.resample import resample
    >>> resample(np.ones(441), rate=44_100, to=16_000).shape
    (160,)
    """
    resampler = Resampler(rate, to)
    # In pieces, since an hour of sound in float64 is a gigabyte.
    pieces = [resampler.push(samples[k : k + AT_ONCE]) for k in range(0, len(samples), AT_ONCE)]
    return np.concatenate([*pieces, resampler.pending()])
