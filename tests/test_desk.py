"""Desktop programs see plans through views of PostGIS, and change drafts by asking geogrid to.

The town is that of ``governed``: c1 has the units A (160 households), B (80), C (80) and c1/h01 (40) in the
grids 1, 3, 2 and 3; c2 has D (160) and E (80) in grids 1 and 2.
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import psycopg
import pytest
import shapely
from typer.testing import CliRunner

from geogrid.archive.schema import metadata
from geogrid.cli.app import app
from geogrid.crs import to_degrees
from geogrid.errors import FrozenError
from geogrid.plan import derive_grids
from tests.governed import TODAY, filled, opened
from tests.stores import execute, kept_on, store_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from geogrid.archive import Archive
    from tests.postgres import PostgresServer

ROLE = "desk_user"


@pytest.fixture
def archive(tmp_path: Path, postgres: PostgresServer) -> Iterator[Archive]:
    with kept_on(postgres), opened(tmp_path) as store:
        yield store


@pytest.fixture
def desk(archive: Archive, tmp_path: Path) -> Iterator[psycopg.Connection]:
    """Give a connection of somebody who was granted what the operator's guide says, and no more."""
    execute(
        tmp_path,
        f"DO $$ BEGIN CREATE ROLE {ROLE} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        f"GRANT USAGE ON SCHEMA gis TO {ROLE}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA gis TO {ROLE}",
        f"GRANT UPDATE (grid) ON gis.unit TO {ROLE}",
    )
    url = store_of(tmp_path).replace("geogrid@", f"{ROLE}@")
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection
        connection.execute("SELECT 1")


def asked(desk: psycopg.Connection, unit: str, grid: int | None, version: int = 1) -> None:
    desk.execute(
        "UPDATE gis.unit SET grid = %s WHERE version_id = %s AND unit_id = %s", (grid, version, unit)
    )


def test_the_views_are_layers_that_a_desktop_program_opens(
    archive: Archive, desk: psycopg.Connection
) -> None:
    filled(archive)
    layers = desk.execute(
        "SELECT f_table_name, srid, type FROM geometry_columns WHERE f_table_schema = 'gis' ORDER BY 1"
    ).fetchall()
    assert layers == [(name, 4326, "MULTIPOLYGON") for name in ("community", "grid", "unit")]
    assert desk.execute("SELECT count(*) FROM gis.unit").fetchone() == (6,)


def test_gdal_reads_the_views_and_orders_through_them(
    archive: Archive, desk: psycopg.Connection, tmp_path: Path, postgres: PostgresServer
) -> None:
    """As QGIS does, which reads through the same library: layers with shapes, and an update of a column."""
    draft = filled(archive)
    place = (
        f"PG:host=127.0.0.1 port={postgres.port} user={ROLE} dbname={store_of(tmp_path).rpartition('/')[2]}"
    )
    out = tmp_path / "grids.geojson"
    gdal("ogr2ogr", "-f", "GeoJSON", str(out), place, "gis.grid")
    features = json.loads(out.read_text())["features"]
    assert {one["geometry"]["type"] for one in features} == {"MultiPolygon"}
    assert sum(one["properties"]["households"] for one in features) == 600
    gdal("ogrinfo", place, "-sql", "UPDATE gis.unit SET grid = 1 WHERE version_id = 1 AND unit_id = 'C'")
    assert [(one.unit_id, one.number, one.who) for one in archive.desk.open(draft.id)] == [("C", 1, ROLE)]
    archive.publish(draft.id, TODAY)
    refused = gdal("ogrinfo", place, "-sql", "UPDATE gis.unit SET grid = 2 WHERE version_id = 1")
    assert "published" in refused


def gdal(*words: str) -> str:
    """Run one of GDAL's programs and return what it says."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_a_grid_is_drawn_where_it_lies(archive: Archive, desk: psycopg.Connection) -> None:
    draft = filled(archive)
    city = archive.load_city("town")
    rows = desk.execute(
        "SELECT community_id, number, code, households, units, ST_AsBinary(geometry) FROM gis.grid"
    ).fetchall()
    shown = {row[:2]: row for row in rows}
    assert {key: row[3:5] for key, row in shown.items()} == {
        ("c1", 1): (160, 1), ("c1", 2): (80, 1), ("c1", 3): (120, 2), ("c2", 1): (160, 1), ("c2", 2): (80, 1),
    }  # fmt: skip
    for stored in archive.all_stored(draft.id):
        for grid in derive_grids(stored.division.plan, stored.graph):
            row = shown[grid.community_id, grid.number]
            wanted = to_degrees([grid.geometry], city.plane)[0]
            drawn = shapely.from_wkb(row[5])
            assert shapely.symmetric_difference(drawn, wanted).area < 1e-14  # square degrees


def test_the_plan_in_force_is_told(archive: Archive, desk: psycopg.Connection) -> None:
    draft = filled(archive)
    archive.publish(draft.id, TODAY)
    archive.copy_version(draft.id)
    told = desk.execute("SELECT version_id, status, in_force FROM gis.plan ORDER BY 1").fetchall()
    assert told == [(1, "published", True), (2, "draft", False)]


def test_an_edit_is_an_order_that_geogrid_carries_out(archive: Archive, desk: psycopg.Connection) -> None:
    """C leaves grid 2 for grid 1, beside A: shown at once, in the plan once it is taken."""
    draft = filled(archive)
    asked(desk, "C", 3)
    asked(desk, "C", 1)
    assert desk.execute("SELECT grid, asked FROM gis.unit WHERE unit_id = 'C'").fetchone() == (1, True)
    assert archive.plan(draft.id, "c1").assignment["C"] == 2
    assert [(one.unit_id, one.number, one.who) for one in archive.desk.open(draft.id)] == [
        ("C", 3, ROLE),
        ("C", 1, ROLE),
    ]
    after, orders = archive.desk.take(draft.id, who="li")
    assert [one.refusal for one in orders] == ["", ""]
    assert after.revision == draft.revision + 1
    assert archive.plan(draft.id, "c1").assignment["C"] == 1
    assert archive.stored(draft.id, "c1").division.engine == "by-hand"
    assert desk.execute("SELECT grid, asked FROM gis.unit WHERE unit_id = 'C'").fetchone() == (1, False)
    assert archive.desk.open(draft.id) == ()
    assert archive.audit_trail()[-1].what == "take-desk-orders"
    archive.verify_audit()


def test_an_order_that_breaks_a_hard_rule_is_refused_with_the_rule(
    archive: Archive, desk: psycopg.Connection
) -> None:
    """A and h01 lie at opposite ends of c1: grid 1 would be torn. What is asked of c2 is carried out."""
    draft = filled(archive)
    asked(desk, "c1/h01", 1)
    asked(desk, "E", 1)
    after, orders = archive.desk.take(draft.id)
    fate = {one.unit_id: one.refusal for one in orders}
    assert "piece" in fate["c1/h01"]
    assert fate["E"] == ""
    assert archive.plan(draft.id, "c1").assignment["c1/h01"] == 3
    assert archive.plan(draft.id, "c2").assignment["E"] == 1
    assert archive.desk.open(draft.id) == ()
    assert after.revision == draft.revision + 1


def test_the_command_tells_and_takes(archive: Archive, desk: psycopg.Connection, tmp_path: Path) -> None:
    filled(archive)
    asked(desk, "E", 1)
    words = ["store", "orders", "1", "--store", store_of(tmp_path)]
    assert "E" in CliRunner().invoke(app, words).stdout
    assert CliRunner().invoke(app, [*words, "--take", "--json"]).exit_code == 0
    assert archive.plan(1, "c2").assignment["E"] == 1


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE gis.unit SET grid = 1000 WHERE unit_id = 'A'", "needs a grid from 1 to 999"),
        ("UPDATE gis.unit SET grid = NULL WHERE unit_id = 'A'", "needs a grid from 1 to 999"),
        ("UPDATE gis.unit SET households = 1 WHERE unit_id = 'A'", "permission denied"),
        ("DELETE FROM gis.unit", "cannot delete from view"),
        ("UPDATE assignment SET number = 1", "permission denied"),
        ("INSERT INTO desk_edit DEFAULT VALUES", "permission denied"),
        ("SELECT name FROM team_member", "permission denied"),
    ],
)
def test_a_desk_may_do_nothing_else(
    archive: Archive, desk: psycopg.Connection, statement: str, told: str
) -> None:
    filled(archive)
    with pytest.raises(psycopg.Error, match=told):
        desk.execute(statement)
    assert archive.desk.open(1) == ()


def test_a_published_plan_is_guarded(archive: Archive, desk: psycopg.Connection) -> None:
    draft = filled(archive)
    archive.publish(draft.id, TODAY)
    with pytest.raises(psycopg.Error, match="version 1 is published and never changes"):
        asked(desk, "C", 1)
    with pytest.raises(FrozenError):
        archive.desk.take(draft.id)


def test_even_an_administrator_does_not_write_past_geogrid_by_mistake(
    archive: Archive, tmp_path: Path
) -> None:
    filled(archive)
    with psycopg.connect(store_of(tmp_path), autocommit=True) as administrator:
        for statement in (
            "UPDATE gis.unit SET name = 'x' WHERE unit_id = 'A'",
            "UPDATE assignment SET number = 1",
            "DELETE FROM audit",
            "TRUNCATE grid CASCADE",
        ):
            with pytest.raises(psycopg.Error, match=r"geogrid keeps table|only the grid of unit"):
                administrator.execute(statement)
    archive.verify_audit()


def test_every_table_is_guarded(archive: Archive, tmp_path: Path) -> None:
    """A table that a migration adds must be guarded by it."""
    guarded = execute(tmp_path, "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'guard'")
    assert {name for (name,) in guarded} == {*metadata.tables} - {"desk_edit"}
