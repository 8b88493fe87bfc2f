"""Two workers under four fifths of what they can bear, with a plan published every minute.

Residents ask by position and by address, as fast as the share allows. Beside them one asker holds every
answer against the plan that it names: plans number their grids from either end, so a mixture is seen.
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from benchmarks.api.city import KEPT, kept_snapshot
from benchmarks.api.load import UNITS, require_wrk
from benchmarks.api.rates import questions
from benchmarks.bars import Bar, at_least, at_most
from benchmarks.division.instances import data_folder
from geogrid.archive import Archive
from geogrid.clock import SHANGHAI, now
from geogrid.plan import Plan
from geogrid.policy import EIGHT_TO_TEN
from geogrid.snapshot import Snapshot, publish_snapshot, put_in_force
from tests.servers import GridServer

if TYPE_CHECKING:
    from benchmarks.bars import Clock

CITY = "songshan"
WORKERS, CONNECTIONS, SHARE = 2, 256, 0.8
WARM = 100  # requests/s of a server that has begun
P99_MS = 50  # of the middle minute, the generator and the publisher being on the same two processors


@dataclass(frozen=True)
class Stretch:
    """What wrk saw for a while, and the memory of the workers at its end."""

    rate: float
    p99_ms: float
    errors: int
    memory_mb: float


@dataclass
class Asker:
    """Asks one question again and again, and keeps which plan gave which grid."""

    url: str
    address: str
    grids: dict[int, set[int]] = field(default_factory=dict)
    asked: int = 0
    errors: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def ask(self) -> None:
        """Ask until told to stop."""
        with httpx.Client(base_url=self.url, timeout=30) as client:
            while not self.done.wait(0.05):
                self.asked += 1
                try:
                    answer = client.post("/v1/lookup", json={"address": self.address}).json()
                    version, number = answer["plan"]["version"], answer["grid"]["number"]
                    self.grids.setdefault(version, set()).add(number)
                except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
                    self.errors.append(repr(error))


def load(clock: Clock, *, stretches: int, seconds: float) -> list[Bar]:
    """Ask for some stretches of ``seconds`` each, and publish a plan in each."""
    require_wrk()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store, plans, snapshot = _city(folder, stretches)
        scripts = questions(snapshot, folder)
        script = _both(list(scripts.values()), folder)
        server = GridServer(store, folder / "served", WORKERS).start()
        asker = Asker(server.url, _texts(snapshot)[0])
        threading.Thread(target=asker.ask, daemon=True).start()
        try:
            while _asked(server, script, 1).rate < WARM:
                """A worker that has just started is still reading."""
            ceiling = _asked(server, script, seconds / 2).rate
            pause = _pause_for(server, script, SHARE * ceiling, seconds / 4)
            print(f"{WORKERS} workers bear {ceiling:,.0f} requests/s; asked are {SHARE:.0%} of it")
            found = []
            for version in plans:
                if clock.is_over():
                    break
                publisher = _publish(store, version)
                found.append(_asked(server, script, seconds, pause))
                _tell(found[-1], version, publisher.wait(600))
        finally:
            asker.done.set()
            server.stop()
    return _bars(found, asker, ceiling)


def _city(folder: Path, count: int) -> tuple[str, list[int], Snapshot]:
    """Copy the kept city; return its store, ``count`` drafts of two plans in turn, and the plan in force."""
    kept = kept_snapshot(CITY, data_folder(None))
    shutil.copy(KEPT / f"{CITY}.db", folder)
    store = f"sqlite:///{folder}/{CITY}.db"
    with Archive.open(store) as archive:
        today = now().astimezone(SHANGHAI).date()
        first = int(kept.name)
        there = [one.division for one in archive.all_stored(first)]
        turned = [replace(one, plan=_turned(one.plan)) for one in there]
        plans = [
            archive.add_version(CITY, (turned, there)[n % 2], policy=EIGHT_TO_TEN).id for n in range(count)
        ]
        begin = archive.copy_version(first)
        place = folder / f"{CITY}.snapshots" / CITY / str(begin.id)
        publish_snapshot(archive, begin.id, today, place)
        put_in_force(place)
    return store, plans, Snapshot.open(place)


def _turned(plan: Plan) -> Plan:
    """Return the plan with its grids numbered from the other end."""
    last = max(plan.assignment.values())
    return Plan(plan.community_id, {unit: last + 1 - number for unit, number in plan.assignment.items()})


def _texts(snapshot: Snapshot) -> list[str]:
    return [text for text in snapshot.addresses.texts["entry_text"].to_pylist() if text]


def _both(scripts: list[Path], folder: Path) -> Path:
    """Return one wrk script that asks what several ask, in turn."""
    lists = [re.findall(r"^\{.*\}", path.read_text(encoding="utf-8"), re.M) for path in scripts]
    rest = scripts[0].read_text(encoding="utf-8").partition("\n}\n")[2]
    mixed = folder / "mixed.lua"
    told = ",\n".join(one for pair in zip(*lists, strict=True) for one in pair)
    mixed.write_text("local all = {\n" + told + "\n}\n" + rest, encoding="utf-8")
    return mixed


def _asked(server: GridServer, script: Path, seconds: float, pause: float = 0.0) -> Stretch:
    """Ask as fast as answers come, or after a random pause of ``pause`` ms on average."""
    slow = script.with_name("slow.lua")
    delay = f"\ndelay = function() return math.random(0, {round(2 * pause)}) end\n" if pause else ""
    slow.write_text(script.read_text(encoding="utf-8") + delay, encoding="utf-8")
    words = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(seconds, 1):.0f}s", "--latency", "-s", str(slow)]
    told = subprocess.run([*words, server.url], capture_output=True, text=True, check=True).stdout
    value, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s|m)", told)[0]
    wrong = re.findall(r"Non-2xx or 3xx responses: (\d+)", told)
    lost = re.findall(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", told)
    return Stretch(
        rate=float(re.findall(r"Requests/sec:\s+([\d.]+)", told)[0]),
        p99_ms=float(value) * UNITS[unit],
        errors=sum(map(int, wrong)) + sum(int(n) for one in lost for n in one),
        memory_mb=_memory_mb(server),
    )


def _pause_for(server: GridServer, script: Path, rate: float, seconds: float) -> float:
    """Return the pause at which the connections ask ``rate`` times a second."""
    pause = CONNECTIONS / rate * 1e3
    for _ in range(2):
        pause *= _asked(server, script, seconds, pause).rate / rate
    return pause


def _memory_mb(server: GridServer) -> float:
    """Return what the workers hold of the machine's memory: pages that they share count once (Linux)."""
    assert server.process is not None
    found = 0.0
    for child in Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split():
        with suppress(OSError):
            told = Path(f"/proc/{child}/smaps_rollup").read_text(encoding="ascii")
            found += sum(int(kb) for kb in re.findall(r"^Pss:\s+(\d+) kB", told, re.M)) / 1e3
    return found


def _publish(store: str, version: int) -> subprocess.Popen[bytes]:
    command = [str(Path(sys.executable).with_name("geogrid")), "publish", str(version), "--store", store]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _tell(one: Stretch, version: int, code: int) -> None:
    print(
        f"plan {version} published ({code}): {one.rate:,.0f} requests/s, p99 {one.p99_ms:.1f} ms, "
        f"{one.errors} errors, {one.memory_mb:.0f} MB",
        flush=True,
    )
    assert code == 0


def _bars(found: list[Stretch], asker: Asker, ceiling: float) -> list[Bar]:
    third = max(len(found) // 3, 1)
    before, after = found[:third], found[-third:]
    grown = statistics.mean(one.memory_mb for one in after) / statistics.mean(one.memory_mb for one in before)
    mixed = sum(len(grids) > 1 for grids in asker.grids.values())
    print(f"{asker.asked:,} answers of {len(asker.grids)} plans looked at one by one")
    for error in asker.errors[:5]:
        print(f"FAILED {error}")
    return [
        at_least("requests/s of the ceiling", statistics.median(one.rate for one in found) / ceiling, 0.7),
        at_most("errors", sum(one.errors for one in found) + len(asker.errors), 0),
        at_most("plans that gave one address two grids", mixed, 0),
        at_least("plans seen while asking", len(asker.grids), len(found)),
        at_most("p99 of the middle stretch, ms", statistics.median(one.p99_ms for one in found), P99_MS),
        at_most("memory at the end to that of the beginning", grown, 1.1),
    ]
