"""Make the pictures of the planner's guide: ``python -m tests.planner_pictures [FOLDER]``.

FOLDER (``var`` by default) holds ``dandong.db`` and its snapshots, as `make demo` leaves them; it is copied,
so that nothing of it changes.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from api import Settings, create_app
from geogrid.accounts import AccountRole
from geogrid.archive import Actor, Archive
from tests.conftest import listening
from tests.pictures import IMAGES, QUALITY
from tests.planned import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

CITY = "dandong"
LANGUAGES = ("zh-Hans", "en")
SIZE: ViewportSize = {"width": 1280, "height": 800}
LARGEST = """
(async () => {
    const all = await geogrid.planning.get('/communities');
    return all.reduce((most, one) => ((one.households || 0) > (most.households || 0) ? one : most)).id;
})()
"""
# Two neighbouring grids between which something may move.
PAIR = """
(async () => {
    const { bench, here } = geogrid.planner();
    const grids = here.state.assignment;
    const pairs = new Set();
    for (const [a, near] of bench.beside) for (const b of near)
        if (grids[a] && grids[b] && grids[a] < grids[b]) pairs.add(grids[a] + ' ' + grids[b]);
    for (const pair of pairs) {
        const [one, other] = pair.split(' ');
        const path = `/drafts/${here.draft.id}/nudges?one=${one}&other=${other}`;
        const found = await geogrid.planning.get(path);
        if (found.some((nudge) => !nudge.breaks.length)) return [one, other];
    }
    return [...pairs][0].split(' ');
})()
"""
TITLES = {"zh-Hans": "新建小区后的调整", "en": "After the new compound"}


def main() -> None:
    """Copy the store, serve it, and make every picture in both languages."""
    source = Path(sys.argv[1] if len(sys.argv) > 1 else "var")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        sys.exit("pictures need Chromium on PATH; see .ci/system")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings = copied(source, Path(folder))
        with listening(create_app(settings)) as url:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            for language in LANGUAGES:
                journey(browser, url, language)
            browser.close()


def copied(source: Path, folder: Path) -> Settings:
    """Copy store and snapshots, add a planner, and return the settings of a service on the copy."""
    for file in source.glob(f"{CITY}.db*"):
        shutil.copy(file, folder)
    snapshots = f"{CITY}.snapshots"
    shutil.copytree(source / snapshots, folder / snapshots, symlinks=True)
    store = f"sqlite:///{folder}/{CITY}.db"
    with Archive.open(store) as archive:
        archive.accounts.add("li.na", by=Actor("pictures"), roles=[AccountRole.PLANNER], password=PASSWORD)
    return Settings(folder / snapshots / CITY / "current", reload_s=0, rate=0, store=store, city=CITY)


def journey(browser: Browser, url: str, language: str) -> None:
    """Re-divide the first community with a wide choice, and take a picture at each stage."""
    page = browser.new_context(viewport=SIZE).new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{url}/planner?lang={language}")
    page.fill("input[name=account]", "li.na")
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".plan-list")
    community = page.evaluate(LARGEST)
    body = {"community": community, "title": TITLES[language]}
    page.evaluate("(body) => geogrid.planning.post('/drafts', body)", body)
    page.reload()
    page.locator(".open-draft").first.click()
    page.wait_for_selector(".plan-table tbody tr")
    one, other = page.evaluate(PAIR)
    page.click(f"tr[data-grid='{one}'] .pick")
    page.hover(f"button[data-assign='{other}']")
    taken(page, "desk", language)
    page.click("[data-tab=nudge]")
    for place, grid in enumerate((one, other)):
        page.locator(".panel-frame select").nth(place).select_option(grid)
    page.locator(".panel-frame .acts button").first.click()
    page.wait_for_selector(".nudges li")
    taken(page, "nudge", language)
    page.locator(".nudges li .acts button:not([disabled])").nth(1).click()
    page.wait_for_selector("html[data-pending='0']")
    page.click("[data-tab=compare]")
    page.wait_for_selector("html[data-pending='0']")
    page.check("input[value=beside]")
    page.wait_for_selector(".map.other")
    taken(page, "compare", language)
    page.click("[data-tab=review]")
    page.wait_for_selector(".impact h3")
    taken(page, "review", language)


def taken(page: Page, name: str, language: str) -> None:
    """Write the page as it is now, as WebP."""
    page.wait_for_selector("html[data-pending='0']")
    page.wait_for_timeout(700)
    session = page.context.new_cdp_session(page)
    made = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    (IMAGES / f"planner-{name}-{language}.webp").write_bytes(b64decode(made["data"]))


if __name__ == "__main__":
    main()
