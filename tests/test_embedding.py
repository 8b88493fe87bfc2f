"""Embedded maps in a real Chromium: in another site's page, by keyboard, by touch, in every language."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from pmtiles.tile import TileType

from maps.words import LANGUAGES, words
from tests.conftest import serving
from tests.governed import NOON
from tests.published import EVERYTHING_HOSTILE, publish_two
from tests.test_embeds import own_tiles
from tests.test_pages import DESKTOP, NARROW, PHONE, READY, TOO_SMALL, faults, opened, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.browser

# The portal shows what it hears, and says on a click what a page may say.
PORTAL = """<!doctype html><html lang="zh-Hans"><meta charset="utf-8"><title>门户</title>
<h1>门户</h1><div class="geogrid" data-show="c/c1" data-lang="en" data-list="1" data-height="500"></div>
<div id="filler" style="height:1500px"></div>
<script>
  const heard = [];
  for (const type of ["ready", "chosen", "moved", "failed"])
    document.addEventListener("geogrid:" + type, (event) => heard.push({type, ...event.detail}));
</script><script async src="%s/embed.js"></script></html>"""


class Portal(BaseHTTPRequestHandler):
    page = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture(scope="module")
def portal() -> Iterator[str]:
    """Serve another site on another port; its page is set by the tests."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture(scope="module")
def embeds(town_snapshot: Path, portal: str) -> Iterator[str]:
    """Serve the governed town for the portal."""
    with serving(town_snapshot, embed_sites=portal) as url:
        yield url


@pytest.fixture(scope="module")
def announced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish two plans of the governed town."""
    return publish_two(tmp_path_factory.mktemp("announced"))


@pytest.fixture
def guest(chromium: Browser, portal: str, embeds: str) -> Iterator[Page]:
    """Open the portal's page with the map in it."""
    Portal.page = (PORTAL % embeds).encode()
    context = chromium.new_context(viewport={"width": 1000, "height": 800})
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type != "log" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.set_default_timeout(60_000)
    page.goto(portal + "/")
    yield page
    context.close()
    assert not problems


def packed(values: list[int]) -> bytes:
    """Return numbers as protocol buffers pack them."""
    found = bytearray()
    for value in values:
        rest = value
        while rest > 127:
            found.append(rest & 127 | 128)
            rest >>= 7
        found.append(rest)
    return bytes(found)


def heard(page: Page, kind: str) -> str:
    return f"heard.some((one) => one.type === '{kind}')"


# In another site


def test_a_portal_shows_the_map_and_they_talk(guest: Page, embeds: str) -> None:
    until(guest, heard(guest, "ready"))
    frame = guest.frame(url=f"{embeds}/embed/c/c1?lang=en&list=1")
    assert frame is not None
    assert guest.evaluate("heard.find((one) => one.type === 'ready')") == {
        "type": "ready", "level": "community", "area": "c1", "grid": None, "plan": 1,
    }  # fmt: skip
    guest.evaluate("document.querySelector('div.geogrid').geogrid.choose('210602001001002')")
    frame.wait_for_selector(".card h2")
    assert "Grid 2" in frame.inner_text(".card")
    until(guest, "heard.some((one) => one.type === 'chosen' && one.grid === '210602001001002')")
    frame.locator("#listing button").first.click()
    until(guest, "heard.some((one) => one.type === 'chosen' && one.grid === '210602001001001')")
    guest.evaluate("document.querySelector('div.geogrid').geogrid.view(124.3906, 40.1318, 17)")
    until(
        guest,
        "heard.some((one) => one.zoom === 17 && Math.abs(one.center[0] - 124.3906) < 1e-4)",
    )


def test_no_message_holds_an_address(guest: Page, embeds: str) -> None:
    until(guest, heard(guest, "ready"))
    frame = guest.frame(url=f"{embeds}/embed/c/c1?lang=en&list=1")
    assert frame is not None
    frame.click("#tools button >> nth=0")
    frame.fill("#address", "A小区1号楼")
    frame.press("#address", "Enter")
    frame.wait_for_selector(".card h2:has-text('A小区')")
    until(guest, "heard.some((one) => one.type === 'chosen' && one.grid === '210602001001001')")
    assert "小区" not in guest.evaluate("JSON.stringify(heard)")
    # A position in the system of a mini-program: GCJ-02 of a point in A.
    guest.evaluate("document.querySelector('div.geogrid').geogrid.locate(124.39631, 40.13387, 'GCJ-02')")
    frame.wait_for_selector(f".lead:has-text('{words('en')['answer.here']}')")


def test_strangers_are_not_heard_and_cannot_frame(chromium: Browser, portal: str, embeds: str) -> None:
    stranger = portal.replace("127.0.0.1", "localhost")
    Portal.page = (PORTAL % embeds).encode()
    context = chromium.new_context()
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.goto(stranger + "/")
    page.wait_for_timeout(600)
    assert any("frame-ancestors" in one for one in problems)
    assert page.evaluate("heard.length") == 0
    # A window of a named site may frame; what another window says to it is not taken.
    page.goto(embeds + "/embed/c/c1")
    page.wait_for_selector(READY)
    page.evaluate("window.postMessage({geogrid: 1, type: 'choose', grid: '210602001001002'}, '*')")
    page.wait_for_timeout(200)
    assert page.locator(".card h2").count() == 0
    context.close()


def test_a_wholly_sandboxed_frame_works_too(chromium: Browser, portal: str, embeds: str) -> None:
    frame_tag = (
        f'<iframe src="{embeds}/embed/c/c1?list=1" sandbox="allow-scripts" width="900" height="500"></iframe>'
    )
    Portal.page = f"<!doctype html><title>x</title>{frame_tag}".encode()
    context = chromium.new_context()
    page = context.new_page()
    page.goto(portal + "/")
    frame = next(one for one in page.frames if "/embed/" in one.url)
    frame.wait_for_selector(READY)
    assert frame.locator("#listing li").count() == 3
    context.close()


def test_the_page_for_webmasters_shows_what_it_writes(chromium: Browser, embeds: str) -> None:
    with opened(chromium, embeds + "/embed?lang=en") as (page, _):
        page.select_option("[name=area]", "c/c1")
        page.check("[name=layers][value=households]")
        page.check("[name=list]")
        until(page, "document.getElementById('snippet').textContent.includes('data-layers=\"households\"')")
        snippet = page.inner_text("#snippet")
        assert 'data-show="c/c1"' in snippet
        assert f'src="{embeds}/embed.js"' in snippet
        # The frames of earlier choices may have said that they are ready: it is the last one that counts.
        shown = page.wait_for_selector("iframe[src*='/embed/c/c1'][src*='layers=households']")
        assert shown is not None
        frame = shown.content_frame()
        assert frame is not None
        frame.wait_for_selector(".key li")
        until(page, "document.getElementById('told').textContent.includes('ready')")


# Reading


def test_one_goes_down_to_a_grid_and_up_again(chromium: Browser, embeds: str) -> None:
    with opened(chromium, embeds + "/embed/city?lang=en&list=1") as (page, watch):
        assert page.inner_text("#listing h2") == "Communities"  # one district and one subdistrict only
        page.locator("#listing button").first.click()
        page.wait_for_selector("#listing .badge")
        assert page.locator("#trail li").all_inner_texts() == [
            "Town",
            "样例区 Yangli Qu",
            "样例街道 Yangli Jiedao",
            "Community c1",
        ]
        page.locator("#listing button").nth(1).click()
        page.wait_for_selector(".card h2")
        assert page.evaluate("document.activeElement.id") == "card-title"
        assert page.inner_text("#trail li:last-child") == "Grid 2"
        page.click("#trail button >> nth=0")
        until(page, "document.querySelectorAll('#trail li').length === 1")
        assert page.inner_text("#listing h2") == "Communities"
        assert len([one for one in watch.requests if "mosaic.json" in one and "names" not in one]) == 1


def test_a_click_on_the_mosaic_goes_down(chromium: Browser, embeds: str) -> None:
    with opened(chromium, embeds + "/embed/city?lang=en") as (page, _):
        box = page.locator("#map").bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] * 0.35, box["y"] + box["height"] * 0.5)
        until(page, "document.querySelectorAll('#trail li').length > 1")


def test_everything_is_reached_by_keyboard(chromium: Browser, embeds: str) -> None:
    with opened(chromium, embeds + "/embed/c/c1?lang=en") as (page, _):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        until(page, "!document.getElementById('panel').hidden")
        page.locator("#listing button").nth(2).focus()
        page.keyboard.press("Enter")
        until(page, "document.activeElement.id === 'card-title'")
        page.keyboard.press("Escape")
        until(page, "!document.querySelector('.card')")
        assert page.evaluate("document.activeElement.closest('#listing') !== null")
        before = page.evaluate("geogrid.view.map.getCenter().lng")
        page.focus(".pan-right")
        page.keyboard.press("Enter")
        assert page.evaluate("geogrid.view.map.getCenter().lng") > before
        page.focus("#tools button[title='Layers']")
        page.keyboard.press("Enter")
        page.wait_for_selector(".layers input:checked")
        page.keyboard.press("ArrowDown")
        page.wait_for_selector(".key")
        assert page.evaluate("document.activeElement.value") == "branches"
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.title") == "Layers"


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_in_embeds(chromium: Browser, embeds: str, language: str) -> None:
    for path, size in (
        ("city?list=1&layers=stars", DESKTOP),
        ("g/210602001001001?theme=large", PHONE),
        ("c/c1?list=1&layers=venues", NARROW),
    ):
        url = f"{embeds}/embed/{path}&lang={language}"
        with opened(
            chromium, url, size, bypass_csp=True, is_mobile=size != DESKTOP, has_touch=size != DESKTOP
        ) as (page, _):
            assert page.get_attribute("html", "lang") == language
            assert faults(page) == []
            assert page.evaluate(TOO_SMALL) == []
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    with opened(chromium, f"{embeds}/embed/c/c1?lang={language}", bypass_csp=True) as (page, _):
        page.click("#tools button >> nth=0")
        page.wait_for_selector("#address")
        page.click(f"#tools button[title='{words(language)['part.layers']}']")
        page.wait_for_selector(".layers")
        assert faults(page) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_in_the_page_for_webmasters(chromium: Browser, embeds: str, language: str) -> None:
    for size in (DESKTOP, NARROW):
        with opened(chromium, f"{embeds}/embed?lang={language}", size, bypass_csp=True) as (page, _):
            page.frame_locator("#preview iframe").locator(READY).wait_for(state="attached")
            assert faults(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_in_english_names_are_followed_by_pinyin(chromium: Browser, embeds: str) -> None:
    with opened(chromium, embeds + "/embed/g/210602001001001?lang=en") as (page, _):
        latin = page.locator(".card [lang=zh-Latn-pinyin]").all_inner_texts()
        assert "AXiaoqu" in "".join(latin).replace(" ", "")
        assert "A小区" in page.inner_text(".card h2")
    with opened(chromium, embeds + "/embed/g/210602001001001") as (page, watch):
        assert page.locator("[lang=zh-Latn-pinyin]").count() == 0
        assert not [one for one in watch.requests if "/names/" in one]


# Touch and size


def test_one_finger_is_left_to_the_page_around(chromium: Browser, portal: str, embeds: str) -> None:
    Portal.page = (PORTAL % embeds).encode()
    context = chromium.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(portal + "/")
    until(page, heard(page, "ready"))
    frame = next(one for one in page.frames if "/embed/" in one.url)
    assert frame.evaluate("geogrid.view.map.dragging.enabled()") is False
    assert frame.evaluate("getComputedStyle(document.getElementById('map')).touchAction") == "pan-x pan-y"
    assert frame.evaluate("geogrid.view.map.touchZoom.enabled()") is True
    at = {"identifier": 1, "clientX": 150, "clientY": 120}
    frame.dispatch_event("#map", "touchmove", {"touches": [at], "changedTouches": [at]})
    assert frame.inner_text(".gesture") == words("en")["map.fingers"]
    context.close()


def test_a_sheet_covers_no_more_than_half_and_grows(chromium: Browser, embeds: str) -> None:
    with opened(chromium, embeds + "/embed/g/210602001001001", PHONE, has_touch=True, is_mobile=True) as (
        page,
        _,
    ):
        panel, frame = page.locator("#panel").bounding_box(), page.locator("#map").bounding_box()
        assert panel is not None
        assert frame is not None
        assert panel["height"] < frame["height"] / 2
        mark = page.locator(".leaflet-line-pane path[stroke='#111111']").bounding_box()
        assert mark is not None
        assert mark["y"] + mark["height"] <= panel["y"] + 1, "the chosen grid stands above the sheet"
        page.click(".handle")
        grown = page.locator("#panel").bounding_box()
        assert grown is not None
        assert grown["height"] > panel["height"]
        assert page.locator("a[href^='tel:']").count() >= 1
        page.click("#tools button >> nth=0")
        page.wait_for_selector("#address")
        assert (
            page.evaluate("parseFloat(getComputedStyle(document.getElementById('address')).fontSize)") >= 16
        )


def test_forced_colours_and_large_type(chromium: Browser, embeds: str) -> None:
    with opened(chromium, embeds + "/embed/c/c1?list=1&theme=large", forced_colors="active") as (page, _):
        assert page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") > 20
        assert page.get_attribute("#tools button[title='大字版']", "aria-pressed") == "true"


# Hostile names


def test_hostile_names_are_text_in_embeds(chromium: Browser, live_hostile: str) -> None:
    with opened(chromium, live_hostile + "/embed/city?lang=en&list=1&layers=venues,compounds") as (page, _):
        assert EVERYTHING_HOSTILE in (page.text_content("#listing") or "")
        page.hover(".venue >> nth=0", force=True)
        assert EVERYTHING_HOSTILE in (page.text_content(".tip") or "")
        page.locator("#listing button").first.click()
        page.wait_for_selector("#listing .badge")
        page.locator("#listing button").first.click()
        page.wait_for_selector(".card h2")
        page.hover(".leaflet-fill-pane path >> nth=0", force=True)
        for place in (".card", "#listing", "#trail", ".leaflet-control-attribution", "title", "h1"):
            assert EVERYTHING_HOSTILE in (page.text_content(place) or ""), place
        assert page.locator("img, b, .card script").count() == 0
        assert "1337" not in page.content()


# Other grounds, other plans


def test_without_tiles_of_tianditu_the_citys_own_ground_comes_back(
    chromium: Browser, town_snapshot: Path
) -> None:
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    with serving(town_snapshot, tianditu_key="k") as base:
        context = chromium.new_context()
        page = context.new_page()
        context.route(re.compile(r"tianditu\.gov\.cn"), refuse)
        page.goto(base + "/embed/c/c1?basemap=tianditu&lang=en")
        page.wait_for_selector(READY)
        until(page, "!document.body.classList.contains('other-ground')")
        context.close()
    layers = {part for url in asked for part in url.split("&") if part.startswith("LAYER=")}
    assert layers == {"LAYER=vec", "LAYER=eva"}
    assert all("TILEMATRIXSET=w" in url and url.endswith("tk=k") for url in asked)


def water_tile() -> bytes:
    """Return a vector tile with a square of water over all of it: 4096 units from the top-left corner."""
    steps = [0, 0, 4096, 0, 0, 4096, -4096, 0]
    zigzag = [(step << 1) ^ (step >> 31) for step in steps]
    commands = packed([9, *zigzag[:2], 26, *zigzag[2:], 15])
    feature = b"\x18\x03\x22" + bytes([len(commands)]) + commands
    layer = b"\x0a\x05water\x12" + bytes([len(feature)]) + feature + b"\x28\x80\x20\x78\x02"
    return b"\x1a" + bytes([len(layer)]) + layer


def test_the_operators_own_tiles_are_drawn(chromium: Browser, town_snapshot: Path, tmp_path: Path) -> None:
    path = own_tiles(tmp_path / "own.pmtiles", TileType.MVT, water_tile())
    ground = "/embed/c/c1?basemap=pmtiles"
    with serving(town_snapshot, basemap=path) as base, opened(chromium, base + ground) as (page, _):
        tile = ".leaflet-base-pane canvas.leaflet-tile-loaded"
        page.wait_for_selector(tile, state="attached")
        pixel = f"[...document.querySelector('{tile}').getContext('2d').getImageData(99, 99, 1, 1).data]"
        assert page.evaluate(pixel) == [0xC3, 0xDC, 0xEC, 255]


def test_two_plans_are_compared_by_a_line_that_moves(chromium: Browser, announced: Path) -> None:
    both = "/embed/c/c1?beside=2027-02-01&lang=en"
    with serving(announced, clock=lambda: NOON) as base, opened(chromium, base + both) as (page, _):
        page.wait_for_selector(".swipe")
        assert page.locator(".swipe-name").all_inner_texts() == [
            "Plan 1, from 23 November 2026",
            "Plan 2, from 1 January 2027",
        ]
        left = "parseFloat(document.querySelector('.swipe-line').style.left)"
        before = page.evaluate(left)
        page.focus(".swipe")
        for _ in range(10):
            page.keyboard.press("ArrowLeft")
        assert page.evaluate(left) < before
        clip = "document.querySelector('.leaflet-fill-beside-pane').style.clipPath"
        assert page.evaluate(clip).startswith("polygon")
        assert page.locator(".leaflet-fill-beside-pane path").count() == 3
