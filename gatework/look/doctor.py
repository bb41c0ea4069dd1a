"""What is wrong with a model, by what it and its data show, with numbers and with the setting that mends it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gatework.errors import DataError, OptionError
from gatework.look import symptoms_data, symptoms_state, symptoms_targets, symptoms_training
from gatework.look.dependence import dependence
from gatework.look.doctor_forecaster import examine_forecaster
from gatework.look.doctor_labels import examine_labels
from gatework.look.finding import TRAINING, Finding, Findings, Said
from gatework.look.memory import memory
from gatework.look.recording import Recording
from gatework.look.subject import Subject, is_labelling, subject
from gatework.look.symptoms_memory import too_short
from gatework.look.visit import laid, moved, read_first, some_rows


def doctor(
    model: Any,
    data: Any = None,
    training: Recording | None = None,
    *,
    lengths: Any = None,
    batch_first: bool | None = None,
    futr_df: Any = None,
    static_df: Any = None,
) -> Findings:
    """Examine a model and its data for what usually goes wrong, and say what to do.

    It stays silent where it is not sure: a list without findings says that none of the faults it knows was seen, not
    that the model is good. The thresholds stand, with their reasons, in one table (gatework/look/limits.py).

    Parameters
    ----------
    model : nn.Module, Forecaster, Classifier or Regressor
        As for `trace`. It stays as it is.
    data : tensor, array, list of (T_i, D) arrays; or a table
        What the model reads, as for `trace`; all of the training data is best. By default a Forecaster's history, or
        the batches of the recording.
    training : Recording, optional
        A training of the module that was recorded: what only it can show is examined too. An estimator keeps its own
        losses.
    lengths, batch_first
        As for `trace`.
    futr_df, static_df : table, dict or path, optional
        Of a Forecaster with covariates, as its `predict` takes them.

    Returns
    -------
    Findings
        A list of `Finding(name, severity, evidence, remedy)`, the serious first; `not_examined` says which names were
        not looked for, and why. `print` tells it. The remedy of an estimator names its own settings, to fit anew with.

    Raises
    ------
    OptionError, DataError, ShapeError, NotFittedError
        As `subject` does.

    Examples
    --------
    >>> import torch, gatework
    >>> from gatework.look import doctor
    >>> found = doctor(gatework.LSTM(2, 8), 300 + torch.randn(50, 40, 2))
    >>> found[0].name, found[0].severity
    ('unscaled input', 'serious')
    """
    if training is not None and not isinstance(training, Recording):
        raise OptionError(
            f"training must be a gatework.look.Recording; got {type(training).__name__}. "
            "Train within `with Recording(model) as recording:`."
        )
    if not isinstance(model, nn.Module):
        if training is not None:
            raise OptionError(
                f"training must be left out with a {_kind(model)}, which keeps its own losses; got a Recording."
            )
        with torch.random.fork_rng([]):
            if is_labelling(model):
                return examine_labels(model, data, lengths)
            return examine_forecaster(model, data, futr_df, static_df)
    if data is None and training is not None:
        data, batch_first = _recorded(training), training.batch_first
    # Copies of layers are drawn before they are given their weights.
    with torch.random.fork_rng(_devices(model)):
        seen = subject(model, data, lengths, batch_first, futr_df=futr_df, static_df=static_df)
        return _examine(model, seen, training, batch_first)


def _kind(model: Any) -> str:
    return type(model).__name__ if is_labelling(model) else "Forecaster"


def _examine(model: nn.Module, seen: Subject, training: Recording | None, batch_first: bool | None) -> Findings:
    """Gather what each examination says."""
    few = some_rows(model, seen, batch_first)
    given = (laid(few, few.x, batch_first), few.lengths, batch_first)
    joined = None if training is None else symptoms_targets.targets(training.batches, training.batch_first)
    if not isinstance(joined, symptoms_targets.Joined):
        depends = dependence(few.x.detach().cpu().double().numpy(), few.alive().cpu().numpy())
    else:
        depends = dependence(joined.x, np.ones(joined.x.shape[:2], bool), joined.y, joined.at_end)
    said = _of_the_data(seen, few)
    # Where rows lie as time, nothing that is measured along time says anything.
    swapped = isinstance(said.get("batch and time swapped"), Finding)
    needed = None if swapped else depends.needed()
    said |= symptoms_state.of_the_state(model, given, few, needed)
    if needed is not None and "memory too short" not in said:
        said["memory too short"] = too_short(needed, depends, memory(model, *given))
    said["model too large"] = _size(seen, training)
    said |= _of_the_training(training, seen.names)
    if training is not None and any(layer.bidirectional for layer in seen.layers.values()):
        said["labels shifted by one"] = "The model reads ahead, where an early label is fair."
    return Findings.of(said)


def _of_the_data(seen: Subject, few: Subject) -> Said:
    read = read_first(few)
    names = (
        seen.names if read.shape[1] == len(seen.names) else [f"{k} of the first layer" for k in range(read.shape[1])]
    )
    x, alive = seen.x.detach().cpu().double().numpy(), seen.alive().cpu().numpy()
    said: Said = {
        "unscaled input": symptoms_data.unscaled(read, names),
        "constant input": symptoms_data.constant(x[alive], seen.names),
    }
    if seen.lengths is None:
        said["batch and time swapped"] = symptoms_data.swapped(x)
        ahead = any(layer.bidirectional for layer in few.layers.values())
        some_x = few.x.detach().cpu().double().numpy()
        said["padding read as data"] = symptoms_data.padding(
            some_x, lambda filled: moved(few, filled), few.stepwise and not ahead
        )
    return said


def _size(seen: Subject, training: Recording | None) -> Finding | None:
    weights = sum(p.numel() for p in seen.net.parameters())
    hidden = max(layer.hidden_size for layer in seen.layers.values())
    values = int(seen.alive().sum()) * seen.x.shape[2]
    return symptoms_state.too_large(weights, max(values, 0 if training is None else training.values), hidden)


def _of_the_training(training: Recording | None, names: tuple[str, ...]) -> Said:
    if training is None:
        return dict.fromkeys(TRAINING, "No training was recorded: give training=Recording(model).")
    calls = next((found for found in training.layers.values() if found), [])
    joined = symptoms_targets.targets(training.batches, training.batch_first)
    said: Said = {
        "learning rate too high": symptoms_training.too_fast(training.losses, training.updates),
        "state shuffled across rows": symptoms_training.shuffled(calls),
        "state reset every step": symptoms_training.reset(calls),
        "detached state": symptoms_training.detached(training.layers),
    }
    if isinstance(joined, str):
        return said | {"target leaking into the input": joined, "labels shifted by one": joined}
    return said | {
        "target leaking into the input": symptoms_targets.leaking(joined, names),
        "labels shifted by one": symptoms_targets.shifted(joined),
    }


def _devices(model: nn.Module) -> list[int]:
    """Return the GPUs that a module lies on, whose random numbers are to stay as they are."""
    return [device.index for device in {p.device for p in model.parameters()} if device.type == "cuda"]


def _recorded(training: Recording) -> Tensor:
    """The inputs of the recorded batches, those of the commonest length, as the model takes them."""
    some = [x for x, _ in training.batches if x.dim() == 3]
    if not some:
        raise DataError(
            "data must be given, or batches be recorded; got neither. Call recording.batch(x, y) in the loop."
        )
    rows = 0 if training.batch_first else 1
    steps = [x.shape[1 - rows] for x in some]
    most = max(set(steps), key=steps.count)
    return torch.cat([x for x in some if x.shape[1 - rows] == most], rows)
