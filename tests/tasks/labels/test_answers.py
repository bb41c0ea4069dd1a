"""Tables of answers: no column is called None, and none of the user's is written over."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gatework import Classifier

SMALL = {"hidden_size": 4, "max_steps": 2, "members": 1, "progress": False}
RNG = np.random.default_rng(0)


def steps(target):
    """One sequence with an answer for each step."""
    return pd.DataFrame({"x": RNG.normal(size=20), target: np.arange(20) % 2})


@pytest.mark.parametrize(
    ("target", "columns"),
    [
        ("label", ["step", "label", "probability"]),
        ("probability", ["step", "probability", "probability of it"]),
        ("step", ["row", "step", "probability"]),
    ],
)
def test_one_sequence_without_ids(target, columns):
    table = steps(target)
    model = Classifier(**SMALL, id_col=None, target_col=target, stepwise=True).fit(table)
    found = model.predict(table)
    assert list(found.columns) == columns
    assert set(found[target]) <= {0, 1}
    assert found[columns[0]].tolist() == list(range(20))
    assert found[columns[-1]].between(0.5, 1).all()


def test_answers_of_sequences_that_have_no_id():
    table = {"text": ["good day", "bad night"] * 6, "label": ["a", "b"] * 6}
    model = Classifier(**SMALL, id_col=None).fit(table)
    assert list(model.predict(table)) == ["label", "probability"]
    # Empty texts alone are answered too.
    assert model.predict([""])[0] in ("a", "b")
    assert model.predict(["", ""]).shape == (2,)
