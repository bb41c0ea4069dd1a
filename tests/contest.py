"""Small tables to compare forecasters on, and models made outside to put on them."""

from __future__ import annotations

import numpy as np

import gatework

DAY = np.timedelta64(1, "D")
NAIVE = ["LastValue", "SeasonalNaive"]


def table(*series, step=DAY):
    n = len(series[0])
    ds = np.datetime64("2024-01-01") + np.arange(n) * step
    ids = np.repeat([f"s{i}" for i in range(len(series))], n)
    return {"unique_id": ids, "ds": np.tile(ds, len(series)), "y": np.concatenate(series)}


def weekly(n=80, seed=0, noise=0.3):
    rng = np.random.default_rng(seed)
    return 20 + 5 * np.sin(np.arange(n) * 2 * np.pi / 7) + noise * rng.normal(size=n)


def rivals(df, h, **options):
    """Compare models made outside: a function of (name -> function of the truth and of all rows) -> Comparison."""
    frame = gatework.compare(df, h, models=NAIVE, **options).forecasts
    known = {name: frame[name] for name in ("unique_id", "ds", "cutoff")}

    def compare(forecasts):
        mine = {name: make(frame["y"], frame) for name, make in forecasts.items()}
        return gatework.compare(df, h, models=[], others=known | mine, **options)

    return compare
