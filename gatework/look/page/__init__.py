"""The page: one file that holds its words, its numbers, Bokeh and the scripts, and fetches nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from importlib.util import find_spec
from string import Template
from typing import TYPE_CHECKING, Any

from gatework import __version__
from gatework.errors import OptionError
from gatework.look.page import charts, sections
from gatework.look.page.words import TERMS, explained, label, letters_of, prose, short

if TYPE_CHECKING:
    from gatework.look.finding import Finding
    from gatework.look.gradients import Gradients
    from gatework.look.memory import Memory

SCRIPTS = (
    "numbers.js", "order.js", "looking.js", "charts.js", "tracks.js", "tokens.js", "cell.js", "tables.js", "terms.js",
    "networks.js", "page.js",
)  # fmt: skip
CELLS = ("lstm.svg", "gru.svg", "rnn.svg")

# What each letter is called, in the order in which a step goes.
QUANTITIES = {
    "f": "forget gate", "i": "input gate", "z": "update gate", "r": "reset gate", "g": "candidate", "n": "candidate",
    "o": "output gate", "c": "long-term memory", "h": "short-term memory",
}  # fmt: skip


def need_bokeh() -> None:
    """Raise OptionError, with the command that helps, unless Bokeh is installed."""
    if find_spec("bokeh") is None:
        raise OptionError("report must have Bokeh; it is not installed. Run: pip install 'gatework[page]'")


def page(
    title: str,
    about: str,
    packed: Mapping[str, Any],
    memory: Memory | str,
    gradients: Gradients | str,
    findings: Sequence[Finding] | str,
) -> str:
    """Put the page together.

    Parameters
    ----------
    title, about : str
        What the model is: a heading, and a sentence.
    packed : dict
        What `pack` gave.
    memory, gradients, findings
        What the instruments found; of one that could not be used, the sentence that says why.

    Returns
    -------
    str
        HTML. Every label of the caller's is text in it, whatever it holds.
    """
    need_bokeh()
    from bokeh.embed import components
    from bokeh.resources import Resources

    letters = letters_of(packed["layers"], QUANTITIES)
    over_time = charts.over_time(letters, packed.get("hertz", ()), "seconds" in packed, "words" in packed)
    curves = {}
    if not isinstance(memory, str):
        curves["memory-curve"] = charts.memory_chart(memory)
    if not isinstance(gradients, str):
        curves["gradients-curve"] = charts.gradients_chart(gradients)
    drawn, places = components({**over_time, **curves}, wrap_script=False)
    data = {
        **packed,
        "rows": [short(name) for name in packed["rows"]],
        "layers": [layer | {"name": short(layer["name"])} for layer in packed["layers"]],
        **{
            name: packed[name] | {"names": [short(one) for one in packed[name]["names"]]}
            for name in ("inputs", "answers")
            if name in packed
        },
        **{name: [short(one) for one in packed[name]] for name in ("said",) if name in packed},
        **({"words": [[short(one) for one in row] for row in packed["words"]]} if "words" in packed else {}),
        "charts": list(over_time),
        "gates": charts.GATES,
        "shades": {letter: charts.shades(letter) for letter in letters},
        "looks": [dict(zip(("color", "dash"), charts.look_of(k), strict=True)) for k in range(6)],
    }
    cells = {layer["cell"] for layer in packed["layers"]}
    return _template().substitute(
        title=label(title, plain=True),
        heading=label(title),
        about=prose(about),
        style=_read("page.css"),
        shown=_shown(packed),
        cards=sections.cards(memory, gradients, findings),
        cells="".join(_cell(name) for name in CELLS if name.removesuffix(".svg") in cells),
        quantities="".join(
            f'<tr data-letter="{one}"><th scope="row">{explained(QUANTITIES[one])} {one}</th>{"<td></td>" * 3}'
            for one in letters
        ),
        charts="".join(_chart(name, places[name]) for name in over_time),
        sections=sections.memory_section(memory, places.get("memory-curve", ""))
        + sections.gradients_section(gradients, places.get("gradients-curve", ""))
        + sections.findings_section(findings),
        version=__version__,
        terms=_json(TERMS),
        data=_json(data),
        bokeh="\n".join(_closed(one) for one in Resources(mode="inline", components=["bokeh"]).js_raw),
        drawn=drawn,
        script="\n".join(map(_read, SCRIPTS)),
    )


def _shown(packed: Mapping[str, Any]) -> str:
    """What the step by step leaves out of the data: the curves are about all of them."""
    rows, steps = len(packed["rows"]), packed["layers"][0]["parts"]["h"]
    which, stride = f"the first {rows} of {packed['of']:,} rows", packed.get("stride", 1)
    if "said" in packed:
        which = f"{rows} of {packed['of']:,} sequences"
    left = [which] if rows < packed["of"] else []
    last, whole = stride * steps["shape"][2], stride * steps["steps"]
    left += [f"the last {last:,} of {whole:,} steps"] if steps["first"] else []
    return f"Shown: {', and of each '.join(left)}." if left else ""


def _read(name: str) -> str:
    return files("gatework.look.page").joinpath(name).read_text(encoding="utf-8")


def _template() -> Template:
    """The page without its contents; each [[term]] or [[term|as shown]] in it is explained."""
    return Template(re.sub(r"\[\[(.+?)\]\]", lambda found: explained(*found[1].split("|")), _read("page.html")))


def _json(value: Any) -> str:
    """Write JSON that no HTML parser takes for a tag."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _closed(script: str) -> str:
    """Let no text within a script end it."""
    return script.replace("</script", "<\\/script")


def _cell(name: str) -> str:
    """The diagram of a cell: its wires are drawn in the file, and each {{...}} in it is a part that shows a number."""
    parts = re.sub(r"\{\{(.+?)\}\}", lambda found: _part(*found[1].split("|")), _read(name))
    return parts.replace("<svg ", "<svg hidden ", 1)


def _part(term: str, letter: str, when: str, x: str, y: str, width: str) -> str:
    left, top, wide = int(x), int(y), int(width)
    middle = left + wide / 2
    # Inputs have no heatmap, and so neither a letter nor a colour.
    name = "" if letter == "x" else f"{letter} " + ("" if when == "now" else f"{when} ")
    swatch = f'<rect class="swatch" x="{left + 6}" y="{top + 49}" width="{wide - 12}" height="9" fill="none"/>'
    return (
        f'<g class="part" data-part="{letter}" data-when="{when}" data-term="{term}" tabindex="0" role="img" '
        f'aria-label="{term}"><rect class="box" x="{left}" y="{top}" width="{wide}" height="64" rx="5"/>'
        f'<text class="name" x="{middle}" y="{top + 19}" text-anchor="middle">{term}</text>'
        f'<text x="{middle}" y="{top + 40}" text-anchor="middle"><tspan class="when">{name}</tspan>'
        f'<tspan class="value">–</tspan></text>{swatch if name else ""}</g>'
    )


def _chart(name: str, place: str) -> str:
    """A chart with its heading, its key or its scale, and room for the marks over it."""
    if name in QUANTITIES:
        shades = charts.shades(name)
        ramp = [shades[k * (len(shades) - 1) // 8] for k in range(9)]
        more = (
            '<span class="scale">'
            f'<span id="low-{name}"></span>'
            f'<span class="ramp" style="background:linear-gradient(90deg,{",".join(ramp)})"></span>'
            f'<span id="high-{name}"></span></span>'
        )
        heading = f'{explained(QUANTITIES[name])} {name} <b class="now" id="now-{name}"></b>'
    else:
        more = f'<ul class="keys" id="legend-{name}"></ul><span class="note" id="note-{name}"></span>'
        heading = explained(name)
    return (
        f'<figure class="chart"><figcaption><span>{heading}</span>{more}</figcaption>'
        f'<div class="plot" id="chart-{name}">{place}</div></figure>'
    )
