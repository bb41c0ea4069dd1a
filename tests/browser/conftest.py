"""A page in Debian's Chromium, cut off from every network; whatever it complains of fails the test."""

from __future__ import annotations

import os
import shutil

import pytest

# One event loop for a worker: Playwright's own, which must not be started twice.
sync_api = pytest.importorskip("playwright.sync_api", reason="there is no Playwright: pip install playwright")


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


@pytest.fixture
def visit(chromium):
    """Open a file as a person does; nothing else may be asked for, and nothing may be complained of."""
    opened = []

    def visit(path, width=1280, height=800):
        context = chromium.new_context(viewport={"width": width, "height": height}, offline=True)
        view = context.new_page()
        view.asked, view.complaints = [], []
        view.on("request", lambda request: view.asked.append(request.url))
        view.on("pageerror", lambda error: view.complaints.append(str(error)))
        view.on("dialog", lambda dialog: (view.complaints.append(dialog.message), dialog.dismiss()))
        view.on("console", lambda said: said.type in ("error", "warning") and view.complaints.append(said.text))
        view.goto(path.as_uri())
        view.wait_for_selector("html[data-ready]", timeout=120_000)
        opened.append((view, path.as_uri()))
        return view

    yield visit
    for view, url in opened:
        assert view.complaints == []
        assert [asked for asked in view.asked if not asked.startswith("data:")] == [url]
        view.context.close()
