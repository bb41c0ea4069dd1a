"""A/A: one model against itself on real series, and how often `compare` names a winner where there is none.

    python bench/aa.py                         200 splits of each scene
    python bench/aa.py --splits 50 one         one scene, fewer splits

The past of series drawn at random is halved: a ridge regression learns from one half, the same one from the other, and
both forecast the same windows. Many series are halved by series, one series by blocks of two seasons. Their errors, as
gatework.tasks.judge has them, meet in two ways, and gatework.tasks.significance tells, as in every comparison of two,
whether one of them wins:

relabelled   of each series (of one series: of each two windows) a coin says which of the two forecasts is called A.
             There is nothing to find, so at most 5 % of the splits may have a winner. Each two models are relabelled
             ten times.
refitted     A is what learned from the one half, B what learned from the other. These are two models, of which one may
             have learned better, and then a winner is no error: "again" counts the winners whose error was lower too on
             as many series that neither had learned from nor been judged on.
"""

from __future__ import annotations

import argparse
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from m4 import DATA, long_table, rows

if TYPE_CHECKING:
    from gatework.tasks.plan import Plan


class Scene(NamedTuple):
    """Series of one M4 group, as many in a split, the latest steps of each, and the steps to forecast."""

    group: str
    step: str
    series: int
    steps: int
    h: int


SCENES = {
    "hourly": Scene("Hourly", "h", 24, 360, 24),
    "weekly": Scene("Weekly", "W", 24, 260, 13),
    "one": Scene("Hourly", "h", 1, 700, 24),
}
# Windows that are learned from, evenly drawn: of more, both halves would learn the same, and slowly.
LEARNED = 400
# Splits that share two models.
TIMES = 10


def make(scene: Scene, series: dict[str, np.ndarray]) -> Plan:
    """What compare would do with these series, before anything is forecast."""
    from gatework.tasks.plan import plan

    table = long_table({name: values[-scene.steps :] for name, values in series.items()}, scene.step)
    settings = {"freq": scene.step, "progress": False}
    return plan(table, scene.h, ["LastValue", "SeasonalNaive"], (), None, None, 90, settings)


def learn(made: Plan, rng: np.random.Generator) -> list:
    """Two ridge regressions, each of one half of what lies before the first cutoff."""
    from gatework.tasks.lagged import Lags
    from gatework.tasks.learners import ridge

    past = Lags(made.found[0].history, made.model.h)
    spots = past.windows(rng)
    spots = spots[np.unique(np.linspace(0, len(spots) - 1, LEARNED).astype(int))]
    of_series = len(past.lengths) > 1
    block = spots.series if of_series else (spots.place - past.begins[spots.series]) // (2 * past.m)
    first = (rng.permutation(block.max() + 1) % 2 == 0)[block]
    return [ridge(past, spots[np.flatnonzero(half)], 0) for half in (first, ~first)]


def errors(made: Plan, models: list) -> list[np.ndarray]:
    """What the comparison would make of each model's forecasts: MASE in each window of each series, (W, N)."""
    from gatework.models.quantiles import MEDIAN, QUANTILES
    from gatework.tasks.judge import Forecasts, judge
    from gatework.tasks.lagged import Lags

    shape = (2, len(made.found), len(made.panel), made.model.h)
    quantiles = np.full((*shape, len(QUANTILES)), np.nan)
    for w, at in enumerate(made.found):
        past = Lags(at.history, made.model.h)
        ends = past.ends()
        for k, model in enumerate(models):
            quantiles[k, w, ends.series, :, MEDIAN] = past.undo(ends, model(past, ends)[..., None])[..., 0]
    unknown = np.full(shape[1:], np.nan)
    return [judge(made.found, Forecasts("", one, unknown, unknown)).cells["mase"] for one in quantiles]


def winner(one: np.ndarray, other: np.ndarray, overlap: float) -> int:
    """1 or 2 where that model wins, 0 where no difference is found; as compare tells."""
    from gatework.tasks.significance import ALPHA, paired

    found = paired(one, other, overlap)
    if np.isnan(found.p):
        raise SystemExit("every split must be one that a winner can come of")
    return 0 if found.p >= ALPHA else 1 if found.gap < 0 else 2


def meet(scene: Scene, series: dict[str, np.ndarray], times: int, rng: np.random.Generator) -> tuple[int, bool, bool]:
    """How many relabellings have a winner, whether the two models themselves have one, and whether it is one again."""
    names = rng.permutation(sorted(series))
    made = make(scene, {name: series[name] for name in names[: scene.series]})
    models, overlap = learn(made, rng), scene.h / made.step_size
    one, other = errors(made, models)
    relabelled = 0
    for _ in range(times):
        coin = rng.random((1, one.shape[1]) if scene.series > 1 else (-(-len(one) // 2), 1)) < 0.5
        swap = coin if scene.series > 1 else coin.repeat(2, axis=0)[: len(one)]
        relabelled += winner(np.where(swap, other, one), np.where(swap, one, other), overlap) > 0
    best = winner(one, other, overlap)
    again = False
    if best and scene.series > 1:
        others = make(scene, {name: series[name] for name in names[scene.series : 2 * scene.series]})
        again = best == 1 + int(np.argmin([np.nanmean(error) for error in errors(others, models)]))
    return relabelled, best > 0, again


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="*", metavar="|".join(SCENES))
    parser.add_argument("--splits", type=int, default=200, help="how often one model meets itself in each scene")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for name in arguments.scenes:
        if name not in SCENES:
            parser.error(f"scenes must be of {', '.join(SCENES)}; got {name!r}")
    if not DATA.is_dir():
        raise SystemExit(f"there is no {DATA}: set GATEWORK_DATA to the folder that holds m4")
    from scipy.stats import binomtest

    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    print(f"commit {commit}, seed {arguments.seed}; winners, and the 95 % interval of their share")
    pairs = -(-arguments.splits // TIMES)
    for name in arguments.scenes or SCENES:
        scene, rng = SCENES[name], np.random.default_rng(arguments.seed)
        series = {k: v for k, v in rows(DATA / f"Train/{scene.group}-train.csv").items() if len(v) >= scene.steps}
        counts = np.sum([meet(scene, series, TIMES, rng) for _ in range(pairs)], axis=0)
        cells = []
        for kind, count, of in (("relabelled", counts[0], pairs * TIMES), ("refitted", counts[1], pairs)):
            ends = binomtest(int(count), of).proportion_ci()
            cells.append(f"{kind} {count:3} of {of}: {count / of:5.1%} ({ends.low:.1%} to {ends.high:.1%})")
        once_more = f", again {counts[2]}" if scene.series > 1 else ""
        print(f"{name:7} {scene.series:2} series   {'   '.join(cells)}{once_more}", flush=True)


if __name__ == "__main__":
    main()
