"""Weights that are computed from others, or lent for a call, take effect as a module's own do."""

from __future__ import annotations

import pytest
import torch
from asking import BACKENDS, ask, make, run, same
from torch.func import functional_call
from torch.nn.utils import parametrizations, prune

every_kind = pytest.mark.parametrize("variant", ["LSTM layer norm", "LSTM plain", "GRU plain", "RNN plain"])
every_backend = pytest.mark.parametrize("backend", BACKENDS)


def answer(layer):
    return run(layer, ask(layer, 4, 2, seed=3, lengths=False, reset=False))[0]


@every_kind
@every_backend
@pytest.mark.parametrize("name", ["weight_ih_l0", "weight_hh_l0", "weight_hh_l1"])
def test_a_normed_weight(variant, backend, name):
    layer = parametrizations.weight_norm(make(variant, backend=backend), name)
    length = layer.parametrizations[name].original0
    before = answer(layer)
    with torch.no_grad():
        length.mul_(1.5)
    plain = make(variant, backend=backend)
    same([before], [answer(plain)])
    with torch.no_grad():
        getattr(plain, name).mul_(1.5)
    same([answer(layer)], [answer(plain)])
    (gradient,) = torch.autograd.grad(answer(layer).sum(), length)
    assert gradient.abs().max() > 0


@every_kind
@every_backend
def test_a_pruned_weight(variant, backend):
    layer = make(variant, backend=backend)
    kept = torch.arange(layer.weight_hh_l0.numel()).view_as(layer.weight_hh_l0) % 3 > 0
    plain = make(variant, backend=backend)
    with torch.no_grad():
        plain.weight_hh_l0.mul_(kept)
    prune.custom_from_mask(layer, "weight_hh_l0", kept)
    same([answer(layer)], [answer(plain)])


@every_kind
@every_backend
def test_a_weight_lent_for_a_call(variant, backend):
    layer, plain = make(variant, backend=backend), make(variant, backend=backend)
    lent = 2 * layer.weight_hh_l0.detach()
    with torch.no_grad():
        plain.weight_hh_l0.copy_(lent)
    x = ask(layer, 4, 2, seed=3).x
    same([functional_call(layer, {"weight_hh_l0": lent}, (x,))[0]], [plain(x)[0]])
