"""Files that are being assigned: a folder for each, worked at one after the other in a process of its own.

The folder is the whole state, so every worker process can tell of every job, and a job that was cut short by
a restart goes on where it stopped; where another plan is in force by then it is begun anew, so that no result
mixes two plans. A job's id is its secret.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import re
import secrets
import shutil
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from api.batch_shapes import Job
from api.problems import Refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from api.settings import Settings

ID = re.compile(r"[0-9a-f]{32}").fullmatch
FORMATS = {"text/csv": "csv", "application/vnd.apache.parquet": "parquet"}
LOOK_S = 0.5  # how often waiting jobs are looked for
ABANDONED_S = 600.0  # an upload that has not grown for so long is dropped


class Jobs:
    """The jobs under a folder; every worker process has one, and a lock lets one job at a time run."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def begin(self, kind: str, asked: Mapping[str, str]) -> Path:
        """Make the folder of a new job; what it holds counts only once ``submit`` was called.

        :raises Refusal: too many wait already.
        """
        waiting = sum(1 for _ in self._folder.glob("*/")) - sum(1 for _ in self._folder.glob("*/end.json"))
        if waiting >= self._settings.jobs_waiting:
            raise Refusal(429, "Too many files are waiting; ask again later.")
        place = self._folder / secrets.token_hex(16)
        place.mkdir(mode=0o700)
        write_json(place / "asked.json", {**asked, "format": kind, "created": time.time()})
        return place

    def submit(self, place: Path) -> None:
        """Say that the input of a job has arrived whole."""
        (place / "upload").rename(place / f"input.{read_json(place / 'asked.json')['format']}")

    def drop(self, place: Path) -> None:
        """Forget a job; the process that works at it sees its folder gone and ends."""
        aside = place.with_name(f".{place.name}")
        with contextlib.suppress(OSError):
            place.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)

    def place(self, job_id: str) -> Path:
        """Return the folder of a job.

        :raises Refusal: there is none of that id, or no more.
        """
        place = self._folder / job_id
        if not ID(job_id) or not place.is_dir() or (place / "upload").exists():
            raise Refusal(404, "There is no such job, or its time is over.")
        return place

    def told(self, place: Path) -> Job:
        """Return how far a job is."""
        asked = read_json(place / "asked.json")
        step, end = read_json(place / "step.json"), read_json(place / "end.json")
        if not asked:
            raise Refusal(404, "There is no such job, or its time is over.")
        until = end.get("ended", time.time()) + self._settings.job_kept_s
        status: Any = end.get("status") or ("running" if step else "waiting")
        return Job(
            id=place.name,
            status=status,
            format=asked["format"],
            created=_moment(asked["created"]),
            expires=_moment(until),
            rows_done=end.get("rows_done", step.get("rows_done", 0)),
            rows=end.get("rows", step.get("rows")),
            by_status=end.get("by_status", {}),
            warnings=end.get("warnings", []),
            plan=end.get("plan", step.get("plan")),
            errors=end.get("errors", []),
        )

    def result(self, place: Path) -> Path:
        """Return the file of a finished job.

        :raises Refusal: it is not finished, or it failed.
        """
        job = self.told(place)
        if job.status != "done":
            raise Refusal(404, f"There is no result: the job is {job.status}.")
        return place / f"result.{job.format}"

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Work at waiting jobs, one at a time, and drop old ones, until the service stops."""
        task = asyncio.create_task(self._work())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _work(self) -> None:
        with (self._folder / ".lock").open("w") as lock:
            while not _locked(lock.fileno()):  # noqa: ASYNC110 - it belongs to another process
                await asyncio.sleep(LOOK_S * 4)  # another worker process does it; it may end
            while True:
                place = await asyncio.to_thread(self._next)
                if place is None:
                    await asyncio.sleep(LOOK_S)
                else:
                    await self._run(place)

    def _next(self) -> Path | None:
        """Drop what is over; return the job that has waited longest."""
        waiting: list[tuple[float, Path]] = []
        for place in self._folder.iterdir():
            if not place.is_dir():
                continue
            if place.name.startswith("."):
                shutil.rmtree(place, ignore_errors=True)
                continue
            asked, end = read_json(place / "asked.json"), read_json(place / "end.json")
            if self._over(place, end):
                self.drop(place)
            elif not end and any(place.glob("input.*")):
                waiting.append((asked.get("created", 0.0), place))
        return min(waiting)[1] if waiting else None

    def _over(self, place: Path, end: Mapping[str, Any]) -> bool:
        now = time.time()
        if end:
            return bool(now > end["ended"] + self._settings.job_kept_s)
        try:
            upload = (place / "upload").stat()
        except OSError:
            return False
        return now > upload.st_mtime + ABANDONED_S

    async def _run(self, place: Path) -> None:
        """Work at one job in a process of its own: it may die, and nobody waits for it."""
        s = self._settings
        words = [place, s.snapshot, s.job_rows, s.job_s, s.job_memory, s.job_bytes]
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "api.jobwork", *map(str, words), stdin=asyncio.subprocess.DEVNULL
        )
        try:
            async with asyncio.timeout(s.job_s + 30):
                await child.wait()
        except TimeoutError:
            pass
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        _close(place)


def _close(place: Path) -> None:
    """Say that a job has failed whose process ended without a word."""
    if place.is_dir() and not (place / "end.json").exists():
        fail(place, [{"message": "The file took too much time or memory."}])


def fail(place: Path, errors: list[dict[str, str]]) -> None:
    """Say that a job has failed; its files are not kept."""
    for pattern in ("input.*", "result.*", ".result.*", "told.*"):
        for path in place.glob(pattern):
            path.unlink(missing_ok=True)
    write_json(place / "end.json", {"status": "failed", "errors": errors, "ended": time.time()})


def write_json(path: Path, told: Mapping[str, Any]) -> None:
    """Write a small file aside and rename it, so that nobody reads half of it."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_text(json.dumps(told), encoding="utf-8")
    aside.chmod(0o600)
    aside.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """Return what a small file says, nothing where there is none."""
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
