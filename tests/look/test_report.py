"""A report holds what was traced, to the last decimal shown; it fetches nothing; and labels in it do nothing."""

from __future__ import annotations

import json
import re
from base64 import b64decode

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from torch import nn

import gatework
from gatework.errors import DataError
from gatework.look import gradients, memory, report, trace
from gatework.look.finding import Finding, Findings
from gatework.look.pack import MOST, ROWS, pack, quantise
from gatework.look.page import SCRIPTS, page
from gatework.look.page.words import TERMS, label, short
from gatework.look.timescale import timescales

HOSTILE = [
    "</script><script>hacked()</script>",
    '"><img src=x onerror=hacked()>',
    "<!--",
    "\u202eabc \u2067שלום",
    "a\x00b\x1b[0m",
    "\ud800",
    "$title ${data} [[gate]] {{gate|f|now|0|0|9}}",
    "x" * 1_000_000,
]


def unpack(packed):
    """What the page's script reads: (T, B, N), NaN where there is nothing."""
    rows, units, steps = packed["shape"]
    whole = np.frombuffer(b64decode(packed["data"]), "<u2").reshape(rows, units, steps).astype(float)
    whole[whole == 65535] = np.nan
    values = (whole + np.array(packed["base"])[:, None]) / 10.0 ** np.array(packed["decimals"])[:, None]
    return values.transpose(2, 0, 1)


@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(1, 6), st.integers(1, 3), st.integers(1, 3)),
        elements=st.one_of(st.floats(-1, 1), st.floats(-1e9, 1e9), st.just(np.nan), st.just(0.25)),
    )
)
def test_a_number_of_the_page_is_the_traces_rounded(values):
    packed = quantise(values)
    found = unpack(packed)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(values))
    for unit, decimals in enumerate(packed["decimals"]):
        np.testing.assert_allclose(found[..., unit], np.round(values[..., unit], decimals), rtol=1e-12, atol=1e-12)
        known = values[..., unit][~np.isnan(values[..., unit])]
        # Four digits of what a unit does, however large or small that is beside the others.
        if np.ptp(known) > 0.01 if len(known) else False:
            assert 10.0**-decimals <= max(np.ptp(known) / 6000, 1e-5)


def test_each_unit_has_decimals_of_its_own():
    values = np.stack([np.linspace(0, 1, 50), np.linspace(0.9999, 0.99995, 50), np.linspace(-4e6, 4e6, 50)], -1)[
        :, None
    ]
    assert quantise(values)["decimals"] == [4, 5, -3]
    assert quantise(np.full((3, 1, 1), np.nan))["decimals"] == [5]
    assert unpack(quantise(values * 1e-9))[-1, 0, 0] == pytest.approx(1e-9, rel=1e-4)


def many(units=3, rows=2, steps=5, layers=1):
    layer = gatework.LSTM(2, units, layers)
    return trace(layer, torch.randn(steps, rows, 2))


def test_a_packed_trace_is_the_trace():
    found = trace(nn.GRU(2, 3, 2, bidirectional=True), torch.randn(6, 3, 2), [6, 4, 2])
    packed = pack(found, ["a", "b", "c"], timescales(found.layers))
    assert packed["rows"] == ["a", "b", "c"]
    assert packed["steps"] == [6, 4, 2]
    assert [layer["name"] for layer in packed["layers"]] == list(found.layers)
    assert [(layer["depth"], layer["reverse"]) for layer in packed["layers"]] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    for layer in packed["layers"]:
        assert (layer["cell"], layer["units"], layer["steps"]) == ("gru", 3, 6)
        assert layer["timescale"] == pytest.approx(timescales(found.layers)[layer["name"]])
        for letter, q in layer["parts"].items():
            np.testing.assert_allclose(unpack(q), found.layers[layer["name"]][letter], atol=5.1e-5)
    np.testing.assert_allclose(unpack(packed["inputs"]), found.x, atol=5.1e-5)
    np.testing.assert_allclose(unpack(packed["answers"]), found.outputs, atol=5.1e-5)
    assert packed["kind"] == "series"


def test_the_answers_of_a_bare_layer_are_its_memory_and_are_not_shown_twice():
    assert "answers" not in pack(many(), ["0", "1"], {})


def test_an_answer_about_the_end_lies_along_its_own_numbers():
    class AtTheEnd(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.head = gatework.LSTM(2, 3), nn.Linear(3, 4)

        def forward(self, x):
            return self.head(self.layer(x)[0][-1])

    found = trace(AtTheEnd(), torch.randn(7, 2, 2))
    answers = pack(found, ["0", "1"], {})["answers"]
    assert answers["shape"] == [2, 1, 4]
    np.testing.assert_allclose(unpack(answers)[:, 1, 0], found.outputs[0, 1], atol=5.1e-5)


def test_a_forget_gate_that_never_closes_keeps_for_ever_in_json_too():
    packed = pack(many(), ["0", "1"], {"layer.l0": np.array([np.inf, 0.0, 2.5])})
    assert json.loads(json.dumps(packed, allow_nan=False))["layers"][0]["timescale"] == [1e300, 0.0, 2.5]


def test_only_so_many_rows_are_shown_and_of_long_ones_the_last_steps(monkeypatch):
    found = many(rows=ROWS + 2)
    assert pack(found, [str(k) for k in range(ROWS + 2)], {})["rows"] == [str(k) for k in range(ROWS)]
    per_row = 5 * (6 * 3 + 2)
    monkeypatch.setattr("gatework.look.pack.MOST", 2 * per_row)
    assert pack(found, list("0123456789"), {})["rows"] == ["0", "1"]
    monkeypatch.setattr("gatework.look.pack.MOST", 3 * (6 * 3 + 2))
    packed = pack(found, list("0123456789"), {})
    part = packed["layers"][0]["parts"]["f"]
    assert (packed["rows"], part["first"], part["steps"], part["shape"]) == (["0"], 2, 5, [1, 3, 3])
    np.testing.assert_allclose(unpack(part), found.layers["layer.l0"]["f"][2:, :1], atol=5.1e-5)


def test_256_units_over_2000_steps_fit_into_12_megabytes():
    found = trace(gatework.LSTM(2, 256), torch.randn(2000, 1, 2))
    packed = pack(found, ["0"], timescales(found.layers))
    assert packed["layers"][0]["parts"]["c"]["shape"] == [1, 256, 2000]
    text = page("", "", packed, "none", "none", "none")
    assert 6 * 256 * 2000 * 16 / 12 < len(text.encode()) < 12e6
    # A page is never larger, whatever it shows: three letters of text for each two of these numbers, and Bokeh.
    assert MOST * 8 / 3 + 2.5e6 < 12e6


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("report") / "report.html"
    layer, x = gatework.LSTM(2, 4), torch.randn(30, 3, 2)
    before = {name: weight.clone() for name, weight in layer.state_dict().items()}
    assert report(layer, x, path) == path
    assert all(torch.equal(weight, before[name]) for name, weight in layer.state_dict().items())
    return path.read_text(encoding="utf-8"), layer, x


def test_a_report_says_what_the_instruments_say(written):
    text, layer, x = written
    assert "<h1><bdi>What this LSTM remembers</bdi></h1>" in text
    assert "1 layer with 4 units read 3 rows of 30 steps and 2 inputs." in text
    for line in (*str(memory(layer, x)).splitlines(), *str(gradients(layer, x)).splitlines()):
        assert label_less(line) in text
    for found in gatework.look.doctor(layer, x):
        assert label_less(found.evidence) in text
        assert label_less(found.remedy) in text
    data = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])
    np.testing.assert_allclose(
        unpack(data["layers"][0]["parts"]["c"]), trace(layer, x).layers["layer.l0"]["c"], atol=5.1e-5
    )


def label_less(sentence):
    return label(sentence, plain=True) if len(sentence) <= 120 else sentence.replace("'", "&#x27;")


def test_a_report_asks_nobody_for_anything(written):
    text = written[0]
    outside = re.sub(r"<script\b.*?</script>", "", text, flags=re.DOTALL)
    assert not re.findall(r"<(?:link|img|iframe|object|embed|base|form action)\b", outside)
    assert not re.findall(r"\bsrc=|@import|url\(", outside)
    assert {href[0] for href in re.findall(r'href="(.*?)"', outside)} == {"#"}
    assert "<script src" not in text
    assert "default-src 'none'" in text


def test_every_term_of_the_page_is_explained_in_one_sentence(written):
    shown = set(re.findall(r'data-term="(.*?)"', written[0]))
    assert shown >= {"forget gate", "input gate", "candidate", "output gate", "long-term memory", "short-term memory"}
    for term in shown:
        meaning = TERMS[term]
        assert re.fullmatch(r"[A-Z][^.!?]+\.", meaning), term
        assert 30 < len(meaning) < 170, term


def test_a_label_is_text_whatever_it_holds():
    found = many()
    packed = pack(found, ["0", "1"], {})
    packed["rows"] = HOSTILE[:2]
    packed["layers"][0]["name"] = HOSTILE[0]
    packed["inputs"]["names"] = HOSTILE
    one = Finding("dead units", "serious", HOSTILE[0], HOSTILE[1])
    title = "".join(HOSTILE[1:])
    text = page(HOSTILE[0], title, packed, title, title, Findings([one], {"dead units": title}))
    text.encode()
    assert len(text) < 3e6
    assert text.count("<script") == text.count("</script>") == 5
    outside = re.sub(r"<script\b.*?</script>", "", text, flags=re.DOTALL)
    assert "hacked" not in re.sub(r"<bdi>[^<]*</bdi>|<title>[^<]*</title>", "", outside)
    assert not re.search(r"<img|<!--(?! The file)", outside)
    assert "\x00" not in text
    names = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])["inputs"]["names"]
    assert names[0] == HOSTILE[0]
    assert max(map(len, names)) == 120


def test_a_label_is_cut_and_cleaned():
    assert short("x" * 1000) == "x" * 119 + "…"
    assert short("x" * 120) == "x" * 120
    assert short("a\x00b") == "a\ufffdb"
    assert label("<b>") == "<bdi>&lt;b&gt;</bdi>"


def test_what_an_instrument_refuses_is_said_in_its_place(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise DataError("data must have more; got <less>.")

    for name in ("memory", "gradients", "doctor"):
        monkeypatch.setitem(report.__globals__, name, refuse)
    text = report(gatework.GRU(2, 3), torch.randn(9, 1, 2), tmp_path / "r.html").read_text(encoding="utf-8")
    assert text.count("data must have more; got &lt;less&gt;.") == 6
    assert 'id="cell-gru"' in text
    assert 'id="cell-lstm"' not in text


def test_what_cannot_be_is_refused(tmp_path, monkeypatch):
    layer, x = gatework.LSTM(2, 3), torch.randn(9, 1, 2)
    with pytest.raises(gatework.errors.OptionError) as refused:
        report(layer, x, "report.pdf")
    assert str(refused.value) == "path must end in .html; got 'report.pdf'. A browser opens it."
    monkeypatch.setattr("gatework.look.page.find_spec", lambda name: None)
    with pytest.raises(gatework.errors.OptionError) as refused:
        report(layer, x, tmp_path / "r.html")
    assert str(refused.value) == "report must have Bokeh; it is not installed. Run: pip install 'gatework[page]'"
    assert not list(tmp_path.iterdir())


def test_every_script_is_in_the_page(written):
    from importlib.resources import files

    there = {one.name for one in files("gatework.look.page").iterdir() if one.name.endswith(".js")}
    assert there == set(SCRIPTS)
    for name in SCRIPTS:
        assert files("gatework.look.page").joinpath(name).read_text(encoding="utf-8") in written[0]
