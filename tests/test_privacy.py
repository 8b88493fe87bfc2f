"""Nothing private leaves: every private field of a roster holds a marker, every output is searched."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from api import Settings, create_app
from geogrid.cli import main
from geogrid.model import Role, TeamMember
from geogrid.overview import make_overview, overview_html, overview_json
from geogrid.plan import Plan
from geogrid.policy import EIGHT_TO_TEN
from geogrid.snapshot import Snapshot
from maps.file import render_file
from maps.printed import Job, print_book, print_notice, print_notices, print_wall
from tests.governed import PLANS, TEAM, TODAY, governed_town, graphs_of
from tests.printed import text_of
from tests.published import publish

if TYPE_CHECKING:
    from pathlib import Path

    from geogrid.model import City

MARK = "PRIVATE"
DAY = date(1901, 2, 3)  # a private date: of birth, of entry, it may not leave either
GRID = "210602001001001"
IDS = {
    "cities": "town",
    "districts": "d1",
    "subdistricts": "t1",
    "communities": "c1",
    "compounds": "A",
    "grids": GRID,
    "branches": "p1",
    "venues": "n1",
    "pairings": "q1",
}
EXAMPLES = {
    "code": GRID,
    "name": "grids",
    "layer": "grids",
    "z": "14",
    "x": "13852",
    "y": "6162",
    "ending": "gpkg",
}


def marked(member: TeamMember) -> TeamMember:
    """Return a member whose every field that may not be shown holds the marker; links must stay links."""
    links = {"id", "community_id", "branch_id", "compound_id", "role", "public", "since", "until"}
    hidden: dict[str, Any] = {
        one.name: (f"{MARK}-{one.name}",) if one.name == "concurrent" else f"{MARK}-{one.name}"
        for one in fields(member)
        if one.name not in links and not member.public
    }
    return replace(member, **hidden, id=f"{MARK}-{member.id}", since=member.since or DAY)


def marked_town() -> City:
    """Return the governed town with somebody hidden in every seat beside those who are public."""
    town = governed_town()
    strangers = [
        TeamMember(
            f"h{n}", "", role, public=False, community_id=community, branch_id=branch, compound_id=compound
        )
        for n, (role, community, branch, compound) in enumerate(
            [
                (Role.CHIEF_LEADER, "c1", "", ""),
                (Role.LEADER, "", "p1", ""),
                (Role.WORKER, "", "p1", ""),
                (Role.WORKER, "", "", "A"),
                (Role.VOLUNTEER, "", "p2", ""),
                (Role.VOLUNTEER, "", "", "E"),
            ]
        )
    ]
    secretaries = tuple(
        replace(one, secretary_id=f"{MARK}-{one.secretary_id}") if one.secretary_id else one
        for one in town.branches
    )
    return replace(
        town,
        branches=secretaries,
        team=tuple(marked(one) for one in (*TEAM, *strangers)),
        communities=tuple(replace(one, secretary=f"{MARK}-secretary") for one in town.communities),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(tmp_path_factory.mktemp("private"), marked_town())


def clean(text: str | bytes, where: str) -> None:
    """Fail where the marker or the private day is in ``text``."""
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    assert MARK not in plain, where
    assert DAY.isoformat() not in plain, where


def test_the_marker_is_everywhere_but_where_it_may_not_be() -> None:
    """The search is no fiction: of the roster every hidden text field holds the marker."""
    hidden = [one for one in marked_town().team if not one.public]
    assert len(hidden) == 7
    for member in hidden:
        told = [getattr(member, name) for name in ("name", "phone", "post", "concurrent", "id")]
        assert all(MARK in str(value) for value in told)


def test_no_file_of_the_snapshot_holds_it(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            clean(path.read_bytes(), path.name)


def test_no_map_file_holds_it(folder: Path) -> None:
    snapshot = Snapshot.open(folder)
    page = render_file(snapshot)
    clean(page, "the map file")
    assert "样例乙" in page, "who agreed is told"
    clean(render_file(snapshot, "c1", language="zh-Hans"), "the map of a community")


def test_no_printed_sheet_holds_it(folder: Path) -> None:
    snapshot = Snapshot.open(folder)
    for language in ("zh-Hans", "en"):
        job = Job(language=language, site="https://grids.example.org")
        for make, about in (
            (print_wall, "c1"),
            (print_wall, "c2"),
            (print_notice, GRID),
            (print_notices, "c1"),
            (print_book, "t1"),
        ):
            pdf = make(snapshot, about, job).pdf
            clean(pdf, f"the file of {about}")
            clean(text_of(pdf), f"the sheets of {about}")
    assert "样例乙" in text_of(print_wall(snapshot, "c1", Job()).pdf), "who agreed is told"


def pages_of(client: TestClient) -> list[str]:
    """Return an address of everything that can be read, as the API itself documents it."""
    paths = client.get("/openapi.json").json()["paths"]
    known = [path for path, ways in paths.items() if "get" in ways]
    assert set(IDS) <= {layer for path in known for layer in re.findall(r"(\w+)(?:/items)?/{id}", path)}
    # What is not of the city (a job) has no id that exists; its refusals are searched like all else.
    named = [
        re.sub(r"(\w+)(/items)?/{id}", lambda m: f"{m[1]}{m[2] or ''}/{IDS.get(m[1], '1')}", path)
        for path in known
    ]
    filled = [re.sub(r"{(\w+)}", lambda found: EXAMPLES.get(found[1], "1"), path) for path in named]
    return ["/", "/openapi.json", *filled]


def test_no_answer_of_the_api_holds_it(folder: Path) -> None:
    app = create_app(Settings(folder, reload_s=0))
    questions = [{"text": "A小区1号楼"}, {"lon": 124.38, "lat": 40.12}, {}]
    asked = 0
    with TestClient(app, raise_server_exceptions=False) as client:
        for page in pages_of(client):
            for question in questions if "lookup" in page else questions[-1:]:
                response = client.get(page, params=question)
                clean(response.content, page)
                clean(json.dumps(dict(response.headers)), page)
                asked += response.status_code == 200
                named = any(page.endswith(f"/{id_}") for id_ in IDS.values())
                assert response.status_code == 200 or not named, page
    assert asked >= 40


def test_no_report_holds_it() -> None:
    town = marked_town()
    graphs = graphs_of(town)
    stored = [(graphs[id_], Plan(id_, plan)) for id_, plan in PLANS.items()]
    made = make_overview(town, stored, EIGHT_TO_TEN, as_of=TODAY)
    for language in ("zh-Hans", "zh-Hant", "en"):
        clean(overview_html(made, language), "the overview")
    clean(json.dumps(overview_json(made)), "the overview's JSON")


@pytest.mark.parametrize(
    "command",
    [
        ["report"],
        ["report", "--json"],
        ["report", "--organisation"],
        ["report", "--organisation", "--language", "en"],
        ["pairings"],
        ["pairings", "--json"],
        ["levels"],
        ["levels", "c1", "--json"],
        ["lookup", "A小区1号楼"],
        ["lookup", "A小区1号楼", "--json"],
        ["check"],
    ],
    ids=" ".join,
)
def test_no_command_tells_it(folder: Path, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([*command, "--store", f"sqlite:///{folder.parent}/store.db"])
    told = capsys.readouterr()
    clean(told.out, " ".join(command))
    clean(told.err, " ".join(command))
    assert told.out


def test_no_export_holds_it(folder: Path, tmp_path: Path) -> None:
    for what in ("plan", "units", "grids"):
        target = tmp_path / f"{what}.geojson"
        with pytest.raises(SystemExit):
            main(
                [
                    "export",
                    what,
                    str(target),
                    "--version",
                    "1",
                    "--store",
                    f"sqlite:///{folder.parent}/store.db",
                ]
            )
        for path in tmp_path.iterdir():
            clean(path.read_bytes(), path.name)
    assert list(tmp_path.iterdir())
