"""The parts of the page that are words: what was found in short, the curves, and the doctor's findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gatework.look.networks import folded, memory_of
from gatework.look.page.charts import look_of
from gatework.look.page.words import explained, label, prose

if TYPE_CHECKING:
    from gatework.look.finding import Finding
    from gatework.look.gradients import Flow, Gradients
    from gatework.look.memory import Memory

DASHED = {"solid": "none", "dashed": "6 4", "dotted": "2 3", "dotdash": "2 3 6 3", "dashdot": "6 3 2 3"}

# What heads the sentences of a memory, and the terms that explain it.
HEADS = {"Gates": "timescale", "Effect": "effect", "State": "read off the state"}

SAID = {"vanishing": "vanishes", "exploding": "explodes", "neither": "neither vanishes nor explodes"}
VERDICTS = {"vanishing": "vanishes", "exploding": "explodes", "neither": "neither"}

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
        (look_of(2), f"{explained('read off the state')}, {explained('R²')}"),
        (look_of(3), f"{explained('read off the present')} input, {explained('R²')}"),
    ]
    other = f'<li><span class="ramp" style="background:#d9d9d9"></span> {explained("control")}</li>'
    intro = (
        f"How much an input still changes the {explained('answers')}, by how many steps back it was read. "
        f"The upright line is the {explained('horizon')}. Effects are shares of the largest."
    )
    if isinstance(memory, str):
        return _refused("memory", "How far back it remembers", memory)
    said = "".join(f"<li>{_headed(line)}</li>" for line in str(memory).splitlines())
    body = _curves(_keys(keys) + other, chart, f'<ul class="said">{said}</ul>')
    return _wrapped("memory", "How far back it remembers", f"<p>{intro}</p>{body}")


def gradients_section(gradients: Gradients | str, chart: str) -> str:
    """The gradient curve, and its verdict for each layer; of several networks one at a time, or all folded."""
    if isinstance(gradients, str):
        return _refused("gradients", "How far back it can learn", gradients)
    places = folded(gradients.flows)
    networks = max(map(len, places.values()))
    intro = (
        f"The size of the {explained('gradient')} of {explained('loss', prose(gradients.about))}, by how many steps "
        "back: what training can learn from. Below the dotted line less than a thousandth of the largest is left."
    )
    choice = ""
    if networks > 1:
        each = "".join(f'<option value="{k}">network {k}</option>' for k in range(networks))
        choice = (
            f'<p><label>{explained("network", "Network")} <select id="gradients-network" aria-label="Network">'
            f'<option value="all">all {networks}: median and range</option>'
            f"{each}</select></label></p>"
        )
    keys = [
        (look_of(k), _flow_name(place, gradients.flows[names[0]])) for k, (place, names) in enumerate(places.items())
    ]
    rows = "".join(
        _flow_row(place, [gradients.flows[one] for one in names], "all" if networks > 1 and len(names) > 1 else None)
        + "".join(_flow_row(place, [gradients.flows[one]], str(k)) for k, one in enumerate(names) if len(names) > 1)
        for place, names in places.items()
    )
    table = (
        f'<table class="flows"><caption>What becomes of it on its way back</caption><thead><tr><th scope="col">of</th>'
        f'<th scope="col">{explained("times a step")}</th><th scope="col">{explained("reach")}, steps</th>'
        f'<th scope="col">verdict</th></tr></thead><tbody>{rows}</tbody></table>'
    )
    body = f"<p>{intro}</p>{choice}{_curves(_keys(keys), chart, table)}"
    return _wrapped("gradients", "How far back it can learn", body)


def _flow_name(place: str, flow: Flow) -> str:
    wide = f", a step for {flow.stride} of the data" if flow.stride > 1 else ""
    return explained("inputs") if place == "x" else f"{label(place)} {memory_of(flow)}{wide}"


def _flow_row(place: str, flows: Sequence[Flow], network: str | None) -> str:
    """A flow in numbers; of those of several networks, the medians, and how many have each verdict."""
    rates = [flow.rate for flow in flows if np.isfinite(flow.rate)]
    reach = int(np.median([flow.reach for flow in flows]))
    verdicts = Counter(flow.verdict for flow in flows).most_common()
    said = ", ".join(
        explained(one, VERDICTS[one]) + (f" ({count} of {len(flows)})" if len(verdicts) > 1 else "")
        for one, count in verdicts
    )
    shown = "" if network is None else f' data-network="{network}"' + (" hidden" if network != "all" else "")
    return (
        f'<tr{shown}><th scope="row">{_flow_name(place, flows[0])}</th>'
        f"<td>{f'× {np.median(rates):.3g}' if rates else '–'}</td>"
        f"<td>{f'all {reach:,}' if reach == len(flows[0].rows) - 1 else f'{reach:,}'}</td><td>{said}</td></tr>"
    )


def findings_section(findings: Sequence[Finding] | str) -> str:
    """Each finding with its evidence and its remedy; and what was not looked for."""
    if isinstance(findings, str):
        body = f"<p>{prose(findings)}</p>"
    elif not findings:
        body = "<p><strong>Nothing found.</strong> None of the faults that the doctor knows was seen.</p>"
    else:
        body = "".join(
            f'<article class="finding{" serious" if one.severity == "serious" else ""}">'
            f"<h3>{explained(one.name, one.name.capitalize())}</h3>{explained(one.severity)}"
            f"<p>{prose(one.evidence)}</p><p><strong>What to do:</strong> {prose(one.remedy)}</p></article>"
            for one in findings
        )
    skipped: dict[str, str] = getattr(findings, "not_examined", {})
    for why in dict.fromkeys(skipped.values()):
        names = ", ".join(explained(name) for name, reason in skipped.items() if reason == why)
        body += f'<p class="skipped">Not examined: {names}. {prose(why)}</p>'
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
    verdict = explained(gradients.verdict, f"The gradient {SAID[gradients.verdict]}")
    # The one that was judged: that of the inputs, or of the direction that fares worse.
    flow = next((one for one in gradients.flows.values() if one.rate == gradients.rate), gradients.flows["x"])
    reach, whole = flow.reach * flow.stride, (len(flow.rows) - 1) * flow.stride
    steps = f"{reach:,} step{'s' * (reach != 1)}"
    if not np.isfinite(gradients.rate):
        return steps, f"{verdict}: there are no two steps to compare."
    rate = gradients.rate ** (1 / flow.stride)
    times = f"{verdict}: with each step back it is multiplied by {rate:.3g}"
    if gradients.verdict == "exploding":
        return "it explodes", f"{times}."
    if reach < whole:
        return steps, f"{times}; from farther back than that, less than a thousandth of it is left."
    return f"at least {steps}", f"{times}, over all that these data have."


def _doctor_card(findings: Sequence[Finding] | str) -> tuple[str, str]:
    if isinstance(findings, str):
        return "not examined", prose(findings)
    if not findings:
        return "nothing", "None of the faults that it knows was seen."
    serious = sum(one.severity == "serious" for one in findings)
    word = f"{serious} {explained('serious')}" if serious else f"{len(findings)} {explained('worth knowing')}"
    return word, ", ".join(explained(one.name) for one in findings) + "."


def _headed(line: str) -> str:
    """A sentence of a measurement; where a word and a colon head it, that word explained."""
    head, colon, rest = line.partition(": ")
    return f"<strong>{explained(HEADS[head], head)}:</strong> {prose(rest)}" if colon and head in HEADS else prose(line)


def _refused(place: str, heading: str, why: str) -> str:
    return _wrapped(place, heading, f"<p>Not measured. {prose(why)}</p>")


def _curves(keys: str, chart: str, beside: str) -> str:
    return f'<div class="curves"><div><ul class="keys">{keys}</ul>{chart}</div>{beside}</div>'


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
