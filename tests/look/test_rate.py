"""A rate a step and a verdict, on norms whose rate is known."""

from __future__ import annotations

import numpy as np
import pytest

from gatework.look.rate import judge

TINY = 1e-290
LAGS = np.arange(101)


@pytest.mark.parametrize(
    ("norms", "rate", "verdict"),
    [
        (0.9**LAGS, 0.9, "vanishing"),
        (0.95**LAGS, 0.95, "neither"),
        (1.05**LAGS, 1.05, "neither"),
        (1.1**LAGS, 1.1, "exploding"),
        (np.where(LAGS % 4 == 1, 1e-5, 1) * 0.9**LAGS, 0.9, "vanishing"),
        (np.where(LAGS < 15, 1e3, 1) * 1.0**LAGS, 1.0, "neither"),
        (np.where(LAGS < 60, 1.0, 0.0), 1.0, "vanishing"),
        (np.where(LAGS < 1, 1.0, 0.0), 0.0, "vanishing"),
        (np.where(LAGS < 60, 1.0, np.inf), 1.0, "exploding"),
        (np.where(LAGS < 60, 1.0, np.nan), 1.0, "exploding"),
        (np.array([1e-300] * 3), None, "vanishing"),
        (np.zeros(3), 0.0, "vanishing"),
        (np.where(LAGS % 2 == 0, 0.9**LAGS, 0.0), 0.9, "vanishing"),
        (np.ones(1), None, "neither"),
    ],
)
def test_a_verdict_follows_from_the_norms(norms, rate, verdict):
    found = judge(norms, TINY)
    assert found[1] == verdict
    if rate is not None:
        assert found[0] == pytest.approx(rate, rel=0.02)
