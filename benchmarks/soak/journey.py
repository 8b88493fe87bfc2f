"""A planner's whole way in a real browser on a whole city: from a new compound to a plan that is rolled back.

The city is divided and published as ``geogrid demo`` does it and served by ``geogrid serve``. Then a compound
is built on free ground of the community with the most units, the data are loaded anew, and people draft,
compare, approve, publish and roll back in Chromium; what residents are told is read beside it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pandas as pd
import shapely

from benchmarks.bars import Bar, at_least
from benchmarks.division.instances import ROOT
from benchmarks.maps.browser import chromium
from geogrid.accounts import AccountRole
from geogrid.archive import Actor, Archive
from geogrid.boundaries import read_city
from geogrid.cli.load import cut_newer
from geogrid.model import Building, Compound, Grammar
from tests.driving import Desks, at_rest, say, tab
from tests.planned import PASSWORD
from tests.servers import GridServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from geogrid.model import City

CITIES = ("bukit-merah", "dandong")
HOMES = 60  # in each of the two buildings of the new compound
NEW = "journey-new"
SOLVING_S = 20
PEOPLE = {role.value: role for role in (AccountRole.PLANNER, AccountRole.APPROVER, AccountRole.PUBLISHER)}


@dataclass
class Journey:
    """What has been done so far on one city, and for how long."""

    city: str
    done: list[str] = field(default_factory=list)
    failed: str = ""

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Do one step and tell how long it took; a step that fails ends the way."""
        began = time.monotonic()
        try:
            yield
        except Exception as error:
            self.failed = f"{name}: {error!r}"
            raise
        self.done.append(name)
        print(f"{self.city:12} {time.monotonic() - began:6.1f} s  {name}", flush=True)


STEPS = (
    "a draft is begun: the new compound has no grid",
    "the solver proposes, is stopped, and what it found is kept",
    "a border is nudged, undone and done again",
    "a second browser sees the steps of the first",
    "a broken rule is mended, or none is broken",
    "the plans are compared in three ways, with figures and a list of addresses",
    "the draft is submitted",
    "somebody else approves it",
    "it is published from today on",
    "residents of the new compound are told their grid",
    "it is rolled back, and residents are told the old plan",
)


def journey() -> list[Bar]:
    """Go the whole way in every city."""
    ways = [_go(name) for name in CITIES]
    for one in ways:
        if one.failed:
            print(f"FAILED {one.city}: {one.failed}")
    return [at_least(f"steps of the way in {one.city}", len(one.done), len(STEPS)) for one in ways]


def _go(name: str) -> Journey:
    way = Journey(name)
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        store = f"sqlite:///{folder}/{name}.db"
        _command(folder, "demo", "--city", name, "--no-serve", "--store", store)
        place, text = _build_a_compound(store, name, folder)
        server = GridServer(store, folder / "served", 2).start()
        try:
            with chromium() as browser:
                desks = Desks(server.url, browser)
                _walk(way, desks, place, text)
                assert desks.wrong == [], desks.wrong
        except Exception as error:  # told with the step that failed
            way.failed = way.failed or repr(error)
        finally:
            server.stop()
    return way


def _command(folder: Path, *words: str) -> None:
    command = str(Path(sys.executable).with_name("geogrid"))
    done = subprocess.run([command, *words], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"geogrid {words[0]} ended with {done.returncode}: {done.stderr[-2000:]}")


def _build_a_compound(store: str, name: str, folder: Path) -> tuple[str, str]:
    """Load newer data with a compound more, and let people in; return its community and an address in it."""
    shipped = ROOT / "data" / "boundaries" / name
    city = read_city(shipped if shipped.is_dir() else folder / "var" / name)
    with Archive.open(store) as archive:
        units = Counter({place: len(graph.units) for place, graph in archive.graphs(city.id).items()})
        place = units.most_common(1)[0][0]
        newer, text = _with_compound(city, place)
        archive.store_city(newer)
        cut_newer(archive, newer)
        for person, role in PEOPLE.items():
            archive.accounts.add(person, by=Actor("journey"), roles=[role], password=PASSWORD)
    return place, text


def _with_compound(city: City, place: str) -> tuple[City, str]:
    """Return the city with two buildings on a community's largest free ground, and the address of one."""
    community = next(one for one in city.communities if one.id == place)
    areas = [*(one.geometry for one in city.compounds), *(one.geometry for one in city.land)]
    taken = [area for area in areas if area.intersects(community.geometry)]
    taken += [one.geometry.buffer(3) for one in city.buildings if one.community_id == place]
    free = community.geometry.difference(shapely.union_all(taken)).buffer(-5)
    line = shapely.maximum_inscribed_circle(free)
    middle, reach = shapely.get_point(line, 0), shapely.length(line) * 0.6
    ground = shapely.box(middle.x - reach, middle.y - reach, middle.x + reach, middle.y + reach)
    mainland = city.grammar is Grammar.MAINLAND
    roads = Counter(one.street for one in city.buildings if one.community_id == place and one.street)
    road = roads.most_common(1)[0][0] if roads else ""
    texts = [f"新岸家园{n}号楼" if mainland else f"{9900 + n} {road}" for n in (1, 2)]
    buildings = [
        Building(
            f"{NEW}-{n}", place, shapely.box(x - reach / 6, middle.y - 4, x + reach / 6, middle.y + 4), HOMES,
            compound_id=NEW, number=str(n) if mainland else str(9900 + n), street="" if mainland else road,
        )
        for n, x in ((1, middle.x - reach / 2), (2, middle.x + reach / 2))
    ]  # fmt: skip
    rows = pd.DataFrame(
        {
            "address_id": [f"{NEW}-{n}" for n in (1, 2)],
            "text": texts,
            "building_id": [one.id for one in buildings],
            "community_id": place,
        }
    )
    newer = replace(
        city,
        compounds=(*city.compounds, Compound(NEW, place, "新岸家园", ground)),
        buildings=(*city.buildings, *buildings),
        addresses=pd.concat([city.addresses, rows], ignore_index=True),
    )
    return newer, texts[0]


def _walk(way: Journey, desks: Desks, place: str, text: str) -> None:
    names = iter(STEPS)
    assert _grid(desks, text) is None
    planner = desks.signed_in("planner")
    with way.step(next(names)):
        _begin(planner, place)
        assert NEW in {
            unit.split("/")[0] for unit in planner.evaluate("geogrid.planner().here.tally.unassigned")
        }
    with way.step(next(names)):
        _propose(planner)
    with way.step(next(names)):
        unit = _nudge(planner)
    with way.step(next(names)):
        other = desks.signed_in("planner")
        other.locator(".open-draft").first.click()
        other.wait_for_selector(".plan-table tbody tr")
        planner.locator("tr[data-grid] .lock").first.click()
        at_rest(planner)
        revision = planner.locator("html").get_attribute("data-revision")
        other.wait_for_selector(f"html[data-revision='{revision}']")
    with way.step(next(names)):
        _mend(planner)
    with way.step(next(names)):
        _compare(planner, text)
    with way.step(next(names)):
        tab(planner, "review")
        _decide(planner, "submit")
    with way.step(next(names)):
        approver = desks.signed_in("approver")
        _open_draft(approver)
        _decide(approver, "approve")
    publisher = desks.signed_in("publisher")
    before = _grid_of_unit(desks, planner, unit)
    with way.step(next(names)):
        _open_draft(publisher)
        publisher.locator("[data-key=publish]").click()
        publisher.locator(".tag.published").wait_for(timeout=600_000)
    with way.step(next(names)):
        drafted = planner.evaluate("(unit) => geogrid.planner().here.state.assignment[unit]", unit)
        _until(lambda: _grid(desks, text) is not None)
        assert _grid_of_unit(desks, planner, unit) == drafted
    with way.step(next(names)):
        publisher.get_by_text(say("back")).click()
        publisher.get_by_role("button", name=say("rollback")).last.click()
        publisher.locator("dialog").get_by_role("button", name=say("rollback")).click()
        told = say("published.from").split("{", maxsplit=1)[0]
        publisher.locator(".notice", has_text=told).wait_for(timeout=600_000)
        _until(lambda: _grid(desks, text) is None)
        assert _grid_of_unit(desks, planner, unit) == before


def _grid(desks: Desks, text: str) -> int | None:
    """Return the number of the grid that residents are told for an address, None where it is not known."""
    told: dict[str, Any] = httpx.post(f"{desks.url}/v1/lookup", json={"address": text}).json()
    return told["grid"]["number"] if told["status"] == "matched" else None


def _grid_of_unit(desks: Desks, page: Page, unit: str) -> int:
    spot = page.evaluate("(unit) => geogrid.planner().bench.units.get(unit).spot", unit)
    told = httpx.post(f"{desks.url}/v1/lookup", json={"lon": spot[0], "lat": spot[1]}).json()
    return int(told["grid"]["number"])


def _until(holds: Any) -> None:
    """Wait until what was published has reached every worker: each connection may come to another one."""
    held = 0
    for _ in range(600):
        held = held + 1 if holds() else 0
        if held == 10:
            return
        time.sleep(0.05)
    raise AssertionError("what was published does not reach residents")


def _begin(page: Page, place: str) -> None:
    shown = page.evaluate(
        "(id) => geogrid.planning.get('/communities').then((all) => all.find((one) => one.id === id))", place
    )
    page.fill("input[type=search]", shown["code"])
    page.locator(".begin").first.click()
    page.click("dialog button.main")
    page.wait_for_selector(".plan-table tbody tr")
    at_rest(page)


def _propose(page: Page) -> None:
    """Run the solver until it has told a plan, and keep that."""
    tab(page, "propose")
    page.locator("[data-key=wish-seconds]").fill(str(SOLVING_S))
    page.locator("[data-key=run]").click()
    keep = page.get_by_role("button", name=say("keep"))
    take = page.get_by_role("button", name=say("apply"))
    keep.or_(take).first.wait_for(timeout=(SOLVING_S + 60) * 1000)
    if keep.count():
        page.locator("[data-key=stop]").click()
        take.first.wait_for()
    take.first.click()
    at_rest(page)
    assert page.evaluate("geogrid.planner().here.tally.unassigned.length") == 0


def _nudge(page: Page) -> str:
    """Move what may best be moved over the first border that allows it; return a unit that moved."""
    tab(page, "nudge")
    grids = page.evaluate("geogrid.planner().grids()")
    for one, other in pairwise(grids):
        for at, grid in enumerate((one, other)):
            page.locator(".panel-frame select").nth(at).select_option(str(grid))
        page.locator(".panel-frame .acts button").first.click()
        at_rest(page)
        before = page.evaluate("geogrid.planner().here.state.assignment")
        moves = page.locator(".nudges li .acts button:not([disabled])")
        if moves.count() < 2:
            continue
        moves.nth(1).click()
        at_rest(page)
        after = page.evaluate("geogrid.planner().here.state.assignment")
        changed = [unit for unit in after if after[unit] != before.get(unit)]
        if not changed:
            continue
        for keys, wanted in (("Control+z", before), ("Control+Shift+z", after)):
            page.keyboard.press("Escape")
            page.keyboard.press(keys)
            at_rest(page)
            assert page.evaluate("geogrid.planner().here.state.assignment") == wanted
        return str(changed[0])
    raise AssertionError("no border can be nudged")


def _mend(page: Page) -> None:
    tab(page, "checks")
    for place in range(page.locator(".check.broken").count()):
        check = page.locator(".check.broken").nth(place)
        suggest = check.get_by_role("button", name=say("suggest"))
        if not suggest.count():
            continue
        suggest.first.click()
        at_rest(page)
        mends = check.locator(".mends").get_by_role("button", name=say("apply"))
        if mends.count():
            mends.first.click()
            at_rest(page)
            return


def _compare(page: Page, text: str) -> None:
    tab(page, "compare")
    at_rest(page)
    for way, sign in (("swipe", "input.swipe"), ("beside", ".map.other"), ("hatch", ".flows")):
        page.check(f"input[value={way}]")
        page.locator(sign).first.wait_for()
    page.locator("summary", has_text=say("figures")).click()
    assert page.locator(".figures tbody tr").count() >= 9
    with page.expect_download() as listed:
        page.get_by_role("link", name="CSV").click()
    assert text in Path(listed.value.path()).read_text(encoding="utf-8-sig")


def _open_draft(page: Page) -> None:
    page.locator(".open-draft").first.click()
    page.wait_for_selector(".plan-table tbody tr")
    tab(page, "review")


def _decide(page: Page, what: str) -> None:
    before = page.locator("html").get_attribute("data-revision")
    page.get_by_role("button", name=say(what), exact=True).click()
    page.wait_for_selector(f"html[data-revision]:not([data-revision='{before}'])")
