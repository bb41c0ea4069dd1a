"""A page in Debian's Chromium, cut off from every network; whatever it complains of fails the test."""

from __future__ import annotations

import os
import re
import shutil

import pytest
import torch

import gatework
from gatework.look import gradients, memory, trace
from gatework.look.finding import Finding, Findings
from gatework.look.pack import pack
from gatework.look.page import page
from gatework.look.timescale import timescales

# One event loop for a worker: Playwright's own, which must not be started twice.
sync_api = pytest.importorskip("playwright.sync_api", reason="there is no Playwright: pip install playwright")

STEPS, UNITS, LENGTHS = 60, 8, [60, 40]


@pytest.fixture(scope="session")
def chromium():
    """The browser, if this machine has one."""
    where = shutil.which("chromium") or shutil.which("chromium-browser")
    if where is None:
        # A machine that is there to test pages must have one.
        assert not os.environ.get("CI"), "there is no Chromium: apt-get install chromium"
        pytest.skip("there is no Chromium: apt-get install chromium")
    with sync_api.sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=where, args=["--no-sandbox"])
        yield browser
        browser.close()


class Reader:
    """A person before a page: what she reads there, and where she points."""

    def __init__(self, view):
        self.view = view

    def __getattr__(self, name):
        return getattr(self.view, name)

    def said(self, selector):
        """What stands there, its minus signs as Python writes them."""
        return self.view.locator(selector).first.text_content().replace("−", "-")

    def expect(self, selector):
        """Wait, without a script that the page's own policy would forbid."""
        return sync_api.expect(self.view.locator(selector))

    def where(self, start):
        """Wait until the page is at a step and a unit."""
        self.expect("#where").to_have_text(re.compile("^" + re.escape(start)))

    def order(self):
        """The units from the top down."""
        return [
            int(value) for value in self.view.eval_on_selector_all("#unit option", "all => all.map(o => o.value)")[1:]
        ]

    def plot(self, name):
        """Where a chart's frame is on the page: left, top, width, height."""
        self.view.locator(f"#chart-{name}").scroll_into_view_if_needed()
        box = self.view.locator(f"#chart-{name}").bounding_box()
        frame = self.view.evaluate(
            "(name) => { const b = Bokeh.index.find_one(Bokeh.documents[0].get_model_by_name(name)).frame.bbox;"
            "return [b.left, b.top, b.width, b.height]; }",
            name,
        )
        return box["x"] + frame[0], box["y"] + frame[1], frame[2], frame[3]

    def at(self, name, step, place=0.5, last=STEPS - 1):
        """The point of a chart at a step, so far down from the top."""
        left, top, width, height = self.plot(name)
        return left + width * (step + 0.5) / (last + 1), top + height * place

    def type(self, selector, text):
        self.view.fill(selector, str(text))
        self.view.press(selector, "Enter")


@pytest.fixture
def visit(chromium):
    """Open a file as a person does; nothing else may be asked for, and nothing may be complained of."""
    opened = []

    def visit(path, width=1280, height=800):
        context = chromium.new_context(viewport={"width": width, "height": height}, offline=True)
        view = context.new_page()
        asked, complaints = [], []
        view.on("request", lambda request: asked.append(request.url))
        view.on("pageerror", lambda error: complaints.append(str(error)))
        view.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
        view.on("console", lambda said: said.type in ("error", "warning") and complaints.append(said.text))
        view.goto(path.as_uri())
        view.wait_for_selector("html[data-ready]", timeout=120_000)
        opened.append((view, path.as_uri(), asked, complaints))
        return Reader(view)

    yield visit
    for view, url, asked, complaints in opened:
        assert complaints == []
        assert [one for one in asked if not one.startswith("data:")] == [url]
        view.context.close()


@pytest.fixture(scope="session")
def series():
    """What an LSTM does on two rows of a slow and a fast signal; its first layer reads them, its second the first."""
    torch.manual_seed(0)
    t = torch.arange(STEPS, dtype=torch.float32)
    x = torch.stack([torch.sin(t / 6), 3 + 0.5 * torch.sin(t * 1.3)], 1)[:, None].repeat(1, 2, 1)
    return trace(gatework.LSTM(2, UNITS, 2), x, LENGTHS)


@pytest.fixture(scope="session")
def curves():
    """A memory and its gradients."""
    small = gatework.LSTM(2, 4), torch.randn(40, 4, 2, generator=torch.Generator().manual_seed(0))
    return memory(*small), gradients(*small)


@pytest.fixture(scope="session")
def written(tmp_path_factory, curves):
    """Write a page about a trace."""

    def written(found, curves=curves, names=("row 0", "row 1"), title="An LSTM"):
        one = Finding("dead units", "serious", "2 of 8 units.", "Lower the rate.")
        findings = Findings([one], {"detached state": "No."})
        path = tmp_path_factory.mktemp("page") / "report.html"
        packed = pack(found, names, timescales(found.layers))
        path.write_text(page(title, "What it is.", packed, *curves, findings), encoding="utf-8")
        return path

    return written


@pytest.fixture(scope="session")
def path(series, written):
    return written(series)


@pytest.fixture(scope="session")
def holds():
    """A number as it is shown is the true one, rounded to as many decimals."""

    def holds(text, value):
        text = text.replace("−", "-")
        rounded = f"{value:.{len(text.split('.')[1])}f}"
        assert text == (rounded if float(rounded) else rounded.lstrip("-")), (text, value)

    return holds
