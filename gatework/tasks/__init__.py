"""What a user fits. Torch-free at import: a bad table is refused before torch has been paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatework.tasks.folder import load
    from gatework.tasks.forecaster import Forecaster

__all__ = ["Forecaster", "load"]


def __getattr__(name: str):
    if name == "Forecaster":
        from gatework.tasks.forecaster import Forecaster

        return Forecaster
    if name == "load":
        from gatework.tasks.folder import load

        return load
    raise AttributeError(f"module 'gatework.tasks' has no attribute {name!r}")
