"""Make the pictures of docs/images: every page in three languages, on a desktop and on a phone.

python -m tests.pictures [SNAPSHOT]     the pictures, of a compiled snapshot (var/dandong by default)
python -m tests.pictures --thumbnails   the thumbnails that tests/test_visual.py compares with
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from geogrid.snapshot import Snapshot
from maps.words import LANGUAGES
from tests.conftest import serving
from tests.published import publish
from tests.thumbnails import KEPT, PAGES, thumbnail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

IMAGES = Path(__file__).parent.parent / "docs" / "images"
SAMPLE = Path("var/dandong.snapshots/dandong/current")
READY = "html[data-ready=true]"
SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1200, "height": 750}},
    "phone": {"viewport": {"width": 390, "height": 760}, "is_mobile": True, "has_touch": True},
}
QUALITY = 78
README = {"en": "page.png", "zh-Hans": "page-dandong.png"}  # an address was typed; of the sample city


def main() -> None:
    """Make what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("snapshot", type=Path, nargs="?", default=SAMPLE)
    parser.add_argument("--thumbnails", action="store_true")
    given = parser.parse_args()
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        sys.exit("pictures need Chromium on PATH; see .ci/system")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        if given.thumbnails:
            make_thumbnails(browser)
        else:
            make_pictures(browser, given.snapshot)
        browser.close()


def make_thumbnails(browser: Browser) -> None:
    """Write the thumbnails of the governed town."""
    with tempfile.TemporaryDirectory() as folder, serving(publish(Path(folder))) as base:
        for name in PAGES:
            (KEPT / f"{name}.png").write_bytes(thumbnail(browser, base, name)["small"])


def make_pictures(browser: Browser, place: Path) -> None:
    """Write the pictures of a snapshot as WebP."""
    source = Snapshot.open(place)
    with serving(place) as base:
        for language in LANGUAGES:
            for name, path in pages_of(source, language):
                for size, options in SIZES.items():
                    target = IMAGES / f"{name}-{size}-{language}.webp"
                    target.write_bytes(picture(browser, base + path, options))
        for language, name in README.items():
            answered(browser, f"{base}/?lang={language}", address_of(source), IMAGES / name)


def pages_of(source: Snapshot, language: str) -> Iterator[tuple[str, str]]:
    """Yield name and path of every page, of the community with most grids."""
    community = max(source.communities(), key=lambda one: one["grids"])
    own = [card for card in source.grids() if card["community"]["id"] == community["id"]]
    card = next(card for card in own if card["branch"])
    subdistrict = next(r["subdistrict_id"] for r in source.layer("grids").rows if r["id"] == card["code"])
    said = f"lang={language}"
    yield "page", f"/?{said}#c={community['id']}"
    yield "page-city", f"/?{said}"
    yield "embed-city", f"/embed/city?{said}&list=1"
    yield "embed-subdistrict", f"/embed/s/{subdistrict}?{said}&layers=stars"
    yield "embed-community", f"/embed/c/{community['id']}?{said}&layers=venues"
    yield "embed-grid", f"/embed/g/{card['code']}?{said}"
    yield "embed-webmaster", f"/embed?{said}"


def address_of(source: Snapshot) -> str:
    """Return an address in a grid with a branch and a leader whose name is public."""
    card = next(
        card
        for card in source.grids()
        if card["branch"]
        and card["buildings"]
        and any(p["role"] == "leader" and p["name"] for p in card["team"])
    )
    place = card["buildings"][0]
    return f"{place['place']}{place['numbers'][0]}号楼"


def answered(browser: Browser, url: str, address: str, target: Path) -> None:
    """Write the picture of the page on which an address was asked for."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector(READY)
    page.fill("#address", address)
    page.press("#address", "Enter")
    page.wait_for_selector(".card .badge")
    page.wait_for_timeout(700)
    page.screenshot(path=target)
    context.close()


def picture(browser: Browser, url: str, options: dict[str, Any]) -> bytes:
    """Return a page as WebP."""
    context = browser.new_context(**options)
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector(READY)
    for frame in page.frames[1:]:
        frame.wait_for_selector(READY)
    page.wait_for_timeout(700)
    session = context.new_cdp_session(page)
    made = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    context.close()
    return b64decode(made["data"])


if __name__ == "__main__":
    main()
