"""torch.compile and torch.export see through the layers: one direction is one node to them however long T is."""

from __future__ import annotations

import shutil

import pytest
import torch
from torch import Tensor
from torch._dynamo.backends.common import aot_autograd
from torch._functorch.aot_autograd import make_boxed_func
from torch.library import opcheck

import gatework
from gatework import equations
from gatework.ops import built, onednn

D, H = 3, 4
needs_native = pytest.mark.skipif(built.why is not None, reason=f"the native kernel: {built.why}")


@pytest.fixture(autouse=True)
def _fresh_compiler():
    torch._dynamo.reset()
    torch.manual_seed(0)


def results(layer: torch.nn.Module, x: Tensor, *rest, module: torch.nn.Module | None = None, **more) -> list[Tensor]:
    """Outputs, state, and the gradients of x and of every weight of `module`."""
    x = x.clone().requires_grad_()
    y, state = layer(x, *rest, **more)
    ended = state if isinstance(state, tuple) else (state,)
    loss = sum((k + 1) * q.sin().sum() for k, q in enumerate((y, *ended)))
    leaves = [x, *(module or layer).parameters()]
    return [y.detach(), *(q.detach() for q in ended), *torch.autograd.grad(loss, leaves)]


def assert_compiled_equals_eager(layer: torch.nn.Module, x: Tensor, *rest, backend: str = "aot_eager", **more) -> None:
    compiled = torch.compile(layer, fullgraph=True, backend=backend)
    found = results(compiled, x, *rest, module=layer, **more)
    torch.testing.assert_close(found, results(layer, x, *rest, **more), rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(not (shutil.which("g++") or shutil.which("clang++")), reason="inductor needs a C++ compiler")
def test_compiled_by_inductor_the_lstm_equals_itself():
    layer = gatework.LSTM(D, H)
    hx = (torch.randn(1, 2, H), torch.randn(1, 2, H))
    # What it has on disk of an earlier run goes back as the ops did then.
    with torch._inductor.config.patch(force_disable_caches=True):
        assert_compiled_equals_eager(layer, torch.randn(5, 2, D), hx, backend="inductor")


LSTMS = {
    "plain": {},
    "deep-bidirectional": {"num_layers": 2, "bidirectional": True},
    "without-bias": {"bias": False},
    "batch-first": {"batch_first": True},
}


@pytest.mark.usefixtures("node")
@pytest.mark.parametrize("options", LSTMS.values(), ids=LSTMS)
def test_compiled_the_lstm_equals_itself(options):
    assert_compiled_equals_eager(gatework.LSTM(D, H, **options), torch.randn(5, 2, D))


def test_compiled_the_lstm_takes_one_sequence():
    assert_compiled_equals_eager(gatework.LSTM(D, H), torch.randn(5, D))


OTHERS = {
    "gru": (gatework.GRU, {}, {}),
    "rnn": (gatework.RNN, {}, {}),
    "rnn-relu-bidirectional": (gatework.RNN, {"nonlinearity": "relu", "bidirectional": True}, {}),
    "float64": (gatework.LSTM, {"dtype": torch.float64}, {}),
    "projection": (gatework.LSTM, {"proj_size": 2}, {}),
    "peephole": (gatework.LSTM, {"peephole": True}, {}),
    "coupled": (gatework.LSTM, {"coupled_gates": True, "cell_clip": 0.5}, {}),
    "layer-norm": (gatework.LSTM, {"layer_norm": True}, {}),
    "lengths": (gatework.LSTM, {}, {"lengths": torch.tensor([3, 0])}),
    "reset": (gatework.GRU, {}, {"reset": torch.tensor([[0, 1], [1, 0], [0, 0]])}),
}


@pytest.mark.parametrize(("cell", "options", "call"), OTHERS.values(), ids=OTHERS)
def test_compiled_every_other_layer_equals_itself(cell, options, call):
    layer = cell(D, H, **options)
    assert_compiled_equals_eager(layer, torch.randn(3, 2, D, dtype=options.get("dtype")), **call)


def test_compiled_the_lstm_still_drops_units_between_its_layers():
    layer = gatework.LSTM(D, H, num_layers=2, dropout=0.9)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    x = torch.randn(5, 2, D)
    assert not torch.equal(compiled(x)[0], compiled(x)[0])
    layer.eval()
    assert torch.equal(compiled(x)[0], compiled(x)[0])


def nodes(options: dict, T: int) -> list[int]:
    """How many nodes the graphs have that are compiled forward and backward."""
    counted: list[int] = []

    def count(graph, inputs):
        counted.append(len(graph.graph.nodes))
        return make_boxed_func(graph.forward)

    torch._dynamo.reset()
    layer = gatework.LSTM(D, H, **options)
    compiled = torch.compile(layer, fullgraph=True, backend=aot_autograd(fw_compiler=count, bw_compiler=count))
    results(compiled, torch.randn(T, 2, D), module=layer)
    return counted


@pytest.fixture(params=[pytest.param("native", marks=needs_native), "torch"])
def node(request, monkeypatch) -> str:
    """Name the op that one direction of the LSTM is in a graph: the kernel's, or oneDNN's where that was not built."""
    if request.param == "native":
        return "gatework.recurrent"
    monkeypatch.setattr(built, "why", "it was not built")
    return "gatework.onednn_lstm"


@pytest.mark.usefixtures("node")
@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True}], ids=["plain", "deep-bidirectional"])
def test_what_there_is_to_compile_does_not_grow_with_time(options):
    short = nodes(options, 5)
    assert len(short) == 2
    assert nodes(options, 50) == short


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("options", LSTMS.values(), ids=LSTMS)
def test_exported_the_lstm_runs_at_every_size(options, node):
    layer = gatework.LSTM(D, H, **options).eval()
    rows, times = (0, 1) if layer.batch_first else (1, 0)
    sizes = {times: torch.export.Dim("T"), rows: torch.export.Dim("B")}
    program = torch.export.export(layer, (torch.randn(5, 4, D),), dynamic_shapes={"input": sizes})
    assert sum(str(one.target) == f"{node}.default" for one in program.graph.nodes) == len(layer.all_weights)
    for shape in [(5, 4, D), (9, 2, D), (2, 7, D), (50, 3, D)]:
        x = torch.randn(shape)
        torch.testing.assert_close(program.module()(x), layer(x))


@pytest.mark.usefixtures("node")
def test_exported_the_lstm_carries_its_state_on():
    layer = gatework.LSTM(D, H).eval()
    T, B = torch.export.Dim("T"), torch.export.Dim("B")
    x, hx = torch.randn(5, 4, D), (torch.randn(1, 4, H), torch.randn(1, 4, H))
    sizes = {"input": {0: T, 1: B}, "hx": ({1: B}, {1: B})}
    program = torch.export.export(layer, (x, hx), dynamic_shapes=sizes).module()
    x, hx = torch.randn(8, 3, D), (torch.randn(1, 3, H), torch.randn(1, 3, H))
    first, state = program(x[:3], hx)
    second, state = program(x[3:], state)
    torch.testing.assert_close((torch.cat([first, second]), state), layer(x, hx))


# The custom ops themselves


def arguments(T: int = 5, B: int = 2) -> list[Tensor]:
    shapes = ((T, B, D), (4 * H, D), (4 * H, H), (4 * H,), (4 * H,), (B, H), (B, H))
    return [torch.randn(shape).requires_grad_() for shape in shapes]


@pytest.fixture
def _filled_memory():
    """oneDNN leaves gaps in its workspace: memory that starts full is the same in two runs."""
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


@pytest.mark.usefixtures("_filled_memory")
@pytest.mark.parametrize("reverse", [False, True])
def test_the_op_keeps_torchs_rules(reverse):
    opcheck(onednn.forward, (*arguments(), reverse))


@pytest.mark.usefixtures("_filled_memory")
@pytest.mark.parametrize("reverse", [False, True])
def test_the_ops_backward_keeps_torchs_rules(reverse):
    inputs = [q.detach() for q in arguments()]
    y, h, c, workspace = onednn.forward(*inputs, reverse)
    cotangents = [torch.randn_like(q) for q in (y, h, c)]
    # oneDNN also scribbles in the workspace, which test_schema sees; the next test shows that it reads none of that.
    checks = ("test_autograd_registration", "test_faketensor", "test_aot_dispatch_dynamic")
    opcheck(onednn.backward, (*inputs, y, h, c, workspace, *cotangents, reverse), test_utils=checks)


@pytest.mark.parametrize("reverse", [False, True])
def test_the_ops_backward_can_run_twice(reverse):
    inputs = arguments()
    y, h, c, _ = onednn.forward(*inputs, reverse)
    first, second = ([torch.randn_like(q) for q in (y, h, c)] for _ in range(2))
    torch.autograd.grad([y, h, c], inputs, first, retain_graph=True)
    again = torch.autograd.grad([y, h, c], inputs, second, retain_graph=True)
    fresh = torch.autograd.grad(onednn.forward(*inputs, reverse)[:3], inputs, second)
    torch.testing.assert_close(again, fresh, rtol=0, atol=0)


def by_equations(inputs: list[Tensor], reverse: bool) -> list[Tensor]:
    x, W, R, b_ih, b_hh, h, c = inputs
    moments, h, c = equations.scan(equations.share(x, W, b_ih + b_hh), h, c, R, reverse=reverse)
    return [moments.h, h, c]


@pytest.mark.parametrize("reverse", [False, True])
def test_the_op_has_the_equations_first_and_second_derivatives(reverse):
    inputs = arguments()
    cotangents = [torch.randn(5, 2, H), torch.randn(2, H), torch.randn(2, H)]
    directions = [torch.randn_like(q) for q in inputs]

    def derivatives(outputs, inputs, cotangents, directions):
        first = torch.autograd.grad(outputs, inputs, cotangents, create_graph=True)
        second = torch.autograd.grad(first, inputs, directions)
        return [*outputs, *first, *second]

    found = derivatives(onednn.forward(*inputs, reverse)[:3], inputs, cotangents, directions)
    doubles = [q.detach().double().requires_grad_() for q in inputs]
    true = derivatives(by_equations(doubles, reverse), doubles, [q.double() for q in cotangents],
                       [q.double() for q in directions])  # fmt: skip
    torch.testing.assert_close(found, [q.float() for q in true], rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("create_graph", [False, True])
def test_the_op_counts_an_input_that_hangs_on_another_once(create_graph):
    x, W, R, b, _, *_ = arguments()
    mix = torch.randn(D, H)

    def gradient(run):
        h = x.mean(dim=0) @ mix  # as a decoder's state hangs on what an encoder read
        return torch.autograd.grad(run([x, W, R, b, b, h, h]).sin().sum(), (x, b), create_graph=create_graph)

    found = gradient(lambda inputs: onednn.forward(*inputs, False)[0])
    torch.testing.assert_close(found, gradient(lambda inputs: by_equations(inputs, False)[0]), rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("node")
def test_no_two_gradients_share_memory():
    # The two biases have one gradient. Were its gradient handed out twice, clipping in place would scale it twice.
    layer = gatework.LSTM(D, H, bidirectional=True)
    torch.compile(layer, fullgraph=True, backend="aot_eager")(torch.randn(5, 2, D))[0].sum().backward()
    assert len({w.grad.data_ptr() for w in layer.parameters()}) == 8
    found = torch.autograd.grad(onednn.forward(*(inputs := arguments()), False)[0].sum(), inputs)
    assert len({g.data_ptr() for g in found}) == 7


def test_the_op_needs_only_some_of_its_outputs():
    inputs = arguments()
    found = torch.autograd.grad(onednn.forward(*inputs, False)[1].sum(), inputs)
    torch.testing.assert_close(found, torch.autograd.grad(by_equations(inputs, False)[1].sum(), inputs))


@pytest.mark.usefixtures("node")
def test_a_compiled_double_backward_is_refused():
    layer = torch.compile(gatework.LSTM(D, H), fullgraph=True, backend="aot_eager")
    x = torch.randn(5, 2, D, requires_grad=True)
    y, _ = layer(x)
    with pytest.raises(RuntimeError, match=r"create_graph=False|does not currently support double backward"):
        torch.autograd.grad(y.square().sum(), x, create_graph=True)[0].sum().backward()
