"""What is wrong with a model, by what it and its data show, with numbers and with the setting that mends it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gatework.errors import DataError, GateworkError, OptionError
from gatework.look import symptoms_data, symptoms_state, symptoms_targets, symptoms_training
from gatework.look.dependence import Dependence, dependence
from gatework.look.finding import TRAINING, Finding, Findings
from gatework.look.gradients import gradients
from gatework.look.memory import memory
from gatework.look.recording import Recording
from gatework.look.subject import Subject, subject
from gatework.look.symptoms_memory import too_short
from gatework.look.visit import laid, moments, moved, read_first, some_rows

# A forecaster of few series is examined on several windows of each.
WINDOWS = 64

# What is said of a name: a finding, nothing, or why it could not be looked for.
Said = dict[str, Finding | str | None]


def doctor(
    model: Any,
    data: Any = None,
    training: Recording | None = None,
    *,
    lengths: Any = None,
    batch_first: bool | None = None,
) -> Findings:
    """Examine a model and its data for what usually goes wrong, and say what to do.

    It stays silent where it is not sure: a list without findings says that none of the faults it knows was seen, not
    that the model is good. The thresholds stand, with their reasons, in one table (gatework/look/limits.py).

    Parameters
    ----------
    model : nn.Module or Forecaster
        As for `trace`. It stays as it is.
    data : tensor, array, list of (T_i, D) arrays; or a table
        What the model reads, as for `trace`; all of the training data is best. By default a Forecaster's history, or
        the batches of the recording.
    training : Recording, optional
        A training of the model that was recorded: what only it can show is examined too.
    lengths, batch_first
        As for `trace`.

    Returns
    -------
    Findings
        A list of `Finding(name, severity, evidence, remedy)`, the serious first; `not_examined` says which names were
        not looked for, and why. `print` tells it.

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
    if data is None and training is not None:
        data, batch_first = _recorded(training), training.batch_first
    # Copies of layers are drawn before they are given their weights.
    with torch.random.fork_rng(_devices(model)):
        return _examine(model, data, training, lengths, batch_first)


def _examine(model: Any, data: Any, training: Recording | None, lengths: Any, batch_first: bool | None) -> Findings:
    """Gather what each examination says."""
    if isinstance(model, nn.Module):
        seen = subject(model, data, lengths, batch_first)
    else:
        seen = _windows(model, data)
    few = some_rows(model, seen, batch_first)
    given = (laid(few, few.x, batch_first), few.lengths, batch_first) if isinstance(model, nn.Module) else (data,)
    joined = None if training is None else symptoms_targets.targets(training.batches, training.batch_first)
    if not isinstance(joined, symptoms_targets.Joined):
        depends = dependence(few.x.detach().cpu().double().numpy(), few.alive().cpu().numpy())
    else:
        depends = dependence(joined.x, np.ones(joined.x.shape[:2], bool), joined.y, joined.at_end)
    said = _of_the_data(model, seen, few)
    # Where rows lie as time, nothing that is measured along time says anything.
    swapped = isinstance(said.get("batch and time swapped"), Finding)
    needed = depends.needed() if isinstance(model, nn.Module) and not swapped else None
    said |= _of_the_state(model, given, few, depends, needed)
    said |= {"model too large": _size(model, seen, training)}
    said |= _of_the_training(model, training, seen.names)
    found = [one for one in said.values() if isinstance(one, Finding)]
    return Findings(found, {name: one for name, one in said.items() if isinstance(one, str)})


def _of_the_data(model: Any, seen: Subject, few: Subject) -> Said:
    read = read_first(few)
    names = (
        seen.names if read.shape[1] == len(seen.names) else [f"{k} of the first layer" for k in range(read.shape[1])]
    )
    said: Said = {"unscaled input": symptoms_data.unscaled(read, names)}
    x, alive = seen.x.detach().cpu().double().numpy(), seen.alive().cpu().numpy()
    if not isinstance(model, nn.Module):
        # Of a forecaster's inputs these are its user's; what never changes of a series is so on purpose.
        given = {*(model.futr_exog_list or ()), *(model.hist_exog_list or ())}
        some = [k for k, name in enumerate(seen.names) if name in given]
        remedy = "Leave it out of futr_exog_list or hist_exog_list."
        return said | {
            "constant input": symptoms_data.constant(x[alive][:, some], [seen.names[k] for k in some], remedy)
        }
    said["constant input"] = symptoms_data.constant(x[alive], seen.names)
    if seen.lengths is None:
        said["batch and time swapped"] = symptoms_data.swapped(x)
        ahead = any(layer.bidirectional for layer in few.layers.values())
        some_x = few.x.detach().cpu().double().numpy()
        said["padding read as data"] = symptoms_data.padding(
            some_x, lambda filled: moved(few, filled), few.stepwise and not ahead
        )
    return said


def _of_the_state(model: Any, given: tuple, few: Subject, depends: Dependence, needed: int | None) -> Said:
    wrong = sum(int((~torch.isfinite(p)).sum()) for p in few.net.parameters())
    if wrong:
        rest = ("vanishing gradient", "saturated gates", "dead units", "forget bias too low", "memory too short")
        count = sum(p.numel() for p in few.net.parameters())
        return {"exploding gradient": symptoms_state.spoiled(wrong, count)} | dict.fromkeys(
            rest, "The model's weights are no numbers."
        )
    layers = moments(few)
    said: Said = {
        "saturated gates": symptoms_state.saturated(layers),
        "dead units": symptoms_state.dead(layers),
        "forget bias too low": symptoms_state.forgetful(few.layers, layers),
    }
    try:
        flows = gradients(model, *given).flows
        said["exploding gradient"] = symptoms_state.exploding(flows)
        said["vanishing gradient"] = symptoms_state.vanishing(flows, needed)
    except GateworkError as error:
        said |= dict.fromkeys(("exploding gradient", "vanishing gradient"), str(error))
    if not isinstance(model, nn.Module):
        said["memory too short"] = "A forecaster's lags and its simple forecast reach farther back than its network."
    elif needed is not None:
        said["memory too short"] = too_short(needed, depends, memory(model, *given))
    return said


def _size(model: Any, seen: Subject, training: Recording | None) -> Finding | None:
    weights = sum(p.numel() for p in seen.net.parameters())
    hidden = max(layer.hidden_size for layer in seen.layers.values())
    if not isinstance(model, nn.Module):
        values = sum(int(np.isfinite(series).sum()) for series in model.panel_.values)
        return symptoms_state.too_large(weights, values, hidden, float(model.net_.trust))
    values = int(seen.alive().sum()) * seen.x.shape[2]
    return symptoms_state.too_large(weights, max(values, 0 if training is None else training.values), hidden)


def _of_the_training(model: Any, training: Recording | None, names: tuple[str, ...]) -> Said:
    if training is None:
        said: Said = dict.fromkeys(TRAINING, "No training was recorded: give training=Recording(model).")
        history = getattr(model, "history_", None)
        if history is not None and history.losses:
            said["learning rate too high"] = symptoms_training.too_fast(history.losses)
        return said
    calls = next((found for found in training.layers.values() if found), [])
    joined = symptoms_targets.targets(training.batches, training.batch_first)
    said = {
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


def _devices(model: Any) -> list[int]:
    """Return the GPUs that a module lies on, whose random numbers are to stay as they are."""
    found = {p.device for p in model.parameters()} if isinstance(model, nn.Module) else set()
    return [device.index for device in found if device.type == "cuda"]


def _windows(model: Any, data: Any) -> Subject:
    """Windows of a forecaster's series, several of each where there are few; before what must be known ahead."""
    back = model.ahead if getattr(model, "futr_exog_list", None) else 0
    seen = subject(model, data, back=back)
    rows = seen.x.shape[1]
    return seen if rows >= WINDOWS else subject(model, data, back=back, windows=-(-WINDOWS // rows))


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
