"""One step after another: layer.stream against torch's ways to take a step."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from layer_duel import SEED, Contender, Race, agree, inference
from layer_report import Bench
from torch import Tensor, nn

import gatework


def stream(bench: Bench) -> None:
    bench.report.table(
        "Streaming: one step after another, microseconds a step",
        "layer.stream(B).step(x_t), torch.nn.LSTM called step by step and torch.nn.LSTMCell, under inference_mode; "
        "ratio: how many times as fast as torch.nn.LSTM (at least 15).",
        ["shape", ">layers", ">stream us", ">LSTM us", ">ratio", ">+-", ">cell us", ">to cell", ">layer.step"],
    )
    shape = bench.shapes.get("stream")
    if shape is None:
        bench.report.say("\n(--only left the stream's shape out)")
        return
    for layers in (1, 2):
        torch.manual_seed(SEED)
        theirs = nn.LSTM(shape.D, shape.H, layers).eval()
        runs = walkers(theirs, gatework.from_torch(theirs), shape.B)
        xs = list(torch.randn(64, shape.B, shape.D))
        with torch.inference_mode():
            true = {"outputs": deepcopy(theirs).double()(torch.stack(xs).double())[0]}
            found = {
                who: {"outputs": torch.stack([step(form(x_t)).clone().view(shape.B, -1) for x_t in xs])}
                for who, (step, form) in runs.items()
            }
        agree(f"stream of {layers}", true, **found)
        race = Race({who: _each(step, form(xs[0])) for who, (step, form) in runs.items()}, bench.seconds)
        us = {who: 1e6 * race.seconds(who) for who in runs}
        bench.report.row(
            "stream", layers, us["stream"], us["LSTM"], race.ratio("LSTM", "stream"),
            f"{race.spread('LSTM', 'stream'):.0%}", us["cell"], race.ratio("cell", "stream"), us["step"],
        )  # fmt: skip


def walkers(theirs: nn.LSTM, ours: Any, B: int) -> dict[str, Any]:
    """Each way to take one step, with its own state carried along, and the form in which it is given x_t (B, D)."""
    state: dict[str, Any] = {"LSTM": None, "step": None}
    cells = []
    for k in range(theirs.num_layers):
        cell = nn.LSTMCell(theirs.input_size if k == 0 else theirs.hidden_size, theirs.hidden_size)
        cell.load_state_dict({name: getattr(theirs, f"{name}_l{k}") for name in cell.state_dict()})
        cells.append(cell)
    memories: list[Any] = [None] * len(cells)

    def by_lstm(x: Tensor) -> Tensor:
        y, state["LSTM"] = theirs(x, state["LSTM"])
        return y

    def by_cell(x_t: Tensor) -> Tensor:
        for k, cell in enumerate(cells):
            x_t, _ = memories[k] = cell(x_t, memories[k])
        return x_t

    def by_step(x_t: Tensor) -> Tensor:
        y, state["step"] = ours.step(x_t, state["step"])
        return y

    def as_it_is(x_t: Tensor) -> Tensor:
        return x_t

    # Making (1, B, D) of x_t is not in torch's time.
    return {
        "LSTM": (by_lstm, lambda x_t: x_t[None]),
        "cell": (by_cell, as_it_is),
        "step": (by_step, as_it_is),
        "stream": (ours.stream(B).step, as_it_is),
    }


def _each(step: Any, x: Tensor) -> Contender:
    return inference(nn.Identity(), lambda: step(x))
