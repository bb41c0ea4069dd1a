"""A saved estimator comes back as it was, survives a crash at any point, and can do no harm."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

import gatework
from gatework.errors import DataError
from gatework.tasks import folder as room
from gatework.tasks.folder import Parts, load, save

ALL = ["README.md", "config.json", "history.parquet", "model.safetensors", "scores.json"]


class Toy:
    """An estimator with one of everything."""

    def __init__(self, version: int, h=None, level=None, ids=None):
        weight = torch.full((3, 2), float(version))
        self.parts = Parts(
            config={"params": {"h": np.int64(version), "level": np.float32(0.5), "ids": ["a", None]}},
            tensors={"weight": weight, "tied": weight, "turned": weight.T},
            history=pa.table({"ds": [1, 2], "y": [float(version), None]}),
            scores={"LSTM": {"mase": 0.5}, "version": version},
            card=f"# Toy {version}\n",
        )

    def _saved(self) -> Parts:
        return self.parts

    @classmethod
    def _restored(cls, parts: Parts) -> Toy:
        toy = cls(0)
        toy.parts = parts
        return toy

    @property
    def versions(self) -> set[int]:
        """Which version each part is of."""
        parts = self.parts
        return {
            parts.config["params"]["h"],
            int(parts.tensors["weight"][0, 0]),
            int(parts.tensors["tied"][0, 0]),
            int(parts.history["y"][0].as_py()),
            parts.scores["version"],
        }


@pytest.fixture(autouse=True)
def toys_are_known(monkeypatch):
    monkeypatch.setitem(room.ESTIMATORS, "Toy", __name__)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def change(folder: Path, **changes) -> None:
    """Rewrite entries of config.json."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refusal(folder) -> str:
    with pytest.raises(DataError) as caught:
        load(folder)
    return str(caught.value)


def test_it_comes_back_as_it_was(tmp_path):
    toy = Toy(1)
    assert save(toy, tmp_path / "deep" / "model") == tmp_path / "deep" / "model"
    parts = load(tmp_path / "deep" / "model").parts
    assert parts.config["params"] == {"h": 1, "level": 0.5, "ids": ["a", None]}
    assert parts.config["format"] == 1
    assert parts.config["gatework"] == gatework.__version__
    assert parts.config["class"] == "Toy"
    assert all(torch.equal(parts.tensors[name], x) for name, x in toy.parts.tensors.items())
    assert parts.history.equals(toy.parts.history)
    assert parts.scores == toy.parts.scores
    assert (tmp_path / "deep" / "model" / "README.md").read_text() == "# Toy 1\n"
    assert names(tmp_path / "deep" / "model") == ALL


def test_saving_again_replaces_the_parts_and_nothing_else(tmp_path):
    (tmp_path / "checkpoint.safetensors").write_bytes(b"mine")
    save(Toy(1), tmp_path)
    save(Toy(2), tmp_path)
    assert load(tmp_path).versions == {2}
    assert names(tmp_path) == sorted([*ALL, "checkpoint.safetensors"])
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == b"mine"


def test_a_crash_at_any_point_leaves_the_old_model_or_the_new_one(tmp_path, monkeypatch):
    replace = os.replace
    found = []
    for crash in range(8):
        folder = tmp_path / str(crash)
        save(Toy(1), folder)
        left = crash

        def replace_until(source, target):
            nonlocal left
            if left == 0:
                raise OSError("the power is gone")
            left -= 1
            replace(source, target)

        monkeypatch.setattr(os, "replace", replace_until)
        with pytest.raises(OSError, match="the power is gone"):
            save(Toy(2), folder)
        monkeypatch.setattr(os, "replace", replace)
        (version,) = load(folder).versions
        found.append(version)
        # And the next save cleans up.
        save(Toy(3), folder)
        assert load(folder).versions == {3}
        assert names(folder) == ALL
    # Three parts are staged; config.json makes the new model valid; three parts take their names; the card comes last.
    assert found == [1, 1, 1, 1, 2, 2, 2, 2]


def test_a_crash_in_the_first_save_leaves_no_model(tmp_path, monkeypatch):
    def fail(*args):
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="the disk is full"):
        save(Toy(1), tmp_path)
    assert refusal(tmp_path) == (
        f"folder must be one that save wrote; got {tmp_path}, which has no config.json. Fit and save a model first."
    )


def test_parts_that_cannot_be_saved_leave_the_old_model(tmp_path):
    save(Toy(1), tmp_path)
    toy = Toy(2)
    toy.parts.scores["bad"] = object()
    with pytest.raises(AttributeError):
        save(toy, tmp_path)
    assert load(tmp_path).versions == {1}


def test_what_is_not_a_folder_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    assert refusal(tmp_path / "none") == (
        f"folder must be one that save wrote; got {tmp_path / 'none'}, which does not exist. "
        "Fit and save a model first."
    )
    assert refusal(tmp_path / "file") == (
        f"folder must be one that save wrote; got {tmp_path / 'file'}, which is a file. Fit and save a model first."
    )
    with pytest.raises(DataError) as caught:
        save(Toy(1), tmp_path / "file")
    assert str(caught.value) == (
        f"folder must be a folder; got {tmp_path / 'file'}, where a file is in the way. Choose another."
    )


def test_an_unfinished_training_is_refused_and_can_be_resumed(tmp_path):
    (tmp_path / "checkpoint.safetensors").write_bytes(b"")
    assert refusal(tmp_path) == (
        f"folder must be one that save wrote; got {tmp_path}, which holds a training that has not ended. "
        f"Run `gatework resume {tmp_path}`."
    )


def test_a_later_format_is_refused(tmp_path):
    save(Toy(1), tmp_path)
    change(tmp_path, format=2)
    assert refusal(tmp_path) == f"format must be 1 or older; got 2 in {tmp_path / 'config.json'}. Update gatework."


def test_a_parameter_of_a_later_gatework_is_refused(tmp_path):
    save(Toy(1), tmp_path)
    change(tmp_path, params={"h": 1, "wing": 2})
    assert refusal(tmp_path) == f"params must be those of a Toy; got 'wing' in {tmp_path}/config.json. Update gatework."


@pytest.mark.parametrize("content", ["", "{", "[]", "7", "null", "{}", '{"format": 1, "class": "Toy"}', "\xff\xfe"])
def test_a_config_that_is_not_one_is_refused(tmp_path, content):
    save(Toy(1), tmp_path)
    (tmp_path / "config.json").write_bytes(content.encode("latin-1"))
    assert refusal(tmp_path) == (
        f"config.json must be as save wrote it; got {tmp_path / 'config.json'}, which is not. Save the model again."
    )


@pytest.mark.parametrize("wrong", [{"format": "1"}, {"class": ["Toy"]}, {"files": 3}, {"files": {}}, {"params": 7}])
def test_a_config_with_entries_of_the_wrong_kind_is_refused(tmp_path, wrong):
    save(Toy(1), tmp_path)
    change(tmp_path, **wrong)
    assert "config.json must be as save wrote it; got " in refusal(tmp_path)


@pytest.mark.parametrize("name", ["os.system", "Popen", "", "../Toy", "__import__"])
def test_a_class_that_is_no_estimator_is_refused(tmp_path, name):
    save(Toy(1), tmp_path)
    change(tmp_path, **{"class": name})
    assert refusal(tmp_path) == (
        f"class must be one of Classifier, Forecaster, Regressor, Toy; got {name!r} in {tmp_path / 'config.json'}. "
        "Update gatework."
    )


def test_a_part_outside_the_folder_is_refused(tmp_path):
    model, secret = tmp_path / "model", tmp_path / "secret"
    save(Toy(1), model)
    secret.write_bytes((model / "model.safetensors").read_bytes())
    files = json.loads((model / "config.json").read_text())["files"]
    digest = files.pop("model.safetensors")
    for path in (str(secret), "../secret"):
        change(model, files=files | {path: digest})
        assert "config.json must be as save wrote it; got " in refusal(model)


def test_a_class_that_load_could_not_find_again_is_not_saved(tmp_path):
    class Mine(Toy):
        pass

    with pytest.raises(DataError) as caught:
        save(Mine(1), tmp_path / "model")
    assert str(caught.value) == (
        "estimator must be one of Classifier, Forecaster, Regressor, Toy; got Mine, which load could not find again."
    )
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("name", room.PARTS)
def test_a_part_that_is_missing_truncated_or_changed_is_refused(tmp_path, name):
    save(Toy(1), tmp_path)
    content = (tmp_path / name).read_bytes()
    wanted = f"{name} must be the one that {tmp_path / 'config.json'} names; it "
    for broken in (content[:-1], content[: len(content) // 2], b"", bytes([content[0] ^ 1]) + content[1:]):
        (tmp_path / name).write_bytes(broken)
        assert refusal(tmp_path) == f"{wanted}is broken or of another model. Save the model again."
    (tmp_path / name).unlink()
    assert refusal(tmp_path) == f"{wanted}is missing. Save the model again."


def test_a_part_of_another_model_is_refused(tmp_path):
    save(Toy(1), tmp_path / "one")
    save(Toy(2), tmp_path / "two")
    (tmp_path / "one" / "model.safetensors").write_bytes((tmp_path / "two" / "model.safetensors").read_bytes())
    assert "model.safetensors must be the one that " in refusal(tmp_path / "one")


@pytest.mark.parametrize("name", ["model.safetensors", "history.parquet", "scores.json"])
def test_a_part_that_is_of_the_wrong_kind_though_its_hash_is_right_is_refused(tmp_path, name):
    save(Toy(1), tmp_path)
    junk = b"\x80\x04junk"
    (tmp_path / name).write_bytes(junk)
    files = json.loads((tmp_path / "config.json").read_text())["files"]
    change(tmp_path, files=files | {name: hashlib.sha256(junk).hexdigest()})
    assert refusal(tmp_path) == (
        f"{name} must be as save wrote it; got {tmp_path / name}, which is not. Save the model again."
    )


def test_the_card_may_be_edited_or_lost(tmp_path):
    save(Toy(1), tmp_path)
    (tmp_path / "README.md").write_text("my words")
    assert load(tmp_path).versions == {1}
    (tmp_path / "README.md").unlink()
    assert load(tmp_path).versions == {1}


def test_it_is_imported_and_refuses_without_torch(tmp_path):
    code = (
        "import sys; from gatework.tasks.folder import load\n"
        "try: load(sys.argv[1])\n"
        "except ValueError: assert 'torch' not in sys.modules\n"
        "else: raise AssertionError"
    )
    (tmp_path / "config.json").write_text("{}")
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


def test_no_source_reads_what_could_run_code():
    package = Path(gatework.__file__).parent
    forbidden = re.compile(
        r"\b(import|from) (pickle|cPickle|dill|cloudpickle|joblib|shelve|marshal)\b"
        r"|(?<!safetensors\.)torch\.(load|save)\(|allow_pickle=True|\b(pickle|joblib)\.|(?<![\w.])(eval|exec)\("
    )
    sources = list(package.rglob("*.py"))
    assert len(sources) > 10
    found = [f"{path.name}: {match[0]}" for path in sources for match in forbidden.finditer(path.read_text())]
    assert not found
    for wrong in ("import pickle", "torch.load(path)", "np.load(f, allow_pickle=True)", "x = eval(text)"):
        assert forbidden.search(wrong)
    assert not forbidden.search("model.eval()")
