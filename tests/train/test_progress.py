"""The progress bar is seen by people, and by nothing else."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from gatework.train.history import History
from gatework.train.progress import bar, describe

CHILD = """
import sys, torch
from gatework.train.loop import fit
fit(torch.nn.Linear(2, 1), lambda step: torch.ones(3, 2), lambda m, x: m(x).square().mean(), steps=30, every=10,
    validate=lambda m: 1.5)
print("rich" in sys.modules)
"""


def test_it_is_quiet_where_stderr_is_no_terminal():
    child = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True)
    assert (child.stdout, child.stderr) == ("False\n", "")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pty")
def test_a_terminal_shows_loss_validation_speed_and_time_left():
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "120", "TERM": "xterm"}
    child = subprocess.Popen([sys.executable, "-c", CHILD], stderr=theirs, stdout=subprocess.PIPE, env=environment)
    os.close(theirs)
    seen = b""
    # A terminal whose other end has closed reads as an error on Linux and as nothing elsewhere.
    try:
        while piece := os.read(ours, 65536):
            seen += piece
    except OSError:
        pass
    os.close(ours)
    assert child.communicate(timeout=60)[0] == b"True\n"
    text = seen.decode()
    assert child.returncode == 0
    for word in ("30/30", "loss ", "validation 1.5 (best 1.5)", "steps/s", "0:00:00"):
        assert word in text


def test_it_can_be_asked_for_and_switched_off(monkeypatch):
    history = History(losses=[2.0, 4.0], validation=[(2, 7.0)], best=7.0, best_step=2, stopped="finished", seconds=4.0)
    for wanted in (True, False):
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        with bar(2, wanted) as show:
            show(history)
        assert ("2/2" in sys.stderr.getvalue()) == wanted


def test_the_line_says_where_training_stands():
    assert describe(History()) == "0.0 steps/s"
    history = History(losses=[9.0] * 50 + [1.0, 2.0] * 10, seconds=35.0)
    assert describe(history) == "loss 1.5 · 2.0 steps/s"
    history.validation, history.best = [(10, 3.0), (20, 4.0)], 3.0
    assert describe(history) == "loss 1.5 · validation 4 (best 3) · 2.0 steps/s"
