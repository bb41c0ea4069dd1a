"""What stands beside the values in every window: the covariates, as a network reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from gatework.data.covariates import Covariates, Vintages
from gatework.data.standard import Standard, Unit, apply

# What a missing value keeps of the last known one at each step: half of it is left after six and a half.
DECAY = 0.9


class Context:
    """The covariates of windows: standardised, through asinh, with their gaps carried and decayed.

    Where a value is missing, the last known one stands, and goes to the mean, 0, by a tenth a step (as GRU-D does with
    a rate that it learns; Che et al., 2018); a column that had gaps where the network learned has a 0/1 column beside
    it that says which are known.

    What is known ahead comes from the latest vintage made at or before a window's cutoff, so that a network learns how
    far such forecasts can be trusted; before a series' first vintage, and where there are none, from what came to be.

    Parameters
    ----------
    covariates : Covariates
        Of N series.
    standard : Standard
        Their units.
    lengths : (N,) ints
        How many steps of each series can have been seen by any window.
    lags : tuple of int
        Those of the windows.
    h : int
        Steps to forecast.
    """

    def __init__(
        self, covariates: Covariates, standard: Standard, lengths: Sequence[int], lags: tuple[int, ...], h: int
    ):
        self.lags, self.h = lags, h
        self._ahead = torch.arange(h)
        self._gaps = tuple(
            torch.tensor([k for k, unit in enumerate(units) if unit.gaps], dtype=torch.long)
            for units in (standard.past, standard.known)
        )
        past = [_carried(standard.past, part, n) for part, n in zip(covariates.past, lengths, strict=True)]
        # So far that every window finds all of its steps ahead.
        known = [
            _carried(standard.known, part, max(n + h, len(part)))
            for part, n in zip(covariates.known, lengths, strict=True)
        ]
        self._past, self._known = _Flat(past), _Flat(known)
        static = apply(standard.static, covariates.static)
        shown = static[:, [k for k, unit in enumerate(standard.static) if unit.gaps]]
        self._static = torch.from_numpy(np.hstack([np.arcsinh(np.nan_to_num(static)), ~np.isnan(shown)])).float()
        self._vintages = _Foreseen(covariates.vintages, standard.known) if covariates.vintages is not None else None

    def past(self, series: Tensor, cutoffs: Tensor, steps: int) -> Tensor:
        """Read the last `steps` steps before each cutoff: past, known, what of them is known, static (B, steps, n)."""
        offsets = torch.arange(-steps, 0)
        parts = []
        for flat, gaps in zip((self._past, self._known), self._gaps, strict=True):
            values, known = flat.at(series, cutoffs, offsets)
            parts += [torch.asinh(values), known[..., gaps]]
        return torch.cat([*parts, self._static_at(series, steps)], -1)

    def future(self, series: Tensor, cutoffs: Tensor) -> Tensor:
        """Read the h steps from each cutoff on: known, what of it is known, its changes over each lag, static.

        What a lag repeats had other weather: a change is how far the known covariates of a step lie from those of the
        step that the lag repeats there.
        """
        values, known = self._known.at(series, cutoffs, self._ahead)
        if self._vintages is not None:
            last, _ = self._known.at(series, cutoffs, torch.tensor([-1]))
            values, known = self._vintages.instead(series, cutoffs, last[:, 0], values, known)
        changes = []
        for lag in self.lags:
            repeated, _ = self._known.at(series, cutoffs, self._ahead - lag * (1 + self._ahead // lag))
            inside = (cutoffs[:, None] + self._ahead - lag * (1 + self._ahead // lag) >= 0)[..., None]
            changes.append(torch.where(inside, torch.asinh(values - repeated), 0))
        shown = known[..., self._gaps[1]]
        return torch.cat([torch.asinh(values), shown, *changes, self._static_at(series, self.h)], -1)

    def _static_at(self, series: Tensor, steps: int) -> Tensor:
        return self._static[series][:, None].expand(-1, steps, -1)


class _Flat:
    """Series of (values, known), each (T_i, n), one behind the other; outside of them all is 0."""

    def __init__(self, parts: list[tuple[np.ndarray, np.ndarray]]):
        self.lengths = torch.tensor([len(values) for values, _ in parts])
        self.begins = self.lengths.cumsum(0) - self.lengths
        self.values, self.known = (
            torch.from_numpy(np.concatenate([*some, np.zeros((1, some[0].shape[1]), dtype=np.float32)]))
            for some in zip(*parts, strict=True)
        )

    def at(self, series: Tensor, cutoffs: Tensor, offsets: Tensor) -> tuple[Tensor, Tensor]:
        """Values and whether they are known (B, n, columns), at offsets (n,) from the cutoffs (B,)."""
        steps = cutoffs[:, None] + offsets
        inside = (steps >= 0) & (steps < self.lengths[series][:, None])
        rows = torch.where(inside, self.begins[series][:, None] + steps, -1)
        return self.values[rows], self.known[rows]


class _Foreseen:
    """The vintages of N series, in one row."""

    def __init__(self, vintages: Vintages, units: tuple[Unit, ...]):
        counts = [len(cutoffs) for cutoffs in vintages.cutoffs]
        longest = max([values.shape[1] for values in vintages.values], default=0)
        self.values = torch.full((sum(counts) + 1, longest, len(units)), torch.nan)
        ends = np.cumsum(counts)
        for values, end, n in zip(vintages.values, ends.tolist(), counts, strict=True):
            self.values[end - n : end, : values.shape[1]] = torch.from_numpy(apply(units, values))
        self.cutoffs = torch.from_numpy(np.concatenate([*vintages.cutoffs, [0]]).astype(np.int64))
        # Ascending over all series: a series' cutoffs lie between its own number times this and the next one's.
        self.apart = 1 + max([int(cutoffs[-1]) for cutoffs in vintages.cutoffs if len(cutoffs)], default=0)
        self.begins = torch.tensor(ends - counts)
        self.keys = self.cutoffs[:-1].clamp(min=0) + self.apart * torch.from_numpy(
            np.repeat(np.arange(len(counts)), counts)
        )

    def instead(
        self, series: Tensor, cutoffs: Tensor, last: Tensor, values: Tensor, known: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Values and whether they are known (B, h, K) as foreseen at the cutoffs; as given where nothing was yet.

        Gaps are carried on from the last values (B, K) before the cutoffs.
        """
        wanted = self.apart * series + cutoffs.clamp(max=self.apart - 1)
        row = torch.searchsorted(self.keys, wanted, right=True) - 1
        some = (row >= self.begins[series])[:, None, None]
        row = torch.where(some[:, 0, 0], row, -1)
        steps = (cutoffs - self.cutoffs[row])[:, None] + torch.arange(values.shape[1])
        said = steps < self.values.shape[1]
        foreseen = self.values[row[:, None], torch.where(said, steps, 0).clamp(max=max(self.values.shape[1] - 1, 0))]
        foreseen = torch.where(said[..., None], foreseen, torch.nan)
        filled = []
        for now in foreseen.unbind(1):
            last = torch.where(torch.isnan(now), DECAY * last, now)
            filled.append(last)
        return (
            torch.where(some, torch.stack(filled, 1), values),
            torch.where(some, (~torch.isnan(foreseen)).float(), known),
        )


def of_series(covariates: Covariates, rows: Sequence[int]) -> Covariates:
    """The covariates of some series."""
    vintages = covariates.vintages
    return replace(
        covariates,
        past=tuple(covariates.past[i] for i in rows),
        known=tuple(covariates.known[i] for i in rows),
        static=covariates.static[list(rows)],
        vintages=vintages and Vintages(*(tuple(part[i] for i in rows) for part in vintages)),
    )


def past_owners(standard: Standard | None) -> tuple[int, ...]:
    """Which of the caller's columns each number that `Context.past` gives a step comes from."""
    if standard is None:
        return ()
    return tuple(owner for units in (standard.past, standard.known, standard.static) for owner in _owners(units))


def future_owners(standard: Standard | None, lags: Sequence[int]) -> tuple[int, ...]:
    """Which of the caller's columns each number that `Context.future` gives a step comes from."""
    if standard is None:
        return ()
    changes = [unit.column for unit in standard.known] * len(lags)
    return (*_owners(standard.known), *changes, *_owners(standard.static))


def _owners(units: tuple[Unit, ...]) -> list[int]:
    return [unit.column for unit in units] + [unit.column for unit in units if unit.gaps]


def _carried(units: tuple[Unit, ...], values: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Standardise (T, n) values, lengthen or cut them to `steps`, and let gaps decay; and say which are known."""
    z = np.full((steps, len(units)), np.nan, dtype=np.float32)
    z[: len(values)] = apply(units, values[:steps])
    known = ~np.isnan(z)
    last = np.maximum.accumulate(np.where(known, np.arange(steps)[:, None], -1), axis=0)
    carried = np.take_along_axis(z, np.maximum(last, 0), axis=0) * DECAY ** (np.arange(steps)[:, None] - last)
    return np.where(last < 0, 0, carried).astype(np.float32), known.astype(np.float32)
