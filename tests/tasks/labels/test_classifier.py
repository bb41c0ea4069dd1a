"""The classifier learns what only a memory can, from any kind of data, and gives back what belongs to the caller."""

from __future__ import annotations

import wave

import numpy as np
import pytest
import torch

from gatework import Classifier
from gatework.data.batches import Batches
from gatework.errors import DataError, NotFittedError, OptionError
from gatework.tasks.labels.facts import unjudged

SMALL = {"max_steps": 100, "members": 1, "hidden_size": 16, "learning_rate": 0.01, "progress": False}
# Where what was learned does not matter.
BRIEF = {"max_steps": 3, "members": 1, "hidden_size": 4, "progress": False}


def ragged(count=24, seed=0, width=2):
    """Sequences of two classes that differ by their level."""
    rng = np.random.default_rng(seed)
    y = np.arange(count) % 2
    return [rng.normal(size=(rng.integers(3, 9), width)) + 2 * label for label in y], y


@pytest.fixture(scope="module")
def fitted() -> Classifier:
    return Classifier(**{**SMALL, "max_steps": 40}).fit(*ragged())


# What an LSTM learns


def test_the_order_of_two_steps_which_no_summary_shows():
    def pulses(count, seed):
        rng = np.random.default_rng(seed)
        y, at = rng.integers(0, 2, count), rng.integers(0, 18, count)
        X = 0.2 * rng.normal(size=(count, 20, 1))
        X[np.arange(count), at, 0] += 2 * y - 1
        X[np.arange(count), at + 1, 0] -= 2 * y - 1
        return X, np.array(["down first", "up first"])[y]

    model = Classifier(**SMALL, convolutions=False).fit(*pulses(120, 0))
    assert model.score(*pulses(200, 1)) > 0.9
    rows = model.scores_.rows["label"]
    assert len(rows) > 1
    assert rows["LSTM"].accuracy > max(row.accuracy for name, row in rows.items() if name != "LSTM") + 0.1


def test_one_bit_over_many_steps():
    def bits(count, seed):
        rng = np.random.default_rng(seed)
        y = rng.integers(0, 2, count)
        X = rng.normal(size=(count, 40, 1)) * 0.5
        X[:, 0, 0] = 2 * y - 1
        return X, y

    # Augmented sequences begin later, and this bit is there once.
    options = {"bidirectional": False, "convolutions": False, "pooling": "last", "augment": False}
    model = Classifier(**{**SMALL, "max_steps": 150}, **options).fit(*bits(200, 0))
    assert model.score(*bits(200, 1)) > 0.9


def test_where_values_are_missing_can_be_all_that_counts():
    def gaps(count, seed):
        rng = np.random.default_rng(seed)
        y = rng.integers(0, 2, count)
        X = rng.normal(size=(count, 12, 1))
        X[y == 0, 2:4], X[y == 1, 8:10] = np.nan, np.nan
        return X, y

    model = Classifier(**SMALL).fit(*gaps(80, 0))
    assert model.score(*gaps(100, 1)) > 0.9
    assert any("missing values" in note for note in model.notes_)


def test_a_class_of_single_steps_among_longer_ones():
    rng = np.random.default_rng(0)
    lengths = np.tile([1, 7, 1, 15], 15)
    X, y = [rng.normal(size=(n, 1)) for n in lengths], np.where(lengths == 1, "one", "many")
    assert Classifier(**SMALL).fit(X, y).score(X, y) > 0.9


# Several targets, and one a step


def test_several_targets_are_answered_together():
    X, y = ragged(40)
    both = np.stack([np.array(["low", "high"])[y], np.array(["a", "b", "c"])[np.arange(40) % 3]], 1)
    model = Classifier(**{**SMALL, "max_steps": 40}).fit(X, both)
    assert [one.tolist() for one in model.classes_] == [["high", "low"], ["a", "b", "c"]]
    assert model.predict(X).shape == (40, 2)
    assert (model.predict(X)[:, 0] == both[:, 0]).mean() > 0.9
    chances = model.predict_proba(X)
    assert [one.shape for one in chances] == [(40, 2), (40, 3)]
    for one, known, k in zip(chances, model.classes_, range(2), strict=True):
        np.testing.assert_allclose(one.sum(1), 1, atol=1e-5)
        np.testing.assert_array_equal(known[one.argmax(1)], model.predict(X)[:, k])
    right = np.mean([(model.predict(X)[:, k] == both[:, k]).mean() for k in range(2)])
    assert model.score(X, both) == pytest.approx(right)


def steps(count=30, seed=0):
    """Whether the sum so far is above 0, which each step must remember."""
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(rng.integers(5, 15), 1)) for _ in range(count)]
    return X, [np.where(one.cumsum() > 0, "up", "down") for one in X]


def test_each_step_has_its_label_though_some_are_missing():
    X, y = steps()
    known = [one.astype(object) for one in y]
    for one in known:
        one[1::3] = None
    model = Classifier(**{**SMALL, "max_steps": 150}).fit(X, known)
    assert model.classes_.tolist() == ["down", "up"]
    X, y = steps(20, seed=1)
    found = model.predict(X)
    assert [one.shape for one in found] == [one.shape for one in y]
    assert (np.concatenate(found) == np.concatenate(y)).mean() > 0.75
    assert model.score(X, y) == pytest.approx((np.concatenate(found) == np.concatenate(y)).mean())
    assert [one.shape for one in model.predict_proba(X)] == [(len(one), 2) for one in X]


def test_labels_that_are_not_known_change_nothing():
    X, y = steps(12)
    hidden, silent = [one.astype(object) for one in y], [one.astype(object) for one in y]
    for one, other in zip(hidden, silent, strict=True):
        one[2:], other[2:] = None, None
    others = [one.copy() for one in X]
    # What the unknown labels would have been is no part of the data.
    a, b = (Classifier(**BRIEF).fit(X, one).predict_proba(others) for one in (hidden, silent))
    assert all(np.array_equal(one, two) for one, two in zip(a, b, strict=True))
    assert Classifier(**BRIEF).fit(X, hidden).scores_.targets["label"].count < sum(map(len, X)) / 2


# Weights of classes


def uneven(seed=0):
    """Nine of ten are of one class, and the classes overlap."""
    rng = np.random.default_rng(seed)
    y = np.array(["rare" if k % 10 == 0 else "usual" for k in range(100)])
    return rng.normal(size=(100, 4, 1)) + (y == "rare")[:, None, None], y


def test_balanced_classes_are_found_more_often_and_a_dict_says_how_much():
    X, y = uneven()
    settings = {**SMALL, "max_steps": 40, "convolutions": False}
    weights = (None, "balanced", {"rare": 5.0, "usual": 5 / 9})
    found = [(Classifier(**settings, class_weight=one).fit(X, y).predict(X) == "rare").sum() for one in weights]
    assert min(found[1:]) > found[0] + 10
    nobody = Classifier(**settings, class_weight={"rare": 0}).fit(X, y)
    assert (nobody.predict(X) == "usual").all()


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        ("even", "class_weight must be None, 'balanced' or a dict of class and weight; got 'even'."),
        ([1, 2], "class_weight must be None, 'balanced' or a dict of class and weight; got [1, 2]."),
        ({"often": 2}, "class_weight must name classes of the data; got 'often'. There are rare, usual."),
        ({"rare": -1}, "class_weight must be numbers of 0 or above; got -1 for 'rare'."),
        ({"rare": "2"}, "class_weight must be numbers of 0 or above; got '2' for 'rare'."),
        ({"rare": float("nan")}, "class_weight must be numbers of 0 or above; got nan for 'rare'."),
        (
            {"rare": 0, "usual": 0},
            "class_weight must be above 0 for a class at least; got 0 for all. Leave out those that shall count 1.",
        ),
    ],
)
def test_weights_that_cannot_be(weights, text):
    with pytest.raises(OptionError) as error:
        Classifier(**BRIEF, class_weight=weights).fit(*uneven())
    assert str(error.value) == text


def test_a_dict_cannot_weigh_several_targets():
    X, y = uneven()
    with pytest.raises(OptionError) as error:
        Classifier(**BRIEF, class_weight={"rare": 2}).fit(X, np.stack([y, y], 1))
    assert str(error.value) == "class_weight must be None or 'balanced' with several targets; got a dict."


def test_a_weight_finds_its_class_whatever_kind_of_number_names_it():
    X, y = uneven()
    number = (y == "rare").astype(float)
    a, b = (Classifier(**BRIEF, class_weight={name: 3}).fit(X, number).predict_proba(X) for name in (1, 1.0))
    np.testing.assert_array_equal(a, b)


# The same again


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    X, y = ragged()
    found = [Classifier(**BRIEF, seed=seed).fit(X, y).predict_proba(X) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_the_callers_random_numbers_and_arrays_are_left_alone():
    X, y = ragged()
    X[0][1, 0] = np.nan
    before = [one.copy() for one in X], y.copy(), torch.get_rng_state(), np.random.get_state()[1].copy()
    model = Classifier(**BRIEF).fit(X, y)
    model.predict_proba(X)
    model.score(X, y)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(X, before[0], strict=True))
    assert np.array_equal(y, before[1])
    assert torch.equal(torch.get_rng_state(), before[2])
    assert np.array_equal(np.random.get_state()[1], before[3])


@pytest.mark.parametrize("members", [1, 2])
def test_ctrl_c_leaves_a_model_that_answers(monkeypatch, members):
    draw, calls = Batches.__call__, []

    def until(self, step):
        calls.append(step)
        if len(calls) == 30:
            raise KeyboardInterrupt
        return draw(self, step)

    monkeypatch.setattr(Batches, "__call__", until)
    X, y = ragged()
    model = Classifier(**{**SMALL, "max_steps": 20, "members": members}).fit(X, y)
    # The first ended, the second was cut off, the others never began.
    assert [one.stopped for one in model.histories_][1:] == ["interrupted"]
    assert len(model.histories_) == 2
    assert len(model.net_.members) == members
    assert model.predict_proba(X).shape == (24, 2)
    if members == 1:
        # The second was to judge.
        assert 0 < model.scores_.targets["label"].count < 24
    else:
        assert model.scores_ is None
        assert unjudged(model) == "Not judged: the training was interrupted before."


# What is refused


@pytest.mark.parametrize(
    ("y", "text"),
    [
        (np.zeros(24, int), "label must have at least two classes; got 1 class, 0. Add sequences of another."),
        (np.arange(24) / 10, "label must hold classes; got continuous numbers such as 0.1. Use a Regressor for them."),
    ],
)
def test_labels_that_cannot_be_learned(y, text):
    with pytest.raises(DataError) as error:
        Classifier(**BRIEF).fit(ragged()[0], y)
    assert text in str(error.value)


def test_labels_that_were_not_learned_count_as_wrong_and_that_is_said(fitted):
    X, y = ragged()
    right, new = (fitted.predict(X) == y).mean(), np.where(np.arange(24) < 6, 7, y)
    assert right > 0.9
    want = (fitted.predict(X) == new).mean()
    assert fitted.score(X, new) == pytest.approx(want)
    scores = fitted.evaluate(X, new)
    assert scores.rows["label"]["LSTM"].accuracy == pytest.approx(want)
    assert len(scores.rows["label"]) > 1
    assert scores.notes == ["6 of 24 labels are of classes that the model never saw: they count as wrong."]


@pytest.mark.parametrize("name", ["predict", "predict_proba", "score", "evaluate", "stream", "save", "plot_learning"])
def test_before_fit_there_is_nothing(name, tmp_path):
    arguments = {"stream": (), "plot_learning": (), "save": (tmp_path,)}.get(name, (ragged()[0],))
    with pytest.raises(NotFittedError) as error:
        getattr(Classifier(), name)(*arguments)
    assert str(error.value) == f"Classifier must be fitted before {name}; got none. Call fit first."
    assert not hasattr(Classifier(), "classes_")


# Forms and labels


def test_padded_arrays_lists_and_both_layouts_are_one(fitted):
    X, _ = ragged()
    lengths = np.array([len(one) for one in X])
    # What lies behind the end is nobody's business.
    padded = np.full((24, 9, 2), 1e6)
    for row, one in zip(padded, X, strict=True):
        row[: len(one)] = one
    want = fitted.predict_proba(X)
    np.testing.assert_array_equal(fitted.predict_proba(padded, lengths=lengths), want)
    turned = fitted.set_params(layout="NDT").predict_proba(padded.swapaxes(1, 2), lengths=lengths)
    fitted.set_params(layout="NTD")
    np.testing.assert_array_equal(turned, want)


def test_answers_follow_their_sequences(fitted):
    X, _ = ragged()
    order = np.random.default_rng(0).permutation(24)
    want = fitted.predict_proba(X)
    np.testing.assert_allclose(fitted.predict_proba([X[k] for k in order]), want[order], atol=1e-6)
    np.testing.assert_allclose(fitted.predict_proba(X[5:6]), want[5:6], atol=1e-6)


@pytest.mark.parametrize(
    "labels",
    [
        np.array([3, -1]),
        np.array([3, 1], np.uint8),
        np.array([0.0, 2.0]),
        np.array(["no", "yes, indeed"]),
        np.array([False, True]),
        np.array(["a", "b"], object),
        np.array([10, 9], object),
    ],
    ids=lambda labels: f"{labels.dtype} {labels[0]!r}",
)
def test_labels_come_back_as_they_went_in(labels):
    X, y = ragged(12)
    model = Classifier(**BRIEF).fit(X, labels[y])
    assert model.classes_.tolist() == sorted(labels.tolist())
    found = model.predict(X)
    assert set(found.tolist()) <= set(labels.tolist())
    assert {type(one) for one in found.tolist()} <= {type(one) for one in labels.tolist()}
    assert model.score(X, labels[y]) == pytest.approx((found == labels[y]).mean())


def test_a_very_long_sequence_is_answered_in_bounded_memory(fitted):
    resource = pytest.importorskip("resource", reason="Windows does not say how much memory was used")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = fitted.predict_proba([np.zeros((200_000, 2)), np.zeros((3, 2))])
    assert np.isfinite(found).all()
    # KiB, of which outputs and convolutions of 200,000 steps of 64 numbers take 50,000 each.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_000_000


# Sound and text


def tone(path, hertz, seconds=0.2, rate=8000):
    rng = np.random.default_rng(int(hertz))
    t = np.arange(int(rate * seconds)) / rate
    samples = 0.3 * np.sin(2 * np.pi * hertz * t) + 0.01 * rng.normal(size=len(t))
    path.parent.mkdir(exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, len(t), "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())


def test_recordings_in_a_folder_of_each_class(tmp_path):
    for k in range(16):
        tone(tmp_path / ("high" if k % 2 else "low") / f"{k}.wav", (400, 1200)[k % 2] * (1 + k / 100))
    model = Classifier(**{**SMALL, "max_steps": 40}).fit(tmp_path)
    found = model.predict(tmp_path)
    assert found.column_names == ["id", "label", "probability"]
    assert len(found) == 16
    assert model.score(tmp_path) > 0.9
    assert model.classes_.tolist() == ["high", "low"]
    one = model.predict([tmp_path / "low" / "0.wav"])
    assert one.tolist() == ["low"]


def test_spoken_digits(data):
    takes = [(digit, who, k) for digit in (0, 7) for who in ("jackson", "theo") for k in range(12)]
    files = [data / "fsdd" / "recordings" / f"{digit}_{who}_{k}.wav" for digit, who, k in takes]
    y = np.array([int(file.name[0]) for file in files])
    late = np.array([k >= 8 for _, _, k in takes])
    some = [file for file, one in zip(files, late, strict=True) if not one]
    model = Classifier(**{**SMALL, "max_steps": 60, "hidden_size": 32}).fit(some, y[~late])
    assert model.score([file for file, one in zip(files, late, strict=True) if one], y[late]) >= 0.9


@pytest.mark.parametrize(
    ("tokens", "pair"),
    [
        ("words", ("not good but bad", "not bad but good")),
        ("characters", ("stressed", "desserts")),
        ("bpe", ("unhappy lately", "lately unhappy")),
    ],
)
def test_texts_that_differ_by_order_alone(tokens, pair):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    X = [" ".join([*["well"] * rng.integers(0, 3), pair[k], *["so"] * rng.integers(0, 3)]) for k in y]
    model = Classifier(**{**SMALL, "dropout": 0.1}, tokens=tokens).fit(X, y)
    assert model.score(X, y) > 0.95
    assert model.predict(list(pair)).tolist() == [0, 1]
