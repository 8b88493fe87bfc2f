"""Benchmark the workbench: ``python -m benchmarks.planner [--quick]``.

A community of 2,000 units in 250 grids is drawn, published and opened in a real Chromium. Compounds at
borders are assigned to the grid beside them by its button; the clock runs from the click until the browser
has painted the frame in which the table's row and the units' colours are new. The server's answer is timed
apart.
``--quick`` assigns 40 times, else 300. The last line is the JSON of the bars.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from api import Settings, create_app
from benchmarks.bars import at_most, print_bars
from benchmarks.maps.browser import chromium
from geogrid.accounts import AccountRole
from geogrid.adjacency import build_graph
from geogrid.archive import Actor, Archive
from geogrid.crs import plane_for
from geogrid.model import Building, City, Community, Compound, Grammar
from geogrid.partition import Division
from geogrid.plan import Plan
from geogrid.policy import EIGHT_TO_TEN
from geogrid.snapshot import publish_snapshot, put_in_force
from geogrid.units import Unit, UnitKind
from tests.conftest import listening

if TYPE_CHECKING:
    from playwright.sync_api import Page

ACROSS, DOWN, SIDE = 50, 40, 60.0  # 2,000 units of about 60 m
BLOCK = 4, 2  # units of a grid: 250 grids
PASSWORD = "correct horse battery"
GOAL_MS = 100.0

# Assigns one compound after the other; returns the milliseconds to the painted frame and to the answer.
RUN = """async (times) => {
  const desk = geogrid.planner();
  const { bench } = desk;
  const lies = (id) => desk.here.state.assignment[id];
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(0);
  }));
  const cell = (grid) => document.querySelector(`tr[data-grid="${grid}"] td:nth-child(2)`).firstChild;
  const row = (grid) => Number(cell(grid).textContent.replace(/\\D/g, ""));
  const fill = (id) => desk.map.sheet.layers.get(id).options.fillColor;
  const moves = [...bench.compounds.values()].flatMap((ids) => {
    const grids = ids.flatMap((id) => [...bench.beside.get(id)]).map(lies);
    const near = grids.find((grid) => grid !== lies(ids[0]));
    return near ? [{ ids, near }] : [];
  });
  const told = [];
  for (let i = 0; i < times; i++) {
    const { ids, near } = moves[(i * 37) % moves.length];
    const target = lies(ids[0]) === near ? bench.reference[ids[0]] : near;
    desk.select(ids);
    await painted();
    const wanted = row(target) + bench.homes(ids);
    const begun = performance.now();
    document.querySelector(`[data-assign="${target}"]`).click();
    await painted();
    const shown = performance.now() - begun;
    const right = row(target) === wanted && ids.every((id) => fill(id) === geogrid.gridColour(target));
    await desk.steps.sent;
    const confirmed = performance.now() - begun;
    told.push({ shown, confirmed, right: right && row(target) === wanted && lies(ids[0]) === target });
  }
  return told;
}"""


def main() -> None:
    """Draw, publish, open, assign; print the table and the bars."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    times = 40 if parser.parse_args().quick else 300
    with tempfile.TemporaryDirectory() as folder:
        settings = prepare(Path(folder))
        app = create_app(settings)
        with listening(app) as url, chromium() as browser:
            page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
            opened_s = begin(page, url)
            told = page.evaluate(RUN, times)
        app.state.office.close()
    report(told, opened_s)


def report(told: list[dict[str, Any]], opened_s: float) -> None:
    """Print what was measured, and the bars."""
    wrong = sum(not one["right"] for one in told)
    print(f"{ACROSS * DOWN:,} units, {len(told)} assignments, load {os.getloadavg()[0]:.1f}")
    print(f"{'':24}{'median':>10}{'p95':>10}{'most':>10}")
    for name, label in (("shown", "map and table, ms"), ("confirmed", "the server's answer, ms")):
        values = sorted(one[name] for one in told)
        print(f"{label:24}{statistics.median(values):10.1f}{percentile(values, 95):10.1f}{values[-1]:10.1f}")
    print(f"{'draft opened, s':24}{opened_s:10.2f}")
    shown = sorted(one["shown"] for one in told)
    print_bars(
        [
            at_most("assign to redraw and table, median ms", statistics.median(shown), GOAL_MS),
            at_most("assign to redraw and table, p95 ms", percentile(shown, 95), GOAL_MS),
            at_most("assignments shown or confirmed wrongly", wrong, 0),
        ]
    )
    sys.exit(0 if not wrong else 1)


def percentile(values: list[float], share: float) -> float:
    """Return a percentile of sorted values."""
    return float(np.percentile(values, share))


def begin(page: Page, url: str) -> float:
    """Sign in, begin a draft, and return the seconds until it can be worked at."""
    page.goto(f"{url}/planner?lang=en")
    page.fill("input[name=account]", "planner")
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".plan-list")
    begun = time.perf_counter()
    page.click(".begin")
    page.click("dialog button.main")
    page.wait_for_selector(".plan-table tbody tr", timeout=60_000)
    opened_s = time.perf_counter() - begun
    page.wait_for_timeout(1000)
    return opened_s


def prepare(folder: Path) -> Settings:
    """Publish the drawn community and return the settings of a service on it."""
    store = f"sqlite:///{folder}/store.db"
    city, units, plan = draw()
    with Archive.open(store) as archive:
        archive.store_city(city)
        archive.store_graphs(city.id, [build_graph(units, (), "c1")])
        division = Division(
            plan=plan, vector={}, bounds={}, gap=1.0, proved=False, engine="drawn", seconds=0.0
        )
        version = archive.add_version(city.id, [division], policy=EIGHT_TO_TEN)
        target = folder / "snapshots" / str(version.id)
        publish_snapshot(archive, version.id, archive.today(), target)
        put_in_force(target)
        archive.accounts.add("planner", by=Actor("benchmark"), roles=[AccountRole.PLANNER], password=PASSWORD)
    return Settings(folder / "snapshots" / "current", reload_s=0, rate=0, store=store, city=city.id)


def draw() -> tuple[City, tuple[Unit, ...], Plan]:
    """Return a city of one community whose units are Voronoi cells with a vertex every ten metres."""
    random = np.random.default_rng(8)
    frame = shapely.box(0, 0, ACROSS * SIDE, DOWN * SIDE)
    rows, columns = np.divmod(np.arange(ACROSS * DOWN), ACROSS)
    spots = (
        np.stack([columns, rows], axis=1) * SIDE
        + SIDE / 2
        + random.uniform(-0.35, 0.35, (len(rows), 2)) * SIDE
    )
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(spots), extend_to=frame, ordered=True)
    )
    tiles = shapely.segmentize(shapely.intersection(cells, frame), 10.0)
    homes = random.integers(10, 90, len(tiles)).tolist()
    compounds = [f"k{row // 2:02d}-{column // 2:02d}" for row, column in zip(rows, columns, strict=True)]
    names = [f"{compound}/g{at:04d}" for at, compound in enumerate(compounds)]
    units = tuple(
        Unit(name, "c1", UnitKind.GROUP, tile, home, compound_id=compound, building_ids=(f"b{at}",))
        for at, (name, tile, home, compound) in enumerate(zip(names, tiles, homes, compounds, strict=True))
    )
    grids = [
        int(row // BLOCK[1] * (ACROSS // BLOCK[0] + 1) + column // BLOCK[0] + 1)
        for row, column in zip(rows, columns, strict=True)
    ]
    numbers = {grid: at for at, grid in enumerate(sorted(set(grids)), start=1)}
    plan = Plan("c1", {unit.id: numbers[grid] for unit, grid in zip(units, grids, strict=True)})
    return _city(units, frame), units, plan


def _city(units: tuple[Unit, ...], frame: Any) -> City:
    plane = plane_for(lon=124.39, lat=40.13)
    shapes: dict[str, list[Any]] = {}
    for unit in units:
        shapes.setdefault(unit.compound_id, []).append(unit.geometry)
    buildings = tuple(
        Building(
            unit.building_ids[0],
            "c1",
            unit.geometry.centroid.buffer(12),
            unit.households,
            compound_id=unit.compound_id,
            number=str(at),
        )
        for at, unit in enumerate(units)
    )
    addresses = pd.DataFrame(
        {
            "address_id": [one.id for one in buildings],
            "text": [f"{one.compound_id}{one.number}号楼" for one in buildings],
            "building_id": [one.id for one in buildings],
            "community_id": "c1",
            "x": [one.geometry.centroid.x for one in buildings],
            "y": [one.geometry.centroid.y for one in buildings],
        }
    )
    return City(
        id="drawn",
        name="Drawn",
        plane=plane,
        grammar=Grammar.MAINLAND,
        communities=(Community("c1", "Drawn community", "210602001001", frame),),
        compounds=tuple(Compound(id_, "c1", id_, _whole(tiles)) for id_, tiles in sorted(shapes.items())),
        buildings=buildings,
        addresses=addresses,
        synthetic=True,
    )


def _whole(tiles: list[Any]) -> Any:
    return shapely.union_all(tiles)


if __name__ == "__main__":
    main()
