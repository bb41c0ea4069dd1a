"""What two plain learners see of covariates, by the rules by which the networks read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gatework.data.covariates import Covariates
    from gatework.data.standard import Standard


class Alongside:
    """The covariates of windows: of each step ahead, and of the last steps that were known.

    What is known ahead comes from the latest vintage that was made by a window's cutoff, where there are vintages.

    Parameters
    ----------
    covariates : Covariates
        Of N series.
    lengths : (N,) ints
        The series' steps.
    seasons : sequence of int
        What a step ahead is compared with: the steps so many before it, or whole multiples where those are ahead too.
    h : int
        Steps to forecast.
    standard : Standard, optional
        The units that were learned in; by default those of these series.
    """

    def __init__(
        self,
        covariates: Covariates,
        lengths: Sequence[int],
        seasons: Sequence[int],
        h: int,
        standard: Standard | None = None,
    ):
        # Imports torch, which none of this file's neighbours needs.
        from gatework.data.context import Context
        from gatework.data.standard import Standard

        self.h = h
        self.standard = Standard.of(covariates, lengths) if standard is None else standard
        self._context = Context(covariates, self.standard, lengths, tuple(seasons), h)
        self._past = len(self.standard.past) + sum(unit.gaps for unit in self.standard.past)

    def ahead(self, series: np.ndarray, cutoffs: np.ndarray) -> np.ndarray:
        """Each step ahead (B, h, F): what is known of it, how far that is from its seasons before, what never changes.

        Windows are those of `series` (B,) that end before step `cutoffs` (B,).
        """
        import torch

        return self._context.future(torch.from_numpy(series), torch.from_numpy(cutoffs)).numpy()

    def behind(self, series: np.ndarray, cutoffs: np.ndarray, back: np.ndarray) -> np.ndarray:
        """What is known up to the cutoff only, `back` (K,) steps before the last known one (B, K, F)."""
        if not self._past:
            return np.empty((len(series), len(back), 0), np.float32)
        import torch

        at, ends = (torch.from_numpy(x) for x in (series.repeat(len(back)), (cutoffs[:, None] - back).ravel()))
        found = self._context.past(at, ends, 1).numpy()[:, 0, : self._past]
        return found.reshape(len(series), len(back), -1)
