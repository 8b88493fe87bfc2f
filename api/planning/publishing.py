"""Publish drafts, or an older version anew, in a process of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from api.planning.apart import apart

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from api.planning.office import Office
    from api.settings import Settings
    from geogrid.archive import Actor, Version
    from geogrid.snapshot.compiling import Caller


async def publish_drafts(
    settings: Settings, drafts: Sequence[int], day: date, by: Actor, note: str
) -> Version:
    """Publish approved drafts together from a day on.

    :raises GeogridError: they cannot be published.
    :raises StoreError: the process was killed; what it had published before is shown all the same.
    """
    make = partial(_assembled, drafts=tuple(drafts), day=day, by=by, note=note)
    return await apart(settings, make, partial(_put_out, day=day, who=by.name))


async def publish_anew(settings: Settings, version: int, day: date, by: Actor, note: str) -> Version:
    """Publish a copy of a version from a day on.

    :raises GeogridError: as ``publish_drafts`` does.
    """
    make = partial(_copied, version=version, by=by, note=note)
    return await apart(settings, make, partial(_put_out, day=day, who=by.name))


def _assembled(office: Office, *, drafts: Sequence[int], day: date, by: Actor, note: str) -> int:
    return office.archive.reviews.assemble(office.city_id, drafts, day=day, by=by, note=note).id


def _copied(office: Office, *, version: int, by: Actor, note: str) -> int:
    return office.archive.copy_version(version, who=by.name, note=note).id


def _put_out(office: Office, promptly: Caller, *, version: int, day: date, who: str) -> Version:
    from geogrid.snapshot import publish_snapshot, show_today  # not loaded by whoever answers

    folder = office.snapshots / str(version)
    published = publish_snapshot(office.archive, version, day, folder, who=who, promptly=promptly)
    return show_today(office.archive, published)
