"""What is wrong with a fitted classifier or regressor, and which of its own settings mends it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from gatework.look import symptoms_data, symptoms_labels, symptoms_state, symptoms_training
from gatework.look.finding import Finding, Findings, Said
from gatework.look.items import items_of
from gatework.look.labels import of_labels
from gatework.look.subject import Subject

# {rate} is a third of the learning rate of the fit, {half} half of its units, {dropout} more of what it leaves out.
REMEDIES = {
    "unscaled input": "The reader measured the sequences of the fit: give these in the same units, or fit anew with "
    "such among them.",
    "constant input": "Leave it out: feature_cols= names the others. Of sound a lower sample_rate= has no empty bands.",
    "forget bias too low": "It was learned, not set: fit anew with learning_rate={rate}.",
    "saturated gates": "Its scores on what was held out come of these gates: where they are good, leave them. Else fit "
    "anew with learning_rate={rate}.",
    "dead units": "Fit anew with hidden_size={half}, or with learning_rate={rate}.",
    "exploding gradient": "Fit anew with learning_rate={rate}.",
    "vanishing gradient": 'Fit anew with learning_rate={rate}; a plain RNN with cell="lstm".',
    "learning rate too high": "Fit anew with learning_rate={rate}.",
    "overfitted": "More sequences help most; else fit anew with dropout={dropout:.1f}, or with hidden_size={half}.",
    "one answer for all": 'Fit anew with learning_rate={rate}, or longer (effort="best"); where one class is far '
    'commoner than the others, with class_weight="balanced".',
    "unused memory": "It answers from single steps: evaluate() says whether its linear rival does as well. Where the "
    'order should matter, fit anew with pooling="last", or for longer.',
}

# What cannot be wrong with it, and what is not looked for.
NEVER = ("padding read as data", "state shuffled across rows", "state reset every step", "detached state")
SKIPPED = {
    "batch and time swapped": "layout= says how arrays lie, and what fit inferred is in notes_.",
    "memory too short": "How far back labels depend on their sequences is not measured.",
    "model too large": "A folder keeps no sequences to count the values of; overfitted says what comes of it.",
    "target leaking into the input": "Which columns tell the label is not measured: leave out what comes after it.",
    "labels shifted by one": "Labels of single steps are not held against the steps beside them.",
}
# As of a Forecaster, gates at their ends do not say that its answers are any worse.
MILD = ("saturated gates",)


def examine_labels(model: Any, data: Any, lengths: Any = None) -> Findings:
    """Gather what each examination says; the parameters are those of `doctor`."""
    model._check_fitted("it is examined")
    items = items_of(model, data, lengths)
    seen = of_labels(model, items)
    name = type(model).__name__
    said: Said = {
        **_of_the_data(model, seen),
        **symptoms_state.of_the_state(model, (items,), seen, None),
        "learning rate too high": _too_fast(model),
        "overfitted": symptoms_labels.overfitted(model.histories_, _chance(model)),
        "one answer for all": _one_answer(model),
        "unused memory": symptoms_labels.unused(seen),
        **dict.fromkeys(NEVER, f"A {name} lays out its sequences and states itself."),
        **SKIPPED,
    }
    return Findings.of({name: _mended(one, model) if isinstance(one, Finding) else one for name, one in said.items()})


def _of_the_data(model: Any, seen: Subject) -> Said:
    """What the numbers show that the networks read: those of series and sound."""
    assert seen.sequences is not None
    if seen.sequences.kind == "text":
        return dict.fromkeys(("unscaled input", "constant input"), "Tokens have no size.")
    count = len(model.reader_.names)
    x, names = seen.x[seen.alive()][:, :count].double().numpy(), seen.names[:count]
    return {"unscaled input": symptoms_data.unscaled(x, names), "constant input": symptoms_data.constant(x, names)}


def _too_fast(model: Any) -> Finding | str | None:
    """What the losses of any of the networks show."""
    said = [symptoms_training.too_fast(one.losses) for one in model.histories_]
    found = [one for one in said if isinstance(one, Finding)]
    reasons = [one for one in said if isinstance(one, str)]
    return found[0] if found else reasons[0] if reasons else None if said else "There was no training."


def _chance(model: Any) -> float:
    """The loss of one who knows nothing of a sequence: of K classes log K at most, of standardised numbers 1."""
    sizes = model.targets_.sizes
    return 1.0 if sizes is None else float(np.mean(np.log(sizes)))


def _one_answer(model: Any) -> Finding | str | None:
    """What the answers for the sequences that were held out show, target by target."""
    held = model.held_
    if not held.num_rows:
        return "No sequences were held out of its training."
    pairs = ((name, held[f"true {name}"], held[str(name)]) for name in model.targets_.names)
    whole = ((name, *(np.array(one.to_pylist()) for one in both)) for name, *both in pairs)
    found = (symptoms_labels.one_answer(truth, said, str(name), model.classify) for name, truth, said in whole)
    return next((one for one in found if one is not None), None)


def _mended(found: Finding, model: Any) -> Finding:
    """Give a finding the remedy that the estimator's own settings are."""
    recipe = model.recipe_
    remedy = REMEDIES[found.name].format(
        rate=f"{recipe.learning_rate / 3:.2g}",
        half=max(1, recipe.hidden_size // 2),
        dropout=min(0.7, recipe.dropout + 0.2),
    )
    return replace(found, severity="worth knowing" if found.name in MILD else found.severity, remedy=remedy)
