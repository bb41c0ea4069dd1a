"""What a Memory says, and what its picture shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gatework.look import plot_memory
from gatework.look.memory import Memory

LAGS = np.arange(101)
KNOWN = Memory(
    horizon=44.25,
    beyond=False,
    horizon_by_gradient=45.0,
    ahead=np.nan,
    eps=0.05,
    lags=LAGS,
    change=0.5 * 0.934**LAGS,
    gradient=0.4 * 0.935**LAGS,
    control=np.stack([0.01 * np.ones(101), 0.02 * np.ones(101)]),
    timescales={"layer.l0": np.array([2.0, 15.0, 15.0, 400.0]), "layer.l1": np.array([15.0])},
    recall_lags=np.arange(31),
    recall=np.linspace(1, 0, 31)[:, None] * [1.0, 0.8],
    recall_now=np.zeros((31, 2)),
    names=("x0", "x1"),
    rows=8,
    steps=120,
    stepwise=True,
)


def test_it_says_all_that_was_measured():
    assert str(KNOWN).splitlines() == [
        "It remembers 44 steps: an input from farther back changes the answer by less than 5 % of what the strongest "
        "one does, or by no more than inputs at shuffled times would.",
        "Looked at: 8 rows of up to 120 steps; an answer at each step.",
        "Gates: half of the 5 units would forget two thirds of what they hold within 15 steps, the slowest tenth not "
        "before 15 steps. By that alone, memory would reach 45 steps back.",
        "Effect: the input that matters most is the one of the same step: another in its place moves the answer by 0.5 "
        "of the answer's spread. By gradient the reach is 45 steps.",
        "State: a linear reading of it gives R^2 0.87 for the input one step back, and 13 steps back is the last with "
        "0.5 or more.",
        "Gates and effect agree.",
    ]


def test_it_says_when_the_gates_claim_too_much_or_too_little():
    over = replace(KNOWN, horizon=5.0)
    assert over.gates_agree is False
    assert str(over).splitlines()[-1] == (
        "Gates and effect disagree: the gates could hold on for 45 steps, but the answer feels inputs for 5 steps. A "
        "picture of the gates alone would claim too much."
    )
    under = replace(KNOWN, timescales={"layer.l0": np.ones(3)})
    assert under.gates_agree is False
    assert str(under).splitlines()[-1] == (
        "Gates and effect disagree: the effect reaches 44 steps back, farther than the gates' 3.0 steps. No gate keeps "
        "that memory: it is handed on between units, from h to h, or goes around the layers."
    )
    assert replace(KNOWN, horizon=10.0, beyond=True).gates_agree


def test_it_says_what_the_data_tell_by_themselves():
    slow = replace(KNOWN, recall_now=KNOWN.recall)
    assert "; but the present input alone tells as much up to 13 steps back." in str(slow)
    few = replace(KNOWN, recall=np.full((31, 2), np.nan))
    assert "State: too few moments to tell what can be read off it." in str(few)


def test_it_says_how_far_ahead_it_reads():
    assert "It also reads ahead, 1 step." in str(replace(KNOWN, ahead=1.0))


def test_gates_that_never_close_hold_on_for_any_time():
    said = str(replace(KNOWN, timescales={"layer.l0": np.full(3, np.inf)}))
    assert "By that alone, memory would reach any number of steps back." in said


@pytest.mark.parametrize("known", [KNOWN, replace(KNOWN, lags=LAGS - 50, ahead=12.0), replace(KNOWN, beyond=True)])
def test_the_picture_shows_each_measure_and_the_horizon(known):
    ax = plot_memory(known)
    said = [text.get_text() for text in ax.get_legend().get_texts()]
    assert said == [
        "control: shuffled times",
        "effect, input replaced",
        "effect, by gradient",
        "read off the state, $R^2$",
    ]
    lines = {line.get_label(): line for line in ax.get_lines()}
    change = lines["effect, input replaced"]
    np.testing.assert_array_equal(change.get_xdata(), known.lags)
    np.testing.assert_allclose(change.get_ydata(), np.clip(known.change / 0.5, 1e-3, None))
    written = [text.get_text() for text in ax.texts]
    assert written[0] == ("horizon ≥ 44" if known.beyond else "horizon 44")
    assert written[1:] == (["horizon 12"] if known.ahead > 0 else [])
    upright = [line.get_xdata()[0] for line in ax.get_lines() if line.get_xdata()[0] == line.get_xdata()[-1]]
    assert upright[0] == 44.25
    # Nothing is cut off by the edge of the picture.
    ax.figure.draw_without_rendering()
    legend, whole = ax.get_legend().get_window_extent(), ax.figure.bbox
    assert legend.x0 >= whole.x0
    assert legend.y0 >= whole.y0
    assert legend.x1 <= whole.x1


def test_it_draws_where_it_is_told_to():
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert plot_memory(KNOWN, ax) is ax


def test_a_memory_without_effect_or_recall_is_drawn():
    nothing = np.empty((0, 2))
    empty = replace(
        KNOWN, horizon=np.nan, change=0 * KNOWN.change, recall_lags=np.empty(0, int), recall=nothing, recall_now=nothing
    )
    ax = plot_memory(empty)
    assert len(ax.get_legend().get_texts()) == 3
    assert "It remembers nothing" in str(empty)
