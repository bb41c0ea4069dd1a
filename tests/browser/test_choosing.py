"""What can be chosen by the keyboard and the selects: step, stretch, unit, order, row, layer, network."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from torch import nn

import gatework
from gatework.look import trace
from gatework.look.gradients import Flow, Gradients
from gatework.look.timescale import timescales

pytestmark = pytest.mark.browser

T, H, LENGTHS = 60, 8, [60, 40]


def test_typing_does_what_the_mouse_does(visit, path):
    view = visit(path)
    view.type("#step-number", 7)
    view.where("Step 7,")
    view.focus("#step")
    view.keyboard.press("ArrowRight")
    view.keyboard.press("ArrowRight")
    view.where("Step 9,")
    view.type("#step-number", 9999)
    view.where(f"Step {T - 1},")
    view.fill("#from", "30")
    view.type("#to", 12)
    # From and to are put in order.
    assert (view.input_value("#from"), view.input_value("#to")) == ("12", "30")
    view.expect("#chart-f .band").to_be_visible()


def test_units_stand_in_the_order_that_was_asked_for(visit, path, series):
    view, c = visit(path), series.layers["layer.l0"]["c"][:, 0]
    keeps = timescales(series.layers)["layer.l0"]
    assert view.order() == np.argsort(-keeps, kind="stable").tolist()
    top = view.order()[0]
    view.select_option("#unit", str(top))
    view.expect("#keeps").to_have_text(f"keeps for {keeps[top]:.1f} steps")
    view.select_option("#order", "number")
    assert view.order() == list(range(H))
    for k in range(2):
        view.select_option("#order", f"inputs {k}")
        follow = [abs(np.corrcoef(unit, series.x[:, 0, k])[0, 1]) for unit in c.T]
        assert view.order() == np.argsort(-np.array(follow), kind="stable").tolist()
    view.fill("#from", "20")
    view.type("#to", 29)
    view.select_option("#order", "stretch")
    outstanding = abs(c[20:30].mean(0) - c.mean(0)) / c.std(0)
    assert view.order() == np.argsort(-outstanding, kind="stable").tolist()
    # The heatmaps are drawn in that order, the first unit at the top.
    picture = view.evaluate(
        "() => Array.from(Bokeh.documents[0].get_model_by_name('c').renderers[0].data_source.data.image[0])"
    )
    drawn = np.array(picture).reshape(H, T)[::-1]
    np.testing.assert_allclose(drawn, c.T[view.order()], atol=1e-4)


def test_rows_and_layers_are_those_that_were_traced(visit, path, series, holds):
    view = visit(path)
    assert view.is_hidden("#network")
    view.select_option("#row", "1")
    view.select_option("#layer", "1")
    assert view.get_attribute("#step", "max") == str(LENGTHS[1] - 1)
    view.select_option("#unit", "3")
    view.type("#step-number", 11)
    view.where("Step 11, unit 3")
    for letter, q in series.layers["layer.l1"].items():
        holds(view.said(f"#values [data-letter={letter}] td"), q[11, 1, 3])
    assert view.said("#cell-lstm [data-part=x] .value") == "layer below"


def test_the_equations_are_worked_out_in_numbers(visit, path, series):
    view = visit(path)
    view.select_option("#unit", "2")
    view.type("#step-number", 20)
    view.where("Step 20, unit 2")
    c, h = (line.replace("−", "-") for line in view.locator("#equation div").all_text_contents())
    parts = series.layers["layer.l0"]
    assert c.endswith(f"= {parts['c'][20, 0, 2]:.3f}")
    assert h.endswith(f"= {parts['h'][20, 0, 2]:.3f}")
    f, before, i, g = (float(n.strip("()")) for n in re.findall(r"\(?-?\d+\.\d+\)?", c)[:4])
    assert f * before + i * g == pytest.approx(parts["c"][20, 0, 2], abs=3e-3)


def test_every_units_numbers_can_be_read(visit, path, series, holds):
    view = visit(path)
    view.click("summary")
    view.type("#step-number", 5)
    view.where("Step 5,")
    assert view.locator("#every-unit tbody tr").count() == H
    first = view.order()[0]
    for k, letter in enumerate(series.layers["layer.l0"]):
        text = view.said(f"#every-unit tbody tr:first-child td >> nth={k}")
        holds(text, series.layers["layer.l0"][letter][5, 0, first])


class Forecasts(nn.Module):
    """A GRU, and a plain RNN above it, that answers once."""

    def __init__(self):
        super().__init__()
        self.below, self.above, self.head = nn.GRU(12, 5, bidirectional=True), nn.RNN(10, 3), nn.Linear(3, 2)

    def forward(self, x):
        return self.head(self.above(self.below(x)[0])[0][-1])


def test_other_cells_have_diagrams_of_their_own(visit, written, holds):
    torch.manual_seed(1)
    found = trace(Forecasts(), torch.randn(30, 1, 12))
    view = visit(written(found, ("Not <now>.", "Not now.")))
    shown = "[...document.querySelectorAll('svg.cell')].filter(s => s.getBoundingClientRect().width).map(s => s.id)"
    seen = []
    for k, (name, parts) in enumerate(found.layers.items()):
        view.select_option("#layer", str(k))
        view.select_option("#unit", "1")
        step = int(view.input_value("#step"))
        view.where(f"Step {step}, unit 1")
        seen += view.evaluate(shown)
        for letter, q in parts.items():
            holds(view.said(f"#values [data-letter={letter}] td"), q[step, 0, 1])
        before = 1 if name.endswith("_reverse") else -1
        holds(view.said(f"#{seen[-1]} [data-part=h][data-when=before] .value"), parts["h"][step + before, 0, 1])
        assert view.locator("#equation div").count() == ("z" in parts)
    assert seen == ["cell-gru", "cell-gru", "cell-rnn"]
    assert "Not <now>." in view.said("#memory")
    # Twelve inputs are a picture, not lines; an answer about the end has no time axis here.
    assert view.said("#note-inputs") == "12 of them, one below the other"
    assert view.is_hidden("#chart-answers")
    for text, value in zip(view.said("#answer").split(", "), found.outputs[0, 0], strict=True):
        holds(text, value)


class Forecaster(nn.Module):
    """An encoder, and a decoder that answers with as many steps."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder, self.head = gatework.LSTM(2, 3), gatework.LSTM(3, 3), nn.Linear(3, 1)

    def forward(self, x):
        return self.head(self.decoder(self.encoder(x)[0][-1:].repeat(9, 1, 1))[0])[..., 0].T


@pytest.fixture(scope="module")
def three():
    """Three networks as a Forecaster has them, and what their gradients might be."""
    torch.manual_seed(2)
    x = torch.randn(9, 1, 2)
    several = [trace(Forecaster(), x) for _ in range(3)]
    layers = {f"{k}.{name}": parts for k, one in enumerate(several) for name, parts in one.layers.items()}
    lags, rows = np.arange(9), np.ones(9, int)
    flows = {
        name: Flow({"c": 0.5 ** (lags * (1 + k))}, rows, 0.5 ** (1 + k), "neither", 8) for k, name in enumerate(layers)
    }
    flows["x"] = Flow({"x": 0.9**lags}, rows, 0.9, "neither", 8)
    one = several[0]
    return type(one)(one.x, one.outputs, layers, None, one.names), Gradients(flows, "neither", 0.9, 1.0, "the loss")


def test_several_networks_are_shown_one_at_a_time(visit, written, three, holds):
    found, flows = three
    view = visit(written(found, ("Not now.", flows)))
    layers = "#layer option"
    assert view.locator(layers).all_text_contents() == ["encoder.l0: LSTM, 3 units", "decoder.l0: LSTM, 3 units"]
    # The answers' steps come after the inputs', even where they are as many.
    assert view.is_visible("#chart-inputs")
    assert view.is_hidden("#chart-answers")
    view.select_option("#layer", label="decoder.l0: LSTM, 3 units")
    assert view.is_hidden("#chart-inputs")
    assert view.is_visible("#chart-answers")
    view.select_option("#network", "2")
    view.select_option("#unit", "1")
    view.type("#step-number", 4)
    view.where("Step 4, unit 1")
    holds(view.said("#values [data-letter=c] td"), found.layers["2.decoder.l0"]["c"][4, 0, 1])


def test_gradients_of_several_networks_are_folded_until_one_is_chosen(visit, written, three):
    found, flows = three
    view = visit(written(found, ("Not now.", flows)))
    rows = "#gradients tbody tr:not([hidden]) td:nth-child(2)"
    curves = """() => Bokeh.documents.flatMap(d => d.roots()).flatMap(c => c.renderers)
      .filter(r => r.name === "curve" && r.visible).map(r => r.data_source.data.y[1])"""
    rates = [0.5 ** (1 + k) for k in range(6)]
    assert view.locator("#gradients .keys li").count() == 3
    assert view.locator(rows).all_text_contents() == ["× 0.125", "× 0.0625", "× 0.9"]
    assert view.evaluate(curves) == pytest.approx([rates[2], rates[3], 0.9])
    view.select_option("#gradients-network", "2")
    assert view.locator(rows).all_text_contents() == ["× 0.0312", "× 0.0156", "× 0.9"]
    assert view.evaluate(curves) == pytest.approx([rates[4], rates[5], 0.9])
