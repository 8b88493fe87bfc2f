"""Compare any two plans of a community, and list the addresses that change grid."""

from __future__ import annotations

import asyncio
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.documented import gives
from api.planning.drafts import NO_STORE, Viewer, drafted, told
from api.planning.told import comparison_told, service_told
from api.planning.who import Who  # noqa: TC001 - read at run time by FastAPI
from api.printing import MEDIA
from api.problems import Refusal
from api.replies import CSV
from geogrid.archive import carried
from geogrid.errors import Fault, FontError, RefusedError
from geogrid.exports import notices_table
from geogrid.tables import write_table
from geogrid.workbench import Notice, compare, figures_of, notices
from maps.printed import Job, Move, MoveList, print_moves
from maps.words import language_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from geogrid.archive import OpenDraft
    from geogrid.plan import Plan
    from geogrid.workbench import Comparison, Service

router = APIRouter(prefix="/v1/planning/drafts/{draft_id}", tags=["planning: comparison"])
NAMED = re.compile(r"reference|(draft|version)-([1-9]\d{0,8})")
BeforeQuery = Annotated[
    str, Query(max_length=20, description="`reference`, `version-N`, or `draft-N` of the same community.")
]
AfterQuery = Annotated[str, Query(max_length=20, description="As `before`; by default this draft.")]


@dataclass(frozen=True)
class Compared:
    """Two plans on the units of one draft, what differs, and who would serve their grids."""

    here: OpenDraft
    before: Plan
    after: Plan
    found: Comparison
    served_before: dict[int, Service]
    served_after: dict[int, Service]


@router.get("/comparison", summary="What differs between two plans")
async def comparison(
    who: Viewer, draft_id: int, before: BeforeQuery = "reference", after: AfterQuery = ""
) -> Response:
    """Tell which units, homes, addresses and leaders go from which grid to which."""
    one = await compared(who, draft_id, before, after)
    leaders = {
        "before": {grid: service_told(service) for grid, service in one.served_before.items()},
        "after": {grid: service_told(service) for grid, service in one.served_after.items()},
    }
    plans = {"before": dict(one.before.assignment), "after": dict(one.after.assignment)}
    figures = await asyncio.to_thread(
        lambda: {
            "before": figures_of(one.here.bench, one.before),
            "after": figures_of(one.here.bench, one.after),
        }
    )
    more = {"services": leaders, "plans": plans, "figures": figures}
    return told({**comparison_told(one.found), **more})


@router.get("/notices", summary="The addresses that change grid, as a list", **gives(CSV, MEDIA["pdf"]))
async def notice_list(
    request: Request,
    who: Viewer,
    draft_id: int,
    before: BeforeQuery = "reference",
    after: AfterQuery = "",
    format: Annotated[Literal["csv", "pdf"], Query(description="A table, or a document.")] = "csv",  # noqa: A002
) -> Response:
    """Give every address that changes grid with its old and its new one, as CSV or PDF."""
    one = await compared(who, draft_id, before, after)
    language = language_for(request.query_params.get("lang"))
    make = _as_csv if format == "csv" else _as_pdf
    try:
        content = await asyncio.to_thread(make, who, one, language)
    except FontError:
        raise Refusal(503, "This machine has no Chinese font to print with.") from None
    media = CSV if format == "csv" else MEDIA["pdf"]
    name = f"draft-{draft_id}-notices.{format}"
    headers = {**NO_STORE, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type=media)


async def compared(who: Who, draft_id: int, before: str, after: str) -> Compared:
    """Return two plans on the units of a draft and what differs.

    :raises NotFoundError: no such draft or version.
    :raises RefusedError: a name of none, or a draft of another community.
    """
    here = await drafted(who, draft_id)
    old, new = await _named(who, here, before), await _named(who, here, after or f"draft-{draft_id}")

    def work() -> Compared:
        office = who.office
        count = office.archive.count_addresses(office.city_id, here.record.community_id)
        found = compare(here.bench.graph, old, new, count)
        return Compared(
            here, old, new, found, office.services(here.bench, old), office.services(here.bench, new)
        )

    return await asyncio.to_thread(work)


async def _named(who: Who, here: OpenDraft, name: str) -> Plan:
    match = NAMED.fullmatch(name)
    if match is None:
        raise RefusedError((Fault("unknown-plan", "name the reference, a version-N or a draft-N"),))
    if name == "reference":
        return here.bench.reference
    kind, number = match.group(1), int(match.group(2))
    if kind == "version":
        return await asyncio.to_thread(who.office.archive.plan_on, number, here.bench.graph)
    if number == here.record.id:
        return here.draft.plan
    other = await drafted(who, number)
    if other.record.community_id != here.record.community_id:
        raise RefusedError((Fault("other-community", "the other draft is of another community"),))
    return await asyncio.to_thread(carried, other.draft.plan, other.bench.graph, here.bench.graph)


def _listed(who: Who, one: Compared) -> tuple[Notice, ...]:
    moving = {unit for flow in one.found.flows for unit in flow.units}
    buildings = [id_ for unit in moving for id_ in one.here.bench.units[unit].building_ids]
    place = one.here.record.community_id
    texts = who.office.archive.address_texts(who.office.city_id, place, buildings)
    return notices(one.here.bench.graph, one.found.flows, texts)


def _as_csv(who: Who, one: Compared, _language: str) -> bytes:
    table = notices_table(_listed(who, one), one.served_before, one.served_after)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "notices.csv"
        write_table(path, table)
        return path.read_bytes()


def _as_pdf(who: Who, one: Compared, language: str) -> bytes:
    office, record = who.office, one.here.record
    city, place = office.locality(record.community_id), office.place(record.community_id)
    told = MoveList(
        city=city.name,
        place=f"{place.district}{place.subdistrict}{place.name}",
        title=record.title,
        day=office.archive.today().isoformat(),
        draft=record.effective_from is None,
        synthetic=city.synthetic,
        notes=(city.attribution, city.licence),
        share=one.found.share,
        moves=tuple(_moves(one, _listed(who, one))),
    )
    return print_moves(told, Job(language=language)).pdf


def _moves(one: Compared, listed: Iterable[Notice]) -> Iterator[Move]:
    addresses: dict[tuple[int, int], list[str]] = {}
    for notice in listed:
        addresses.setdefault((notice.source, notice.target), []).append(notice.address)
    for flow in one.found.flows:
        after = one.served_after.get(flow.target)
        branch, leader = (after.branch, after.leader) if after else ("", "")
        texts = tuple(addresses.get((flow.source, flow.target), ()))
        yield Move(flow.source, flow.target, flow.households, branch, leader, texts)
