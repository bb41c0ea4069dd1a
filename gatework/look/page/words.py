"""The page's words: what each term means, and how a caller's label becomes text that can do nothing."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from gatework.look.finding import NAMES

#: Each term that the page explains, and the sentence that does; what the doctor may find is among them.
TERMS: dict[str, str] = {
    **{name: f"{meaning[0].upper()}{meaning[1:]}." for name, meaning in NAMES.items()},
    **json.loads(files("gatework.look.page").joinpath("terms.json").read_text(encoding="utf-8")),
}

# A label is for reading.
LONGEST = 120


def explained(term: str, shown: str | None = None) -> str:
    """A term that says what it means when it is pointed at, or reached with the keyboard."""
    assert term in TERMS, term
    return f'<button type="button" class="term" data-term="{term}">{term if shown is None else shown}</button>'


def short(text: Any) -> str:
    """Cut a label to what can be read, without the control characters that pages and screens stumble over."""
    clean = re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", "\ufffd", str(text)[: LONGEST + 1])
    return clean if len(clean) <= LONGEST else clean[: LONGEST - 1] + "…"


def label(text: Any, plain: bool = False) -> str:
    """A caller's text as HTML: no tag of its own, and no direction that reaches beyond it. `plain`: for a title."""
    escaped = html.escape(short(text))
    return escaped if plain else f"<bdi>{escaped}</bdi>"


def prose(text: Any) -> str:
    """A sentence that may hold a caller's labels, as HTML, whole unless it is very long."""
    cut = str(text)[:2000]
    clean = re.sub(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]", "\ufffd", cut)
    return f"<bdi>{html.escape(clean.replace('R^2', 'R²'))}</bdi>" + ("…" if len(str(text)) > 2000 else "")


def letters_of(layers: Iterable[Mapping[str, Any]], known: Sequence[str] | Mapping[str, Any]) -> list[str]:
    """The quantities that any of the layers has, in a known order."""
    there = {letter for layer in layers for letter in layer["parts"]}
    return [letter for letter in known if letter in there]
