"""Frames of sound as another speaker, room or day would have given them: drawn anew at each step of the training."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Augment:
    """How much each recording of a batch is changed; every number is drawn anew for every recording.

    x (B, T, D) is in standard deviations, as AudioReader gives it. Where every frame has a target of its own, `speed`
    must be 0: it moves frames.

    Parameters
    ----------
    strength : float
        Multiplies all that follow but the numbers of masks: 0 changes nothing.
    time_masks, time_share : int, float
        Stretches that are set to 0, the mean, each of up to this share of the recording (SpecAugment: Park et al.,
        2019).
    band_masks, band_share : int, float
        Ranges of bands likewise, each of up to this share of the bands.
    speed : float
        Frames are read up to this share faster or slower, by linear interpolation (Ko et al., 2015, who resample the
        sound itself).
    tract : float
        Bands are read up to this share higher or lower, by linear interpolation, as another length of the vocal tract
        would move them (Jaitly & Hinton, 2013).
    gain : float
        Up to this is added to all bands alike: loudness, in a logarithm.
    noise : float
        The standard deviation of what is added to every number, drawn up to this.
    spectral : bool
        Whether the D numbers are bands. False for MFCC, of which only time is masked and noise added: neighbouring
        coefficients are not neighbouring frequencies, so there is no range to mask or to shift, loudness is in the
        first of them alone, and speed is left out because its interpolation smears what they cancel.
    """

    strength: float = 1.0
    time_masks: int = 2
    time_share: float = 0.15
    band_masks: int = 2
    band_share: float = 0.15
    speed: float = 0.15
    tract: float = 0.15
    gain: float = 0.3
    noise: float = 0.1
    spectral: bool = True

    def __call__(self, x: Tensor, lengths: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Change recordings x (B, T, D) of lengths (B,) frames; those from the length on are 0, before and after.

        Returns
        -------
        Tensor, Tensor
            New x (B, T', D) and lengths (B,). T' is the longest length. A recording of a frame keeps one.
        """
        B, T, D = x.shape  # noqa: N806
        # One draw of all that is drawn a recording: small draws cost more than the numbers in them.
        masks = self.time_masks + self.band_masks
        draws = torch.rand((B, 4 + 2 * masks), generator=generator, dtype=x.dtype)
        swing = (2 * draws[:, :3] - 1) * self.strength
        if self.spectral:
            x, lengths = speeded(x, lengths, 1 + self.speed * swing[:, 0])
            x = tracted(x, 1 + self.tract * swing[:, 1])
            T = x.shape[1]  # noqa: N806
        gain = self.gain * swing[:, 2] if self.spectral else torch.zeros(B, dtype=x.dtype)
        level = self.noise * self.strength * draws[:, 3]
        x = _flat_noise(x.shape, generator, x.dtype).mul_(level[:, None, None]).add_(x).add_(gain[:, None, None])
        place, width = draws[:, 4:].unflatten(1, (2, masks)).unbind(1)
        n = self.time_masks
        within = torch.arange(T) < lengths[:, None]
        keep = within & _mask(T, lengths, place[:, :n], width[:, :n] * self.time_share * self.strength)
        x *= keep.to(x.dtype)[:, :, None]
        if self.spectral:
            bands = torch.full_like(lengths, D)
            keep = _mask(D, bands, place[:, n:], width[:, n:] * self.band_share * self.strength)
            x *= keep.to(x.dtype)[:, None, :]
        return x, lengths


def speeded(x: Tensor, lengths: Tensor, factor: Tensor) -> tuple[Tensor, Tensor]:
    """Read recording b at frames 0, factor[b], 2 factor[b] ... up to its last."""
    B, T, _ = x.shape  # noqa: N806
    last = (lengths - 1).to(x.dtype)
    new = (last / factor).round().long() + 1
    # From the first frame to the last exactly, whatever rounding did to their number.
    at = torch.arange(int(new.max()), dtype=x.dtype) * (last / (new - 1).clamp(min=1))[:, None]
    at = torch.minimum(at, last[:, None])
    low = at.long()
    row = (low + T * torch.arange(B)[:, None]).flatten()
    # Only in the last recording has the last frame of all none after it.
    frames, after = x.flatten(0, 1), (row + 1).clamp_(max=B * T - 1)
    share = (at - low).flatten()[:, None]
    between = torch.lerp(frames.index_select(0, row), frames.index_select(0, after), share)
    return between.unflatten(0, low.shape), new


def tracted(x: Tensor, factor: Tensor) -> Tensor:
    """Read band d at band factor[b] d of its own, or the highest."""
    D = x.shape[2]  # noqa: N806
    at = (torch.arange(D, dtype=x.dtype) * factor[:, None]).clamp(max=D - 1)
    # A triangle a band. Such a matrix a recording is quicker than gathering along the last dimension.
    distance = (at[:, None, :] - torch.arange(D, dtype=x.dtype)[:, None]).abs_()
    return x @ distance.neg_().add_(1).clamp_(min=0)


def _flat_noise(shape: torch.Size, generator: torch.Generator, dtype: torch.dtype) -> Tensor:
    """Draw numbers of mean 0 and standard deviation 1, of 256 equally likely values.

    Eight of them are cut from one random number: drawing each by itself took a third of all that Augment does.
    """
    words = torch.empty(-(-shape.numel() // 8), dtype=torch.int64).random_(-(2**63), None, generator=generator)
    numbers = words.view(torch.int8)[: shape.numel()].view(shape).to(dtype)
    return numbers.add_(0.5).mul_(12**0.5 / 256)


def _mask(size: int, lengths: Tensor, place: Tensor, share: Tensor) -> Tensor:
    """Where no mask lies, (B, size): masks of `share` (B, n) of the length, at `place` (B, n) of what is left of it."""
    wide = (share * lengths[:, None]).floor()
    begin = (place * (lengths[:, None] - wide + 1)).floor()
    at = torch.arange(size, dtype=begin.dtype)
    return ((at < begin[:, :, None]) | (at >= (begin + wide)[:, :, None])).all(1)


def masked(x: Tensor, lengths: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Set two stretches of time and two ranges of bands of each recording to 0, each of up to this share."""
    rows, steps, bands = x.shape
    place, width = torch.rand((2, rows, 4), generator=generator)
    keep = _mask(steps, lengths, place[:, :2], share * width[:, :2])[:, :, None]
    keep = keep & _mask(bands, torch.full_like(lengths, bands), place[:, 2:], share * width[:, 2:])[:, None]
    return x * keep
