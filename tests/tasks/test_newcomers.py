"""Series without any value are forecast from what never changes, as a mixture of the series most like them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import gatework
from gatework import Forecaster
from gatework.models.quantiles import QUANTILES, Z
from gatework.tasks import newcomers

SMALL = {"hidden_size": 8, "num_layers": 1, "max_steps": 20, "batch_size": 16, "progress": False}
H = 4
IDS = [f"s{i:02d}" for i in range(24)]
# Small shops sell about 10 a day, large ones about 1,000.
SIZE = {name: "large" if i % 2 else "small" for i, name in enumerate(IDS)}


def table(ids=IDS, steps=50, end="2024-02-19"):
    rng, parts = np.random.default_rng(0), []
    for name in ids:
        level = 1000 if SIZE[name] == "large" else 10
        y = level * (1 + 0.05 * rng.normal(size=steps))
        parts.append(pd.DataFrame({"unique_id": name, "ds": pd.date_range(end=end, periods=steps), "y": y}))
    return pd.concat(parts, ignore_index=True)


def shops(**more):
    rows = SIZE | more
    return pd.DataFrame({"unique_id": list(rows), "size": list(rows.values())})


@pytest.fixture(scope="module")
def fitted():
    return Forecaster(H, stat_exog_list=["size"], **SMALL).fit(table(), static_df=shops())


def test_a_newcomer_is_forecast_like_those_of_its_kind(fitted):
    found = fitted.predict(static_df=shops(big="large", tiny="small")).set_index("unique_id")
    assert set(found.index) == {*IDS, "big", "tiny"}
    assert found.loc["big", "LSTM"].between(900, 1100).all()
    assert found.loc["tiny", "LSTM"].between(9, 11).all()
    assert (found.loc["big", "LSTM-lo-90"] < found.loc["big", "LSTM"]).all()
    # They begin where the others end.
    assert list(found.loc["big", "ds"]) == list(found.loc["s00", "ds"])


def test_the_series_of_fit_are_forecast_as_ever_and_need_not_be_named_again(fitted):
    alone = fitted.predict(static_df=pd.DataFrame({"unique_id": ["big"], "size": ["large"]}))
    known = alone[alone["unique_id"] != "big"].reset_index(drop=True)
    pd.testing.assert_frame_equal(known, fitted.predict())


def test_they_may_stand_beside_new_data_as_rows_without_a_value(fitted):
    first = pd.DataFrame({"unique_id": ["big"], "ds": pd.to_datetime(["2024-03-11"]), "y": [np.nan]})
    newer = pd.concat([table(end="2024-03-10"), first])
    found = fitted.predict(newer, static_df=shops(big="large")).set_index("unique_id")
    assert list(found.loc["big", "ds"]) == list(pd.date_range("2024-03-11", periods=H))
    assert found.loc["big", "LSTM"].between(900, 1100).all()
    # A table of all shops brings no others in.
    assert "odd" not in fitted.predict(newer, static_df=shops(big="large", odd="small"))["unique_id"].to_list()


def test_a_kind_that_was_never_seen_is_between_all(fitted):
    found = fitted.predict(static_df=shops(odd="medium")).set_index("unique_id")
    assert np.isfinite(found.loc["odd", "LSTM"]).all()


def test_they_are_kept_out_of_backtests(fitted):
    found = fitted.cross_validation(table(), static_df=shops(big="large"))
    assert "big" not in set(found["unique_id"])


def test_saved_models_forecast_them_too(fitted, tmp_path):
    again = gatework.load(fitted.save(tmp_path / "model"))
    pd.testing.assert_frame_equal(
        again.predict(static_df=shops(big="large")), fitted.predict(static_df=shops(big="large"))
    )


def test_their_paths_are_drawn_as_predict_forecasts_them(fitted):
    static = shops(big="large", tiny="small")
    paths, predicted = fitted.simulate(400, static_df=static), fitted.predict(static_df=static, level=80)
    predicted = predicted.set_index("unique_id")
    assert set(paths["unique_id"]) == {*IDS, "big", "tiny"}
    for name in ("big", "tiny"):
        own = paths[paths["unique_id"] == name]
        assert list(own["ds"][:H]) == list(predicted.loc[name, "ds"])
        drawn = own["LSTM"].to_numpy().reshape(400, H)
        lo, hi = (predicted.loc[name, f"LSTM-{end}-80"].to_numpy() for end in ("lo", "hi"))
        assert ((lo <= drawn) & (drawn <= hi)).mean() == pytest.approx(0.8, abs=0.05)
    assert len(fitted.simulate(2)) == len(IDS) * 2 * H


def test_the_mixture_by_hand(fitted, monkeypatch):
    # Two series, one at 0 and one at 10, each sure of itself: half of the mixture's mass lies at either.
    monkeypatch.setattr(newcomers, "NEAREST", 2)
    panel = fitted._to_continue(None, None, shops(big="large"), H)
    quantiles = np.full((len(panel), H, len(QUANTILES)), np.nan)
    large = [i for i, name in enumerate(panel.ids) if SIZE.get(name) == "large"]
    quantiles[large[0]], quantiles[large[1]] = 0.01 * Z, 10 + 0.01 * Z
    found = newcomers.welcome(panel, quantiles, fitted.recipe_.standard)[panel.ids.index("big")]
    below = [k for k, p in enumerate(QUANTILES) if p < 0.49]
    assert np.abs(found[:, below]).max() < 0.1
    assert np.abs(found[:, -1] - 10).max() < 0.1
