"""What is held out is met as new sequences are, and what was asked for is done or refused."""

from __future__ import annotations

import numpy as np
import pytest

from gatework import Classifier, Regressor
from gatework.errors import DataError, OptionError

BRIEF = {"max_steps": 200, "members": 1, "progress": False, "effort": "fast"}


def rare_words(count, seed):
    """Texts of three words that are rare, and whose letter is the class: a word tells it only where it was seen."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, count)
    return [" ".join(f"w{'ab'[c]}{rng.integers(1000)}q" for _ in range(3)) for c in y], y


def test_held_out_texts_score_no_better_than_new_ones():
    model = Classifier(max_steps=150, members=5, progress=False).fit(*rare_words(600, 0))
    (rows,) = model.scores_.rows.values()
    # One network each, so that it should be a little below what all say together.
    held, new = rows["LSTM"].accuracy, model.score(*rare_words(1000, 1))
    assert held < new + 0.05, (held, new)


def test_an_answer_more_or_less_is_refused():
    X = [np.random.default_rng(k).normal(size=(6, 2)) for k in range(12)]
    y = np.arange(12) % 2
    one = Classifier(max_steps=2, members=1, progress=False).fit(X, y)
    two = Regressor(max_steps=2, members=1, progress=False).fit(X, np.c_[y, y].astype(float))
    for model, wrong, want, got in ((one, np.c_[y, y], 1, 2), (two, y.astype(float), 2, 1)):
        with pytest.raises(DataError) as error:
            model.score(X, wrong)
        assert str(error.value) == f"y must have {want} to each answer, as fit saw it; got {got}. Give those of fit."


def test_rivals_count_classes_as_the_network_does():
    rng = np.random.default_rng(0)
    y = (rng.random(400) < 0.08).astype(int)
    X = rng.normal(size=(400, 5, 1)) + 0.8 * y[:, None, None]
    brief = {**BRIEF, "max_steps": 60}
    plain, alike = (Classifier(class_weight=one, **brief).fit(X, y).rivals_.each[0] for one in (None, "balanced"))
    asked = alike.models[0].offsets[0] - plain.models[0].offsets[0]
    # Counted alike, the rare class is taken for much likelier.
    assert asked > 1


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ({"tokens": "characters"}, "tokens must be left out for series; got 'characters'. It is for text."),
        ({"vocabulary_size": 9}, "vocabulary_size must be left out for series; got 9. It is for text."),
        ({"sample_rate": 8000}, "sample_rate must be left out for series; got 8000. It is for audio."),
        ({"features": "mfcc"}, "features must be left out for series; got 'mfcc'. It is for audio."),
        ({"normalise": "running"}, "normalise must be left out for series; got 'running'. It is for audio."),
    ],
)
def test_an_option_of_another_kind_is_refused(option, text):
    with pytest.raises(OptionError) as error:
        Classifier(**option).fit(np.zeros((6, 4, 1)), [0, 1] * 3)
    assert str(error.value) == text


def test_there_is_nothing_to_pool_where_each_step_is_answered():
    with pytest.raises(OptionError) as error:
        Regressor(pooling="max").fit(np.zeros((2, 4, 1)), [np.arange(4.0)] * 2)
    assert str(error.value) == (
        "pooling must be left out where each step has an answer; got 'max'. There is nothing to pool."
    )
