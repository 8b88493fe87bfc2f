"""Work at one job: ``python -m api.jobwork FOLDER SNAPSHOT ROWS SECONDS MEMORY BYTES``.

A process of its own, with less priority than answers have and with limits: a file may be hostile.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

from api.jobs import fail, read_json, write_json
from api.remembered import Remembered
from geogrid.batch import Columns, assign_file, matcher_of
from geogrid.children import NICENESS
from geogrid.errors import Fault, GeogridError, InputError, SnapshotError
from geogrid.snapshot import Snapshot

REPORT_S = 0.5
GROWTH = 4  # the answers make a file larger, but not boundlessly


class Cancelled(Exception):  # noqa: N818
    """Nobody waits for the result any more."""


def main() -> None:
    """Assign the file of one job and say how it ended."""
    place, snapshot = Path(sys.argv[1]), Path(sys.argv[2])
    rows, seconds, memory, size = (float(word) for word in sys.argv[3:7])
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size) * GROWTH, int(size) * GROWTH))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) * 2, int(seconds) * 2))
    try:
        _assign(place, snapshot, int(rows))
    except Cancelled:
        return
    except InputError as error:
        _fail(place, [_told(fault.message, fault.remedy, fault.field) for fault in error.faults[:20]])
    except GeogridError:
        _fail(place, [{"message": "No published plan can be read right now."}])
    except MemoryError:
        _fail(place, [{"message": "The file needs too much memory."}])
    except Exception as error:  # its message may hold what the file holds
        _fail(place, [{"message": f"The file cannot be worked at: {type(error).__name__}."}])


def _fail(place: Path, errors: list[dict[str, str]]) -> None:
    if place.is_dir():
        fail(place, errors)


def _told(message: str, remedy: str, column: str) -> dict[str, str]:
    return {"in": "file", "name": column[:200], "message": f"{message}; {remedy}"[:1000]}


def _assign(place: Path, folder: Path, most: int) -> None:
    asked = read_json(place / "asked.json")
    snapshot = _snapshot(folder, asked.get("version", ""))
    plan = snapshot.city["version"]
    write_json(place / "step.json", {"rows_done": 0, "rows": None, "plan": plan})
    parent, reported = os.getppid(), time.monotonic()

    def progress(done: int, rows: int | None) -> None:
        nonlocal reported
        if done > most or (rows or 0) > most:
            told_rows = f"a file may have {most:,} rows"
            raise InputError(too_many(told_rows))
        if not place.is_dir() or os.getppid() != parent:
            raise Cancelled
        if time.monotonic() - reported > REPORT_S:
            reported = time.monotonic()
            write_json(place / "step.json", {"rows_done": done, "rows": rows, "plan": plan})

    columns = Columns(asked["address"], asked["lon"], asked["lat"], crs=asked["crs"])
    source, target = place / f"input.{asked['format']}", place / f"result.{asked['format']}"
    told = place / "told.jsonl"
    matcher = Remembered(matcher_of(snapshot), told, str(snapshot.manifest["sha256"]))
    doors = snapshot.door_places
    tally = assign_file(source, target, matcher, columns=columns, doors=doors, progress=progress)
    source.unlink()
    told.unlink()
    write_json(
        place / "end.json",
        {
            "status": "done",
            "rows_done": tally.rows,
            "rows": tally.rows,
            "by_status": dict(tally.by_status),
            "warnings": list(tally.warnings),
            "plan": plan,
            "ended": time.time(),
        },
    )


def _snapshot(folder: Path, version: str) -> Snapshot:
    """Return the plan in force, or the version that was asked for, which lies beside it.

    :raises SnapshotError: it is not there.
    """
    beside = folder.parent / version
    snapshot = Snapshot.open(beside if version and beside.is_dir() else folder, verify=False)
    if version and str(snapshot.city["version"]) != version:
        raise SnapshotError(f"there is no snapshot {version}")
    return snapshot


def too_many(told: str) -> tuple[Fault, ...]:
    """Return the fault of a file with too many rows."""
    return (Fault("too-many-rows", told, "cut it into several"),)


if __name__ == "__main__":
    main()
