"""The parts of the page that are words: what was found in short, the curves, and the doctor's findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gatework.look.page.charts import look_of, memory_of
from gatework.look.page.words import TERMS, explained, label, prose

if TYPE_CHECKING:
    from gatework.look.finding import Finding
    from gatework.look.gradients import Gradients
    from gatework.look.memory import Memory

DASHED = {"solid": "none", "dashed": "6 4", "dotted": "2 3", "dotdash": "2 3 6 3", "dashdot": "6 3 2 3"}

DOCTOR = f"What the {explained('doctor')} found"


def cards(memory: Memory | str, gradients: Gradients | str, findings: Sequence[Finding] | str) -> str:
    """What each instrument found, in a word and a sentence."""
    memory_heading = explained("horizon", "How far back it remembers")
    gradients_heading = explained("gradient", "How far back it can learn")
    found = [
        ("memory", "The memory curve", memory_heading, *_memory_card(memory)),
        ("gradients", "The gradient curve", gradients_heading, *_gradients_card(gradients)),
        ("doctor", "All that it said", DOCTOR, *_doctor_card(findings)),
    ]
    return "".join(
        f'<li>{heading}<strong>{word}</strong><p>{sentence}</p><a href="#{place}">{link}</a></li>'
        for place, link, heading, word, sentence in found
    )


def memory_section(memory: Memory | str, chart: str) -> str:
    """The memory curve, and all that the measurement says in sentences."""
    keys = [
        (look_of(0), f"{explained('effect')}: input replaced"),
        (look_of(1), explained("effect by gradient")),
        (look_of(2), f"{explained('read off the state')}, R²"),
    ]
    other = f'<li><span class="ramp" style="background:#d9d9d9"></span> {explained("control")}: shuffled times</li>'
    intro = (
        f"How much an input still changes the {explained('answers')}, by how many steps back it was read. "
        f"The upright line is the {explained('horizon')}. Effects are shares of the largest."
    )
    return _section("memory", "How far back it remembers", intro, memory, chart, _keys(keys) + other)


def gradients_section(gradients: Gradients | str, chart: str) -> str:
    """The gradient curve, and its verdict for each layer."""
    keys = []
    if not isinstance(gradients, str):
        for k, (name, flow) in enumerate(gradients.flows.items()):
            letter = "" if name == "x" else f" {memory_of(flow.norms)}"
            keys.append((look_of(k), f"{label('inputs' if name == 'x' else name)}{letter}"))
    intro = (
        f"The size of the {explained('gradient')}, by how many steps back: what training can learn from. "
        "Below the dotted line less than a thousandth of the largest is left."
    )
    return _section("gradients", "How far back it can learn", intro, gradients, chart, _keys(keys))


def findings_section(findings: Sequence[Finding] | str) -> str:
    """Each finding with its evidence and its remedy; and what was not looked for."""
    if isinstance(findings, str):
        body = f"<p>{prose(findings)}</p>"
    elif not findings:
        body = "<p><strong>Nothing found.</strong> None of the faults that the doctor knows was seen.</p>"
    else:
        body = "".join(
            f'<article class="finding{" serious" if one.severity == "serious" else ""}">'
            f"<h3>{prose(one.name.capitalize())}</h3>{_severity(one.severity)}<p>{prose(one.evidence)}</p>"
            f"<p><strong>What to do:</strong> {prose(one.remedy)}</p></article>"
            for one in findings
        )
    skipped: dict[str, str] = getattr(findings, "not_examined", {})
    for why in dict.fromkeys(skipped.values()):
        names = ", ".join(name for name, reason in skipped.items() if reason == why)
        body += f"<p>Not examined: {prose(names)}. {prose(why)}</p>"
    return _wrapped("doctor", DOCTOR, body)


def _memory_card(memory: Memory | str) -> tuple[str, str]:
    if isinstance(memory, str):
        return "not measured", prose(memory)
    word = "nothing"
    if memory.horizon > 0:
        steps = f"{memory.horizon:,.0f}" if memory.horizon >= 10 else f"{memory.horizon:.2g}"
        word = f"{'at least ' if memory.beyond else ''}{steps} step{'s' * (steps != '1')}"
    return word, prose(str(memory).splitlines()[0])


def _gradients_card(gradients: Gradients | str) -> tuple[str, str]:
    if isinstance(gradients, str):
        return "not measured", prose(gradients)
    shown = "neither vanishes nor explodes" if gradients.verdict == "neither" else f"{gradients.verdict} gradient"
    if not np.isfinite(gradients.rate):
        return explained(gradients.verdict, shown), "There are no two steps to compare."
    return explained(gradients.verdict, shown), (
        f"With each step back, what reaches the inputs is multiplied by {gradients.rate:.3g}."
    )


def _doctor_card(findings: Sequence[Finding] | str) -> tuple[str, str]:
    if isinstance(findings, str):
        return "not examined", prose(findings)
    if not findings:
        return "nothing", "None of the faults that it knows was seen."
    serious = sum(one.severity == "serious" for one in findings)
    word = f"{serious} serious" if serious else f"{len(findings)} to know"
    return word, prose(", ".join(one.name for one in findings) + ".")


def _severity(word: str) -> str:
    return explained(word) if word in TERMS else prose(word)


def _section(place: str, heading: str, intro: str, found: object, chart: str, keys: str) -> str:
    if isinstance(found, str):
        return _wrapped(place, heading, f"<p>Not measured. {prose(found)}</p>")
    lines = "".join(f"<li>{prose(line)}</li>" for line in str(found).splitlines())
    return _wrapped(
        place,
        heading,
        f'<p>{intro}</p><div class="curves"><div><ul class="keys">{keys}</ul>{chart}</div>'
        f'<ul class="said">{lines}</ul></div>',
    )


def _wrapped(place: str, heading: str, body: str) -> str:
    name = f"{place}-heading"
    return f'<section id="{place}" aria-labelledby="{name}"><h2 id="{name}">{heading}</h2>{body}</section>'


def _keys(keys: Sequence[tuple[tuple[str, str], str]]) -> str:
    """Each line's stroke and what it is."""
    return "".join(
        f'<li><svg class="stroke" width="26" height="8" aria-hidden="true" style="stroke:{color}">'
        f'<path d="M1 4H25" stroke-dasharray="{DASHED[dash]}"/></svg><span>{text}</span></li>'
        for (color, dash), text in keys
    )
