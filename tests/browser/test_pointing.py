"""A page in the hands of a person with a mouse: what is pointed at, clicked and brushed is what was traced."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

T, H = 60, 8


def test_pointing_at_a_chart_shows_that_step_and_unit_and_leaving_goes_back(visit, path, series, holds):
    view, parts = visit(path), series.layers["layer.l0"]
    before = view.text_content("#where")
    top = view.order()
    view.mouse.move(*view.at("f", 20, (2 + 0.5) / H))
    view.where(f"Step 20, unit {top[2]}")
    for letter, q in parts.items():
        now = view.said(f"#cell-lstm [data-part={letter}][data-when=now] .value")
        holds(now, q[20, 0, top[2]])
        # The diagram and the heading of a chart are for comparing, the table has all decimals.
        assert view.said(f"#now-{letter}") == now
        exact = view.said(f"#values [data-letter={letter}] td")
        holds(exact, q[20, 0, top[2]])
        assert len(now.split(".")[1]) == 3 < len(exact.split(".")[1])
    for letter in "ch":
        holds(view.said(f"#cell-lstm [data-part={letter}][data-when=before] .value"), parts[letter][19, 0, top[2]])
    numbers = view.eval_on_selector_all("#legend-inputs b", "all => all.map(b => b.textContent)")
    for number, value in zip(numbers, series.x[20, 0], strict=True):
        holds(number, value)
    view.mouse.move(5, 5)
    view.where(before)


def test_the_cursor_stands_in_every_chart_at_the_same_step(visit, path):
    view = visit(path, height=2400)
    view.mouse.move(*view.at("i", 33))
    view.where("Step 33")
    for name in ("inputs", *"figoch"):
        left, _, width, _ = view.plot(name)
        mark = view.locator(f"#chart-{name} .cursor").bounding_box()
        assert mark["x"] - left == pytest.approx(width * 33.5 / T, abs=1.5), name


def test_a_click_stays(visit, path):
    view = visit(path)
    unit = view.order()[5]
    view.mouse.click(*view.at("c", 44, (5 + 0.5) / H))
    view.mouse.move(5, 5)
    view.where(f"Step 44, unit {unit}")
    assert view.input_value("#step-number") == "44"
    assert view.input_value("#unit") == str(unit)


def test_a_brush_chooses_the_same_stretch_in_every_chart(visit, path, series):
    view = visit(path, height=2400)
    view.select_option("#unit", "-1")
    assert view.is_hidden("#values th:nth-child(3)")
    x, y = view.at("o", 10)
    view.mouse.move(x, y)
    view.mouse.down()
    # A person may think before moving on.
    view.wait_for_timeout(400)
    view.mouse.move(*view.at("o", 15), steps=4)
    view.mouse.move(*view.at("o", 24), steps=4)
    view.mouse.up()
    view.expect("#to").to_have_value("24")
    assert view.input_value("#from") == "10"
    assert view.said("#stretch-said") == "15 steps"
    assert view.is_visible("#values th:nth-child(3)")
    for name in ("inputs", *"figoch"):
        left, _, width, _ = view.plot(name)
        band = view.locator(f"#chart-{name} .band").bounding_box()
        assert band["x"] - left == pytest.approx(width * 10 / T, abs=2), name
        assert band["width"] == pytest.approx(width * 15 / T, abs=3), name
    view.mouse.move(5, 5)
    for letter, q in series.layers["layer.l0"].items():
        stretch, everything = (view.said(f"#values [data-letter={letter}] td >> nth={k}") for k in (1, 2))
        assert float(stretch) == pytest.approx(q[10:25, 0].mean(), abs=1e-4)
        assert float(everything) == pytest.approx(q[:, 0].mean(), abs=1e-4)
    view.click("#zoom")
    shown = "() => { const r = Bokeh.documents[0].get_model_by_name('h').x_range; return [r.start, r.end]; }"
    assert view.evaluate(shown) == [9.5, 24.5]
    view.click("#whole")
    assert view.evaluate(shown) == [-0.5, T - 0.5]
    view.click("#clear")
    view.expect("#chart-f .band").to_be_hidden()
    assert view.is_disabled("#zoom")
    assert view.input_value("#from") == ""


def test_a_curve_tells_its_numbers(visit, path):
    view = visit(path)
    for section in ("memory", "gradients"):
        chart = view.locator(f"#{section} .curves canvas").first
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        for k in range(4):
            view.mouse.move(box["x"] + box["width"] * 0.3 + k, box["y"] + 120)
        view.get_by_text("steps back:").first.wait_for()
        view.mouse.move(5, 5)


def test_gates_can_be_drawn_from_their_lowest_to_their_highest_value(visit, path, series):
    view, f = visit(path), series.layers["layer.l0"]["f"][:, 0]
    ends = """() => { const chart = Bokeh.documents[0].get_model_by_name('f');
      const { low, high } = chart.renderers[0].glyph.color_mapper; return [low, high]; }"""
    assert view.evaluate(ends) == [0, 1]
    assert (view.said("#low-f"), view.said("#high-f")) == ("shut 0", "1 open")
    view.check("#contrast")
    assert view.evaluate(ends) == pytest.approx([f.min(), f.max()], abs=1e-4)
    assert (view.said("#low-f"), view.said("#high-f")) == (f"{f.min():.2f}", f"{f.max():.2f}")
