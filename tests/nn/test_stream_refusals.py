"""What a stream refuses, in which words, and that a refusal leaves it as it was."""

from __future__ import annotations

import pytest
import torch
from asking import identical, make

from gatework import GRU, LSTM, RNN
from gatework.errors import BackendError, OptionError, ShapeError


def refuses(act, error, text):
    with pytest.raises(error) as refusal:
        act()
    assert type(refusal.value) is error
    assert str(refusal.value) == text


X = torch.zeros(2, 3)
Z = torch.zeros(1, 2, 4)
MEMORY = "One memory a layer and direction, and a row of it a sequence."


def step(x_t):
    return lambda: LSTM(3, 4).stream(2).step(x_t)


def put(state, kind=LSTM):
    return lambda: setattr(kind(3, 4).stream(2), "state", state)


def reset(rows):
    return lambda: LSTM(3, 4).stream(2).reset(rows)


REFUSALS = [
    (step(X[:1]), ShapeError, "x_t must be (2, 3); got (1, 3). The stream has batch_size=2."),
    (step(X[0]), ShapeError, "x_t must be (2, 3); got (3,). The stream has batch_size=2."),
    (step(X[:, :2]), ShapeError, "x_t must be (2, 3); got (2, 2). The stream has batch_size=2."),
    (step(X[None]), ShapeError, "x_t must be (2, 3); got (1, 2, 3). The stream has batch_size=2."),
    (step(X.double()), ShapeError, "x_t must be torch.float32, as the weights are; got torch.float64. "
     "Convert it with x_t.to(torch.float32), or the layer with layer.to(torch.float64)."),
    (step(X.to("meta")), ShapeError, "x_t must be on cpu, as the weights are; got meta. Move it with x_t.to('cpu')."),
    (step(X.numpy()), ShapeError, "x_t must be a tensor; got ndarray. Use torch.as_tensor(x_t)."),
    (step([[0.0] * 3] * 2), ShapeError, "x_t must be a tensor; got list. Use torch.as_tensor(x_t)."),
    (put(Z), ShapeError, "state must be (h, c); got one tensor. Give both memories."),
    (put(None), ShapeError, "state must be (h, c); got NoneType. Give both memories."),
    (put((Z, Z), GRU), ShapeError, "state must be one tensor h; got tuple. Only an LSTM's state is (h, c)."),
    (put((Z, Z[:, :1])), ShapeError, f"state[1] must be (1, 2, 4); got (1, 1, 4). {MEMORY}"),
    (put(Z[0], RNN), ShapeError, f"state must be (1, 2, 4); got (2, 4). {MEMORY}"),
    (put((Z.double(), Z)), ShapeError, "state[0] must be torch.float32, as the weights are; got torch.float64. "
     "Convert it with state[0].to(torch.float32), or the layer with layer.to(torch.float64)."),
    (put((Z, Z.to("meta"))), ShapeError,
     "state[1] must be on cpu, as the weights are; got meta. Move it with state[1].to('cpu')."),
    (reset(2), ShapeError, "rows must be from 0 to 1; got 2. Count the rows from 0."),
    (reset([0, -1]), ShapeError, "rows must be from 0 to 1; got -1. Count the rows from 0."),
    (reset(torch.tensor([True])), ShapeError, "rows must be (2,); got (1,). One mark a row."),
    (reset([[0, 1]]), ShapeError, "rows must be (N,); got (1, 2). One number a row."),
    (reset([0.0]), ShapeError,
     "rows must be row numbers or bool marks; got torch.float32. Convert them with rows.long()."),
    (reset("all"), ShapeError, "rows must be row numbers or bool marks; got str. Give a list of them."),
    (lambda: LSTM(3, 4).stream(0), OptionError, "batch_size must be at least 1; got 0. Give a size."),
    (lambda: LSTM(3, 4).stream(2.0), TypeError, "batch_size must be an int; got float. Give a whole number."),
    (lambda: LSTM(3, 4).stream(True), TypeError, "batch_size must be an int; got bool. Give a whole number."),
    (lambda: LSTM(3, 4, bidirectional=True).stream(), OptionError,
     "bidirectional must be False for stream; got True. "
     "A reverse direction reads the end first: call the layer on the whole sequence."),
    (lambda: LSTM(3, 4, peephole=True, backend="torch").stream(), BackendError,
     "backend must be one that can run this call; got 'torch', but it has no peepholes. Use backend=\"auto\"."),
]  # fmt: skip


@pytest.mark.parametrize(("act", "error", "text"), REFUSALS, ids=[text.split(".")[0] for *_, text in REFUSALS])
def test_it_refuses(act, error, text):
    refuses(act, error, text)


def test_a_refused_call_leaves_the_memories_alone():
    stream = make("LSTM plain").stream(3)
    stream.step(torch.ones(3, 3, dtype=torch.float64))
    before = stream.state
    for act in (lambda: stream.step(X), lambda: setattr(stream, "state", before[0]), lambda: stream.reset([0, 9])):
        with pytest.raises(ShapeError):
            act()
    identical(stream.state, before)
