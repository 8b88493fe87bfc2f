"""Drafts in the store: every step is kept, stale writes are refused, two persons publish.

The town is that of ``governed``: c1 has the units A (160 households), B (80), C (80) and c1/h01 (40), and the
plan in force puts A into grid 1, C into 2, B and c1/h01 into 3.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from geogrid.archive import Actor, Archive, DraftStatus, Subject
from geogrid.errors import FrozenError, NotFoundError, RefusedError, StaleError
from geogrid.snapshot import publish_snapshot
from geogrid.workbench import Assign, Clear, Lock, OpenGrid, Operation, Release, Rename
from tests.governed import NOON, PLANS, TODAY, filled, governed_town, graphs_of, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from geogrid.archive import DraftRecord
    from geogrid.model import City

pytestmark = pytest.mark.usefixtures("each_store")

PLANNER, OTHER, APPROVER = Actor("planner", "192.0.2.1"), Actor("other"), Actor("approver")
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def archive(tmp_path: Path, each_store: str) -> Iterator[Archive]:
    with opened(tmp_path) as store:
        store.publish(filled(store).id, TODAY)
        yield store


@pytest.fixture
def draft(archive: Archive) -> DraftRecord:
    return archive.drafts.begin("town", "c1", title="新建小区", by=PLANNER)


def do(archive: Archive, draft: DraftRecord, *operations: Operation, by: Actor = PLANNER) -> DraftRecord:
    for operation in operations:
        draft = archive.drafts.do(draft.id, operation, revision=draft.revision, by=by).record
    return draft


def rules_of(attempt: Callable[[], object]) -> list[str]:
    with pytest.raises(RefusedError) as told:
        attempt()
    return [fault.rule for fault in told.value.faults]


def approved(archive: Archive, draft: DraftRecord) -> DraftRecord:
    sent = archive.reviews.submit(draft.id, revision=draft.revision, by=PLANNER)
    return archive.reviews.approve(draft.id, revision=sent.revision, by=APPROVER, decision="同意")


def test_a_draft_begins_as_the_plan_in_force(archive: Archive, draft: DraftRecord) -> None:
    assert (draft.status, draft.revision, draft.head, draft.base) == (DraftStatus.OPEN, 1, None, 1)
    assert dict(archive.drafts.open(draft.id).draft.assignment) == PLANS["c1"]
    assert archive.drafts.all("town") == (draft,)
    assert archive.drafts.all("town", community_id="c2") == ()
    assert archive.drafts.all("town", status=DraftStatus.SUBMITTED) == ()


def test_a_draft_of_nothing_is_refused(archive: Archive) -> None:
    begin = archive.drafts.begin
    with pytest.raises(NotFoundError):
        begin("town", "c9", title="x", by=PLANNER)
    with pytest.raises(NotFoundError):
        begin("elsewhere", "c1", title="x", by=PLANNER)
    assert rules_of(lambda: begin("town", "c1", title=" ", by=PLANNER)) == ["no-title"]


def test_a_draft_that_cannot_begin_is_not_begun(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geogrid.archive.drafts.opened_with", lambda *_: (Clear(), Rename(9, "九")))
    attempt = partial(archive.drafts.begin, "town", "c1", title="x", by=PLANNER, start="empty")
    assert rules_of(attempt) == ["unknown-grid"]
    assert archive.drafts.all("town") == ()


def test_what_changes_nothing_is_no_step(archive: Archive, draft: DraftRecord) -> None:
    grid = archive.drafts.open(draft.id).draft.assignment["A"]
    lines = archive.verify_audit()
    same = archive.drafts.do(draft.id, Assign(("A",), grid), revision=draft.revision, by=PLANNER)
    assert same.record == draft
    assert not same.history.steps
    assert archive.drafts.retitle(draft.id, draft.title, revision=draft.revision, by=PLANNER) == draft
    assert archive.verify_audit() == lines


def test_steps_come_back_after_the_store_was_closed(
    archive: Archive, draft: DraftRecord, tmp_path: Path
) -> None:
    last = do(archive, draft, Assign(("c1/h01",), 2), Rename(2, "南网格"), Lock(grids=(1,)))
    archive.close()
    with opened(tmp_path) as again:
        found = again.drafts.open(draft.id)
        assert found.record == last
        assert found.draft.members == {1: ("A",), 2: ("C", "c1/h01"), 3: ("B",)}
        assert dict(found.draft.names) == {2: "南网格"}
        assert [step.who for step in found.history.path(found.record.head)] == ["planner"] * 3


def test_a_stale_write_is_refused_and_nothing_is_lost(archive: Archive, draft: DraftRecord) -> None:
    mine = do(archive, draft, Rename(1, "甲"))
    with pytest.raises(StaleError):
        archive.drafts.do(draft.id, Rename(1, "乙"), revision=draft.revision, by=OTHER)
    assert dict(archive.drafts.open(draft.id).draft.names) == {1: "甲"}
    assert archive.drafts.record(draft.id) == mine


def test_of_many_who_write_at_once_each_revision_is_won_by_one(archive: Archive, draft: DraftRecord) -> None:
    """Eight writers repeat until they are through: eight steps, no step lost, none twice."""

    def write(name: str) -> None:
        while True:
            seen = archive.drafts.record(draft.id).revision
            try:
                archive.drafts.do(draft.id, Rename(1, name), revision=seen, by=Actor(name))
            except StaleError:
                continue
            return

    names = [f"w{n}" for n in range(8)]
    threads = [threading.Thread(target=write, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = archive.drafts.open(draft.id)
    path = found.history.path(found.record.head)
    assert sorted(step.who for step in path) == names
    assert found.record.revision == 1 + len(names)


def test_a_refused_operation_leaves_no_step(archive: Archive, draft: DraftRecord) -> None:
    assert rules_of(lambda: do(archive, draft, Assign(("X",), 1))) == ["unknown-unit"]
    assert archive.drafts.record(draft.id) == draft
    assert archive.drafts.open(draft.id).history.steps == {}


def test_undo_redo_and_jump_keep_every_step(archive: Archive, draft: DraftRecord) -> None:
    drafts = archive.drafts
    two = do(archive, draft, Rename(1, "甲"), Rename(1, "乙"))
    back = drafts.undo(draft.id, revision=two.revision, by=PLANNER)
    assert dict(back.draft.names) == {1: "甲"}
    other = do(archive, back.record, Rename(1, "丙"))
    assert sorted(step.operation.name for step in drafts.open(draft.id).history.steps.values()) == [  # type: ignore[union-attr]
        "丙",
        "乙",
        "甲",
    ]
    old = drafts.jump(draft.id, two.head, revision=other.revision, by=PLANNER)
    assert dict(old.draft.names) == {1: "乙"}
    start = drafts.jump(draft.id, None, revision=old.record.revision, by=PLANNER)
    assert dict(start.draft.names) == {}
    assert rules_of(lambda: drafts.undo(draft.id, revision=start.record.revision, by=PLANNER)) == [
        "nothing-to-undo"
    ]
    assert drafts.open_at(draft.id, two.head).draft == old.draft
    with pytest.raises(NotFoundError):
        drafts.jump(draft.id, 999, revision=start.record.revision, by=PLANNER)


def test_undo_breaks_a_lock_only_when_told_to(archive: Archive, draft: DraftRecord) -> None:
    here = do(archive, draft, Lock(grids=(1,)))
    undo = archive.drafts.undo
    assert rules_of(lambda: undo(draft.id, revision=here.revision, by=PLANNER)) == ["lock-undone"]
    assert undo(draft.id, revision=here.revision, by=PLANNER, force=True).draft.locked_grids == frozenset()


# The way to publication


def test_an_unfinished_or_torn_plan_is_not_submitted(archive: Archive, draft: DraftRecord) -> None:
    """The house is in the south-east corner and touches B and C, not A: a grid of A and the house is torn."""
    here = do(archive, draft, Release(("B",)), Assign(("c1/h01",), 1))
    told = rules_of(lambda: archive.reviews.submit(draft.id, revision=here.revision, by=PLANNER))
    assert told == ["no-grid", "every_grid_is_in_one_piece"]
    assert archive.drafts.record(draft.id).status is DraftStatus.OPEN


def test_nobody_edits_what_is_submitted_until_it_comes_back(archive: Archive, draft: DraftRecord) -> None:
    sent = archive.reviews.submit(draft.id, revision=draft.revision, by=PLANNER)
    with pytest.raises(FrozenError):
        do(archive, sent, Rename(1, "甲"))
    back = archive.reviews.reopen(draft.id, revision=sent.revision, by=APPROVER, decision="请说明理由")
    assert (back.status, back.decision, back.decided_by) == (DraftStatus.OPEN, "请说明理由", "approver")
    do(archive, back, Rename(1, "甲"))


def test_whoever_worked_on_a_draft_does_not_approve_it(archive: Archive, draft: DraftRecord) -> None:
    approve = archive.reviews.approve
    edited = do(archive, draft, Rename(1, "甲"), by=OTHER)
    sent = archive.reviews.submit(draft.id, revision=edited.revision, by=PLANNER)
    for who in (PLANNER, OTHER):
        assert rules_of(partial(approve, draft.id, revision=sent.revision, by=who)) == ["own-draft"]
    assert approve(draft.id, revision=sent.revision, by=APPROVER).status is DraftStatus.APPROVED


def test_an_approved_draft_becomes_a_version_that_is_published(
    archive: Archive, draft: DraftRecord, tmp_path: Path
) -> None:
    """c1 as drafted, c2 as it was; the names that the planner gave are shown, and the draft is published."""
    ready = approved(archive, do(archive, draft, Assign(("c1/h01",), 2), Rename(2, "南网格")))
    version = archive.reviews.assemble("town", [ready.id], day=TOMORROW, by=APPROVER)
    assert dict(archive.plan(version.id, "c1").assignment) == {"A": 1, "B": 3, "C": 2, "c1/h01": 2}
    assert dict(archive.plan(version.id, "c2").assignment) == PLANS["c2"]
    assert archive.drafts.record(draft.id).status is DraftStatus.APPROVED
    snapshot = publish_snapshot(archive, version.id, TOMORROW, tmp_path / "2")
    done = archive.drafts.record(draft.id)
    assert (done.status, done.version, done.effective_from) == (DraftStatus.PUBLISHED, version.id, TOMORROW)
    names = [card["name"] for card in snapshot.grids() if card["community"]["id"] == "c1"]
    assert names == ["A小区", "南网格", "B小区"]
    stored = archive.stored(version.id, "c1").division
    assert (stored.engine, stored.proved, dict(stored.names)) == ("by-hand", False, {2: "南网格"})


def test_only_approved_drafts_are_assembled_and_one_of_each_community(
    archive: Archive, draft: DraftRecord
) -> None:
    with pytest.raises(FrozenError):
        archive.reviews.assemble("town", [draft.id], day=TOMORROW, by=APPROVER)
    second = approved(archive, archive.drafts.begin("town", "c1", title="second", by=PLANNER))
    first = approved(archive, draft)
    told = rules_of(
        lambda: archive.reviews.assemble("town", [first.id, second.id], day=TOMORROW, by=APPROVER)
    )
    assert told == ["two-drafts"]


def test_assembling_again_drops_the_version_that_nobody_published(
    archive: Archive, draft: DraftRecord
) -> None:
    ready = approved(archive, draft)
    first = archive.reviews.assemble("town", [ready.id], day=TOMORROW, by=APPROVER)
    second = archive.reviews.assemble("town", [ready.id], day=TOMORROW, by=APPROVER)
    assert [one.id for one in archive.versions("town")] == [1, second.id]
    assert first.id != second.id


def test_a_draft_of_a_plan_that_is_no_longer_in_force_is_stale(archive: Archive, draft: DraftRecord) -> None:
    late = approved(archive, do(archive, draft, Assign(("c1/h01",), 2)))
    early = archive.drafts.begin("town", "c1", title="early", by=PLANNER)
    ready = approved(archive, do(archive, early, Assign(("B", "c1/h01"), 2)))
    archive.publish(archive.reviews.assemble("town", [ready.id], day=TODAY, by=APPROVER).id, TODAY)
    with pytest.raises(StaleError):
        archive.reviews.assemble("town", [late.id], day=TOMORROW, by=APPROVER)


def loaded(archive: Archive, newer: City) -> City:
    """Load data as the command does where a plan is published: they are cut into units at once."""
    archive.store_city(newer)
    archive.store_graphs("town", graphs_of(newer).values())
    return newer


def rebuilt(households: int) -> City:
    """Return the town after the house was pulled down and B's buildings have so many homes each."""
    town = governed_town()
    standing = [one for one in town.buildings if one.compound_id or one.community_id != "c1"]
    buildings = (replace(one, households=households) if one.compound_id == "B" else one for one in standing)
    return replace(town, buildings=tuple(buildings))


def test_newer_data_are_drafted_on_their_own_units(archive: Archive) -> None:
    """B doubles and the house is pulled down: what stays keeps its grid, the units are those of today."""
    loaded(archive, rebuilt(80))
    found = archive.drafts.open(archive.drafts.begin("town", "c1", title="改建", by=PLANNER).id)
    homes = {unit.id: unit.households for unit in found.bench.graph.units}
    assert (homes["A"], homes["B"]) == (160, 160)
    assert {name: found.draft.assignment[name] for name in ("A", "B", "C")} == {"A": 1, "B": 3, "C": 2}


def test_data_that_a_draft_stands_on_are_kept_when_newer_ones_come(archive: Archive) -> None:
    loaded(archive, rebuilt(80))
    begun = archive.drafts.begin("town", "c1", title="改建", by=PLANNER)
    before = archive.drafts.open(begun.id)
    archive.store_graphs("town", graphs_of(rebuilt(70)).values())  # cut otherwise, on the same data
    loaded(archive, rebuilt(60))
    loaded(archive, governed_town())
    assert archive.drafts.open(begun.id).bench.graph == before.bench.graph


def test_a_draft_that_was_approved_on_older_data_is_not_published_on_newer_ones(
    archive: Archive, draft: DraftRecord
) -> None:
    ready = approved(archive, draft)
    loaded(archive, rebuilt(80))
    with pytest.raises(StaleError, match="approved on older data"):
        archive.reviews.assemble("town", [ready.id], day=TOMORROW, by=APPROVER)
    loaded(archive, governed_town())
    assert archive.reviews.assemble("town", [ready.id], day=TOMORROW, by=APPROVER).id == 2


def test_a_community_that_is_gone_from_the_data_stops_what_planners_publish(
    archive: Archive, draft: DraftRecord
) -> None:
    ready = approved(archive, draft)
    town = governed_town()
    assert archive.moved_on("town") == ()
    loaded(
        archive,
        replace(
            town,
            communities=tuple(one for one in town.communities if one.id == "c1"),
            compounds=tuple(one for one in town.compounds if one.community_id == "c1"),
            buildings=tuple(one for one in town.buildings if one.community_id == "c1"),
            land=tuple(one for one in town.land if one.geometry.intersects(town.communities[0].geometry)),
            branches=(),
            team=(),
            pairings=(),
            building_groups=(),
            addresses=town.addresses[town.addresses["community_id"] == "c1"],
        ),
    )
    (gone,) = archive.moved_on("town")
    assert (gone.rule, gone.id, "gone" in gone.message) == ("other-communities", "c2", True)
    told = rules_of(lambda: archive.reviews.assemble("town", [ready.id], day=TOMORROW, by=APPROVER))
    assert told == ["other-communities"]
    assert len(archive.versions("town")) == 1


# Comments, links, the trail


def test_comments_stay_open_until_they_are_resolved(archive: Archive, draft: DraftRecord) -> None:
    said = archive.comments.add(draft.id, "  为什么? ", by=APPROVER, subject=Subject.GRID, subject_id="2")
    assert (said.text, said.subject_id, said.who, said.resolved_at) == ("为什么?", "2", "approver", None)
    done = archive.comments.resolve(draft.id, said.id, by=PLANNER)
    assert (done.resolved_by, done.resolved_at) == ("planner", NOON)
    assert archive.comments.resolve(draft.id, said.id, by=PLANNER, resolved=False).resolved_by is None
    assert [one.id for one in archive.comments.of(draft.id)] == [said.id]
    assert rules_of(lambda: archive.comments.add(draft.id, " ", by=PLANNER)) == ["no-text"]
    assert archive.drafts.record(draft.id) == draft
    with pytest.raises(NotFoundError):
        archive.comments.resolve(draft.id, 99, by=PLANNER)


def test_a_link_shows_the_draft_until_it_is_over_or_taken_back(
    archive: Archive, draft: DraftRecord, tmp_path: Path
) -> None:
    share, secret = archive.shares.add(draft.id, lasts=timedelta(days=7), by=PLANNER)
    assert archive.shares.draft_of(secret) == draft.id
    assert secret not in str(archive.shares.of(draft.id))
    with opened(tmp_path, NOON + timedelta(days=7)) as later, pytest.raises(NotFoundError):
        later.shares.draft_of(secret)
    archive.shares.revoke(draft.id, share.id, by=PLANNER)
    for wrong in (secret, "", "guess"):
        with pytest.raises(NotFoundError):
            archive.shares.draft_of(wrong)
    for lasts in (timedelta(0), timedelta(days=91)):
        assert rules_of(partial(archive.shares.add, draft.id, lasts=lasts, by=PLANNER)) == ["bad-expiry"]


def test_the_trail_tells_every_step_and_where_it_came_from(archive: Archive, draft: DraftRecord) -> None:
    here = do(archive, draft, OpenGrid(), Rename(1, "甲"))
    archive.drafts.undo(draft.id, revision=here.revision, by=OTHER)
    lines = archive.audit_trail(f"draft {draft.id}")
    assert [line.what for line in lines] == ["begin-draft", "draft-step", "draft-step", "draft-jump"]
    assert lines[1].details["operation"] == {"kind": "open-grid", "name": "", "reason": "", "units": []}
    assert (lines[0].details["from"], "from" in lines[3].details) == ("192.0.2.1", False)
    assert archive.verify_audit() == len(archive.audit_trail())
