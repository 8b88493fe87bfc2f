"""What is sent to do harm: what swells when it is unpacked, nests without end, numbers that no store holds.

The zoo of broken cities is in ``zoo``, hostile assignment files in ``test_assignments``, hostile tables in
``test_tables``. Here are the attacks on time, memory and other files of the machine.
"""

from __future__ import annotations

import json
import resource
import threading
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from openpyxl import Workbook
from shapely import Polygon

from api import Settings, create_app
from geogrid import sheets
from geogrid.assignments import read_assignment
from geogrid.boundaries import read_city
from geogrid.boundaries.repair import mended_polygon
from geogrid.errors import InputError
from geogrid.tables import open_table
from tests.planned import office, sign_in
from tests.zoo.town import sound_town

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.planned import Person

LOL = (
    b"<!DOCTYPE lolz [<!ENTITY lol0 'lollollol'>"
    + b"".join(b"<!ENTITY lol%d '%s'>" % (n + 1, b"&lol%d;" % n * 10) for n in range(9))
    + b"]>"
)


def rules(attempt: Callable[[], object]) -> set[str]:
    with pytest.raises(InputError) as told:
        attempt()
    return {fault.rule for fault in told.value.faults}


def rows(path: Path) -> int:
    with open_table(path) as table:
        return sum(batch.num_rows for batch in table.batches)


# Workbooks are archives of XML


def workbook(path: Path, part: str = "sheet1.xml", edit: Callable[[bytes], bytes] = bytes) -> Path:
    """Write a workbook of ``unit,grid`` with one row, one of its parts edited."""
    book, plain = Workbook(), path.with_suffix(".plain")
    for row in (["unit", "grid"], ["A", 1]):
        book.active.append(row)
    book.save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            told = source.read(name)
            target.writestr(name, edit(told) if name.endswith(part) else told)
    return path


def test_a_workbook_without_harm_is_read(tmp_path: Path) -> None:
    assert rows(workbook(tmp_path / "a.xlsx")) == 1


def test_a_workbook_that_swells_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    """A gigabyte of blanks packs into a megabyte; a thousandth of that is written here."""
    path = workbook(tmp_path / "a.xlsx", edit=lambda told: told + b" " * (2 << 20))
    assert path.stat().st_size < 20_000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheets, "MOST_UNPACKED", 1 << 20)
        assert rules(lambda: rows(path)) == {"too-large"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheets, "MOST_PARTS", 3)
        assert rules(lambda: rows(path)) == {"too-large"}


def test_an_archive_that_lies_about_its_parts_is_broken(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", edit=lambda told: told + b" " * (2 << 20))
    with zipfile.ZipFile(path) as archive:
        size = next(one.file_size for one in archive.infolist() if one.filename.endswith("sheet1.xml"))
    data = path.read_bytes()
    path.write_bytes(data.replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little")))
    assert rules(lambda: rows(path)) == {"broken-file"}


def test_entities_in_a_workbook_do_not_laugh(tmp_path: Path) -> None:
    def laugh(told: bytes) -> bytes:
        head, mark, rest = told.rpartition(b"<worksheet")
        return head + LOL + mark + rest.replace(b"<v>1</v>", b"<v>&lol9;</v>")

    assert rules(lambda: rows(workbook(tmp_path / "a.xlsx", edit=laugh))) == {"broken-file"}


def test_a_sheet_that_claims_to_be_huge_is_what_it_is(tmp_path: Path) -> None:
    def claim(told: bytes) -> bytes:
        return told.replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"')

    path = workbook(tmp_path / "a.xlsx", edit=claim)
    with zipfile.ZipFile(path) as archive:
        assert b"XFD1048576" in archive.read("xl/worksheets/sheet1.xml")
    assert rows(path) == 1


def test_one_far_cell_makes_no_wide_sheet(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", edit=lambda told: told.replace(b'r="B2"', b'r="XFD2"'))
    assert rules(lambda: rows(path)) == {"too-large"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheets, "MOST_CELLS", 3)
        assert rules(lambda: rows(workbook(tmp_path / "b.xlsx"))) == {"too-large"}


def test_a_citys_workbook_is_walked_before_it_is_taken(tmp_path: Path) -> None:
    town = sound_town()
    town.tables.pop("venues")
    town.afterwards.append(
        lambda folder: (
            workbook(folder / "venues.xlsx", edit=lambda told: told.replace(b'"B2"', b'"XFD2"')).stat()
            and None
        )
    )
    assert "too-large" in rules(lambda: read_city(town.write(tmp_path)))


# XML and JSON of areas, read by GDAL


def land_in(folder: Path, name: str, content: bytes) -> Path:
    """Write the sound town with its one piece of land in a file of another kind."""
    town = sound_town()
    town.layers.pop("land")
    town.toml += f'\n[layers.land]\nfile = "{name}"\ncrs = "EPSG:4326"\n'
    town.write(folder)
    (folder / name).write_bytes(content)
    return folder


RING = b"124.39,40.13 124.3901,40.13 124.3901,40.1301 124.39,40.13"


def gml(head: bytes, name: bytes, more: bytes = b"") -> bytes:
    return (
        b'<?xml version="1.0"?>' + head + b'<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml" '
        b'xmlns:x="http://x.example" ' + more + b"><gml:featureMember><x:land><x:id>p1</x:id><x:name>" + name
        + b"</x:name><x:class>park</x:class><gml:polygonProperty><gml:Polygon srsName='EPSG:4326'>"
        b"<gml:outerBoundaryIs><gml:LinearRing><gml:coordinates>" + RING + b"</gml:coordinates>"
        b"</gml:LinearRing></gml:outerBoundaryIs></gml:Polygon></gml:polygonProperty></x:land></gml:featureMember>"
        b"</gml:FeatureCollection>"
    )  # fmt: skip


def kml(head: bytes, name: bytes) -> bytes:
    return (
        b'<?xml version="1.0"?>' + head + b'<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark>'
        b"<name>" + name + b"</name><Polygon><outerBoundaryIs><LinearRing><coordinates>" + RING
        + b"</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Document></kml>"
    )  # fmt: skip


def outside(path: Path) -> bytes:
    path.write_text("SECRET")
    return f"<!DOCTYPE x [<!ENTITY e SYSTEM '{path.as_uri()}'>]>".encode()


def test_gml_is_read(tmp_path: Path) -> None:
    (park,) = read_city(land_in(tmp_path, "land.gml", gml(b"", "公园".encode()))).land
    assert (park.id, park.name) == ("p1", "公园")


@pytest.mark.parametrize(("name", "content"), [("land.gml", gml), ("land.kml", kml)])
def test_entities_of_areas_do_not_laugh(tmp_path: Path, name: str, content: Any) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert rules(lambda: read_city(land_in(tmp_path, name, content(LOL, b"&lol9;"))))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200_000, "kilobytes; the entities would be nine gigabytes"


@pytest.mark.parametrize(("name", "content"), [("land.gml", gml), ("land.kml", kml)])
def test_no_entity_reads_another_file(tmp_path: Path, name: str, content: Any) -> None:
    town = tmp_path / "town"
    town.mkdir()
    content = content(outside(tmp_path / "secret"), b"&e;")
    try:
        told = str(read_city(land_in(town, name, content)).land)
    except InputError as error:
        told = str(error)
    assert "SECRET" not in told


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """Listen on a free port and keep what is asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET

        def log_message(self, *_: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()


def test_no_file_of_areas_makes_us_ask_another_host(tmp_path: Path, listener: tuple[str, list[str]]) -> None:
    url, asked = listener
    xsi = (
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="http://x.example {url}/x.xsd"'
    )
    attempts = {
        "land.gml": gml(f"<!DOCTYPE x SYSTEM '{url}/x.dtd'>".encode(), b"x", xsi.encode()),
        "land.kml": kml(f"<!DOCTYPE x [<!ENTITY e SYSTEM '{url}/e'>]>".encode(), b"&e;"),
        "land.geojson": json.dumps({"type": "FeatureCollection", "features": [], "$ref": url}).encode(),
        "land.json": f'{{"type": "Topology", "href": "{url}/t"}}'.encode(),
        "land.vrt": f"<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>/vsicurl/{url}/a</SrcDataSource>"
        "</OGRVRTLayer></OGRVRTDataSource>".encode(),
        "land.url": url.encode(),
    }
    for number, (name, content) in enumerate(attempts.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            read_city(land_in(folder, name, content))
        except InputError:
            continue
    assert asked == []


DEEP = b"[" * 100_000 + b"]" * 100_000
FEATURE = (
    b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"p1","class":"park"%s},'
    b'"geometry":{"type":"Polygon","coordinates":%s}}]}'
)
SQUARE = b"[[[124.39,40.13],[124.3901,40.13],[%s,40.1301],[124.39,40.13]]]"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (FEATURE % (b',"x":' + DEEP, SQUARE % b"124.3901"), "unreadable-file"),
        (FEATURE % (b"", DEEP), "unreadable-file"),
        (FEATURE % (b"", SQUARE % b"NaN"), "not-finite"),
        (FEATURE % (b"", SQUARE % b"Infinity"), "not-finite"),
        (FEATURE % (b"", SQUARE % b"1e308"), "out-of-range"),
        (FEATURE % (b"", SQUARE % (b"9" * 100_000)), "unreadable-file"),
        (b'{"type":"FeatureCollection","features":[' + b"[" * 500_000, "unreadable-file"),
    ],
    ids=["deep property", "deep coordinates", "NaN", "Infinity", "far away", "a long number", "never closed"],
)
def test_hostile_geojson_is_refused(tmp_path: Path, content: bytes, rule: str) -> None:
    assert rule in rules(lambda: read_city(land_in(tmp_path, "land.geojson", content)))


def star(points: int) -> Polygon:
    """Draw a star with an odd number of points whose every edge crosses nearly all others."""
    angles = np.arange(points) * (points // 2) % points * (2 * np.pi / points)
    return Polygon(np.column_stack([np.cos(angles), np.sin(angles)]) * 1000)


@contextmanager
def no_more_memory_than(more: int) -> Iterator[None]:
    """Let this process have only so many bytes more than it has."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def test_a_polygon_that_crosses_itself_everywhere_is_refused_within_bounds() -> None:
    """20,001 edges cross each other 200 million times: without the guard this takes more than 3 GB."""
    with no_more_memory_than(512 << 20):
        assert mended_polygon(star(20_001)) is None
        assert mended_polygon(star(101)) is None


def test_a_long_border_with_one_small_loop_is_mended() -> None:
    """Only what is tangled is left alone: 50,000 corners, of which two are in the wrong order."""
    angles = np.linspace(0, 2 * np.pi, 50_000, endpoint=False)
    corners = np.column_stack([np.cos(angles), np.sin(angles)]) * 1000
    corners[[10, 11]] = corners[[11, 10]]
    mended = mended_polygon(Polygon(corners))
    assert mended.is_valid
    assert abs(mended.area - np.pi * 1e6) < 10


# Assignment files, which planners send


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b'{"features":[' + b"{}," * 1_500_001 + b"{}]}", "too-large"),
        (b'{"features":[],"x":[' + b"[]," * 1_500_001 + b"[]]}", "too-large"),
        (b'{"features":[{"properties":{"unit":"a","grid":' + b"9" * 6000 + b"}}]}", "broken-file"),
        (b'{"features":[{"properties":5}]}', "broken-file"),
        (b'{"x":' + b"[" * 900_000, "broken-file"),
    ],
    ids=["many features", "many lists", "a long number", "no properties", "never closed"],
)
def test_hostile_geojson_of_an_assignment_is_refused(tmp_path: Path, body: bytes, rule: str) -> None:
    path = tmp_path / "a.geojson"
    path.write_bytes(body)
    assert rules(lambda: read_assignment(path)) == {rule}


# Lines and fields of tables


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for content in (b"a,b\n" + b"x" * (2 << 20) + b",1\n", b"x" * (2 << 20), b'a,b\n"' + b"x\n" * (1 << 20)):
        path.write_bytes(content)
        assert rules(lambda: rows(path)) == {"broken-csv"}
    path.write_bytes(b"a," * 3000)
    assert "too-many-columns" in rules(lambda: rows(path))


# Questions to the service


@pytest.fixture
def planner(tmp_path: Path) -> Iterator[Person]:
    with office(tmp_path) as client:
        yield sign_in(client, "planner")


def raw(planner: Person, path: str, body: str) -> int:
    headers = {"X-CSRF-Token": planner.csrf, "Content-Type": "application/json"}
    answer = planner.client.post(f"/v1/planning{path}", content=body.encode(), headers=headers)
    return int(answer.status_code)


NEST = "[" * 7000 + "]" * 7000
BIG = [2**31, 2**63, 10**30]


def test_a_body_that_is_nested_without_end_is_refused(planner: Person, town_snapshot: Path) -> None:
    draft = planner.post("/drafts", community="c1", title="x").json()["draft"]["id"]
    for path, body in (
        (f"/drafts/{draft}/steps", f'{{"revision":1,"operation":{{"kind":{NEST}}}}}'),
        (f"/drafts/{draft}/steps", '{"revision":1,"operation":' + '{"a":' * 2000 + "1" + "}" * 2001),
        ("/drafts", f'{{"community":"c1","title":"x","policy":{{"x":{NEST}}}}}'),
        ("/session", NEST),
    ):
        assert raw(planner, path, body) == 422, path
    with TestClient(create_app(Settings(town_snapshot, reload_s=0))) as client:
        for path in ("/v1/lookup", "/v1/lookup/batch"):
            answer = client.post(path, content=NEST, headers={"Content-Type": "application/json"})
            assert answer.status_code in {404, 422}, path


@pytest.mark.parametrize("number", BIG)
def test_a_number_that_no_store_holds_is_none(planner: Person, number: int) -> None:
    draft = planner.post("/drafts", community="c1", title="x").json()["draft"]["id"]
    for path in (f"/drafts/{number}", f"/drafts/{number}/bench", f"/drafts/{draft}?at={number}"):
        assert planner.get(path).status_code in {404, 422}, path
    assert planner.send("DELETE", f"/tokens/{number}").status_code == 404
    for path, body in (
        ("/drafts", {"community": "c1", "title": "x", "base": number}),
        (f"/drafts/{draft}/undo", {"revision": number}),
        (f"/drafts/{draft}/jump", {"revision": 1, "step": number}),
        (f"/drafts/{draft}/steps", {"revision": 1, "operation": {"kind": "retire", "grid": number}}),
        (f"/drafts/{draft}/why-not", {"unit": "A", "grid": number}),
    ):
        assert planner.send("POST", path, body).status_code == 422, (path, body)


def test_a_text_that_no_store_holds_is_refused(planner: Person) -> None:
    draft = planner.post("/drafts", community="c1", title="x").json()["draft"]["id"]
    assert raw(planner, f"/drafts/{draft}/comments", '{"text":"a\\u0000b"}') == 422
    assert raw(planner, f"/drafts/{draft}/comments", '{"text":"a\\ud800b"}') == 422
    assert planner.get("/drafts?community=%00").status_code == 422
    assert planner.get("/shared/%00").status_code == 422


def test_what_is_no_number_is_no_place(town_snapshot: Path, planner: Person) -> None:
    draft = planner.post("/drafts", community="c1", title="x").json()["draft"]["id"]
    with (
        TestClient(create_app(Settings(town_snapshot, reload_s=0, hot=False))) as cold,
        TestClient(create_app(Settings(town_snapshot, reload_s=0))) as hot,
    ):
        for number in ("nan", "inf", "-inf", "1e999", "-1e308", "9" * 5000):
            for client in (cold, hot):
                for path in ("/v1/lookup", "/v1/reverse"):
                    answer = client.get(f"{path}?lon={number}&lat=40")
                    assert answer.status_code == 422, (path, number)
            assert cold.get(f"/ogc/collections/grids/items?bbox=1,2,{number},4").status_code == 400
    for number in ("NaN", "Infinity", "1e999"):
        line = f'{{"grid":1,"line":[[{number},1],[2,3]]}}'
        assert raw(planner, f"/drafts/{draft}/parts", line) == 422
