"""The instruments are found by name, at no cost before, whatever was imported first."""

from __future__ import annotations

import subprocess
import sys

import pytest

import gatework.look


def test_names_cost_nothing_until_they_are_used_and_are_never_files():
    script = (
        "import sys, gatework.look\n"
        "dir(gatework.look)\n"
        "assert 'torch' not in sys.modules and 'matplotlib' not in sys.modules\n"
        "from gatework.look.trace import Trace\n"
        "import gatework.look.gradients\n"
        "print(type(gatework.look.trace).__name__, type(gatework.look.gradients).__name__, 'matplotlib' in sys.modules)"
    )
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert child.stdout.split() == ["function", "function", "False"], child.stderr


def test_each_name_is_there():
    for name in gatework.look.__all__:
        assert callable(getattr(gatework.look, name))
    with pytest.raises(AttributeError, match="has no attribute 'peek'"):
        gatework.look.peek  # noqa: B018
