"""The loop of a review: doubtful rows go out, come back corrected, are learnt, and are known from then on."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from geogrid.addresses import KnownName, Matcher, Status, compile_index, lesson
from geogrid.archive import Archive
from geogrid.batch import learn_from
from geogrid.batch.review import REVIEWED, read_review
from geogrid.cli.app import app
from geogrid.cli.exits import Exit
from geogrid.cli.store import snapshot_folder
from geogrid.errors import InputError
from geogrid.snapshot import compile_snapshot, publish_snapshot
from geogrid.tables import open_table, table_of, write_table
from tests.address_towns import mainland_town
from tests.governed import divisions, filled, governed_town, graphs_of

if TYPE_CHECKING:
    from pathlib import Path

    from geogrid.snapshot import Snapshot

DAY = date(2026, 11, 27)
INDEX = compile_index(mainland_town())


def review_file(path: Path, *rows: dict[str, str]) -> Path:
    """Write a review file that came back: every row says what differs from an unmarked line."""
    lines = [{"row": str(n), **row} for n, row in enumerate(rows, 1)]
    columns = {name: [str(line.get(name, "")) for line in lines] for name in REVIEWED}
    write_table(path, table_of(columns, pa.schema([(name, pa.string()) for name in REVIEWED])))
    return path


def read(path: Path) -> list[dict[str, str]]:
    with open_table(path) as table:
        found: list[dict[str, str]] = pa.Table.from_batches(list(table.batches), table.schema).to_pylist()
        return found


def rules(path: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        learn_from(path, INDEX, DAY)
    for fault in caught.value.faults:
        assert fault.file == str(path)
        assert "院" not in str(fault), "a fault repeats what a resident asked"
    return [fault.rule for fault in caught.value.faults]


# What one correction teaches


@pytest.mark.parametrize(
    ("text", "building", "taught"),
    [
        # Only the name differs: the name is learnt, for every building of the compound.
        ("泰河老院3号楼2单元501室", "k1-3", KnownName("泰河老院", "compound", "k1", "alias", "2026-11-27")),
        ("老锦山街12号", "r1", KnownName("老锦山街", "stem", "锦山大街", "alias", "2026-11-27")),
        # The number differs as well: the text is learnt, for this building.
        ("泰河老院4号楼", "k1-3", KnownName("泰河老院4号楼", "door", "k1-3", "alias", "2026-11-27")),
        ("东门那栋", "k2-2", KnownName("东门那栋", "door", "k2-2", "alias", "2026-11-27")),
        # 泰和公寓 is a name of the city's own: it is not made another compound's.
        ("泰和公寓3号楼", "k1-3", KnownName("泰和公寓3号楼", "door", "k1-3", "alias", "2026-11-27")),
    ],
)
def test_what_a_correction_teaches(text: str, building: str, taught: KnownName) -> None:
    door = INDEX.door_building_ids().index(building)
    assert lesson(INDEX, text, door, "2026-11-27") == taught


def test_what_was_taught_is_answered_with_its_days() -> None:
    taught = (
        KnownName("泰河老院", "compound", "k1", "alias", "2026-11-27"),
        KnownName("东门那栋", "door", "k2-2", "alias", "2026-11-27"),
    )
    index = compile_index(mainland_town(), taught)
    matcher, ids = Matcher(index, np.arange(index.door_count)), index.door_building_ids()
    for text, building in (("泰河老院13号楼", "k1-13"), ("泰河老院3-2-501", "k1-3"), ("东门那栋", "k2-2")):
        answer = matcher.match(text)
        assert (answer.status, ids[answer.grid]) == (Status.MATCHED, building)
        assert any(note.kind == "alias" and "2026-11-27" in note.became for note in answer.notes)
    assert matcher.match("泰河老院4号楼").grid == -1


# What a file teaches


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet", ".gpkg"])
def test_a_corrected_file_of_any_format_is_learnt(tmp_path: Path, ending: str) -> None:
    path = review_file(
        tmp_path / f"review{ending}",
        {"question": "泰河老院3号楼", "candidate_id": "k1-3", "correct": "x"},
        {"question": "泰河老院13号楼", "correct": "泰河花园13号楼"},  # the same name once more
        {"question": "东门那栋", "candidate_id": "k1-1", "correct": "k2-2"},
        {"question": "不知道哪里"},  # left alone
    )
    assert [(one.text, one.kind, one.id) for one in learn_from(path, INDEX, DAY)] == [
        ("泰河老院", "compound", "k1"),
        ("东门那栋", "door", "k2-2"),
    ]


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    path = review_file(
        tmp_path / "review.csv",
        {"question": "泰河老院3号楼", "correct": "泰河花园99号楼"},
        {"question": "张三院 13900000000", "correct": "k1-3"},
        {"question": "锦江小区1号楼", "candidate_id": "k3-1", "correct": "x"},  # both 锦江小区 have one
        {"question": "那栋老院", "candidate_id": "k2-2", "correct": "是"},
        {"question": "那栋老院", "candidate_id": "k2-1", "correct": "是"},
        {"question": "泰河花园1号楼", "correct": "k2-1"},
    )
    assert rules(path) == ["not-certain", "private-text", "taken", "contradiction", "taken"]


def test_lines_that_are_no_corrections_are_told_at_once(tmp_path: Path) -> None:
    path = review_file(
        tmp_path / "review.csv",
        {"row": "1", "question": "老院", "candidate_id": "k1-1", "correct": "x"},
        {"row": "1", "question": "老院", "candidate_id": "k1-3", "correct": "x"},
        {"row": "2", "question": "新院", "correct": "x"},
        {"row": "3", "candidate_id": "k1-3", "correct": "x"},
    )
    assert rules(path) == ["two-corrections", "no-building", "no-question"]
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    assert rules(tmp_path / "other.csv") == ["no-such-column"] * 4


def test_a_mark_that_a_spreadsheet_made_a_number_is_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "review.parquet"
    columns: dict[str, list[object]] = {
        "row": [1],
        "question": ["'=老院"],
        "candidate_id": ["k1-3"],
        "correct": [1.0],
    }
    write_table(path, table_of(columns, pa.schema({**dict.fromkeys(columns, pa.string()), "row": pa.int64(),
                                                   "correct": pa.float64()})))  # fmt: skip
    (one,) = read_review(path)
    assert (one.row, one.building, one.question) == ("1", "k1-3", "=老院")


def test_memory_does_not_grow_with_the_rows_that_are_left_alone(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        path = tmp_path / f"{rows}.csv"
        path.write_text(",".join(REVIEWED) + "\n" + "1,老院1号楼,none,nothing fits,,,,\n" * rows)
        tracemalloc.start()
        assert read_review(path) == []
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    assert peak(60_000) < peak(15_000) * 1.5


# The whole loop, on a real store


@pytest.fixture
def town(tmp_path: Path) -> str:
    """Return the store of a published town."""
    url = f"sqlite:///{tmp_path}/store.db"
    with Archive.open(url) as archive:
        draft = filled(archive)
        publish_snapshot(archive, draft.id, archive.today(), snapshot_folder(url, "town", draft.id))
    return url


def assigned(store: str, folder: Path, review: str, *texts: str) -> list[str]:
    """Assign texts through the command line and return their statuses."""
    source, target = folder / "in.csv", folder / "out.csv"
    source.write_text("address\n" + "\n".join(texts) + "\n", encoding="utf-8")
    told = CliRunner().invoke(
        app, ["assign", str(source), str(target), "--review", str(folder / review), "--store", store]
    )
    assert told.exit_code == Exit.OK, told.stderr
    return [row["status"] for row in read(target)]


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet"])
def test_the_loop_from_doubt_to_a_name_that_is_known(tmp_path: Path, town: str, ending: str) -> None:
    name = f"review{ending}"
    assert assigned(town, tmp_path, name, "甲乙大院2号楼", "A小区1号楼", "=1+1") == [
        "none",
        "matched",
        "none",
    ]
    lines = read(tmp_path / name)
    assert [(line["row"], line["status"]) for line in lines] == [("1", "none"), ("3", "none")]
    assert lines[1]["question"].startswith("'=")
    corrected = [{**line, "correct": "A小区2号楼" if line["row"] == "1" else ""} for line in lines]
    columns = {key: [line[key] or "" for line in corrected] for key in REVIEWED}
    write_table(tmp_path / name, table_of(columns, pa.schema([(key, pa.string()) for key in REVIEWED])))
    told = CliRunner().invoke(
        app, ["learn", str(tmp_path / name), "--who", "reviewer", "--now", "--store", town, "--json"]
    )
    assert told.exit_code == Exit.OK, told.stderr
    (one,) = json.loads(told.stdout)["names"]
    assert (one["text"], one["means"], one["until"], one["who"]) == ("甲乙大院", "compound A", "", "reviewer")
    assert assigned(town, tmp_path, name, "甲乙大院2号楼", "甲乙大院1号楼3单元") == ["matched", "matched"]
    told = CliRunner().invoke(app, ["lookup", "甲乙大院2号楼", "--store", town])
    assert "Also called: name 甲乙大院 -> A小区" in told.stdout
    told = CliRunner().invoke(app, ["learn", "--forget", str(one["number"]), "--now", "--store", town])
    assert "1 ended; 0 in use" in told.stdout
    assert assigned(town, tmp_path, name, "甲乙大院2号楼") == ["none"]


def test_a_file_with_faults_teaches_nothing(tmp_path: Path, town: str) -> None:
    path = review_file(
        tmp_path / "review.csv",
        {"question": "甲乙大院2号楼", "correct": "A小区2号楼"},
        {"question": "丙丁大院2号楼", "correct": "A小区77号楼"},
    )
    told = CliRunner().invoke(app, ["learn", str(path), "--store", town])
    assert (told.exit_code, told.stdout) == (Exit.DATA, "")
    assert "not-certain" in told.stderr
    assert "大院" not in told.stderr
    with Archive.open(town) as archive:
        assert archive.learnt_names("town") == ()


def test_a_text_that_is_taught_anew_keeps_its_history(town: str) -> None:
    first, second = KnownName("大院", "stem", "A小区"), KnownName("大院", "stem", "B小区")
    with Archive.open(town) as archive:
        today = archive.today()
        assert archive.learn_names("town", [first, first], who="one") == 1
        assert archive.learn_names("town", [first]) == 0
        assert archive.learn_names("town", [second], who="two") == 1
        history = [(one.name.id, one.until, one.learnt_by) for one in archive.learnt_names("town")]
        assert history == [("A小区", today, "one"), ("B小区", None, "two")]
        assert [one.id for one in archive.known_names("town")] == ["B小区"]
        trail = [entry.what for entry in archive.audit_trail("city town")]
        assert trail[-2:] == ["learn-names", "learn-names"]
        assert "大院" not in str(archive.audit_trail())
        archive.verify_audit()


# Names and codes that are no longer in use


def recompiled(archive: Archive, folder: Path) -> Snapshot:
    version = archive.versions("town")[-1]
    return compile_snapshot(archive, "town", version.id, folder / str(version.id))


def test_a_former_name_and_code_of_a_community_are_historical(tmp_path: Path) -> None:
    """The town's c1 is renamed and renumbered: what it was called before is known, and told as former."""
    before = governed_town()
    old, other = before.communities
    after = replace(before, communities=(replace(old, name="新名社区", code="210603001099"), other))
    with Archive.open(f"sqlite:///{tmp_path}/store.db") as archive:
        archive.store_city(before)
        archive.store_city(after)
        archive.store_graphs("town", graphs_of(after).values())
        draft = archive.add_version("town", divisions())
        archive.publish(draft.id, archive.today())
        snapshot = recompiled(archive, tmp_path)
        (name, code) = sorted(archive.known_names("town"), key=lambda one: one.text.isdecimal())
    assert (name.text, name.how, code.text) == (old.name, "former", old.code)
    answer = snapshot.lookup_address(old.code)
    assert answer.status == "historical"
    assert any(step.kind == "former" for step in answer.explain)
    assert snapshot.lookup_address("210603001099").status in ("partial", "matched")
