"""What is saved answers with the same bits, a training cut off goes on as if it had not been, and no harm comes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import gatework
from gatework import Classifier, Regressor
from gatework.data.batches import Batches
from gatework.errors import DataError, OptionError

BRIEF = {"max_steps": 12, "members": 2, "hidden_size": 4, "progress": False}
ALL = ["README.md", "config.json", "history.parquet", "model.safetensors", "scores.json"]
TEXTS = ["The cat sat.", "No dog, ever!", "naïve café", "three or four words", "why not", "한국어"] * 3


def series(count=14, seed=0):
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(rng.integers(4, 9), 2)) for _ in range(count)]
    X[0][1, 0] = np.nan
    return X, np.where(np.arange(count) % 2, "b", "a")


def sound(count=12):
    rng = np.random.default_rng(0)
    return [(rng.uniform(-0.5, 0.5, 1600).astype(np.float32), 8000) for _ in range(count)], np.arange(count) % 2


def steps():
    X, _ = series()
    y = [np.where(np.arange(len(one)) % 3, "x", None) for one in X]
    y[0][:] = "y"
    return X, y


def dated():
    columns = {"id": np.repeat(np.arange(12), 3), "time": np.tile(np.arange(3), 12), "x": np.arange(36.0)}
    return columns | {"sort": np.tile(["u", "v", "w"], 12), "label": np.repeat(np.arange(12) % 2, 3)}, None


KINDS = {
    "series": (Classifier, series, {}),
    "numbers": (Regressor, lambda: (series()[0], np.arange(14.0)), {"bidirectional": False}),
    "steps": (Classifier, steps, {}),
    "several": (Classifier, lambda: (series()[0], np.stack([np.arange(14) % 2, np.arange(14) % 3], 1)), {}),
    "table": (Classifier, dated, {"target_col": "label"}),
    "rows": (Regressor, lambda: (np.random.default_rng(0).normal(size=(12, 5)), np.arange(12.0)), {}),
    "sound": (Classifier, sound, {}),
    "mfcc": (Classifier, sound, {"features": "mfcc", "normalise": "training"}),
    "words": (Classifier, lambda: (TEXTS, np.arange(18) % 2), {"bidirectional": False}),
    "characters": (Classifier, lambda: (TEXTS, np.arange(18) % 2 == 0), {"tokens": "characters"}),
    "bpe": (Classifier, lambda: (TEXTS, np.arange(18) % 2), {"tokens": "bpe", "vocabulary_size": 300}),
    "weights": (Classifier, lambda: (series()[0], np.arange(14) % 3), {"class_weight": {0: 1, 2: np.float64(2.5)}}),
    "floats": (Classifier, lambda: (series()[0], np.arange(14) % 2 + 0.0), {"class_weight": {1: 3}}),
}


def same(a, b):
    """The same bits, of arrays, lists and tables."""
    if isinstance(a, list):
        return all(same(one, other) for one, other in zip(a, b, strict=True))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(np.asarray(a[name]), np.asarray(b[name])) for name in a)
    return a.dtype == b.dtype and np.array_equal(a, b)


def names(folder) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def files(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@pytest.mark.parametrize(("estimator", "data", "options"), KINDS.values(), ids=KINDS)
def test_what_is_saved_comes_back_as_it_was(estimator, data, options, tmp_path):
    X, y = data()
    model = estimator(**BRIEF, **options).fit(X, y)
    assert model.save(tmp_path / "model") == tmp_path / "model"
    assert names(tmp_path / "model") == ALL
    again = gatework.load(tmp_path / "model")
    assert type(again) is estimator
    assert same(again.predict(X), model.predict(X))
    if estimator is Classifier:
        assert same(again.predict_proba(X), model.predict_proba(X))
        assert same(again.classes_, model.classes_)
    assert again.score(X, y) == model.score(X, y)
    for name in ("notes_", "histories_", "n_features_in_", "recipe_", "reader_", "like_"):
        assert getattr(again, name) == getattr(model, name), name
    assert again.scores_.to_dict() == model.scores_.to_dict()
    assert again.held_.equals(model.held_)
    # What was loaded can be saved again, to the same bytes.
    again.save(tmp_path / "again")
    assert files(tmp_path / "again") == files(tmp_path / "model")


def test_weights_of_classes_mean_the_same_after_they_were_loaded(tmp_path):
    X, _ = series()
    y = np.arange(14) % 3
    model = Classifier(**BRIEF, class_weight={0: 1, 2: 2.5}).fit(X, y, folder=tmp_path)
    again = gatework.load(tmp_path)
    assert again.class_weight == {"0": 1, "2": 2.5}
    np.testing.assert_array_equal(again.fit(X, y).predict_proba(X), model.predict_proba(X))


def test_a_path_among_the_parameters_is_kept(tmp_path):
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("cat 0.5 -0.25\ndog 1.0 0.125\n")
    model = Classifier(**BRIEF, vectors=vectors).fit(TEXTS, np.arange(18) % 2)
    model.save(tmp_path / "model")
    again = gatework.load(tmp_path / "model")
    assert str(again.vectors) == str(vectors)
    np.testing.assert_array_equal(again.predict_proba(TEXTS), model.predict_proba(TEXTS))


def test_a_stream_of_what_was_loaded_is_that_of_the_model(tmp_path):
    model = Classifier(**BRIEF, bidirectional=False).fit(*series())
    model.save(tmp_path)
    found = []
    for one in (model, gatework.load(tmp_path)):
        stream = one.stream()
        stream.push(series()[0][3])
        found.append(stream.predict_proba())
    np.testing.assert_array_equal(*found)


# Interrupted and resumed


def cut_off(monkeypatch, at):
    """Have the machine fail when the training draws its batch number `at`, of all networks."""
    draw, calls = Batches.__call__, []

    def until(self, step):
        calls.append(step)
        return draw(self, step) if len(calls) != at else 1 / 0

    # At once, not at most every few seconds.
    monkeypatch.setattr("gatework.train.training.PAUSE", 0.0)
    monkeypatch.setattr(Batches, "__call__", until)


@pytest.mark.parametrize("kind", ["series", "words"])
@pytest.mark.parametrize("at", [1, 8, 13, 20])
def test_a_training_cut_off_and_resumed_gives_the_same_bits(kind, at, tmp_path, monkeypatch):
    estimator, data, options = KINDS[kind]
    X, y = data()
    whole = estimator(**BRIEF, **options).fit(X, y)
    cut_off(monkeypatch, at)
    with pytest.raises(ZeroDivisionError):
        estimator(**BRIEF, **options).fit(X, y, folder=tmp_path)
    monkeypatch.undo()
    resumed = estimator(**BRIEF, **options).fit(X, y, folder=tmp_path, resume=True)
    assert resumed.histories_ == whole.histories_
    np.testing.assert_array_equal(resumed.predict_proba(X), whole.predict_proba(X))
    assert resumed.scores_.to_dict() == whole.scores_.to_dict()


def test_an_older_trainings_networks_are_not_gone_on_from(tmp_path, monkeypatch):
    X, y = series()
    Classifier(**BRIEF, dropout=0.5).fit(X, y, folder=tmp_path)
    cut_off(monkeypatch, 8)
    with pytest.raises(ZeroDivisionError):
        Classifier(**BRIEF, dropout=0.0).fit(X, y, folder=tmp_path)
    monkeypatch.undo()
    resumed = Classifier(**BRIEF, dropout=0.0).fit(X, y, folder=tmp_path, resume=True)
    np.testing.assert_array_equal(resumed.predict_proba(X), Classifier(**BRIEF, dropout=0.0).fit(X, y).predict_proba(X))


def test_to_resume_takes_a_folder_the_same_settings_and_the_same_data(tmp_path):
    X, y = series()
    groups = np.arange(14) // 2
    settings = BRIEF | {"max_steps": 2}
    Classifier(**settings).fit(X, y, folder=tmp_path, groups=groups)
    with pytest.raises(OptionError) as error:
        Classifier(**settings).fit(X, y, resume=True)
    assert str(error.value) == "folder must be given where resume=True; got None. Name the one with the checkpoint."
    with pytest.raises(OptionError) as error:
        Classifier(**settings, cell="gru").fit(X, y, folder=tmp_path, resume=True, groups=groups)
    assert str(error.value) == (
        f"cell must be 'lstm', as in the checkpoint in {tmp_path}; got 'gru'. Set it so, or fit without resume."
    )
    others = [one.copy() for one in X]
    others[3][0, 0] += 1e-3
    # The same numbers in the same order, but parted elsewhere.
    parted = list(X)
    parted[1], parted[2] = np.split(np.concatenate([X[1], X[2]]), [len(X[1]) - 1])
    for data in ((others, y, groups), (X, y[::-1], groups), (parted, y, groups), (X, y, groups[::-1]), (X, y, None)):
        with pytest.raises(DataError, match=r"^data must be what the training in .* began with; got other data"):
            Classifier(**settings).fit(*data[:2], folder=tmp_path, resume=True, groups=data[2])


def test_progress_may_differ(tmp_path):
    X, y = series()
    Classifier(**BRIEF).fit(X, y, folder=tmp_path)
    Classifier(**{**BRIEF, "progress": None}).fit(X, y, folder=tmp_path, resume=True)


# A folder from a stranger


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    Classifier(**BRIEF).fit(*series()).save(folder)
    return files(folder)


def refusal(saved, folder, **changes) -> str:
    """What load says of the folder with entries of its config.json changed, or taken away where None."""
    for name, content in saved.items():
        (folder / name).write_bytes(content)
    config = json.loads(saved["config.json"]) | changes
    (folder / "config.json").write_text(json.dumps({name: one for name, one in config.items() if one is not None}))
    with pytest.raises(DataError) as error:
        gatework.load(folder)
    return str(error.value)


def test_an_unknown_class_or_parameter_is_refused(saved, tmp_path):
    assert refusal(saved, tmp_path, **{"class": "Popen"}) == (
        f"class must be one of Classifier, Forecaster, Regressor; got 'Popen' in {tmp_path / 'config.json'}. "
        "Update gatework."
    )
    params = json.loads(saved["config.json"])["params"]
    assert refusal(saved, tmp_path, params=params | {"wing": 2}) == (
        f"params must be those of a Classifier; got 'wing' in {tmp_path}/config.json. Update gatework."
    )


UNFIT = (
    "config.json must be as save wrote it; got one of which a part is missing or does not fit. Save the model again."
)
PARTS = ["data", "like", "reader", "targets", "network", "history"]
WRONG = [("params", None), ("notes", None), ("reader", {"kind": "os"}), ("data", {}), ("network", {})]


@pytest.mark.parametrize(("name", "wrong"), [*((name, one) for name in PARTS for one in (None, 7, "x")), *WRONG])
def test_a_part_that_is_missing_or_of_the_wrong_kind_is_refused(saved, tmp_path, name, wrong):
    assert refusal(saved, tmp_path, **{name: wrong}) == UNFIT


@pytest.mark.parametrize("wrong", [[], 7, "x"])
def test_params_of_the_wrong_kind_are_refused(saved, tmp_path, wrong):
    assert refusal(saved, tmp_path, params=wrong) == (
        f"config.json must be as save wrote it; got {tmp_path}/config.json, which is not. Save the model again."
    )


def test_weights_of_another_network_are_refused(saved, tmp_path):
    network = json.loads(saved["config.json"])["network"]
    changes = (
        {"hidden_size": 5},
        {"cell": "gru"},
        {"members": 3},
        {"members": 1},
        {"cell": "../x"},
        {"pooling": "sum"},
    )
    for change in changes:
        assert refusal(saved, tmp_path, network=network | change) == UNFIT


@pytest.mark.parametrize("name", ["model.safetensors", "history.parquet", "scores.json"])
def test_another_part_with_the_right_hash_is_refused(saved, tmp_path, name):
    files = json.loads(saved["config.json"])["files"] | {name: hashlib.sha256(b"junk").hexdigest()}
    assert refusal(saved | {name: b"junk"}, tmp_path, files=files) == (
        f"{name} must be as save wrote it; got {tmp_path / name}, which is not. Save the model again."
    )
