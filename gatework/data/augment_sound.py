"""Recordings as another voice, microphone and room would have given them: some of each batch, drawn anew each time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gatework.data.augment_audio import masked, speeded, tracted
from gatework.data.normalise import DEPTH, LEAST_STD

# Under any noise that comes: what is quiet.
QUIET = -40.0
# Shapes over the bands, cosines, that an equaliser or the colour of a noise is made of.
SHAPES = 3
# Of so many recordings something quiet stands before, and of so many after.
AMID = 0.6


@dataclass(frozen=True)
class Surroundings:
    """How much the log-mel bands of each recording of a batch are changed: where a room does it, in power.

    Only for bands that are measured by the training set's mean and spread, with each recording's loudness taken out or
    not: what was measured by the recording's own spread cannot be led back to the sound.

    Parameters
    ----------
    mean, std : tuple of float
        What the bands are measured by, in nepers.
    level : bool
        Whether a recording's loudness is taken out.
    silence : float
        Up to so many quiet frames come before a recording, and after it: files are cut as their makers liked.
    speed, tract : float
        As in augment_audio.Augment: faster or slower, a longer or shorter vocal tract.
    equaliser : float
        Spread of each of three smooth shapes that are added over the bands, in nepers: another microphone.
    noise : (float, float)
        A room's noise lies that many nepers under the loudest number, with a colour of its own.
    masks : float
        Two stretches of time and two ranges of bands, each up to this share, become the mean (Park et al., 2019).
    share : float
        Of so many recordings: the others stay as they came, since who was learned from will often be heard again.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    level: bool = True
    silence: float = 10.0
    speed: float = 0.15
    tract: float = 0.15
    equaliser: float = 1.0
    noise: tuple[float, float] = (4.0, 12.0)
    masks: float = 0.15
    share: float = 0.5

    def __call__(self, x: Tensor, lengths: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Change recordings x (B, T, D) of lengths (B,) frames; behind the end of each is 0, before and after."""
        moved = torch.rand(len(x), generator=generator) < self.share
        if not moved.any():
            return x, lengths
        other, ends = self._elsewhere(x[moved], lengths[moved], generator)
        lengths = lengths.masked_scatter(moved, ends)
        whole = x.new_zeros(len(x), int(lengths.max()), x.shape[2])
        here = min(x.shape[1], whole.shape[1])
        whole[~moved, :here] = x[~moved, :here]
        whole[moved, : other.shape[1]] = other
        return whole, lengths

    def _elsewhere(self, x: Tensor, lengths: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        mean, std = torch.tensor(self.mean), torch.tensor(self.std).clamp(min=LEAST_STD)
        rows, bands = len(x), x.shape[2]
        draws = torch.rand((rows, 7), generator=generator)
        # Nepers again, but for a loudness that is taken out once more at the end.
        x = x * std + mean
        if self.speed:
            x, lengths = speeded(x, lengths, 1 + self.speed * (2 * draws[:, 0] - 1))
        if self.silence:
            x, lengths = _amid_silence(x, lengths, self.silence, draws[:, 1:5])
        x = tracted(x, 1 + self.tract * (2 * draws[:, 5] - 1))
        shapes = (torch.arange(1, SHAPES + 1)[:, None] * (torch.arange(bands) + 0.5) * (math.pi / bands)).cos()
        x = x + (self.equaliser * torch.randn((rows, SHAPES), generator=generator) @ shapes)[:, None]
        alive = (torch.arange(x.shape[1]) < lengths[:, None])[..., None]
        under = self.noise[0] + (self.noise[1] - self.noise[0]) * draws[:, 6]
        room = (_loudest(x, alive) - under)[:, None] + torch.randn((rows, SHAPES), generator=generator) @ shapes
        # It flickers by half a neper; uniform numbers are drawn in a third of the time of normal ones.
        flicker = 12**0.5 * (torch.rand(x.shape, generator=generator) - 0.5)
        x = torch.logaddexp(x, room[:, None] + 0.5 * flicker)
        if self.level:
            x = torch.maximum(x, _loudest(x, alive)[:, None, None] - DEPTH)
            # As normalise.level has it: the mean over bands of the logarithm of each band's mean power.
            power = x.masked_fill(~alive, -torch.inf).logsumexp(1) - lengths.log()[:, None]
            x = x - power.mean(1)[:, None, None]
        return masked((x - mean) / std * alive, lengths, self.masks, generator), lengths


def _loudest(x: Tensor, alive: Tensor) -> Tensor:
    return x.masked_fill(~alive, -torch.inf).flatten(1).amax(1)


def _amid_silence(x: Tensor, lengths: Tensor, most: float, draws: Tensor) -> tuple[Tensor, Tensor]:
    """Put up to `most` quiet frames before some recordings and after some."""
    before, after = ((most * draws[:, :2]) * (draws[:, 2:] < AMID)).long().unbind(1)
    new = lengths + before + after
    at = torch.arange(int(new.max())) - before[:, None]
    sound = (at >= 0) & (at < lengths[:, None])
    x = x.gather(1, at.clamp(0, x.shape[1] - 1)[..., None].expand(-1, -1, x.shape[2]))
    return x.masked_fill(~sound[..., None], QUIET), new
