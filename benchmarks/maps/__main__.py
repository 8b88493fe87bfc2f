"""Measure the embedded maps beside stock folium on the same polygons; the last line is JSON.

    python -m benchmarks.maps [SNAPSHOT] [--quick]

SNAPSHOT is a compiled snapshot (``.../current``); without it a city of 1,710 bent grids is drawn. Stock
folium's own pages ask four other hosts for scripts; here they are answered from the disk, in no time.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import re
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import folium
import orjson

from benchmarks.api.load import serving
from benchmarks.maps.browser import Seen, chromium, seen
from benchmarks.maps.city import drawn_snapshot
from geogrid.snapshot import Snapshot
from maps.assets import asset, assets_by_path
from maps.colours import colours_of
from maps.drawing import Drawing
from maps.embed import Host, embed_page, scripts_of
from maps.explorer import View
from maps.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMUNITIES = 190
OURS = "document.documentElement.dataset.ready === 'true'"
PEERS = "document.querySelectorAll('path.leaflet-interactive').length >= {count}"


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "snapshot", type=Path, nargs="?", help="a compiled snapshot; drawn where it is left out"
    )
    parser.add_argument("--quick", action="store_true", help="one run of each instead of three")
    given = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}, {_load()}")
    with ExitStack() as kept:
        folder = Path(kept.enter_context(tempfile.TemporaryDirectory()))
        place = given.snapshot or drawn_snapshot(folder, COMMUNITIES)
        env = {"GEOGRID_BENCH_SNAPSHOT": str(place.resolve()), "GEOGRID_BENCH_STORE": ""}
        ours = kept.enter_context(serving("benchmarks.api.served:app", "/readyz", factory=True, env=env))
        bars = measured(Snapshot.open(place), ours.url, folder, 1 if given.quick else 3)
    print(_load())
    print(json.dumps({"bars": bars, "quick": given.quick}))


def measured(source: Snapshot, url: str, folder: Path, runs: int) -> list[dict[str, Any]]:
    """Return the bars of one city."""
    community = max(source.communities(), key=lambda one: one["grids"])["id"]
    count = len(source.grids())
    print(f"{count:,} grids, {len(source.communities())} communities")
    pages = {"city": "/embed/city", "community": f"/embed/c/{community}"}
    html = {name: _get(url + path) for name, path in pages.items()}
    asked = {name: _data_url(page, name, community) for name, page in html.items()}
    first_data_s = _seconds(lambda: _get(url + asked["city"]), 1)
    data = {name: len(gzip.compress(_get(url + path), 6)) for name, path in asked.items()}
    stock = folder / "stock.html"
    peer_s = _seconds(lambda: stock.write_text(stock_page(source), encoding="utf-8"), runs)
    own_s = _seconds(lambda: _own_page(source, "city", ""), 50)
    with chromium() as browser:
        own = {name: seen(browser, url + path, OURS, runs) for name, path in pages.items()}
        peer = seen(browser, stock.as_uri(), PEERS.format(count=count), runs)
    scripts = {kind: _packed(scripts_of(View(kind, "", ""))) for kind in pages}
    print(f"the server's first answer with all grids: {first_data_s:.2f} s (made when it starts)\n")
    _table(html, data, scripts, stock.stat().st_size, own_s, peer_s, own, peer)
    largest = max(map(len, html.values())) / 1000
    return [
        bar("HTML, kB", largest, 10),
        bar("scripts, kB gzip", max(scripts.values()) / 1000, 60),
        bar("data of a community, kB gzip", data["community"] / 1000, 150),
        bar("the resident page before data, kB gzip", _before_data(url) / 1000, 100),
        bar("documents and data that differ when made again", _different(source, url, html, asked), 1),
        bar("first draw of the city, s", own["city"].first_s, 1.5),
        bar("first draw of a community, s", own["community"].first_s, 1.5),
        bar("pan of the city, frames/s", own["city"].pan, least=30),
        bar("zoom of the city, frames/s", own["city"].zoom, least=30),
        bar("HTML beside stock folium, parts", largest * 1000 / stock.stat().st_size, 0.1),
        bar("rendering beside stock folium, parts", own_s / peer_s, 0.1),
        bar("first draw beside stock folium, parts", own["city"].first_s / peer.first_s, 1.0),
    ]


def _packed(names: Sequence[str]) -> int:
    return sum(len(asset(name).packed) for name in names)


def _before_data(url: str) -> int:
    """Return the bytes of the resident page, its styles and scripts, packed."""
    page = _get(url + "/")
    files = re.findall(rb'(?:src|href)="/?(static/[^"]+\.(?:js|css))"', page)
    by_path = assets_by_path()
    return len(gzip.compress(page, 6)) + sum(len(by_path[one.decode()].packed) for one in set(files))


def _different(source: Snapshot, url: str, html: dict[str, bytes], asked: dict[str, str]) -> int:
    """Count what is not the same, byte by byte, when it is asked for again or made from the snapshot anew."""
    again = Drawing(Snapshot.open(source.folder), colours_of(source), orjson.Fragment)
    pages = [_get(url + path) for path in ("/embed/city", "/embed/city")]
    made = [orjson.dumps(again.piece(path.split("/", 5)[5])) for path in asked.values()]
    served = [_get(url + path) for path in asked.values()]
    twice = [_own_page(source, "city", "") for _ in range(2)]
    pairs = [tuple(pages), (pages[0], html["city"]), *zip(made, served, strict=True), tuple(twice)]
    return sum(one != other for one, other in pairs)


def bar(name: str, value: float, most: float | None = None, *, least: float | None = None) -> dict[str, Any]:
    """Return one bar of the JSON line."""
    holds = value < most if most is not None else value > (least or 0)
    goal = f"< {most:g}" if most is not None else f"> {least:g}"
    return {"name": name, "value": round(value, 4), "goal": goal, "holds": holds}


def stock_page(source: Snapshot) -> str:
    """Return what stock folium makes of all grids: one GeoJson layer, coloured, with a tooltip."""
    layer, colours = source.layer("grids"), colours_of(source)
    features = [
        {
            "type": "Feature",
            "properties": {"name": row["name"], "code": row["id"], "colour": colours.get(row["id"], 0)},
            "geometry": shape.__geo_interface__,
        }
        for row, shape in zip(layer.rows, layer.shapes, strict=True)
    ]
    west, south, east, north = source.city["bounds"]
    made = folium.Map(tiles=None)
    folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        style_function=lambda _: {"fillOpacity": 0.7, "color": "#222222", "weight": 1},
        tooltip=folium.GeoJsonTooltip(fields=["name"]),
    ).add_to(made)
    made.fit_bounds([[south, west], [north, east]])
    return str(made.get_root().render())


def _own_page(source: Snapshot, kind: str, id_: str) -> str:
    return embed_page(source.city, {}, View(kind, id_, "/embed/data/1/x/"), Options(), Host("http://h/"))


def _data_url(page: bytes, name: str, community: str) -> str:
    setup = json.loads(page.split(b'id="geogrid-setup">')[1].split(b"</script>")[0])
    return str(setup["data"]) + ("mosaic.json" if name == "city" else f"c/{community}.json")


def _get(url: str) -> bytes:
    with urlopen(Request(url), timeout=120) as answer:
        content = answer.read()
    assert isinstance(content, bytes)
    return content


def _seconds(act: Callable[[], object], runs: int) -> float:
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        act()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def _table(
    html: dict[str, bytes], data: dict[str, int], scripts: dict[str, int], stock: int,
    own_s: float, peer_s: float, own: dict[str, Seen], peer: Seen,
) -> None:  # fmt: skip
    rows = [
        ("HTML, kB", len(html["city"]) / 1e3, len(html["community"]) / 1e3, stock / 1e3),
        ("scripts, kB gzip", scripts["city"] / 1e3, scripts["community"] / 1e3, None),
        ("data, kB gzip", data["city"] / 1e3, data["community"] / 1e3, None),
        ("rendering on the server, ms", own_s * 1e3, own_s * 1e3, peer_s * 1e3),
        ("first draw, s", own["city"].first_s, own["community"].first_s, peer.first_s),
        ("pan, frames/s", own["city"].pan, own["community"].pan, peer.pan),
        ("zoom, frames/s", own["city"].zoom, own["community"].zoom, peer.zoom),
        ("longest frame, ms", own["city"].worst_ms, own["community"].worst_ms, peer.worst_ms),
    ]
    print(f"{'medians':30} {'city':>10} {'community':>10} {'folium':>10}")
    for label, *values in rows:
        print(
            f"{label:30} "
            + " ".join(f"{value:10,.2f}" if value is not None else f"{'-':>10}" for value in values)
        )


def _load() -> str:
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


if __name__ == "__main__":
    main()
