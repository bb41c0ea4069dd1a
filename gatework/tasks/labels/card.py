"""The model card of a classifier or regressor: what it is, how well it does beside its rivals, and how to use it."""

from __future__ import annotations

from dataclasses import dataclass

# What model hubs call the job. They know none for numbers from sound or text, nor for labels of series: these are
# found under the nearest, and under the tags.
PIPELINES = {
    ("audio", "classify"): "audio-classification",
    ("audio", "regress"): "audio-classification",
    ("text", "classify"): "text-classification",
    ("text", "regress"): "text-classification",
    ("series", "classify"): "tabular-classification",
    ("series", "regress"): "tabular-regression",
}
TAGS = {"audio": "audio", "text": "text", "series": "time-series"}
NEW = {"audio": "recordings/", "text": "new.csv", "series": "new.csv"}

# The front matter is what model hubs read.
PAGE = """\
---
library_name: gatework
pipeline_tag: {pipeline}
tags:
- {tag}
- lstm
---

# {title}

{found}

## What it is

{facts}

## How to use it

```python
import gatework

model = gatework.load("path/to/this/folder")
{use}
```

```
gatework predict path/to/this/folder {new} -o predictions.csv
gatework evaluate path/to/this/folder {new}
```

It holds safetensors and JSON: nothing in it is run when it is loaded.
"""


@dataclass(frozen=True)
class CardFacts:
    """What a card says.

    Attributes
    ----------
    title : str
        What the model does: "Which of 10 digits is spoken".
    kind, task : str
        "series", "audio" or "text"; "classify" or "regress".
    verdict, table : str
        Who wins, and the scores in Markdown, as LabelScores gives them; "" where nothing was scored.
    how : str
        How the scores came about, in a sentence.
    facts : tuple of str
        What the model was made of and from, a sentence each, in Markdown.
    """

    title: str
    kind: str
    task: str
    verdict: str
    table: str
    how: str = ""
    facts: tuple[str, ...] = ()


def card(said: CardFacts) -> str:
    """Return the model card, in Markdown."""
    new = NEW[said.kind]
    use = [f'model.predict("{new}")  # {"the classes" if said.task == "classify" else "the numbers"}']
    if said.task == "classify":
        use.append(f'model.predict_proba("{new}")  # how likely each class is')
    found = (said.verdict or "It was not scored.", said.table, said.how and _sentence(said.how))
    return PAGE.format(
        pipeline=PIPELINES[said.kind, said.task],
        tag=TAGS[said.kind],
        title=_line(said.title),
        found="\n\n".join(part for part in found if part),
        facts="\n".join(f"- {_sentence(fact)}" for fact in said.facts),
        use="\n".join(use),
        new=new,
    )


def _line(text: str) -> str:
    # A heading ends where its line does.
    return " ".join(text.split())


def _sentence(text: str) -> str:
    text = _line(text)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
