"""What frames of sound are measured by: the recording, its loudness, the sound so far, or the training set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

NORMALISE = ("utterance", "level", "running", "training")
# Those that wait for the end of the recording.
WHOLE = ("utterance", "level")
# In the features' own units, nepers: what differs less than this is not blown up.
LEAST_STD = 0.1
# Seconds of sound that the training set's mean and variance count for at the start of a running normalisation, and
# seconds after which it forgets.
PRIOR, MEMORY = 0.5, 30.0
# Nepers of power (4.3 dB each) under the loudest number of a recording below which another microphone's noise would be.
DEPTH = 9.0


class Running:
    """Frames in units of the mean and spread so far, or of fixed ones.

    With weights a = 1 / min(n0 + k + 1, n1), where the first frame has k = 0, n0 = 0.5 s / hop and n1 = 30 s / hop,

    ``d = x - m;  m = m + a d;  v = (1 - a) (v + a d^2);  y = (x - m) / max(sqrt(v), 0.1)``,

    which is Welford's (1962) recursion, begun as if n0 frames of the training set had come before, and forgetting
    exponentially from n1 frames on. Frame k's answer needs no later frame. In float64, rounded to float32 at the end.

    Parameters
    ----------
    mean, std : sequence of float
        The training set's, D each.
    hop : float
        Seconds from one frame to the next.
    fixed : bool
        Whether mean and std stay as they are.
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float], hop: float, fixed: bool = False):
        self.fixed = fixed
        self.first, self.most = round(PRIOR / hop), round(MEMORY / hop)
        # How many frames came, and m and v after them; never changed in place, so that a state kept stays as it was.
        self.state = (0, np.array(mean), np.array(std) ** 2)

    def push(self, frames: np.ndarray) -> np.ndarray:
        """Give (K, D) more frames in their units, float32."""
        seen, mean, variance = self.state
        if self.fixed:
            return units(frames, mean, np.sqrt(variance))
        out = np.empty_like(frames)
        for k, x in enumerate(frames.astype(np.float64)):
            weight = 1 / min(self.first + seen + 1, self.most)
            distance = x - mean
            mean = mean + weight * distance
            variance = (1 - weight) * (variance + weight * distance**2)
            out[k] = units(x, mean, np.sqrt(variance))
            seen += 1
        self.state = seen, mean, variance
        return out


def level(frames: np.ndarray) -> np.ndarray:
    """Take from log-mel frames (T, D) how loud they are, which is one number, and what lies far below it; float64.

    ``x = max(x, max over all of x - 9);  y = x - mean over the bands of ln(mean over the frames of exp(x))``,

    so that neither silence around a word nor the distance to the microphone changes how the word is read. Then the
    training set's mean and standard deviation, of frames treated alike, measure y: a recording's own of each band
    would take from a single word the bands that it is told by.
    """
    x = np.maximum(frames, frames.max() - DEPTH).astype(np.float64)
    return x - np.log(np.exp(x).mean(0)).mean()


def units(x: np.ndarray, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Express frames (..., D) in standard deviations from the mean, float32; those below 0.1 count as 0.1."""
    return ((x - mean) / np.maximum(std, LEAST_STD)).astype(np.float32)


def measure(recordings: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Give the mean and the standard deviation (D,) of all frames of many recordings (T_i, D)."""
    count, total, squares = 0, np.zeros(1), np.zeros(1)
    for frames in recordings:
        wide = frames.astype(np.float64)
        count, total, squares = count + len(wide), total + wide.sum(0), squares + (wide**2).sum(0)
    mean = total / count
    return mean, np.sqrt(np.maximum(squares / count - mean**2, 0))
