"""`gatework look`: a folder that fit made in, one page out."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import gatework
from gatework.look import trace
from gatework.look.pack import quantise


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A model of 4 units, in a folder of its own."""
    folder = tmp_path_factory.mktemp("fitted") / "model"
    days = np.datetime64("2024-01-01") + np.arange(80)
    settings = {"hidden_size": 4, "num_layers": 1, "max_steps": 4, "progress": False}
    gatework.Forecaster(3, **settings).fit({"ds": days, "y": 10.0 + np.arange(80) % 7}).save(folder)
    return folder


def shown(page):
    """The inputs that a page holds, packed."""
    return json.loads(re.search(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"))[1])["inputs"]["data"]


def test_a_model_becomes_a_page(type_in, folder, fitted):
    said = type_in(f"gatework look {fitted} -o page.html")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[-1] == (
        f"page.html: {(folder / 'page.html').stat().st_size / 1e6:.1f} MB. Open it in a browser; it needs no network."
    )
    assert shown(folder / "page.html") == quantise(trace(gatework.load(fitted)).x)["data"]


def test_it_reads_other_series_that_are_named(type_in, folder, fitted):
    said = type_in(f"gatework look {fitted} data.csv")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[0].startswith("data.csv: `y` of 1 series, 79 values")
    read = trace(gatework.load(fitted), folder / "data.csv").x
    assert shown(folder / "report.html") == quantise(read)["data"]


def test_what_cannot_be_is_refused_in_one_sentence(type_in, folder, fitted, monkeypatch):
    said = type_in(f"gatework look {fitted} -o page.pdf")
    assert (said.code, said.err) == (
        2,
        "error: output must end in .html or .htm; got 'page.pdf'. Choose one of them.\n",
    )
    (folder / "broken").mkdir()
    for path in fitted.iterdir():
        (folder / "broken" / path.name).write_bytes(path.read_bytes()[: 200 if path.suffix == ".safetensors" else None])
    said = type_in("gatework look broken")
    assert (said.code, said.out) == (2, "")
    assert said.err.count("\n") == 1
    (folder / "other.csv").write_text("ds,z\n2024-01-01,1\n")
    said = type_in(f"gatework look {fitted} other.csv")
    assert said.code == 2
    assert said.err.startswith("error: data must have the columns that the model was fitted to; got 'ds', 'z'")
    monkeypatch.setattr("gatework.look.page.find_spec", lambda name: None)
    said = type_in(f"gatework look {fitted}")
    assert (said.code, said.err) == (
        2,
        "error: report must have Bokeh; it is not installed. Run: pip install 'gatework[page]'\n",
    )
    assert not (folder / "report.html").exists()
