"""Who answers best, in one plain sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from gatework.tasks.labels.chance import ALPHA

if TYPE_CHECKING:
    from gatework.tasks.labels.scores import TargetScores

BALANCED = "balanced, since one class is more than three times as large as the others are on average"


def verdict(targets: Mapping[str, TargetScores]) -> str:
    """Say who wins, by how much, and how often chance alone would show that; of several targets, who wins where.

    A classifier is judged by its accuracy, or by balanced accuracy where one class is more than three times as large as
    the others are on average, and then the line says so; a regressor by RMSE. A winner is named where chance would show
    such a difference from the nearest rival in less than 5 % of cases, and a table would show it.
    """
    if len(targets) == 1:
        return _of_one(next(iter(targets.values())))
    won: dict[str, list[str]] = {}
    for name, scores in targets.items():
        won.setdefault(outcome(scores), []).append(name)
    model = next(iter(next(iter(targets.values())).rows))
    most = max(targets.values(), key=lambda scores: scores.sequences)
    says = {
        "model": "{} wins on {}".format(model, "{}"),
        "rival": "a simpler rival wins on {}: use it there",
        "neither": f"no difference that {_many(most)} could show on {{}}",
        "alone": f"{model} has no rival on {{}}",
        "nothing": "nothing to score on {}",
    }
    parts = "; ".join(text.format(_listed(won[key])) for key, text in says.items() if key in won)
    return f"{parts[:1].upper()}{parts[1:]}."


def outcome(scores: TargetScores) -> str:
    """Return who wins: "model", "rival", or "neither"; "alone" without a rival, "nothing" where nothing is known."""
    if not scores.count:
        return "nothing"
    if not scores.p:
        return "alone"
    model, rival = scores.model, scores.nearest
    if scores.p[rival] >= ALPHA or _shown(scores, model) == _shown(scores, rival):
        return "neither"
    return "model" if scores.value(model) > scores.value(rival) else "rival"


def _of_one(scores: TargetScores) -> str:
    who, model = outcome(scores), scores.model
    if who == "nothing":
        return f"No verdict: no {'label' if scores.classes else 'number'} to score by is known."
    where = _many(scores)
    if scores.count != scores.sequences:
        where = f"{scores.count:,} steps of {where}"
    mine = f"{_shown(scores, model)} {'out of' if _counted(scores) else 'on'} {where}"
    if who == "alone":
        return f"{model}: {mine}, beside no rival{f' ({BALANCED})' if scores.balanced else ''}."
    rival = scores.nearest
    p = f"{_p(scores.p[rival])}{f'; {BALANCED}' if scores.balanced else ''}"
    if who == "neither":
        both = f"{model} {_shown(scores, model)}, {rival} {_bare(scores, rival)}"
        return f"No difference that {where} could show: {both} ({p})."
    if who == "model":
        return f"{model} wins: {mine}, nearest rival {rival} {_bare(scores, rival)} ({p})."
    theirs = f"{_shown(scores, rival)} {'out of' if _counted(scores) else 'on'} {where}"
    return (
        f"{rival[:1].upper()}{rival[1:]} wins: {theirs}, {model} {_bare(scores, model)} ({p}): use it, it is simpler."
    )


def _counted(scores: TargetScores) -> bool:
    """Whether the sentence speaks of answers that are right."""
    return bool(scores.classes) and not scores.balanced


def _shown(scores: TargetScores, name: str) -> str:
    if not scores.classes:
        return f"RMSE {_bare(scores, name)}"
    return f"{_bare(scores, name)} {'balanced accuracy' if scores.balanced else 'right'}"


def _bare(scores: TargetScores, name: str) -> str:
    value = abs(scores.value(name))
    return f"{100 * value:.1f} %" if scores.classes else in_digits(value)


def in_digits(value: float) -> str:
    """Write a number with four digits that count, as a person would: 0.01235, 12.35, 123,457."""
    size = abs(value)
    if size and not 1e-4 <= size < 1e9:
        return f"{value:.3e}"
    return f"{value:,.{max(0, 3 - int(np.floor(np.log10(size)))) if size else 0}f}"


def about_unseen(target: str, scores: TargetScores) -> str:
    """Say how many labels are of classes that the model never saw."""
    one = scores.unseen == 1
    label = "label" if scores.count == 1 else "labels"
    name = "" if target == "label" else f" of {target}"
    return (
        f"{scores.unseen:,} of {scores.count:,} {label}{name} {'is of a class' if one else 'are of classes'} that the "
        f"model never saw: {'it counts' if one else 'they count'} as wrong."
    )


def _many(scores: TargetScores) -> str:
    return f"{scores.sequences:,} {scores.what.removesuffix('s') if scores.sequences == 1 else scores.what}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _p(value: float) -> str:
    if value < 0.001:
        return "p < 0.001"
    return f"p = {value:.3f}" if value < 0.0095 else f"p = {value:.2f}"
