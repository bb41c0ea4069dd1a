"""Plain layers against torch's, and every variant of the LSTM against the plain one."""

from __future__ import annotations

from statistics import geometric_mean
from typing import Any

import torch
from layer_duel import SEED, Race, Shape, agree, inference, results, training, truth
from layer_report import Bench
from torch import Tensor, nn

import gatework
from gatework.nn.reading import read
from gatework.ops import choose


def plain(bench: Bench) -> None:
    for cell in ("LSTM", "GRU", "RNN"):
        bench.report.table(
            f"Plain {cell} against torch.nn.{cell}",
            "Milliseconds and how many times as fast as torch (at least 1; geometric mean at least 1.5 for the LSTM); "
            "+- is half the interquartile range of the turns. native: the kernel's own ratio, whatever auto takes. "
            "rate: auto's share of the machine's matrix rate. Training is forward and backward to x and every weight.",
            ["shape", "what", ">torch ms", ">auto ms", ">ratio", ">+-", "auto is", ">native", ">rate"],
        )
        ratios: dict[tuple[str, str], dict[str, float]] = {}
        for name, shape in bench.shapes.items():
            for what, race, took, flops in plain_races(cell, name, shape, bench.seconds):
                ratio, rate = race.ratio("torch", "auto"), flops / race.seconds("auto") / bench.rate
                native = race.ratio("torch", "native") if "native" in race.times else None
                bench.report.row(
                    name, what, 1e3 * race.seconds("torch"), 1e3 * race.seconds("auto"), ratio,
                    f"{race.spread('torch', 'auto'):.0%}", took, native, f"{rate:.0%}",
                )  # fmt: skip
                for side, value in (("auto", ratio), ("native", native)):
                    if value is not None:
                        ratios.setdefault((side, what), {})[name] = value
        for (side, what), found in ratios.items():
            lowest = min(found, key=found.get)
            mean = geometric_mean(found.values())
            bench.report.say(f"\n{cell}, {what}, {side}: mean {mean:.2f}, lowest {found[lowest]:.2f} ({lowest}).")


def plain_races(cell: str, name: str, shape: Shape, seconds: float):
    """Race torch, auto and the native kernel on one shape: inference, then training."""
    torch.manual_seed(SEED)
    x, theirs = shape.x(), getattr(nn, cell)(shape.D, shape.H)
    ours = gatework.from_torch(theirs)
    sides = {"torch": theirs, "auto": ours}
    native = gatework.from_torch(theirs)
    if not gatework.backends(native, x).reasons["native"]:
        native.backend = "native"
        sides["native"] = native
    runs = {side: (layer, lambda layer=layer: layer(x)) for side, layer in sides.items()}
    agree(f"{cell} {name}", truth(ours, x), **{side: results(layer, run, x) for side, (layer, run) in runs.items()})
    flops = shape.flops(ours.gates)
    with torch.inference_mode():
        took = gatework.backends(ours, x).backend
    yield "inference", Race({side: inference(*pair) for side, pair in runs.items()}, seconds), took, flops
    took = gatework.backends(ours, x).backend
    yield "training", Race({side: training(*pair, x) for side, pair in runs.items()}, seconds), took, 3 * flops


def _none(shape: Shape) -> dict[str, Any]:
    return {}


# Each variant: settings of the layer, then arguments of the call.
VARIANTS = {
    "peephole": (lambda s: {"peephole": True}, _none),
    "projection to H/2": (lambda s: {"proj_size": s.H // 2}, _none),
    "layer norm": (lambda s: {"layer_norm": True}, _none),
    "coupled gates": (lambda s: {"coupled_gates": True}, _none),
    "cell clip": (lambda s: {"cell_clip": 0.2}, _none),
    "recurrent dropout": (lambda s: {"recurrent_dropout": 0.25}, _none),
    "zoneout": (lambda s: {"zoneout": 0.1}, _none),
    "lengths, all full": (_none, lambda s: {"lengths": torch.full((s.B,), s.T)}),
    "reset, none marked": (_none, lambda s: {"reset": torch.zeros(s.T, s.B, dtype=torch.bool)}),
    "trace": (_none, lambda s: {"trace": True}),
}


# Layer norm brings R h to variance 1 whatever R is. Over hundreds of steps such a recurrence is chaotic, and no two
# sides would agree. Smaller gains take the same time.
GAIN = 0.25


def variants(bench: Bench) -> None:
    bench.report.table(
        "Every variant of the LSTM against auto's plain one on the same shape, training",
        "How many times the plain layer's time (at most 1.3; layer norm 1.5; text and large 1.6). The masks of zoneout "
        "and recurrent dropout are drawn inside the time; the last row is that drawing alone, for zoneout.",
        ["variant".ljust(18), *(f">{name}" for name in bench.shapes), ">mean", "auto is"],
    )
    for variant in VARIANTS:
        found = [_variant(variant, name, shape, bench.seconds) for name, shape in bench.shapes.items()]
        ratios = [ratio for ratio, _ in found]
        took = ", ".join(sorted({backend for _, backend in found}))
        bench.report.row(variant, *ratios, geometric_mean(ratios), took)
    drawing = [masks_alone(shape, bench.seconds) for shape in bench.shapes.values()]
    bench.report.row("(zoneout's masks)", *drawing, geometric_mean(drawing), None)


def _variant(variant: str, name: str, shape: Shape, seconds: float) -> tuple[float, str]:
    """Time one variant against the plain layer: the ratio, and the backend that auto took."""
    settings, arguments = VARIANTS[variant]
    x, kw = shape.x(), arguments(shape)
    torch.manual_seed(SEED)
    layer, usual = gatework.LSTM(shape.D, shape.H, **settings(shape)), gatework.LSTM(shape.D, shape.H)
    with torch.no_grad():
        for part, weight in layer.named_parameters():
            if part.startswith(("norm_ih_weight", "norm_hh_weight")):
                weight.mul_(GAIN)
    true = truth(layer, x, **kw)
    agree(f"{variant} {name}", true, gatework=results(layer, lambda: layer(x, **kw), x, inference=False))
    contenders = {
        "plain": training(usual, lambda: usual(x), x),
        "variant": training(layer, lambda: layer(x, **kw), x),
    }
    return Race(contenders, seconds).ratio("variant", "plain"), _taken(layer, x, **kw)


def _taken(layer: Any, x: Tensor, lengths: Any = None, reset: Any = None, trace: bool = False) -> str:
    """Name the backend that auto takes; gatework.backends does not ask for traces."""
    return choose(layer.call(0, read(layer, x, None, lengths, reset, None, trace)))


def masks_alone(shape: Shape, seconds: float) -> float:
    """Drawing zoneout's masks, as a share of the plain layer's training."""
    x = shape.x()
    zoned, usual = gatework.LSTM(shape.D, shape.H, zoneout=0.1), gatework.LSTM(shape.D, shape.H)
    reading = read(zoned, x, None, None, None)

    def draw(n: int) -> float:
        zoned.train()
        return inference(nn.Identity(), lambda: zoned.call(0, reading))(n)

    race = Race({"plain": training(usual, lambda: usual(x), x), "draw": draw}, seconds)
    return race.ratio("draw", "plain")
