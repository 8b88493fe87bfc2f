"""A subdistrict's book: an index page with all communities, then the wall sheet of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geogrid.errors import NotFoundError
from maps.printed.gridmap import on_paper
from maps.printed.indexmap import draw_communities
from maps.printed.press import issue_facts, press_for, run, shared
from maps.printed.svg import plain
from maps.printed.told import counted, said_size
from maps.printed.wall import chiefs_of, wall_sheet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geogrid.snapshot import CommunityCard, Snapshot
    from maps.printed.indexmap import DrawnCommunity
    from maps.printed.job import Job, Printed
    from maps.printed.press import Press

Json = dict[str, Any]
MAP = (236.0, 231.0)  # mm on A3


def print_book(source: Snapshot, subdistrict_id: str, job: Job) -> Printed:
    """Print a subdistrict: an index page, then a wall sheet for each of its communities.

    A district of a city without subdistricts is printed the same way.

    :raises NotFoundError: the plan has no such subdistrict.
    :raises FontError: no Chinese font is installed.
    """
    area, communities = _communities_of(source, subdistrict_id)
    press = press_for(source, job)
    title = press.said["print.book"].replace("{name}", plain(area["name"]))
    svg, drawn = draw_communities(source, communities, MAP, font=press.font, north=press.said["print.north"])
    walls = [wall_sheet(press, one.card) for one in drawn]
    return run(press, title, [_index(press, area, title, svg, drawn), *walls], "a3")


def _communities_of(source: Snapshot, area_id: str) -> tuple[Mapping[str, Any], list[CommunityCard]]:
    rows = source.layer("communities").rows
    for layer in ("subdistricts", "districts"):
        area = next((row for row in source.layer(layer).rows if row["id"] == area_id), None)
        ids = {row["id"] for row in rows if row[f"{layer[:-1]}_id"] == area_id}
        if area and ids:
            return area, [one for one in source.communities() if one["id"] in ids]
    raise NotFoundError("subdistrict", area_id)


def _index(
    press: Press, area: Mapping[str, Any], title: str, svg: str, drawn: Sequence[DrawnCommunity]
) -> Json:
    said = press.said
    size = said_size({**area, "counts": press.source.city["counts"]}, said)
    grids = counted(said, "list.count", sum(one.card["grids"] for one in drawn))
    above = [press.city, plain(area.get("district", ""))]
    return {
        **shared(press, "index", "index", ""),
        "title": title,
        "place": " · ".join(dict.fromkeys(name for name in above if name)),
        "summary": " · ".join([grids, size]),
        "facts": issue_facts(press),
        "map_size": MAP,
        "map": svg,
        "map_alt": said["print.map"].replace("{name}", plain(area["name"])),
        "heads": [
            "",
            said["print.column.community"],
            said["print.column.grids"],
            said["role.chief_leader"],
            said["print.column.page"],
        ],
        "rows": [_row(press, one) for one in drawn],
    }


def _row(press: Press, one: DrawnCommunity) -> Json:
    said, card = press.said, one.card
    grids = [press.source.grid(code) for code in card["grid_codes"][:1]]
    chiefs = [f"{person['name']} {person['phone']}".strip() for person in chiefs_of(grids, said)]
    return {
        "id": card["id"],
        "number": one.number,
        "colour": on_paper(one.colour),
        "name": plain(card["name"]),
        "grids": str(card["grids"]),
        "contact": said["print.comma"].join(chiefs),
    }
