"""The instruments: what a recurrent network remembers, for how long, and whether its gradients survive the way."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gatework.look.doctor import doctor
    from gatework.look.finding import Finding, Findings
    from gatework.look.gradients import gradients
    from gatework.look.memory import memory
    from gatework.look.plot_gradients import plot_gradients
    from gatework.look.plot_memory import plot_memory
    from gatework.look.plot_trace import plot_trace
    from gatework.look.record import record
    from gatework.look.recording import Recording
    from gatework.look.report import report
    from gatework.look.subject import subject
    from gatework.look.trace import trace

# Each lives in the file of its name, which is imported when it is first asked for; but for these.
_HOMES = {"Finding": "finding", "Findings": "finding", "Recording": "recording"}
__all__ = [
    "Finding",
    "Findings",
    "Recording",
    "doctor",
    "gradients",
    "memory",
    "plot_gradients",
    "plot_memory",
    "plot_trace",
    "record",
    "report",
    "subject",
    "trace",
]


class _Look(ModuleType):
    """Instruments keep their names: importing a file would else put the file in its function's place."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in __all__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Look


def __getattr__(name: str):
    if name not in __all__:
        raise AttributeError(f"module 'gatework.look' has no attribute {name!r}")
    value = getattr(import_module(f"gatework.look.{_HOMES.get(name, name)}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
