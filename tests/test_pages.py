"""The page in a real Chromium: by mouse, by keyboard, on a phone; three languages; hostile names."""

from __future__ import annotations

import json
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from geogrid.crs import to_wgs84
from geogrid.snapshot import Snapshot
from maps.file import render_file
from maps.words import LANGUAGES, words
from tests.conftest import serving
from tests.governed import NOON
from tests.published import EVERYTHING_HOSTILE, publish_two

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
READY = "html[data-ready=true]"
DESKTOP, PHONE, NARROW = (1280, 800), (390, 844), (320, 640)
WAIT_MS = 60_000


# The chosen grid's outline stands in the middle of the map and takes at least two fifths of one side.
ZOOMED = """(() => {
  const mark = document.querySelector(".leaflet-line-pane path[stroke='#111111']");
  if (!mark) return false;
  const [a, b] = [mark, document.getElementById("map")].map((node) => node.getBoundingClientRect());
  const off = Math.hypot(a.x + a.width / 2 - b.x - b.width / 2, a.y + a.height / 2 - b.y - b.height / 2);
  return off < 20 && Math.max(a.width / b.width, a.height / b.height) > 0.4;
})()"""


# Targets under 24 px high, but for links inside a sentence (WCAG 2.2, 2.5.8).
TOO_SMALL = """[...document.querySelectorAll("button, a, input, summary")]
  .filter((node) => node.offsetParent && !node.matches(".skip, p a"))
  .filter((node) => node.getBoundingClientRect().height < 24).map((node) => node.outerHTML)"""


@pytest.fixture(scope="module")
def live_announced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the governed town on the day its first plan came into force, with another announced."""
    plans = publish_two(tmp_path_factory.mktemp("announced"))
    with serving(plans, clock=lambda: NOON) as url:
        yield url


@dataclass
class Watch:
    """What went wrong in a page, as the browser saw it."""

    requests: list[str] = field(default_factory=list)
    posts: list[tuple[str, str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


@contextmanager
def opened(
    browser: Browser, url: str, size: tuple[int, int] = DESKTOP, **options: Any
) -> Iterator[tuple[Page, Watch]]:
    """Open ``url`` and watch it; at the end nothing may have gone wrong, and nothing have left the host."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
    page, watch = context.new_page(), Watch()
    page.on("request", lambda request: watch.requests.append(request.url))
    page.on("request", lambda request: watch.posts.append((request.url, request.post_data or "")))
    page.on("console", lambda message: watch.errors.append(message.text) if message.type != "log" else None)
    page.on("pageerror", lambda error: watch.errors.append(str(error)))
    page.on("dialog", lambda dialog: watch.dialogs.append(dialog.message))
    page.set_default_timeout(WAIT_MS)
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', e => console.error('CSP ' + e.blockedURI))"
    )
    page.goto(url)
    page.wait_for_selector(READY)
    yield page, watch
    said = page.evaluate("document.body.innerText")
    assert not re.search(r"\b(null|undefined|NaN|\[object \w+\])(?!\w)", said)
    context.close()
    assert not watch.errors
    assert not watch.dialogs
    host = url.split("/")[2]
    foreign = [
        one for one in watch.requests if one.split("/")[2] != host and not one.startswith(("data:", "blob:"))
    ]
    assert not foreign


def until(page: Page, expression: str) -> None:
    """Wait until a JavaScript expression holds; asked from outside, so the page keeps its policy."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(50)


def search(page: Page, address: str) -> None:
    page.fill("#address", address)
    page.press("#address", "Enter")


def on_screen(page: Page, lon: float, lat: float) -> tuple[float, float]:
    """Return where a place of the map is drawn in the window."""
    x, y = page.evaluate(
        f"""(() => {{
          const at = geogrid.view.map.latLngToContainerPoint([{lat}, {lon}]);
          const box = geogrid.view.node.getBoundingClientRect();
          return [box.x + at.x, box.y + at.y];
        }})()"""
    )
    return x, y


def faults(page: Page) -> list[tuple[str, str]]:
    """Return what axe-core finds wrong, with the element."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [(one["id"], node["html"][:160]) for one in found["violations"] for node in one["nodes"]]


# The journey


def test_an_address_leads_to_its_card_and_the_map(chromium: Browser, live: str) -> None:
    with opened(chromium, live + "/") as (page, watch):
        search(page, "A小区1号楼")
        page.wait_for_selector(".card h2")
        card = page.inner_text(".card")
        for expected in (
            "第 1 网格",
            "A小区",
            "160 户",
            "A小区党支部",
            "样例甲",
            "样例乙",
            "210602001001001",
            "2026年11月23日",
        ):
            assert expected in card
        assert page.locator(".card .vacant").all_inner_texts() == ["空缺"]
        until(page, ZOOMED)
        assert page.evaluate("document.activeElement.id") == "card-title"
        assert page.evaluate("location.hash") == "#g=210602001001001"
        assert not [one for one in watch.requests if "%E5%B0%8F%E5%8C%BA" in one.upper()]
        assert ("A小区1号楼") in "".join(body for _, body in watch.posts)


def test_a_click_on_the_map_shows_the_same_card(chromium: Browser, live: str) -> None:
    with opened(chromium, live + "/?lang=en#c=c1") as (page, _):
        page.wait_for_selector(".leaflet-fill-pane path")
        page.locator(".leaflet-fill-pane path").nth(1).click()
        page.wait_for_selector(".card h2")
        by_map = page.inner_text(".card")
        assert "Grid 2" in by_map
        assert "Branch to be founded" in by_map
        page.locator("#listing button", has_text="C小区").click()
        until(page, "document.activeElement.id === 'card-title'")
        assert page.inner_text(".card") == by_map


def test_the_way_down_is_the_way_up_and_the_browsers_back(chromium: Browser, live: str) -> None:
    with opened(chromium, live + "/") as (page, _):
        assert page.locator("#listing li").count() == 2
        page.locator("#listing button", has_text="Community c2").click()
        page.wait_for_selector("#trail [aria-current]:has-text('Community c2')")
        assert page.locator("#listing li").count() == 2  # D and E
        page.locator("#listing button", has_text="E小区").click()
        page.wait_for_selector("#trail [aria-current]:has-text('第 2 网格')")
        assert page.evaluate("location.hash") == "#g=210602001002002"
        page.go_back()
        page.wait_for_selector("#trail [aria-current]:has-text('Community c2')")
        page.locator("#trail button").first.click()
        page.wait_for_selector("#listing button:has-text('Community c1')")
        assert page.evaluate("location.hash") == ""
        page.mouse.click(*on_screen(page, 124.3941, 40.1309))  # in D, near enough to be named
        page.wait_for_selector(".card h2:has-text('D小区')")


def test_layers_and_large_type_are_chosen_on_the_page(chromium: Browser, live: str) -> None:
    with opened(chromium, live + "/?lang=en#c=c1") as (page, _):
        page.focus("#tools button:has-text('Layers')")
        page.keyboard.press("Enter")
        until(page, "document.activeElement.name === 'theme'")
        page.keyboard.press("ArrowDown")
        assert page.is_checked("input[value=branches]")
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.innerText") == "Layers"
        page.keyboard.press("Enter")
        page.check("input[value=venues]")
        page.wait_for_selector(".key:has-text('Branch to be founded')")
        assert page.locator(".venue").count() >= 1
        page.click("#trail button >> nth=0")
        page.wait_for_selector("#listing button:has-text('Community c2')")
        assert page.locator(".key").count() == 1  # the choice holds at every level
        before = page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
        page.click("#tools button:has-text('Large type')")
        assert page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") > before


def test_ambiguous_addresses_are_asked_back(chromium: Browser, live: str) -> None:
    with opened(chromium, live + "/?lang=en") as (page, _):
        search(page, "小区1号楼")
        page.wait_for_selector(".choices button")
        buttons = page.locator(".choices button")
        assert buttons.count() == 6  # A, B, C, D, E and b have a building 1
        buttons.first.click()
        page.wait_for_selector(".card h2")


def test_what_cannot_be_found_is_said(chromium: Browser, live: str) -> None:
    said = words("en")
    with opened(chromium, live + "/?lang=en") as (page, _):
        search(page, "远郊路1号")
        page.wait_for_selector(f".lead:has-text('{said['answer.outside']}')")
        nearest = page.inner_text(".card.note")
        assert "E小区" in nearest  # the easternmost grid, 4.3 km west of 远郊路1号 at (5000, 5000) m
        search(page, "qqqqqq 99999")
        page.wait_for_selector(f".lead:has-text('{said['answer.none']}')")
        search(page, "   ")
        until(page, f"document.getElementById('status').textContent === '{said['search.empty']}'")


def test_a_position_is_asked_for_once_and_answered(chromium: Browser, live: str) -> None:
    position = {"latitude": 40.1318012, "longitude": 124.3905866}  # (50, 200) m, in A
    allowed: dict[str, Any] = {"geolocation": position, "permissions": ["geolocation"]}
    with opened(chromium, live + "/?lang=en", **allowed) as (page, watch):
        page.click("#here")
        page.wait_for_selector(".card h2:has-text('A小区')")
        assert words("en")["answer.here"] in page.inner_text(".card")
        assert not [one for one in watch.requests if "124.39" in one]
    with opened(chromium, live + "/?lang=en") as (page, _):
        page.click("#here")
        page.wait_for_selector(f".lead:has-text('{words('en')['search.here.denied']}')")


def test_a_link_to_a_grid_opens_it(chromium: Browser, live: str) -> None:
    with opened(chromium, live + "/?lang=en#g=210602001001003") as (page, _):
        card = page.inner_text(".card")
        assert "B小区" in card
        assert words("en")["withheld"] in card  # B's secretary is not public
        assert "PRIVATE" not in page.content()


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "From 1 January 2027: Grid 3 C小区 C Xiaoqu"),
        ("zh-Hans", "2027年1月1日起：第 3 网格 C小区"),
        ("zh-Hant", "2027年1月1日起：第 3 網格 C小区"),
    ],
)
def test_the_days_before_a_new_plan_both_grids_are_told(
    chromium: Browser, live_announced: str, language: str, told: str
) -> None:
    """C is grid 2 until the second plan comes into force, then 3; A is 1 in both; B is asked back then."""
    with opened(chromium, f"{live_announced}/?lang={language}") as (page, _):
        search(page, "C小区1号楼")
        page.wait_for_selector(".card h2")
        assert page.inner_text(".card .next") == told
        assert page.inner_text(".card .badge") == "2"
        search(page, "A小区1号楼")
        page.wait_for_selector(".card h2:has-text('A小区')")
        assert page.locator(".card .next").count() == 0
        search(page, "B小区1号楼")
        page.wait_for_selector(".card h2:has-text('B小区')")
        maybe = words(language)["answer.next.maybe"].split("{date}")
        assert all(part in page.inner_text(".card .next") for part in maybe)


def test_a_position_in_another_system_is_converted(chromium: Browser, live: str) -> None:
    """A place in A in GCJ-02, as a mini-program knows it; read as WGS-84 it lies outside the town."""
    a = np.array([124.3905866, 40.1318012])
    lon, lat = 2 * a - np.ravel(to_wgs84(*a))  # the shift hardly changes over 500 m
    with opened(chromium, f"{live}/?lang=en#at={lon:.6f},{lat:.6f},GCJ-02") as (page, watch):
        page.wait_for_selector(".card h2:has-text('A小区')")
        assert page.evaluate("location.hash") == "#g=210602001001001"
        assert not [one for one in watch.requests if "124.39" in one]


# By keyboard alone


def test_suggestions_work_from_the_keyboard(chromium: Browser, live: str) -> None:
    with opened(chromium, live + "/?lang=en") as (page, _):
        page.focus("#address")
        page.keyboard.type("A小")
        page.wait_for_selector("#suggestions [role=option]")
        assert page.get_attribute("#address", "aria-expanded") == "true"
        page.keyboard.press("ArrowDown")
        active = page.get_attribute("#address", "aria-activedescendant")
        assert page.get_attribute(f"#{active}", "aria-selected") == "true"
        page.keyboard.press("Escape")
        assert page.get_attribute("#address", "aria-expanded") == "false"
        page.keyboard.press("ArrowDown")
        page.wait_for_selector("#suggestions [role=option]")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_selector(".card h2")
        assert "A小区" in page.inner_text(".card h2")


def test_every_grid_is_reached_by_the_tab_key(chromium: Browser, live: str) -> None:
    with opened(chromium, live + "/?lang=en#c=c1") as (page, _):
        page.focus("#address")
        reached = []
        for _ in range(25):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.closest('#listing li')?.innerText || ''"))
        grids = {name.split("\n")[0] for name in reached if name}
        assert len(grids) == 3
        page.locator("#listing li button").nth(2).focus()
        page.keyboard.press("Enter")
        until(page, "document.activeElement.id === 'card-title'")
        assert "Grid 3" in page.inner_text(".card")


def test_the_skip_link_shows_and_leads_to_the_answer(chromium: Browser, live: str) -> None:
    with opened(chromium, live + "/?lang=en") as (page, _):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0


# Sizes


@pytest.mark.parametrize("size", [PHONE, NARROW], ids=["390", "320"])
def test_it_works_on_a_phone(chromium: Browser, live: str, size: tuple[int, int]) -> None:
    with opened(chromium, live + "/", size, has_touch=True, is_mobile=True) as (page, _):
        search(page, "A小区1号楼")
        page.wait_for_selector(".card h2")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.wait_for_timeout(300)
        box = page.locator(".card h2").bounding_box()
        assert box is not None
        assert 0 <= box["y"] < box["y"] + box["height"] <= size[1]
        assert (
            page.evaluate("parseFloat(getComputedStyle(document.getElementById('address')).fontSize)") >= 16
        )
        assert page.evaluate(TOO_SMALL) == []


# Reading for everyone


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing(chromium: Browser, live: str, language: str) -> None:
    for size in (DESKTOP, PHONE):
        with opened(chromium, f"{live}/?lang={language}", size, bypass_csp=True) as (page, _):
            assert page.get_attribute("html", "lang") == language
            assert faults(page) == []
            search(page, "A小区1号楼")
            page.wait_for_selector(".card h2")
            page.wait_for_selector("#listing .badge")
            assert faults(page) == []
            page.click("#tools button >> nth=0")
            page.wait_for_selector(".layers")
            assert faults(page) == []
            page.keyboard.press("Escape")
            page.fill("#address", "A小")
            page.wait_for_selector("#suggestions [role=option]")
            assert faults(page) == []


def test_axe_finds_nothing_in_the_documentation(chromium: Browser, live: str) -> None:
    context = chromium.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(live + "/docs")
    assert faults(page) == []
    context.close()


def test_the_language_switch_keeps_the_grid(chromium: Browser, live: str) -> None:
    with opened(chromium, live + "/#g=210602001001001") as (page, _):
        page.click("text=English")
        page.wait_for_selector(READY)
        assert "Grid 1" in page.inner_text(".card")
        assert "样例甲" in page.inner_text(".card")


def test_the_documentation_answers(chromium: Browser, live: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.goto(live + "/docs")
    page.fill("#get-v1-grids--code--try input", "210602001001001")
    page.click("#get-v1-grids--code--try button")
    page.wait_for_selector("#get-v1-grids--code--try pre:has-text('A小区党支部')")
    assert problems == []
    context.close()


# Hostile names


def test_hostile_names_are_text_on_the_page(chromium: Browser, live_hostile: str) -> None:
    with opened(chromium, live_hostile + "/?lang=en") as (page, _):
        assert EVERYTHING_HOSTILE in page.text_content("#listing")  # type: ignore[operator]
        page.goto(live_hostile + "/?lang=en#g=210602001001001")
        page.reload()
        page.wait_for_selector(READY)
        page.wait_for_selector("#listing .badge")
        page.hover(".leaflet-fill-pane path >> nth=0", force=True)
        for place in (".card", "#listing", ".bottom", "h1", ".leaflet-control-attribution"):
            assert EVERYTHING_HOSTILE in (page.text_content(place) or ""), place
        assert page.locator("img, b, .card script").count() == 0
        assert "1337" not in page.content()
        page.fill("#address", "{{7*191}}<img src=x onerror=alert(1)>")
        page.press("#address", "Enter")
        page.wait_for_selector(".card.note")


def test_hostile_names_are_text_in_a_file(chromium: Browser, hostile_snapshot: Path, tmp_path: Path) -> None:
    target = tmp_path / "map.html"
    target.write_text(render_file(Snapshot.open(hostile_snapshot), None, language="en"), encoding="utf-8")
    with opened(chromium, target.as_uri()) as (page, watch):
        page.locator("#listing button").first.click()
        page.wait_for_selector("#listing .badge")
        page.locator("#listing .list button").first.click()
        page.wait_for_selector(".card h2")
        assert EVERYTHING_HOSTILE in (page.text_content(".card") or "")
        assert page.locator("img, b").count() == 0
        assert watch.requests == [target.as_uri()]


def test_axe_finds_nothing_in_a_file(chromium: Browser, town_snapshot: Path, tmp_path: Path) -> None:
    target = tmp_path / "map.html"
    target.write_text(render_file(Snapshot.open(town_snapshot), "c1", language="zh-Hant"), encoding="utf-8")
    with opened(chromium, target.as_uri(), bypass_csp=True) as (page, _):
        page.locator("#listing .list button").first.click()
        page.wait_for_selector(".card h2")
        assert faults(page) == []


def test_the_data_of_a_map_is_fetched_once(chromium: Browser, live: str) -> None:
    with opened(chromium, live + "/") as (page, watch):
        search(page, "A小区1号楼")
        page.wait_for_selector("#listing .badge")
        search(page, "B小区1号楼")
        page.wait_for_selector(".card h2:has-text('B小区')")
        fetched = [one for one in watch.requests if "/embed/data/" in one]
        assert len(fetched) == len(set(fetched)) == 2, json.dumps(fetched)  # the city, and one community
