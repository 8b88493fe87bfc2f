"""Measure a map in a real Chromium: when it is drawn, and how many frames a second it moves at."""

from __future__ import annotations

import re
import shutil
import statistics
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maps.assets import asset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, Route

SIZE = {"width": 1280, "height": 800}
MOVES, MOVE_PX = 60, 8
WHEELS = 12
# Counts the frames that the browser presents, and the longest wait between two.
COUNT = """() => {
  const found = { frames: 0, began: performance.now(), last: performance.now(), worst: 0, on: true };
  window.counted = found;
  const tick = (now) => {
    if (!found.on) return;
    found.frames += 1;
    found.worst = Math.max(found.worst, performance.now() - found.last);
    found.last = performance.now();
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}"""
STOP = """() => {
  const c = window.counted;
  c.on = false;
  return [c.frames / ((performance.now() - c.began) / 1000), c.worst];
}"""
DRAWN = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"""


@dataclass(frozen=True)
class Seen:
    """What a browser saw of a map: seconds to its first draw, frames a second, the longest frame in ms."""

    first_s: float
    pan: float
    zoom: float
    worst_ms: float


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the Chromium on PATH."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        sys.exit("benchmarks.maps needs Chromium on PATH: apt-get install chromium (Debian)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def seen(browser: Browser, url: str, ready: str, runs: int) -> Seen:
    """Open ``url`` several times, each without a cache, and move it; return the medians.

    ``ready`` is a JavaScript expression that holds when everything is drawn.
    """
    found = [_once(browser, url, ready) for _ in range(runs)]
    return Seen(
        *(statistics.median(getattr(one, name) for one in found) for name in Seen.__dataclass_fields__)
    )


def _once(browser: Browser, url: str, ready: str) -> Seen:
    context = browser.new_context(viewport=SIZE)  # type: ignore[arg-type]
    page = context.new_page()
    page.route(re.compile("^https://"), _answer)
    page.goto(url, wait_until="commit")
    _until(page, ready)
    first = page.evaluate(DRAWN) / 1000
    page.wait_for_timeout(300)
    pan, worst_pan = _moved(page, _pan)
    zoom, worst_zoom = _moved(page, _zoom)
    context.close()
    return Seen(first, pan, zoom, max(worst_pan, worst_zoom))


def _until(page: Page, expression: str) -> None:
    """Wait until an expression holds; asked from outside, as the policy of a page demands."""
    deadline = time.monotonic() + 120
    while not page.evaluate(expression):
        if time.monotonic() > deadline:
            sys.exit(f"the map was not drawn: {expression}")
        page.wait_for_timeout(20)


def _answer(route: Route) -> None:
    """Stand in for the hosts that stock folium asks: Leaflet from the disk, everything else empty."""
    name = route.request.url.rsplit("/", 1)[-1]
    if name in ("leaflet.js", "leaflet.css"):
        route.fulfill(body=asset(name).content, content_type=asset(name).media_type)
    else:
        route.fulfill(body="", content_type="text/css" if name.endswith(".css") else "text/javascript")


def _moved(page: Page, act: object) -> tuple[float, float]:
    assert callable(act)
    page.evaluate(COUNT)
    act(page)
    rate, worst = page.evaluate(STOP)
    return float(rate), float(worst)


def _pan(page: Page) -> None:
    x, y = SIZE["width"] // 2, SIZE["height"] // 2
    for way in (1, -1, 1):
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(MOVES):
            page.mouse.move(x + way * step * MOVE_PX / 2, y + way * step * MOVE_PX / 4)
            time.sleep(0.008)
        page.mouse.up()
        page.wait_for_timeout(100)


def _zoom(page: Page) -> None:
    page.mouse.move(SIZE["width"] // 2, SIZE["height"] // 2)
    for way in (-1, 1):
        for _ in range(WHEELS):
            page.mouse.wheel(0, way * 60)
            time.sleep(0.06)
    page.wait_for_timeout(200)
