"""Assignment files of drafts: out and in again, flagged row by row, and hostile ones refused.

The bench is that of ``test_workbench``: in force is 1: a1, a2, c1, c2; 2: b1, b2, d1; 3: land. Compound A is
a1 and a2, B is b1 and b2.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid import assignments
from geogrid.archive import Actor
from geogrid.assignments import read_assignment, write_draft
from geogrid.cli.exits import Exit
from geogrid.errors import InputError, Severity
from geogrid.workbench import Adopt, Assign, Entry, Lock, OpenGrid, Release, apply, begin, read_entries
from tests.governed import TODAY, filled, opened
from tests.planned import office, sign_in
from tests.test_cli import run
from tests.test_workbench import BENCH, after

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from geogrid.archive import Archive, DraftRecord
    from geogrid.workbench import Draft, Reading

SOMEBODY = Actor("planner")
ALL = {"a1": 1, "a2": 1, "c1": 1, "c2": 1, "b1": 2, "b2": 2, "d1": 2, "land": 3}


def read(rows: list[tuple[str, str]], draft: Draft | None = None) -> Reading:
    entries = [Entry(number, unit, grid) for number, (unit, grid) in enumerate(rows, start=2)]
    return read_entries(BENCH, draft or begin(BENCH), entries, origin="file.csv")


def flags(found: Reading) -> list[tuple[int, str, str]]:
    return [(one.row, one.rule, one.severity.value) for one in found.faults]


def rows(**changed: str) -> list[tuple[str, str]]:
    told = {unit: str(grid) for unit, grid in ALL.items()} | changed
    return list(told.items())


# What each row would do


def test_the_same_assignment_flags_nothing_and_moves_nothing() -> None:
    found = read(rows())
    assert (flags(found), found.moved, found.rows, found.left_out) == ([], 0, 8, 0)
    assert found.operation == Adopt(ALL, "file.csv")


def test_rows_with_errors_are_left_out_and_the_others_taken() -> None:
    told = [("a9", "1"), ("c2", "2"), ("c1", "x"), ("c1", "0"), ("d1", "1000"), ("", "3"), ("land", "")]
    found = read(told)
    assert flags(found)[:7] == [
        (2, "unknown-unit", "error"),
        (4, "bad-grid", "error"),
        (5, "bad-grid", "error"),
        (6, "bad-grid", "error"),
        (7, "no-unit", "error"),
        (8, "no-grid", "warning"),
        (0, "unit-missing", "warning"),
    ]
    assert [one.id for one in found.faults if one.rule == "unit-missing"] == ["a1", "a2", "b1", "b2"]
    assert (dict(found.operation.assignment), found.moved, found.left_out) == ({"c2": 2}, 1, 5)


def test_a_unit_named_twice_is_taken_where_the_rows_agree_and_left_where_they_do_not() -> None:
    found = read([*rows(c1="2"), ("c1", "2"), ("c2", "2")])
    assert flags(found) == [
        (5, "unit-twice", "error"),
        (10, "unit-twice", "warning"),
        (11, "unit-twice", "error"),
    ]
    assert (found.operation.assignment["c1"], "c2" in found.operation.assignment) == (2, False)


def test_what_is_locked_stays_and_is_told() -> None:
    draft = after(Lock(grids=(3,), units=("c1",)))
    found = read(rows(c1="2", land="2", d1="3", c2="2"), draft)
    assert flags(found) == [
        (4, "locked-unit", "error"),
        (8, "locked-grid", "error"),
        (9, "locked-grid", "error"),
    ]
    assert apply(BENCH, draft, found.operation).assignment == {**ALL, "c2": 2}


def test_a_compound_that_would_be_split_is_told_at_each_of_its_rows() -> None:
    found = read(rows(a2="2"))
    assert flags(found) == [(2, "compound-split", "warning"), (3, "compound-split", "warning")]
    with pytest.raises(Exception, match="split-needs-reason"):
        apply(BENCH, begin(BENCH), found.operation)


def test_a_split_that_is_there_already_is_not_told_again() -> None:
    draft = after(Assign(("a2",), 2, "路两侧"))
    assert flags(read(rows(a2="2"), draft)) == []


def test_a_grid_that_would_be_left_without_units_is_told() -> None:
    found = read(rows(land="2"))
    assert flags(found) == [(0, "grid-emptied", "warning")]
    assert apply(BENCH, begin(BENCH), found.operation).members[3] == ()


def test_a_new_number_opens_a_grid() -> None:
    found = read(rows(d1="7"))
    assert flags(found) == []
    assert apply(BENCH, begin(BENCH), found.operation).members[7] == ("d1",)


@given(st.dictionaries(st.sampled_from(sorted(ALL)), st.integers(1, 3)))
def test_whatever_is_not_refused_is_what_the_file_said(moved: dict[str, int]) -> None:
    found = read(rows(**{unit: str(grid) for unit, grid in moved.items()}))
    assert all(one.severity is Severity.WARNING for one in found.faults)
    done = apply(BENCH, begin(BENCH), Adopt(found.operation.assignment, "file.csv", "理由"))
    assert dict(done.assignment) == {**ALL, **moved}


# Files


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with opened(tmp_path) as store:
        store.publish(filled(store).id, TODAY)
        yield store


@pytest.fixture
def draft(archive: Archive) -> DraftRecord:
    made = archive.drafts.begin("town", "c1", title="新建小区", by=SOMEBODY)
    made = archive.drafts.do(made.id, OpenGrid(name="=1+1"), revision=1, by=SOMEBODY).record
    return archive.drafts.do(made.id, Release(("c1/h01",)), revision=2, by=SOMEBODY).record


@pytest.mark.parametrize("ending", assignments.ENDINGS)
def test_what_is_written_is_read_again(
    archive: Archive, draft: DraftRecord, tmp_path: Path, ending: str
) -> None:
    here = archive.drafts.open(draft.id)
    path = tmp_path / f"draft{ending}"
    assert write_draft(path, here, archive.plane("town")) == 4
    found = read_entries(here.bench, here.draft, read_assignment(path))
    assert dict(found.operation.assignment) == dict(here.draft.assignment)
    assert [one.rule for one in found.faults] == ["no-grid"]
    first = path.read_bytes()
    write_draft(path, here, archive.plane("town"))
    assert path.read_bytes() == first


def test_a_csv_is_unit_and_grid_and_nothing_else(
    archive: Archive, draft: DraftRecord, tmp_path: Path
) -> None:
    path = tmp_path / "draft.csv"
    write_draft(path, archive.drafts.open(draft.id), archive.plane("town"))
    assert path.read_text(encoding="utf-8-sig") == "unit,grid\nA,1\nB,3\nC,2\nc1/h01,\n"


def wrong(path: Path) -> list[str]:
    with pytest.raises(InputError) as told:
        read_assignment(path, "sent.csv")
    assert all(fault.file == "sent.csv" for fault in told.value.faults)
    assert all(str(path.parent) not in str(fault) for fault in told.value.faults)
    return [fault.rule for fault in told.value.faults]


HOSTILE: dict[str, tuple[str, bytes, str]] = {
    "nothing": ("a.csv", b"", "no-header"),
    "other columns": ("a.csv", b"a,b\n1,2\n", "missing-column"),
    "broken quotes": ("a.csv", b'unit,grid\n"a,1\n', "broken-csv"),
    "a wide header": ("a.csv", b"unit,grid" + b"," * 3_000_000, "too-many-columns"),
    "too many rows": ("a.csv", b"unit,grid\n" + b"a,1\n" * 50_001, "too-many-rows"),
    "too large": ("a.csv", b"unit,grid\n" + b" " * (16 << 20), "too-large"),
    "a deep nest": ("a.geojson", b'{"features":' + b"[" * 1_000_000, "broken-file"),
    "a virtual layer": ("a.geojson", b"<OGRVRTDataSource/>", "broken-file"),
    "a list": ("a.geojson", b'{"features": [1, "x"]}', "broken-file"),
    "no features": ("a.geojson", b'{"type": "FeatureCollection"}', "broken-file"),
    "a huge number": ("a.geojson", b'{"features": [' + b"9" * 100_000 + b"]}", "broken-file"),
    "no database": ("a.gpkg", b"PK\x03\x04", "broken-file"),
    "half a database": ("a.gpkg", b"SQLite format 3\0" + bytes(4000), "broken-file"),
    "a workbook": ("a.xlsx", b"PK\x03\x04", "unknown-format"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_words(tmp_path: Path, name: str) -> None:
    file, content, rule = HOSTILE[name]
    path = tmp_path / file
    path.write_bytes(content)
    assert wrong(path)[0] == rule


def geopackage(path: Path, *statements: str) -> Path:
    file = sqlite3.connect(path)
    for statement in statements:
        file.execute(statement)
    file.commit()
    file.close()
    return path


def test_a_query_in_a_geopackage_is_not_run(tmp_path: Path) -> None:
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS unit, i AS grid FROM n"
    )
    path = geopackage(tmp_path / "view.gpkg", f"CREATE VIEW units AS {endless}")
    assert wrong(path) == ["missing-column"]


def test_a_geopackage_that_takes_too_long_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assignments, "MOST_SECONDS", -1.0)
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 30000) SELECT i, 1 FROM n"
    path = geopackage(tmp_path / "long.gpkg", "CREATE TABLE units (unit, grid)", f"INSERT INTO units {many}")
    assert wrong(path) == ["broken-file"]


def test_hostile_names_of_tables_and_columns_are_only_names(tmp_path: Path) -> None:
    path = geopackage(
        tmp_path / "names.gpkg",
        'CREATE TABLE "a""; DROP TABLE b; --" (Unit, "GRID")',
        """INSERT INTO "a""; DROP TABLE b; --" VALUES ('A', 3), (NULL, NULL), (x'00', 4)""",
    )
    assert read_assignment(path) == (Entry(1, "A", "3"), Entry(3, "", "4"))


def test_numbers_as_spreadsheets_write_them_and_disarmed_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Grid;Unit;community_id\n3.0;'=A;c1\n\n4;B;c2\n", encoding="utf-8")
    assert read_assignment(path) == (Entry(2, "=A", "3.0", "c1"), Entry(4, "B", "4", "c2"))
    found = read_entries(BENCH, begin(BENCH), [Entry(2, "c1", "3.0", "c1"), Entry(3, "c2", "2", "c9")])
    assert dict(found.operation.assignment) == {"c1": 3}
    assert (3, "other-community", "warning") in flags(found)


# The service and the command line


def test_the_service_flags_a_file_and_one_step_takes_it_over(tmp_path: Path) -> None:
    with office(tmp_path) as client:
        planner = sign_in(client, "planner")
        here = planner.post("/drafts", community="c1", title="导入").json()
        path = f"/v1/planning/drafts/{here['draft']['id']}/assignment"
        headers = {"X-CSRF-Token": planner.csrf, "Content-Type": "text/csv"}
        sent = b"unit,grid\nc1/h01,2\nnobody,1\n"
        found = planner.client.post(f"{path}?name=%E5%88%86%0A.csv", content=sent, headers=headers).json()
        assert (found["rows"], found["moved"], found["left_out"]) == (2, 1, 1)
        assert next((one["row"], one["rule"]) for one in found["faults"]) == (3, "unknown-unit")
        assert found["operation"]["origin"] == "分.csv"
        done = planner.post(
            f"/drafts/{here['draft']['id']}/steps", revision=1, operation=found["operation"]
        ).json()
        assert done["state"]["assignment"]["c1/h01"] == 2
        assert [one["operation"]["origin"] for one in done["history"]] == ["分.csv"]
        table = planner.client.get(path)
        assert table.text.endswith("unit,grid\nA,1\nB,3\nC,2\nc1/h01,2\n")
        assert 'filename="draft-1-revision-2.csv"' in table.headers["content-disposition"]
        features = json.loads(planner.client.get(f"{path}?format=geojson").content)["features"]
        assert {one["properties"]["unit"]: one["properties"]["grid"] for one in features}["c1/h01"] == 2
        refused: Any = planner.client.post(path, content=b"{}", headers=headers)
        assert (refused.status_code, refused.json()["errors"][0]["rule"]) == (422, "missing-column")
        headers["Content-Type"] = "application/zip"
        assert planner.client.post(path, content=b"", headers=headers).status_code == 415
        headers["Content-Type"] = "text/csv"
        assert planner.client.post(path, content=bytes(17 << 20), headers=headers).status_code == 413


def test_the_command_line_lists_exports_and_imports(
    archive: Archive, draft: DraftRecord, tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path}/store.db"
    file = tmp_path / "draft.csv"
    assert run("draft", "export", "1", str(file), "--store", store)[0] == Exit.OK
    assert "新建小区" in run("draft", "list", "--store", store)[1]
    file.write_text("unit,grid\nc1/h01,2\nX,1\n", encoding="utf-8")
    code, out, err = run("draft", "import", "1", str(file), "--store", store)
    assert code == Exit.NO
    assert "unknown-unit" in err
    assert "1 units would move" in out
    assert run("draft", "import", "1", str(file), "--apply", "--store", store)[0] == Exit.OK
    found = archive.drafts.open(1)
    assert found.draft.assignment["c1/h01"] == 2
    assert found.history.path(found.record.head)[-1].operation == Adopt({"c1/h01": 2}, "draft.csv")
