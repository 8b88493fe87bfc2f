"""A store is copied to another database and back: every row, checked by sums that no order changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from geogrid.archive import Actor, Archive, public_name, store_name
from geogrid.archive.copying import CopiedTable, copy_store
from geogrid.archive.schema import metadata
from geogrid.cli.app import app
from geogrid.cli.exits import Exit
from geogrid.errors import StoreError
from geogrid.workbench import Assign
from tests.governed import NOON, TODAY, division, filled
from tests.stores import execute, kept_on, store_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgres import PostgresServer

PLANNER = Actor("planner")


def full_store(folder: Path) -> str:
    """Fill an embedded store with a city, two versions, a draft with a step, and an account."""
    with Archive.open(f"sqlite:///{folder}/store.db", clock=lambda: NOON) as archive:
        draft = filled(archive)
        archive.publish(draft.id, TODAY)
        archive.add_version("town", [division("c2", {"D": 1, "E": 1})], note="second")
        begun = archive.drafts.begin("town", "c1", title="新建小区", by=PLANNER)
        archive.drafts.do(begun.id, Assign(("B",), 1), revision=begun.revision, by=PLANNER)
        archive.accounts.add("li.na", by=Actor("cli"), roles=[], password="correct horse battery")
    return f"sqlite:///{folder}/store.db"


@pytest.fixture
def on_server(postgres: PostgresServer, tmp_path: Path) -> Iterator[str]:
    with kept_on(postgres):
        yield store_of(tmp_path / "server")


def test_a_store_goes_to_a_server_and_back_unchanged(on_server: str, tmp_path: Path) -> None:
    here = full_store(tmp_path / "here")
    there = copy_store(here, on_server)
    back = f"sqlite:///{tmp_path}/back.db"
    assert copy_store(on_server, back) == there == copy_store(back, f"sqlite:///{tmp_path}/once.db")
    assert [one.name for one in there] == [table.name for table in metadata.sorted_tables]
    rows = {one.name: one.rows for one in there}
    assert (rows["edition"], rows["version"], rows["draft_step"], rows["account"]) == (1, 2, 1, 1)
    with Archive.open(here) as old, Archive.open(on_server) as new:
        assert new.audit_trail() == old.audit_trail()
        assert new.all_stored(1) == old.all_stored(1)
        assert new.grids(1) == old.grids(1)


def test_a_copied_store_goes_on_counting(on_server: str, tmp_path: Path) -> None:
    copy_store(full_store(tmp_path / "here"), on_server)
    with Archive.open(on_server, clock=lambda: NOON) as archive:
        assert archive.copy_version(1).id == 3
        assert archive.verify_audit() > 0


def test_a_target_that_holds_something_is_refused(on_server: str, tmp_path: Path) -> None:
    here, other = full_store(tmp_path / "here"), full_store(tmp_path / "other")
    with pytest.raises(StoreError, match=r"the target holds rows in .*edition"):
        copy_store(here, other)


def test_nothing_is_kept_of_a_copy_that_fails(on_server: str, tmp_path: Path) -> None:
    def stop(done: CopiedTable) -> None:
        if done.name == "version":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_store(full_store(tmp_path / "here"), on_server, progress=stop)
    with Archive.open(on_server) as archive:
        assert archive.cities() == ()
        assert archive.audit_trail() == ()


def test_a_row_that_comes_out_otherwise_is_found(on_server: str, tmp_path: Path) -> None:
    """A server that changes what is written, here by a trigger, does not get away with it."""
    here = full_store(tmp_path / "here")
    _betray(on_server, tmp_path)
    with pytest.raises(StoreError, match="table building came out otherwise"):
        copy_store(here, on_server)
    with Archive.open(on_server) as archive:
        assert archive.cities() == ()


def _betray(on_server: str, tmp_path: Path) -> None:
    body = "BEGIN NEW.households = 1; RETURN NEW; END"
    function = f"CREATE FUNCTION betray() RETURNS trigger LANGUAGE plpgsql AS '{body}'"
    trigger = "CREATE TRIGGER betray BEFORE INSERT ON building FOR EACH ROW EXECUTE FUNCTION betray()"
    execute(tmp_path / "server", function, trigger)


# The command


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["store", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_a_backup_is_a_store_and_comes_back(on_server: str, tmp_path: Path) -> None:
    here = full_store(tmp_path / "here")
    assert run("copy", on_server, "--store", here)[0] == Exit.OK
    code, out, _ = run("backup", f"{tmp_path}/kept/city.db", "--store", on_server, "--json")
    assert code == Exit.OK
    told = json.loads(out)
    assert told["tables"]["version"]["rows"] == 2
    assert [one.name for one in (tmp_path / "kept").iterdir()] == ["city.db"]
    again = f"sqlite:///{tmp_path}/again.db"
    code, out, _ = run("restore", f"{tmp_path}/kept/city.db", "--store", again, "--json")
    assert json.loads(out) == told
    with Archive.open(again) as new, Archive.open(here) as old:
        assert new.audit_trail() == old.audit_trail()


def test_a_backup_replaces_nothing_and_leaves_nothing_behind(tmp_path: Path) -> None:
    here = full_store(tmp_path / "here")
    (tmp_path / "kept.db").write_text("something else")
    code, _, err = run("backup", f"{tmp_path}/kept.db", "--store", here)
    assert (code, (tmp_path / "kept.db").read_text()) == (Exit.STORE, "something else")
    assert "never replaces a file" in err
    code, _, err = run("backup", f"{tmp_path}/new/kept.db", "--store", f"sqlite:///{tmp_path}/none.db")
    assert code == Exit.STORE
    assert not (tmp_path / "none.db").exists()
    assert not (tmp_path / "new").exists()


def test_a_password_in_a_url_is_not_shown() -> None:
    assert public_name("postgresql://geogrid:SECRET@db/city") == "postgresql+psycopg://geogrid@db/city"
    assert store_name("postgresql://geogrid:SECRET@db/city") == "city"
