"""A page about a classifier in a person's hands: words at their steps, sound in seconds, what is answered and true."""

from __future__ import annotations

from itertools import pairwise

import pytest
from labelled import fitted_series, fitted_sound, fitted_text

from gatework.look import trace
from gatework.look.pack import pack
from gatework.look.page import page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def laid(tmp_path_factory):
    """Write a page about a model's trace of some sequences."""

    def laid(model, data):
        found = trace(model, data)
        path = tmp_path_factory.mktemp("page") / "report.html"
        packed = pack(found, found.sequences.ids, {})
        path.write_text(page("A classifier", "What it is.", packed, "None.", "None.", "None."), encoding="utf-8")
        return path, found

    return laid


@pytest.fixture(scope="module")
def text(laid):
    return laid(*fitted_text())


def test_words_stand_at_their_steps_and_go_with_the_row(visit, text):
    path, found = text
    view = visit(path)
    assert view.locator(".tokens bdi").all_text_contents() == list(found.sequences.words[0])
    left, _, width, _ = view.plot("inputs")
    for k, box in enumerate(one.bounding_box() for one in view.locator(".tokens bdi").all()):
        assert box["x"] + box["width"] / 2 - left == pytest.approx(width * (k + 0.5) / 6, abs=2)
    view.expect("#said").to_have_text(f"row 0: {found.sequences.said[0]}.")
    view.mouse.move(*view.at("f", 2, last=5))
    view.where("Step 2 “film”, ")
    assert view.said("#cell-lstm [data-part=x] .value") == "film"
    view.select_option("#row", "7")
    view.expect("#said").to_have_text(f"row 7: {found.sequences.said[7]}.")
    assert view.locator(".tokens bdi").all_text_contents() == list(found.sequences.words[7])


def test_what_has_no_room_is_not_written_over_other_words(visit, laid):
    model, _ = fitted_text()
    path, found = laid(model, ["joy of a film " * 60])
    view = visit(path)
    boxes = [one.bounding_box() for one in view.locator(".tokens bdi").all()]
    assert 20 < len(boxes) < 240
    assert all(b["x"] >= a["x"] + a["width"] - 1 for a, b in pairwise(boxes))
    every = -(-240 // len(boxes))
    view.expect("#note-inputs").to_have_text(f"one in {every} is written; zoom in for all")
    view.fill("#from", "100")
    view.type("#to", 109)
    view.click("#zoom")
    view.expect(".tokens bdi >> nth=9").to_have_text(found.sequences.words[0][109])
    assert view.locator(".tokens bdi").count() == 10
    view.expect("#note-inputs").to_have_text("")


def test_sound_has_a_clock_and_bands_from_low_to_high(visit, laid):
    path, found = laid(*fitted_sound())
    view = visit(path)
    last = int(found.lengths[0]) - 1
    view.mouse.move(*view.at("f", 4, last=last))
    hop = found.sequences.seconds
    view.where(f"Step 4 ({4 * hop:.2f} s), ")
    clock = "() => { const r = Bokeh.documents[0].get_model_by_name('clock'); return [r.start, r.end]; }"
    assert view.evaluate(clock) == pytest.approx([-0.5 * hop, (last + 0.5) * hop])
    # Rows of a picture are drawn from the bottom up.
    picture = view.evaluate(
        "() => { const i = Bokeh.documents[0].get_model_by_name('inputs').renderers[0].data_source.data.image[0];"
        "return [Array.from(i), i.shape]; }"
    )
    bands = found.x.shape[2]
    assert picture[1][0] == bands
    steps = picture[1][1]
    for band in (0, 7, bands - 1):
        assert picture[0][band * steps + 3] == pytest.approx(found.x[3, 0, band], abs=1e-3)
    view.fill("#from", "2")
    view.type("#to", 4)
    view.click("#zoom")
    assert view.evaluate(clock) == pytest.approx([1.5 * hop, 4.5 * hop])


def test_a_step_of_the_layers_goes_with_those_that_it_stands_for(visit, laid, holds):
    model, (X, _) = fitted_series((140, 151), members=1)
    path, found = laid(model, X)
    view = visit(path, height=2400)
    last = len(X[0]) - 1
    f = found.layers["layer.l0"]["f"][:, 0]
    for step in (8, 9, 11, 12):
        view.type("#step-number", step)
        view.select_option("#unit", "2")
        view.where(f"Step {step}, unit 2")
        holds(view.said("#cell-lstm [data-part=f][data-when=now] .value"), f[step // 4, 2])
        holds(view.said("#cell-lstm [data-part=c][data-when=before] .value"),
              found.layers["layer.l0"]["c"][step // 4 - 1, 0, 2])  # fmt: skip
    left, _, width, _ = view.plot("inputs")
    for name in ("inputs", *"fc"):
        mark = view.locator(f"#chart-{name} .cursor").bounding_box()
        assert mark["x"] - left == pytest.approx(width * 12.5 / (last + 1), abs=1.5), name
