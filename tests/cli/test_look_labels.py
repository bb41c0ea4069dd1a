"""`gatework look` at a classifier: its folder and sequences in, one page out."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys

import pytest
from labelled import fitted_text


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A classifier of texts in a folder of its own, and a file of texts with their labels."""
    place = tmp_path_factory.mktemp("fitted")
    model, (X, y) = fitted_text()
    model.save(place / "model")
    with (place / "texts.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *zip(X, y, strict=True)])
    (place / "bare.csv").write_text("text\na fine joy\n")
    return place


def shown(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"))[1])


def test_a_classifier_becomes_a_page(type_in, folder, fitted):
    said = type_in(f"gatework look {fitted}/model {fitted}/texts.csv -o page.html")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"{fitted}/texts.csv: read as text: column 'text', 20 items, 2 classes.\n")
    assert said.out.splitlines()[-1] == (
        f"page.html: {(folder / 'page.html').stat().st_size / 1e6:.1f} MB. Open it in a browser; it needs no network."
    )
    data = shown(folder / "page.html")
    assert data["words"][0] == ["a", "fine", "film", ",", "a", "joy"]
    assert data["said"][0].endswith("true good")


def test_texts_without_labels_are_read_too(type_in, folder, fitted):
    said = type_in(f"gatework look {fitted}/model {fitted}/bare.csv")
    assert (said.code, said.err) == (0, "")
    assert "true" not in shown(folder / "report.html")["said"][0]


REFUSED = [
    ("", "data must be given with a Classifier, which keeps no sequences; got None. Give what its predict takes."),
    ("none.csv", "none.csv"),
    ("{0}/texts.csv -o page.pdf", "output must end in .html or .htm; got 'page.pdf'. Choose one of them."),
    (
        "{0}/texts.csv --futr more.csv",
        "futr must be left out to look into a classifier or regressor; got 'more.csv'. It belongs to another task.",
    ),
]


@pytest.mark.parametrize(("more", "message"), REFUSED)
def test_what_cannot_be_is_refused_in_one_sentence(type_in, folder, fitted, more, message):
    said = type_in(f"gatework look {fitted}/model {more.format(fitted)}")
    assert (said.code, said.out) == (2, "")
    assert message in said.err
    assert said.err.count("\n") == 1
    assert not (folder / "report.html").exists()


def test_all_of_it_is_refused_before_torch_is_imported(fitted):
    code = f"""
import shlex, sys
from gatework.cli import main
for more in {[more.format(fitted) for more, _ in REFUSED]!r}:
    try:
        main(shlex.split("look {fitted}/model " + more))
    except SystemExit as leaving:
        assert leaving.code == 2, more
    assert not {{"torch", "sklearn"}} & set(sys.modules), more
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
