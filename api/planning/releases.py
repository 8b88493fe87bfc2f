"""Releases: publish approved drafts from a day on, roll back, and the line of versions in time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import Response  # noqa: TC002 - read at run time by FastAPI

from api.asked import read_body
from api.documented import takes
from api.planning.drafts import Viewer, told
from api.planning.publishing import publish_anew, publish_drafts
from api.planning.shapes import NewRelease, RollBack
from api.planning.who import Who, needs
from geogrid.accounts import Right
from geogrid.archive import Status
from geogrid.errors import Fault, NotFoundError, RefusedError
from geogrid.snapshot import withdraw_version

if TYPE_CHECKING:
    from datetime import date

    from api.planning.office import Office
    from geogrid.archive import Version

router = APIRouter(prefix="/v1/planning", tags=["planning: releases"])
Publisher = Annotated[Who, needs(Right.PUBLISH)]


@router.get("/versions", summary="All versions, the oldest first")
async def versions(who: Viewer) -> Response:
    """List the versions with their days, and the drafts that each came of."""
    office = who.office
    found = await asyncio.to_thread(office.archive.versions, office.city_id)
    drafts = await asyncio.to_thread(office.archive.drafts.all, office.city_id)
    today = office.archive.today()
    return told(
        [
            {
                **_version_told(one, today),
                "drafts": sorted(draft.id for draft in drafts if draft.version == one.id),
            }
            for one in found
        ]
    )


@router.post("/releases", summary="Publish approved drafts", status_code=201, **takes(NewRelease))
async def release(request: Request, who: Publisher) -> Response:
    """Publish drafts together from a day on; the day must not be over, and the plan is frozen then."""
    asked = await read_body(request, NewRelease)
    office = who.office
    refuse_past(office, asked.effective_from)
    for draft_id in asked.drafts:
        record = await asyncio.to_thread(office.archive.drafts.record, draft_id)
        if record.city_id != office.city_id:
            raise NotFoundError("draft", str(draft_id))

    done = await publish_drafts(
        office.settings, asked.drafts, asked.effective_from, by=who.actor, note=asked.note.strip()
    )
    return told(_version_told(done, office.archive.today()), 201)


@router.post("/rollbacks", summary="Publish an older version anew", status_code=201, **takes(RollBack))
async def roll_back(request: Request, who: Publisher) -> Response:
    """Copy a published version and publish the copy from a day on."""
    asked = await read_body(request, RollBack)
    office = who.office
    refuse_past(office, asked.effective_from)
    old = await asyncio.to_thread(office.archive.version, asked.version)
    if old.city_id != office.city_id:
        raise NotFoundError("version", str(asked.version))
    if not old.frozen:
        words = f"version {old.id} was never published"
        raise RefusedError((Fault("not-published", words, "Publish its drafts.", field="version"),))

    done = await publish_anew(
        office.settings, old.id, asked.effective_from, by=who.actor, note=asked.note.strip()
    )
    return told(_version_told(done, office.archive.today()), 201)


@router.post("/versions/{version}/withdraw", summary="Withdraw an announced version")
async def withdraw(who: Publisher, version: int) -> Response:
    """Take back a version before the day on which it would have come into force."""
    office = who.office
    found = await asyncio.to_thread(office.archive.version, version)
    if found.city_id != office.city_id:
        raise NotFoundError("version", str(version))
    if found.status is not Status.PUBLISHED or found.effective_from <= office.archive.today():  # type: ignore[operator]
        words = f"version {version} is not announced for a later day"
        raise RefusedError((Fault("not-announced", words, "Publish another one instead."),))
    done = await asyncio.to_thread(
        withdraw_version, office.archive, version, office.snapshots, who=who.actor.name
    )
    return told(_version_told(done, office.archive.today()))


def refuse_past(office: Office, day: date) -> None:
    """Refuse a day that is over.

    :raises RefusedError: it is.
    """
    today = office.archive.today()
    if day < today:
        fault = Fault("past-day", f"{day} is over", f"Choose {today} or later.", field="effective_from")
        raise RefusedError((fault,))


def _version_told(one: Version, today: date) -> dict[str, Any]:
    return {
        "version": one.id,
        "status": one.status_on(today).value,
        "effective_from": one.effective_from,
        "effective_until": one.effective_until,
        "published_at": one.published_at,
        "created_by": one.created_by,
        "note": one.note,
        "copy_of": one.copy_of,
        "digest": one.digest,
    }
