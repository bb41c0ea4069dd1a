"""The regressor reads numbers off sequences, several or one a step; tables come back as the tables they were."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pytest

from gatework import Classifier, Regressor
from gatework.errors import DataError, NotFittedError, OptionError

SMALL = {"max_steps": 80, "members": 1, "hidden_size": 16, "learning_rate": 0.01, "progress": False}
BRIEF = {"max_steps": 3, "members": 1, "hidden_size": 4, "progress": False}


def when(count, seed):
    """How long after the first pulse the second one comes."""
    rng = np.random.default_rng(seed)
    first, gap = rng.integers(0, 6, count), rng.integers(1, 12, count)
    X = 0.1 * rng.normal(size=(count, 20, 1))
    X[np.arange(count), first, 0] += 2
    X[np.arange(count), first + gap, 0] += 2
    return X, 1000.0 + 10 * gap


def test_the_time_between_two_steps_which_no_summary_shows():
    model = Regressor(**SMALL).fit(*when(120, 0))
    assert model.score(*when(200, 1)) > 0.8
    rows = model.scores_.rows["label"]
    assert rows["LSTM"].rmse < 0.8 * min(row.rmse for name, row in rows.items() if name != "LSTM")


def test_several_numbers_in_units_of_their_own():
    X, y = when(120, 0)
    both = np.stack([1e6 + y, -1e-3 * y], 1)
    model = Regressor(**SMALL).fit(X, both)
    found = model.predict(X)
    assert found.shape == (120, 2)
    for k in range(2):
        assert np.corrcoef(found[:, k], both[:, k])[0, 1] > 0.9
    r2 = [1 - ((found - both)[:, k] ** 2).sum() / ((both - both.mean(0))[:, k] ** 2).sum() for k in range(2)]
    assert model.score(X, both) == pytest.approx(np.mean(r2), abs=1e-6)


def running(count, seed):
    """The sum so far of each sequence."""
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(rng.integers(5, 15), 1)) for _ in range(count)]
    return X, [one[:, 0].cumsum() for one in X]


def test_each_step_has_its_number_though_some_are_missing():
    X, y = running(30, 0)
    known = [np.where(np.arange(len(one)) % 3 == 1, np.nan, one) for one in y]
    model = Regressor(**SMALL).fit(X, known)
    X, y = running(20, 1)
    found = model.predict(X)
    assert [one.shape for one in found] == [one.shape for one in y]
    assert np.corrcoef(np.concatenate(found), np.concatenate(y))[0, 1] > 0.9
    # By itself it reads no further than the step: what is to come would be read off.
    cut = model.predict([one[:4] for one in X])
    for short, whole in zip(cut, found, strict=True):
        np.testing.assert_allclose(short, whole[:4], atol=1e-5)


def test_a_number_that_never_changes():
    X, _ = when(12, 0)
    found = Regressor(**BRIEF).fit(X, np.full(12, 5.0)).predict(X)
    np.testing.assert_allclose(found, 5, atol=2)


def test_whole_numbers_are_numbers():
    X, y = when(20, 0)
    found = Regressor(**BRIEF).fit(X, y.astype(int)).predict(X)
    assert found.dtype.kind == "f"


def test_what_a_classifier_alone_can_be_asked():
    model = Regressor(**BRIEF).fit(*when(12, 0))
    assert not hasattr(model, "predict_proba")
    assert not hasattr(model, "classes_")
    assert "class_weight" not in model.get_params()


@pytest.mark.parametrize("name", ["predict", "score", "stream", "save", "plot_predicted"])
def test_before_fit_there_is_nothing(name, tmp_path):
    arguments = {"stream": (), "plot_predicted": (), "save": (tmp_path,)}.get(name, (when(3, 0)[0],))
    with pytest.raises(NotFittedError) as error:
        getattr(Regressor(), name)(*arguments)
    assert str(error.value) == f"Regressor must be fitted before {name}; got none. Call fit first."


@pytest.mark.parametrize("y", [["a", "b", "c", "d"], np.array(["1", "2", "3", "4"], object)])
def test_text_is_no_number(y):
    with pytest.raises(DataError) as error:
        Regressor(**BRIEF).fit(when(4, 0)[0], y)
    assert str(error.value) == f"label must hold numbers; got text such as {y[0]!r}. Use a Classifier for classes."


def test_a_target_without_any_number_is_named():
    X = [np.zeros((3, 1)), np.ones((3, 1))]
    steps = [np.array([[1.0, np.nan], [2.0, np.nan], [3.0, np.nan]])] * 2
    with pytest.raises(DataError) as error:
        Regressor(**BRIEF).fit(X, steps)
    assert str(error.value) == "y1 must have numbers; got none that is known. Check how it was made."


def test_targets_are_called_what_their_table_calls_them():
    y = pd.DataFrame({"load": [1.0, 2.0], "heat": [3.0, 4.0]})
    model = Regressor(**BRIEF).fit([np.zeros((3, 1)), np.ones((3, 1))], y)
    assert model.targets_.names == ("load", "heat")


BAD = [
    ("hidden_size", 0, "hidden_size must be a whole number of at least 1, or None for the default; got 0."),
    ("max_steps", 2.5, "max_steps must be a whole number of at least 1, or None for the default; got 2.5."),
    ("members", True, "members must be a whole number of at least 1, or None for the default; got True."),
    ("seed", None, "seed must be a whole number of at least 0; got None."),
    ("cell", "lstn", "cell must be one of 'lstm', 'gru', 'rnn'; got 'lstn'."),
    ("pooling", "sum", "pooling must be one of None, 'last', 'mean', 'max', 'attention'; got 'sum'."),
    ("bidirectional", 1, "bidirectional must be one of None, True, False; got 1."),
    ("augment", None, "augment must be one of True, False; got None."),
    ("learning_rate", 0, "learning_rate must be a number above 0, or None for the default; got 0."),
    ("dropout", 1.0, "dropout must be a number from 0 to below 1, or None for the default; got 1.0."),
]


@pytest.mark.parametrize(("name", "value", "text"), BAD, ids=[f"{name}={value}" for name, value, _ in BAD])
def test_settings_that_cannot_be(name, value, text):
    for estimator in (Classifier, Regressor):
        with pytest.raises(OptionError) as error:
            estimator(**{name: value}).fit("there is no such file, and it is not looked for")
        assert str(error.value) == text


# Tables


def table(ids=("b", "a", "c")):
    """A long table whose rows lie in no order."""
    rows = [(name, step, step + len(name), float(k)) for k, name in enumerate(ids) for step in range(4 + k)]
    order = np.random.default_rng(0).permutation(len(rows))
    return {
        name: np.array([rows[k][column] for k in order]) for column, name in enumerate(("id", "time", "x", "label"))
    }


FORMS = {
    "dict": lambda columns, path: columns,
    "pandas": lambda columns, path: pd.DataFrame(columns),
    "polars": lambda columns, path: pl.DataFrame(columns),
    "pyarrow": lambda columns, path: pa.table(columns),
    "path": lambda columns, path: written(columns, path / "table.csv"),
}


def written(columns, path):
    pyarrow.csv.write_csv(pa.table(columns), path)
    return path


def plain(found):
    """A table of any kind as a dict of lists."""
    if isinstance(found, dict):
        return {name: column.tolist() for name, column in found.items()}
    return found.to_pydict() if isinstance(found, pa.Table) else {name: list(found[name]) for name in found.columns}


@pytest.fixture(scope="module")
def of_table():
    return Regressor(**BRIEF).fit(table())


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_table_gives_a_table_of_its_kind_with_the_ids(of_table, form, tmp_path):
    given = form(table(), tmp_path)
    found = of_table.predict(given)
    kinds = {"path": pa.Table}
    name = next(name for name, one in FORMS.items() if one is form)
    assert isinstance(found, kinds.get(name, type(given)))
    asked = plain(found)
    assert list(asked) == ["id", "label"]
    assert asked["id"] == ["a", "b", "c"]
    np.testing.assert_allclose(asked["label"], of_table.predict(table())["label"], atol=1e-6)
    # And each answer is that of its own sequence.
    alone = {name: column[np.array(table()["id"]) == "c"] for name, column in table().items()}
    assert of_table.predict(alone)["label"][0] == pytest.approx(asked["label"][2], abs=1e-5)


def test_labels_are_not_needed_to_be_asked(of_table):
    without = {name: column for name, column in table().items() if name != "label"}
    np.testing.assert_array_equal(of_table.predict(without)["label"], of_table.predict(table())["label"])
    assert of_table.score(table()) == pytest.approx(of_table.score(table()))


def test_a_table_with_an_answer_a_step_names_the_steps():
    columns = table()
    columns["label"] = columns["label"] + columns["time"]
    found = plain(Regressor(**BRIEF).fit(columns).predict(columns))
    of, at, _ = found
    assert found[of] == ["a"] * 5 + ["b"] * 4 + ["c"] * 6
    assert found[at] == [*range(5), *range(4), *range(6)]


def test_a_table_of_classes_and_texts_says_how_sure():
    texts = pd.DataFrame({"text": ["good day", "bad day"] * 3, "label": ["yes", "no"] * 3})
    found = Classifier(**BRIEF).fit(texts).predict(texts)
    assert list(found.columns) == ["id", "label", "probability"]
    assert set(found["label"]) <= {"yes", "no"}
    assert found["probability"].between(0.5, 1).all()
    several = texts.assign(other=[1, 2, 3] * 2)
    found = Classifier(**BRIEF, target_col=["label", "other"]).fit(several).predict(several)
    assert list(found.columns) == ["id", "label", "label probability", "other", "other probability"]


def test_a_table_is_never_changed(of_table):
    frame = pd.DataFrame(table())
    before = frame.copy()
    Regressor(**BRIEF).fit(frame).predict(frame)
    pd.testing.assert_frame_equal(frame, before)
