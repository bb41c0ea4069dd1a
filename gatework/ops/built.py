"""The native kernel, where it was built: `native` is the module, or None, and `why` says why there is none."""

from __future__ import annotations

from importlib import import_module
from typing import Any

native: Any = None
why: str | None = None

try:
    native = import_module("gatework.ops._native")
except ModuleNotFoundError:
    why = (
        "it was not built: no C++ compiler with OpenMP and Python's headers worked when gatework was installed. "
        "Install g++ and reinstall gatework"
    )
except ImportError as error:
    why = f"it was built, but does not load: {error}. Reinstall gatework"
