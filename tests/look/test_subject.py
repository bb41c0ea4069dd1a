"""Every kind of model and of data comes out the same way: time first, in eval mode, ours inside."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import gatework
from gatework.errors import DataError, NotFittedError, OptionError, ShapeError
from gatework.look import subject
from gatework.models.forecast import quantile_loss
from gatework.models.quantiles import MEDIAN


class Net(nn.Module):
    """A recurrent layer and a head on what `form` takes of its outputs."""

    def __init__(self, form, batch_first=True, **options):
        super().__init__()
        self.form, self.batch_first = form, batch_first
        self.reader = nn.LSTM(3, 4, batch_first=batch_first, dropout=0.5, num_layers=2, **options)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.form(self.reader(x)[0], self.head)


def end(y, head):
    return head(y[:, -1])


def batch(rows=4, steps=6):
    return torch.randn(rows, steps, 3, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN, gatework.LSTM, gatework.GRU, gatework.RNN])
@pytest.mark.parametrize("batch_first", [False, True])
def test_a_bare_layer_is_seen_time_first(kind, batch_first):
    layer = kind(3, 4, batch_first=batch_first)
    given = batch() if batch_first else batch().transpose(0, 1)
    seen = subject(layer, given)
    assert list(seen.layers) == ["layer"]
    assert isinstance(seen.net, (gatework.LSTM, gatework.GRU, gatework.RNN))
    assert torch.equal(seen.x, batch().transpose(0, 1))
    want = layer(given)[0].transpose(0, 1) if batch_first else layer(given)[0]
    torch.testing.assert_close(seen.run(seen.x), want)
    assert seen.lengths is None
    assert seen.names == ("x0", "x1", "x2")
    assert seen.loss is None


def test_the_callers_model_stays_as_it_is():
    net = Net(end).train()
    seen = subject(net, batch())
    assert net.training
    assert type(net.reader) is nn.LSTM
    assert not seen.net.training
    assert isinstance(seen.net.reader, gatework.LSTM)
    with torch.no_grad():
        seen.net.head.weight.zero_()
    assert net.head.weight.abs().min() > 0
    assert torch.equal(seen.run(seen.x), seen.run(seen.x)), "no dropout in eval mode"


FORMS = {
    "about the end": (end, (1, 4, 2), lambda y: y[None]),
    "one number about the end": (lambda y, head: head(y[:, -1])[:, 0], (1, 4, 1), lambda y: y[None, :, None]),
    "a batch of one number": (lambda y, head: head(y[:, -1])[:, :1], (1, 4, 1), lambda y: y[None]),
    "each step": (lambda y, head: head(y), (6, 4, 2), lambda y: y.transpose(0, 1)),
    "each step, one number": (lambda y, head: head(y)[..., 0], (6, 4, 1), lambda y: y.T[..., None]),
    "several steps ahead": (lambda y, head: head(y[:, -3:]), (1, 4, 6), lambda y: y.reshape(1, 4, 6)),
    "a tuple": (lambda y, head: (head(y), None), (6, 4, 2), lambda y: y[0].transpose(0, 1)),
    "as many classes as steps": (lambda y, head: head(y[:, -3:]).flatten(1), (1, 4, 6), lambda y: y[None]),
}


@pytest.mark.parametrize("form", FORMS)
def test_answers_are_about_each_step_or_about_the_end(form):
    made, shape, laid = FORMS[form]
    net = Net(made).eval()
    seen = subject(net, batch())
    y = seen.run(seen.x)
    assert y.shape == shape
    torch.testing.assert_close(y, laid(net(batch())))
    twice = seen.run(seen.x.repeat(1, 2, 1))
    torch.testing.assert_close(twice, torch.cat([y, y], 1))


def test_answers_of_a_time_first_model():
    net = Net(lambda y, head: head(y)[..., 0], batch_first=False).eval()
    seen = subject(net, batch().transpose(0, 1))
    assert seen.run(seen.x).shape == (6, 4, 1)
    net = Net(lambda y, head: head(y[-3:]), batch_first=False).eval()
    seen = subject(net, batch().transpose(0, 1))
    torch.testing.assert_close(seen.run(seen.x), net(batch().transpose(0, 1)).transpose(0, 1).reshape(1, 4, 6))
    assert subject(Net(end, batch_first=True), batch(), batch_first=True).x.shape == (6, 4, 3)


def test_rows_of_different_length_come_as_a_list_or_with_lengths():
    rows = [batch()[k, :n].numpy() for k, n in enumerate((6, 2, 5))]
    layer = gatework.LSTM(3, 4, bidirectional=True)
    listed = subject(layer, rows)
    assert listed.x.shape == (6, 3, 3)
    assert listed.lengths.tolist() == [6, 2, 5]
    assert listed.alive().sum(0).tolist() == [6, 2, 5]
    assert (listed.x[~listed.alive()] == 0).all()
    padded = torch.full((6, 3, 3), torch.nan)
    for k, row in enumerate(rows):
        padded[: len(row), k] = torch.from_numpy(row)
    given = subject(layer, padded, lengths=[6, 2, 5])
    assert torch.equal(given.x, listed.x)
    y = listed.run(listed.x)
    torch.testing.assert_close(y[:2, 1], layer(torch.from_numpy(rows[1])[:, None])[0][:, 0])
    assert (y[2:, 1] == 0).all()
    assert subject(layer, batch()[0]).x.shape == (6, 1, 3), "one row alone"


def test_a_module_is_given_lengths_where_it_takes_them():
    class Packing(nn.Module):
        def __init__(self):
            super().__init__()
            self.reader = nn.GRU(3, 4)

        def forward(self, x, lengths=None):
            lengths = torch.full((x.shape[1],), len(x)) if lengths is None else lengths
            return self.reader(pack_padded_sequence(x, lengths, enforce_sorted=False))

    net = Packing()
    seen = subject(net, batch().transpose(0, 1), lengths=[2, 6, 5, 1])
    y = seen.run(seen.x)
    assert y.shape == (6, 4, 4)
    torch.testing.assert_close(y[:2, 0], net.reader(batch()[0, :2, None])[0][:, 0])
    assert (y[2:, 0] == 0).all()


def test_padding_may_follow_where_no_answer_looks_ahead():
    seen = subject(Net(lambda y, head: head(y)), batch(), lengths=[6, 2, 5, 1])
    assert seen.run(seen.x).shape == (6, 4, 2)
    message = (
        "model must take lengths= to read rows of different length; got Net, whose forward does not and whose answers "
        "padding would reach. Give rows of one length, or let forward take lengths."
    )
    with pytest.raises(OptionError, match=re.escape(message)):
        subject(Net(end), batch(), lengths=[6, 2, 5, 1])
    both = Net(lambda y, head: head(y[..., :4]), bidirectional=True)
    with pytest.raises(OptionError, match=re.escape(message)):
        subject(both, batch(), lengths=[6, 2, 5, 1])


REFUSED = {
    "no memory": (
        nn.Linear(3, 4), batch(), {}, OptionError,
        "model must be or hold an LSTM, GRU or RNN; got Linear. There is no memory to look into.",
    ),
    "no data": (
        gatework.LSTM(3, 4), None, {}, DataError,
        "data must be given with a module; got None. Give a batch that it reads.",
    ),
    "another width": (
        gatework.LSTM(3, 4), torch.zeros(6, 2, 5), {}, ShapeError,
        "data must be (T, B, 3); got (6, 2, 5). The layer has 3 inputs.",
    ),
    "too flat": (
        gatework.LSTM(3, 4), torch.zeros(6), {}, ShapeError,
        "data must be (T, B, D); got (6,). The inputs of a step come last.",
    ),
    "empty": (gatework.LSTM(3, 4), torch.zeros(0, 2, 3), {}, DataError, "data must have 1 to 0 steps in each row"),
    "an empty row": (
        gatework.LSTM(3, 4), torch.zeros(6, 2, 3), {"lengths": [6, 0]}, DataError,
        "data must have 1 to 6 steps in each row; got [6, 0].",
    ),
    "no rows": (gatework.LSTM(3, 4), [], {}, DataError, "data must have a row; got an empty list."),
    "lengths twice": (
        gatework.LSTM(3, 4), [np.zeros((2, 3))], {"lengths": [2]}, OptionError,
        "lengths must not be given with a list of rows; got both. The rows have their lengths.",
    ),
    "a gap": (
        gatework.LSTM(3, 4), torch.tensor([0, 1, torch.nan]).expand(6, 2, 3), {}, DataError,
        "data must be finite; got nan in row 0, step 0, input 2. Fill the gap.",
    ),
    "no model": (
        "an LSTM", None, {}, OptionError,
        "model must be a torch module or a fitted Forecaster, Classifier or Regressor; got str. gatework.load gives a "
        "saved one.",
    ),
    "not fitted": (
        gatework.Forecaster(3), None, {}, NotFittedError,
        "Forecaster must be fitted before it is looked into; got none. Call fit(df) first.",
    ),
    "no tensor": (
        Net(lambda y, head: {"y": y}), batch(), {}, ShapeError,
        "answers must be a tensor, or a tuple that begins with one; got dict.",
    ),
    "another batch": (
        Net(lambda y, head: y.flatten()[:7].reshape(7, 1)), batch(), {}, ShapeError,
        "answers must be (B, K) about the end, or (B, T, K) for each step, with B = 4 and T = 6; got (7, 1).",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_seen_is_refused(case):
    model, data, options, error, message = REFUSED[case]
    with pytest.raises(error, match=re.escape(message)):
        subject(model, data, **options)


# A forecaster


def fitted(**settings):
    t = np.arange(150)
    y = 20 + 5 * np.sin(t * np.pi / 6) + np.random.default_rng(0).normal(size=150)
    small = {"hidden_size": 4, "num_layers": 1, "max_steps": 4, "batch_size": 8, "progress": False, "season_length": 12}
    data = {"unique_id": np.repeat(["a", "b"], [100, 50]), "ds": np.concatenate([t[:100], t[:50]]), "y": y}
    return gatework.Forecaster(5, **small | settings).fit(data), data


@pytest.mark.parametrize("settings", [{}, {"effort": "best"}, {"lead": 2}], ids=str)
def test_a_forecaster_answers_what_it_predicts(settings):
    model, data = fitted(**settings)
    seen = subject(model)
    deep = seen.run(seen.x)
    assert seen.x.shape == (model.recipe_.input_size, 2, 4)
    assert seen.names == ("value", "change over 1", "change over 12", "known")
    assert deep.shape == (1, 2, 5)
    want = {"encoder", "decoder"} if not settings.get("effort") else None
    assert want is None or set(seen.layers) == want
    assert len(seen.layers) == 2 * len(model.net_.members)

    # Their units undone, these are the medians of predict.
    from gatework.data.windows import Windows

    recipe, panel = model.recipe_, model.panel_
    windows = Windows(panel.values, recipe.lags, recipe.input_size, recipe.h)
    scale = windows.scale(torch.arange(2), windows.lengths)
    ahead = torch.zeros(2, recipe.h, 1)
    ahead[:, model.lead :, 0] = deep[0]
    found = scale.undo(ahead)[:, model.lead :, 0].detach().numpy().ravel()
    np.testing.assert_allclose(found, model.predict(level=None)["LSTM"], rtol=1e-5)
    again = subject(model, data)
    assert torch.equal(again.x, seen.x)


def test_windows_of_a_forecaster_lie_over_the_whole_series():
    model, _ = fitted()
    last = subject(model, back=5)
    several = subject(model, windows=4, back=5)
    assert several.x.shape[1] == 8
    assert torch.equal(several.x[:, [3, 7]], last.x)
    assert subject(model).loss is None
    y = several.run(several.x)
    assert y.shape == (1, 8, 5)
    torch.testing.assert_close(several.run(several.x.repeat(1, 2, 1)), y.repeat(1, 2, 1))


def test_the_loss_of_a_forecaster_is_its_quantile_loss():
    model, _ = fitted()
    seen = subject(model, back=5)
    recipe, panel = model.recipe_, model.panel_
    from gatework.data.windows import Windows

    windows = Windows(panel.values, recipe.lags, recipe.input_size, recipe.h)
    batch = windows.batch(torch.arange(2), windows.lengths - 5)
    with torch.no_grad():
        want = quantile_loss(model.net_(batch.past, batch.future), batch.target)
        torch.testing.assert_close(seen.loss(seen.x), want)
        torch.testing.assert_close(seen.run(seen.x)[0], model.net_(batch.past, batch.future)[..., MEDIAN])


def test_covariates_have_their_own_names():
    rng = np.random.default_rng(0)
    t = np.arange(100)
    mark = np.where(t % 7 == 0, "off", "on")
    heat = rng.normal(size=100)
    heat[3] = np.nan
    data = {"ds": t, "y": rng.normal(size=100), "heat": heat, "mark": mark}
    small = {"hidden_size": 4, "num_layers": 1, "max_steps": 2, "progress": False, "season_length": 1}
    model = gatework.Forecaster(3, hist_exog_list=["heat", "mark"], **small).fit(data)
    seen = subject(model)
    assert len(seen.names) == seen.x.shape[2]
    assert seen.names[3:] == ("heat", "mark=off", "mark=on", "heat known")
    last = np.where(mark[-seen.x.shape[0] :] == "off", 1, 0)
    column = seen.x[:, 0, seen.names.index("mark=off")].numpy()
    assert np.corrcoef(last, column)[0, 1] > 0.999


@pytest.mark.parametrize(("option", "value"), [("windows", 0), ("back", -1), ("windows", True)])
def test_windows_of_a_forecaster_must_be_counts(option, value):
    model, _ = fitted()
    least = {"windows": 1, "back": 0}[option]
    message = f"{option} must be a whole number of at least {least}; got {value!r}."
    with pytest.raises(OptionError, match=re.escape(message)):
        subject(model, **{option: value})
    with pytest.raises(DataError, match="data must have a series of at least 203 steps; got 100 at most"):
        subject(model, back=200)
