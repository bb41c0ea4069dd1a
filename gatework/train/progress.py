"""The progress bar: loss, validation, steps a second, time left. On stderr, and only where someone can see it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Redrawn at most this often, in seconds: a step may take less than drawing does.
PAUSE = 0.1
# The loss shown is the mean of this many: a single batch's jumps too much to be read.
RECENT = 20


@contextmanager
def bar(steps: int, wanted: bool | None = None, title: str = "training") -> Iterator[Callable]:
    """Show a bar of `steps` steps; yields `show(history)`, to be called after every step.

    Parameters
    ----------
    steps : int
        How many there will be.
    wanted : bool, optional
        None shows it where stderr is a terminal, so that log files and pipes stay clean.
    title : str
        What stands before it.
    """
    if not (sys.stderr.isatty() if wanted is None else wanted):
        yield lambda history: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (title, BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), auto_refresh=False) as progress:
        task = progress.add_task("", total=steps)
        drawn = 0.0

        def show(history) -> None:
            nonlocal drawn
            now = time.perf_counter()
            if now - drawn < PAUSE and not history.stopped:
                return
            drawn = now
            progress.update(task, completed=len(history.losses), description=describe(history), refresh=True)

        yield show


def describe(history) -> str:
    """One line of where training stands."""
    words = []
    if recent := history.losses[-RECENT:]:
        words.append(f"loss {sum(recent) / len(recent):.4g}")
    if history.validation:
        words.append(f"validation {history.validation[-1][1]:.4g} (best {history.best:.4g})")
    return " · ".join([*words, f"{history.steps_per_second:.1f} steps/s"])
