"""Scores come from networks that had not seen the sequence, nor any other of its group, and training ends in time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gatework import Classifier, Regressor
from gatework.models.label import Committee
from gatework.tasks.labels import learning
from gatework.tasks.labels.learning import answer

# Nothing is augmented, since sequences are told from each other by what they hold.
SMALL = {
    "max_steps": 30,
    "members": 3,
    "hidden_size": 6,
    "learning_rate": 0.01,
    "augment": False,
    "progress": False,
}


def marked(count, seed=0):
    """Sequences that are told from each other by where their one column begins."""
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(rng.integers(3, 7), 1)) for _ in range(count)]
    for k, one in enumerate(X):
        one[0, 0] = 10 + k
    return X


class Spy:
    """What each network learned from, what it drew, and what decided when it ended, by place."""

    def __init__(self, monkeypatch):
        self.learned, self.drawn, self.judged, self.nets, self.validate = [], [], [], [], []
        spy, train, batches = self, learning.fit, learning.Batches

        class Watched(batches):
            def __init__(self, arrays, y, *rest):
                super().__init__(arrays, y, *rest)
                spy.learned.append([spy.place(one) for one in arrays])
                spy.drawn.append(set())

            def __call__(self, step):
                batch = super().__call__(step)
                for row, length in zip(batch.x.numpy(), batch.lengths.tolist(), strict=True):
                    spy.drawn[-1].add(spy.place(row[:length]))
                return batch

        def fit(net, drawn, loss, **options):
            validate = options["validate"]
            spy.nets.append(net)
            spy.judged.append([] if validate is None else validate.keywords["rows"].tolist())
            spy.validate.append(validate)
            return train(net, drawn, loss, **options)

        monkeypatch.setattr(learning, "Batches", Watched)
        monkeypatch.setattr(learning, "fit", fit)

    def place(self, array):
        """By content: the reader keeps the order of first values, which no two sequences share."""
        return round(float(array[0, 0]), 5)

    def places(self, model, X):
        arrays = model.reader_.read([np.float32(x) for x in X], range(len(X)))
        found = {self.place(one): k for k, one in enumerate(arrays)}
        assert len(found) == len(X)
        learned = [{found[one] for one in some} for some in self.learned]
        assert [{found[one] for one in some} for some in self.drawn] == learned
        return learned


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("estimator", [Classifier, Regressor])
def test_nobody_learns_from_what_judges_it(monkeypatch, estimator, grouped):
    X = marked(40)
    y = np.arange(40) % 2 if estimator is Classifier else np.arange(40.0)
    # Of unequal sizes, in no order, and no class of one group alone.
    sizes = [2, 3, 4, 5, 5, 6, 7, 8]
    groups = np.random.default_rng(0).permutation(np.repeat(list("abcdefgh"), sizes)) if grouped else None
    spy = Spy(monkeypatch)
    model = estimator(**SMALL).fit(X, y, groups=groups)
    learned = spy.places(model, X)
    # Of so few series, three that learn from all answer, and twice as many others judge.
    whole = 3 if estimator is Classifier else 0
    assert len(learned) == len(spy.judged) == (9 if whole else 3)
    assert list(map(len, learned[:whole])) == [40] * whole
    assert all(spy.judged[whole:])
    assert not any(spy.judged[:whole])
    for rows, others in zip(learned, spy.judged, strict=True):
        assert rows.isdisjoint(others)
        assert rows | set(others) == set(range(40))
        if grouped:
            assert not {groups[k] for k in rows} & {groups[k] for k in others}
    # And each answer that is scored is that of a network that had not learned from the sequence.
    assert model.scores_.targets["label"].count == len(set().union(*spy.judged))
    assert sorted(model.held_["id"].to_pylist()) == sorted(set().union(*spy.judged))
    arrays = model.reader_.read([np.float32(x) for x in X], range(40))
    for row in model.held_.to_pylist():
        k = row["id"]
        strangers = [net for net, rows in zip(spy.nets, learned, strict=True) if k not in rows]
        found = [answer(Committee([net], model.recipe_.sizes), [arrays[k]], False)[0] for net in strangers]
        given = [one.max() if estimator is Classifier else model.targets_.decode(one) for one in found]
        mine = row["probability"] if estimator is Classifier else row["label"]
        assert any(abs(one - mine) < 1e-4 * max(1, abs(mine)) for one in np.ravel(given))
        assert row["true label"] == y[k]


def twins(count=24):
    """Pairs that are the same but for a little, each with a label by chance: who has seen one knows the other."""
    rng = np.random.default_rng(5)
    X = np.repeat(3 * rng.normal(size=(count, 6, 2)), 2, axis=0) + 0.01 * rng.normal(size=(2 * count, 6, 2))
    return X, np.repeat(rng.permutation(count) % 2, 2), np.repeat(np.arange(count), 2)


def test_what_cannot_be_known_scores_as_chance_does():
    X, y, groups = twins()
    settings = {**SMALL, "members": 3, "max_steps": 60, "hidden_size": 32, "dropout": 0.0}
    honest = Classifier(**settings).fit(X, y, groups=groups)
    assert honest.scores_.targets["label"].count == 48
    assert honest.scores_.rows["label"]["LSTM"].accuracy < 0.75
    # The same without saying who belongs to whom, so that it is seen that there was something to leak.
    assert Classifier(**settings).fit(X, y).scores_.rows["label"]["LSTM"].accuracy > 0.85


def test_rivals_learn_from_what_the_networks_did_alone():
    X, y, groups = twins()
    model = Classifier(**{**SMALL, "members": 5, "max_steps": 3}).fit(X, y, groups=groups)
    for name, row in model.scores_.rows["label"].items():
        if name != "LSTM":
            assert row.accuracy < 0.75


def test_the_best_weights_of_each_network_are_kept(monkeypatch):
    spy = Spy(monkeypatch)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 6, 2)), rng.integers(0, 2, 40)
    # Nothing to be learned, and far too fast: what is held out gets worse soon.
    model = Classifier(**{**SMALL, "max_steps": 120, "hidden_size": 32}).fit(X, y)
    judges = [one for one in zip(spy.nets, model.histories_, spy.validate, strict=True) if one[2]]
    assert len(judges) == 6
    for net, history, validate in judges:
        best = min(value for _, value in history.validation)
        assert history.best == best
        with torch.no_grad():
            assert validate(net) == pytest.approx(best, abs=1e-6)
    assert any(history.best < history.validation[-1][1] for _, history, _ in judges)
    assert any(history.stopped == "early" and len(history.losses) < 120 for _, history, _ in judges)
    # Those that answer go on to the last step.
    assert [len(one.losses) for one in model.histories_[:3]] == [120] * 3


@pytest.mark.parametrize("count", [2, 3, 5, 9])
@pytest.mark.parametrize("estimator", [Classifier, Regressor])
def test_few_sequences_are_all_learned_from_and_nothing_is_scored(estimator, count):
    X, y = marked(count), np.arange(count) % 2
    model = estimator(**SMALL).fit(X, y)
    assert model.scores_ is None
    assert len(model.held_) == 0
    assert len(model.predict(X)) == count
    assert all(one.stopped == "finished" for one in model.histories_)
    assert model.notes_[-1] == f"trains 3 networks, for up to 30 steps of {model.recipe_.batch_size}."


def test_one_group_is_all_learned_from():
    model = Classifier(**SMALL).fit(marked(20), np.arange(20) % 2, groups=["me"] * 20)
    assert model.scores_ is None


@pytest.mark.parametrize("groups", [2, 3, 4, 7])
def test_however_many_groups_there_are(groups):
    model = Classifier(**SMALL).fit(marked(21), np.arange(21) % 2, groups=np.arange(21) // 2 % groups)
    assert model.predict(marked(21)).shape == (21,)
    assert model.scores_ is not None


@pytest.mark.parametrize("labels", [list("aabbcdefghij"), list("abcdefghijkl"), ["a"] * 11 + ["b"]])
def test_classes_of_a_single_sequence_are_learned_from(monkeypatch, labels):
    spy = Spy(monkeypatch)
    X = marked(12)
    model = Classifier(**SMALL).fit(X, labels)
    for rows in spy.places(model, X) if spy.judged else ():
        assert {labels[k] for k in rows} == set(labels)
    assert len(model.classes_) == len(set(labels))


def test_more_networks_than_folds_can_be():
    model = Classifier(**{**SMALL, "members": 15, "max_steps": 2}).fit(marked(12), np.arange(12) % 2)
    assert len(model.net_.members) == 15


def test_of_answers_for_each_step_whole_sequences_are_held_out(monkeypatch):
    X = marked(20)
    spy = Spy(monkeypatch)
    model = Classifier(**SMALL).fit(X, [np.arange(len(one)) % 2 for one in X])
    for rows, others in zip(spy.places(model, X), spy.judged, strict=True):
        assert rows.isdisjoint(others)
    held = set().union(*spy.judged)
    assert model.scores_.targets["label"].sequences == len(held)
    assert model.scores_.targets["label"].count == sum(len(X[k]) for k in held)


def test_the_scores_say_what_they_are_of():
    model = Classifier(**SMALL).fit(marked(40), np.arange(40) % 2)
    assert model.scores_.how == (
        "Of 40 sequences, 40 were answered by networks that had not learned from them, in 6 parts; they decided when "
        "to end, which flatters slightly; those that answer others have learned from all."
    )
    model = Regressor(**SMALL).fit(marked(40), np.arange(40.0))
    assert model.scores_.how == (
        "Of 40 sequences, 24 were answered by networks that had not learned from them, in 3 parts; they decided when "
        "to end, which flatters slightly."
    )


def test_those_who_answer_of_few_series_are_none_of_those_who_judge(monkeypatch):
    spy = Spy(monkeypatch)
    model = Classifier(**{**SMALL, "members": 2}).fit(marked(40), np.arange(40) % 2)
    assert model.notes_[-1] == (
        "trains 2 networks on all sequences, and 4 that hold some out to judge by, for up to 30 steps of 16."
    )
    for kept, trained in zip(model.net_.members, spy.nets[:2], strict=True):
        assert all(a.equal(b) for a, b in zip(kept.parameters(), trained.parameters(), strict=True))


def test_of_many_series_each_network_answers_and_is_judged():
    model = Classifier(**{**SMALL, "members": 2, "max_steps": 2}).fit(marked(500), np.arange(500) % 2)
    assert model.notes_[-1] == (
        "trains 2 networks, each judged by sequences that it did not learn from, for up to 2 steps of 16."
    )
    assert len(model.histories_) == len(model.net_.members) == 2
