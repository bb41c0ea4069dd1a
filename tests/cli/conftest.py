"""A folder with a small table in it, and the command line as a person meets it."""

from __future__ import annotations

import shlex
from typing import NamedTuple

import pytest
from scene import write_days

from gatework.cli import main


class Said(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def type_in(capsys):
    """Type a command; what it says and its exit code come back."""

    def type_in(command: str) -> Said:
        program, *arguments = shlex.split(command)
        assert program == "gatework"
        with pytest.raises(SystemExit) as leaving:
            main(arguments)
        said = capsys.readouterr()
        return Said(leaving.value.code, said.out, said.err)

    return type_in


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder but for data.csv: 80 days with a week's season, one of them without a value."""
    monkeypatch.chdir(tmp_path)
    # Wide enough for every line; what a narrow terminal wraps is rich's affair.
    monkeypatch.setenv("COLUMNS", "200")
    write_days(tmp_path / "data.csv")
    return tmp_path
