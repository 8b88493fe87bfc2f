"""The whole way of the data through the command line: a folder of files in, answers out."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pyarrow as pa
import pytest
import shapely
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api import worker
from geogrid.archive import Actor, Archive
from geogrid.cli.app import app
from geogrid.cli.demo import DRAWN, cities_beside
from geogrid.cli.exits import Exit
from geogrid.crs import DEGREES, to_degrees
from geogrid.snapshot import Period, read_timeline
from geogrid.tables import open_table, table_of, write_table
from tests.servers import draw_certificate
from tests.town import draw_city

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geogrid.model import City

# Eight compounds of two buildings each (80 households a compound) on both banks, and a park in the east.
WEST = "ABCDEFGH\nABCDEFGH"
EAST = "IJKLMNOP*\nIJKLMNOP*"
CITY_TOML = """
id = "drawn"
name = "Drawn"
plane = "{plane}"
grammar = "mainland"
attribution = "drawn for a test"
synthetic = true
"""


def write_layer(folder: Path, name: str, city: City, things: Sequence[Any], columns: dict[str, str]) -> None:
    """Write one layer as GeoJSON; ``columns`` maps columns of the file to attributes."""
    values: dict[str, list[Any]] = {
        column: [getattr(thing, attribute) for thing in things] for column, attribute in columns.items()
    }
    schema = pa.schema([(column, pa.array(value).type) for column, value in values.items()])
    shapes = list(to_degrees([thing.geometry for thing in things], city.plane))
    table = table_of(
        {**values, "geometry": shapes},
        schema.append(pa.field("geometry", pa.binary())),
        geometry="geometry",
        crs=DEGREES,
    )
    write_table(folder / f"{name}.gpkg", table, layer=name)


def write_city(folder: Path, east: str = EAST) -> City:
    city = draw_city(WEST, east)
    folder.mkdir()
    (folder / "city.toml").write_text(CITY_TOML.format(plane=city.plane), encoding="utf-8")
    write_layer(folder, "communities", city, city.communities, {"id": "id", "name": "name", "code": "code"})
    belongs = {"id": "id", "name": "name", "community_id": "community_id"}
    write_layer(folder, "compounds", city, city.compounds, belongs)
    built = belongs | {"compound_id": "compound_id", "number": "number", "households": "households"}
    write_layer(folder, "buildings", city, city.buildings, built)
    if city.land:
        write_layer(folder, "land", city, city.land, {"id": "id", "class": "kind"})
    with (folder / "addresses.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "building_id", "community_id"])
        for row in city.addresses.itertuples():
            writer.writerow([row.address_id, row.text, row.building_id, row.community_id])
    return city


class Town:
    """A city that went through load, divide and publish."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = f"sqlite:///{folder}/store.db"
        self.city = write_city(folder / "drawn")
        self.said = [
            self.run("load", str(folder / "drawn")),
            self.run("divide", "--workers", "1"),
            self.run("publish"),
        ]

    def run(self, *arguments: str, code: int = Exit.OK) -> str:
        result = CliRunner().invoke(app, ["--debug", *arguments, "--store", self.store])
        assert result.exit_code == code, f"{arguments}: {result.output}\n{result.exception!r}"
        return result.stdout

    def json(self, *arguments: str, code: int = Exit.OK) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code))

    def file(self, name: str) -> Path:
        return self.folder / name


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return Town(tmp_path_factory.mktemp("journey"))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_loading_tells_what_there_is(town: Town) -> None:
    # 16 compounds of two buildings; 40 households a building.
    assert "2 communities, 16 compounds, 32 buildings, 1,280 households, 32 addresses" in town.said[0]


def test_eight_compounds_become_eight_grids_and_the_park_a_ninth(town: Town) -> None:
    report = town.json("report")
    west, east = report["communities"]
    assert (west["residential"], west["special"]) == (8, 0)
    assert (east["residential"], east["special"]) == (8, 1)
    assert west["alignments"]["whole"] == east["alignments"]["whole"] == 8
    assert {row[key] for row in (west, east) for key in ("households_min", "households_max")} == {80}
    assert west["proved"]
    assert east["proved"]


def test_an_address_and_its_position_have_the_same_grid(town: Town) -> None:
    codes = {}
    centres = np.array([building.geometry.centroid for building in town.city.buildings], dtype=object)
    places = to_degrees(centres, town.city.plane)
    for building, place in list(zip(town.city.buildings, places, strict=True))[::5]:
        by_text = town.json("lookup", f"{building.compound_id}小区{building.number}号楼")
        by_point = town.json("lookup", "--lon", str(place.x), "--lat", str(place.y))
        assert by_text["status"] == by_point["status"] == "matched"
        assert by_text["grid"]["code"] == by_point["grid"]["code"]
        codes[building.compound_id] = by_text["grid"]["code"]
    # Numbers go from west to east: compound A is grid 1 of the first community, H is grid 8.
    assert codes["A"] == "210602001001001"
    assert codes["H"] == "210602001001008"


def test_a_lookup_for_a_person_names_the_grid_and_the_vacancies(town: Town) -> None:
    said = town.run("lookup", "C小区2号楼")
    assert "210602001001003" in said
    assert "to be founded" in said
    assert "vacant" in said


def test_what_is_not_there_is_exit_1(town: Town) -> None:
    assert town.json("lookup", "不存在的地方99号", code=Exit.NO)["grid"] is None
    assert town.json("lookup", "--lon", "0", "--lat", "0", code=Exit.NO)["status"] == "outside"


def test_every_address_is_assigned_once_and_in_order(town: Town) -> None:
    out = town.file("out.csv")
    tally = town.json("assign", str(town.folder / "drawn" / "addresses.csv"), str(out))
    assert tally["by_status"] == {"matched": 32}
    assert [row["id"] for row in rows(out)] == list(town.city.addresses["address_id"])
    by_compound = {row["building_id"][0]: row["grid_code"] for row in rows(out)}
    assert len(set(by_compound.values())) == 16


def test_positions_in_another_system_are_assigned(town: Town) -> None:
    source, out = town.file("places.csv"), town.file("places-out.csv")
    # The plane of the town itself is a system too: the middle of the first cell of compound A.
    source.write_text("lon,lat\n50,150\n-500,0\n")
    town.run("assign", str(source), str(out), "--crs", town.city.plane, "--review", str(town.file("r.csv")))
    assert [(row["status"], row["grid_code"]) for row in rows(out)] == [
        ("matched", "210602001001001"),
        ("outside", ""),
    ]
    assert [row["row"] for row in rows(town.file("r.csv"))] == ["2"]


def test_the_check_finds_nothing(town: Town) -> None:
    found = town.json("check")
    assert found["sound"]
    assert found["findings"] == []


def test_the_check_finds_what_is_broken(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from geogrid import check

    finding = check.Finding("a_rule", "c1", ("1",), "it is broken")
    monkeypatch.setattr(check, "check_city", lambda *_: (finding,))
    assert town.json("check", code=Exit.NO)["findings"][0]["rule"] == "a_rule"
    assert "it is broken" in town.run("check", code=Exit.NO)


def test_exported_grids_tile_the_communities(town: Town) -> None:
    path = town.file("grids.gpkg")
    town.run("export", "grids", str(path))
    with open_table(path) as table:
        read = pa.Table.from_batches(list(table.batches), table.schema)
        shapes = shapely.from_wkb(read.column(table.geometry).to_pylist())
    assert read.num_rows == 17
    communities = np.array([one.geometry for one in town.city.communities], dtype=object)
    whole = shapely.union_all(to_degrees(communities, town.city.plane))
    assert shapely.coverage_is_valid(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(whole.area, rel=1e-9)


def test_an_exported_plan_names_every_unit_once(town: Town) -> None:
    town.run("export", "plan", str(town.file("plan.csv")))
    units = [row["unit"] for row in rows(town.file("plan.csv"))]
    assert len(units) == len(set(units))
    assert set("ABCDEFGHIJKLMNOP") <= set(units)


def test_the_report_is_written_in_three_forms(town: Town) -> None:
    for name in ("report.md", "report.html", "report.json"):
        town.run("report", str(town.file(name)))
        assert "2 communities" in town.file(name).read_text(encoding="utf-8")
    assert town.run("report").startswith("# How Drawn was divided")


def test_the_map_is_one_file_that_asks_nobody(town: Town) -> None:
    path = town.file("map.html")
    town.run("map", str(path), "--language", "zh-Hans")
    page = path.read_text(encoding="utf-8")
    assert "210602001001001" in page
    assert "A小区" in page
    assert 'src="http' not in page


def test_loading_and_dividing_again_changes_nothing(town: Town) -> None:
    before = town.json("report")
    town.run("load", str(town.folder / "drawn"))
    town.run("publish", "1")
    assert town.json("report") == before


def test_newer_data_can_be_planned_on_at_once(town: Town, tmp_path: Path) -> None:
    """A compound Q of 80 homes stands where the park was: it has no grid, all others keep theirs."""
    shutil.copy(town.folder / "store.db", tmp_path)
    write_city(tmp_path / "drawn", EAST.replace("*", "Q"))
    store = f"sqlite:///{tmp_path}/store.db"
    done = CliRunner().invoke(app, ["load", str(tmp_path / "drawn"), "--store", store])
    assert done.exit_code == Exit.OK, done.output
    with Archive.open(store) as archive:
        assert archive.without_units("drawn") == ()
        begun = archive.drafts.begin("drawn", "c2", title="Q", by=Actor("planner"))
        draft = archive.drafts.open(begun.id).draft
        assert archive.graphs("drawn")["c2"].units[-1].id == "Q"
    assert dict(draft.assignment) == {name: number for number, name in enumerate("IJKLMNOP", 1)}


def test_a_damaged_snapshot_is_compiled_again(town: Town) -> None:
    (cards,) = town.folder.glob("store.snapshots/drawn/1/cards.json")
    cards.write_text("{}")
    assert town.json("lookup", "A小区1号楼")["status"] == "matched"


def test_two_cities_in_one_store_must_be_told_apart(town: Town, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write_city(other)
    toml = (other / "city.toml").read_text().replace('"drawn"', '"other"')
    (other / "city.toml").write_text(toml)
    store = f"sqlite:///{tmp_path}/two.db"
    for folder in (town.folder / "drawn", other):
        assert CliRunner().invoke(app, ["load", str(folder), "--store", store]).exit_code == Exit.OK
    result = CliRunner().invoke(app, ["check", "--store", store])
    assert result.exit_code == Exit.USAGE
    assert "drawn, other" in result.stderr
    for city, code in (("other", Exit.MISSING), ("nowhere", Exit.MISSING)):
        assert CliRunner().invoke(app, ["check", "--store", store, "--city", city]).exit_code == code


def test_the_demo_does_it_all_and_starts_at_once_the_second_time(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["demo", "--city", str(town.folder / "drawn"), "--no-serve", "--workers", "1"]
    arguments += ["--store", f"sqlite:///{tmp_path}/demo.db"]
    first = CliRunner().invoke(app, arguments)
    assert first.exit_code == Exit.OK, first.output
    assert "17 grids, version 1" in first.stdout
    offered = re.findall(r"^  (dandong|bukit-merah|songshan) ", first.stdout, re.M)
    assert offered == ["dandong", "bukit-merah", "songshan"]
    monkeypatch.setattr("geogrid.boundaries.read_city", None)
    monkeypatch.setattr("geogrid.fleet.divide_city", None)
    second = CliRunner().invoke(app, arguments)
    assert second.exit_code == Exit.OK, second.output
    assert "17 grids, version 1" in second.stdout


def test_the_demo_opens_the_sample_city_and_the_real_ones_beside_it() -> None:
    root = Path(__file__).parent.parent
    assert re.search(r"^CITY \?= dandong$", (root / "Makefile").read_text(encoding="utf-8"), re.M)
    beside = dict(cities_beside(DRAWN.resolve()))
    assert list(beside) == ["bukit-merah", "songshan"]
    assert beside["songshan"] == "松山區: real data"


def test_the_demo_knows_a_city_by_its_id_and_not_by_its_folder(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is called as another city of the store is; its city.toml says who it is."""
    folder = shutil.copytree(town.folder / "drawn", tmp_path / "other")
    toml = (folder / "city.toml").read_text()
    store = f"sqlite:///{tmp_path}/demo.db"
    arguments = ["demo", "--city", str(folder), "--no-serve", "--workers", "1", "--store", store]
    assert CliRunner().invoke(app, arguments).exit_code == Exit.OK
    (folder / "city.toml").write_text(toml.replace('"drawn"', '"other"'))
    assert CliRunner().invoke(app, ["load", str(folder), "--store", store]).exit_code == Exit.OK
    (folder / "city.toml").write_text(toml)
    monkeypatch.setattr("geogrid.boundaries.read_city", None)
    monkeypatch.setattr("geogrid.fleet.divide_city", None)
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == Exit.OK, again.output
    assert "17 grids, version 1" in again.stdout


def test_an_interrupted_division_goes_on_where_it_stopped(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from geogrid import fleet

    store = f"sqlite:///{tmp_path}/store.db"
    CliRunner().invoke(app, ["load", str(town.folder / "drawn"), "--store", store])
    real, asked = fleet._divide_one, []

    def one_then_stop(work: Any, community: str) -> Any:
        asked.append(community)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return real(work, community)

    monkeypatch.setattr(fleet, "_divide_one", one_then_stop)
    arguments = ["divide", "--workers", "1", "--store", store]
    assert CliRunner().invoke(app, arguments).exit_code == Exit.INTERRUPTED
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == Exit.OK, done.output
    assert asked == ["c1", "c2", "c2"]
    assert "Version 1 is a draft" in done.stdout


def test_serving_is_refused_before_anything_is_published(town: Town, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/store.db"
    CliRunner().invoke(app, ["load", str(town.folder / "drawn"), "--store", store])
    result = CliRunner().invoke(app, ["serve", "--store", store])
    assert result.exit_code == Exit.MISSING
    assert "no published plan" in result.stderr


def test_the_application_serves_the_plan_in_force(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def answer_one(app: str, **options: Any) -> None:
        seen.update(options, app=app)
        with TestClient(worker.served()) as client:
            seen["answer"] = client.post("/v1/lookup", json={"address": "A小区1号楼"}).json()

    monkeypatch.setattr("uvicorn.run", answer_one)
    monkeypatch.setattr("api.logged.start_log", lambda what: seen.update(log=what))
    before = dict(os.environ)
    town.run("serve", "--port", "8765", "--workers", "2")
    assert dict(os.environ) == before, "what workers are told does not outlive them"
    assert (seen["port"], seen["workers"], seen["access_log"]) == (8765, 2, False)
    assert (seen["log"], seen["ssl_certfile"], seen["ssl_keyfile"]) == ("errors", None, None)
    answer = seen["answer"]
    assert answer["grid"]["code"] == "210602001001001"


def test_one_worker_keeps_nothing_of_what_has_found_the_plan(town: Town, tmp_path: Path) -> None:
    """The command becomes the worker: no solver, no database, no numba, and no room of the working folder."""
    (tmp_path / "api.py").write_text("raise ImportError('not ours')")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = str(Path(sys.executable).with_name("geogrid"))
    words = [command, "serve", "--store", town.store, "--port", str(port)]
    with subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        try:
            question = {"address": "A小区1号楼"}
            answer = until_answered(f"http://127.0.0.1:{port}/v1/lookup", question, process).json()
            assert answer["grid"]["code"] == "210602001001001"
            mapped = Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8")
            assert [name for name in ("sqlalchemy", "ortools", "llvmlite") if f"/{name}" in mapped] == []
        finally:
            process.terminate()


def test_workers_speak_tls_themselves_where_they_have_a_certificate(town: Town, tmp_path: Path) -> None:
    draw_certificate(tmp_path / "key.pem", tmp_path / "chain.pem")
    (tmp_path / "half.toml").write_text('tls_key = "key.pem"\n')
    (tmp_path / "missing.toml").write_text('tls_key = "key.pem"\ntls_certificate = "none.pem"\n')
    (tmp_path / "tls.toml").write_text('tls_key = "key.pem"\ntls_certificate = "chain.pem"\n')
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = str(Path(sys.executable).with_name("geogrid"))
    words = [command, "serve", "--store", town.store, "--port", str(port), "--settings"]
    for wrong in ("half.toml", "missing.toml"):
        done = subprocess.run([*words, wrong], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == Exit.DATA, done.stderr
    with subprocess.Popen([*words, "tls.toml"], cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        try:
            trusted = ssl.create_default_context(cafile=str(tmp_path / "chain.pem"))
            url = f"https://127.0.0.1:{port}/v1/lookup"
            answer = until_answered(url, {"address": "A小区1号楼"}, process, trusted)
            assert answer.json()["grid"]["code"] == "210602001001001"
            assert answer.headers["strict-transport-security"].startswith("max-age=")
            with pytest.raises(httpx.TransportError):
                httpx.get(f"http://127.0.0.1:{port}/healthz")
        finally:
            process.terminate()


def until_answered(
    url: str, question: dict[str, str], process: subprocess.Popen[str], trusted: ssl.SSLContext | bool = True
) -> httpx.Response:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return httpx.post(url, json=question, verify=trusted)
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(process.stderr.read() if process.stderr else "")


def test_an_announced_plan_is_not_shown_before_its_day(town: Town) -> None:
    said = json.loads(town.run("divide", "--workers", "1", "--policy", "compound-first", "--json"))
    town.run("publish", str(said["version"]), "--from", "2999-01-01")
    link = town.folder / "store.snapshots" / "drawn" / "current"
    assert link.resolve().name == "1"
    assert town.json("report")["version"] == "1"
    assert town.json("report", "--version", str(said["version"]))["policy"] == "compound-first"
    root = link.parent
    assert [one.version for one in read_timeline(root)] == [1, said["version"]]
    assert town.json("withdraw", str(said["version"]))["status"] == "retired"
    assert read_timeline(root) == (Period(1, read_timeline(root)[0].effective_from, None),)


def test_a_pipe_gets_plain_text(town: Town) -> None:
    geogrid = Path(sys.executable).with_name("geogrid")
    arguments = [str(geogrid), "lookup", "C小区2号楼", "--store", town.store]
    done = subprocess.run(arguments, capture_output=True, check=True, env={**os.environ, "TERM": "xterm"})
    assert b"\x1b" not in done.stdout + done.stderr
    assert "210602001001003" in done.stdout.decode()
    assert done.stderr == b""


def test_an_address_file_with_formulas_comes_out_disarmed(town: Town) -> None:
    source, out = town.file("formulas.csv"), town.file("formulas-out.csv")
    source.write_text("address,note\nA小区1号楼,=1+1\n", encoding="gb18030")
    town.run("assign", str(source), str(out))
    (row,) = rows(out)
    assert (row["status"], row["note"]) == ("matched", "'=1+1")


def test_a_file_and_a_single_question_get_the_same_answer(town: Town) -> None:
    texts = ["A小区1号楼", "A小区", "B小区9号楼", "小区1号楼", "Ａ小区１号楼", "不存在的地方", "1"]
    source, out = town.file("asked.csv"), town.file("asked-out.csv")
    source.write_text("address\n" + "\n".join(texts) + "\n", encoding="utf-8")
    town.run("assign", str(source), str(out))
    for row in rows(out):
        result = CliRunner().invoke(app, ["lookup", row["address"], "--json", "--store", town.store])
        single = json.loads(result.stdout)
        assert (row["status"], row["grid_code"]) == (
            single["status"],
            single["grid"]["code"] if single["grid"] else "",
        ), row["address"]
        assert result.exit_code == (Exit.OK if row["grid_code"] else Exit.NO)
