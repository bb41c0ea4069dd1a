"""Which model to use, in one plain sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gatework.tasks.significance import ALPHA, ENOUGH_SERIES, ENOUGH_WINDOWS

if TYPE_CHECKING:
    from gatework.tasks.comparison import Row

# What cannot be told apart, and lies this near the lowest error, is as good: then the quickest will do.
NEAR = 1.05


def verdict(rows: Mapping[str, Row], p: Mapping[str, float], where: str, no_signal: float | None = None) -> str:
    """Name the winner, or those between which no difference was found.

    Parameters
    ----------
    rows : mapping of str to Row
        Every model by its name, the lowest MASE first.
    p : mapping of str to float
        How surely each but the first is worse than the first, adjusted for how many they are; NaN where there is too
        little to tell by.
    where : str
        What was scored, as words.
    no_signal : float, optional
        Where series move like a random walk and no model beats the last value: how surely one does (p).
    """
    best, *others = rows
    if np.isnan(rows[best].mase):
        return "No verdict: no series has a MASE. None differs from its last season, or none has a value to score."
    if no_signal is not None:
        proof = f" ({_p(no_signal)})" if no_signal < 1 else ""
        these = "this series moves" if where.endswith(" of 1 series") else "these series move"
        return (
            f"No model beats the last value here{proof}: {these} like a random walk, and there is no signal to trade "
            "on. Use LastValue."
        )
    second = others[0]
    ahead = f"MASE {_shown(rows[best])} against {_shown(rows[second])} of {second}"
    if any(np.isnan(p[name]) for name in others):
        return (
            f"{best} has the lowest error ({ahead}) on {where}, which proves little: {ENOUGH_SERIES} series, or "
            f"{ENOUGH_WINDOWS} windows that span 4 horizons, would say more."
        )
    same = [name for name in others if not p[name] < ALPHA or _shown(rows[name]) == _shown(rows[best])]
    if not same:
        likely, by = max(p[name] for name in others), 100 * (1 - rows[best].mase / rows[second].mase)
        digits = 0 if by >= 0.95 else 1
        return f"{best} wins by {by:.{digits}f} % over {second}, the next best ({_p(likely)}): use it."
    chance = min(p[name] for name in same)
    between = f"No difference found between {_listed([best, *same])} ({_p(chance)})"
    near = [best, *(name for name in same if rows[name].mase <= NEAR * rows[best].mase)]
    if len(near) == 1:
        verb = "does" if where.startswith("1 window ") else "do"
        return f"{between}: {best} has the lowest error, {ahead}, but {where} {verb} not prove it."
    return f"{between}: {_choice(rows, near, len(near) <= len(same))}."


def _choice(rows: Mapping[str, Row], near: Sequence[str], some: bool) -> str:
    seconds = {name: taken for name in near if (taken := rows[name].seconds) is not None}
    if not seconds:
        free = "either" if len(near) == 2 else "any"
        return f"use {free} of {_listed(near)}" if some else f"use {free}"
    quickest = min(seconds, key=seconds.__getitem__)
    return f"use {quickest}, the quickest of {'those within 5 % of the lowest error' if some else 'them'}"


def _listed(names: Sequence[str]) -> str:
    if len(names) > 4:
        return f"{names[0]} and {len(names) - 1} others"
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _shown(row: Row) -> str:
    return f"{row.mase:.3f}"


def _p(value: float) -> str:
    if value < 0.001:
        return "p < 0.001"
    return f"p = {value:.3f}" if value < 0.0095 else f"p = {value:.2f}"
