"""The pictures show what was found, where they are told to, and nothing else."""

from __future__ import annotations

import importlib.util
import re

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import gatework
from gatework.errors import OptionError
from gatework.look import gradients, plot_gradients, plot_trace, trace
from gatework.look.gradients import Flow, Gradients
from gatework.tasks.plot_comparison import COLOURS


def batch(steps=9, rows=3, features=2):
    return torch.randn(steps, rows, features, generator=torch.Generator().manual_seed(0))


def shown(ax):
    return np.asarray(ax.images[0].get_array())


@pytest.fixture(scope="module")
def traced():
    torch.manual_seed(0)
    return trace(gatework.LSTM(2, 5, 2, proj_size=3, init="chrono", chrono_max=20), batch(), lengths=[9, 4, 6])


def test_a_trace_is_drawn_row_by_row_with_the_longest_memory_on_top(traced):
    axes = plot_trace(traced, "layer.l0", row=1)
    titles = [ax.get_title(loc="left") for ax in axes]
    assert titles == ["inputs", "input gate i", "forget gate f", "output gate o", "long-term memory c",
                      "short-term memory h", "outputs"]  # fmt: skip
    np.testing.assert_array_equal([line.get_ydata() for line in axes[0].lines], traced.x[:4, 1].T)
    parts = traced.layers["layer.l0"]
    order = np.argsort(-parts["f"][:4, 1].mean(0))
    assert (order != np.arange(5)).any()
    for ax, letter in zip(axes[1:5], "ifoc", strict=True):
        np.testing.assert_array_equal(shown(ax), parts[letter][:4, 1, order].T)
    np.testing.assert_array_equal(shown(axes[5]), parts["h"][:4, 1].T)
    assert axes[2].images[0].get_clim() == (0, 1)
    low, high = axes[4].images[0].get_clim()
    assert low == -high == pytest.approx(-np.nanmax(np.abs(parts["c"][:4, 1])))
    assert axes[-1].get_xlabel() == "step of row 1, layer.l0"
    assert axes[0].figure.get_size_inches()[0] == 3.3


def test_the_outputs_of_a_bare_layer_are_not_drawn_twice():
    axes = plot_trace(trace(gatework.GRU(2, 4), batch()))
    assert [ax.get_title(loc="left") for ax in axes] == [
        "inputs",
        "reset gate r",
        "update gate z",
        "short-term memory h",
    ]
    axes = plot_trace(trace(gatework.RNN(2, 4), batch()), quantities=("h", "outputs"))
    assert len(axes[1].lines) == 4


def test_a_trace_is_drawn_where_it_is_told_to(traced):
    mine = Figure().subplots()
    assert plot_trace(traced, "layer.l1", quantities="f", ax=mine) == [mine]
    two = Figure().subplots(2)
    assert plot_trace(traced, quantities=("x", "c"), ax=two) == list(two)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"layer": "l0"}, "layer must be one of layer.l0, layer.l1; got 'l0'."),
        ({"row": 3}, "row must be from 0 to 2; got 3."),
        ({"quantities": "z"}, "quantities must be of i, f, g, o, c, h, x, outputs; got 'z'."),
        ({"quantities": ("c", "h"), "ax": [None]}, "ax must be one for each of c, h; got 1."),
    ],
)
def test_a_trace_that_cannot_be_drawn_is_refused(traced, given, message):
    with pytest.raises(OptionError, match=re.escape(message)):
        plot_trace(traced, **given)


def test_gradients_are_drawn_by_lag():
    found = gradients(gatework.LSTM(2, 4, 2), batch(40))
    ax = plot_gradients(found)
    first, second, inputs, _ = ax.lines
    np.testing.assert_array_equal(first.get_ydata(), found.flows["layer.l0"].norms["c"])
    np.testing.assert_array_equal(inputs.get_ydata(), found.flows["x"].norms["x"])
    assert second.get_label() == f"layer.l1 c, ×{found.flows['layer.l1'].rate:.3g} a step"
    assert to_hex(first.get_color()) == COLOURS[0].lower()
    assert ax.get_yscale() == "log"
    assert ax.get_title(loc="left") == "the gradient vanishes"
    assert ax.figure.get_size_inches()[0] == 3.3
    mine = Figure().subplots()
    assert plot_gradients(found, flows=["x"], ax=mine) is mine
    assert mine.lines[0].get_label().startswith("inputs, ×")
    with pytest.raises(OptionError, match=re.escape("flows must be of layer.l0, layer.l1, x; got 'l0'.")):
        plot_gradients(found, flows=["l0"])


def test_networks_that_answer_together_are_one_line_a_layer():
    norms = [[4.0, 1.0], [2.0, 0.5], [9.0, 3.0, 1.0]]
    flows = {f"{k}.encoder.l0": Flow({"h": np.array(one)}, np.ones(len(one), int), 0.5 + k / 10, "neither", 1)
             for k, one in enumerate(norms)}  # fmt: skip
    flows["x"] = Flow({"x": np.array([1.0, 0.5])}, np.ones(2, int), np.nan, "neither", 1)
    found = Gradients(flows, "neither", 0.6, 1.0, "the loss")
    ax = plot_gradients(found)
    assert [line.get_label() for line in ax.lines[:2]] == ["encoder.l0 h, ×0.6 a step", "inputs"]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [4, 1])
    (band,) = ax.collections
    assert set(band.get_paths()[0].vertices[:, 1]) == {2, 9, 0.5, 3}
    assert ax.get_title(loc="left") == "the gradient neither vanishes nor explodes\nmedian and range of 3 networks"
    alone = plot_gradients(found, flows=["1.encoder.l0", "2.encoder.l0"])
    assert [line.get_label() for line in alone.lines[:2]] == [
        "1.encoder.l0 h, ×0.6 a step",
        "2.encoder.l0 h, ×0.7 a step",
    ]
    assert not alone.collections
    assert alone.get_title(loc="left") == "the gradient neither vanishes nor explodes"


def test_a_gradient_of_zero_is_left_out():
    layer = gatework.RNN(2, 3)
    with torch.no_grad():
        layer.weight_hh_l0.zero_()
    ax = plot_gradients(gradients(layer, batch()))
    assert np.isfinite(ax.lines[0].get_ydata()).tolist() == [True] + [False] * 8
    ax.figure.canvas.draw()


@pytest.mark.parametrize("plot", [plot_trace, plot_gradients])
def test_without_matplotlib_the_extra_is_named(plot, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr("gatework.tasks.plot.find_spec", lambda name: None)
    message = "plot must have matplotlib; it is not installed. Run: pip install 'gatework[plot]'"
    with pytest.raises(OptionError, match=re.escape(message)):
        plot(None)
