"""gatework: the LSTM you can swap in, look into and ship."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatework.nn import GRU, LSTM, RNN, from_torch, to_torch
    from gatework.nn.backends import backends
    from gatework.tasks import Classifier, Forecaster, Regressor, load
    from gatework.tasks.compare import compare

__version__ = "0.1.0"

# Where each public name lives. It is imported when it is first asked for: `from gatework import LSTM` needs torch
# alone, and the command line can refuse a bad file before it has paid for torch.
_ROOMS = {
    "LSTM": "gatework.nn",
    "GRU": "gatework.nn",
    "RNN": "gatework.nn",
    "backends": "gatework.nn.backends",
    "from_torch": "gatework.nn",
    "to_torch": "gatework.nn",
    "Classifier": "gatework.tasks",
    "Forecaster": "gatework.tasks",
    "Regressor": "gatework.tasks",
    "compare": "gatework.tasks.compare",
    "load": "gatework.tasks",
}

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Classifier",
    "Forecaster",
    "Regressor",
    "__version__",
    "backends",
    "compare",
    "from_torch",
    "load",
    "to_torch",
]


def __getattr__(name: str):
    if name not in _ROOMS:
        raise AttributeError(f"module 'gatework' has no attribute {name!r}")
    value = getattr(import_module(_ROOMS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_ROOMS})
