"""From torch's layers and back: the same function, and nothing else about a model changes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import gatework

TWINS = [
    ("LSTM", {}),
    ("LSTM", {"num_layers": 2, "bidirectional": True, "dropout": 0.5, "batch_first": True}),
    ("LSTM", {"proj_size": 2, "bias": False}),
    ("GRU", {}),
    ("GRU", {"num_layers": 2, "bidirectional": True, "dropout": 0.5, "bias": False}),
    ("RNN", {}),
    ("RNN", {"nonlinearity": "relu", "num_layers": 3, "batch_first": True}),
]
SETTINGS = ("mode", "input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional",
            "proj_size")  # fmt: skip
every_twin = pytest.mark.parametrize(("cell", "options"), TWINS, ids=[f"{cell}-{options}" for cell, options in TWINS])


def assert_same(one: nn.Module, other: nn.Module) -> None:
    """Settings, weights and answers, and no memory in common."""
    for name in SETTINGS:
        assert getattr(one, name) == getattr(other, name), name
    assert one.training == other.training
    first, second = one.state_dict(), other.state_dict()
    assert list(first) == list(second)
    for name, weight in first.items():
        assert torch.equal(weight, second[name])
        assert weight.dtype == second[name].dtype
        assert weight.data_ptr() != second[name].data_ptr()
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert a.requires_grad == b.requires_grad
    x = torch.randn(5, 4, one.input_size, dtype=next(one.parameters()).dtype)
    torch.manual_seed(0)
    theirs = one(x)
    torch.manual_seed(0)
    torch.testing.assert_close(other(x), theirs, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("training", [True, False])
@every_twin
def test_there_and_back(cell, options, training):
    theirs = getattr(nn, cell)(3, 4, **options, dtype=torch.float64).train(training)
    theirs.weight_hh_l0.requires_grad_(False)
    ours = gatework.from_torch(theirs)
    assert type(ours) is getattr(gatework, cell)
    assert_same(theirs, ours)
    back = gatework.to_torch(ours)
    assert type(back) is type(theirs)
    assert_same(ours, back)
    assert getattr(back, "nonlinearity", None) == options.get("nonlinearity", "tanh" if cell == "RNN" else None)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_type_is_kept(dtype):
    ours = gatework.from_torch(nn.LSTM(3, 4, dtype=dtype))
    assert {w.dtype for w in ours.parameters()} == {dtype}
    assert {w.dtype for w in gatework.to_torch(ours).parameters()} == {dtype}


@every_twin
def test_no_random_number_is_drawn(cell, options):
    theirs = getattr(nn, cell)(3, 4, **options)
    before = torch.get_rng_state()
    gatework.to_torch(gatework.from_torch(theirs))
    assert torch.equal(torch.get_rng_state(), before)


class Own(nn.LSTM):
    """A layer that does something of its own."""

    def forward(self, input, hx=None):
        y, state = super().forward(input, hx)
        return 2 * y, state


class Model(nn.Module):
    """A model as people write them: layers by name, in a list, in a dict, and inside another module."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.LSTM(3, 4)
        self.stack = nn.ModuleList([nn.GRU(4, 4), nn.Linear(4, 4)])
        self.heads = nn.ModuleDict({"a": nn.RNN(4, 2), "b": nn.Sequential(nn.Linear(4, 4), nn.LSTM(4, 2))})
        self.own = Own(4, 2)

    def forward(self, x):
        y, _ = self.encoder(x)
        y = self.stack[1](self.stack[0](y)[0])
        return self.heads["a"](y)[0], self.heads["b"](y)[0], self.own(y)[0]


def test_a_model_is_converted_wherever_its_layers_lie():
    model = Model().eval()
    model.encoder.weight_ih_l0.requires_grad_(False)
    kinds = [type(one) for one in model.modules()]
    twin = gatework.from_torch(model)
    assert [type(one) for one in model.modules()] == kinds
    assert type(twin) is Model
    found = [twin.encoder, twin.stack[0], twin.heads["a"], twin.heads["b"][1]]
    assert [type(one) for one in found] == [gatework.LSTM, gatework.GRU, gatework.RNN, gatework.LSTM]
    assert type(twin.stack[1]) is nn.Linear
    assert type(twin.own) is Own
    assert not any(one.training for one in twin.modules())
    assert [name for name, _ in twin.named_parameters()] == [name for name, _ in model.named_parameters()]
    assert not twin.encoder.weight_ih_l0.requires_grad
    x = torch.randn(5, 2, 3)
    torch.testing.assert_close(twin(x), model(x))
    with torch.no_grad():
        for weight in twin.parameters():
            weight.zero_()
    assert all(weight.any() for weight in model.parameters())


def test_a_layer_of_its_own_kind_alone_is_refused():
    with pytest.raises(gatework.errors.OptionError):
        gatework.from_torch(Own(3, 4))


VARIANTS = {
    "layer_norm": ("LSTM", {"layer_norm": True}),
    "recurrent_dropout": ("GRU", {"recurrent_dropout": 0.1}),
    "zoneout": ("LSTM", {"zoneout": (0.0, 0.1)}),
    "weight_dropout": ("RNN", {"weight_dropout": 0.1}),
    "peephole": ("LSTM", {"peephole": True}),
    "coupled_gates": ("LSTM", {"coupled_gates": True}),
    "cell_clip": ("LSTM", {"cell_clip": 3.0}),
}


@pytest.mark.parametrize(("name", "variant"), VARIANTS.items(), ids=VARIANTS)
def test_no_variant_slips_into_torch_as_the_plain_layer(name, variant):
    cell, options = variant
    with pytest.raises(gatework.errors.OptionError) as refusal:
        gatework.to_torch(getattr(gatework, cell)(3, 4, **options))
    assert str(refusal.value) == f"layer must be plain for torch.nn; got {name}. torch has no such variant."


def test_a_variant_that_is_named_but_off_is_plain():
    gatework.to_torch(gatework.LSTM(3, 4, zoneout=(0.0, 0.0), backend="equations", init="chrono", chrono_max=9))


def test_two_names_of_one_layer_stay_one_layer():
    shared = nn.GRU(3, 3)
    twin = gatework.from_torch(nn.ModuleDict({"one": shared, "two": shared}))
    assert twin["one"] is twin["two"]


def test_a_weight_that_is_shared_stays_shared():
    model = nn.ModuleDict({"recurrent": nn.RNN(4, 4), "linear": nn.Linear(4, 4)})
    model["linear"].weight = model["recurrent"].weight_ih_l0
    twin = gatework.from_torch(model)
    assert twin["linear"].weight is twin["recurrent"].weight_ih_l0
