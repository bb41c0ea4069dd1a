"""Small classifiers and regressors, each with its sequences, for the instruments to look into."""

from __future__ import annotations

import numpy as np

import gatework

SMALL = {"hidden_size": 4, "max_steps": 3, "batch_size": 8, "progress": False}


def fitted_series(steps=(6, 12), members=2, gaps=False, classify=True, **more):
    """One that was shown noise about -1 or 1, in two columns; and (X, y)."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 10)
    X = [rng.normal(2 * one - 1, 1, (rng.integers(*steps), 2)) for one in y]
    if gaps:
        X[3][2, 1] = np.nan
    y = np.array(["low", "high"])[y] if classify else 100 + 10.0 * y
    kind = gatework.Classifier if classify else gatework.Regressor
    return kind(members=members, **SMALL, **more).fit(X, y), (X, y)


def fitted_steps(classify=True, **more):
    """One that answers for each step whether its number is above 0, or twice that number."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(rng.integers(5, 9), 1)) for _ in range(20)]
    y = [(one[:, 0] > 0).astype(int) if classify else 2 * one[:, 0] + 50 for one in X]
    kind = gatework.Classifier if classify else gatework.Regressor
    return kind(members=1, **SMALL, **more).fit(X, y), (X, y)


def fitted_text(members=2, **more):
    """One that was shown praise and blame."""
    X = ["a fine film , a joy"] * 6 + ["a dull and long film"] * 6 + ["joy , joy"] * 4 + ["dull , dull"] * 4
    y = np.repeat(["good", "bad", "good", "bad"], [6, 6, 4, 4])
    return gatework.Classifier(members=members, **SMALL, **more).fit(X, y), (X, y)


def fitted_sound(**more):
    """One that was shown tones of 300 and 1,500 Hz of a tenth of a second and more."""
    rng = np.random.default_rng(0)
    y = np.repeat(["deep", "high"], 8)
    tones = [300 if one == "deep" else 1500 for one in y]
    X = [(0.3 * np.sin(2 * np.pi * tone * np.arange(800 + 80 * k) / 8000), 8000) for k, tone in enumerate(tones)]
    X = [((samples + 0.01 * rng.normal(size=len(samples))).astype(np.float32), rate) for samples, rate in X]
    return gatework.Classifier(members=1, **SMALL, **more).fit(X, y), (X, y)
