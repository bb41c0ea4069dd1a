"""A Classifier or Regressor is seen as it answers: the same answers, differentiable, with what is true beside them."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from math import prod

import numpy as np
import pytest
import torch
from labelled import fitted_series, fitted_sound, fitted_steps, fitted_text

import gatework
from gatework.data.batches import gather
from gatework.errors import DataError, NotFittedError, OptionError
from gatework.look import gradients, memory, subject, trace
from gatework.look.items import items_of
from gatework.look.labels import ROWS, STEPS
from gatework.look.timescale import timescales
from gatework.tasks.labels.learning import losses

MAKERS = {
    "series": fitted_series,
    "gaps": lambda: fitted_series(gaps=True),
    "long": lambda: fitted_series((140, 151)),
    "numbers": lambda: fitted_series(classify=False),
    "steps": fitted_steps,
    "numbers of steps": lambda: fitted_steps(classify=False),
    "text": fitted_text,
    "sound": fitted_sound,
}


@pytest.fixture(scope="module")
def made():
    """Each of them, fitted once."""
    found = {}
    return lambda name: found.setdefault(name, None) or found.update({name: MAKERS[name]()}) or found[name]


@pytest.fixture(params=MAKERS)
def each(request, made):
    return made(request.param)


def answers(model, X):
    """What a person is answered: (B, K), or a list of (T, K)."""
    if model.classify:
        return model.predict_proba(X)
    found = model.predict(X)
    return [one[:, None] for one in found] if model.targets_.stepwise else found[:, None]


def test_it_answers_as_predict_does(each):
    model, (X, _) = each
    seen, told = subject(model, X), answers(model, X)
    y = seen.run(seen.x)
    assert y.shape == (len(seen.x) if model.targets_.stepwise else 1, len(X), told[0].shape[-1])
    for k, one in enumerate(told):
        row = y[: len(one), k] if model.targets_.stepwise else y[0, k]
        np.testing.assert_allclose(row.detach().numpy(), one, rtol=1e-4, atol=1e-5)
    assert seen.stepwise is model.targets_.stepwise
    torch.testing.assert_close(seen.run(seen.x.repeat(1, 3, 1))[:, len(X) : 2 * len(X)], y)


def test_it_is_differentiable_to_what_counts_and_not_to_padding(each):
    model, (X, _) = each
    seen = subject(model, X)
    x = seen.x.clone().requires_grad_()
    seen.run(x)[..., 0].sum().backward()
    alive = seen.alive()
    assert (x.grad[alive].abs().sum(-1) > 0).float().mean() > 0.9
    assert not x.grad[~alive].any()
    assert not seen.x[~alive].any()


def test_the_model_stays_as_it_is(made):
    model, (X, y) = made("text")
    before, intake = copy.deepcopy(model.net_.state_dict()), type(model.net_.members[0].intake)
    told = model.predict_proba(X)
    for look in (trace, memory, gradients):
        look(model, (X, y))
    assert all(torch.equal(a, b) for a, b in zip(before.values(), model.net_.state_dict().values(), strict=True))
    assert type(model.net_.members[0].intake) is intake
    np.testing.assert_array_equal(model.predict_proba(X), told)


def test_what_it_reads_is_named(made):
    own = ("x0", "x1", "x0 by its own scale", "x1 by its own scale")
    assert subject(*made_x(made, "series")).names == own
    assert subject(*made_x(made, "gaps")).names == (*own, "x1 known")
    assert subject(*made_x(made, "sound")).names == made("sound")[0].reader_.names
    seen, size = subject(*made_x(made, "text")), made("text")[0].net_.members[0].intake.size
    assert (seen.names[0], seen.names[size]) == ("network 0: embedding 0", "network 1: embedding 0")
    assert len({*seen.names}) == 2 * size == seen.x.shape[2]


def made_x(made, name):
    model, (X, _) = made(name)
    return model, X


def test_what_is_missing_is_0_and_said_to_be(made):
    model, (X, _) = made("gaps")
    x = subject(model, X).x
    assert x.isfinite().all()
    assert x[2, 3, 1] == 0
    assert x[2, 3, 4] == 0
    assert x[1, 3, 4] == 1


def test_each_network_has_a_layer(made):
    assert list(subject(*made_x(made, "series")).layers) == ["members.0.layer", "members.1.layer"]
    assert list(subject(*made_x(made, "sound")).layers) == ["layer"]


def test_its_loss_is_the_one_that_it_was_trained_with(each):
    model, (X, y) = each
    seen = subject(model, (X, y))
    arrays = model.reader_.read(*[getattr(model._more(X, "look"), name) for name in ("items", "ids")])
    batch = gather(arrays, model.targets_.encode(y), np.arange(len(X)))
    heads = [head for one in model.net_.members for head in one.eval().heads(batch.x, batch.lengths)]
    sums = [losses(head, batch.y, model.recipe_, model.recipe_.smoothing) for head in heads]
    own = torch.stack([total / weight for total, weight in sums]).mean()
    torch.testing.assert_close(seen.loss(seen.x), own)
    assert subject(model, X).loss is None
    found = gradients(model, (X, y))
    assert found.about == ("its own cross-entropy" if model.classify else "its own squared error")
    assert found.loss == pytest.approx(own.item(), rel=1e-5)
    assert gradients(model, X).about.startswith("a random sum of the last answers")


def test_labels_that_are_not_known_give_no_loss(made):
    model, (X, _) = made("series")
    assert subject(model, (X, np.array(["odd"] * len(X)))).loss is None


def test_a_step_of_the_layers_may_stand_for_several(made):
    model, (X, y) = made("long")
    found = trace(model, (X, y))
    assert found.stride == prod(model.recipe_.strides) == 4
    h = found.layers["members.1.layer.l0_reverse"]["h"]
    assert len(h) == -(-len(found.x) // 4)
    assert (~np.isnan(h[:, :, 0])).sum(0).tolist() == [-(-len(one) // 4) for one in X]
    assert "a step of the layers stands for 4 of these" in str(found)
    remembered = memory(model, X)
    for name, one in timescales(trace(model, X).layers).items():
        np.testing.assert_allclose(remembered.timescales[name], 4 * one)
    flows = gradients(model, X).flows
    assert (flows["members.0.layer.l0"].stride, flows["x"].stride) == (4, 1)
    assert "(each stands for 4 of the data)" in str(flows["members.0.layer.l0"])


def test_a_memory_is_looked_for_where_inputs_do_not_go_around_it(made):
    model, (X, _) = made("text")
    found = memory(model, X)
    assert found.inside
    assert found.stepwise
    assert "the answer" not in str(found).split("\n", 2)[2]
    assert "what the layers give at each step, as inputs reach answers in other ways too" in str(found)
    plain, (X, _) = fitted_series(members=1, pooling="last", convolutions=False, bidirectional=False)
    found = memory(plain, X)
    assert not found.inside
    assert not found.stepwise
    assert np.isnan(found.ahead)


def test_what_the_layers_give_is_what_the_trace_has(made):
    model, (X, _) = made("long")
    seen, found = subject(model, X), trace(model, X)
    given = seen.remembered(seen.x).detach().numpy()
    whole = np.concatenate([found.layers[name]["h"] for name in found.layers], -1)
    assert given.shape == (len(seen.x), len(X), whole.shape[2])
    for t in (0, 3, 4, 139):
        np.testing.assert_allclose(given[t], whole[t // 4], atol=1e-6)


def test_rows_are_told_in_a_persons_words(made):
    model, (X, y) = made("series")
    told = trace(model, (X, y)).sequences
    chances, names = model.predict_proba(X), model.predict(X)
    assert told.said[13] == f"answers {names[13]} ({chances[13].max():.0%}), true high"
    assert trace(model, X).sequences.said[13] == f"answers {names[13]} ({chances[13].max():.0%})"
    assert told.answers == ("high", "low")
    model, (X, y) = made("numbers")
    assert trace(model, (X, y)).sequences.said[0] == f"answers {model.predict(X)[0]:.4g}, true 100"
    model, (X, y) = made("steps")
    right = int((model.predict(X)[2] == y[2]).sum())
    assert trace(model, (X, y)).sequences.said[2] == f"answers rightly at {right} of {len(y[2])} steps"
    model, (X, y) = made("numbers of steps")
    off = np.abs(model.predict(X)[2] - y[2]).mean()
    assert trace(model, (X, y)).sequences.said[2] == f"answers are off by {off:.4g} on average over its steps"
    assert trace(model, X).sequences.said[2] == f"an answer for each of {len(y[2])} steps"


def test_words_and_seconds_are_those_of_the_reader(made):
    model, (X, _) = made("text")
    found = trace(model, X)
    assert found.sequences.words[0] == ("a", "fine", "film", ",", "a", "joy")
    assert found.tokens[:6, 0].tolist() == model.reader_.read(X[:1], [0])[0].tolist()
    assert (found.tokens[2:, -1] == model.reader_.read(X[-1:], [0])[0][2]).tolist()[:1] == [True]
    model, (X, _) = made("sound")
    told = trace(model, X).sequences
    assert told.seconds == model.reader_.mel.hop
    assert [f"{one:.0f} Hz" for one in told.hertz] == list(model.reader_.names)
    assert f"A step is {1000 * told.seconds:g} ms of sound." in str(trace(model, X))


def test_of_many_sequences_some_are_seen_spread_evenly(made):
    model, (X, _) = made("series")
    many = [X[k % 20] for k in range(500)]
    seen = subject(model, many)
    assert seen.x.shape[1] == ROWS
    assert seen.sequences.ids[:3] + seen.sequences.ids[-1:] == ("0", "3", "7", "499")
    long = [np.zeros((STEPS // 4, 2))] * 3 + [np.zeros((5, 2))] * 5
    assert subject(model, long).sequences.ids == ("0", "2", "4", "7")


def test_sequences_without_a_step_are_left_out(made):
    model, (X, _) = made("text")
    found = trace(model, ["", *X[:2], ""])
    assert found.sequences.ids == ("1", "2")
    assert found.x.shape[1] == 2


def test_what_cannot_be_seen_is_refused(made):
    model, (X, _) = made("text")
    empty = replace(items_of(model, X[:2]), items=["", ""])
    cases = [
        (lambda: subject(model), DataError,
         "data must be given with a Classifier, which keeps no sequences; got None. Give what its predict takes."),
        (lambda: subject(model, empty), DataError,
         "data must have a sequence with a step; got 2 without. Check how it was made."),
        (lambda: subject(model, X, batch_first=True), OptionError,
         "batch_first must be left out with a Classifier; got one. Its layout= says how arrays lie."),
        (lambda: trace(model, X, futr_df={}), OptionError,
         "futr_df must be left out with a Classifier; got one. A fitted Forecaster reads it."),
        (lambda: subject(gatework.Regressor(), X), NotFittedError,
         "Regressor must be fitted before it is looked into; got none. Call fit first."),
        (lambda: subject(model, [np.zeros((3, 2))]), DataError, "X must be"),
    ]  # fmt: skip
    for ask, error, said in cases:
        with pytest.raises(error, match=re.escape(said)):
            ask()


def test_a_trace_is_json(made):
    import json

    model, (X, y) = made("sound")
    told = json.loads(json.dumps(trace(model, (X, y)).to_dict()))
    assert told["sequences"]["kind"] == "audio"
    assert len(told["sequences"]["said"]) == len(X)
