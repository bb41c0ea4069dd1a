"""The model card: what a saved forecaster is, how well it does beside the baselines, and how to use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gatework.data.frame import Panel
    from gatework.tasks.forecaster import Forecaster
    from gatework.tasks.scores import Scores

# The front matter is what model hubs read.
PAGE = """\
---
library_name: gatework
pipeline_tag: time-series-forecasting
---

# {alias}: {h} steps ahead, {grid}

{verdict}

{table}

Averages over the last {h} steps of {where}. No weight was fitted to these steps, but they decided how long to train,
which flatters the model slightly. MASE 1 is the seasonal naive's error in the past; lower is better.

## What it is

{facts}

## How to use it

```python
import gatework

model = gatework.load("path/to/this/folder")
model.predict()  # what follows the data it was trained on
model.predict("new.csv")  # what follows other data with the same columns
```

```
gatework predict path/to/this/folder -o forecast.csv
gatework evaluate path/to/this/folder new.csv --windows 3
```

It holds safetensors, Parquet and JSON: nothing in it is run when it is loaded.
"""


def card(estimator: Forecaster) -> str:
    """Return the model card of a fitted forecaster, in Markdown."""
    panel, scores, history = estimator.panel_, estimator.scores_, estimator.history_
    weights = sum(weight.numel() for weight in estimator.net_.parameters())
    seconds = f"{history.seconds:.0f} s" if history.seconds >= 1 else "under 1 s"
    facts = [
        f"**Data**: {describe(panel)}.",
        f"**Network**: {estimator.cell.upper()}, {weights:,} weights.",
        f"**Training**: {len(history.losses):,} steps in {seconds}.",
        *(note[:1].upper() + note[1:] for note in estimator.notes_),
    ]
    return PAGE.format(
        alias=estimator.alias,
        h=estimator.h,
        grid=panel.freq.name,
        verdict=scores.verdict(),
        table=table(scores),
        where=scores.where(),
        facts="\n".join(f"- {fact}" for fact in facts),
    )


def describe(panel: Panel) -> str:
    """What the data are, in a line: how many series and values, from when to when."""
    known = sum(int(np.isfinite(values).sum()) for values in panel.values)
    ends = panel.freq.times(np.array([panel.starts.min(), panel.last().max()]))
    first, last = (str(time).removesuffix(" 00:00:00") for time in ends.tolist())
    what = f"`{panel.columns.target}` of {len(panel):,} series, {known:,} values from {first} to {last}"
    return f"{what}, {panel.freq.name}, {panel.season_length} steps a season"


def table(scores: Scores) -> str:
    """The scores of the model and of both baselines, as a Markdown table."""
    lines = [f"| | MASE | sMAPE | inside the {scores.level:g} % interval |", "|---|---:|---:|---:|"]
    for name, row in scores.rows.items():
        shown = (f"{row.mase:.3f}", f"{row.smape:.2f} %", f"{row.coverage:.1f} %")
        lines.append("| " + " | ".join([name, *("–" if "nan" in text else text for text in shown)]) + " |")
    return "\n".join(lines)
