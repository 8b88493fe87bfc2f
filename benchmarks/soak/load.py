"""Two workers under four fifths of what they can bear, with a plan published every minute.

Residents ask by position and by address at a rate that does not wait for answers. Beside them one asker holds
every answer against the plan that it names: plans number their grids from either end, so a mixture is seen.
A publisher asks the same servers to publish one plan and the other anew, in turn.
"""

from __future__ import annotations

import re
import shutil
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from benchmarks.api.city import KEPT, kept_snapshot
from benchmarks.api.load import Heard, ask, at_rate, lua, require_wrk
from benchmarks.api.rates import requests_of
from benchmarks.bars import Bar, at_least, at_most
from benchmarks.division.instances import data_folder
from geogrid.accounts import AccountRole, Right
from geogrid.archive import Actor, Archive
from geogrid.clock import SHANGHAI, now
from geogrid.plan import Plan
from geogrid.policy import EIGHT_TO_TEN
from geogrid.snapshot import Snapshot, publish_snapshot, put_in_force
from tests.governed import TODAY, filled, opened
from tests.servers import Asker, GridServer
from tests.stores import store_of

if TYPE_CHECKING:
    from benchmarks.bars import Clock

CITY = "songshan"
WORKERS, CONNECTIONS, SHARE = 2, 64, 0.8
ALMOST = 0.99  # of the share: the moments of asking are drawn
WARM, WARM_TRIES = 100, 60  # requests/s of a server that has begun
OPENINGS = 20
P99_MS = 50  # of the middle minute, the generator and the publisher being on the same two processors
DUE_MS = 100  # the same and how late 99 of 100 requests were sent; 98 of 100 were answered within both


@dataclass(frozen=True)
class Stretch:
    """What was heard for a while, and the memory of the workers at its end."""

    heard: Heard
    memory_mb: float


def load(clock: Clock, *, stretches: int, seconds: float) -> list[Bar]:
    """Ask for some stretches of ``seconds`` each, and publish a plan in each."""
    require_wrk()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store, place = _city(folder) if clock.until is None else _town(folder)
        snapshot = Snapshot.open(place)
        plans, token = _two_plans(store, place)
        in_turn = chain.from_iterable(zip(*requests_of(snapshot), strict=True))
        script = lua(folder, "mixed", list(in_turn))
        address = next(text for text in snapshot.addresses.texts["entry_text"].to_pylist() if text)
        server = GridServer(store, folder / "served", WORKERS).start()
        asker = Asker(server.url, address, every_s=0.05).start()
        found: list[Stretch] = []
        try:
            _await_warm(server, script)
            if stretches > 1:  # of which memories are compared
                _open_offices(server, token)
            ceiling = ask(server.url, script, seconds / 2, CONNECTIONS).rate
            paced = at_rate(script, SHARE * ceiling)
            print(f"{WORKERS} workers bear {ceiling:,.0f} requests/s; asked are {SHARE:.0%} of it")
            with ThreadPoolExecutor(1) as publisher:
                for number in range(stretches):
                    if clock.is_over() and found:
                        break
                    made = publisher.submit(_publish_anew, server.url, token, plans[number % 2])
                    found.append(Stretch(ask(server.url, paced, seconds, CONNECTIONS), _memory_mb(server)))
                    _tell(found[-1], *made.result())
        finally:
            asker.done.set()
            server.stop()
    return _bars(found, asker, ceiling)


def _city(folder: Path) -> tuple[str, Path]:
    """Copy the kept city; return its store and its snapshot."""
    kept = kept_snapshot(CITY, data_folder(None))
    shutil.copy(KEPT / f"{CITY}.db", folder)
    snapshots = folder / f"{CITY}.snapshots"
    shutil.copytree(KEPT / snapshots.name, snapshots, symlinks=True)
    return f"sqlite:///{folder}/{CITY}.db", snapshots / CITY / kept.name


def _town(folder: Path) -> tuple[str, Path]:
    """Publish the small town of the tests, for a quick run; return its store and its snapshot."""
    with opened(folder) as archive:
        draft = filled(archive)
        place = folder / "store.snapshots" / draft.city_id / str(draft.id)
        publish_snapshot(archive, draft.id, TODAY, place)
    return store_of(folder), place


def _two_plans(store: str, place: Path) -> tuple[tuple[int, int], str]:
    """Publish the plan of a snapshot numbered from the other end.

    Return it and the plan itself, and the token of somebody who may publish.
    """
    who, version = Actor("benchmark"), int(place.name)
    with Archive.open(store) as archive:
        today = archive.today()
        there = [one.division for one in archive.all_stored(version)]
        turned = [replace(one, plan=_turned(one.plan)) for one in there]
        made = archive.add_version(place.parent.name, turned, policy=EIGHT_TO_TEN)
        put_in_force(publish_snapshot(archive, made.id, today, place.with_name(str(made.id))).folder)
        archive.accounts.add("publisher", by=who, roles=[AccountRole.PUBLISHER], password=None)
        _, token = archive.tokens.add("publisher", by=who, label="load", scopes=[Right.VIEW, Right.PUBLISH])
    return (version, made.id), token


def _turned(plan: Plan) -> Plan:
    """Return the plan with its grids numbered from the other end."""
    last = max(plan.assignment.values())
    return Plan(plan.community_id, {unit: last + 1 - number for unit, number in plan.assignment.items()})


def _await_warm(server: GridServer, script: Path) -> None:
    """Ask until a server that has just started has read what it answers from.

    :raises RuntimeError: it does not come to answer.
    """
    for _ in range(WARM_TRIES):
        if ask(server.url, script, 1, CONNECTIONS).rate >= WARM:
            return
    raise RuntimeError(f"the server answers fewer than {WARM} requests a second")


def _open_offices(server: GridServer, token: str) -> None:
    """Let every worker load what planners need, which stays; a connection comes to one of them by chance."""
    for _ in range(OPENINGS):
        _ask_office(server.url, token, "GET", "versions")


def _memory_mb(server: GridServer) -> float:
    """Return what the workers hold of the machine's memory: pages that they share count once (Linux)."""
    assert server.process is not None
    found = 0.0
    for child in Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split():
        with suppress(OSError):
            told = Path(f"/proc/{child}/smaps_rollup").read_text(encoding="ascii")
            found += sum(int(kb) for kb in re.findall(r"^Pss:\s+(\d+) kB", told, re.M)) / 1e3
    return found


def _publish_anew(url: str, token: str, version: int) -> tuple[int, float]:
    """Publish a version anew through the service; return what came of it and the seconds that it took."""
    began = time.monotonic()
    today = now().astimezone(SHANGHAI).date().isoformat()
    told = _ask_office(url, token, "POST", "rollbacks", {"version": version, "effective_from": today})
    return told["version"], time.monotonic() - began


def _ask_office(url: str, token: str, method: str, what: str, body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.request(method, f"{url}/v1/planning/{what}", json=body, headers=headers, timeout=600)
    answer.raise_for_status()
    return answer.json()


def _tell(one: Stretch, version: int, seconds: float) -> None:
    heard = one.heard
    print(
        f"plan {version} published in {seconds:.1f} s: {heard.rate:,.0f} requests/s, "
        f"p99 {heard.p99_ms:.1f} ms and {heard.late_ms:.0f} ms late, {heard.errors} errors, "
        f"{one.memory_mb:.0f} MB",
        flush=True,
    )


def _bars(found: list[Stretch], asker: Asker, ceiling: float) -> list[Bar]:
    third = max(len(found) // 3, 1)
    before, after = found[:third], found[-third:]
    grown = statistics.mean(one.memory_mb for one in after) / statistics.mean(one.memory_mb for one in before)
    grids: dict[int, set[int]] = {}
    for _, version, number in asker.told:
        grids.setdefault(version, set()).add(number)
    mixed = sum(len(numbers) > 1 for numbers in grids.values())
    refused = [status for status, _, _ in asker.told if status != 200]
    wrong = len(asker.errors) + asker.cut_short + len(refused)
    print(f"{len(asker.told):,} answers of {len(grids)} plans looked at one by one")
    for error in asker.errors[:5]:
        print(f"FAILED {error}")
    heard = [one.heard for one in found]
    share = statistics.median(one.rate for one in heard) / ceiling
    p99 = statistics.median(one.p99_ms for one in heard)
    due = statistics.median(one.p99_ms + one.late_ms for one in heard)
    # A stretch of two seconds tells how fast a plan is published beside it, and no more.
    steady = [
        at_least("requests/s of the ceiling", share, ALMOST * SHARE),
        at_most("p99 of the middle stretch, ms", p99, P99_MS),
        at_most("p99, and how late 99 of 100 were asked, ms together", due, DUE_MS),
    ]
    return [
        *(steady if len(found) > 1 else ()),
        at_most("errors", sum(one.errors for one in heard) + wrong, 0),
        at_most("plans that gave one address two grids", mixed, 0),
        at_least("plans seen while asking", len(grids), len(found)),
        at_most("memory at the end to that of the beginning", grown, 1.1),
    ]
