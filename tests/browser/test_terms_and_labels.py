"""The page's words: each term explains itself, and a caller's label is text, whatever it holds."""

from __future__ import annotations

import pytest

from gatework.look.trace import Trace

pytestmark = pytest.mark.browser

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\u202eשלום \u2067abc",
    "nul\x00l",
    "long " * 200_000,
]


def test_a_term_says_what_it_means_to_the_mouse_and_to_the_keyboard(visit, path):
    view = visit(path)
    meanings = view.evaluate("JSON.parse(document.getElementById('terms').textContent)")
    assert view.is_hidden("#term")
    gate = "[data-term='forget gate']"
    places = {
        f"#cell-lstm {gate}": "forget gate",
        f".chart button{gate}": "forget gate",
        "#cell-lstm .joints [data-term=tanh]": "tanh",
        "#keeps": "timescale",
        ".finding button": "dead units",
    }
    for selector, term in places.items():
        view.hover(selector)
        assert view.text_content("#term") == meanings[term]
        view.mouse.move(5, 5)
        view.wait_for_selector("#term", state="hidden")
        view.focus(selector)
        assert view.is_visible("#term")
        assert view.get_attribute(selector, "aria-describedby") == "term"
        view.keyboard.press("Escape")
        assert view.is_hidden("#term")


def test_labels_run_no_script_and_break_no_page(visit, series, written):
    found = Trace(
        series.x.repeat(3, axis=2)[..., :5],
        series.outputs,
        {f"{HOSTILE[0]}.l{k}": parts for k, parts in enumerate(series.layers.values())},
        series.lengths,
        tuple(HOSTILE),
    )
    view = visit(written(found, names=HOSTILE[:2], title=HOSTILE[-1]), 400)
    legend = view.locator("#legend-inputs bdi").all_text_contents()
    assert legend[:2] == HOSTILE[:2]
    assert legend[3] == "nul\ufffdl"
    assert len(legend[4]) == 120
    assert view.locator("#row option").all_text_contents() == HOSTILE[:2]
    assert HOSTILE[0] in view.said("#layer option")
    assert view.locator("img").count() == 0
    assert view.evaluate("document.documentElement.scrollWidth") <= 400
    view.mouse.move(*view.at("f", 20))
    view.where("Step 20")
