"""Planners at work who are killed (SIGKILL) at any moment, and what must hold after it.

A worker does seeded work on the store of the governed town and tells each thing that was acknowledged to it
over a pipe, after the call returned. It is killed at a random moment, the store is opened again and held
against what was told; the next worker goes on in the same store. A failure names its seed.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import time
import traceback
from typing import TYPE_CHECKING, Any

from api.planning.office import Office
from geogrid.archive import Actor, Archive, DraftStatus
from geogrid.errors import RefusedError, SnapshotError, StaleError
from geogrid.snapshot import Snapshot, compile_snapshot, publish_snapshot, put_in_force, show_today
from geogrid.workbench import Assign, Lock, OpenGrid, Rename, Unlock, operation_to_json
from tests.governed import TODAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from api import Settings
    from geogrid.workbench import Operation

PLANNER, APPROVER, PUBLISHER = Actor("planner"), Actor("approver"), Actor("publisher")
LONGEST_S = 60
Told = dict[str, Any]


def operation(chance: random.Random) -> Operation:
    """Return something a planner does to the town's c1; some of it will be refused."""
    return chance.choice(
        (
            Assign(("c1/h01",), chance.choice((2, 3))),
            Assign(("B",), chance.choice((2, 3))),
            Rename(1, f"网格{chance.randrange(1000)}"),
            Lock(grids=(1,)),
            Unlock(grids=(1,)),
            OpenGrid(name=str(chance.randrange(10))),
        )
    )


def work(settings: Settings, chance: random.Random, tell: Callable[[Told], None]) -> None:
    """Finish what lies about, then draft, approve and publish without end."""
    office = Office(settings)
    drafts, reviews = office.archive.drafts, office.archive.reviews
    for one in drafts.all("town", status=DraftStatus.APPROVED):
        release(office, one.id, tell)
    while True:
        here = drafts.begin("town", "c1", title="x", by=PLANNER)
        tell({"draft": here.id, "revision": here.revision, "head": None})
        for _ in range(chance.randrange(1, 7)):
            here = edit(office, here.id, chance, tell)
        try:
            sent = reviews.submit(here.id, revision=drafts.record(here.id).revision, by=PLANNER)
        except RefusedError:
            reviews.abandon(here.id, revision=drafts.record(here.id).revision, by=PLANNER)
            continue
        tell({"draft": here.id, "revision": sent.revision, "head": sent.head, "status": "submitted"})
        done = reviews.approve(here.id, revision=sent.revision, by=APPROVER)
        tell({"draft": here.id, "revision": done.revision, "head": done.head, "status": "approved"})
        release(office, here.id, tell)


def edit(office: Office, draft: int, chance: random.Random, tell: Callable[[Told], None]) -> Any:
    """Do or undo one thing."""
    drafts = office.archive.drafts
    record = drafts.record(draft)
    try:
        if chance.random() < 0.2:
            done = drafts.undo(draft, revision=record.revision, by=PLANNER, force=True).record
            tell({"draft": draft, "revision": done.revision, "head": done.head})
        else:
            step = operation(chance)
            done = drafts.do(draft, step, revision=record.revision, by=PLANNER).record
            told: Told = {"draft": draft, "revision": done.revision, "head": done.head}
            # What changes nothing is no step.
            tell(told if done == record else told | {"operation": operation_to_json(step)})
    except RefusedError:
        return record
    return done


def release(office: Office, draft: int, tell: Callable[[Told], None]) -> None:
    """Publish an approved draft; one that another plan overtook goes back."""
    drafts = office.archive.drafts
    try:
        made = office.archive.reviews.assemble("town", [draft], day=TODAY, by=PUBLISHER)
    except StaleError:
        office.archive.reviews.reopen(draft, revision=drafts.record(draft).revision, by=APPROVER)
        return
    folder = office.snapshots / str(made.id)
    show_today(office.archive, publish_snapshot(office.archive, made.id, TODAY, folder, who=PUBLISHER.name))
    tell({"published": made.id, "draft": draft})


def killed(settings: Settings, seed: int) -> list[Told]:
    """Let a worker begin, kill it at a moment drawn from ``seed``, and return what was acknowledged."""
    chance = random.Random(seed)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            work(settings, chance, lambda told: _write(writing, told))
        except BaseException:  # the parent shall read it, whatever it is
            _write(writing, {"failed": traceback.format_exc()})
        os._exit(1)
    os.close(writing)
    wanted, begun = chance.randrange(25), time.monotonic()
    received = b""
    while received.count(b"\n") < wanted and time.monotonic() < begun + LONGEST_S:
        if not select.select([reading], [], [], 1)[0]:
            continue
        part = os.read(reading, 65536)
        if not part:
            break
        received += part
    time.sleep(chance.random() * 0.15)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while select.select([reading], [], [], 0)[0] and (part := os.read(reading, 65536)):
        received += part
    os.close(reading)
    return [json.loads(line) for line in received.decode().splitlines()]


def _write(pipe: int, told: Told) -> None:
    os.write(pipe, json.dumps(told).encode() + b"\n")  # short enough to be written in one piece


def hold_against(settings: Settings, told: list[Told]) -> None:
    """Check that the store has everything that was acknowledged, and that what readers see is whole."""
    assert [one["failed"] for one in told if "failed" in one] == []
    office = Office(settings)
    archive = office.archive
    archive.verify_audit()
    newest: dict[int, Told] = {one["draft"]: one for one in told if "revision" in one}
    for draft, last in newest.items():
        found = archive.drafts.open(draft)
        assert found.record.revision >= last["revision"]
        if found.record.revision == last["revision"]:
            assert found.record.head == last["head"]
    for one in told:
        if "operation" in one:
            step = archive.drafts.open(one["draft"]).history.steps[one["head"]]
            assert operation_to_json(step.operation) == one["operation"]
        if "published" in one:
            assert archive.version(one["published"]).frozen
            assert archive.drafts.record(one["draft"]).status is DraftStatus.PUBLISHED
    seen = Snapshot.open(settings.snapshot)
    whole(archive, seen)
    recovered = restarted(office)
    published = [one["published"] for one in told if "published" in one]
    assert not published or recovered.city["version"] >= max(published)
    whole(archive, recovered)
    office.close()


def whole(archive: Archive, seen: Snapshot) -> None:
    """Check that a snapshot tells one published version, all of it."""
    version = int(seen.city["version"])
    assert archive.version(version).frozen
    stored = archive.all_stored(version)
    grids = {(one.graph.community_id, grid) for one in stored for grid in one.division.plan.members()}
    assert {(card["community"]["id"], card["number"]) for card in seen.grids()} == grids
    assert sum(card["households"] for card in seen.grids()) == 600


def restarted(office: Office) -> Snapshot:
    """Return what a service shows that starts now: it compiles what is missing, as `geogrid serve` does."""
    version = office.archive.version_in_force("town")
    assert version is not None
    folder = office.snapshots / str(version.id)
    try:
        snapshot = Snapshot.open(folder)
    except SnapshotError:
        snapshot = compile_snapshot(office.archive, "town", version.id, folder)
    put_in_force(folder)
    return snapshot


def survive(settings: Settings, seed: int, kills: int) -> tuple[int, int]:
    """Kill a worker so many times over one store; return how much was acknowledged and published.

    What is lost or half published fails with the seed of the worker that was killed.
    """
    acknowledged = published = 0
    for kill in range(kills):
        one = 1000 * seed + kill
        told = killed(settings, one)
        try:
            hold_against(settings, told)
        except Exception as error:
            raise AssertionError(f"after the kill of worker {one}") from error
        acknowledged += len(told)
        published += sum("published" in one for one in told)
    return acknowledged, published
