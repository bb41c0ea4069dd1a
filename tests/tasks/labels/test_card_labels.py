"""The model card says what the model is, how it does beside its rivals, and how to use it."""

from __future__ import annotations

import dataclasses

import pytest

from gatework.tasks.labels.card import CardFacts, card
from gatework.tasks.labels.scores import score_numbers

SAID = CardFacts(
    "Which of 10 digits\nis spoken",
    "audio",
    "classify",
    "LSTM wins: 97.8 % right out of 270 sequences.",
    "| | accuracy |\n|---|---:|\n| LSTM | 97.8 % |",
    "five folds, each answered by a network that did not learn from it",
    ("**Network**: LSTM, 12,345 weights.", "log-mel, 40 bands"),
)


def test_the_whole_card_as_written():
    assert card(SAID) == (
        """\
---
library_name: gatework
pipeline_tag: audio-classification
tags:
- audio
- lstm
---

# Which of 10 digits is spoken

LSTM wins: 97.8 % right out of 270 sequences.

| | accuracy |
|---|---:|
| LSTM | 97.8 % |

Five folds, each answered by a network that did not learn from it.

## What it is

- **Network**: LSTM, 12,345 weights.
- Log-mel, 40 bands.

## How to use it

```python
import gatework

model = gatework.load("path/to/this/folder")
model.predict("recordings/")  # the classes
model.predict_proba("recordings/")  # how likely each class is
```

```
gatework predict path/to/this/folder recordings/ -o predictions.csv
gatework evaluate path/to/this/folder recordings/
```

It holds safetensors and JSON: nothing in it is run when it is loaded.
"""
    )


@pytest.mark.parametrize(
    ("kind", "task", "pipeline", "tag"),
    [
        ("text", "classify", "text-classification", "text"),
        ("text", "regress", "text-classification", "text"),
        ("audio", "regress", "audio-classification", "audio"),
        ("series", "classify", "tabular-classification", "time-series"),
        ("series", "regress", "tabular-regression", "time-series"),
    ],
)
def test_the_front_matter_names_what_hubs_know(kind, task, pipeline, tag):
    lines = card(dataclasses.replace(SAID, kind=kind, task=task)).splitlines()
    assert lines[2:6] == [f"pipeline_tag: {pipeline}", "tags:", f"- {tag}", "- lstm"]
    assert ('model.predict("new.csv")  # the numbers' in lines) == (task == "regress" and kind != "audio")
    assert any("predict_proba" in line for line in lines) == (task == "classify")


def test_a_model_without_scores_says_so():
    text = card(dataclasses.replace(SAID, verdict="", table="", how=""))
    assert "# Which of 10 digits is spoken\n\nIt was not scored.\n\n## What it is" in text


def test_it_takes_what_scores_say():
    scores = score_numbers([1.0, 2.0], {"LSTM": [1.0, 2.5]}, how="on the test part")
    text = card(dataclasses.replace(SAID, verdict=scores.verdict(), table=scores.markdown(), how=scores.how))
    assert (
        "LSTM: RMSE 0.3536 on 2 sequences, beside no rival.\n\n|  | RMSE | MAE | R² |\n|---|---:|---:|---:|\n"
        "| LSTM | 0.3536 | 0.2500 | 0.500 |\n\nOn the test part.\n\n## What it is"
    ) in text
