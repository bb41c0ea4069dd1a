"""A model of tokens is seen by what its embedding makes of them, as if that were what it is given."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest
import torch
from examined import named, names
from torch import nn

import gatework
from gatework.errors import DataError, OptionError, ShapeError
from gatework.look import doctor, gradients, memory, subject, trace


class Body(nn.Module):
    """A recurrent layer and a head: what reads numbers."""

    def __init__(self, kind=nn.LSTM, **options):
        super().__init__()
        self.reader, self.head = kind(5, 4, **options), nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.reader(x)[0])


class Net(nn.Module):
    """The same, reading tokens."""

    def __init__(self, **options):
        super().__init__()
        self.embed, self.body = nn.Embedding(10, 5, padding_idx=9), Body(**options)

    def forward(self, x):
        return self.body(self.embed(x))


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def tokens(steps=30, rows=6, kinds=9):
    return torch.randint(kinds, (steps, rows), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", [torch.int64, torch.int32, torch.uint8, np.int64], ids=str)
@pytest.mark.parametrize("batch_first", [False, True])
def test_x_is_what_the_embedding_makes_of_tokens(batch_first, kind):
    net, given = Net(batch_first=batch_first), tokens()
    laid = given.T if batch_first else given
    seen = subject(net, laid.numpy() if kind is np.int64 else laid.to(kind))
    assert torch.equal(seen.tokens, given)
    assert seen.given is seen.tokens
    assert torch.equal(seen.x, net.embed(given))
    assert seen.names == ("embed 0", "embed 1", "embed 2", "embed 3", "embed 4")
    want = net(laid).transpose(0, 1) if batch_first else net(given)
    torch.testing.assert_close(seen.run(seen.x), want)
    twice = torch.cat([seen.x, seen.x.flip(0)], 1)
    want = net.body(twice.transpose(0, 1)).transpose(0, 1) if batch_first else net.body(twice)
    torch.testing.assert_close(seen.run(twice), want)
    assert subject(net, given[:, 0]).x.shape == (30, 1, 5), "one row alone"
    assert not net.embed._forward_hooks
    assert not net.embed._forward_pre_hooks


def test_numbers_are_given_as_they_are():
    seen = subject(Body(), torch.zeros(6, 2, 5))
    assert seen.tokens is None
    assert seen.given is seen.x


@pytest.mark.parametrize("instrument", [gradients, memory])
def test_an_instrument_finds_what_it_finds_of_the_embedded_sequence(instrument):
    net = Net()
    told, want = instrument(net, tokens()).to_dict(), instrument(net.body, net.embed(tokens()).detach()).to_dict()
    if instrument is gradients:
        assert list(told["flows"]) == ["body.reader.l0", "x"]
        told["flows"] = dict(zip(want["flows"], told["flows"].values(), strict=True))
    else:
        assert told.pop("names") == [f"embed {k}" for k in range(5)] != want.pop("names")
        told["timescales"] = dict(zip(want["timescales"], told["timescales"].values(), strict=True))
    assert_alike(told, want)


def assert_alike(one, other):
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert list(one) == list(other)
        for key, value in one.items():
            assert_alike(value, other[key])
    elif isinstance(one, list):
        np.testing.assert_allclose(np.array(one, float), np.array(other, float), rtol=1e-4, atol=1e-6)
    else:
        assert one == (pytest.approx(other, rel=1e-4) if isinstance(one, float) else other)


def test_gradients_are_by_what_the_embedding_answers():
    net = Net().double()
    x = net.embed(tokens()).detach().requires_grad_()
    (grad,) = torch.autograd.grad(net.body(x)[-1].sum(), x)
    found = gradients(net, tokens(), loss=lambda y: y[-1].sum())
    norms = grad.square().sum(-1).mean(1).sqrt().flip(0)
    np.testing.assert_allclose(found.flows["x"].norms["x"], norms, rtol=1e-10)


def test_a_constant_forget_gate_has_its_horizon_in_tokens():
    class Sums(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.lstm = nn.Embedding(10, 1), gatework.LSTM(1, 2)
            for weight in self.lstm.parameters():
                nn.init.zeros_(weight)
            self.lstm.weight_ih_l0.data[4:6] = 0.05
            self.lstm.bias_ih_l0.data[2:4] = math.log(0.9 / 0.1)

        def forward(self, x):
            return self.lstm(self.embed(x))[0]

    found = memory(Sums(), tokens(300, 8, 10))
    assert found.horizon == pytest.approx(math.log(0.05) / math.log(0.9), rel=0.02)
    assert found.horizon_by_gradient == pytest.approx(found.horizon, rel=0.02)


def test_a_trace_has_the_tokens_beside_what_they_became():
    net, rows = Net(), [tokens()[:n, b] for b, n in enumerate((30, 4, 11))]
    found = trace(net, rows)
    for b, row in enumerate(rows):
        n = len(row)
        assert found.tokens[:n, b].tolist() == row.tolist()
        assert (found.tokens[n:, b] == -1).all()
        np.testing.assert_array_equal(found.x[:n, b], net.embed(row).detach())
        assert np.isnan(found.x[n:, b]).all()
        alone = trace(net, row)
        np.testing.assert_allclose(found.outputs[:n, b], alone.outputs[:, 0], atol=1e-6)
        forget = found.layers["body.reader.l0"]["f"]
        np.testing.assert_allclose(forget[:n, b], alone.layers["body.reader.l0"]["f"][:, 0], atol=1e-6)
    assert str(found).startswith(
        "3 rows of 30 tokens, each embedded in 5 numbers. On average:\nbody.reader.l0, 4 units"
    )
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["tokens"][29] == [int(rows[0][29]), -1, -1]


def test_the_paddings_own_token_stands_past_a_rows_end():
    seen_by_it = []

    class Counting(Net):
        def forward(self, x):
            seen_by_it.append(x.clone())
            return super().forward(x)

    given = tokens()
    seen = subject(Counting(), given, lengths=[30, 3, 30, 30, 12, 1])
    assert (seen_by_it[-1].T[1, 3:] == 9).all()
    assert (seen.x[3:, 1] == 0).all()
    assert torch.equal(given, tokens()), "the caller's own stay as they are"


def test_other_embeddings_are_left_alone_and_several_of_the_tokens_stand_side_by_side():
    class Both(Body):
        def __init__(self):
            super().__init__()
            self.place, self.word, self.kind = nn.Embedding(50, 5), nn.Embedding(10, 2), nn.Embedding(10, 3)

        def forward(self, x):
            # Rows and steps are exchanged on the way, as in models that read (B, T) and think (T, B).
            both = torch.cat([self.word(x.T), self.kind(input=x.T)], -1)
            return super().forward(both + self.place(torch.arange(x.shape[1]))[:, None]).transpose(0, 1)

    net, given = Both(), tokens()
    seen = subject(net, given.T, batch_first=True)
    assert seen.names == ("word 0", "word 1", "kind 0", "kind 1", "kind 2")
    assert torch.equal(seen.x, torch.cat([net.word(given), net.kind(given)], -1))
    torch.testing.assert_close(seen.run(seen.x).transpose(0, 1), net(given.T))
    moved = seen.x + 1
    want = Body.forward(net, moved + net.place(torch.arange(30))[:, None])
    torch.testing.assert_close(seen.run(moved), want)


class Turned(Net):
    """Reads (B, T), thinks in (T, B), and has one number to say of each step and token."""

    def __init__(self):
        super().__init__()
        self.before = nn.Embedding(10, 5)

    def forward(self, x):
        x = x.T
        return self.body(self.embed(x) + self.before(x.roll(1, 0)))[..., 0].T


def test_an_embedding_of_other_tokens_is_not_this_one():
    net, given = Turned(), tokens()
    seen = subject(net, given.T, batch_first=True)
    assert seen.stepwise, "told by a reading of one step less"
    assert len(seen.names) == 5
    want = net.body(seen.x + 1 + net.before(given.roll(1, 0)))[..., :1]
    torch.testing.assert_close(seen.run(seen.x + 1), want)


class AtEnd(Net):
    def forward(self, x):
        return super().forward(x)[-1]


def test_the_doctor_examines_a_model_of_tokens():
    found = doctor(Net(), tokens(40, 100))
    assert found == []
    padded = tokens(40, 100)
    for b in range(100):
        padded[30 - b % 7 :, b] = 9
    found = doctor(AtEnd(), padded)
    assert names(found) == ["padding read as data"]
    net = Net()
    net.embed.weight.data *= 30
    assert "Input embed " in named(doctor(net, tokens(40, 100)), "unscaled input").evidence


class Misread(Net):
    def forward(self, x):
        return self.body(self.embed(x.flatten()).view(*x.shape, 5))


ONES = torch.ones(6, 2, 5, dtype=int)
REFUSED = {
    "numbers for a layer": (
        lambda: nn.LSTM(5, 4), ONES, DataError,
        "data must be floating-point numbers; got torch.int64. LSTM has no nn.Embedding that could read tokens: "
        "convert them to float32.",
    ),
    "numbers in a list": (Body, [np.ones((6, 5), np.int32)], DataError, "got torch.int32. Body has no nn.Embedding"),
    "too many axes": (
        Net, ONES, ShapeError, "data must be (T, B); got (6, 2, 5). A token is one whole number.",
    ),
    "too many, batch first": (lambda: Net(batch_first=True), ONES, ShapeError, "data must be (B, T); got (6, 2, 5)."),
    "rows of two axes": (Net, [torch.ones(6, 2, dtype=int)], ShapeError, "data[0] must be (T,); got (6, 2)."),
    "an unknown token": (
        Net, torch.tensor([[3, 10]]), DataError,
        "data must be tokens from 0 to 9, which embed has; got 10. Encode them as for the training.",
    ),
    "a token below 0": (Net, torch.tensor([[3, -1]]), DataError, "which embed has; got -1. Encode them"),
    "not all at once": (
        Misread, tokens(), OptionError,
        "model must hand its tokens to an nn.Embedding, all steps at once; got Misread, which does not. Give it what "
        "its first recurrent layer reads, as floating-point numbers.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused(case):
    net, data, error, message = REFUSED[case]
    with pytest.raises(error, match=re.escape(message)):
        subject(net(), data)


def test_rows_of_numbers_of_two_kinds_are_numbers():
    assert subject(Body(), [torch.zeros(4, 5), torch.zeros(3, 5).double()]).x.dtype == torch.float32
