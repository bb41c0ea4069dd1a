from __future__ import annotations

import subprocess
import sys

import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils import get_tags

import gatework
from gatework.errors import OptionError
from gatework.tasks.estimator import Estimator


class Guess(Estimator):
    def __init__(self, value, *, shift=0):
        self.value = value
        self.shift = shift

    def fit(self, X, y):
        self.seen_ = len(X)
        return self

    def score(self, X, y):
        return -sum(abs(self.value + self.shift - v) for v in y)


def test_parameters_are_those_of_the_constructor():
    guess = Guess(3, shift=1)
    assert guess.get_params() == {"value": 3, "shift": 1}
    assert guess.set_params(shift=2) is guess
    assert guess.shift == 2


def test_an_unknown_parameter_changes_nothing_and_names_the_nearest():
    guess = Guess(3)
    with pytest.raises(OptionError) as error:
        guess.set_params(value=4, shfit=2)
    assert str(error.value) == "parameter must be one of Guess's; got 'shfit'. Did you mean shift?"
    with pytest.raises(OptionError) as error:
        guess.set_params(zzz=2)
    assert str(error.value) == "parameter must be one of Guess's; got 'zzz'. See get_params()."
    assert guess.value == 3


def test_repr_shows_what_differs_from_the_defaults():
    assert repr(Guess(3)) == "Guess(value=3)"
    assert repr(Guess(3, shift=-1)) == "Guess(value=3, shift=-1)"


def test_scikit_learn_takes_it_for_one_of_its_own():
    copy = clone(Guess(3, shift=1).fit([[1]], [1]))
    assert copy.get_params() == {"value": 3, "shift": 1}
    assert not hasattr(copy, "seen_")
    assert get_tags(copy).estimator_type is None
    search = GridSearchCV(Guess(3), {"shift": [0, 2, 5]}, cv=2).fit([[0]] * 6, [5] * 6)
    assert search.best_params_ == {"shift": 2}


def test_the_forecaster_is_cloned_with_every_parameter():
    model = gatework.Forecaster(12, cell="gru", target_col="load")
    assert clone(model).get_params() == model.get_params()
    assert repr(model) == "Forecaster(h=12, cell='gru', target_col='load')"


def test_neither_torch_nor_scikit_learn_is_imported_by_naming_the_forecaster():
    heavy = "{'torch', 'sklearn', 'pandas'}"
    code = f"import sys, gatework; gatework.Forecaster(12); print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
