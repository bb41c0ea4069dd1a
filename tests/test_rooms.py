"""The house keeps its rooms: who imports whom, no pickle, and no file that answers more than one question."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import gatework

PACKAGE = Path(gatework.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
# Each room imports from the rows above its own, and from itself; rooms of one row do not know each other.
ROOMS = [
    {"errors", "equations"},
    {"ops"},
    {"nn"},
    {"data"},
    {"models"},
    {"train"},
    {"tasks"},
    {"look", "ship"},
    {"cli"},
]
FLOOR = {room: k for k, row in enumerate(ROOMS) for room in row}


def name_of(file: Path) -> str:
    return str(file.relative_to(PACKAGE))


def room_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def is_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs: all but what only a type checker reads."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(node, ast.If) and is_type_checking(node.test) and child in node.body:
            continue
        yield from running(child)


def imports(source: str, package: str) -> Iterator[str]:
    """Full names of all that a file imports as it runs, functions' imports too."""
    for node in running(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            stem = ".".join(parents[: len(parents) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (stem, node.module) if part)
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
            yield from (one.value for one in node.args[:1] if isinstance(one, ast.Constant))


def rooms_needed(source: str, package: str) -> set[str]:
    """Return the rooms behind a file's imports; a public name, `from gatework import LSTM`, stands for its room."""
    rooms = set()
    for name in imports(source, package):
        top, _, rest = name.partition(".")
        if top != "gatework" or rest == "__version__":
            continue
        first = rest.split(".")[0]
        # `import gatework` alone reaches every room, so it counts as the highest.
        rooms.add(gatework._ROOMS.get(first, f"gatework.{first or 'cli'}").split(".")[1])
    return rooms


def package_of(file: Path) -> str:
    return ".".join(("gatework", *file.relative_to(PACKAGE).parts[:-1]))


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_file_imports_only_from_its_left(file):
    room = room_of(file)
    if room == "__init__":
        assert not rooms_needed(file.read_text(), "gatework"), "the front door opens no room by itself"
        return
    assert room in FLOOR, f"{room} is no room of the house"
    for other in rooms_needed(file.read_text(), package_of(file)) - {room}:
        assert FLOOR[other] < FLOOR[room], f"{room} must not import from {other}"


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_nothing_is_pickled(file):
    source = file.read_text()
    found = {name.split(".")[0] for name in imports(source, package_of(file))}
    assert not found & {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
    called = {ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)}
    # safetensors and JSON only: both of these unpickle.
    assert not called & {"torch.load", "torch.save", "np.load", "numpy.load"}


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_file_is_short_and_its_name_says_what_it_answers(file):
    assert len(file.read_text().splitlines()) <= 300
    assert file.stem not in {"utils", "helpers", "common", "base", "manager", "legacy", "misc"}
    assert not file.stem.endswith("_v2")


def test_every_public_name_says_where_it_lives():
    assert set(gatework.__all__) == {*gatework._ROOMS, "__version__"}


def test_this_file_reads_imports_rightly():
    source = """
from __future__ import annotations
import torch
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from gatework.cli import main
else:
    from gatework.ops import scan
def late():
    from gatework import LSTM, errors
    from gatework.train.loop import fit
    import gatework.data.frame
    from . import stack
    from ..tasks import load
    import_module("gatework.models.forecast")
"""
    assert rooms_needed(source, "gatework.nn") == {"ops", "nn", "errors", "train", "data", "tasks", "models"}
    assert rooms_needed("import gatework", "gatework") == {"cli"}
