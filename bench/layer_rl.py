"""Episodes and rows of uneven length: resets against none and against RL's loop over time; ragged against dense."""

from __future__ import annotations

import torch
from layer_duel import SEED, Race, Shape, agree, inference, results, training, truth
from layer_report import Bench
from torch import Tensor, nn

import gatework


def over_time(layer: nn.LSTM, x: Tensor, reset: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Read episodes as RL code does today: one step at a time, the state wiped where an episode began."""
    state = tuple(x.new_zeros(1, x.shape[1], layer.hidden_size) for _ in range(2))
    outputs = []
    for x_t, done in zip(x, reset, strict=True):
        keep = (1.0 - done.float()).view(1, -1, 1)
        y, state = layer(x_t[None], (keep * state[0], keep * state[1]))
        outputs.append(y)
    return torch.cat(outputs), state


def uneven(shape: Shape) -> Tensor:
    """Lengths uniform on 1 to T, of twice the rows, whose sum is that of the dense batch exactly."""
    draw = torch.Generator().manual_seed(SEED)
    lengths = torch.randint(1, shape.T + 1, (2 * shape.B,), generator=draw)
    while missing := shape.T * shape.B - int(lengths.sum()):
        step = 1 if missing > 0 else -1
        room = (lengths + step).clamp(1, shape.T) != lengths
        chosen = room.nonzero()[: abs(missing), 0]
        lengths[chosen] += step
    return lengths


def rl(bench: Bench) -> None:
    bench.report.table(
        "Episodes and rows of uneven length (LSTM, auto)",
        "resets: 3 % of all steps marked, against none (at most 1.1 times as long). loop: how many times as long as "
        "that RL's loop over T with torch.nn.LSTM takes for the same resets (at least 10). ragged: twice the rows, "
        "lengths uniform on 1 to T, the same sum of steps, against the dense batch (at most 1.1 times as long).",
        ["shape", "what", ">plain ms", ">resets ms", ">resets", ">loop ms", ">loop", ">ragged ms", ">ragged"],
    )
    for name, shape in bench.shapes.items():
        if shape.T > 1 and shape.B > 1:
            _episodes(bench, name, shape)


def _episodes(bench: Bench, name: str, shape: Shape) -> None:
    torch.manual_seed(SEED)
    theirs = nn.LSTM(shape.D, shape.H)
    ours, x = gatework.from_torch(theirs), shape.x()
    reset = torch.rand(shape.T, shape.B, generator=torch.Generator().manual_seed(SEED)) < 0.03
    twice, lengths = shape._replace(B=2 * shape.B).x(), uneven(shape)
    runs = {
        "plain": (ours, lambda: ours(x), x),
        "resets": (ours, lambda: ours(x, reset=reset), x),
        "loop": (theirs, lambda: over_time(theirs, x, reset), x),
        "ragged": (ours, lambda: ours(twice, lengths=lengths), twice),
    }
    found = {what: results(*run) for what, run in runs.items()}
    agree(f"rl {name}", truth(ours, x), plain=found["plain"])
    agree(f"rl {name}", truth(ours, x, reset=reset), resets=found["resets"], loop=found["loop"])
    agree(f"rl {name}", truth(ours, twice, lengths=lengths), ragged=found["ragged"])
    for mode in ("inference", "training"):
        contenders = {
            what: inference(layer, run) if mode == "inference" else training(layer, run, given)
            for what, (layer, run, given) in runs.items()
        }
        race = Race(contenders, bench.seconds)
        ms = {what: 1e3 * race.seconds(what) for what in runs}
        bench.report.row(
            name, mode, ms["plain"], ms["resets"], race.ratio("resets", "plain"),
            ms["loop"], race.ratio("loop", "resets"), ms["ragged"], race.ratio("ragged", "plain"),
        )  # fmt: skip
