"""The workbench in a real Chromium: the whole journey, the keyboard, two browsers at once, hostile names."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event
from time import sleep
from typing import TYPE_CHECKING, Any

import pytest

from api import create_app
from geogrid.accounts import AccountRole
from geogrid.archive import Actor
from geogrid.workbench import Adopt, Proposal, propose
from maps.planner.page import planner_words
from maps.words import LANGUAGES
from tests.conftest import listening
from tests.driving import Desks, at_rest, at_revision, begin, grid_at, homes, say, tab
from tests.planned import PASSWORD, prepare
from tests.published import EVERYTHING_HOSTILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
SERVED = ["B小区党支部", "A小区党支部", "样例乙"]  # the house leaves B's branch for that of A and C
PANELS = ("selection", "checks", "nudge", "propose", "compare", "history", "review", "files", "units")


class Bench(Desks):
    """A served town and the browsers that work on it."""

    def __init__(self, url: str, app: FastAPI, browser: Browser) -> None:
        super().__init__(url, browser)
        self.app = app


@contextmanager
def served(folder: Path, chromium: Browser) -> Iterator[Bench]:
    app = create_app(prepare(folder))
    with listening(app) as url:
        bench = Bench(url, app, chromium)
        yield bench
    app.state.office.close()
    assert bench.wrong == []


@pytest.fixture
def bench(tmp_path: Path, chromium: Browser) -> Iterator[Bench]:
    with served(tmp_path, chromium) as bench:
        yield bench


@contextmanager
def held(page: Page, path: str) -> Iterator[None]:
    """Keep a question back until the end."""
    asked: list[Route] = []

    def keep(route: Route) -> None:
        asked.append(route)

    page.route(path, keep)
    yield
    while not asked:
        page.wait_for_timeout(10)
    asked[0].continue_()
    page.unroute(path)


def test_a_plan_is_redrawn_approved_published_and_looked_up(bench: Bench) -> None:
    """The house goes from grid 3 to grid 2: 160, 80, 120 households become 160, 120, 80."""
    planner = bench.signed_in("planner")
    begin(planner)
    assert homes(planner) == ["160", "80", "120"]
    assert grid_at(bench, planner, "c1/h01") == 3
    tab(planner, "units")
    planner.get_by_label(say("grid.of").replace("{name}", say("kind.homes") + " h01")).select_option("2")
    at_revision(planner, 2)
    assert homes(planner) == ["160", "120", "80"]
    tab(planner, "review")
    planner.get_by_role("button", name=say("submit")).click()
    at_revision(planner, 3)
    approver = bench.signed_in("approver")
    approver.click(".open-draft")
    tab(approver, "review")
    approver.get_by_role("button", name=say("approve")).click()
    at_revision(approver, 4)
    publisher = bench.signed_in("publisher")
    publisher.click(".open-draft")
    tab(publisher, "review")
    with held(publisher, "**/releases"):
        publisher.get_by_role("button", name=say("publish"), exact=True).click()
        tab(publisher, "checks")
        tab(publisher, "review")
        assert publisher.get_by_role("button", name=say("publish"), exact=True).is_disabled()
    publisher.wait_for_selector(".tag.published")
    bench.app.state.desk.refresh()
    assert grid_at(bench, publisher, "c1/h01") == 2
    publisher.get_by_text(say("back")).click()
    with held(publisher, "**/rollbacks"):
        publisher.get_by_role("button", name=say("rollback")).click()
        publisher.locator("dialog").get_by_role("button", name=say("rollback")).click()
        assert publisher.get_by_role("button", name=say("rollback")).is_disabled()
        publisher.click(".open-draft")
        publisher.wait_for_selector(".plan-table")
    publisher.locator(".notice", has_text=say("published.from").split("{")[0]).wait_for()
    assert publisher.locator(".table-frame").count() == 1
    bench.app.state.desk.refresh()
    assert grid_at(bench, publisher, "c1/h01") == 3
    publisher.get_by_text(say("back")).click()
    publisher.locator(".what").get_by_text(say("version").replace("{n}", "3")).wait_for()
    publisher.evaluate("() => document.querySelector('.plan-list').id = 'before'")
    with held(publisher, "**/rollbacks"):
        roll_back_again(publisher)
        publisher.fill("input[type=search]", "c1")
        publisher.locator(".who .link").first.click()
    publisher.locator("#before").wait_for(state="detached")
    assert publisher.locator("dialog").is_visible()
    assert publisher.input_value("input[type=search]") == "c1"
    publisher.keyboard.press("Escape")
    publisher.route("**/v1/planning/versions", lambda route: route.abort())
    roll_back_again(publisher)
    publisher.locator(".notice", has_text=say("published.from").split("{")[0]).wait_for()


def roll_back_again(publisher: Page) -> None:
    """Publish the oldest version anew, from the list."""
    publisher.get_by_role("button", name=say("rollback")).last.click()
    publisher.locator("dialog").get_by_role("button", name=say("rollback")).click()


def test_selecting_assigning_and_undoing_on_map_table_and_keyboard(bench: Bench) -> None:
    page = bench.signed_in("planner")
    begin(page)
    page.click("tr[data-grid='3'] .pick")
    assert say("selected").replace("{n}", "2").replace("{h}", "120") in page.inner_text(".panel-frame")
    page.hover("button[data-assign='2']")
    assert "80 → 200" in page.inner_text(".before-after")
    page.locator(".map").focus()
    page.keyboard.press("2")
    at_revision(page, 2)
    assert homes(page) == ["160", "200", "0"]
    page.keyboard.press("Control+z")
    at_revision(page, 3)
    assert homes(page) == ["160", "80", "120"]
    page.keyboard.press("Control+Shift+z")
    at_revision(page, 4)
    tab(page, "history")
    page.get_by_role("button", name=say("beginning")).click()
    at_revision(page, 5)
    assert homes(page) == ["160", "80", "120"]


def test_a_click_on_the_map_selects_the_unit_there(bench: Bench) -> None:
    page = bench.signed_in("planner")
    begin(page)
    spot = page.evaluate(
        "(() => { const d = geogrid.planner(); const s = d.bench.units.get('A').spot;"
        " return d.map.map.latLngToContainerPoint([s[1], s[0]]); })()"
    )
    frame = page.locator(".map").bounding_box()
    assert frame is not None
    page.mouse.click(frame["x"] + spot["x"] + 30, frame["y"] + spot["y"] + 30)
    assert page.evaluate("[...geogrid.planner().selected]") == ["A"]


def spot(page: Page, unit: str) -> tuple[float, float]:
    """Return where on the screen a unit's inner point is."""
    at = page.evaluate(
        "(id) => { const d = geogrid.planner(); const s = d.bench.units.get(id).spot;"
        " return d.map.map.latLngToContainerPoint([s[1], s[0]]); }",
        unit,
    )
    frame = page.locator(".map").first.bounding_box()
    assert frame is not None
    return frame["x"] + at["x"], frame["y"] + at["y"]


def drag(page: Page, start: tuple[float, float], *ends: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    for end in ends:
        page.mouse.move(*end, steps=8)
    page.mouse.up()


def chosen(page: Page) -> list[str]:
    found: list[str] = page.evaluate("[...geogrid.planner().selected].sort()")
    return found


YELLOW = """() => [...document.querySelectorAll('.leaflet-marks-pane canvas')].map((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const is = (i) => data[i] === 255 && data[i + 1] === 225 && data[i + 2] === 77;
  return data.filter((_, i) => i % 4 === 0 && is(i)).length;
}).reduce((sum, one) => sum + one, 0)"""


def yellow(page: Page) -> int:
    """Count the pixels of the line around what is selected."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    count: int = page.evaluate(YELLOW)
    return count


def test_what_is_selected_is_outlined_as_one(bench: Bench) -> None:
    """No line runs between the house and C, which touch; a step, undo and another panel leave the line."""
    page = bench.signed_in("planner")
    begin(page)
    assert yellow(page) == 0
    alone = []
    for unit in ("C", "c1/h01"):
        page.mouse.click(*spot(page, unit))
        alone.append(yellow(page))
    page.click(".tool.brush")
    page.mouse.move(*spot(page, "C"))
    page.mouse.down()
    both = yellow(page)
    page.mouse.up()
    assert chosen(page) == ["C", "c1/h01"]
    assert max(alone) < both < sum(alone)
    page.keyboard.press("2")
    at_revision(page, 2)
    assert yellow(page) == both
    page.keyboard.press("Control+z")
    at_revision(page, 3)
    tab(page, "review")
    assert yellow(page) == both
    tab(page, "selection")
    page.get_by_role("button", name=say("none")).click()
    assert yellow(page) == 0


def test_units_are_selected_by_brush_rectangle_search_and_drag(bench: Bench) -> None:
    """C (80) and the house (40) are painted; C is taken out with Alt, the house dragged onto C: 120, 80."""
    page = bench.signed_in("planner")
    begin(page)
    page.click(".tool.brush")
    drag(page, spot(page, "C"), spot(page, "c1/h01"))
    assert chosen(page) == ["C", "c1/h01"]
    assert say("selected").replace("{n}", "2").replace("{h}", "120") in page.inner_text(".panel-frame")
    page.keyboard.down("Alt")
    drag(page, spot(page, "C"), spot(page, "C"))
    page.keyboard.up("Alt")
    assert chosen(page) == ["c1/h01"]
    page.click(".tool.box")
    (x, y), (right, down) = spot(page, "A"), spot(page, "C")
    drag(page, (x - 60, y - 60), (right + 60, down + 20))
    assert chosen(page) == ["A", "C", "c1/h01"]
    page.get_by_role("button", name=say("none")).click()
    page.fill(".finder input", "h01")
    page.locator(".hit").first.click()
    assert chosen(page) == ["c1/h01"]
    page.click(".tool.point")
    drag(page, spot(page, "c1/h01"), spot(page, "C"))
    at_revision(page, 2)
    assert homes(page) == ["160", "120", "80"]


def test_dropping_where_a_rule_forbids_tells_why_and_what_would_do(bench: Bench) -> None:
    """The house touches A's grid only at a corner: grid 1 would lie in two pieces."""
    page = bench.signed_in("planner")
    begin(page)
    page.mouse.click(*spot(page, "c1/h01"))
    drag(page, spot(page, "c1/h01"), spot(page, "A"))
    page.locator("dialog").get_by_role("button", name=say("cancel")).wait_for()
    assert "1" in page.inner_text("dialog li")
    page.locator("dialog").get_by_role("button", name=say("cancel")).click()
    assert homes(page) == ["160", "80", "120"]


def test_plans_are_compared_and_files_taken_over(bench: Bench, tmp_path: Path) -> None:
    page = bench.signed_in("planner")
    begin(page)
    tab(page, "files")
    file = tmp_path / "分区.csv"
    file.write_text("unit,grid\nc1/h01,2\nnobody,1\n", encoding="utf-8")
    page.set_input_files("#assignment-file", file)
    page.wait_for_selector(".panel-frame tbody tr")
    assert say("flag.unknown-unit") in page.inner_text(".panel-frame")
    page.get_by_role("button", name=say("import.take").replace("{n}", "1")).click()
    at_revision(page, 2)
    assert homes(page) == ["160", "120", "80"]
    tab(page, "history")
    assert "分区.csv" in page.inner_text(".steps")
    tab(page, "compare")
    at_rest(page)
    assert page.locator(".flows tbody tr").count() == 1
    assert page.locator(".flows tbody tr").inner_text().split() == ["3", "→", "2", "1", "40", "1", *SERVED]
    page.locator("summary", has_text=say("figures")).click()
    rows = [row.split("\t") for row in page.locator(".figures tr").all_inner_texts()]
    figures = {row[0]: row[1:] for row in rows}
    assert figures[say("objective.compactness.border")] == ["513", "513"]
    assert figures[say("objective.cut-edges")] == ["4", "4"]
    for way, sign in (("swipe", "input.swipe"), ("beside", ".map.other")):
        page.check(f"input[value={way}]")
        page.wait_for_selector(sign)
    with page.expect_download() as listed:
        page.get_by_role("link", name="CSV").click()
    assert Path(listed.value.path()).read_text(encoding="utf-8-sig").count("c1/h01") == 1
    tab(page, "checks")
    assert page.locator(".map.other, input.swipe").count() == 0


def test_a_broken_rule_is_shown_and_mended(bench: Bench) -> None:
    page = bench.signed_in("planner")
    begin(page)
    tab(page, "units")
    page.get_by_label(say("grid.of").replace("{name}", say("kind.homes") + " h01")).select_option("1")
    at_revision(page, 2)
    tab(page, "checks")
    broken = page.locator(".check.broken", has_text=say("rule.every_grid_is_in_one_piece"))
    broken.get_by_role("button", name=say("suggest")).click()
    broken.locator(".mends").get_by_role("button", name=say("apply")).first.click()
    at_revision(page, 3)
    assert page.locator(".check.broken", has_text=say("rule.every_grid_is_in_one_piece")).count() == 0


def test_two_browsers_on_one_draft_lose_nothing(bench: Bench) -> None:
    """The second sees the first one's step by itself. A step made on an old state is done as well where it
    touches nothing that was changed, and offered again where it does.
    """
    one = bench.signed_in("planner")
    begin(one)
    two = bench.signed_in("planner")
    two.click(".open-draft")
    two.wait_for_selector(".plan-table")
    one.click("tr[data-grid='1'] .lock")
    at_revision(one, 2)
    at_revision(two, 2)
    two.evaluate("geogrid.planner().events.close()")
    one.click("tr[data-grid='2'] .lock")
    at_revision(one, 3)
    two.click("tr[data-grid='3'] .lock")
    at_revision(two, 4)
    assert two.locator("button.lock[aria-pressed=true]").count() == 3
    two.click("tr[data-grid='1'] .lock")
    at_revision(two, 5)
    one.wait_for_selector("html[data-revision='5']")
    one.evaluate("geogrid.planner().events.close()")
    two.evaluate("geogrid.planner().apply({kind: 'rename', grid: 2, name: '乙'})")
    at_revision(two, 6)
    one.click("tr[data-grid='2'] .lock")
    one.get_by_role("button", name=say("repeat")).click()
    at_revision(one, 7)


def test_the_table_editor_does_the_job_by_keyboard_alone(bench: Bench) -> None:
    """The house (40) goes from grid 3 to 2 and comes back, is locked and commented; no mouse is used."""
    page = bench.signed_in("planner")
    page.locator(".begin").first.press("Enter")
    page.locator("dialog button.main").press("Enter")
    page.wait_for_selector(".plan-table tbody tr")
    page.locator(".map").press("u")
    page.locator("[data-key=unit-search]").fill("h01")
    page.locator("[data-key='tick-c1/h01']").press("Space")
    assert chosen(page) == ["c1/h01"]
    page.locator("[data-key=bulk-grid]").select_option("2")
    assert "80 → 120" in page.inner_text(".bulk")
    page.locator("[data-key=bulk-assign]").press("Enter")
    at_revision(page, 2)
    assert homes(page) == ["160", "120", "80"]
    assert page.evaluate("document.activeElement.dataset.key") == "bulk-assign"
    page.keyboard.press("Control+z")
    at_revision(page, 3)
    page.locator("[data-key=bulk-lockunits]").press("Enter")
    at_revision(page, 4)
    assert page.locator(".units .padlock.shut").count() == 1
    page.locator(".map").press("Shift+F10")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.keyboard.type("请核对 1 2 3")
    page.get_by_role("button", name=say("say"), exact=True).press("Enter")
    page.locator(".pin").wait_for()
    assert homes(page) == ["160", "80", "120"]


def test_a_click_takes_a_compound_a_group_or_a_building_and_a_menu_tells_what_can_be_done(
    bench: Bench,
) -> None:
    page = bench.signed_in("planner")
    begin(page)
    tab(page, "selection")
    page.check("[data-key=level-building]")
    page.mouse.click(*spot(page, "B"))
    assert chosen(page) == ["B"]
    assert page.inner_text(".pointed").startswith("B")
    page.mouse.click(*spot(page, "A"), button="right")
    page.get_by_role("menuitem", name=say("menu.here").replace("{n}", "1").replace("{grid}", "1")).click()
    at_revision(page, 2)
    assert homes(page) == ["240", "80", "40"]


def test_a_draft_begins_empty_and_any_day_is_looked_at(bench: Bench) -> None:
    page = bench.signed_in("planner")
    page.click(".begin")
    page.locator("dialog select").select_option("empty")
    page.click("dialog button.main")
    page.wait_for_selector(".table-frame .total")
    at_rest(page)
    assert homes(page) == []
    page.get_by_text(say("back")).click()
    page.fill(".on-day input", "2031-01-01")
    page.get_by_role("button", name=say("lookat"), exact=True).first.click()
    page.wait_for_selector(".plan-table tbody tr")
    assert homes(page) == ["160", "80", "120"]
    assert page.locator("[data-tab]").count() == 3


def test_a_shared_draft_can_be_read_by_whoever_has_the_link(bench: Bench) -> None:
    page = bench.signed_in("planner")
    begin(page)
    secret = page.evaluate(
        "geogrid.planning.post('/drafts/' + geogrid.planner().here.draft.id + '/shares', {days: 1})"
    )["secret"]
    reader = bench.page(path=f"/planner/shared/{secret}")
    reader.wait_for_selector(".plan-table tbody tr")
    assert homes(reader) == ["160", "80", "120"]
    assert reader.get_by_text(say("draft"), exact=True).is_visible()
    tab(reader, "units")
    assert reader.locator(".units select:not([disabled])").count() == 0


def test_comments_are_asked_for_where_somebody_spoke(bench: Bench) -> None:
    """Not on opening, not after a step, and once after a word; whoever left meanwhile hears of it nowhere."""
    page = bench.signed_in("planner")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.method) if one.url.endswith("/comments") else None)
    with page.expect_response("**/events"):
        begin(page)
    rename = "geogrid.planner().apply({kind: 'rename', grid: 1, name: '东'})"
    page.evaluate(rename)
    at_revision(page, 2)
    page.evaluate(rename)
    page.locator(".notice", has_text=say("unchanged")).wait_for()
    while page.evaluate("geogrid.planner().pins.said") is None:
        page.wait_for_timeout(20)
    tab(page, "review")
    page.locator(".comments li", has_text=say("comments.none")).wait_for()
    page.fill("textarea", "请核对")
    page.get_by_role("button", name=say("say"), exact=True).click()
    page.locator(".comments li", has_text="请核对").wait_for()
    at_rest(page)
    assert asked == ["POST", "GET"]
    page.evaluate("geogrid.planner().pins.load()")
    page.locator(".plan-top button").first.click()
    page.wait_for_selector(".plan-list")
    at_rest(page)


def test_comments_are_told_where_no_news_comes_through(bench: Bench) -> None:
    page = bench.signed_in("planner")
    page.route("**/events", lambda route: route.abort())
    begin(page)
    path = "/drafts/' + geogrid.planner().here.draft.id + '/comments"
    page.evaluate(f"geogrid.planning.post('{path}', {{text: '请核对'}})")
    with held(page, "**/comments"):
        tab(page, "review")
        assert page.locator(".comments li").count() == 0
        page.locator(".impact .quiet").wait_for()
        assert "null" not in page.inner_text(".impact")
    page.locator(".comments li", has_text="请核对").wait_for()


def test_whoever_is_signed_out_signs_in_again(bench: Bench) -> None:
    page = bench.signed_in("planner")
    begin(page)
    tab(page, "propose")
    page.context.clear_cookies()
    page.click("[data-key=run]")
    page.fill("input[name=account]", "planner")
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".plan-list")
    page.context.clear_cookies()
    page.click(".who button")
    page.wait_for_selector("form.sign-in")
    assert page.locator("dialog").count() == 0
    assert page.evaluate("geogrid.faultText(new TypeError('a fault of the page'))") == "a fault of the page"


def test_a_title_that_came_too_late_is_given_again(bench: Bench) -> None:
    page = bench.signed_in("planner")
    begin(page)
    page.evaluate("geogrid.planner().events.close()")
    begun = "geogrid.planner().here.draft"
    page.evaluate(
        f"geogrid.planning.patch('/drafts/' + {begun}.id, {{revision: {begun}.revision, title: '一题'}})"
    )
    page.get_by_role("button", name=say("retitle.about")).click()
    page.fill("dialog input", "另一题")
    page.click("dialog button.main")
    page.get_by_role("button", name=say("repeat")).click()
    page.locator(".plan-top h2", has_text="另一题").wait_for()


def test_a_run_of_the_solver_is_stopped_and_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has found stays while another panel is looked at; taken over, it is a step."""
    stopped = Event()

    def endless(*asked: Any, progress: Any, stop: Any, **more: Any) -> Proposal:
        found = replace(propose(*asked, **more), operation=Adopt({"c1/h01": 2}, "proposal"))
        progress(found)
        while not stop():
            sleep(0.02)
        stopped.set()
        return found

    monkeypatch.setattr("api.planning.advice.propose", endless)
    page = bench.signed_in("planner")
    begin(page)
    tab(page, "propose")
    page.click("[data-key=run]")
    page.locator(".proposal").wait_for()
    tab(page, "checks")
    tab(page, "propose")
    assert page.locator("[data-key=run]").is_disabled()
    page.get_by_role("button", name=say("keep"), exact=True).click()
    at_revision(page, 2)
    page.locator("[data-key=run]:not([disabled])").wait_for()
    assert stopped.wait(20)
    assert homes(page) == ["160", "120", "80"]
    assert page.locator(".proposal").count() == 0


def test_a_run_that_ends_with_the_service_is_not_shown_as_running(bench: Bench) -> None:
    page = bench.signed_in("planner")
    begin(page)
    page.route("**/proposals", lambda route: route.fulfill(content_type="text/event-stream", body=""))
    tab(page, "propose")
    page.click("[data-key=run]")
    page.get_by_text(say("stopped.none")).wait_for()
    page.locator("[data-key=run]:not([disabled])").wait_for()


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing(bench: Bench, language: str) -> None:
    def findings(page: Page) -> list[str]:
        page.evaluate(AXE)
        told = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in told["violations"]]

    page = bench.page(language=language)
    assert findings(page) == []
    page = bench.signed_in("planner", language=language)
    assert findings(page) == []
    page.click(".begin")
    assert findings(page) == []
    page.click("dialog button.main")
    page.wait_for_selector(".plan-table tbody tr")
    page.click("tr[data-grid='3'] .pick")
    for key in PANELS:
        tab(page, key)
        at_rest(page)
        assert findings(page) == [], key


def test_it_reflows_on_a_narrow_screen(bench: Bench) -> None:
    page = bench.signed_in("planner", width=360)
    begin(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


STICKING_OUT = """() => {
  const card = document.querySelector('.sign-in').getBoundingClientRect();
  return [...document.querySelectorAll('.sign-in *')].filter((one) => one.offsetParent)
    .map((one) => one.getBoundingClientRect())
    .filter((box) => box.left < card.left || box.right > card.right).length;
}"""


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out_of_the_card_to_sign_in(bench: Bench, width: int) -> None:
    page = bench.page(width=width)
    page.wait_for_selector(".sign-in")
    assert page.evaluate(STICKING_OUT) == 0


def test_a_password_is_changed_first_and_sessions_are_ended(tmp_path: Path, chromium: Browser) -> None:
    app = create_app(prepare(tmp_path))
    with listening(app) as url:
        bench = Bench(url, app, chromium)
        bench.signed_in("planner")  # here somebody is signed in already
        operator = Actor("operator")
        app.state.office.archive.accounts.add(
            "wang", by=operator, roles=[AccountRole.PLANNER], password=PASSWORD, provisional=True
        )
        page = bench.page()
        page.fill("input[name=account]", "wang")
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.fill("input[name=old]", PASSWORD)
        page.fill("input[name=new]", "password1234")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=alert]")
        page.fill("input[name=new]", "a staple for the battery")
        page.keyboard.press("Enter")
        page.wait_for_selector(".plan-list")
        page.click(".who button")
        page.wait_for_selector("dialog li")
        assert page.locator("dialog li").count() == 1
        assert page.locator("input[type=password]").count() == 3
        page.evaluate(AXE)
        found = page.evaluate("axe.run(document.querySelector('dialog')).then((found) => found.violations)")
        assert [one["id"] for one in found] == []
        page.context.set_offline(True)
        page.get_by_role("button", name=say("sessions.end")).click()
        page.locator("dialog [role=alert]", has_text=say("unreachable")).wait_for()
    app.state.office.close()
    assert bench.wrong == []


def test_every_word_is_there_in_every_language() -> None:
    keys = set(planner_words("en"))
    for language in LANGUAGES:
        assert set(planner_words(language)) == keys
        assert all(planner_words(language).values())


def test_hostile_names_are_text(tmp_path: Path, chromium: Browser) -> None:
    app = create_app(prepare(tmp_path, hostile=True))
    with listening(app) as url:
        bench = Bench(url, app, chromium)
        page = bench.signed_in("planner")
        assert EVERYTHING_HOSTILE in page.inner_text(".plan-list")
        begin(page)
        page.click("tr[data-grid='1'] .pick")
        assert EVERYTHING_HOSTILE in page.inner_text(".table-frame")
    app.state.office.close()
    assert bench.wrong == []
