"""A model and its data as every instrument sees them: time first, in eval mode, with gatework's own layers inside."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gatework.errors import DataError, OptionError, check_shape
from gatework.look.batch import alive, read_batch
from gatework.look.running import asker, runner
from gatework.look.sequences import Sequences
from gatework.nn import from_torch
from gatework.nn.stack import Recurrent

THEIRS = (nn.LSTM, nn.GRU, nn.RNN)


@dataclass(frozen=True)
class Subject:
    """What an instrument looks at. Sizes: T time, B rows, D inputs, K answers.

    Attributes
    ----------
    net : nn.Module
        A copy in eval mode, torch's recurrent layers replaced by gatework's. The caller's model stays as it is.
    layers : dict of str to Recurrent
        The recurrent layers in it, by module path; "layer" for a bare one.
    x : (T, B, D) tensor
        What the model reads; 0 past a row's end. Where it reads tokens, what its embedding makes of them.
    lengths : (B,) int64 tensor, optional
        How many steps of each row count; None: all.
    run : callable
        x (T, B, D) -> answers: (T, B, K), one for each step, or (1, B, K), one about the end. Differentiable. It also
        takes (T, n * B, D), the B rows n times over.
    names : tuple of str
        Of the D inputs.
    stepwise : bool
        Whether there is an answer for each step.
    loss : callable, optional
        x -> the loss that the model was trained with, a scalar; None where that is not known.
    tokens : (T, B) int64 tensor, optional
        What an embedding reads.
    sequences : Sequences, optional
        Of a Classifier or Regressor: what its rows are to a person.
    remembered : callable, optional
        Where an input reaches the answer without being remembered, as it does a mean over all steps: x -> (T, B, S),
        what the layers give at each step. A memory is looked for there.
    losing : str
        What the loss is called.
    """

    net: nn.Module
    layers: dict[str, Recurrent]
    x: Tensor
    lengths: Tensor | None
    run: Callable[[Tensor], Tensor]
    names: tuple[str, ...]
    stepwise: bool = False
    loss: Callable[[Tensor], Tensor] | None = None
    tokens: Tensor | None = None
    sequences: Sequences | None = None
    remembered: Callable[[Tensor], Tensor] | None = None
    losing: str = "the quantile loss"

    @property
    def stride(self) -> int:
        """How many steps of x one step of the layers stands for."""
        return 1 if self.sequences is None else self.sequences.stride

    @property
    def given(self) -> Tensor:
        """What the model is called with, time first: the tokens, or x."""
        return self.x if self.tokens is None else self.tokens

    def alive(self) -> Tensor:
        """Say which steps count, (T, B) bool."""
        steps, rows = self.x.shape[:2]
        ends = torch.full((rows,), steps) if self.lengths is None else self.lengths
        return alive(steps, ends.to(self.x.device))


def subject(
    model: Any,
    data: Any = None,
    lengths: Any = None,
    batch_first: bool | None = None,
    *,
    windows: int = 1,
    back: int = 0,
    futr_df: Any = None,
    static_df: Any = None,
) -> Subject:
    """See a model and its data as the instruments do.

    Parameters
    ----------
    model : nn.Module, Forecaster, Classifier or Regressor
        A gatework or torch.nn LSTM, GRU or RNN; a module that holds some and is called as `model(x)`, with
        `lengths=` where it takes them, of whose answers the first counts; or a fitted estimator.
    data : tensor, array, list of (T_i, D) arrays; or a table
        What the module reads: (T, B, D), or (B, T, D) with `batch_first`; (T, D) is one row; a list is padded. Whole
        numbers are tokens for an nn.Embedding, without the last axis. For a Forecaster a table as its `predict` takes,
        by default the history it keeps. For a Classifier or Regressor what its `predict` takes, or a tuple (X, y) with
        what is true: of many sequences 128, spread evenly over all.
    lengths : (B,) whole numbers, optional
        Where each row of an array ends.
    batch_first : bool, optional
        How data lie, and the model's own inputs and answers. By default as its first recurrent layer has it.
    windows : int
        Of a Forecaster: windows a series, the last one at its end, the others spread evenly over what lies before.
    back : int
        Of a Forecaster: how many steps before a series' end its last window ends. From `h` on, all is known that is
        forecast, and `loss` is the forecaster's own.
    futr_df, static_df : table, dict or path, optional
        Of a Forecaster with covariates, as its `predict` takes them.

    Raises
    ------
    OptionError, DataError, ShapeError, NotFittedError
        A model without a recurrent layer, or data that do not fit it.

    Examples
    --------
    >>> import torch, gatework
    >>> from gatework.look import subject
    >>> seen = subject(torch.nn.LSTM(3, 8, batch_first=True), torch.randn(2, 50, 3))
    >>> seen.x.shape, seen.run(seen.x).shape, list(seen.layers)
    (torch.Size([50, 2, 3]), torch.Size([50, 2, 8]), ['layer'])
    """
    if is_labelling(model):
        from gatework.look.labels import of_labels

        _refuse(type(model).__name__, batch_first=batch_first, futr_df=futr_df, static_df=static_df)
        return of_labels(model, data, lengths)
    if not isinstance(model, nn.Module):
        from gatework.look.forecaster import of_forecaster, panel_of

        return of_forecaster(model, panel_of(model, data, futr_df, static_df), windows, back)
    _refuse("module", futr_df=futr_df, static_df=static_df)
    net = copied(model)
    layers = recurrent(net)
    first = next(iter(layers.values()))
    batch_first = first.batch_first if batch_first is None else batch_first
    if data is None:
        raise DataError("data must be given with a module; got None. Give a batch that it reads.")
    given, ends = read_batch(data, lengths, batch_first, net, first.weight_ih_l0)
    if net is first:
        check_shape(
            "data", tuple(given.shape), ("T", "B", first.input_size), f"The layer has {first.input_size} inputs."
        )
    ask, x, names = asker(net, given, ends, batch_first)
    run, stepwise = runner(net, ask, x, ends, batch_first, any(layer.bidirectional for layer in layers.values()))
    tokens = None if given.is_floating_point() else given
    return Subject(net, layers, x, ends, run, names, stepwise, tokens=tokens)


def is_labelling(model: Any) -> bool:
    """Whether a model is a Classifier or a Regressor."""
    from gatework.tasks.labels.labelling import Labelling

    return isinstance(model, Labelling)


def _refuse(what: str, **given: Any) -> None:
    """Refuse what belongs to another kind of model."""
    for name, value in given.items():
        if value is not None:
            why = "Its layout= says how arrays lie." if name == "batch_first" else "A fitted Forecaster reads it."
            raise OptionError(f"{name} must be left out with a {what}; got one. {why}")


def copied(model: nn.Module) -> nn.Module:
    """Copy a model, in eval mode, with gatework's layers in the place of torch's."""
    theirs = any(type(one) in THEIRS for one in model.modules())
    return (from_torch(model) if theirs else deepcopy(model)).eval()


def recurrent(net: nn.Module) -> dict[str, Recurrent]:
    """Name the gatework layers in a model. Raises OptionError where there is none."""
    found = {name or "layer": one for name, one in net.named_modules() if isinstance(one, Recurrent)}
    if not found:
        raise OptionError(
            f"model must be or hold an LSTM, GRU or RNN; got {type(net).__name__}. There is no memory to look into."
        )
    return found
