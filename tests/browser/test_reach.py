"""The page for everyone: by keyboard, for a screen reader, on a narrow screen and on paper."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


def test_everything_can_be_reached_with_the_keyboard(visit, path):
    view = visit(path)
    reached = set()
    for _ in range(110):
        view.keyboard.press("Tab")
        now = view.evaluate(
            "() => { const e = document.activeElement, box = e.getBoundingClientRect();"
            "return [e.id || e.dataset.term || e.tagName, box.width > 0 && box.height > 0]; }"
        )
        assert now[1] or now[0] == "BODY", f"{now[0]} has the focus and cannot be seen"
        reached.add(now[0])
    wanted = {"row", "layer", "unit", "order", "contrast", "step", "step-number", "from", "to", "whole", "SUMMARY"}
    wanted |= {"forget gate", "input gate", "candidate", "output gate", "long-term memory", "horizon", "control"}
    assert wanted <= reached


@pytest.mark.parametrize("width", [1280, 400])
def test_axe_finds_nothing_serious(visit, path, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="there is no axe-playwright-python")
    view = visit(path, width)
    view.click("summary")
    view.focus("[data-term='doctor']")
    found = axe.Axe().run(view.view).response["violations"]
    serious = {one["id"]: [node["html"][:120] for node in one["nodes"]] for one in found
               if one["impact"] in ("serious", "critical")}  # fmt: skip
    assert serious == {}


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_sticks_out(visit, path, width):
    view = visit(path, width)
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    # Every text of the diagram stands within its box.
    view.select_option("#unit", "-1")
    out = view.evaluate("""() => [...document.querySelectorAll('#cell-lstm .part')].flatMap((part) => {
      const box = part.querySelector('.box').getBBox();
      return [...part.querySelectorAll('text')].map((one) => [one.textContent, one.getBBox()])
        .filter(([, b]) => b.x < box.x || b.x + b.width > box.x + box.width).map(([text]) => text); })""")
    assert out == []


def test_paper_has_the_numbers_and_not_the_controls(visit, path):
    view = visit(path)
    view.emulate_media(media="print")
    assert view.is_hidden(".controls")
    assert view.is_visible("#values")
    assert view.is_visible("#chart-f canvas >> nth=0")
