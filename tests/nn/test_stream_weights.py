"""A stream of a layer whose weights are computed: pruned, normed, parametrised, or by a hook of one's own."""

from __future__ import annotations

import pytest
import torch
from asking import identical, make, same
from test_stream import moments, run
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

from gatework import GRU


def pruned(layer, name):
    kept = torch.arange(getattr(layer, name).numel()).view_as(getattr(layer, name)) % 3 > 0
    return prune.random_unstructured(prune.custom_from_mask(layer, name, kept), name, 0.2)


COMPUTED = [
    pruned,
    pytest.param(weight_norm, marks=pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")),
    spectral_norm,
    parametrizations.weight_norm,
    parametrizations.spectral_norm,
    parametrizations.orthogonal,
]


@pytest.mark.parametrize("called", [False, True], ids=["new", "called"])
@pytest.mark.parametrize("compute", COMPUTED, ids=lambda compute: f"{compute.__module__}.{compute.__name__}")
def test_a_computed_weight_is_the_one_it_holds(compute, called):
    x = moments()
    layer = compute(make("LSTM plain").train(), "weight_hh_l0")
    if called:
        layer(x)[0].sum().backward()

    def change():
        with torch.no_grad():
            for weight in layer.parameters():
                weight.mul_(1.5)

    change()
    before = {name: t.clone() for name, t in layer.state_dict().items()}
    stream = layer.stream(3)
    assert layer.training
    assert all(torch.equal(t, before[name]) for name, t in layer.state_dict().items())
    whole = layer.eval()(x)[0]
    change()
    same(run(stream, x), whole)
    assert not any(torch.allclose(y, other) for y, other in zip(layer(x)[0], whole, strict=True))


@pytest.mark.parametrize("first", [False, True], ids=["time first", "batch first"])
@pytest.mark.parametrize("kwargs", [False, True], ids=["args", "args and kwargs"])
def test_a_weight_that_a_hook_of_ones_own_computes_is_the_one_it_holds(kwargs, first):
    layer = GRU(3, 4, batch_first=first, dtype=torch.float64)
    raw = layer.weight_hh_l0
    del layer._parameters["weight_hh_l0"]
    layer.register_parameter("raw", raw)
    read = []

    def compute(module, args, *rest):
        (x, *_) = args
        read.append((tuple(x.shape), x.dtype, *rest))
        module.weight_hh_l0 = torch.tanh(module.raw)

    layer.register_forward_pre_hook(compute, with_kwargs=kwargs)
    x = moments()
    laid = x.transpose(0, 1) if first else x
    layer(laid)
    with torch.no_grad():
        raw.mul_(3)
    stale = layer.weight_hh_l0
    read.clear()
    stream = layer.stream(2)
    assert read == [((2, 1, 3) if first else (1, 2, 3), torch.float64, *([{}] if kwargs else []))]
    assert layer.weight_hh_l0 is stale
    whole = layer.eval()(laid)[0]
    same(run(layer.stream(3), x), whole.transpose(0, 1) if first else whole)
    assert stream.step(x[0, :2]).shape == (2, 4)


@pytest.mark.parametrize("hold", [list, tuple, lambda ts: {"t": ts}], ids=["list", "tuple", "list in a dict"])
def test_what_was_computed_may_lie_about_in_the_layer(hold):
    layer = make("LSTM plain")
    x = moments()
    before = run(layer.stream(3), x)
    loops = [layer.weight_hh_l0 * 2]
    loops.append(loops)
    layer.notes, layer.loops = hold([layer.weight_hh_l0 * 2]), loops
    identical(run(layer.stream(3), x), before)
    layer(x)[0].sum().backward()
