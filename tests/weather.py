"""Two shops whose sales follow the weather, what was forecast of it, and what they have besides."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gatework import Forecaster

SMALL = {"hidden_size": 8, "num_layers": 1, "max_steps": 20, "batch_size": 16, "progress": False}
LEARN = {"hidden_size": 24, "num_layers": 1, "max_steps": 300, "learning_rate": 1e-2, "progress": False}
STEPS, H = 120, 4
SPANS = pd.date_range("2024-01-01", periods=STEPS + 2 * H, freq="D")


def frame(steps: int = STEPS, ids=("a", "b"), seed: int = 0) -> pd.DataFrame:
    """Days with a temperature, a sky, yesterday's visitors, and sales that follow the temperature."""
    rng = np.random.default_rng(seed)
    parts = []
    for name in ids:
        temp = rng.normal(15, 5, steps)
        sky = rng.choice(["clear", "rain"], steps)
        y = 50 + 5 * np.sin(np.arange(steps) * 2 * np.pi / 7) + temp + 3 * (sky == "clear") + rng.normal(size=steps)
        columns = {"unique_id": name, "ds": SPANS[:steps], "y": y, "temp": temp, "sky": sky}
        parts.append(pd.DataFrame({**columns, "visitors": rng.poisson(9, steps).astype(float)}))
    return pd.concat(parts, ignore_index=True)


def future(steps: int = H, ids=("a", "b"), seed: int = 1, begin: int = STEPS) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    parts = [
        pd.DataFrame(
            {
                "unique_id": name,
                "ds": SPANS[begin : begin + steps],
                "temp": rng.normal(15, 5, steps),
                "sky": rng.choice(["clear", "rain"], steps),
            }
        )
        for name in ids
    ]
    return pd.concat(parts, ignore_index=True)


def foreseen(table: pd.DataFrame, seed: int = 2, ahead: int = H) -> pd.DataFrame:
    """What was forecast of temp and sky at each fifth day for the four that followed, badly; and at the last day."""
    rng, parts = np.random.default_rng(seed), []
    for name, one in table.groupby("unique_id"):
        for cut in [*range(4, STEPS - 1, 5), STEPS - 1]:
            days = SPANS[cut + 1 : cut + 1 + ahead]
            temp = one["temp"].reindex(range(len(one)), fill_value=15).to_numpy()[cut + 1 : cut + 1 + ahead]
            temp = np.append(temp, np.full(ahead - len(temp), 15.0)) + rng.normal(0, 2, ahead)
            part = {"unique_id": name, "ds": days, "cutoff": SPANS[cut], "temp": temp, "sky": "rain"}
            parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


LISTS = {"futr_exog_list": ["temp", "sky"], "hist_exog_list": ["visitors"], "stat_exog_list": ["region", "size"]}
PLACES = pd.DataFrame({"unique_id": ["a", "b", "c"], "region": ["north", "south", "south"], "size": [1.0, 3.0, 2.0]})


def fit() -> Forecaster:
    return Forecaster(H, **LISTS, **SMALL).fit(frame(), futr_df=future(), static_df=PLACES)


def mae(model: Forecaster, table, actual, **more) -> float:
    return float(np.abs(np.asarray(model.predict(table, level=None, **more)["LSTM"]) - actual).mean())


def changed(table: pd.DataFrame, column: str, last: int) -> pd.DataFrame:
    """The table with other numbers in the last days of each series."""
    other = table.copy()
    for _, rows in other.groupby("unique_id").groups.items():
        other.loc[rows[-last:], column] += 100
    return other
