"""What the report says in words is what was found, put so that a person can use it."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import numpy as np
import pytest

from gatework.look.finding import NAMES, Finding, Findings
from gatework.look.gradients import Flow, Gradients
from gatework.look.memory import Memory
from gatework.look.page.charts import gradients_chart, look_of, memory_chart
from gatework.look.page.sections import DASHED, cards, findings_section, gradients_section, memory_section
from gatework.look.page.words import TERMS


def remembers(horizon, beyond=False):
    return Memory(
        horizon, beyond, horizon, np.nan, 0.05, np.arange(5), np.ones(5), np.ones(5), np.zeros((2, 5)),
        {"layer.l0": np.array([2.0])}, np.arange(1, 4), np.full((3, 1), 0.5), np.full((3, 1), 0.1), ("x0",), 2, 9, True,
    )  # fmt: skip


def flow(rate, verdict, reach, lags=10, letter="c"):
    return Flow({letter: np.ones(lags)}, np.ones(lags, int), rate, verdict, reach)


def learns(rate, verdict, reach, **more):
    one = flow(rate, verdict, reach, letter="x")
    return Gradients({**more, "x": one}, verdict, rate, 1.0, "the quantile loss")


def words(text):
    return re.sub(r"<.*?>", "", text)


def card(k, *found):
    """The headline and the sentence of a card."""
    one = cards(*found).split("<li>")[k + 1]
    return words(re.search(r"<strong>(.*)</strong>", one)[1]), words(re.search(r"<p>(.*?)</p>", one)[1])


@pytest.mark.parametrize(
    ("found", "headline"),
    [
        (remembers(0.0), "nothing"),
        (remembers(np.nan), "nothing"),
        (remembers(1.0), "1 step"),
        (remembers(5.24), "5.2 steps"),
        (remembers(10.0), "10 steps"),
        (remembers(1234.4), "1,234 steps"),
        (remembers(23.0, beyond=True), "at least 23 steps"),
        ("No data.", "not measured"),
    ],
)
def test_the_first_card_says_how_far_back_it_remembers(found, headline):
    said, sentence = card(0, found, "none", "none")
    assert said == headline
    assert sentence == (found if isinstance(found, str) else str(found).splitlines()[0])


@pytest.mark.parametrize(
    ("found", "headline", "sentence"),
    [
        (learns(0.644, "vanishing", 4), "4 steps", "The gradient vanishes: with each step back it is multiplied by "
         "0.644; from farther back than that, less than a thousandth of it is left."),
        (learns(0.1, "vanishing", 1), "1 step", "The gradient vanishes: with each step back it is multiplied by 0.1; "
         "from farther back than that, less than a thousandth of it is left."),
        (learns(0.98, "neither", 9), "at least 9 steps", "The gradient neither vanishes nor explodes: with each step "
         "back it is multiplied by 0.98, over all that these data have."),
        (learns(3.0, "exploding", 9), "it explodes",
         "The gradient explodes: with each step back it is multiplied by 3."),
        (learns(np.nan, "neither", 0), "0 steps",
         "The gradient neither vanishes nor explodes: there are no two steps to compare."),
        # The one that was judged is a direction's.
        (replace(learns(0.9, "neither", 9, **{"layer.l0_reverse": flow(0.2, "vanishing", 3)}), rate=0.2,
                 verdict="vanishing"), "3 steps", "The gradient vanishes: with each step back it is multiplied by 0.2; "
         "from farther back than that, less than a thousandth of it is left."),
        ("No steps.", "not measured", "No steps."),
    ],
)  # fmt: skip
def test_the_second_card_says_how_far_back_it_can_learn(found, headline, sentence):
    assert card(1, "none", found, "none") == (headline, sentence)


def test_the_third_card_counts_what_was_found():
    bad, worse = Finding("dead units", "worth knowing", "", ""), Finding("saturated gates", "serious", "", "")
    assert card(2, "", "", Findings()) == ("nothing", "None of the faults that it knows was seen.")
    assert card(2, "", "", Findings([bad])) == ("1 worth knowing", "dead units.")
    assert card(2, "", "", Findings([bad, worse])) == ("1 serious", "saturated gates, dead units.")
    assert card(2, "", "", "It cannot.") == ("not examined", "It cannot.")


def test_every_finding_is_explained_and_the_serious_stand_out():
    text = findings_section(
        Findings(
            [
                Finding("dead units", "worth knowing", "2 of 8.", "Lower it."),
                Finding("saturated gates", "serious", "", ""),
            ],
            {"detached state": "No training.", "model too large": "Too few.", "labels shifted by one": "No training."},
        )
    )
    assert re.findall(r'<article class="finding(.*?)"', text) == [" serious", ""]
    assert re.findall(r"<h3>.*?data-term=\"(.*?)\">(.*?)<", text) == [
        ("saturated gates", "Saturated gates"),
        ("dead units", "Dead units"),
    ]
    assert "2 of 8.What to do: Lower it." in words(text)
    assert "Not examined: detached state, labels shifted by one. No training." in words(text)
    assert "Not examined: model too large. Too few." in words(text)
    assert words(findings_section(Findings())).endswith(
        "Nothing found. None of the faults that the doctor knows was seen."
    )
    for name, meaning in NAMES.items():
        assert TERMS[name].lower() == f"{meaning}.".lower()


def test_the_memorys_sentences_are_all_there_and_their_heads_are_explained():
    found = remembers(5.0)
    text = memory_section(found, "CHART")
    said = re.search(r'<ul class="said">(.*?)</ul>', text)[1]
    told = [html.unescape(words(one)) for one in said.split("</li>")[:-1]]
    assert told == str(found).replace("R^2", "R²").splitlines()
    assert re.findall(r'data-term="(.*?)"', said) == ["timescale", "effect", "read off the state"]
    assert "CHART" in text
    assert words(memory_section("No <data>.", "")).endswith("Not measured. No &lt;data&gt;.")


def strokes(text):
    return re.findall(r'style="stroke:(.*?)"><path d="M1 4H25" stroke-dasharray="(.*?)"', text)


def test_each_key_looks_as_its_line_does():
    several = {"a.l0": flow(0.9, "neither", 9), "b.l0": flow(0.8, "neither", 9)}
    looks = [(look_of(k)[0], DASHED[look_of(k)[1]]) for k in range(4)]
    assert strokes(memory_section(remembers(5.0), "")) == looks
    assert strokes(gradients_section(learns(0.9, "neither", 9, **several), "")) == looks[:3]
    for chart in (memory_chart(remembers(5.0)), gradients_chart(learns(0.9, "neither", 9, **several))):
        lines = [one.glyph.line_color for one in chart.renderers if one.name == "curve"]
        assert lines == [color for color, _ in looks[: len(lines)]]
        assert len(lines) >= 3


def rows(text):
    return re.findall(r"<tr([^>]*)><th scope=\"row\">(.*?)</tr>", text)


def test_a_gradient_is_told_layer_by_layer():
    found = learns(
        0.9, "neither", 9, **{"a<b.l0": flow(0.5, "vanishing", 4), "b.l0": flow(np.nan, "exploding", 0, letter="h")}
    )
    text = gradients_section(found, "CHART")
    told = [(more, re.findall(r"[^|]+", re.sub(r"(<.*?>)+", "|", row))) for more, row in rows(text)]
    assert told == [
        ("", ["a&lt;b.l0", " c", "× 0.5", "4", "vanishes"]),
        ("", ["b.l0", " h", "–", "0", "explodes"]),
        ("", ["inputs", "× 0.9", "all 9", "neither"]),
    ]
    assert "The size of the gradient of the quantile loss, by" in words(text)
    assert "<select" not in text
    assert words(gradients_section("No steps.", "")).endswith("Not measured. No steps.")


def test_gradients_of_several_networks_are_told_by_their_median():
    several = {f"{k}.encoder.l0": flow(rate, verdict, reach) for k, (rate, verdict, reach) in enumerate(
        [(0.5, "vanishing", 2), (0.4, "vanishing", 4), (0.9, "neither", 9)])}  # fmt: skip
    text = gradients_section(learns(0.8, "neither", 9, **several), "")
    shown = [(more, re.sub(r"(<.*?>)+", "|", row).strip("|")) for more, row in rows(text)]
    assert shown == [
        (' data-network="all"', "encoder.l0| c|× 0.5|4|vanishes| (2 of 3), |neither| (1 of 3)"),
        (' data-network="0" hidden', "encoder.l0| c|× 0.5|2|vanishes"),
        (' data-network="1" hidden', "encoder.l0| c|× 0.4|4|vanishes"),
        (' data-network="2" hidden', "encoder.l0| c|× 0.9|all 9|neither"),
        ("", "inputs|× 0.8|all 9|neither"),
    ]
    assert re.findall(r'<option value="(.*?)">(.*?)<', text) == [
        ("all", "all 3: median and range"), ("0", "network 0"), ("1", "network 1"), ("2", "network 2"),
    ]  # fmt: skip
