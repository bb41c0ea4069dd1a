"""The rivals learn from the training part alone, do well what they can do, and manage whatever little there is."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings

import numpy as np
import pytest

from gatework.tasks.labels import linear, sources, summary
from gatework.tasks.labels.rivals import Rivals
from gatework.tasks.labels.summary import SAID, summaries
from gatework.tasks.labels.targets import Targets

NAN = float("nan")
SUMMED = "logistic regression on summary features"
RIDGE = "ridge regression on summary features"


def held_out(arrays, y, folds, *, classify, texts=None, characters=False, classes=None, alike=False):
    """Rivals that learned from all items, and what the folds' answered for their held parts."""
    stepwise = isinstance(y, list)
    if classes is None:
        names = ("label",) if stepwise or y.ndim == 1 else tuple(f"y{k}" for k in range(y.shape[1]))
        targets = Targets.of(y, names, stepwise, classify)
    else:
        targets = Targets(("label",), stepwise, (np.array(classes),))
    found, (answers,) = Rivals.learn(
        arrays, y, targets, folds, columns=10_000, texts=texts, characters=characters, alike=alike
    )
    return found, answers


def rivals(train, train_y, test, *, texts=None, **options):
    """What rivals that learned from one part answer for another."""
    found, _ = held_out(train, train_y, [], texts=texts and texts[0], **options)
    (answers,) = found.answer(test, texts and texts[1])
    return answers


@pytest.fixture(autouse=True)
def nothing_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def said(array):
    """One array's summary by name, its length under "length"."""
    (row,) = summaries([np.array(array, dtype=np.float32).reshape(len(array), -1)])
    return dict(zip(["length", *SAID], row, strict=True))


def test_a_summary_worked_by_hand():
    found = said([2, NAN, 5, 1, 8, NAN])
    x, t = np.array([2.0, 5, 1, 8]), np.array([0, 2, 3, 4])
    known = {
        "length": 6,
        "mean": 4,
        "std": x.std(),
        "first": 2,
        "last": 8,
        "slope": np.polyfit(t, x, 1)[0],
        "min": 1,
        "max": 8,
        "median": 3.5,
        "lower quartile": np.quantile(x, 0.25),
        "upper quartile": np.quantile(x, 0.75),
        "mean absolute change": (4 + 7) / 2,
        "autocorrelation": (1 * -3 + -3 * 4) / (4 + 1 + 9 + 16),
        "share of crossings": 1.0,
        "share missing": 2 / 6,
    }
    assert found == pytest.approx(known, rel=1e-6)


def test_what_has_no_meaning_is_nan_and_a_constant_has_no_autocorrelation():
    gone, alone, flat = said([NAN, NAN]), said([3.0]), said([0.1] * 50)
    assert {name for name, value in gone.items() if not np.isnan(value)} == {"length", "share missing"}
    assert gone["share missing"] == 1
    assert {name for name, value in alone.items() if np.isnan(value)} == {
        "slope", "mean absolute change", "share of crossings",
    }  # fmt: skip
    assert flat["autocorrelation"] == 0


def test_summaries_do_not_depend_on_the_company(monkeypatch):
    draw = np.random.default_rng(0)
    arrays = [draw.normal(size=(n, 3)).astype(np.float32) for n in draw.integers(1, 60, 40)]
    for one in arrays:
        one[draw.random(one.shape) < 0.2] = NAN
    together = summaries(arrays)
    monkeypatch.setattr(summary, "AT_ONCE", 500)
    assert np.allclose(together, summaries(arrays), equal_nan=True)
    assert np.allclose(together, np.concatenate([summaries([one]) for one in arrays]), equal_nan=True)


def test_of_many_columns_less_is_said():
    assert summaries([np.zeros((5, 200))]).shape == (1, 7 * 200 + 1)
    assert summaries([np.zeros((5, 4000))]).shape == (1, 1500 + 1)


def waves(n, seed=0, classes=3):
    """Noise of a size that tells its class."""
    draw = np.random.default_rng(seed)
    k = np.arange(n) % classes
    return [draw.normal(0, 1 + c, (draw.integers(20, 40), 2)).astype(np.float32) for c in k], k


def test_classes_of_series():
    (x, k), (test, true) = waves(90), waves(60, 1)
    names = np.array(["calm", "fresh", "wild"])
    found = rivals(x, names[k], test, classify=True)
    assert list(found) == ["majority class", SUMMED]
    assert np.allclose(found["majority class"], 1 / 3)
    assert (found[SUMMED].argmax(1) == true).mean() > 0.9
    assert np.allclose(found[SUMMED].sum(1), 1)


def test_numbers_of_sound_and_several_targets_with_gaps():
    (x, k), (test, true) = waves(90), waves(60, 1)
    y = np.stack([k + 1.0, -10.0 * k], axis=1)
    y[::5, 0] = NAN
    found = rivals(x, y, test, classify=False)
    assert list(found) == ["mean", RIDGE]
    assert np.allclose(found["mean"], [np.nanmean(y[:, 0]), -10])
    error = np.abs(found[RIDGE] - np.stack([true + 1, -10 * true], axis=1)).mean(0)
    assert (error < [0.25, 2.5]).all()
    alone = rivals(x, y[:, 1], test, classify=False)
    assert np.allclose(alone[RIDGE], found[RIDGE][:, 1])


def test_texts_by_words_and_by_characters():
    good, bad = "a fine and gentle film", "a dull , slow and ugly film"
    texts, y = [good, bad] * 20, np.array(["yes", "no"] * 20)
    blank = [np.zeros(1, np.int64)] * 40
    for characters, unseen in ((False, "gentle !"), (True, "gentleness")):
        found = rivals(blank, y, blank[:2], classify=True, texts=(texts, [unseen, "ugly"]), characters=characters)
        assert list(found) == ["majority class", "logistic regression on tf-idf"]
        assert found["logistic regression on tf-idf"].argmax(1).tolist() == [1, 0]
    found = rivals(blank, 1.0 * (y == "yes"), blank[:2], classify=False, texts=(texts, [good, bad]))
    assert np.abs(found["ridge regression on tf-idf"] - [1, 0]).max() < 0.2
    # With nothing to read, the simple model is the trivial one.
    found = rivals(blank, y, blank[:1], classify=True, texts=([" "] * 40, [good]))
    assert found["logistic regression on tf-idf"].tolist() == [[0.5, 0.5]]


def test_each_step_is_answered_by_itself_and_the_steps_before():
    draw = np.random.default_rng(0)
    x = [draw.normal(size=(n, 1)).astype(np.float32) for n in (300, 200, 50)]
    # What was two steps ago, 0 before there was any: a sequence does not see the one before.
    y = [np.concatenate([[0, 0], one[:-2, 0]]).astype(float) for one in x]
    y[0][:10] = NAN
    found = rivals(x[:2], y[:2], x[2:], classify=False)["ridge regression on single steps"]
    assert [one.shape for one in found] == [(50,)]
    assert np.abs(found[0] - y[2]).max() < 0.1
    signs = [(one > 0).astype(float) for one in y]
    signs[1][3] = NAN
    found = rivals(x[:2], signs[:2], x[2:], classify=True)["logistic regression on single steps"]
    assert found[0].shape == (50, 2)
    assert (found[0].argmax(1) == signs[2])[2:].mean() > 0.95


def test_each_token_is_answered_by_itself_and_the_tokens_before():
    draw = np.random.default_rng(0)
    x = [draw.integers(0, 5, n) for n in (200, 100, 40)]
    y = [np.array(["even", "odd"])[np.concatenate([[0], one[:-1]]) % 2] for one in x]
    found = rivals(x[:2], y[:2], x[2:], classify=True)["logistic regression on single steps"]
    assert (np.array(["even", "odd"])[found[0].argmax(1)] == y[2]).all()


def test_rivals_never_see_what_they_answer_for():
    (x, k), classes = waves(30), [0, 1, 2]
    folds = [(np.arange(10, 30), np.arange(10)), (np.arange(20), np.arange(20, 30))]
    _, found = held_out(x, k, folds, classify=True, classes=classes)
    assert np.isnan(found[SUMMED][10:20]).all()
    assert not np.isnan(found[SUMMED][:10]).any()
    other = k.copy()
    other[:10] = 2
    _, again = held_out(x, other, folds[:1], classify=True, classes=classes)
    for name in found:
        assert np.array_equal(found[name][:10], again[name][:10])
    again = rivals(x[:20], k[:20], x[20:], classify=True, classes=classes)
    for name in found:
        assert np.allclose(found[name][20:], again[name])


def test_three_items_are_enough_and_an_absent_class_has_no_probability():
    x, _ = waves(4)
    found = rivals(x[:3], np.array([0, 2, 2]), x[3:], classify=True, classes=[0, 1, 2])
    assert found["majority class"] == pytest.approx(np.array([[1 / 3, 0, 2 / 3]]))
    assert found[SUMMED].shape == (1, 3)
    assert found[SUMMED][0, 1] == 0
    # A single class in the training part: the simple model is the trivial one.
    found = rivals(x[:3], np.array(["b", "b", None], dtype=object), x[3:], classify=True, classes=["a", "b"])
    assert found[SUMMED].tolist() == found["majority class"].tolist() == [[0, 1]]
    found = rivals(x[:1], np.array([5.0]), x[3:], classify=False)
    assert found[RIDGE].tolist() == found["mean"].tolist() == [5]
    # Nothing known to learn from.
    y = np.array([[NAN, 1.0], [3.0, 1.0]])
    _, found = held_out(x[:2], y, [(np.array([0]), np.array([1]))], classify=False)
    assert np.array_equal(found[RIDGE], [[NAN, NAN], [NAN, 1]], equal_nan=True)


def test_they_weigh_classes_alike_only_where_the_network_does():
    draw = np.random.default_rng(0)
    y = np.array([0] * 190 + [1] * 10)
    x = [draw.normal(c, 1.0, (1, 1)).astype(np.float32) for c in y]
    p = rivals(x, y, x, classify=True, alike=True)[SUMMED]
    # By shares alone hardly any would be taken for the rare class.
    assert (p.argmax(1)[190:] == 1).mean() > 0.5
    p = rivals(x, y, x, classify=True)[SUMMED]
    assert p[:, 1].mean() == pytest.approx(0.05, abs=0.02)


def test_of_much_data_only_so_many_rows_are_learned_from(monkeypatch):
    seen = []
    monkeypatch.setattr(linear, "MOST_ROWS", 50)
    sums = sources.Sums.__call__
    monkeypatch.setattr(sources.Sums, "__call__", lambda self, places: seen.append(places) or sums(self, places))
    (x, k) = waves(90)
    rivals(x[:80], k[:80], x[80:], classify=True)
    assert [len(places) for places in seen] == [50, 10]
    monkeypatch.setattr(linear, "MOST_CELLS", 29 * 20)
    rivals(x[:80], k[:80], x[80:], classify=True)
    assert [len(places) for places in seen[2:]] == [20, 10]
    # Fewer are some of the same: what sequences come down to is not worked out for each fold again.
    assert set(seen[2]) < set(seen[0])


NOTHING = [np.zeros(1, np.int64)] * 40
KEPT = {
    "classes": (waves(40)[0], np.arange(40) % 3, True, None, False),
    "two numbers": (waves(40)[0], np.stack([np.arange(40.0), np.arange(40) % 3], 1), False, None, False),
    "steps": (waves(40)[0], [one[:, 0] for one in waves(40)[0]], False, None, False),
    "tokens": ([np.arange(k, k + 9) % 7 for k in range(40)], [np.arange(9) % 2] * 40, True, None, False),
    "words": (NOTHING, np.arange(40) % 2, True, ["a film , fine", "dull \n films"] * 20, False),
    "letters": (NOTHING, np.arange(40) % 2, True, ["fine \ud800 one", "dull"] * 20, True),
}


@pytest.mark.parametrize("case", KEPT)
def test_rivals_that_were_kept_answer_to_the_bit_as_before(case):
    x, y, classify, texts, characters = KEPT[case]
    learned, _ = held_out(x, y, [], classify=classify, texts=texts, characters=characters)
    plain, arrays = learned.to_parts()
    kept = Rivals.from_parts(json.loads(json.dumps(plain)), arrays)
    for before, after in zip(learned.answer(x, texts), kept.answer(x, texts), strict=True):
        assert list(before) == list(after)
        for name in before:
            assert np.array_equal(np.concatenate([*before[name]]), np.concatenate([*after[name]]))
    assert not np.array_equal(*(np.concatenate([*one]) for one in before.values()))


def test_infinite_and_far_off_numbers_do_no_harm():
    (x, k), (test, _) = waves(30), waves(3)
    test[0] = test[0] * np.float32(1e30)
    found = rivals(x, 1.0 * k, test, classify=False)[RIDGE]
    assert (np.abs(found) < 50).all()


def test_japanese_vowels_are_told_apart_by_their_summaries(data):
    def read(part):
        lines = (data / "ucr_uea/JapaneseVowels" / f"JapaneseVowels_{part}.ts").read_text().split("@data\n")[1]
        rows = [line.split(":") for line in lines.splitlines() if line]
        arrays = [
            np.array([[float(v) for v in one.split(",")] for one in row[:-1]]).T.astype(np.float32) for row in rows
        ]
        return arrays, np.array([row[-1] for row in rows])

    (x, y), (test, true) = read("TRAIN"), read("TEST")
    found = rivals(x, y, test, classify=True)
    right = {name: (np.unique(y)[p.argmax(1)] == true).mean() for name, p in found.items()}
    assert right["majority class"] < 0.15
    assert right[SUMMED] > 0.9


def test_scikit_learn_is_not_paid_for_before_it_is_used():
    code = "import sys, gatework.tasks.labels.rivals; print({'torch', 'sklearn', 'scipy'} & set(sys.modules))"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout == "set()\n"
