"""The report in a real browser: pointed at, clicked, brushed and typed into, it says what was traced."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from torch import nn

import gatework
from gatework.look import gradients, memory, trace
from gatework.look.finding import Finding, Findings
from gatework.look.pack import pack
from gatework.look.page import page
from gatework.look.timescale import timescales

pytestmark = pytest.mark.browser

T, H, LENGTHS = 60, 8, [60, 40]
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\u202eשלום \u2067abc",
    "nul\x00l",
    "long " * 200_000,
]


@pytest.fixture(scope="module")
def series():
    """What an LSTM does on two rows of a slow and a fast signal; its first layer reads them, its second the first."""
    torch.manual_seed(0)
    t = torch.arange(T, dtype=torch.float32)
    x = torch.stack([torch.sin(t / 6), 3 + 0.5 * torch.sin(t * 1.3)], 1)[:, None].repeat(1, 2, 1)
    return trace(gatework.LSTM(2, H, 2), x, LENGTHS)


@pytest.fixture(scope="module")
def curves():
    small = gatework.LSTM(2, 4), torch.randn(40, 4, 2)
    return memory(*small), gradients(*small)


@pytest.fixture(scope="module")
def path(series, curves, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(written(series, curves), encoding="utf-8")
    return path


def written(found, curves, names=("row 0", "row 1"), title="An LSTM"):
    findings = Findings(
        [Finding("dead units", "serious", "2 of 8 units.", "Lower the rate.")], {"detached state": "No."}
    )
    return page(title, "What it is.", pack(found, names, timescales(found.layers)), *curves, findings)


def plot(view, name):
    """Where a chart's frame is on the page: left, top, width, height."""
    view.locator(f"#chart-{name}").scroll_into_view_if_needed()
    box = view.locator(f"#chart-{name}").bounding_box()
    frame = view.evaluate(
        "(name) => { const b = Bokeh.index.find_one(Bokeh.documents[0].get_model_by_name(name)).frame.bbox;"
        "return [b.left, b.top, b.width, b.height]; }",
        name,
    )
    return box["x"] + frame[0], box["y"] + frame[1], frame[2], frame[3]


def at(view, name, step, place=0.5, first=0, last=T - 1):
    """The point of a chart at a step, so far down from the top."""
    left, top, width, height = plot(view, name)
    return left + width * (step - first + 0.5) / (last - first + 1), top + height * place


def where(view, start):
    view.wait_for_function("(start) => document.getElementById('where').textContent.startsWith(start)", arg=start)


def said(view, selector):
    return view.locator(selector).first.text_content().replace("−", "-")


def holds(text, value):
    """A number as it is shown is the true one, rounded to as many decimals."""
    rounded = f"{value:.{len(text.split('.')[1])}f}"
    assert text == (rounded if float(rounded) else rounded.lstrip("-")), (text, value)


def order(view):
    """The units from the top down."""
    return [int(value) for value in view.eval_on_selector_all("#unit option", "all => all.map(o => o.value)")[1:]]


def test_pointing_at_a_chart_shows_that_step_and_unit_and_leaving_goes_back(visit, path, series):
    view, parts = visit(path), series.layers["layer.l0"]
    before = said(view, "#where")
    top = order(view)
    view.mouse.move(*at(view, "f", 20, (2 + 0.5) / H))
    where(view, f"Step 20, unit {top[2]}")
    for letter, q in parts.items():
        now = said(view, f"#cell-lstm [data-part={letter}][data-when=now] .value")
        holds(now, q[20, 0, top[2]])
        assert said(view, f"#values [data-letter={letter}] td") == now
    for letter in "ch":
        holds(said(view, f"#cell-lstm [data-part={letter}][data-when=before] .value"), parts[letter][19, 0, top[2]])
    numbers = view.eval_on_selector_all("#legend-inputs b", "all => all.map(b => b.textContent)")
    for number, value in zip(numbers, series.x[20, 0], strict=True):
        holds(number.replace("−", "-"), value)
    view.mouse.move(5, 5)
    where(view, before.replace("-", "−"))


def test_the_cursor_stands_in_every_chart_at_the_same_step(visit, path):
    view = visit(path, height=2400)
    view.mouse.move(*at(view, "i", 33))
    where(view, "Step 33")
    for name in ("inputs", *"figoch"):
        left, _, width, _ = plot(view, name)
        mark = view.locator(f"#chart-{name} .cursor").bounding_box()
        assert mark["x"] - left == pytest.approx(width * 33.5 / T, abs=1.5), name


def test_a_click_stays(visit, path):
    view = visit(path)
    unit = order(view)[5]
    view.mouse.click(*at(view, "c", 44, (5 + 0.5) / H))
    view.mouse.move(5, 5)
    where(view, f"Step 44, unit {unit}")
    assert view.input_value("#step-number") == "44"
    assert view.input_value("#unit") == str(unit)


def test_a_brush_chooses_the_same_stretch_in_every_chart(visit, path, series):
    view = visit(path, height=2400)
    view.select_option("#unit", "-1")
    x, y = at(view, "o", 10)
    view.mouse.move(x, y)
    view.mouse.down()
    # A person may think before moving on.
    view.wait_for_timeout(400)
    view.mouse.move(*at(view, "o", 15), steps=4)
    view.mouse.move(*at(view, "o", 24), steps=4)
    view.mouse.up()
    view.wait_for_function("document.getElementById('to').value === '24'")
    assert view.input_value("#from") == "10"
    assert said(view, "#stretch-said") == "15 steps"
    for name in ("inputs", *"figoch"):
        left, _, width, _ = plot(view, name)
        band = view.locator(f"#chart-{name} .band").bounding_box()
        assert band["x"] - left == pytest.approx(width * 10 / T, abs=2), name
        assert band["width"] == pytest.approx(width * 15 / T, abs=3), name
    view.mouse.move(5, 5)
    for letter, q in series.layers["layer.l0"].items():
        stretch, everything = (said(view, f"#values [data-letter={letter}] td >> nth={k}") for k in (1, 2))
        assert float(stretch) == pytest.approx(q[10:25, 0].mean(), abs=1e-4)
        assert float(everything) == pytest.approx(q[:, 0].mean(), abs=1e-4)
    view.click("#zoom")
    shown = "() => { const r = Bokeh.documents[0].get_model_by_name('h').x_range; return [r.start, r.end]; }"
    assert view.evaluate(shown) == [9.5, 24.5]
    view.click("#whole")
    assert view.evaluate(shown) == [-0.5, T - 0.5]
    view.click("#clear")
    view.wait_for_function("document.querySelector('#chart-f .band').hidden")
    assert view.is_disabled("#zoom")


def test_typing_does_what_the_mouse_does(visit, path):
    view = visit(path)
    view.fill("#step-number", "7")
    view.press("#step-number", "Enter")
    where(view, "Step 7,")
    view.focus("#step")
    view.keyboard.press("ArrowRight")
    view.keyboard.press("ArrowRight")
    where(view, "Step 9,")
    view.fill("#step-number", "9999")
    view.press("#step-number", "Enter")
    where(view, f"Step {T - 1},")
    view.fill("#from", "30")
    view.fill("#to", "12")
    view.press("#to", "Enter")
    # From and to are put in order.
    assert (view.input_value("#from"), view.input_value("#to")) == ("12", "30")
    view.wait_for_function("!document.querySelector('#chart-f .band').hidden")


def test_units_stand_in_the_order_that_was_asked_for(visit, path, series):
    view, c = visit(path), series.layers["layer.l0"]["c"][:, 0]
    keeps = timescales(series.layers)["layer.l0"]
    assert order(view) == np.argsort(-keeps, kind="stable").tolist()
    view.select_option("#order", "number")
    assert order(view) == list(range(H))
    for k in range(2):
        view.select_option("#order", f"inputs {k}")
        follow = [abs(np.corrcoef(unit, series.x[:, 0, k])[0, 1]) for unit in c.T]
        assert order(view) == np.argsort(-np.array(follow), kind="stable").tolist()
    view.fill("#from", "20")
    view.fill("#to", "29")
    view.press("#to", "Enter")
    view.select_option("#order", "stretch")
    outstanding = abs(c[20:30].mean(0) - c.mean(0)) / c.std(0)
    assert order(view) == np.argsort(-outstanding, kind="stable").tolist()
    # The heatmaps are drawn in that order, the first unit at the top.
    picture = view.evaluate(
        "() => Array.from(Bokeh.documents[0].get_model_by_name('c').renderers[0].data_source.data.image[0])"
    )
    drawn = np.array(picture).reshape(H, T)[::-1]
    np.testing.assert_allclose(drawn, c.T[order(view)], atol=1e-4)


def test_rows_and_layers_are_those_that_were_traced(visit, path, series):
    view = visit(path)
    view.select_option("#row", "1")
    view.select_option("#layer", "1")
    assert view.get_attribute("#step", "max") == str(LENGTHS[1] - 1)
    view.select_option("#unit", "3")
    view.fill("#step-number", "11")
    view.press("#step-number", "Enter")
    where(view, "Step 11, unit 3")
    for letter, q in series.layers["layer.l1"].items():
        holds(said(view, f"#values [data-letter={letter}] td"), q[11, 1, 3])
    assert said(view, "#cell-lstm [data-part=x] .value") == "layer below"


def test_the_equations_are_worked_out_in_numbers(visit, path, series):
    view = visit(path)
    view.select_option("#unit", "2")
    view.fill("#step-number", "20")
    view.press("#step-number", "Enter")
    where(view, "Step 20, unit 2")
    c, h = (line.replace("−", "-") for line in view.locator("#equation div").all_text_contents())
    parts = series.layers["layer.l0"]
    assert c.endswith(f"= {parts['c'][20, 0, 2]:.3f}")
    assert h.endswith(f"= {parts['h'][20, 0, 2]:.3f}")
    f, before, i, g = (float(n.strip("()")) for n in re.findall(r"\(?-?\d+\.\d+\)?", c)[:4])
    assert f * before + i * g == pytest.approx(parts["c"][20, 0, 2], abs=3e-3)


def test_every_units_numbers_can_be_read(visit, path, series):
    view = visit(path)
    view.click("summary")
    view.fill("#step-number", "5")
    view.press("#step-number", "Enter")
    where(view, "Step 5,")
    rows = view.locator("#every-unit tbody tr").all_text_contents()
    assert len(rows) == H
    first = order(view)[0]
    for k, letter in enumerate(series.layers["layer.l0"]):
        text = said(view, f"#every-unit tbody tr:first-child td >> nth={k}")
        holds(text, series.layers["layer.l0"][letter][5, 0, first])


def test_a_term_says_what_it_means_to_the_mouse_and_to_the_keyboard(visit, path):
    view = visit(path)
    meanings = view.evaluate("JSON.parse(document.getElementById('terms').textContent)")
    assert view.is_hidden("#term")
    for selector in ("#cell-lstm [data-term='forget gate']", ".chart button[data-term='forget gate']"):
        view.hover(selector)
        assert view.text_content("#term") == meanings["forget gate"]
        view.mouse.move(5, 5)
        view.wait_for_selector("#term", state="hidden")
        view.focus(selector)
        assert view.is_visible("#term")
        assert view.get_attribute(selector, "aria-describedby") == "term"
        view.keyboard.press("Escape")
        assert view.is_hidden("#term")


def test_everything_can_be_reached_with_the_keyboard(visit, path):
    view = visit(path)
    reached = set()
    for _ in range(90):
        view.keyboard.press("Tab")
        now = view.evaluate(
            "() => { const e = document.activeElement, box = e.getBoundingClientRect();"
            "return [e.id || e.dataset.term || e.tagName, box.width > 0 && box.height > 0]; }"
        )
        assert now[1] or now[0] == "BODY", f"{now[0]} has the focus and cannot be seen"
        reached.add(now[0])
    wanted = {"row", "layer", "unit", "order", "step", "step-number", "from", "to", "whole", "SUMMARY"}
    assert wanted <= reached
    assert {
        "forget gate",
        "input gate",
        "candidate",
        "output gate",
        "long-term memory",
        "horizon",
        "control",
    } <= reached


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


@pytest.mark.parametrize("width", [1280, 400])
def test_axe_finds_nothing_serious(visit, path, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="there is no axe-playwright-python")
    view = visit(path, width)
    view.click("summary")
    view.focus("[data-term='doctor']")
    found = axe.Axe().run(view).response["violations"]
    serious = {one["id"]: [node["html"][:120] for node in one["nodes"]] for one in found
               if one["impact"] in ("serious", "critical")}  # fmt: skip
    assert serious == {}


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_sticks_out(visit, path, width):
    view = visit(path, width)
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    # Each text of the diagram lies within its box.
    out = view.evaluate("""() => [...document.querySelectorAll('#cell-lstm .part')].flatMap((part) => {
      const box = part.querySelector('.box').getBBox();
      return [...part.querySelectorAll('text')].map((one) => [one.textContent, one.getBBox()])
        .filter(([, b]) => b.x < box.x || b.x + b.width > box.x + box.width).map(([text]) => text); })""")
    assert out == []


def test_labels_run_no_script_and_break_no_page(visit, series, curves, tmp_path):
    found = type(series)(
        series.x.repeat(3, axis=2)[..., :5],
        series.outputs,
        {f"{HOSTILE[0]}.l{k}": parts for k, parts in enumerate(series.layers.values())},
        series.lengths,
        tuple(HOSTILE),
    )
    path = tmp_path / "hostile.html"
    path.write_text(written(found, curves, HOSTILE[:2], HOSTILE[-1]), encoding="utf-8")
    view = visit(path, 400)
    legend = view.locator("#legend-inputs bdi").all_text_contents()
    assert legend[:2] == HOSTILE[:2]
    assert legend[3] == "nul\ufffdl"
    assert len(legend[4]) == 120
    assert view.locator("#row option").all_text_contents() == HOSTILE[:2]
    assert HOSTILE[0] in said(view, "#layer option")
    assert view.locator("img").count() == 0
    assert view.evaluate("document.documentElement.scrollWidth") <= 400
    view.mouse.move(*at(view, "f", 20))
    where(view, "Step 20")


class Forecasts(nn.Module):
    """A GRU, and a plain RNN above it, that answers once."""

    def __init__(self):
        super().__init__()
        self.below, self.above, self.head = nn.GRU(12, 5, bidirectional=True), nn.RNN(10, 3), nn.Linear(3, 2)

    def forward(self, x):
        return self.head(self.above(self.below(x)[0])[0][-1])


def test_other_cells_have_diagrams_of_their_own(visit, curves, tmp_path):
    torch.manual_seed(1)
    found = trace(Forecasts(), torch.randn(30, 1, 12))
    path = tmp_path / "other.html"
    path.write_text(written(found, ("Not <now>.", "Not now.")), encoding="utf-8")
    view = visit(path)
    shown = "[...document.querySelectorAll('svg.cell')].filter(s => s.getBoundingClientRect().width).map(s => s.id)"
    seen = []
    for k, (name, parts) in enumerate(found.layers.items()):
        view.select_option("#layer", str(k))
        view.select_option("#unit", "1")
        seen += view.evaluate(shown)
        for letter, q in parts.items():
            holds(
                said(view, f"#values [data-letter={letter}] td"),
                q[15 if k == 0 else int(view.input_value("#step")), 0, 1],
            )
        before = 1 if name.endswith("_reverse") else -1
        step = int(view.input_value("#step"))
        cell = f"#{seen[-1]} [data-part=h][data-when=before] .value"
        holds(said(view, cell), parts["h"][step + before, 0, 1])
        assert view.locator("#equation div").count() == ("z" in parts)
    assert seen == ["cell-gru", "cell-gru", "cell-rnn"]
    assert "Not <now>." in said(view, "#memory")
    # Twelve inputs are a picture, not lines.
    assert said(view, "#note-inputs") == "12 of them, one below the other"
