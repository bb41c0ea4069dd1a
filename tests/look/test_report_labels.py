"""A page about a Classifier or Regressor shows its sequences as a person reads them."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from labelled import fitted_series, fitted_sound, fitted_steps, fitted_text

from gatework.errors import NotFittedError
from gatework.look import gradients, report, trace
from gatework.look.pack import pack, quantise
from gatework.look.page.charts import gradients_chart, over_time
from gatework.tasks import Classifier


def shown(path):
    """The numbers that a page holds, and its words."""
    text = path.read_text(encoding="utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', text)[1]), text


def test_tokens_stand_in_the_place_of_their_vectors(tmp_path):
    model, (X, y) = fitted_text()
    data, text = shown(report(model, (X, y), tmp_path / "r.html"))
    assert data["kind"] == "text"
    assert data["words"][0] == ["a", "fine", "film", ",", "a", "joy"]
    assert "inputs" not in data
    assert "answers" not in data
    assert len(data["rows"]) == len(data["said"]) == len(data["words"]) == 8
    # Of 20 sequences 8, from the first to the last.
    assert (data["rows"][0], data["rows"][-1], data["of"]) == ("0", "19", 20)
    found = trace(model, (X, y))
    assert data["said"][-1] == found.sequences.said[-1]
    assert [layer["network"] for layer in data["layers"]] == [0, 0, 1, 1]
    assert [layer["name"] for layer in data["layers"]][:2] == ["layer.l0", "layer.l0_reverse"]
    assert "Shown: 8 of 20 sequences." in text
    assert "What this Classifier remembers" in text
    about = "2 networks that answer together, each with 2 layers and 8 units, read 8 rows of up to 6 steps. A step is "
    assert about in text
    assert "and 128 inputs" not in text
    assert "The curves and the doctor look at up to 128 sequences, spread evenly over all." in text
    assert "<bdi>its own cross-entropy</bdi>" in text
    assert 'value="all">all 2: median and range' in text


def test_sound_is_a_spectrogram_with_a_clock(tmp_path):
    model, (X, y) = fitted_sound()
    data, text = shown(report(model, (X, y), tmp_path / "r.html", title="Tones"))
    assert (data["kind"], data["seconds"]) == ("audio", model.reader_.mel.hop)
    np.testing.assert_allclose(data["hertz"], [float(name.split()[0]) for name in model.reader_.names])
    assert data["inputs"]["data"] == quantise(trace(model, [X[0], *(X[k] for k in (2, 4, 6, 8, 10, 12, 15))]).x)["data"]
    assert "<h1><bdi>Tones</bdi></h1>" in text
    assert f"A step is {1000 * data['seconds']:g} ms of sound." in text


def test_labels_in_words_do_nothing(tmp_path):
    evil = "</script><script>hacked()</script>"
    X = [f"good {evil}"] * 10 + ["bad film"] * 10
    model = Classifier(hidden_size=2, max_steps=2, members=1, progress=False).fit(X, np.array([evil, "b"] * 10))
    data, text = shown(report(model, (X, np.array([evil, "b"] * 10)), tmp_path / "r.html"))
    assert evil in data["said"][0]
    assert text.count("<script") == text.count("</script>") == 5


def test_a_step_of_the_layers_lies_over_those_that_it_stands_for():
    model, (X, _) = fitted_series((140, 151), members=1)
    found = trace(model, X)
    packed = pack(found, found.sequences.ids, {})
    assert packed["stride"] == 4
    assert packed["inputs"]["steps"] == len(found.x)
    assert {layer["steps"] for layer in packed["layers"]} == {-(-len(found.x) // 4)}
    curves = [one.data_source.data for one in gradients_chart(gradients(model, X)).renderers if one.name == "curve"]
    assert curves[0]["lag"][:3].tolist() == [0, 4, 8]
    assert curves[-1]["lag"][:3].tolist() == [0, 1, 2]


def test_what_does_not_fit_is_cut_for_inputs_and_layers_alike(monkeypatch):
    monkeypatch.setattr("gatework.look.pack.MOST", 2000)
    model, (X, _) = fitted_series((140, 151), members=1)
    found = trace(model, X)
    packed = pack(found, found.sequences.ids, {})
    first = packed["layers"][0]["parts"]["h"]["first"]
    assert packed["inputs"]["first"] == 4 * first > 0
    assert packed["inputs"]["shape"][2] == len(found.x) - 4 * first
    layer = packed["layers"][0]["parts"]["h"]
    assert layer["shape"][2] == layer["steps"] - first


def test_answers_for_each_step_are_a_track_with_the_classes_names():
    model, (X, y) = fitted_steps()
    found = trace(model, (X, y))
    packed = pack(found, found.sequences.ids, {})
    assert packed["answers"]["names"] == ["0", "1"]
    assert packed["answers"]["data"] == quantise(found.outputs[:, :8])["data"]


def test_the_charts_of_a_page_know_the_kind():
    charts = over_time("f", hertz=(100.0, 250.0, 500.0, 990.0, 2000.0), clock=True)
    heard = charts["inputs"]
    assert heard.yaxis[0].major_label_overrides == {0.5: "125", 1.5: "250", 2.5: "500", 3.5: "1,000", 4.5: "2,000"}
    assert {chart.xaxis[0].x_range_name for chart in charts.values()} == {"clock"}
    assert charts["f"].extra_x_ranges["clock"] is heard.extra_x_ranges["clock"]
    assert not over_time("f", words=True)["inputs"].yaxis[0].visible
    plain = over_time("f")["inputs"]
    assert plain.yaxis[0].visible
    assert plain.xaxis[0].x_range_name == "default"


def test_one_that_is_not_fitted_is_refused(tmp_path):
    with pytest.raises(NotFittedError, match="Classifier must be fitted before it is looked into; got none"):
        report(Classifier(), ["a"], tmp_path / "r.html")
