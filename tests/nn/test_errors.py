"""Every refusal of the layers, word for word: what was wanted, what came, what to do."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import gatework
from gatework import GRU, LSTM, RNN
from gatework.errors import BackendError, OptionError, ShapeError
from gatework.nn.reading import read
from gatework.ops import built, choose

SHARE = "It is the share of units to drop."
KEEP = "It is the share of units that keep."
CHOOSE = "Choose one of them."


def made(cell: Any = LSTM, /, *sizes: Any, **options: Any) -> Callable[[], Any]:
    return lambda: cell(*(sizes or (3, 4)), **options)


SETTINGS = [
    (made(LSTM, 3.0, 4), TypeError, "input_size must be an int; got float. Give a whole number."),
    (made(LSTM, True, 4), TypeError, "input_size must be an int; got bool. Give a whole number."),
    (made(GRU, 3, "4"), TypeError, "hidden_size must be an int; got str. Give a whole number."),
    (made(RNN, 3, 4, 1.5), TypeError, "num_layers must be an int; got float. Give a whole number."),
    (made(LSTM, 0, 4), OptionError, "input_size must be at least 1; got 0. Give a size."),
    (made(LSTM, 3, -4), OptionError, "hidden_size must be at least 1; got -4. Give a size."),
    (made(GRU, 3, 4, 0), OptionError, "num_layers must be at least 1; got 0. Give a size."),
    (made(bias=1), TypeError, "bias must be a bool; got int. Say True or False."),
    (made(batch_first=None), TypeError, "batch_first must be a bool; got NoneType. Say True or False."),
    (made(bidirectional="yes"), TypeError, "bidirectional must be a bool; got str. Say True or False."),
    (made(GRU, layer_norm=1), TypeError, "layer_norm must be a bool; got int. Say True or False."),
    (made(peephole=1), TypeError, "peephole must be a bool; got int. Say True or False."),
    (made(coupled_gates=1), TypeError, "coupled_gates must be a bool; got int. Say True or False."),
    (made(dropout=1.5), OptionError, f"dropout must be a number from 0 to 1; got 1.5. {SHARE}"),
    (made(dropout=True), OptionError, f"dropout must be a number from 0 to 1; got True. {SHARE}"),
    (made(GRU, recurrent_dropout=-0.1), OptionError,
     f"recurrent_dropout must be a number from 0 to 1; got -0.1. {SHARE}"),
    (made(RNN, weight_dropout="a"), OptionError, f"weight_dropout must be a number from 0 to 1; got 'a'. {SHARE}"),
    (made(zoneout=2), OptionError, f"zoneout must be a number from 0 to 1, or two of them, (h, c); got 2. {KEEP}"),
    (made(zoneout=(0.1, 0.2, 0.3)), OptionError,
     f"zoneout must be a number from 0 to 1, or two of them, (h, c); got (0.1, 0.2, 0.3). {KEEP}"),
    (made(zoneout=(0.1, 2)), OptionError,
     f"zoneout must be a number from 0 to 1, or two of them, (h, c); got (0.1, 2). {KEEP}"),
    (made(GRU, zoneout=(0.1, 0.2)), OptionError, f"zoneout must be a number from 0 to 1; got (0.1, 0.2). {KEEP}"),
    (made(proj_size=4), OptionError, "proj_size must be from 0 to 3; got 4. It must be below hidden_size."),
    (made(proj_size=-1), OptionError, "proj_size must be from 0 to 3; got -1. It must be below hidden_size."),
    (made(proj_size=1.5), OptionError, "proj_size must be from 0 to 3; got 1.5. It must be below hidden_size."),
    (made(cell_clip=0), OptionError, "cell_clip must be a positive number; got 0. Leave it out for no clip."),
    (made(cell_clip=float("inf")), OptionError,
     "cell_clip must be a positive number; got inf. Leave it out for no clip."),
    (made(backend="cuda"), OptionError,
     f"backend must be one of auto, native, torch, equations; got 'cuda'. {CHOOSE}"),
    (made(init="zeros"), OptionError, f"init must be one of torch, recommended, chrono; got 'zeros'. {CHOOSE}"),
    (made(RNN, init="chrono"), OptionError, f"init must be one of torch, recommended; got 'chrono'. {CHOOSE}"),
    (made(init="chrono", chrono_max=9, bias=False), OptionError,
     "bias must be True with init='chrono'; got False. The time scales live in the biases."),
    (made(GRU, init="chrono"), OptionError,
     "chrono_max must be above 2 with init='chrono'; got None. Give the longest lag in steps."),
    (made(init="chrono", chrono_max=2), OptionError,
     "chrono_max must be above 2 with init='chrono'; got 2. Give the longest lag in steps."),
    (made(init="chrono", chrono_max=float("inf")), OptionError,
     "chrono_max must be above 2 with init='chrono'; got inf. Give the longest lag in steps."),
    (made(RNN, nonlinearity="sigmoid"), OptionError,
     f"nonlinearity must be one of tanh, relu; got 'sigmoid'. {CHOOSE}"),
    (made(chrono_max=9), OptionError, "chrono_max must be None; got 9. It goes with init='chrono'."),
]  # fmt: skip


def refuses(act: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as refusal:
        act()
    assert type(refusal.value) is error
    assert str(refusal.value) == text


@pytest.mark.parametrize(("make", "error", "text"), SETTINGS, ids=[text.split(".")[0] for *_, text in SETTINGS])
def test_a_setting_that_cannot_be(make, error, text):
    refuses(make, error, text)


def test_dropout_without_a_second_layer_warns():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        LSTM(3, 4, dropout=0.5)
        LSTM(3, 4, num_layers=2, dropout=0.5)
    (one,) = caught
    assert one.category is UserWarning
    assert one.filename == __file__
    assert str(one.message) == (
        "dropout=0.5 does nothing with num_layers=1: it acts between layers. Use recurrent_dropout, or more layers."
    )


X = torch.zeros(5, 2, 3)
Z = torch.zeros(1, 2, 4)
PACKED = pack_padded_sequence(X, torch.tensor([3, 5]), enforce_sorted=False)
INSTEAD = "Give the padded tensor and lengths= instead."
LENGTH = "Count the steps of each row."
MARK = "One mark a step, as x lies."
MEMORY = "One memory a layer and direction"


def called(*given: Any, cell: Any = LSTM, options: dict[str, Any] | None = None, **more: Any) -> Callable[[], Any]:
    return lambda: cell(3, 4, **(options or {}))(*given, **more)


INPUTS = [
    (called(X.numpy()), "x must be a tensor or a PackedSequence; got ndarray. Use torch.as_tensor(x)."),
    (called(X[..., :2]), "x must be (T, B, 3); got (5, 2, 2). The layer has input_size=3."),
    (called(X[..., :2], options={"batch_first": True}),
     "x must be (B, T, 3); got (5, 2, 2). The layer has input_size=3."),
    (called(X.transpose(0, 2)), "x must be (T, B, 3); got (3, 2, 5). Its features must come last."),
    (called(X[0, 0]), "x must be (T, B, 3); got (3,). Give one sequence (T, D) or a batch of them."),
    (called(X[None]), "x must be (T, B, 3); got (1, 5, 2, 3). Give one sequence (T, D) or a batch of them."),
    (called(X[..., 0]), "x must be (T, 3); got (5, 2). A batch has three dimensions."),
    (called(X.double()), "x must be torch.float32, as the weights are; got torch.float64. "
     "Convert it with x.to(torch.float32), or the layer with layer.to(torch.float64)."),
    (called(X, lengths=[1.0, 2.0]),
     "lengths must be whole numbers; got torch.float32. Convert them with lengths.long()."),
    (called(X, lengths=torch.tensor([True, False])),
     "lengths must be whole numbers; got torch.bool. Convert them with lengths.long()."),
    (called(X, lengths=[1, 2, 3]), "lengths must be (2,); got (3,). One length a row."),
    (called(X, lengths=3), "lengths must be (2,); got (). One length a row."),
    (called(X, lengths=[6, 1]), f"lengths must be from 0 to T = 5; got 6. {LENGTH}"),
    (called(X, lengths=[5, -1]), f"lengths must be from 0 to T = 5; got -1. {LENGTH}"),
    (called(X, reset=torch.zeros(2, 5)), f"reset must be (5, 2); got (2, 5). {MARK}"),
    (called(X, reset=torch.zeros(2, 5), options={"batch_first": True}), f"reset must be (5, 2); got (2, 5). {MARK}"),
    (called(X[:, 0], reset=[0] * 4), f"reset must be (5,); got (4,). {MARK}"),
    (called(PACKED, lengths=[3, 5]), f"lengths must not be given with a PackedSequence; got both. {INSTEAD}"),
    (called(PACKED, reset=torch.zeros(5, 2)), f"reset must not be given with a PackedSequence; got both. {INSTEAD}"),
    (called(PACKED, reset_state=(Z, Z)),
     f"reset_state must not be given with a PackedSequence; got both. {INSTEAD}"),
    (called(PACKED, trace=True), f"trace must not be given with a PackedSequence; got both. {INSTEAD}"),
    (called(X.to("meta")), "x must be on cpu, as the weights are; got meta. Move it with x.to('cpu')."),
    (called(X.long()), "x must be torch.float32, as the weights are; got torch.int64. "
     "Convert it with x.to(torch.float32)."),
    (called(pack_padded_sequence(X[..., :2], torch.tensor([5, 3]))),
     "x.data must be (N, 3); got (8, 2). The layer has input_size=3."),
    (called(X, 5), "state must be (h, c); got int. Give both memories."),
    (called(X, (Z, None)), "state must be (h, c); got (Tensor, NoneType). Give both memories."),
    (called(X, (Z, Z[:, :1])), f"state[1] must be (1, 2, 4); got (1, 1, 4). {MEMORY}, and a row of it a sequence."),
    (called(X, Z[..., :3], cell=GRU),
     f"state must be (1, 2, 4); got (1, 2, 3). {MEMORY}, and a row of it a sequence."),
    (called(X[:, 0], (Z, Z)), f"state[0] must be (1, 4); got (1, 2, 4). {MEMORY}."),
    (called(X, (Z, Z.double())), "state[1] must be torch.float32, as the weights are; got torch.float64. "
     "Convert it with state[1].to(torch.float32), or the layer with layer.to(torch.float64)."),
    (called(X, reset=torch.zeros(5, 2), reset_state=(Z.to("meta"), Z)),
     "reset_state[0] must be on cpu, as the weights are; got meta. Move it with reset_state[0].to('cpu')."),
    (called(X, Z), "state must be (h, c); got one tensor. Give both memories."),
    (called(X, (Z,)), "state must be (h, c); got 1 parts. Give both memories."),
    (called(X, reset=torch.zeros(5, 2), reset_state=Z),
     "reset_state must be (h, c); got one tensor. Give both memories."),
    (called(X, (Z, Z), cell=GRU), "state must be one tensor h; got tuple. Only an LSTM's state is (h, c)."),
    (called(X, [Z], cell=RNN), "state must be one tensor h; got list. Only an LSTM's state is (h, c)."),
]  # fmt: skip


@pytest.mark.parametrize(("call", "text"), INPUTS, ids=[text.split(".")[0] for _, text in INPUTS])
def test_an_input_that_does_not_fit(call, text):
    refuses(call, ShapeError, text)


def test_a_shape_error_is_what_torch_raises_too():
    assert issubclass(ShapeError, ValueError)
    assert issubclass(ShapeError, RuntimeError)


def test_a_reset_state_without_a_reset():
    text = "reset must be given with reset_state; got None. Say which steps begin anew."
    refuses(called(X, reset_state=(Z, Z)), OptionError, text)


def test_steps_that_do_not_fit():
    layer = LSTM(3, 4)
    refuses(lambda: layer.step(X), ShapeError,
            "x_t must be (B, 3); got (5, 2, 3). step takes one moment of a batch.")  # fmt: skip
    refuses(lambda: layer.step(X[0], None, [1]), ShapeError, "reset must be (2,); got (1,). One mark a row.")
    text = (
        "bidirectional must be False for step; got True. "
        "A reverse direction reads the end first: call the layer on the whole sequence."
    )
    refuses(lambda: LSTM(3, 4, bidirectional=True).step(X[0]), OptionError, text)


def test_conversions_that_cannot_be():
    refuses(lambda: gatework.from_torch(nn.Linear(2, 2)), OptionError,
            "module must be or hold a torch.nn.LSTM, GRU or RNN; got Linear. Nothing to convert.")  # fmt: skip
    refuses(lambda: gatework.to_torch(LSTM(3, 4, zoneout=0.1, peephole=True)), OptionError,
            "layer must be plain for torch.nn; got zoneout, peephole. torch has no such variant.")  # fmt: skip
    refuses(lambda: gatework.to_torch(nn.LSTM(3, 4)), OptionError,
            "layer must be a gatework.LSTM, GRU or RNN; got LSTM. Give the layer itself.")  # fmt: skip


REASONS = {
    "it has no peepholes": {"peephole": True},
    "it has no coupled gates": {"coupled_gates": True},
    "it has no cell clip": {"cell_clip": 1.0},
    "it has no layer normalisation": {"layer_norm": True},
    "it has no recurrent dropout": {"recurrent_dropout": 0.5},
    "it has no zoneout": {"zoneout": (0.0, 0.5)},
    "it has no peepholes; it has no coupled gates; it has no zoneout":
        {"zoneout": 0.5, "coupled_gates": True, "peephole": True},
}  # fmt: skip


@pytest.mark.parametrize(("reasons", "options"), REASONS.items(), ids=REASONS)
def test_a_backend_asked_for_by_name_gives_every_reason(reasons, options):
    text = f"backend must be one that can run this call; got 'torch', but {reasons}. Use backend=\"auto\"."
    refuses(called(X, options={"backend": "torch"} | options), BackendError, text)


def test_a_backend_that_has_nothing_to_trace():
    text = (
        "backend must be one that can run this call; got 'torch', but it keeps its gates to itself, so there is "
        'nothing to trace. Use backend="auto".'
    )
    refuses(called(X, options={"backend": "torch"}, trace=True), BackendError, text)


def test_a_backend_that_is_not_trusted_on_a_device():
    text = (
        "backend must be one that can run this call; got 'torch', but it is trusted on cpu and cuda only, not on meta. "
        'Use backend="auto".'
    )
    refuses(called(X.to("meta"), options={"backend": "torch", "device": "meta"}), BackendError, text)


def test_a_kernel_that_was_not_built(monkeypatch):
    monkeypatch.setattr(built, "why", "it was not built: no C++ compiler")
    text = (
        "backend must be one that can run this call; got 'native', but it was not built: no C++ compiler. "
        'Use backend="auto".'
    )
    refuses(called(X, options={"backend": "native"}), BackendError, text)


def test_a_backend_that_there_is_not():
    call = LSTM(3, 4).call(0, read(LSTM(3, 4), X, None, None, None))
    text = f"backend must be one of auto, native, torch, equations; got 'cuda'. {CHOOSE}"
    refuses(lambda: choose(call, "cuda"), OptionError, text)
