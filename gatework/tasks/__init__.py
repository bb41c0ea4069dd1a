"""What a user fits. Torch-free at import: a bad table is refused before torch has been paid for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatework.tasks.classifier import Classifier
    from gatework.tasks.folder import load
    from gatework.tasks.forecaster import Forecaster
    from gatework.tasks.regressor import Regressor

__all__ = ["Classifier", "Forecaster", "Regressor", "load"]

_FILES = {"Classifier": "classifier", "Forecaster": "forecaster", "Regressor": "regressor", "load": "folder"}


def __getattr__(name: str):
    if name not in _FILES:
        raise AttributeError(f"module 'gatework.tasks' has no attribute {name!r}")
    return getattr(import_module(f"gatework.tasks.{_FILES[name]}"), name)
