"""What mends a forecaster: for each finding the settings of `gatework.Forecaster` that do, in place of a module's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gatework.look.finding import Finding

# The gradient is clipped and the weights decay in every fit, so neither is a remedy. {rate} is a third of the learning
# rate of the fit, {half} half of its units, {few} as many as its data can teach, {steps} how far back these depend.
REMEDIES = {
    "unscaled input": "The values are measured by their changes over season_length= steps: set it to their season. A "
    "covariate is measured by its past: leave one that went far beyond it out of futr_exog_list= or hist_exog_list=.",
    "constant input": "Leave it out of futr_exog_list= or hist_exog_list=.",
    "model too large": "Fit anew with hidden_size={few}, or with more series.",
    "forget bias too low": "It was learned, not set: fit anew with learning_rate={rate}.",
    "saturated gates": "Its scores on what was held out come of these gates: where they are good, leave them. Else fit "
    "anew with learning_rate={rate}.",
    "dead units": "Fit anew with hidden_size={half}, or with learning_rate={rate}.",
    "exploding gradient": "Fit anew with learning_rate={rate}; where that is not enough, with num_layers=1.",
    "vanishing gradient": 'Fit anew with learning_rate={rate}; a plain RNN with cell="lstm".',
    "memory too short": "Fit anew with input_size={steps}; where the series come round in more steps than that, with "
    "season_length= these.",
    "learning rate too high": "Fit anew with learning_rate={rate}.",
}

# What cannot be wrong with a forecaster: windows, their targets and the states are laid out for it.
NEVER = (
    "padding read as data",
    "batch and time swapped",
    "state shuffled across rows",
    "state reset every step",
    "detached state",
    "target leaking into the input",
    "labels shifted by one",
)


# Few data drive gates to their ends, and forecasts of what was held out are none the worse for it: on airline
# passengers a third of the rate left nearly as many there, and the scores as they were.
MILD = ("saturated gates",)


def in_settings(found: Finding, model: Any, few: int, steps: int | None) -> Finding:
    """Give a finding about a fitted Forecaster the remedy that its own settings are."""
    recipe = model.recipe_
    rate, half = f"{recipe.learning_rate / 3:.2g}", max(1, recipe.hidden_size // 2)
    severity = "worth knowing" if found.name in MILD else found.severity
    remedy = REMEDIES[found.name].format(rate=rate, half=half, few=few, steps=steps)
    return replace(found, severity=severity, remedy=remedy)
