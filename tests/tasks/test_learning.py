"""Intervals that held too little of the held-out window are widened until they hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gatework import Forecaster
from gatework.data.windows import Batch
from gatework.models.forecast import EncoderDecoder
from gatework.models.quantiles import QUANTILES
from gatework.tasks.learning import WIDEST, _spread


def held(errors) -> tuple[EncoderDecoder, list[Batch]]:
    """An untrained network, and windows that miss its median by so many half-widths of its 90 % interval."""
    net = EncoderDecoder(3, 3, hidden_size=4)
    past, future = torch.zeros(len(errors), 5, 3), torch.ones(len(errors), 1, 3)
    with torch.no_grad():
        half = net(past, future)[0, 0, QUANTILES.index(0.95)]
    return net, [Batch(past, future, half * torch.tensor(errors)[:, None])]


def test_the_factor_is_that_of_the_rank_which_holds_for_one_more_value():
    # Of 19 values the rank is 0.9 * 20 = 18, the last but one; the sign does not count.
    errors = [*np.linspace(-0.5, 0.5, 17), -2.0, 40.0]
    assert _spread(*held(errors)) == pytest.approx(2.0, rel=1e-5)


@pytest.mark.parametrize(
    ("errors", "factor"),
    [([0.1] * 30, 1.0), ([50.0] * 5, WIDEST), ([np.nan] * 4, 1.0), ([np.nan, 3.0], 3.0)],
    ids=["wide enough", "no wider than the most", "nothing known", "one known"],
)
def test_it_is_never_below_one_nor_above_the_most(errors, factor):
    assert _spread(*held(errors)) == pytest.approx(factor, rel=1e-5)


def test_a_forecaster_widens_its_intervals_and_says_so():
    y = 20 + np.sin(np.arange(80) * np.pi / 6) + 0.1 * np.random.default_rng(0).normal(size=80)
    y[-4:] += 30
    sizes = {"hidden_size": 8, "num_layers": 1, "max_steps": 20, "batch_size": 16, "progress": False}
    model = Forecaster(4, season_length=12, **sizes).fit({"ds": np.arange(80), "y": y})
    assert model.net_.spread > 1
    assert model.notes_[-1].startswith(f"the intervals are {float(model.net_.spread):.2g} times as wide")
    wide = model.predict()
    model.net_.spread.fill_(1.0)
    narrow = model.predict()
    np.testing.assert_array_equal(wide["LSTM"], narrow["LSTM"])
    assert (wide["LSTM-hi-90"] - wide["LSTM-lo-90"] > narrow["LSTM-hi-90"] - narrow["LSTM-lo-90"]).all()
