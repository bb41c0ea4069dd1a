"""gatework.backends says what runs, why the others do not, and changes nothing."""

from __future__ import annotations

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

import gatework
from gatework import backends
from gatework.errors import OptionError
from gatework.ops import built

X = torch.zeros(5, 2, 3)
NOT_BUILT = "it was not built: no C++ compiler"
needs_native = pytest.mark.skipif(built.why is not None, reason=f"the native kernel: {built.why}")
REASONS = {
    "peephole": ({"peephole": True}, "it has no peepholes"),
    "coupled": ({"coupled_gates": True}, "it has no coupled gates"),
    "clip": ({"cell_clip": 1.0}, "it has no cell clip"),
    "layer-norm": ({"layer_norm": True}, "it has no layer normalisation"),
    "recurrent-dropout": ({"recurrent_dropout": 0.5}, "it has no recurrent dropout"),
    "zoneout-of-h": ({"zoneout": (0.5, 0.0)}, "it has no zoneout"),
    "zoneout-of-c": ({"zoneout": (0.0, 0.5)}, "it has no zoneout"),
}


@pytest.fixture
def _no_native(monkeypatch):
    """A gatework that was installed without a compiler."""
    monkeypatch.setattr(built, "why", NOT_BUILT)


@needs_native
@pytest.mark.parametrize("cell", [gatework.LSTM, gatework.GRU, gatework.RNN])
def test_the_plain_layer_runs_on_the_native_kernel(cell):
    choice = backends(cell(3, 4), X)
    assert choice.backend == "native"
    assert choice.reasons == {"native": [], "torch": [], "equations": []}
    assert str(choice) == (
        "native runs this call.\n  native: can run it.\n  torch: can run it.\n  equations: can run it."
    )


@needs_native
@pytest.mark.parametrize(("options", "reason"), REASONS.values(), ids=REASONS)
def test_a_variant_runs_on_the_native_kernel_and_torchs_reason_is_given(options, reason):
    choice = backends(gatework.LSTM(3, 4, **options), X)
    assert choice.backend == "native"
    assert choice.reasons == {"native": [], "torch": [reason], "equations": []}
    assert str(choice) == (
        f"native runs this call.\n  native: can run it.\n  torch: cannot: {reason}.\n  equations: can run it."
    )


@pytest.mark.usefixtures("_no_native")
@pytest.mark.parametrize("cell", [gatework.LSTM, gatework.GRU, gatework.RNN])
def test_where_the_kernel_was_not_built_the_plain_layer_runs_on_torch(cell):
    choice = backends(cell(3, 4), X)
    assert choice.backend == "torch"
    assert choice.reasons == {"native": [NOT_BUILT], "torch": [], "equations": []}
    assert str(choice) == (
        f"torch runs this call.\n  native: cannot: {NOT_BUILT}.\n  torch: can run it.\n  equations: can run it."
    )


@pytest.mark.usefixtures("_no_native")
@pytest.mark.parametrize(("options", "reason"), REASONS.values(), ids=REASONS)
def test_where_the_kernel_was_not_built_a_variant_runs_on_the_equations(options, reason):
    choice = backends(gatework.LSTM(3, 4, **options), X)
    assert choice.backend == "equations"
    assert choice.reasons == {"native": [NOT_BUILT], "torch": [reason], "equations": []}


def test_every_reason_is_given():
    choice = backends(gatework.LSTM(3, 4, peephole=True, cell_clip=1.0), X)
    assert choice.reasons["torch"] == ["it has no peepholes", "it has no cell clip"]
    assert "torch: cannot: it has no peepholes; it has no cell clip." in str(choice)


@needs_native
@pytest.mark.parametrize("name", ["native", "torch", "equations"])
def test_a_backend_asked_for_by_name_is_the_answer(name):
    assert backends(gatework.LSTM(3, 4, backend=name), X).backend == name


@needs_native
def test_where_a_backend_asked_for_by_name_cannot_none_is_the_answer():
    choice = backends(gatework.LSTM(3, 4, backend="torch", peephole=True), X)
    assert choice.backend == "none"
    assert choice.reasons == {"native": [], "torch": ["it has no peepholes"], "equations": []}


@pytest.mark.usefixtures("_no_native")
def test_a_kernel_asked_for_by_name_that_was_not_built_is_never_replaced():
    assert backends(gatework.LSTM(3, 4, backend="native"), X).backend == "none"


@pytest.mark.usefixtures("_no_native")
def test_a_layer_that_drops_units_in_training_is_plain_in_eval():
    layer = gatework.GRU(3, 4, recurrent_dropout=0.5, weight_dropout=0.5)
    assert backends(layer, X).backend == "equations"
    assert backends(layer.eval(), X).backend == "torch"


@pytest.mark.parametrize("first", [pytest.param("native", marks=needs_native), "torch"])
def test_it_takes_whatever_the_call_takes(first, monkeypatch):
    if first != "native":
        monkeypatch.setattr(built, "why", NOT_BUILT)
    layer = gatework.LSTM(3, 4)
    h = torch.zeros(1, 2, 4)
    assert backends(layer, X, (h, h)).backend == first
    assert backends(layer, X, lengths=[5, 0]).backend == first
    assert backends(layer, X, reset=torch.zeros(5, 2)).backend == first
    assert backends(layer, X[:, 0]).backend == first
    assert backends(layer, pack_padded_sequence(X, torch.tensor([5, 3]))).backend == first


@needs_native
def test_inside_a_transform_it_says_what_runs_there():
    layer, said = gatework.LSTM(3, 4), []

    def f(x):
        said.append(backends(layer, x))
        return layer(x)[0].sum()

    torch.func.grad(f)(X)
    assert said[0].backend == "equations"
    reason = "it is wrong or refuses under torch.func and in forward-mode differentiation"
    assert said[0].reasons == {"native": [reason], "torch": [reason], "equations": []}


@pytest.mark.parametrize(
    "options", [{}, {"recurrent_dropout": 0.5, "zoneout": 0.3, "weight_dropout": 0.2}], ids=["plain", "dropped"]
)
def test_the_random_numbers_stay_what_they_would_have_been(options):
    layer = gatework.LSTM(3, 4, num_layers=2, dropout=0.5, **options)
    torch.manual_seed(0)
    expected = layer(X)[0]
    torch.manual_seed(0)
    backends(layer, X)
    assert torch.equal(layer(X)[0], expected)


def test_the_report_is_true(monkeypatch):
    """What it names is what runs."""
    from gatework import ops

    ran = []
    for name, backend in ops.BACKENDS.items():
        run = backend.run
        monkeypatch.setattr(backend, "run", lambda call, name=name, run=run: ran.append(name) or run(call))
    for options in ({}, {"peephole": True}, {"backend": "torch"}, {"backend": "equations"}):
        layer = gatework.LSTM(3, 4, **options)
        ran.clear()
        layer(X)
        assert ran == [backends(layer, X).backend]


def test_a_layer_of_torch_is_refused_with_the_way_out():
    with pytest.raises(OptionError) as error:
        backends(torch.nn.LSTM(3, 4), X)
    assert str(error.value) == (
        "layer must be a gatework.LSTM, GRU or RNN; got LSTM. Convert it with from_torch(layer)."
    )
