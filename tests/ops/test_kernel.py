"""The native kernel against the equations: each pair of sizes, variants, types, threads and instruction sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product
from typing import Any

import pytest
import torch
from problems import EVERYTHING, Problem, call
from test_backends import assert_as_accurate, cast, check, plain, poison, results, strided

from gatework import GRU, LSTM, RNN
from gatework.ops import BACKENDS, kernel, native
from gatework.ops.built import native as built
from gatework.ops.call import Answer

if built is None:
    pytest.skip("the native kernel was not built", allow_module_level=True)

# T, B, D, H. A panel of the kernel is 2 registers: 4 to 32 numbers. 67 and 130 fill several, and leave a part of one;
# the gates of 197 are more than the kernel sums up at once, and 8 rows more than it takes at once.
SIZES = [
    (1, 1, 1, 1), (2, 3, 1, 3), (3, 1, 17, 5), (5, 17, 3, 17), (4, 5, 33, 33), (1, 33, 5, 17), (3, 5, 3, 67),
    (2, 2, 5, 130), (2, 8, 3, 197), (1, 2, 3, 67), (6, 7, 3, 16), (9, 1, 3, 33),
    (0, 3, 2, 5), (0, 1, 3, 17), (3, 0, 2, 5), (0, 0, 1, 3),
]  # fmt: skip

# `proj_size` is of a hidden size: see `problem`.
VARIANTS: dict[str, tuple[type, dict[str, Any]]] = {
    "LSTM": (LSTM, {}),
    "LSTM projection": (LSTM, {"proj_size": ...}),
    "LSTM peephole": (LSTM, {"peephole": True}),
    "LSTM coupled peephole": (LSTM, {"coupled_gates": True, "peephole": True}),
    "LSTM layer norm": (LSTM, {"layer_norm": True}),
    "LSTM clip": (LSTM, {"cell_clip": 0.5}),
    "LSTM dropout": (LSTM, {"recurrent_dropout": 0.5}),
    "LSTM zoneout": (LSTM, {"zoneout": (0.25, 0.5)}),
    "LSTM everything": (LSTM, {"proj_size": ..., "peephole": True, "cell_clip": 0.5, **EVERYTHING}),
    "LSTM coupled everything": (LSTM, {"coupled_gates": True, "peephole": True, "cell_clip": 0.5, **EVERYTHING}),
    "GRU": (GRU, {}),
    "GRU everything": (GRU, EVERYTHING),
    "RNN": (RNN, {}),
    "RNN relu everything": (RNN, {"nonlinearity": "relu", **EVERYTHING}),
}
SITUATIONS = ["dense", "in eval", "both ways", "lengths", "resets", "both ways, lengths, resets, fresh state"]
TEAMS = {"alone": (1, 0), "2 by rows": (2, 1), "2 by units": (2, 2), "3 by units": (3, 2)}  # threads, Split
DTYPES = [torch.float32, torch.float64]
SETS = built.instruction_sets()
AXES = {
    "variant": list(VARIANTS), "size": SIZES, "situation": SITUATIONS, "team": list(TEAMS), "dtype": DTYPES,
    "set": SETS,
}  # fmt: skip


@cache
def problem(variant: str, size: tuple[int, int, int, int], situation: str) -> Problem:
    """Say what is asked: rows of every length from 0 to T, resets strewn over all of them."""
    T, B, D, H = size
    kind, options = VARIANTS[variant]
    if options.get("layer_norm"):
        # Of one input or one unit alone, what is normalised is constant, and its gradient a rounding.
        D, H = max(D, 3), max(H, 3)
    if options.get("proj_size"):
        # Nearly all of H: where masks drop all of a small h but one unit, layer norm blows its roundings up.
        options = options | {"proj_size": H - max(1, H // 4)}
    more: dict[str, Any] = {}
    if "lengths" in situation:
        more["lengths"] = tuple((T - 3 * b) % (T + 1) for b in range(B))
    if "resets" in situation and T and B:
        more["resets"] = tuple((t, b) for t, b in product(range(T), range(B)) if (t * 7 + b * 3) % 4 == 0)
        more["fresh_state"] = "fresh" in situation
    return Problem(
        f"{variant}, {size}, {situation}", kind, options, T, B, D, H,
        bidirectional="both" in situation, training="eval" not in situation, **more,
    )  # fmt: skip


def table() -> list[dict[str, Any]]:
    """Every variant at every size in every set; the other axes so that pairs of values meet, each about as often."""
    met: Counter[Any] = Counter()
    cases = []
    for variant, size, set in product(VARIANTS, SIZES, SETS):
        possible = product([variant], [size], SITUATIONS, TEAMS, DTYPES, [set])
        best = min(possible, key=lambda case: sum(met[pair] for pair in pairs(case)))
        met.update(pairs(best))
        cases.append(dict(zip(AXES, best, strict=True)))
    return cases


def pairs(case: tuple[Any, ...]) -> Iterator[Any]:
    return combinations(enumerate(case), 2)


TABLE = table()


@dataclass
class Hands:
    """Sets how the kernel goes about its work, which it decides by itself otherwise."""

    patch: pytest.MonkeyPatch

    def use(self, team: str = "alone", set: str = SETS[0]) -> None:
        threads, split = TEAMS[team]
        built.use(set)

        def scan_of(one):
            scan, held = right(one)
            scan.threads, scan.split = threads, split
            return scan, held

        self.patch.setattr(kernel, "scan_of", scan_of)


right = kernel.scan_of


@pytest.fixture
def hands(monkeypatch):
    before = built.use(SETS[0])
    yield Hands(monkeypatch)
    built.use(before)


def test_the_table_meets_every_pair():
    met = {pair for case in TABLE for pair in pairs(tuple(case.values()))}
    every = {pair for case in product(*AXES.values()) for pair in pairs(case)}
    assert met == every


@pytest.mark.parametrize("case", TABLE, ids=lambda case: ", ".join(map(str, case.values())))
def test_the_kernel_is_as_accurate_as_the_equations(case, hands):
    asked = problem(case["variant"], case["size"], case["situation"])
    hands.use(case["team"], case["set"])
    if asked.T and asked.B:
        check(native, asked, case["dtype"])
    else:  # nothing is computed, so nothing is rounded
        poison()
        found = results(native.run, cast(call(asked), case["dtype"], strided))
        torch.testing.assert_close(found, plain(asked, case["dtype"]), rtol=0, atol=0)


# One that leaves room for threads to err: several panels of units and of rows, uneven rows, resets, both ways.
BUSY = [problem(variant, (7, 9, 3, 67), SITUATIONS[-1]) for variant in ("LSTM everything", "GRU everything", "RNN")]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("busy", BUSY, ids=lambda busy: busy.name)
@pytest.mark.parametrize("team", TEAMS)
def test_the_same_bits_on_every_run(team, busy, dtype, hands):
    hands.use(team)
    first, *others = (results(native.run, cast(call(busy), dtype, torch.clone)) for _ in range(5))
    for other in others:
        torch.testing.assert_close(other, first, rtol=0, atol=0)


@pytest.mark.parametrize("busy", BUSY, ids=lambda busy: busy.name)
@pytest.mark.parametrize("set", SETS)
def test_threads_and_instructions_change_no_more_than_roundings(set, busy, hands):
    hands.use("alone", SETS[-1])
    usual = results(native.run, cast(call(busy), torch.float64, torch.clone))
    for team in TEAMS:
        hands.use(team, set)
        found = results(native.run, cast(call(busy), torch.float64, torch.clone))
        torch.testing.assert_close(found, usual, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("busy", BUSY, ids=lambda busy: busy.name)
@pytest.mark.parametrize("team", TEAMS)
@pytest.mark.parametrize("set", SETS)
def test_a_row_does_not_see_another(set, team, busy, hands):
    hands.use(team, set)
    asked = cast(call(busy), torch.float32, torch.clone)
    usual = results(native.run, asked)
    x = asked.x.detach().clone()
    x[:, 4] = float("nan")
    spoiled = results(native.run, asked._replace(x=x.requires_grad_()))
    rows = torch.arange(busy.B) != 4
    by_row = [name for name in usual if name.startswith(("y", "state", "d x", "d state"))]
    assert len(by_row) >= 4
    for name in by_row:
        torch.testing.assert_close(spoiled[name][:, rows], usual[name][:, rows], rtol=0, atol=0)
        assert spoiled[name][:, 4].isnan().any() or name == "d x", name


def test_the_kernel_takes_as_many_threads_as_torch_has(monkeypatch):
    seen = []
    monkeypatch.setattr(kernel.native, "forward", lambda scan: seen.append(scan.threads), raising=True)
    before = torch.get_num_threads()
    try:
        for threads in (2, 1):
            torch.set_num_threads(threads)
            kernel.forward(call(BUSY[0]).ways()[0], keep=False)
    finally:
        torch.set_num_threads(before)
    assert seen == [2, 1]


# Longer than a counter of 16 bits. The equations take some seconds; torch's own LSTM is the float32 to compare with.
LONG = Problem("long", LSTM, {}, T=65537, B=2, D=1, H=3)


@cache
def long_truth() -> dict[str, torch.Tensor]:
    """Run the equations in float64, a stretch at a time so that memory stays small."""
    asked, ys = call(LONG), []
    state = asked.state
    with torch.no_grad():
        for x in asked.x.split(4096):
            y, state, _ = BACKENDS["equations"].run(asked._replace(x=x, state=state))
            ys.append(y)
    return {"y": torch.cat(ys), "h": state[0], "c": state[1]}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_65537_steps(dtype, hands):
    asked = cast(call(LONG), dtype, torch.clone)
    found, usual = (
        {"y": y.detach(), "h": h.detach(), "c": c.detach()}
        for y, (h, c), _ in (native.run(asked), BACKENDS["torch"].run(asked))
    )
    assert_as_accurate(found, usual, long_truth())
    # The gradient of all of it is that of stretches whose memories lead from one to the next.
    whole = results(native.run, asked)
    cut = results(in_stretches, cast(call(LONG), dtype, torch.clone))
    eps = torch.finfo(dtype).eps
    for name, t in whole.items():
        torch.testing.assert_close(cut[name], t, rtol=256 * eps, atol=256 * eps * float(t.detach().abs().max()))


def in_stretches(asked):
    ys, state = [], asked.state
    for x in asked.x.split(20000):
        y, state, _ = native.run(asked._replace(x=x, state=state))
        ys.append(y)
    return Answer(torch.cat(ys), state)
