"""Make the pictures of the planner's guide: ``python -m tests.planner_pictures [FOLDER]``.

FOLDER (``var`` by default) holds ``dandong.db`` and its snapshots, as `make demo` leaves them; it is copied,
so that nothing of it changes.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from api import Settings, create_app
from geogrid.accounts import AccountRole
from geogrid.archive import Actor, Archive
from geogrid.policy import EIGHT_TO_TEN
from geogrid.workbench import Bench, begin, nudges
from tests.conftest import listening
from tests.pictures import IMAGES, QUALITY
from tests.planned import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

CITY = "dandong"
WIDE = 15  # units, so that there is something to see
LANGUAGES = ("zh-Hans", "en")
SIZE: ViewportSize = {"width": 1280, "height": 800}
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
            move = telling_move(str(settings.store))
            for language in LANGUAGES:
                journey(browser, url, language, move)
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


@dataclass(frozen=True)
class Move:
    """Units of a community that may cross the border of two grids."""

    community: str
    units: tuple[str, ...]
    source: int
    target: int


def telling_move(store: str) -> Move:
    """Return the first move over a border that moves homes and breaks nothing, where there is much to see."""
    with Archive.open(store) as archive:
        version = archive.version_in_force(CITY)
        assert version is not None
        for stored in archive.all_stored(version.id):
            bench = Bench(stored.graph, stored.policy or EIGHT_TO_TEN, stored.division.plan)
            draft = begin(bench)
            lies = draft.assignment
            pairs = sorted(
                {tuple(sorted((lies[a], lies[b]))) for a, near in bench.beside.items() for b in near}
            )
            for one, other in pairs:
                best = next(iter(nudges(bench, draft, one, other) if one != other else ()), None)
                if best is not None and best.households and not best.breaks and len(lies) >= WIDE:
                    units, target = best.move.units, best.move.grid
                    return Move(stored.graph.community_id, units, lies[units[0]], target)
    sys.exit("no border of this city can be nudged")


def journey(browser: Browser, url: str, language: str, move: Move) -> None:
    """Re-divide a community, and take a picture at each stage."""
    page = browser.new_context(viewport=SIZE).new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{url}/planner?lang={language}")
    page.fill("input[name=account]", "li.na")
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".plan-list")
    body = {"community": move.community, "title": TITLES[language]}
    page.evaluate("(body) => geogrid.planning.post('/drafts', body)", body)
    page.reload()
    page.locator(".open-draft").first.click()
    page.wait_for_selector(".plan-table tbody tr")
    page.evaluate("(units) => geogrid.planner().select(units)", list(move.units))
    page.hover(f"button[data-assign='{move.target}']")
    taken(page, "desk", language)
    page.click("[data-tab=nudge]")
    for place, grid in enumerate((move.source, move.target)):
        page.locator(".panel-frame select").nth(place).select_option(str(grid))
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
