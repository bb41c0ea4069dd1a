"""The report: everything that the instruments say of a model, as one page that works from disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from torch import nn

from gatework.data.panel import Panel
from gatework.errors import GateworkError, OptionError
from gatework.look.doctor import doctor
from gatework.look.forecaster import panel_of
from gatework.look.gradients import gradients
from gatework.look.items import evenly, items_of, picked
from gatework.look.memory import memory
from gatework.look.networks import folded
from gatework.look.pack import ROWS, pack
from gatework.look.page import need_bokeh, page
from gatework.look.recording import Recording
from gatework.look.subject import is_labelling
from gatework.look.timescale import timescales
from gatework.look.trace import Trace, trace
from gatework.train.checkpoint import write_whole

T = TypeVar("T")

# Of a forecaster a person sees numbers that she did not give it.
FORECASTER = (
    " A row is the last window of a series, in a unit of its own: the encoder reads its values and their changes, with "
    "a 1 where a value is known, and the decoder then says the forecast, step by step."
)

LABELS = "The curves and the doctor look at up to 128 sequences, spread evenly over all."


def report(
    model: Any,
    data: Any,
    path: str | os.PathLike,
    lengths: Any = None,
    batch_first: bool | None = None,
    *,
    futr_df: Any = None,
    static_df: Any = None,
    training: Recording | None = None,
    title: str | None = None,
) -> Path:
    """Write what a model remembers as a page: one file that needs no network.

    It shows the cell as a diagram, with the numbers of every step; inputs, gates, memories and answers over time; the
    memory curve, the gradient curve, and the doctor's findings.

    Parameters
    ----------
    model : nn.Module, Forecaster, Classifier or Regressor
        As for `trace`. It stays as it is.
    data : tensor, array, list of (T_i, D) arrays; or a table
        What it reads, as for `trace`; None is the history that a Forecaster keeps. The page shows the first 8 rows, or
        8 sequences spread evenly over all of a Classifier's or Regressor's, and of very long ones the last steps.
    path : path
        The file, which ends in .html.
    lengths, batch_first
        As for `trace`.
    futr_df, static_df : table, optional
        What goes with a Forecaster's data, as for `trace`.
    training : Recording, optional
        A recorded training, for the doctor.
    title : str, optional
        The page's heading.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    OptionError
        Bokeh is not installed, or the file is no .html.
    OptionError, DataError, ShapeError, NotFittedError
        As `trace` does. What the other instruments refuse, the page says in their place.

    Examples
    --------
    >>> import torch, gatework
    >>> from gatework.look import report
    >>> report(gatework.LSTM(3, 8), torch.randn(50, 2, 3), "report.html").name
    'report.html'
    """
    need_bokeh()
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise OptionError(f"path must end in .html; got '{path}'. A browser opens it.")
    given: tuple = (data, lengths, batch_first)
    if is_labelling(model):
        model._check_fitted("it is looked into")
        data, lengths = items_of(model, data, lengths), None
        given = (data, lengths, batch_first)
    elif not isinstance(model, nn.Module):
        data, futr_df, static_df = panel_of(model, data, futr_df, static_df), None, None
        given = (data,)
    found = trace(model, _chosen(model, data), *given[1:], futr_df=futr_df, static_df=static_df)
    text = page(
        title or f"What this {type(model).__name__} remembers",
        _about(model, found),
        pack(found, _rows(data, found), _scales(found), len(data) if found.sequences is not None else None),
        _asked(lambda: memory(model, *given)),
        _asked(lambda: gradients(model, *given)),
        _asked(lambda: doctor(model, data, training, lengths=lengths, batch_first=batch_first)),
    )
    write_whole(path, text.encode())
    return path


def _chosen(model: Any, data: Any) -> Any:
    """The few sequences that a page shows, spread evenly over all."""
    if not is_labelling(model):
        return data
    return picked(data, evenly(len(data), ROWS))


def _asked(instrument: Callable[[], T]) -> T | str:
    """What an instrument finds; or the sentence with which it refuses, so that the others are seen all the same."""
    try:
        return instrument()
    except GateworkError as error:
        return str(error)


def _about(model: Any, found: Trace) -> str:
    """What read what, in sentences."""
    steps, rows, inputs = found.x.shape
    places = folded(found.layers)
    networks = len(found.layers) // len(places)
    units = sum(next(iter(found.layers[names[0]].values())).shape[2] for names in places.values())
    each = "" if found.sequences is not None else f" and {_count(inputs, 'input')}"
    return (
        (f"{networks} networks that answer together, each with " if networks > 1 else "")
        + f"{_count(len(places), 'layer')} and {_count(units, 'unit')}, read {_count(rows, 'row')} of "
        + f"{'up to ' if found.lengths is not None else ''}{_count(steps, 'step')}{each}."
        + (FORECASTER if found.sequences is None and not isinstance(model, nn.Module) else "")
        + ("" if found.sequences is None else f" {found.sequences.about()} {LABELS}")
    )


def _scales(found: Trace) -> dict[str, Any]:
    """How long each unit's gate keeps a memory, in steps of the inputs."""
    return {name: found.stride * one for name, one in timescales(found.layers).items()}


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _rows(data: Any, found: Trace) -> Sequence[str]:
    """The names of the rows: a forecaster's series have some, and sequences do."""
    rows = found.x.shape[1]
    if found.sequences is not None:
        return found.sequences.ids
    if isinstance(data, Panel) and len(data) == rows and data.columns.id is not None:
        return [str(name) for name in data.ids]
    return [f"row {k}" for k in range(rows)]
