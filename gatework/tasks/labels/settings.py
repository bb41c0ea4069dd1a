"""Which settings of a classifier or regressor can be. Without torch."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.errors import OptionError

if TYPE_CHECKING:
    from gatework.tasks.labels.labelling import Labelling

# How much longer than a normal one a training takes.
EFFORTS = {"fast": 0.25, "normal": 1.0, "best": 4.0}

# Settings that are whole numbers: the least each may be, and whether None leaves it to the data.
WHOLE = (
    ("hidden_size", 1, True),
    ("num_layers", 1, True),
    ("members", 1, True),
    ("max_steps", 1, True),
    ("batch_size", 1, True),
    ("seed", 0, False),
    ("vocabulary_size", 3, True),
    ("sample_rate", 1, True),
)
# Those that are one of a few.
CHOICES = {
    "kind": (None, "series", "audio", "text"),
    "cell": ("lstm", "gru", "rnn"),
    "pooling": (None, "last", "mean", "max", "attention"),
    "effort": tuple(EFFORTS),
    "layout": ("NTD", "NDT"),
    "tokens": ("words", "characters", "bpe"),
    "features": ("log-mel", "mfcc"),
    "normalise": (None, "level", "utterance", "running", "training"),
    "bidirectional": (None, True, False),
    "convolutions": (None, True, False),
    "stepwise": (None, True, False),
    "augment": (True, False),
}

# Settings of one kind of data alone, and what each is where nobody says otherwise.
OF_KIND: dict[str, dict[str, Any]] = {
    "text": {"tokens": "words", "vocabulary_size": None},
    "audio": {"sample_rate": None, "features": "log-mel", "normalise": None},
}


def check(model: Labelling) -> None:
    """Refuse settings that cannot be, before any data are read.

    Raises
    ------
    OptionError
        The text names the setting, what it must be and what it is.
    """
    for name, least, open_ in WHOLE:
        value = getattr(model, name)
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not (open_ and value is None) and not (whole and value >= least):
            by_default = ", or None for the default" if open_ else ""
            raise OptionError(f"{name} must be a whole number of at least {least}{by_default}; got {value!r}.")
    for name, known in CHOICES.items():
        value = getattr(model, name)
        if value not in known or (isinstance(value, int) and not isinstance(value, bool)):
            raise OptionError(f"{name} must be one of {', '.join(map(repr, known))}; got {value!r}.")
    _check_between(model.learning_rate, "learning_rate", 0, math.inf)
    _check_between(model.dropout, "dropout", -1e-12, 1)


def check_kind(model: Labelling, kind: str, stepwise: bool) -> None:
    """Refuse settings that would do nothing with what was read: those of another kind, a pooling of single answers.

    Raises
    ------
    OptionError
        The text names the setting, and what it is for.
    """
    for other, options in OF_KIND.items():
        for name, usual in options.items():
            value = getattr(model, name)
            if other != kind and value != usual:
                raise OptionError(f"{name} must be left out for {kind}; got {value!r}. It is for {other}.")
    if stepwise and model.pooling is not None:
        raise OptionError(
            f"pooling must be left out where each step has an answer; got {model.pooling!r}. There is nothing to pool."
        )


def _check_between(value: Any, name: str, low: float, high: float) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, Real) or not low < float(value) < high:
        want = "above 0" if high == math.inf else "from 0 to below 1"
        raise OptionError(f"{name} must be a number {want}, or None for the default; got {value!r}.")
