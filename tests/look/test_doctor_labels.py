"""The doctor names what was planted in a classifier or regressor, with the setting that mends it."""

from __future__ import annotations

import copy
import inspect
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from examined import named, names
from labelled import fitted_series, fitted_sound, fitted_steps, fitted_text

import gatework
from gatework.errors import NotFittedError, OptionError
from gatework.look import Recording, doctor
from gatework.look.doctor_labels import NEVER, REMEDIES, SKIPPED
from gatework.look.finding import NAMES
from gatework.look.symptoms_labels import one_answer, overfitted
from gatework.train.history import History


@pytest.fixture(scope="module")
def series():
    return fitted_series()


@pytest.fixture
def planted(series):
    """One to do harm to; and its data."""
    model, data = series
    return copy.deepcopy(model), data


def test_every_name_is_examined_or_said_not_to_be():
    assert sorted([*REMEDIES, *NEVER, *SKIPPED]) == sorted(NAMES)


@pytest.mark.parametrize("name", REMEDIES)
def test_a_remedy_names_settings_that_a_classifier_has(name):
    settings = set(re.findall(r"\b([a-z_]+)=", REMEDIES[name]))
    assert settings or "fit anew" in REMEDIES[name] or name == "unused memory"
    assert settings <= set(inspect.signature(gatework.Classifier).parameters)


@pytest.mark.parametrize("make", [fitted_series, fitted_text, fitted_sound, fitted_steps, lambda: fitted_steps(False)])
def test_each_kind_is_examined_and_what_is_not_says_why(make):
    model, data = make()
    found = doctor(model, data)
    assert {*found.not_examined} >= {*NEVER, *SKIPPED}
    assert {*found.not_examined} - {*NEVER, *SKIPPED} <= {"learning rate too high", "unscaled input", "constant input"}
    kind = type(model).__name__
    assert found.not_examined["detached state"] == f"A {kind} lays out its sequences and states itself."
    if model.reader_.kind == "text":
        assert found.not_examined["constant input"] == "Tokens have no size."
    assert str(found)


def test_the_model_stays_as_it_is(series):
    model, data = series
    before, drawn = copy.deepcopy(model.net_.state_dict()), torch.get_rng_state()
    doctor(model, data)
    assert torch.equal(torch.get_rng_state(), drawn)
    assert all(torch.equal(a, b) for a, b in zip(before.values(), model.net_.state_dict().values(), strict=True))


# --- what was learned by heart ------------------------------------------------------------------------------------


def history(learned, held, steps=100, best=60):
    losses = np.linspace(1, learned, best).tolist()
    losses[best - 20 :] = [learned] * 20
    return History(losses + [learned / 9] * (steps - best), [(k, held + (k != best)) for k in range(20, steps + 1, 20)],
                   best, held)  # fmt: skip


def test_networks_that_know_their_sequences_by_heart_are_named():
    found = overfitted([history(0.1, 0.6), history(0.2, 0.7)], chance=0.7)
    assert found.name == "overfitted"
    assert found.severity == "worth knowing"
    assert found.evidence == (
        "With the weights that were kept, the loss is 0.15 on what was learned from and 0.65 on what was held out "
        "(median of 2 networks); who knows nothing has 0.7."
    )
    assert overfitted([history(0.31, 0.6)], chance=0.7) is None
    # Of losses near 0 a factor says little.
    assert overfitted([history(0.001, 0.1)], chance=0.7) is None
    assert overfitted([history(0.001, 0.1)], chance=0.1).name == "overfitted"
    assert overfitted([History([1.0], [], 1)], 1.0) == "No sequences were held out of its training."


def test_the_doctor_holds_a_models_own_losses_against_what_nothing_costs(planted):
    model, data = planted
    model.histories_ = [history(0.01, 0.2)]
    found = named(doctor(model, data), "overfitted")
    assert "who knows nothing has 0.69" in found.evidence
    assert "dropout=0.4" in found.remedy
    assert "hidden_size=2" in found.remedy
    model.histories_ = [history(0.01, 0.15)]
    assert "overfitted" not in names(doctor(model, data))


# --- one answer for all ---------------------------------------------------------------------------------------------


def test_one_answer_for_all_is_named():
    truth = np.array(["a"] * 9 + ["b"] * 3)
    found = one_answer(truth, np.array(["a"] * 12), "label", True)
    assert (found.name, found.severity) == ("one answer for all", "serious")
    assert found.evidence == "All 12 answers for label are a; 3 of them should not be."
    assert one_answer(truth, np.array(["a"] * 11 + ["b"]), "label", True) is None
    assert one_answer(truth[:9], np.array(["a"] * 9), "label", True) is None
    assert one_answer(np.array(["a"] * 12), np.array(["a"] * 12), "label", True) is None
    numbers = np.arange(20.0)
    found = one_answer(numbers, 5 + 0.01 * numbers, "life", False)
    assert found.evidence == "The 20 answers for life spread by 0.058, what is true by 5.8."
    assert one_answer(numbers, 5 + 0.06 * numbers, "life", False) is None


def test_the_answers_held_out_are_looked_at(planted):
    import pyarrow as pa

    model, data = planted
    truth = ["low"] * 10 + ["high"] * 10
    model.held_ = pa.table({"id": range(20), "true label": truth, "label": ["low"] * 20, "probability": [0.6] * 20})
    found = named(doctor(model, data), "one answer for all")
    assert found.evidence == "All 20 answers for label are low; 10 of them should not be."
    assert f"learning_rate={model.recipe_.learning_rate / 3:.2g}" in found.remedy
    assert 'class_weight="balanced"' in found.remedy
    model.held_ = model.held_.slice(0, 0)
    assert doctor(model, data).not_examined["one answer for all"] == "No sequences were held out of its training."


# --- a memory that is not used --------------------------------------------------------------------------------------


def test_a_memory_that_answers_do_not_need_is_named(planted):
    model, data = planted
    assert "unused memory" not in names(doctor(model, data))
    with torch.no_grad():
        for one in model.net_.members:
            for name, weight in one.layer.named_parameters():
                if name.startswith("weight_hh"):
                    weight.zero_()
                elif name.startswith("bias_ih"):
                    weight[4:8] = -20.0
    found = named(doctor(model, data), "unused memory")
    assert found.severity == "worth knowing"
    assert float(re.search(r"move by ([\d.]+)% of their spread", found.evidence)[1]) < 0.1
    assert "evaluate()" in found.remedy


def test_a_sequence_of_one_step_has_no_memory_to_judge(planted):
    model, (X, y) = planted
    found = doctor(model, ([one[:1] for one in X], y))
    assert found.not_examined["unused memory"] == "Its sequences have a single step."


# --- what is examined of every model --------------------------------------------------------------------------------


def test_data_in_other_units_and_columns_that_never_change_are_named(planted):
    model, (X, y) = planted
    far = [np.concatenate([one[:, :1], np.full((len(one), 1), 7.0)], 1) for one in X]
    found = named(doctor(model, (far, y)), "constant input")
    assert "x1 (always" in found.evidence
    assert "feature_cols=" in found.remedy


def test_gates_at_their_ends_and_rates_that_throw_weights_about_are_named(planted):
    model, data = planted
    with torch.no_grad():
        for one in model.net_.members:
            one.layer.bias_ih_l0[[0, 1, 2, 3]] = 50.0
            one.layer.bias_ih_l0[4:8] = -50.0
            one.layer.bias_ih_l0[12:] = -50.0
    assert named(doctor(model, data), "saturated gates").severity == "worth knowing"
    model.histories_[1] = replace(model.histories_[1], losses=[1.0] * 30 + [50.0] * 30)
    found = named(doctor(model, data), "learning rate too high")
    assert f"learning_rate={model.recipe_.learning_rate / 3:.2g}" in found.remedy


def test_what_it_refuses(series):
    model, data = series
    with pytest.raises(OptionError, match="training must be left out with a Classifier, which keeps its own losses"):
        doctor(model, data, Recording(torch.nn.LSTM(2, 2)))
    with pytest.raises(NotFittedError, match="Classifier must be fitted before it is examined; got none"):
        doctor(gatework.Classifier(), data)
