"""Every `>>>` of a docstring runs, and answers as it says."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

from gatework.ops import built

ROOT = Path(__file__).parents[1]
FILES = [path for path in sorted((ROOT / "gatework").rglob("*.py")) if ">>> " in path.read_text()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_of_a_file_run(path, tmp_path, monkeypatch):
    if path.name == "backends.py" and built.why is not None:
        pytest.skip(f"its example shows the native kernel: {built.why}")
    monkeypatch.chdir(tmp_path)
    module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    found = doctest.DocTestFinder().find(module)
    assert sum(len(test.examples) for test in found) == path.read_text().count(">>> ")
    said: list[str] = []
    for test in found:
        doctest.DocTestRunner().run(test, out=said.append)
    assert not said, "".join(said)
