"""What a Memory says, in sentences for a person who has just read what an LSTM is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gatework.look.timescale import slow

if TYPE_CHECKING:
    from gatework.look.memory import Memory


def in_words(found: Memory) -> str:
    """Tell how far back it remembers, what each measure says, and whether they agree."""
    rows = f"{found.rows:,} row" + "s" * (found.rows != 1)
    answers = "an answer at each step" if found.stepwise else "one answer about the end"
    if found.inside:
        answers = "what the layers give at each step, as inputs reach answers in other ways too"
    lines = [
        f"{_remembers(found)}{_ahead(found)}",
        f"Looked at: {rows} of up to {found.steps:,} steps; {answers}.",
        f"Gates: {_gates(found)}",
        f"Effect: {_effect(found)}",
        f"State: {_state(found)}",
    ]
    said = "\n".join([*lines, _agreement(found)])
    if not found.inside:
        return said
    return said.replace("the answer's spread", "its spread").replace("the answer", "what the layers give")


def _remembers(found: Memory) -> str:
    if np.isnan(found.horizon):
        return "It remembers nothing: no input changes the answer."
    share = f"{100 * found.eps:.3g} %"
    alike = f"by about {100 * found.floor:.2g} % of what the strongest one does"
    if found.beyond and found.floor > 0:
        return (
            f"It remembers at least {_steps(found.horizon)}, which is all that these data can show: only the input of "
            f"the same step stands out, and every older one, back to the oldest, changes the answer alike, {alike}."
        )
    if found.beyond:
        return (
            f"It remembers at least {_steps(found.horizon)}, which is all that these data can show: the oldest input "
            f"still changes the answer by {share} or more of what the strongest one does."
        )
    if found.floor > 0:
        return (
            f"It remembers {_steps(found.horizon)} apart from all others; every older input, back to the oldest, "
            f"changes the answer alike, {alike}."
        )
    if found.horizon == 0:
        older = found.change[found.lags > 0]
        if not (older > 1e-5 * found.change.max()).any():
            return "It remembers nothing: only the input of the same step changes the answer."
        return (
            "It remembers next to nothing: an input from before the same step changes the answer by less than "
            f"{share} of what the strongest one does."
        )
    return (
        f"It remembers {_steps(found.horizon)}: an input from farther back changes the answer by less than {share} of "
        "what the strongest one does, or by no more than inputs at shuffled times would."
    )


def _ahead(found: Memory) -> str:
    return "" if np.isnan(found.ahead) else f" It also reads ahead, {_steps(found.ahead)}."


def _gates(found: Memory) -> str:
    if not found.timescales:
        return "a plain RNN has no gate that keeps a memory, so there is none to read a time from."
    units = sum(map(len, found.timescales.values()))
    return (
        f"half of the {units:,} units would forget two thirds of what they hold within "
        f"{_steps(slow(found.timescales, 0.5))}, the slowest tenth not before "
        f"{_steps(slow(found.timescales, 0.9))}. "
        f"By that alone, memory would reach {_steps(found.gate_reach)} back."
    )


def _effect(found: Memory) -> str:
    if np.isnan(found.horizon):
        return "none."
    top = int(np.argmax(found.change))
    where = f"{_steps(abs(found.lags[top]))} {'back' if found.lags[top] >= 0 else 'ahead'}"
    where = "of the same step" if found.lags[top] == 0 else where
    return (
        f"the input that matters most is the one {where}: another in its place moves the answer by "
        f"{found.change[top]:.2g} of the answer's spread. By gradient the reach is {_steps(found.horizon_by_gradient)}."
    )


def _state(found: Memory) -> str:
    back = found.recall_lags >= 1
    if not back.any() or np.isnan(found.recall[back]).all():
        return "too few moments to tell what can be read off it."
    scores, present = (_mean(score[back]) for score in (found.recall, found.recall_now))
    lags = found.recall_lags[back]
    good = lags[scores >= 0.5]
    first = f"R^2 {scores[0]:.2f} for the input one step back" if lags[0] == 1 else "what follows"
    said = f"{first}, and {good[-1]:,} steps back is the last with 0.5 or more" if len(good) > 1 else first
    if len(good) and np.nanmax(present) >= 0.5:
        said += f"; but the present input alone tells as much up to {lags[present >= 0.5][-1]:,} steps back"
    return f"a linear reading of it gives {said}."


def _agreement(found: Memory) -> str:
    if found.gates_agree is None and found.floor > 0 and found.timescales:
        return "As all older inputs count, there is no one reach to hold the gates against."
    if found.gates_agree is None:
        return "There are no gates to hold against the effect."
    if found.gates_agree:
        return "Gates and effect agree."
    if found.gate_reach > found.horizon:
        return (
            f"Gates and effect disagree: the gates could hold on for {_steps(found.gate_reach)}, but the answer feels "
            f"inputs for {_steps(found.horizon)}. A picture of the gates alone would claim too much."
        )
    return (
        f"Gates and effect disagree: the effect reaches {_steps(found.horizon)} back, farther than the gates' "
        f"{_steps(found.gate_reach)}. No gate keeps that memory: it is handed on between units, from h to h, or "
        "goes around the layers."
    )


def _mean(scores: np.ndarray) -> np.ndarray:
    known = ~np.isnan(scores)
    return np.where(known, scores, 0).sum(1) / np.maximum(known.sum(1), 1)


def _steps(steps: float) -> str:
    if np.isinf(steps):
        return "any number of steps"
    if np.isnan(steps):
        return "no steps"
    said = count(steps)
    return f"{said} step" + "s" * (said != "1")


def count(steps: float) -> str:
    """Write a number of steps: a tenth matters among few.

    Examples
    --------
    >>> count(4.51), count(20.0), count(1234.4)
    ('4.5', '20', '1,234')
    """
    return f"{steps:,.0f}" if steps >= 10 or steps == round(steps) else f"{steps:.1f}"
