"""Tell which snapshot answers for a day: one small file beside a city's snapshots, replaced in one step.

Readers need no database for it: they go on answering when the archive is down, and change over on the day.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from geogrid.aside import room_beside, written_aside
from geogrid.errors import NotFoundError, SnapshotError
from geogrid.snapshot.reading import Snapshot

if TYPE_CHECKING:
    from geogrid.archive import Archive, Version

FORMAT = 1
TIMELINE = "timeline.json"
PUBLISHED, RETIRED = "published", "retired"  # of archive.Status; readers do not import the archive


@dataclass(frozen=True, slots=True)
class Period:
    """The days on which a version is in force: ``effective_from <= day < effective_until``."""

    version: int
    effective_from: date
    effective_until: date | None

    def holds(self, day: date) -> bool:
        """Tell whether the version is in force on ``day`` (Asia/Shanghai)."""
        return self.effective_from <= day and (self.effective_until is None or day < self.effective_until)


def write_timeline(archive: Archive, city_id: str, root: Path) -> tuple[Period, ...]:
    """Write when each published version of a city is in force into ``root``, the folder of its snapshots.

    A file that says so already is left as it is: a server that follows a database asks every few seconds.
    Of several that publish at once the last to write has seen what all of them published.
    """
    try:
        written: tuple[Period, ...] | None = read_timeline(root)
    except SnapshotError:
        written = None
    while (periods := _published(archive, city_id)) != written:
        _write(root, city_id, periods)
        written = periods
    return periods


def withdraw_version(archive: Archive, version: int, root: Path, *, who: str = "geogrid") -> Version:
    """Retire an announced version and tell the readers of the timeline in ``root``, so none changes over.

    Where an earlier withdrawal was cut short before the readers heard of it, they hear of it now.

    :raises NotFoundError: no such version.
    :raises StoreError: it is not published, or already in force.
    """
    here = archive.version(version)
    never_held = here.effective_from is not None and here.effective_from == here.effective_until
    if here.status != RETIRED or not never_held:
        here = archive.withdraw(version, who=who)
    write_timeline(archive, here.city_id, root)
    return here


def _published(archive: Archive, city_id: str) -> tuple[Period, ...]:
    return tuple(
        Period(one.id, one.effective_from, one.effective_until)
        for one in archive.versions(city_id)
        if one.status == PUBLISHED and one.effective_from is not None
    )


def _write(root: Path, city_id: str, periods: tuple[Period, ...]) -> None:
    told = {"format": FORMAT, "city": city_id, "versions": [asdict(one) for one in periods]}
    text = json.dumps(told, ensure_ascii=False, indent=1, default=date.isoformat) + "\n"
    with written_aside(root / TIMELINE) as aside:
        aside.write_text(text, encoding="utf-8")
        aside.chmod(0o644)


def read_timeline(root: Path) -> tuple[Period, ...]:
    """Return when each published version is in force.

    :raises SnapshotError: there is no timeline, or it cannot be read.
    """
    try:
        told = json.loads((root / TIMELINE).read_text(encoding="utf-8"))
        if told["format"] != FORMAT:
            raise SnapshotError(f"{TIMELINE} is not of format {FORMAT}; publish again")
        return tuple(_period(**one) for one in told["versions"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SnapshotError(f"{TIMELINE} is missing or cannot be read") from error


def _period(version: int, effective_from: str, effective_until: str | None) -> Period:
    until = None if effective_until is None else date.fromisoformat(effective_until)
    return Period(version, date.fromisoformat(effective_from), until)


def open_on(root: Path, day: date) -> Snapshot:
    """Open the snapshot of the version in force on ``day``.

    :raises NotFoundError: none was.
    :raises SnapshotError: its snapshot is missing or damaged.
    """
    for period in read_timeline(root):
        if period.holds(day):
            return Snapshot.open(root / str(period.version))
    raise NotFoundError("published plan on", day.isoformat())


def put_in_force(folder: Path) -> Path:
    """Point the link ``current`` beside a snapshot at it in one step, and return the link."""
    link = folder.with_name("current")
    if link.is_symlink() and link.readlink() == Path(folder.name):
        return link
    with room_beside(link) as room:
        aside = room / link.name
        aside.symlink_to(folder.name, target_is_directory=True)
        aside.replace(link)
    return link
