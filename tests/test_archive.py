"""The archive: lossless, all or nothing, frozen once published, with a trail that tells of every change."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from dataclasses import fields, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, MetaData, select, update

from geogrid.archive import Archive, Status
from geogrid.archive.cities import FACTS
from geogrid.archive.copying import restart_counters
from geogrid.archive.engine import open_engine, writing
from geogrid.archive.schema import LAYERS, edition, metadata
from geogrid.boundaries import read_city
from geogrid.errors import FrozenError, NotFoundError, PlanError, StaleError, StoreError
from geogrid.model import City
from geogrid.policy import EIGHT_TO_TEN
from tests.governed import (
    NOON,
    PLANS,
    TODAY,
    division,
    divisions,
    filled,
    governed_town,
    graphs_of,
    opened,
)
from tests.stores import bare_engine, execute, store_of
from tests.town import draw_town

if TYPE_CHECKING:
    from collections.abc import Iterator

TOMORROW = TODAY + timedelta(days=1)


pytestmark = pytest.mark.usefixtures("each_store")


@pytest.fixture
def archive(tmp_path: Path, each_store: str) -> Iterator[Archive]:
    with opened(tmp_path) as store:
        yield store


def differences(folder: Path) -> list[Any]:
    """Return in what the tables of a store differ from the schema; PostGIS' own tables are none of it."""
    engine = bare_engine(folder)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()
    return [one for one in found if not (one[0] == "remove_table" and one[1].name == "spatial_ref_sys")]


def assert_equal_cities(one: City, other: City) -> None:
    pd.testing.assert_frame_equal(one.addresses, other.addresses)
    for field in fields(one):
        if field.name != "addresses":
            assert getattr(one, field.name) == getattr(other, field.name), field.name


# Cities


def test_a_city_comes_back_equal_in_every_layer(archive: Archive) -> None:
    town = governed_town()
    elsewhere = ("addresses", "faults", "barriers", "land")
    assert all(getattr(town, field.name) for field in fields(town) if field.name not in elsewhere)
    archive.store_city(town)
    assert_equal_cities(archive.load_city("town"), town)


def test_no_field_of_a_city_is_forgotten() -> None:
    """A field that the model gains must be stored, by a migration."""
    stored = {*FACTS, *LAYERS, "id", "addresses", "faults"}
    assert stored == {field.name for field in fields(City)}


def test_barriers_and_land_come_back_equal(archive: Archive) -> None:
    town = draw_town("A~*\nA~*")
    archive.store_city(town)
    assert_equal_cities(archive.load_city("town"), town)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(min_size=1).filter(lambda text: "\x00" not in text and text.isprintable()),
    x=st.floats(allow_nan=False, allow_infinity=False, width=64),
)
def test_any_text_and_any_number_come_back_equal(archive: Archive, text: str, x: float) -> None:
    town = draw_town("A")
    odd = replace(
        town, name=text, names={text: text}, addresses=town.addresses.assign(text=text, x=x, floor=None)
    )
    archive.store_city(odd)  # in the place of the one before
    assert_equal_cities(archive.load_city("town"), odd)


def test_storing_equal_data_changes_nothing(archive: Archive) -> None:
    first = archive.store_city(governed_town())
    assert archive.store_city(governed_town()) == first
    assert [entry.what for entry in archive.audit_trail()] == ["store-city"]


def test_a_refused_city_leaves_the_old_one(archive: Archive) -> None:
    town = governed_town()
    archive.store_city(town)
    with pytest.raises(StoreError, match="unknown columns"):
        archive.store_city(replace(town, name="new", addresses=town.addresses.assign(phone="1")))
    twice = replace(town, name="new", buildings=(*town.buildings, town.buildings[0]))
    with pytest.raises(StoreError, match="could not be written"):
        archive.store_city(twice)
    assert_equal_cities(archive.load_city("town"), town)


def test_an_error_of_the_store_does_not_repeat_private_values(archive: Archive) -> None:
    town = governed_town()
    member = replace(town.team[0], name="PRIVATE-NAME")
    with pytest.raises(StoreError) as told:
        archive.store_city(replace(town, team=(member, member)))
    assert "PRIVATE-NAME" not in str(told.value)


def test_data_that_no_version_stands_on_are_forgotten(archive: Archive, tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        archive.store_city(replace(governed_town(), name=name))
    assert [city.name for city in archive.cities()] == ["three"]
    assert execute(tmp_path, "SELECT count(*) FROM edition") == [(1,)]
    assert execute(tmp_path, "SELECT count(*) FROM building") == [(len(governed_town().buildings),)]


def test_a_version_keeps_the_data_it_was_made_from(archive: Archive) -> None:
    draft = filled(archive)
    archive.store_city(replace(governed_town(), name="renamed"))
    assert archive.load_city("town").name == "renamed"
    assert_equal_cities(archive.load_city("town", version=draft.id), governed_town())


def test_an_unknown_city_is_not_found(archive: Archive) -> None:
    with pytest.raises(NotFoundError):
        archive.load_city("nowhere")


def test_an_area_keeps_its_surrogate_when_its_code_changes(archive: Archive) -> None:
    town = governed_town()
    archive.store_city(town)
    before = {(one.level, one.source_id): one for one in archive.area_codes("town")}
    recoded = replace(town.communities[0], code="210602001099")
    archive.store_city(replace(town, communities=(recoded, town.communities[1])))
    now = {(one.level, one.source_id): one for one in archive.area_codes("town", on=TODAY)}
    assert now["community", "c1"].area_id == before["community", "c1"].area_id
    assert now["community", "c1"].code == "210602001099"
    assert now["community", "c2"] == before["community", "c2"]
    old = [one for one in archive.area_codes("town") if one.code == "210602001001"]
    assert [(one.valid_from, one.valid_to) for one in old] == [(TODAY, TODAY)]


# Units and versions


def test_units_and_divisions_come_back_equal(archive: Archive) -> None:
    draft = filled(archive)
    graphs = graphs_of(governed_town())
    assert archive.graphs("town") == graphs
    stored = archive.all_stored(draft.id)
    assert [one.graph for one in stored] == list(graphs.values())
    assert [one.division for one in stored] == divisions()
    assert [list(one.division.vector) for one in stored] == [["window", "alignment", "barriers"]] * 2
    assert {one.policy for one in stored} == {EIGHT_TO_TEN}
    assert archive.plan(draft.id, "c2").assignment == PLANS["c2"]


def test_communities_come_in_the_order_of_the_city(archive: Archive) -> None:
    filled(archive)
    other = archive.add_version("town", reversed(divisions()))
    assert [one.graph.community_id for one in archive.all_stored(other.id)] == ["c1", "c2"]


def test_grids_have_codes_and_ids_of_their_own(archive: Archive) -> None:
    draft = filled(archive)
    again = archive.add_version("town", divisions())
    codes = [grid.code for grid in archive.grids(draft.id)]
    assert codes == ["210602001001001", "210602001001002", "210602001001003", "210602001002001",
                     "210602001002002"]  # fmt: skip
    assert [grid.code for grid in archive.grids(again.id)] == codes
    assert not {grid.id for grid in archive.grids(draft.id)} & {grid.id for grid in archive.grids(again.id)}


@pytest.mark.parametrize(
    ("plans", "words"),
    [
        ([division("c1", {"A": 1, "B": 1, "C": 2})], "c1/h01"),
        ([division("c2", {"D": 1, "E": 1, "Z": 2})], "Z"),
        ([division("c2", PLANS["c2"]), division("c2", PLANS["c2"])], "twice"),
    ],
)
def test_a_plan_of_other_units_is_refused(archive: Archive, plans: list[object], words: str) -> None:
    filled(archive)
    with pytest.raises(PlanError, match=words):
        archive.add_version("town", plans)  # type: ignore[arg-type]
    assert len(archive.versions("town")) == 1


def test_a_draft_is_edited_and_a_stale_edit_is_refused(archive: Archive) -> None:
    draft = filled(archive)
    moved = archive.edit_version(draft.id, division("c2", {"D": 1, "E": 1}), revision=draft.revision)
    assert (moved.revision, moved.digest == draft.digest) == (2, False)
    with pytest.raises(StaleError, match="revision 1 to 2"):
        archive.edit_version(draft.id, division("c2", {"D": 2, "E": 1}), revision=draft.revision)
    assert archive.plan(draft.id, "c2").assignment == {"D": 1, "E": 1}
    assert [grid.number for grid in archive.grids(draft.id) if grid.community_id == "c2"] == [1]


def test_a_draft_is_filled_piece_by_piece(archive: Archive) -> None:
    filled(archive)
    draft = archive.add_version("town", [])
    archive.extend_version(draft.id, [division("c2", PLANS["c2"])])
    whole = archive.extend_version(draft.id, [division("c1", PLANS["c1"])])
    assert whole.digest == archive.versions("town")[0].digest
    with pytest.raises(PlanError, match="twice"):
        archive.extend_version(draft.id, [division("c1", PLANS["c1"])])


def test_a_published_version_is_frozen(archive: Archive) -> None:
    draft = filled(archive)
    assert archive.submit(draft.id).status is Status.SUBMITTED
    published = archive.publish(draft.id, TODAY)
    assert (published.status, published.effective_from) == (Status.PUBLISHED, TODAY)
    one = division("c2", {"D": 1, "E": 1})
    with pytest.raises(FrozenError, match="never changes"):
        archive.edit_version(draft.id, one, revision=published.revision)
    with pytest.raises(FrozenError):
        archive.extend_version(draft.id, [one])
    with pytest.raises(FrozenError):
        archive.submit(draft.id)
    assert archive.plan(draft.id, "c2").assignment == PLANS["c2"]


def test_publishing_twice_is_once(archive: Archive) -> None:
    draft = filled(archive)
    first = archive.publish(draft.id, TODAY)
    assert archive.publish(draft.id, TODAY) == first
    with pytest.raises(FrozenError):
        archive.publish(draft.id, TOMORROW)
    assert [entry.what for entry in archive.audit_trail(f"version {draft.id}")] == ["add-version", "publish"]


def test_a_stale_publication_is_refused(archive: Archive) -> None:
    draft = filled(archive)
    archive.edit_version(draft.id, division("c2", {"D": 1, "E": 1}), revision=1)
    with pytest.raises(StaleError):
        archive.publish(draft.id, TODAY, revision=1)
    assert archive.version(draft.id).status is Status.DRAFT


def test_a_day_tells_which_version_is_in_force(archive: Archive) -> None:
    first = filled(archive)
    second = archive.copy_version(first.id)
    archive.publish(first.id, TODAY)
    archive.publish(second.id, TODAY + timedelta(days=10))

    def on(days: int) -> int | None:
        found = archive.version_in_force("town", on=TODAY + timedelta(days=days))
        return found.id if found else None

    assert [on(-1), on(0), on(9), on(10), on(99)] == [None, first.id, first.id, second.id, second.id]
    old = archive.version(first.id)
    assert old.effective_until == TODAY + timedelta(days=10)
    assert old.status_on(TODAY + timedelta(days=9)) is Status.PUBLISHED
    assert old.status_on(TODAY + timedelta(days=10)) is Status.RETIRED


def test_a_version_between_two_ends_where_the_next_begins(archive: Archive) -> None:
    first, later = filled(archive), filled(archive)
    between = archive.copy_version(first.id)
    archive.publish(first.id, TODAY)
    archive.publish(later.id, TODAY + timedelta(days=20))
    archive.publish(between.id, TODAY + timedelta(days=10))
    ends = [archive.version(one.id).effective_until for one in (first, between, later)]
    assert ends == [TODAY + timedelta(days=10), TODAY + timedelta(days=20), None]


def test_midnight_is_that_of_shanghai(tmp_path: Path) -> None:
    with opened(tmp_path, NOON.replace(hour=15, minute=59)) as archive:
        assert archive.today() == TODAY
    with opened(tmp_path, NOON.replace(hour=16)) as archive:
        assert archive.today() == TOMORROW


def test_the_past_is_not_rewritten(archive: Archive) -> None:
    first = filled(archive)
    archive.publish(first.id, date(2020, 1, 1))  # nothing was in force then: history may be entered
    second = archive.copy_version(first.id)
    with pytest.raises(StoreError, match="the past is not rewritten"):
        archive.publish(second.id, TODAY - timedelta(days=1))
    assert archive.version(second.id).status is Status.DRAFT


def test_an_announced_version_can_be_withdrawn(archive: Archive) -> None:
    first = filled(archive)
    second = archive.copy_version(first.id)
    archive.publish(first.id, TODAY)
    archive.publish(second.id, TOMORROW)
    assert archive.withdraw(second.id).status is Status.RETIRED
    assert archive.version(first.id).effective_until is None
    found = archive.version_in_force("town", on=TOMORROW)
    assert found is not None
    assert found.id == first.id
    with pytest.raises(StoreError, match="in force since"):
        archive.withdraw(first.id)


def test_roll_back_publishes_the_older_plan_anew(archive: Archive) -> None:
    first = filled(archive)
    archive.publish(first.id, TODAY)
    other = archive.add_version("town", [division("c1", PLANS["c1"]), division("c2", {"D": 1, "E": 1})])
    archive.publish(other.id, TOMORROW)
    back = archive.copy_version(first.id)
    archive.publish(back.id, TOMORROW + timedelta(days=1))
    assert (back.copy_of, back.digest) == (first.id, first.digest)
    assert archive.all_stored(back.id) == archive.all_stored(first.id)
    assert archive.plan(other.id, "c2").assignment == {"D": 1, "E": 1}


def test_grids_are_linked_to_those_they_replace(archive: Archive) -> None:
    """B (80 households) with h01 (40) leaves grid 3 for grid 2, where C (80) was alone.

    New grid 2 takes 80 from old 2 and 120 from old 3: old 3 is the main one. Grid 1 stays as it was (A, 160).
    """
    first = filled(archive)
    archive.publish(first.id, TODAY)
    joined = {"A": 1, "B": 2, "C": 2, "c1/h01": 2}
    second = archive.add_version("town", [division("c1", joined), division("c2", PLANS["c2"])])
    archive.publish(second.id, TOMORROW)
    grids = {grid.code[-6:]: grid for grid in archive.grids(second.id)}
    links = [(link.replaces_code[-6:], link.households, link.main) for link in grids["001002"].replaces]
    assert links == [("001003", 120, True), ("001002", 80, False)]
    (same,) = grids["001001"].replaces
    assert (same.replaces_version, same.households, same.main) == (first.id, 160, True)
    assert same.area_m2 == pytest.approx(40_000, abs=1e-3)
    assert all(not grid.replaces for grid in archive.grids(first.id))


def test_a_succession_found_before_is_taken_only_where_it_still_fits(archive: Archive) -> None:
    """An empty one is taken as it is, by which one sees that it was; of an older revision it is made anew."""
    first = filled(archive)
    assert archive.succession(first.id, TODAY) is None
    archive.publish(first.id, TODAY)
    assert archive.succession(first.id, TODAY) is None
    for edited, expected in ((False, 0), (True, 5)):
        second = archive.copy_version(first.id)
        found = archive.succession(second.id, TOMORROW)
        assert found is not None
        assert len(found.links) == 5
        nothing = replace(found, links=())
        if edited:
            archive.edit_version(second.id, division("c2", {"D": 2, "E": 1}), revision=1)
        archive.publish(second.id, TOMORROW, succession=nothing)
        assert sum(len(grid.replaces) for grid in archive.grids(second.id)) == expected
        archive.withdraw(second.id)


# The trail


def test_every_change_is_in_the_trail(archive: Archive) -> None:
    draft = filled(archive)
    edited = archive.edit_version(draft.id, division("c2", {"D": 1, "E": 1}), revision=1, who="li")
    archive.submit(draft.id, who="li")
    archive.publish(draft.id, TODAY, who="wang")
    trail = archive.audit_trail()
    assert [(entry.who, entry.what) for entry in trail] == [
        ("geogrid", "store-city"),
        ("geogrid", "store-units"),
        ("planner", "add-version"),
        ("li", "edit-version"),
        ("li", "submit"),
        ("wang", "publish"),
    ]
    assert (trail[3].before, trail[3].after) == (draft.digest, edited.digest)
    assert {entry.at for entry in trail} == {NOON}
    assert archive.verify_audit() == 6


@pytest.mark.parametrize(
    ("sql", "line"),
    [
        ("UPDATE audit SET who = 'x' WHERE id = 2", 2),
        ("DELETE FROM audit WHERE id = 1", 1),
        ("UPDATE audit SET after = before, hash = hash WHERE id = 3", 3),
    ],
)
def test_a_changed_trail_is_found(archive: Archive, tmp_path: Path, sql: str, line: int) -> None:
    filled(archive)
    execute(tmp_path, sql)
    with pytest.raises(StoreError, match=f"changed at line {line}"):
        archive.verify_audit()


# The store


def test_the_migrations_build_the_tables_of_the_schema(archive: Archive, tmp_path: Path) -> None:
    assert differences(tmp_path) == []


def _at_revision(folder: Path, revision: str, full: Engine) -> None:
    """Lay the store of ``folder`` as an earlier geogrid did, with what it could keep of a full store."""
    engine = open_engine(store_of(folder, empty=True), revision=revision)
    now = MetaData()
    now.reflect(engine)
    with engine.execution_options(writes=True).begin() as connection, full.begin() as source:
        for table in metadata.sorted_tables:
            if table.name in now.tables:
                kept = [column for column in table.columns if column.name in now.tables[table.name].columns]
                rows = [dict(row) for row in source.execute(select(*kept)).mappings()]
                if rows:
                    connection.execute(table.insert(), rows)
        connection.execute(update(edition).values(digest="of the data without those columns"))
        restart_counters(connection, [table for table in metadata.sorted_tables if table.name in now.tables])
    engine.dispose()


@pytest.mark.parametrize("revision", ["0001", "0002", "0003", "0004", "0005", "0006", "0007"])
def test_a_store_of_an_earlier_revision_is_brought_up_with_its_data(tmp_path: Path, revision: str) -> None:
    """What that revision could keep comes back as it was, what it knew nothing of at its default."""
    town = governed_town()
    with opened(tmp_path / "full") as archive:
        draft = filled(archive, town)
        archive.publish(draft.id, TODAY)
        _at_revision(tmp_path / "old", revision, archive._engine)
        trail = archive.audit_trail()
    known = revision != "0001"
    older = replace(
        town,
        branches=tuple(replace(one, rated=None, model_branch=False, fund=None) for one in town.branches),
        team=tuple(replace(one, concurrent=()) for one in town.team),
        pairings=tuple(replace(one, level="", size=None, geometry=None) for one in town.pairings),
    )
    with opened(tmp_path / "old") as archive:
        assert_equal_cities(archive.load_city("town"), town if known else older)
        assert [one.id for one in archive.versions("town")] == [draft.id]
        assert archive.plan(draft.id, "c1").assignment == PLANS["c1"]
        assert archive.audit_trail() == trail
        archive.store_city(replace(town, name="later"))
        assert_equal_cities(archive.load_city("town"), replace(town, name="later"))
    assert differences(tmp_path / "old") == []


def test_the_folder_of_a_file_is_made_and_its_writes_are_safe(tmp_path: Path) -> None:
    with Archive.open(f"sqlite:///{tmp_path}/a/b/store.db") as archive:
        assert archive.cities() == ()
        for file in (tmp_path / "a" / "b").iterdir():  # the file and its log are for this user alone
            assert file.stat().st_mode & 0o077 == 0, file
        with archive._engine.connect() as connection:
            asked = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in
                     ("journal_mode", "synchronous", "foreign_keys")]  # fmt: skip
    assert asked == ["wal", 2, 1]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "nonsense", "nodb://x/y"])
def test_what_is_no_store_is_refused(url: str) -> None:
    with pytest.raises(StoreError):
        Archive.open(url)


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"something else entirely" * 100)
    with pytest.raises(StoreError, match="not a database"):
        Archive.open(f"sqlite:///{tmp_path}/x.db")


def test_a_store_of_a_newer_geogrid_is_refused(archive: Archive, tmp_path: Path) -> None:
    execute(tmp_path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer geogrid"):
        opened(tmp_path)


def test_two_writers_wait_for_each_other(archive: Archive, tmp_path: Path) -> None:
    filled(archive)

    def write() -> None:
        with opened(tmp_path) as mine:
            for _ in range(5):
                mine.add_version("town", divisions())

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(archive.versions("town")) == 16
    assert archive.verify_audit() == 18


@pytest.mark.slow
def test_a_real_city_comes_back_equal(archive: Archive) -> None:
    """Songshan: 85,028 addresses and 15,300 doors."""
    city = read_city(Path(__file__).parents[1] / "data" / "boundaries" / "songshan")
    archive.store_city(city)
    assert_equal_cities(archive.load_city(city.id), city)


# Crashes


def _crowded(name: str) -> City:
    """Return a town with 3,000 addresses, so that writing it takes a while."""
    town = governed_town()
    many = pd.concat([town.addresses] * 170, ignore_index=True)
    many["address_id"] = [f"{name}-{n}" for n in range(len(many))]
    return replace(town, name=name, addresses=many)


def _write_for_ever(folder: Path, acknowledged: int) -> None:
    """Store, divide and publish one town after the other and tell each step that is done."""
    graphs = tuple(graphs_of(governed_town()).values())
    with opened(folder) as archive:
        for step in range(1_000_000):
            name = f"town-{step}"
            archive.store_city(_crowded(name))
            archive.store_graphs("town", graphs)
            draft = archive.add_version("town", divisions(), note=name)
            archive.publish(draft.id, TODAY)
            os.write(acknowledged, step.to_bytes(4, "big"))


def _killed(folder: Path, after: int, share: float) -> int:
    """Write in another process, kill it in the step after step ``after``, and return the last step it told.

    ``share`` is how far into that step the kill falls, by the time that the step before it took.
    """
    steps, acknowledged = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _write_for_ever(folder, acknowledged)
        finally:
            os._exit(1)
    os.close(acknowledged)
    for _ in range(after + 1):
        started = time.monotonic()
        os.read(steps, 4)
    time.sleep(share * (time.monotonic() - started))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    late = os.read(steps, 65536)
    os.close(steps)
    return after + len(late) // 4


@pytest.mark.slow
def test_a_killed_writer_leaves_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    """Six kills at seeded moments, or more until they fall into different steps.

    Nothing acknowledged is lost, nothing is half there.
    """
    chance = random.Random(20260101)
    found: set[tuple[int, int, int]] = set()
    for n in range(60):
        if n >= 6 and len(found) > 1:
            break
        folder = tmp_path / str(n)
        opened(folder).close()  # the tables are made: no kill falls before the first step
        told = _killed(folder, n % 2, chance.uniform(0.0, 1.2))
        with opened(folder) as archive:
            with writing(archive._engine):
                """Wait for what a server still does for the one that was killed."""
            archive.verify_audit()
            (city,), versions = archive.cities(), archive.versions("town")
            assert [version.note for version in versions] == [f"town-{step}" for step in range(len(versions))]
            published = [version for version in versions if version.status is Status.PUBLISHED]
            for version in versions:
                assert [one.division for one in archive.all_stored(version.id)] == divisions()
                assert len(archive.grids(version.id)) == 5
            stored = int(city.name.removeprefix("town-"))
            assert_equal_cities(archive.load_city("town"), _crowded(city.name))
            state = (stored - told, len(versions) - 1 - told, len(published) - 1 - told)
            assert state in {(0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1)}
            found.add(state)
    assert len(found) > 1  # the kills did fall on different moments
