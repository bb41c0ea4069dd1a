"""The backend "native": what it declines, what a trace's gradient is, whose memory it touches, threads and forks."""

from __future__ import annotations

import os
import signal
from types import SimpleNamespace

import pytest
import torch
from problems import PROBLEMS, call, randn
from test_backends import cast
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from gatework import GRU, LSTM, RNN
from gatework.nn.reading import read
from gatework.ops import built, kernel, native, native_step, plain
from gatework.ops.call import Call

needs_native = pytest.mark.skipif(built.why is not None, reason=f"the native kernel: {built.why}")
KINDS = [LSTM, GRU, RNN]
HARD = [p for p in PROBLEMS if p.name.endswith(("dense", "both ways, lengths, resets", "resets, fresh state"))]
hard = pytest.mark.parametrize("problem", HARD, ids=lambda problem: problem.name)


def asked(dtype: torch.dtype = torch.float32, device: str = "cpu", **options) -> Call:
    layer = LSTM(3, 4, dtype=dtype, device=device, **options)
    return layer.call(0, read(layer, torch.zeros(5, 2, 3, dtype=dtype, device=device), None, None, None))


# What it declines, and in which words


@needs_native
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_nothing_speaks_against_it(dtype):
    assert native.why_not(asked(dtype)) == []


def test_it_says_when_it_was_not_built(monkeypatch):
    monkeypatch.setattr(built, "why", "it was not built: no C++ compiler")
    assert native.why_not(asked()) == ["it was not built: no C++ compiler"]


@needs_native
@pytest.mark.parametrize(
    ("dtype", "device", "reasons"),
    [
        (torch.bfloat16, "cpu", ["it has float32 and float64 only, not bfloat16"]),
        (torch.float16, "cpu", ["it has float32 and float64 only, not float16"]),
        (torch.float32, "meta", ["it runs on the cpu only, not on meta"]),
        (torch.bfloat16, "meta",
         ["it runs on the cpu only, not on meta", "it has float32 and float64 only, not bfloat16"]),
    ],
    ids=str,
)  # fmt: skip
def test_it_says_which_types_and_devices_it_has(dtype, device, reasons):
    assert native.why_not(asked(dtype, device)) == reasons


@needs_native
def test_it_leaves_autocast_to_others():
    with torch.autocast("cpu"):
        assert native.why_not(asked()) == ["it does not lower its numbers' type under autocast"]


@needs_native
def test_it_wants_one_type():
    one = asked()
    assert native.why_not(one._replace(x=one.x.double())) == ["it wants all its numbers of one type"]


@needs_native
def test_it_leaves_transforms_and_forward_mode_to_the_equations():
    reason, one, said = "it is wrong or refuses under torch.func and in forward-mode differentiation", asked(), []

    def f(x: Tensor) -> Tensor:
        said.append(native.why_not(one._replace(x=x)))
        return x.sum()

    torch.func.grad(f)(one.x)
    torch.func.vmap(f)(one.x[None])
    torch.func.jvp(f, (one.x,), (one.x,))
    with torch.autograd.forward_ad.dual_level():
        f(torch.autograd.forward_ad.make_dual(one.x, one.x))
        f(one.x)  # nothing in this call has a tangent
    assert said == [[reason]] * 4 + [[]]


@needs_native
@pytest.mark.parametrize("mask", ["m", "zh", "zc"])
def test_it_has_no_gradient_of_a_mask(mask):
    one = asked()
    w = one.directions[0]._replace(**{mask: torch.ones(2, 4, requires_grad=True)})
    assert native.why_not(one._replace(directions=(w,))) == ["it has no gradient of a mask"]


# A trace: its numbers, and the gradient that goes back through them


@needs_native
@hard
def test_a_trace_and_its_gradient_are_the_equations(problem):
    one = cast(call(problem), torch.float64, torch.clone)._replace(trace=True)
    inputs = [t for t in one.tensors() if t.requires_grad]

    def traced(run) -> list[Tensor]:
        moments = [q for moment in run(one).moments for q in moment]
        g = torch.Generator().manual_seed(6)
        cotangents = [randn(g, *q.shape) for q in moments]
        grads = torch.autograd.grad(moments, inputs, cotangents, allow_unused=True, materialize_grads=True)
        return [*moments, *grads]

    torch.testing.assert_close(traced(native.run), traced(plain.run), rtol=1e-12, atol=1e-12)


# Whose memory


@needs_native
@pytest.mark.parametrize("grad", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("lengths", [None, [0, 5, 2]], ids=["full", "uneven"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_state_given_is_neither_written_to_nor_given_back(kind, lengths, grad):
    layer = kind(3, 4, num_layers=2, bidirectional=True, backend="native")
    given = [torch.randn(4, 3, 4) for _ in layer.widths]
    fresh = [torch.randn(4, 3, 4) for _ in layer.widths]
    before = [t.clone() for t in (*given, *fresh)]
    x, reset = torch.randn(5, 3, 3), torch.zeros(5, 3, dtype=torch.bool)
    reset[0, 1] = reset[4, 1] = True
    pack = tuple if kind is LSTM else (lambda parts: parts[0])
    with torch.set_grad_enabled(grad):
        y, state = layer(x, pack(given), lengths=lengths, reset=reset, reset_state=pack(fresh))
    answered = [y, *(state if kind is LSTM else (state,))]
    for part in answered:
        part.detach().fill_(float("nan"))  # whoever has the answer may write to it
    assert all(torch.equal(old, new) for old, new in zip(before, (*given, *fresh), strict=True))
    assert len({t.untyped_storage().data_ptr() for t in (*given, *fresh, *answered)}) == len(
        [*given, *fresh, *answered]
    )


@needs_native
@hard
def test_a_backward_can_run_twice_and_spoils_nothing(problem):
    one = cast(call(problem), torch.float64, torch.clone)
    inputs = [t for t in one.tensors() if t.requires_grad]
    answer = native.run(one)
    outputs = [answer.y, *answer.state]
    values = [t.detach().clone() for t in outputs]
    cotangents = [torch.randn_like(t) for t in outputs]
    kept = [t.clone() for t in cotangents]
    first, second = (
        torch.autograd.grad(outputs, inputs, cotangents, retain_graph=True, allow_unused=True, materialize_grads=True)
        for _ in range(2)
    )
    for old, new in zip([*values, *kept, *first], [*outputs, *cotangents, *second], strict=True):
        assert torch.equal(old, new)


# Threads and forks


@pytest.fixture
def threads():
    """Give the number of threads back as it was."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@needs_native
@pytest.mark.usefixtures("threads")
def test_it_takes_as_many_threads_as_torch_has_now():
    (one,) = asked().ways()
    for many in (1, 2, 3, 1):
        torch.set_num_threads(many)
        assert kernel.scan_of(one)[0].threads == many


@needs_native
@pytest.mark.usefixtures("threads")
def test_a_stream_packs_its_weights_anew_where_the_number_of_threads_has_changed(monkeypatch):
    opened = []

    class Opened:
        def __init__(self) -> None:
            self.stack = built.native.Stepper32()
            self.step = self.stack.step
            opened.append([])

        def add(self, scan, share) -> None:
            opened[-1].append(scan.threads)
            self.stack.add(scan, share)

    rooms = SimpleNamespace(Stepper32=Opened, Share32=built.native.Share32)
    x, layer = torch.randn(6, 2, 3), LSTM(3, 40, num_layers=2, backend="native")
    usual = layer(x)[0]
    torch.set_num_threads(1)
    monkeypatch.setattr(native_step, "native", rooms)
    stream, ys = layer.stream(2), []
    for x_t, many in zip(x, (1, 2, 2, 3, 1, 1), strict=True):
        torch.set_num_threads(many)
        ys.append(stream.step(x_t))
    assert opened == [[1, 1], [2, 2], [3, 3], [1, 1]]
    torch.testing.assert_close(torch.stack(ys), usual)


def trained(layer, x: Tensor) -> list[Tensor]:
    y, _ = layer(x)
    return [y.detach(), *torch.autograd.grad(y.square().sum(), list(layer.parameters()))]


@needs_native
@pytest.mark.usefixtures("threads")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_answers_after_its_parent_used_threads():
    torch.set_num_threads(2)
    layer, x = LSTM(8, 32, backend="native"), torch.randn(9, 16, 8)
    usual = trained(layer, x)
    child = os.fork()
    if child == 0:
        # A thread that is waited for in vain would hang: the alarm ends such a child, and its status says so.
        signal.alarm(20)
        right = False
        try:
            torch.set_num_threads(1)  # torch's own products hang without it, as torch.nn.LSTM's do
            torch.testing.assert_close(trained(layer, x), usual)
            right = True
        finally:
            os._exit(0 if right else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0
    torch.testing.assert_close(trained(layer, x), usual)


class Answers(Dataset):
    """What a layer makes of each input."""

    def __init__(self, layer, xs: Tensor) -> None:
        self.layer, self.xs = layer, xs

    def __len__(self) -> int:
        return len(self.xs)

    def __getitem__(self, k: int) -> Tensor:
        return self.layer(self.xs[k])[0].detach()


@needs_native
@pytest.mark.usefixtures("threads")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_loaders_worker_runs_a_layer():
    torch.set_num_threads(2)
    answers = Answers(LSTM(8, 32, backend="native"), torch.randn(3, 9, 16, 8))
    usual = torch.stack([answers[k] for k in range(3)])
    loader = DataLoader(answers, batch_size=3, num_workers=1, multiprocessing_context="fork", timeout=30)
    torch.testing.assert_close(next(iter(loader)), usual)
