"""Answers are scored as scikit-learn scores them, and the verdict says only what the numbers can show."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import numpy as np
import pytest
from rich.console import Console
from sklearn import metrics

from gatework.errors import ShapeError
from gatework.tasks.labels.scores import LabelScores, score_classes, score_numbers

NAN = float("nan")
ABC = ["a", "b", "c"]


def certain(labels, classes=ABC, sure=0.9):
    """Probabilities (N, K) of one who answers `labels`, sure of it."""
    k = len(classes)
    rest = (1 - sure) / (k - 1)
    return np.array([[sure if name == label else rest for name in classes] for label in labels])


def off(labels, wrong, classes=ABC):
    """The labels with those at `wrong` taken for the next class."""
    labels = list(labels)
    for i in wrong:
        labels[i] = classes[(classes.index(labels[i]) + 1) % len(classes)]
    return labels


def shown(table, width=120):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(table)
    return console.export_text()


def test_classes_are_measured_as_scikit_learn_measures_them():
    draw = np.random.default_rng(0)
    # A class that is never true, one that is never answered.
    truth = draw.choice(["a", "b", "d"], 200, p=[0.6, 0.3, 0.1])
    classes = ["a", "b", "c", "d"]
    p = draw.dirichlet([4, 3, 2, 1e-3], 200)
    row = score_classes(truth, {"LSTM": p}, classes).rows["label"]["LSTM"]
    said = np.array(classes)[p.argmax(1)]
    assert "d" not in said
    assert row.accuracy == pytest.approx(metrics.accuracy_score(truth, said), abs=1e-12)
    with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):
        assert row.balanced_accuracy == pytest.approx(metrics.balanced_accuracy_score(truth, said), abs=1e-12)
    assert row.macro_f1 == pytest.approx(metrics.f1_score(truth, said, average="macro"), abs=1e-12)
    assert row.log_loss == pytest.approx(metrics.log_loss(truth, p, labels=classes), abs=1e-12)


def test_a_probability_of_zero_for_what_came_to_be_has_a_finite_loss():
    truth, p = ["a", "b"], np.array([[0.0, 1.0], [0.0, 1.0]])
    row = score_classes(truth, {"LSTM": p}, ["a", "b"]).rows["label"]["LSTM"]
    assert row.log_loss == pytest.approx(metrics.log_loss(truth, p), abs=1e-12)


def test_the_confusion_matrix_has_a_row_a_true_class():
    truth = ["a", "a", "a", "b", "c", "c"]
    said = ["a", "b", "b", "b", "a", "c"]
    found = score_classes(truth, {"LSTM": certain(said), "other": certain(truth)}, ABC).targets["label"]
    assert found.confusion == ((1, 2, 0), (0, 1, 0), (1, 0, 1))
    assert np.array_equal(found.confusion, metrics.confusion_matrix(truth, said))


def test_numbers_are_measured_as_scikit_learn_measures_them():
    draw = np.random.default_rng(1)
    truth = draw.normal(size=(50, 2)) * [1, 30] + [5, 0]
    answer = truth + draw.normal(size=(50, 2))
    rows = score_numbers(truth, {"LSTM": answer}, ["one", "two"]).rows
    for k, target in enumerate(("one", "two")):
        assert rows[target]["LSTM"] == pytest.approx(
            (
                metrics.root_mean_squared_error(truth[:, k], answer[:, k]),
                metrics.mean_absolute_error(truth[:, k], answer[:, k]),
                metrics.r2_score(truth[:, k], answer[:, k]),
            ),
            abs=1e-12,
        )


def test_unknown_labels_and_numbers_are_left_out():
    labels = np.array(["a", None, "b", NAN, "c"], dtype=object)
    found = score_classes(labels, {"LSTM": certain("aabbb")}, ABC).targets["label"]
    assert (found.count, found.rows["LSTM"].accuracy) == (3, pytest.approx(2 / 3))
    # Whole labels with gaps come as floats.
    steps = np.array([0.0, NAN, 1.0, 1.0])
    found = score_classes(steps, {"LSTM": certain([0, 0, 1, 0], [0, 1])}, [0, 1]).targets["label"]
    assert (found.count, found.confusion) == (3, ((1, 0), (1, 1)))
    numbers = np.array([[1.0, NAN], [NAN, NAN], [3.0, 5.0]])
    found = score_numbers(numbers, {"LSTM": np.nan_to_num(numbers) + 2}, ["x", "y"]).targets
    assert [(one.count, one.rows["LSTM"].rmse) for one in found.values()] == [(2, 2.0), (1, 2.0)]
    assert np.isnan(found["y"].rows["LSTM"].r2)


def test_what_one_model_has_no_answer_for_is_left_out_for_all():
    p = certain("abc")
    p[0] = NAN
    found = score_classes(ABC, {"LSTM": p, "other": certain("bbb")}, ABC).targets["label"]
    assert (found.count, found.rows["LSTM"].accuracy, found.rows["other"].accuracy) == (2, 1.0, 0.5)
    found = score_numbers([1.0, 2.0], {"LSTM": [1.0, 3.0], "other": [NAN, 2.0]}).targets["label"]
    assert (found.count, found.rows["LSTM"].rmse, found.rows["other"].rmse) == (1, 1.0, 0.0)


def test_labels_that_were_never_learned_count_as_wrong():
    truth, said = ["a", "b", "y", "z", "z"], list("abaab")
    found = score_classes(
        truth, {"LSTM": certain(said), "other": certain("abbba")}, ABC, target="speaker", how="Tried."
    )
    one = found.targets["speaker"]
    assert (one.count, one.unseen, one.classes) == (5, 3, ("a", "b", "c", "y", "z"))
    assert one.rows["LSTM"].accuracy == metrics.accuracy_score(truth, said)
    assert one.rows["LSTM"].balanced_accuracy == pytest.approx((1 + 1 + 0 + 0) / 4)
    assert one.confusion[4] == (1, 1, 0, 0, 0)
    note = "3 of 5 labels of speaker are of classes that the model never saw: they count as wrong."
    assert found.notes == [note]
    assert f"Tried. {note}" in " ".join(shown(found.table()).split())
    assert LabelScores.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    alone = score_classes(["a", "z"], {"LSTM": certain("ab")}, ABC)
    assert alone.notes == ["1 of 2 labels is of a class that the model never saw: it counts as wrong."]
    assert score_classes(["a", "b"], {"LSTM": certain("ab")}, ABC).notes == []


@pytest.mark.parametrize(("what", "said"), [("texts", "1 text,"), ("recordings", "1 recording,")])
def test_what_is_counted_is_called_what_it_is(what, said):
    classes = score_classes(["a"], {"LSTM": certain("a")}, ABC, what=what)
    numbers = score_numbers([1.0], {"LSTM": [1.0]}, what=what)
    assert said in classes.verdict()
    assert said in numbers.verdict()


def test_answers_of_another_shape_are_refused():
    with pytest.raises(ShapeError) as error:
        score_classes(["a", "b"], {"LSTM": np.ones((2, 2))}, ABC)
    assert str(error.value) == "answers['LSTM'] must be (2, 3); got (2, 2)."


def verdict(right, mine, theirs, name="logistic regression on summary features"):
    """The verdict on 270 labels of three classes, of which the first `right` ... of each are answered rightly."""
    truth = (ABC * right)[:right]
    answers = {
        "LSTM": certain(off(truth, mine)),
        name: certain(off(truth, theirs)),
        "majority class": certain(["a"] * right),
    }
    return score_classes(truth, answers, ABC).verdict()


def test_a_model_that_is_surely_better_wins():
    assert verdict(270, range(6), range(6, 24)) == (
        "LSTM wins: 97.8 % right out of 270 sequences, nearest rival logistic regression on summary features 93.3 % "
        "(p = 0.02)."
    )


def test_a_rival_that_is_surely_better_wins_and_is_to_be_used():
    assert verdict(270, range(18), range(18, 20)) == (
        "Logistic regression on summary features wins: 99.3 % right out of 270 sequences, LSTM 93.3 % (p < 0.001): "
        "use it, it is simpler."
    )


def test_what_chance_explains_names_no_winner():
    assert verdict(40, range(4), range(4, 9)) == (
        "No difference that 40 sequences could show: LSTM 90.0 % right, logistic regression on summary features 87.5 % "
        "(p = 1.00)."
    )


def test_unequal_classes_are_judged_by_balanced_accuracy_and_the_line_says_so():
    truth = ["a"] * 200 + ["b"] * 40 + ["c"] * 40
    answers = {"LSTM": certain(off(truth, range(20))), "majority class": certain(["a"] * 280)}
    scores = score_classes(truth, answers, ABC)
    assert scores.rows["label"]["LSTM"].balanced_accuracy == pytest.approx(29 / 30)
    assert scores.verdict() == (
        "LSTM wins: 96.7 % balanced accuracy on 280 sequences, nearest rival majority class 33.3 % (p < 0.001; "
        "balanced, since one class is more than three times as large as the others are on average)."
    )
    # Three times is not more than three times.
    assert not score_classes(["a"] * 3 + ["b", "c"], {"LSTM": certain("aaabc")}, ABC).targets["label"].balanced


def test_the_balanced_test_is_of_balanced_accuracy():
    # The rival is right more often, by what it gains in the large class; the model in each small one.
    truth = ["a"] * 300 + ["b"] * 30 + ["c"] * 30
    mine, theirs = off(truth, range(40)), off(truth, range(300, 330))
    found = score_classes(truth, {"LSTM": certain(mine), "other": certain(theirs)}, ABC).targets["label"]
    assert found.rows["other"].accuracy > found.rows["LSTM"].accuracy
    assert found.value("LSTM") > found.value("other")
    assert found.p["other"] < 0.001


@pytest.mark.parametrize(
    ("mine", "theirs", "sentence"),
    [
        (1.0, 2.0, "LSTM wins: RMSE 1.000 on 60 sequences, nearest rival ridge 2.000 (p < 0.001)."),
        (2.0, 1.0, "Ridge wins: RMSE 1.000 on 60 sequences, LSTM 2.000 (p < 0.001): use it, it is simpler."),
    ],
)
def test_numbers_are_judged_by_their_squared_errors(mine, theirs, sentence):
    truth = np.arange(60.0)
    sign = np.where(truth % 2, 1, -1)
    scores = score_numbers(truth, {"LSTM": truth + mine * sign, "ridge": truth + theirs * sign})
    assert scores.verdict() == sentence


def test_of_several_targets_the_line_says_who_wins_where():
    truth = np.stack([np.arange(60.0)] * 4, axis=1)
    truth[:, 3] = NAN
    sign = np.where(truth[:, :1] % 2, 1, -1)
    answers = {"LSTM": truth + sign * [1, 2, 1, 0], "ridge": truth + sign * [2, 1, 1, 0]}
    assert score_numbers(truth, answers, ["speed", "load", "heat", "wear"]).verdict() == (
        "LSTM wins on speed; a simpler rival wins on load: use it there; no difference that 60 sequences could show on "
        "heat; nothing to score on wear."
    )
    parts = [
        score_classes(["a", "b"] * 30, {"LSTM": certain(["a", "b"] * 30, ["a", "b"])}, "ab", name, "so")
        for name in "xyz"
    ]
    joined = LabelScores.join(parts)
    assert (joined.verdict(), joined.how) == ("LSTM has no rival on x, y and z.", "so")


def test_without_a_rival_or_a_label_the_line_says_so():
    assert score_classes(["a"], {"LSTM": certain("a")}, ABC).verdict() == (
        "LSTM: 100.0 % right out of 1 sequence, beside no rival."
    )
    empty = score_classes(np.array([NAN]), {"LSTM": certain("a")}, ABC)
    assert empty.verdict() == "No verdict: no label to score by is known."
    assert "–" in shown(empty.table())
    assert (
        score_numbers([NAN], {"LSTM": [1.0], "mean": [2.0]}).verdict() == "No verdict: no number to score by is known."
    )


def test_the_steps_of_a_sequence_flip_together():
    # In each of 4 sequences the model is better in all of 50 steps: that is 4 times, not 200.
    truth = np.array(["a"] * 200)
    answers = {"LSTM": certain(["a"] * 200), "ridge": certain(["b"] * 200)}
    alone, together = (
        score_classes(truth, answers, ABC, owners=owners) for owners in (None, np.repeat([7, 3, 5, 1], 50))
    )
    assert alone.targets["label"].p["ridge"] < 1e-10
    assert together.targets["label"].p["ridge"] == 2 / 2**4
    assert together.verdict() == (
        "No difference that 200 steps of 4 sequences could show: LSTM 100.0 % right, ridge 0.0 % (p = 0.12)."
    )


def test_scores_come_back_from_json_as_they_were():
    classes = np.array(["a", "b"])
    both = LabelScores.join(
        score_classes(
            np.array(labels), {"LSTM": certain(labels, [*set_]), "mean": certain(labels, [*set_])}, set_, name, "how"
        )
        for labels, set_, name in [
            (["a", "b"], classes, "x"),
            ([1, 2], np.array([1, 2]), "y"),
            ([True, False], [False, True], "z"),
        ]
    )
    assert LabelScores.from_dict(json.loads(json.dumps(both.to_dict()))) == both
    numbers = score_numbers(np.random.default_rng(0).normal(size=(9, 2)), {"LSTM": np.full((9, 2), 0.1)}, ["x", "y"])
    assert LabelScores.from_dict(json.loads(json.dumps(numbers.to_dict()))) == numbers
    flat = score_numbers([1.0, 1.0], {"LSTM": [1.0, 2.0]})
    assert flat.to_dict()["targets"]["label"]["rows"]["LSTM"]["r2"] is None
    assert LabelScores.from_dict(flat.to_dict()).to_dict() == flat.to_dict()


def test_the_table_shows_the_best_of_each_column_in_bold():
    truth = np.arange(60.0)
    scores = score_numbers(
        truth, {"LSTM": truth + 1, "[ridge]": truth * 0.999, "mean": truth * 0 + truth.mean()}, how="said so"
    )
    table = scores.table()
    assert [column.header for column in table.columns] == ["", "RMSE", "MAE", "R²"]
    cells = [list(column.cells) for column in table.columns]
    assert cells[1] == ["1.000", "[bold]0.03421[/bold]", "17.32"]
    assert cells[3] == ["0.997", "[bold]1.000[/bold]", "0.000"]
    text = shown(table)
    assert "[ridge]" in text
    assert "said so" in text
    assert scores.markdown().splitlines() == [
        "|  | RMSE | MAE | R² |",
        "|---|---:|---:|---:|",
        "| LSTM | 1.000 | 1.000 | 0.997 |",
        "| [ridge] | 0.03421 | 0.02950 | 1.000 |",
        "| mean | 17.32 | 15.00 | 0.000 |",
    ]


def test_the_table_of_several_targets_names_each():
    truth = np.arange(8.0).reshape(4, 2)
    scores = score_numbers(truth, {"LSTM": truth + 1}, ["x|y", "z"])
    assert scores.markdown().splitlines()[1:3] == [
        "|---|---|---:|---:|---:|",
        "| x\\|y | LSTM | 1.000 | 1.000 | 0.800 |",
    ]
    lines = [" ".join(line.split()) for line in shown(scores.table()).splitlines()]
    assert lines == ["RMSE MAE R²", "x|y", "LSTM 1.000 1.000 0.800", "z", "LSTM 1.000 1.000 0.800"]


def test_a_table_of_classes_speaks_in_percent():
    scores = score_classes(["a", "b"], {"LSTM": certain("ab"), "majority class": certain("aa")}, ["a", "b", "c"])
    assert scores.markdown().splitlines()[2:] == [
        "| LSTM | 100.0 % | 100.0 % | 100.0 % | 0.105 |",
        "| majority class | 50.0 % | 50.0 % | 33.3 % | 1.551 |",
    ]


def test_scores_are_there_before_torch_and_scikit_learn_are_paid_for():
    code = "import sys, gatework.tasks.labels.scores; print({'torch', 'sklearn', 'scipy'} & set(sys.modules))"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout == "set()\n"
