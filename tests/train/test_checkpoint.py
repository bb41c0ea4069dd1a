"""Files are whole or not there, whatever happens while they are written."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from gatework.errors import DataError
from gatework.train import checkpoint
from gatework.train.checkpoint import Checkpoint, about, write_whole


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_write_whole_writes_and_replaces(tmp_path):
    path = tmp_path / "file"
    for content in (b"old", b"", b"new" * 1000):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("moment", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, moment, error):
    path = tmp_path / "file"
    write_whole(path, b"old")

    def fail(*args):
        raise error

    monkeypatch.setattr(os, moment, fail)
    with pytest.raises(error):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot synchronise a folder")
def test_the_file_reaches_the_disk_before_its_name_and_the_name_after(tmp_path, monkeypatch):
    events = []
    fsync, replace = os.fsync, os.replace

    def watch_fsync(handle):
        events.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else f"{os.fstat(handle).st_size} bytes")
        fsync(handle)

    def watch_replace(source, target):
        events.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", watch_fsync)
    monkeypatch.setattr(os, "replace", watch_replace)
    write_whole(tmp_path / "file", b"12345")
    assert events == ["5 bytes", "replace", "folder"]


def test_a_new_file_has_the_usual_permissions(tmp_path):
    (tmp_path / "usual").write_bytes(b"")
    write_whole(tmp_path / "file", b"")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "usual").stat().st_mode


KILLED = """
import os, sys, torch
from gatework.train.checkpoint import Checkpoint
checkpoint = Checkpoint(sys.argv[1], "data")
checkpoint.save({"x": torch.ones(3)}, {"step": 1})
setattr(os, sys.argv[2], lambda *args: os.kill(os.getpid(), 9))
checkpoint.save({"x": torch.zeros(3)}, {"step": 2})
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_process_killed_while_it_writes_leaves_the_old_checkpoint(tmp_path, moment):
    child = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), moment], check=False)
    assert child.returncode == -9
    tensors, facts = Checkpoint(tmp_path, "data").load()
    assert facts["step"] == 1
    assert torch.equal(tensors["x"], torch.ones(3))


def test_a_checkpoint_gives_back_what_it_was_given(tmp_path):
    kept = Checkpoint(tmp_path / "new" / "folder", "data", run={"class": "Toy", "h": np.int64(3)})
    assert not kept.exists()
    tied = torch.randn(4, 3)
    tensors = {
        "a": tied,
        "b": tied,
        "t": tied.T,
        "bits": torch.tensor([1, 255], dtype=torch.uint8),
        "n": torch.ones(()),
    }
    kept.save(tensors, {"step": 7, "losses": [0.1, 1 / 3]})
    assert kept.exists()
    loaded, facts = kept.load()
    assert loaded.keys() == tensors.keys()
    assert all(torch.equal(loaded[name], x) and loaded[name].dtype == x.dtype for name, x in tensors.items())
    assert facts == {
        "format": 1,
        "fingerprint": "data",
        "run": {"class": "Toy", "h": 3},
        "step": 7,
        "losses": [0.1, 1 / 3],
    }


def test_what_was_loaded_does_not_follow_the_file(tmp_path):
    kept = Checkpoint(tmp_path, "data")
    kept.save({"x": torch.ones(3)}, {})
    tensors, _ = kept.load()
    tensors["x"] += 1
    assert torch.equal(kept.load()[0]["x"], torch.ones(3))


def test_about_needs_no_torch(tmp_path):
    Checkpoint(tmp_path, "data", run={"h": 3}).save({"x": torch.ones(3)}, {"step": 7})
    code = (
        "import sys; from gatework.train.checkpoint import about; "
        "assert about(sys.argv[1])['run'] == {'h': 3}; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


def broken(tmp_path) -> str:
    path = tmp_path / "checkpoint.safetensors"
    return f"checkpoint must be whole; got {path}, which is broken. Fit without resume."


@pytest.mark.parametrize("length", [0, 4, 100, -1])
def test_a_truncated_checkpoint_is_refused(tmp_path, length):
    kept = Checkpoint(tmp_path, "data")
    kept.save({"x": torch.ones(300)}, {})
    kept.path.write_bytes(kept.path.read_bytes()[:length])
    with pytest.raises(DataError) as caught:
        kept.load()
    assert str(caught.value) == broken(tmp_path)


@pytest.mark.parametrize("note", [None, {"other": "1"}, {"gatework": "{"}, {"gatework": "[]"}, {"gatework": "{}"}])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, note):
    save_file({"x": torch.ones(3)}, tmp_path / "checkpoint.safetensors", note)
    with pytest.raises(DataError) as caught:
        about(tmp_path)
    assert str(caught.value) == broken(tmp_path)


def test_a_missing_checkpoint_is_refused(tmp_path):
    with pytest.raises(DataError) as caught:
        about(tmp_path)
    assert str(caught.value) == (
        f"folder must hold a checkpoint; got {tmp_path}, which has none. Fit without resume first."
    )


def test_a_checkpoint_of_a_later_gatework_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "FORMAT", 2)
    Checkpoint(tmp_path, "data").save({"x": torch.ones(3)}, {})
    monkeypatch.setattr(checkpoint, "FORMAT", 1)
    with pytest.raises(DataError) as caught:
        about(tmp_path)
    assert str(caught.value) == (
        f"checkpoint must be of format 1 or older; got {tmp_path / 'checkpoint.safetensors'} of format 2. "
        "Update gatework."
    )


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_in_the_folders_place_is_refused(tmp_path, below):
    file = tmp_path / "file"
    file.write_bytes(b"")
    with pytest.raises(DataError) as caught:
        Checkpoint(file / below, "data").save({}, {})
    assert str(caught.value) == (
        f"folder must be a folder; got {file / below}, where a file is in the way. Choose another."
    )
