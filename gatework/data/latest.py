"""As much of a panel as a training can use: where it has more, the latest steps, and of too many series a sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from gatework.data.covariates import Covariates, Vintages
from gatework.data.panel import Panel

# Windows of so many steps take some 140 MB; M4's hourly series have a third of it.
MOST = 1_000_000
# A series keeps as many steps as this many windows, or little could be learned of it.
WINDOWS = 10
# Steps of which forecasts are made at once.
AT_ONCE = 1_000_000


def reach(panel: Panel, window: int, most: int | None = None) -> int | None:
    """How many of the latest steps of each series to keep, so that all have `most` together; None where all can stay.

    Parameters
    ----------
    panel : Panel
        The series.
    window : int
        Steps that one window spans, with what its lags reach back to.
    most : int, optional
        Steps in all, by default `MOST`. There may be more where a series would keep fewer than `WINDOWS` windows.
    """
    most, lengths = most or MOST, np.sort([len(series) for series in panel.values])
    if lengths.sum() <= most:
        return None
    # With a reach of lengths[i] steps, the i shorter series stay whole.
    whole = np.concatenate([[0], lengths.cumsum()[:-1]])
    kept = whole + lengths * np.arange(len(lengths), 0, -1)
    i = int(np.searchsorted(kept, most, side="right"))
    steps = max(int(most - whole[i]) // (len(lengths) - i), WINDOWS * window)
    return steps if steps < lengths[-1] else None


def latest(panel: Panel, steps: int | None) -> Panel:
    """The last `steps` steps of each series, the covariates with them; None keeps all."""
    if steps is None or all(len(series) <= steps for series in panel.values):
        return panel
    drops = [max(len(series) - steps, 0) for series in panel.values]
    return replace(
        panel,
        values=tuple(series[n:] for series, n in zip(panel.values, drops, strict=True)),
        starts=panel.starts + np.array(drops, dtype=np.int64),
        covariates=panel.covariates and _tail(panel.covariates, drops),
    )


def some(panel: Panel, rows: Sequence[int]) -> Panel:
    """Some of the series."""
    # Not above, so that data can be refused before torch is paid for.
    from gatework.data.context import of_series

    return replace(
        panel,
        ids=tuple(panel.ids[i] for i in rows),
        values=tuple(panel.values[i] for i in rows),
        starts=panel.starts[list(rows)],
        covariates=panel.covariates and of_series(panel.covariates, rows),
    )


def sample(panel: Panel, seed: int, most: int | None = None) -> Panel:
    """As many of the series as have `most` steps together, drawn by the seed; all where they have no more."""
    most, lengths = most or MOST, np.array([len(series) for series in panel.values])
    if lengths.sum() <= most:
        return panel
    drawn = np.random.default_rng(seed).permutation(len(lengths))
    count = max(1, int(np.searchsorted(lengths[drawn].cumsum(), most, side="right")))
    return some(panel, np.sort(drawn[:count]).tolist())


def lots(panel: Panel, rows: Sequence[int], steps: int | None) -> Iterator[tuple[list[int], Panel]]:
    """The last `steps` steps of these series, at most `MOST`: a lot at a time, which they are and their panel."""
    lot: list[int] = []
    room, steps = AT_ONCE, steps or MOST
    for i in rows:
        room -= min(len(panel.values[i]), steps)
        if lot and room < 0:
            yield lot, latest(some(panel, lot), steps)
            lot, room = [], AT_ONCE - min(len(panel.values[i]), steps)
        lot.append(i)
    if lot:
        yield lot, latest(some(panel, lot), steps)


def about_size(panel: Panel, steps: int | None, seed: int) -> list[str]:
    """Say what of a large panel is learned from."""
    kept = latest(panel, steps)
    drawn = len(sample(kept, seed))
    notes = []
    if steps is not None:
        notes.append(
            f"the networks learn from the latest {steps:,} steps of each series, and read no more: of "
            f"{sum(map(len, panel.values)):,} steps these are the newest {sum(map(len, kept.values)):,}."
        )
    if drawn < len(panel):
        notes.append(f"the networks learn from {drawn:,} of {len(panel):,} series, drawn by the seed.")
    return notes


def about_reading(panel: Panel, steps: int | None) -> list[str]:
    """Say how many series are longer than what a forecast reads of each, the last `steps` steps, at most `MOST`."""
    steps = steps or MOST
    count = sum(len(series) > steps for series in panel.values)
    if not count:
        return []
    which = (
        "the series is" if len(panel) == 1 else f"{count:,} of {len(panel):,} series {'is' if count == 1 else 'are'}"
    )
    return [f"{which} longer than the {steps:,} steps that are read of each: what lies before them is passed over."]


def _tail(covariates: Covariates, drops: Sequence[int]) -> Covariates:
    """The covariates without the first `drops` steps of each series; a vintage made before what is left stays."""
    vintages = covariates.vintages
    return replace(
        covariates,
        past=tuple(values[n:] for values, n in zip(covariates.past, drops, strict=True)),
        known=tuple(values[n:] for values, n in zip(covariates.known, drops, strict=True)),
        vintages=vintages
        and Vintages(tuple(made - n for made, n in zip(vintages.cutoffs, drops, strict=True)), vintages.values),
    )
