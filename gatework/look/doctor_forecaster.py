"""What is wrong with a fitted forecaster, and which of its own settings mends it."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatework.data.panel import Panel
from gatework.look import symptoms_data, symptoms_reading, symptoms_state, symptoms_training
from gatework.look.dependence import Dependence
from gatework.look.finding import Finding, Findings, Said
from gatework.look.forecaster import panel_of
from gatework.look.remedies import NEVER, in_settings
from gatework.look.subject import Subject, subject
from gatework.look.visit import read_first

# A forecaster of few series is examined on several windows of each.
WINDOWS = 64


def examine_forecaster(model: Any, data: Any, futr_df: Any, static_df: Any) -> Findings:
    """Gather what each examination says; the parameters are those of `doctor`."""
    panel = panel_of(model, data, futr_df, static_df)
    seen = _windows(model, panel)
    x, losses = seen.x.flatten(0, 1).double().numpy(), model.history_.losses
    # Of its inputs these are its user's; what never changes of a series is so on purpose.
    theirs = [*(model.futr_exog_list or ()), *(model.hist_exog_list or ())]
    chosen = [k for k, name in enumerate(seen.names) if name in theirs]
    depends = symptoms_reading.left_over(model, panel)
    said: Said = {
        "unscaled input": symptoms_data.unscaled(read_first(seen), seen.names),
        "constant input": symptoms_data.constant(x[:, chosen], [seen.names[k] for k in chosen]),
        "memory too short": _reading(model, depends),
        **symptoms_state.of_the_state(model, (panel,), seen, None),
        "model too large": symptoms_state.too_large(*_sizes(model, seen), float(model.net_.trust)),
        "learning rate too high": symptoms_training.too_fast(losses) if losses else "There was no training.",
        **dict.fromkeys(NEVER, "A Forecaster lays out its windows, targets and states itself."),
    }
    few = symptoms_state.enough_units(*_sizes(model, seen))
    steps = symptoms_reading.enough_steps(depends)
    return Findings.of(
        {name: in_settings(one, model, few, steps) if isinstance(one, Finding) else one for name, one in said.items()}
    )


def _windows(model: Any, panel: Panel) -> Subject:
    """Windows of its series, several of each where there are few; before what must be known ahead."""
    back = model.ahead if model.futr_exog_list else 0
    seen = subject(model, panel, back=back)
    rows = seen.x.shape[1]
    return seen if rows >= WINDOWS else subject(model, panel, back=back, windows=-(-WINDOWS // rows))


def _sizes(model: Any, seen: Subject) -> tuple[int, int, int]:
    """Weights, the values that they were learned from, and units."""
    values = sum(int(np.isfinite(series).sum()) for series in model.panel_.values)
    return sum(p.numel() for p in seen.net.parameters()), values, model.recipe_.hidden_size


def _reading(model: Any, depends: Dependence | str) -> Finding | str | None:
    if isinstance(depends, str):
        return depends
    return symptoms_reading.too_little_read(depends, model.recipe_.input_size, max(model.recipe_.lags))
