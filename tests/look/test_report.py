"""A report holds what the instruments say; it fetches nothing; and labels in it do nothing."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import pytest
import torch

import gatework
from gatework.data.frame import read
from gatework.errors import DataError
from gatework.look import gradients, memory, report, trace
from gatework.look.finding import Finding, Findings
from gatework.look.pack import pack
from gatework.look.page import SCRIPTS, page
from gatework.look.page.charts import shades
from gatework.look.page.words import TERMS, label, prose, short
from gatework.look.recording import Recording
from gatework.look.timescale import timescales
from gatework.look.trace import Trace

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
    assert "1 layer and 4 units, read 3 rows of 30 steps and 2 inputs." in text
    said = re.sub(r"<.*?>", "", text)
    for line in str(memory(layer, x)).splitlines():
        assert label_less(line.replace("R^2", "R²")) in said
    flows = gradients(layer, x).flows
    for name, flow in (("layer.l0 c", flows["layer.l0"]), ("inputs", flows["x"])):
        reach = f"all {flow.reach}" if flow.reach == 29 else flow.reach
        row = f"{name}× {flow.rate:.3g}{reach}" + {"vanishing": "vanishes"}.get(flow.verdict, flow.verdict)
        assert row in said, row
    for found in gatework.look.doctor(layer, x):
        assert label_less(found.evidence) in text
        assert label_less(found.remedy) in text
    data = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])
    found = trace(layer, x)
    packed = pack(found, ["row 0", "row 1", "row 2"], timescales(found.layers))
    assert {name: data[name] for name in packed} == json.loads(json.dumps(packed))


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
    found = trace(gatework.LSTM(2, 3), torch.randn(5, 2, 2))
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
    assert prose("a" * 2000 + "b") == f"<bdi>{'a' * 2000}</bdi>…"
    assert prose("a" * 2000) == f"<bdi>{'a' * 2000}</bdi>"
    assert prose("R^2\x00\n<") == "<bdi>R²\ufffd\n&lt;</bdi>"
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


def test_the_instruments_are_asked_with_what_was_given(tmp_path, monkeypatch):
    asked = {}

    def listening(name, answer):
        def ask(*given, **named):
            asked[name] = (given[0] is layer, given[1] is x, *given[2:], *named.values())
            return answer

        monkeypatch.setitem(report.__globals__, name, ask)

    layer, x = torch.nn.GRU(2, 3, batch_first=True), torch.randn(2, 9, 2)
    recording = Recording(layer)
    for name in ("memory", "gradients"):
        listening(name, "said")
    listening("doctor", Findings())
    path = report(layer, x, tmp_path / "r.htm", [9, 4], True, training=recording, title="Mine <3")
    text = path.read_text(encoding="utf-8")
    assert asked["memory"] == asked["gradients"] == (True, True, [9, 4], True)
    assert asked["doctor"] == (True, True, recording, [9, 4], True)
    assert "<title>Mine &lt;3</title>" in text
    assert "<h1><bdi>Mine &lt;3</bdi></h1>" in text
    assert "1 layer and 3 units, read 2 rows of up to 9 steps and 2 inputs." in text


def test_a_forecasters_rows_are_its_series(tmp_path):
    table = {"unique_id": ["tea"] * 40 + ["rum"] * 40, "ds": [*range(40)] * 2, "y": [*range(40), *range(80, 40, -1)]}
    model = gatework.Forecaster(2, input_size=6, hidden_size=4, num_layers=1, freq=1, max_steps=2, progress=False)
    text = report(model.fit(table), None, tmp_path / "r.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])
    assert sorted(data["rows"]) == ["rum", "tea"]
    assert "the decoder then says the forecast, step by step" in text
    assert "What this Forecaster remembers" in text


def test_rows_have_the_names_of_series_where_there_are_as_many():
    rows = report.__globals__["_rows"]
    table = {"unique_id": ["tea"] * 9 + ["rum"] * 9, "ds": [*range(9)] * 2, "y": [1.0] * 18}
    two, one = read(table), read({"ds": [*range(9)], "y": [1.0] * 9})
    several, single = (SimpleNamespace(x=torch.zeros(3, n, 1), sequences=None) for n in (2, 1))
    assert rows(two, several) == ["rum", "tea"]
    assert rows(two, single) == rows(one, single) == ["row 0"]
    assert rows(torch.zeros(3, 2, 1), several) == ["row 0", "row 1"]


def test_networks_that_answer_together_are_counted():
    one = trace(gatework.LSTM(2, 3), torch.randn(5, 1, 2))
    layers = dict.fromkeys(
        [f"{k}.{name}.l0" for k in range(2) for name in ("encoder", "decoder")], one.layers["layer.l0"]
    )
    said = report.__globals__["_about"](None, Trace(one.x, one.outputs, layers))
    assert said.startswith(
        "2 networks that answer together, each with 2 layers and 6 units, read 1 row of 5 steps and 2 inputs. A"
    )


def test_a_charts_scale_has_its_heatmaps_colours(written):
    for letter in "fc":
        ramp = re.search(
            rf'id="low-{letter}"></span><span class="ramp" style="background:linear-gradient\(90deg,(.*?)\)"',
            written[0],
        )
        colours, all_of_them = ramp[1].split(","), shades(letter)
        assert len(colours) == 9
        assert [colours[0], colours[4], colours[-1]] == [all_of_them[k] for k in (0, (len(all_of_them) - 1) // 2, -1)]


def test_what_is_left_out_is_said():
    found = trace(gatework.LSTM(2, 3), torch.randn(5, 2, 2))
    packed = pack(found, ["0", "1"], {})
    assert "Shown:" not in page("", "", packed, "", "", "")
    text = page("", "", packed | {"of": 1200}, "", "", "")
    assert "Shown: the first 2 of 1,200 rows." in text
    packed["layers"][0]["parts"]["h"] |= {"first": 3, "steps": 4000}
    assert "Shown: the last 5 of 4,000 steps." in page("", "", packed, "", "", "")


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
