"""The report of a large model: how large the file is, how soon it can be used, and how fast it follows the mouse.

    python bench/report.py [--units 256] [--steps 2000]

It takes Playwright and a Chromium (`apt install chromium`). An LSTM's six signals are shown; what the page says of a
step is held against the trace before anything is timed. Delays run from the event to the end of the picture that
follows it. The bounds of the issue: 12 MB, 2 s, and 100 ms for 95 in 100 events.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
import torch
from playwright.sync_api import Page, expect, sync_playwright

import gatework
from gatework.look import gradients, memory, trace
from gatework.look.finding import Findings
from gatework.look.pack import pack
from gatework.look.page import page
from gatework.look.timescale import timescales

EVENTS = 200
# Each pointer event's delay to the end of the next picture.
LISTEN = """() => { window.delays = [];
  addEventListener("pointermove", (event) => requestAnimationFrame(() =>
    setTimeout(() => delays.push(performance.now() - event.timeStamp))), { capture: true }); }"""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--units", type=int, default=256)
    asked.add_argument("--steps", type=int, default=2000)
    asked.add_argument("--loads", type=int, default=5)
    asked.add_argument("--chromium", default="/usr/bin/chromium")
    size = asked.parse_args()
    torch.manual_seed(0)
    layer, x = gatework.LSTM(2, size.units), torch.randn(size.steps, 1, 2).cumsum(0) / 10
    found = trace(layer, x)
    # The curves of a small model: what the instruments themselves cost is another bench.
    small = gatework.LSTM(2, 8), torch.randn(100, 4, 2)
    packed = pack(found, ["row 0"], timescales(found.layers))
    text = page("An LSTM", "", packed, memory(*small), gradients(*small), Findings())
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as browsers:
        path = Path(folder) / "report.html"
        path.write_text(text, encoding="utf-8")
        machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        print(f"{size.units} units x {size.steps} steps x 6 signals; {machine}")
        print(f"file       {path.stat().st_size / 1e6:6.2f} MB")
        browser = browsers.chromium.launch(executable_path=size.chromium, args=["--no-sandbox"])
        ready = []
        for _ in range(size.loads):
            view = browser.new_page(viewport={"width": 1280, "height": 1600})
            view.goto(path.as_uri())
            view.wait_for_selector("html[data-ready]", timeout=60_000)
            ready.append(view.evaluate("performance.getEntriesByName('ready')[0].startTime"))
            if len(ready) < size.loads:
                view.close()
        tell("ready", ready)
        agrees(view, found.layers["layer.l0"])
        view.evaluate(LISTEN)
        tell("hover", moved(view, size.steps))
        tell("brush", brushed(view))
        browser.close()


def agrees(view: Page, parts: dict[str, np.ndarray]) -> None:
    """What the page says of a step and a unit is the trace's number, rounded."""
    view.fill("#step-number", "137")
    view.press("#step-number", "Enter")
    view.select_option("#unit", "5")
    expect(view.locator("#where")).to_have_text("Step 137, unit 5")
    for letter, q in parts.items():
        said = view.inner_text(f"#values tr[data-letter={letter}] td >> nth=0").replace("−", "-")
        assert f"{q[137, 0, 5]:.{len(said.split('.')[1])}f}" == said, (letter, said, q[137, 0, 5])


def moved(view: Page, steps: int) -> list[float]:
    """Move over a heatmap, from left to right and from unit to unit."""
    box = view.locator("#chart-f").bounding_box()
    view.evaluate("delays = []")
    for k in range(EVENTS):
        view.mouse.move(box["x"] + 70 + (box["width"] - 100) * k / EVENTS, box["y"] + 20 + 50 * (k % 7) / 7)
        view.wait_for_timeout(20)
    assert "Step" in view.inner_text("#where")
    return view.evaluate("delays")


def brushed(view: Page) -> list[float]:
    """Drag a stretch over a heatmap."""
    box = view.locator("#chart-c").bounding_box()
    view.evaluate("delays = []")
    view.mouse.move(box["x"] + 100, box["y"] + 40)
    view.mouse.down()
    for k in range(EVENTS):
        view.mouse.move(box["x"] + 100 + (box["width"] - 150) * k / EVENTS, box["y"] + 40)
        view.wait_for_timeout(20)
    view.mouse.up()
    assert view.input_value("#from") != view.input_value("#to"), "nothing was chosen"
    return view.evaluate("delays")


def tell(what: str, delays: list[float]) -> None:
    middle, most = np.quantile(delays, [0.5, 0.95])
    print(f"{what:<10} {middle:6.0f} ms median, {most:6.0f} ms p95, {len(delays)} times")


if __name__ == "__main__":
    main()
