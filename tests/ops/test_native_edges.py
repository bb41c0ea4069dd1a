"""Where the native kernel meets the rest of torch: what was written over, who watches, forks, default devices."""

from __future__ import annotations

import os
import signal
import time

import pytest
import torch

from gatework import GRU, LSTM, RNN
from gatework.nn.reading import read
from gatework.nn.regularise import zone
from gatework.ops import built, choose

pytestmark = pytest.mark.skipif(built.why is not None, reason=f"the native kernel: {built.why}")


def test_a_reset_that_was_written_over_is_noticed_on_the_way_back():
    layer, x = LSTM(3, 4), torch.randn(5, 2, 3)
    reset = torch.zeros(5, 2, dtype=torch.bool)
    reset[2] = True
    y, _ = layer(x, reset=reset)
    reset.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_compiled_forward_mode_has_its_tangent():
    layer, x, v = LSTM(3, 4, peephole=True), torch.randn(5, 2, 3), torch.randn(5, 2, 3)

    def tangent(x, v):
        return torch.func.jvp(lambda x: layer(x)[0], (x,), (v,))[1]

    torch.testing.assert_close(torch.compile(tangent, backend="eager")(x, v), tangent(x, v))


@pytest.mark.parametrize("kind", [LSTM, GRU, RNN])
def test_compiled_a_reset_is_heeded(kind):
    layer, x = kind(3, 4, backend="native"), torch.randn(5, 2, 3)
    reset = torch.zeros(5, 2, dtype=torch.bool)
    reset[2, 0] = True
    found = torch.compile(layer, fullgraph=True, backend="aot_eager")(x, reset=reset)[0]
    torch.testing.assert_close(found, layer(x, reset=reset)[0])
    assert not torch.allclose(found, layer(x)[0], atol=1e-4)


@pytest.mark.parametrize("how", ["alone", "with a trace", "compiled"])
@pytest.mark.parametrize("kind", [LSTM, GRU, RNN])
def test_what_lies_in_the_padding_is_never_read(kind, how):
    layer, x, lengths = kind(3, 4, backend="native"), torch.randn(6, 3, 3), torch.tensor([6, 2, 0])
    run = torch.compile(layer, backend="aot_eager") if how == "compiled" else layer
    found = []
    for padding in (float("nan"), 0.0):
        padded = x.clone()
        for b, steps in enumerate(lengths):
            padded[steps:, b] = padding
        padded.requires_grad_()
        y, *_ = run(padded, lengths=lengths, trace=how == "with a trace")
        found.append([y, *torch.autograd.grad(y.square().sum(), [padded, *layer.parameters()])])
    torch.testing.assert_close(*found, rtol=0, atol=0)


def test_a_nan_is_not_hidden_on_the_way_back():
    layer, x = RNN(3, 4, nonlinearity="relu"), torch.randn(5, 2, 3)
    x[2, 0, 0] = float("nan")
    found = {}
    for backend in ("native", "equations"):
        layer.backend = backend
        x.requires_grad_().grad = None
        layer(x)[0].sum().backward()
        found[backend] = x.grad.isnan() | (x.grad != 0)
    assert torch.equal(found["native"], found["equations"])


@pytest.mark.parametrize("p", [1e-6, 0.3, 1 - 1e-6])
def test_zoneout_keeps_the_share_it_is_asked_to(p):
    torch.manual_seed(0)
    assert zone(torch.zeros(1), (400, 1000), p, True).mean().item() == pytest.approx(p, abs=0.004)


def test_what_all_rows_pad_is_not_run_and_changes_nothing():
    layer, x, lengths = LSTM(3, 4, layer_norm=True, bidirectional=True), torch.randn(9, 3, 3), torch.tensor([2, 0, 4])
    y, state, moments = layer(x, lengths=lengths, trace=True)
    short, ended, less = layer(x[:4], lengths=lengths, trace=True)
    assert y.shape == (9, 3, 8)
    torch.testing.assert_close((y[:4], *state), (short, *ended))
    assert not y[4:].any()
    for name, moment in moments.items():
        for q, other in zip(moment, less[name], strict=True):
            torch.testing.assert_close(q[:4], other)
            assert not q[4:].any()
    none = layer(x, lengths=torch.zeros(3, dtype=torch.int64))
    assert not none[0].any()


def test_the_default_device_does_not_reach_a_stream():
    stream, x = LSTM(3, 4).stream(2), torch.randn(2, 3)
    with torch.device("meta"):
        y = stream.step(x)
    assert y.device.type == "cpu"


def test_a_stream_made_in_inference_mode_can_be_reset_outside():
    with torch.inference_mode():
        stream = LSTM(3, 4).stream(2)
        stream.step(torch.randn(2, 3))
    stream.reset()
    assert not stream.state[0].any()


def test_a_single_step_of_a_plain_gru_is_torchs():
    layer = GRU(3, 4)
    for T, expected in ((1, "torch"), (2, "native")):
        assert choose(layer.call(0, read(layer, torch.zeros(T, 2, 3), None, None, None))) == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_stream_made_before_a_fork_steps_in_the_child():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    stream, x = LSTM(64, 256).stream(64), torch.randn(64, 64)
    expected = stream.step(x)
    stream.reset()
    torch.set_num_threads(threads)
    child = os.fork()
    if child == 0:
        os._exit(0 if torch.allclose(stream.step(x), expected, atol=1e-6) else 1)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert os.waitstatus_to_exitcode(status) == 0
            return
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    pytest.fail("the child hangs")
