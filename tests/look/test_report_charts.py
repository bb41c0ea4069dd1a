"""What the report's curves are drawn from is what was measured."""

from __future__ import annotations

import numpy as np
import pytest

from gatework.look.gradients import Flow, Gradients
from gatework.look.memory import Memory
from gatework.look.page.charts import COLOURS, DASHES, gradients_chart, look_of, memory_chart


def curves(chart):
    return [one for one in chart.renderers if one.name == "curve"]


def spans(chart):
    return [one.location for one in chart.center if type(one).__name__ == "Span"]


def labels(chart):
    return [one for one in chart.center if type(one).__name__ == "Label"]


def remembers(horizon=3.0, beyond=False, ahead=np.nan, first=0, change=(4.0, 2.0, 1.0, 0.4, 0.0)):
    lags, change = np.arange(first, first + 5), np.array(change)
    control = np.array([[0.2, 0.1, 0.04, 1e-9, np.nan], [0.4, 0.2, 0.08, 0.04, np.nan]])
    recall = np.array([[0.9, 0.5], [0.6, np.nan], [0.004, 0.002]])
    return Memory(
        horizon, beyond, horizon, ahead, 0.05, lags, change, change / 8, control, {}, np.array([1, 2, 3]), recall,
        recall / 3, ("x0", "x1"), 2, 9, True,
    )  # fmt: skip


def test_a_memory_is_drawn_as_shares_of_the_largest():
    chart = memory_chart(remembers())
    change, gradient, state, present = (one.data_source.data for one in curves(chart))
    np.testing.assert_allclose(change["y"], [1, 0.5, 0.25, 0.1, np.nan])
    np.testing.assert_allclose(change["true"], [1, 0.5, 0.25, 0.1, 0])
    np.testing.assert_allclose(gradient["y"], change["y"])
    # The mean over the inputs of which it is known; next to nothing is nothing.
    np.testing.assert_allclose(state["y"], [0.7, 0.6, np.nan])
    np.testing.assert_allclose(present["y"], [0.7 / 3, 0.2, np.nan])
    assert list(state["lag"]) == [1, 2, 3]
    band = next(one for one in chart.renderers if type(one.glyph).__name__ == "VArea").data_source.data
    np.testing.assert_allclose(list(band.values())[1], [0.05, 0.025, 0.01, 1e-4])
    np.testing.assert_allclose(list(band.values())[2], [0.1, 0.05, 0.02, 0.01])
    assert spans(chart) == [3.0]
    assert [one.text for one in labels(chart)] == ["horizon 3"]
    assert (chart.y_range.start, chart.y_range.end) == (1e-4, 2)


def test_a_horizon_has_its_name_where_there_is_room():
    for horizon, side in ((1.0, "left"), (4.0, "right")):
        (said,) = labels(memory_chart(remembers(horizon, beyond=True)))
        assert (said.text, said.text_align) == (f"horizon ≥ {horizon:.0f}", side)
    both = memory_chart(remembers(1.0, ahead=2.0, first=-2))
    assert spans(both) == [1.0, -2.0]
    assert [one.text for one in labels(both)] == ["horizon 1", "ahead 2"]
    assert both.xaxis[0].axis_label.startswith("steps ahead (left) and back (right)")
    assert spans(memory_chart(remembers(np.nan))) == []
    assert curves(memory_chart(remembers(np.nan, change=(0.0,) * 5)))


def test_lags_stand_evenly_and_those_far_back_by_their_logarithm_without_a_bend():
    lags = np.arange(1001)
    found = Gradients({"x": Flow({"x": np.ones(1001)}, np.ones(1001), 1.0, "neither", 1000)}, "neither", 1.0, 1.0, "")
    chart = gradients_chart(found)
    x = np.array(curves(chart)[0].data_source.data["x"])
    np.testing.assert_allclose(x[:11], lags[:11])
    np.testing.assert_allclose(np.diff(x[[10, 100, 1000]]), 10 * np.log(10))
    assert abs(np.diff(x, 2)).max() < 0.1
    names = chart.xaxis[0].major_label_overrides
    # Those that would stand too close have no name.
    assert list(names.values()) == [f"{k:,}" for k in (0, 5, 10, 20, 50, 100, 200, 500, 1000)]
    assert list(names) == pytest.approx([x[int(name.replace(",", ""))] for name in names.values()])
    assert chart.xaxis[0].ticker.ticks == sorted(names)
    sides = memory_chart(remembers(1.0, first=-2)).xaxis[0]
    assert (sides.ticker.ticks, sides.major_label_overrides) == ([-2, 0, 2], {-2: "2", 0: "0", 2: "2"})


def flow(norms, letter="c"):
    norms = np.array(norms)
    return Flow(
        {letter: norms, "h": norms * 7} if letter == "c" else {letter: norms},
        np.ones(len(norms), int),
        0.5,
        "neither",
        1,
    )


def test_a_gradient_is_drawn_by_layer_and_what_is_not_above_0_left_out():
    found = Gradients({"a.l0": flow([8.0, 0.0, np.inf, 2e-3]), "x": flow([1.0, 0.5], "x")}, "neither", 0.5, 1.0, "")
    chart = gradients_chart(found)
    first, inputs = curves(chart)
    np.testing.assert_array_equal(first.data_source.data["y"], [8, np.nan, np.nan, 2e-3])
    np.testing.assert_array_equal(inputs.data_source.data["y"], [1, 0.5])
    assert (chart.y_range.start, chart.y_range.end) == (pytest.approx(1e-3), pytest.approx(10))
    assert spans(chart) == [pytest.approx(8e-3)]
    assert [one.text for one in labels(chart)] == ["a thousandth of the largest"]
    assert (first.visible, first.tags, inputs.tags) == (True, [], [])
    # What is far below the line would press the rest flat; a line that is not on the chart has no name there.
    deep = gradients_chart(Gradients({"x": flow([1.0, 1e-30], "x")}, "vanishing", 0.5, 1.0, ""))
    assert deep.y_range.start == pytest.approx(1e-9)
    flat = gradients_chart(Gradients({"x": flow([2.0, 1.5], "x")}, "neither", 0.9, 1.0, ""))
    assert (flat.y_range.start, flat.y_range.end, spans(flat)) == (pytest.approx(1), pytest.approx(10), [])
    nothing = gradients_chart(Gradients({"x": flow([0.0, 0.0], "x")}, "vanishing", 0.0, 1.0, ""))
    assert (nothing.y_range.start, nothing.y_range.end) == (0.1, 1)


def test_networks_that_answer_together_are_folded():
    several = {f"{k}.encoder.l0": flow(norms) for k, norms in enumerate([[4.0, 1.0], [2.0, 0.0], [9.0, 3.0, 1.0]])}
    chart = gradients_chart(Gradients({**several, "x": flow([1.0], "x")}, "neither", 0.5, 1.0, ""))
    assert [(one.tags, one.visible) for one in curves(chart)] == [
        (["all"], True), (["0"], False), (["1"], False), (["2"], False), ([], True),
    ]  # fmt: skip
    np.testing.assert_array_equal(curves(chart)[0].data_source.data["y"], [4, 1])
    np.testing.assert_array_equal(curves(chart)[2].data_source.data["y"], [2, np.nan])
    (band,) = (one for one in chart.renderers if type(one.glyph).__name__ == "VArea")
    assert band.tags == ["all"]
    np.testing.assert_array_equal(list(band.data_source.data.values())[1:], [[2, np.nan], [9, 3]])
    looks = {(one.glyph.line_color, one.glyph.line_dash[0] if one.glyph.line_dash else 0) for one in curves(chart)[:4]}
    assert len(looks) == 1


def test_no_two_of_35_lines_look_alike():
    assert len({look_of(k) for k in range(35)}) == 35
    assert len(set(COLOURS)) == 7
    assert len(set(DASHES)) == 5
