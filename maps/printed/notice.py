"""The notice of one grid for a stairwell: your grid, who leads it, where to turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maps.printed.gridmap import draw_community, known_roster, on_paper
from maps.printed.press import anchor_of, issue_facts, press_for, run, shared
from maps.printed.svg import plain
from maps.printed.told import (
    in_latin,
    named,
    said_branch,
    said_compounds,
    said_numbers,
    said_people,
    said_size,
    said_venues,
)
from maps.printed.wall import community_of, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from geogrid.snapshot import GridCard, Snapshot
    from maps.printed.job import Job, Printed
    from maps.printed.press import Press

Json = dict[str, Any]
MAP = (182.0, 98.0)  # mm on A4


def print_notice(source: Snapshot, code: str, job: Job) -> Printed:
    """Print the notice of a grid (A4 upright).

    :raises NotFoundError: the plan has no such grid.
    :raises FontError: no Chinese font is installed.
    """
    card = source.grid(code)
    press = press_for(source, job)
    return run(press, card["name"], [notice_sheet(press, card)], "a4")


def print_notices(source: Snapshot, community_id: str, job: Job) -> Printed:
    """Print the notices of all grids of a community as one document.

    :raises NotFoundError: the plan has no such community.
    :raises FontError: no Chinese font is installed.
    """
    community = community_of(source, community_id)
    press = press_for(source, job)
    sheets = [notice_sheet(press, source.grid(code)) for code in community["grid_codes"]]
    return run(press, community["name"], sheets, "a4")


def notice_sheet(press: Press, card: GridCard) -> Json:
    """Return all that a notice shows."""
    said, name = press.said, plain(card["name"])
    community = community_of(press.source, card["community"]["id"])
    drawn = draw_community(
        press.source, community, MAP, font=press.font, north=said["print.north"], front=card["code"]
    )
    own = next(one for one in drawn.grids if one.card["code"] == card["code"])
    known = known_roster([one.card for one in drawn.grids])
    leaders = _leaders(card, said) if known else []
    facts = list(_facts(card, said, known=known, chief=len(leaders) < 2))
    number = said["grid.number"].replace("{n}", str(own.number))
    return {
        **shared(press, "notice", card["code"], anchor_of("g", card["code"])),
        "lead": " · ".join(filter(None, (said["print.notice"], number, in_latin(name, press.job.language)))),
        "number": str(own.number),
        "colour": on_paper(own.colour),
        "name": name,
        "place": f"{place_of(press, community)} · {named(plain(community['name']), press.job.language)}",
        "leaders": leaders,
        "instead": {
            "label": said["grid.compounds"],
            "name": said_compounds(card, said) or said[f"alignment.{card['alignment']}"],
            "state": "named",
            "phone": "",
            "post": said_size(card, said),
        },
        "facts": [{"label": label, "text": text, "strong": strong} for label, text, strong in facts],
        "brief": [
            {"label": label, "text": text, "strong": strong}
            for label, text, strong in facts
            if label != said["grid.doors"]
        ],
        "issue": [*issue_facts(press), (said["grid.code"], card["code"])],
        "map": drawn.svg,
        "map_height": MAP[1],
        "map_alt": said["print.map"].replace("{name}", name),
    }


def _leaders(card: GridCard, said: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the leaders; where the post is vacant, the chief leader, who answers meanwhile."""
    special = card["kind"] == "special"
    leaders = [] if special else said_people(card, "leader", said)
    told = [{"label": said["role.leader"], **one} for one in leaders]
    chiefs = [one for one in said_people(card, "chief_leader", said) if one["state"] == "named"]
    if any(one["state"] == "named" for one in leaders):
        return told
    return [*told, *({"label": said["print.contact"] + said["role.chief_leader"], **one} for one in chiefs)]


def _facts(
    card: GridCard, said: Mapping[str, str], *, known: bool, chief: bool
) -> Iterator[tuple[str, str, bool]]:
    """Yield label, text and whether it is set in bold, what is ``known``; the ``chief`` where asked for."""
    compounds, numbers = said_compounds(card, said), said_numbers(card, said)
    if compounds and known:
        yield said["grid.compounds"], compounds, True
    if numbers:
        yield said["grid.doors"], numbers, False
    if known:
        branch = said_branch(card, said)
        yield (
            said["grid.branch"],
            said["print.comma"].join(filter(None, branch.values())),
            bool(branch["name"]),
        )
    for role in ("chief_leader", "worker", "volunteer")[not chief :]:
        people = [one for one in said_people(card, role, said) if one["state"] == "named"]
        if people:
            yield said[f"role.{role}"], said["print.comma"].join(_called(one) for one in people), False
    for venue in said_venues(card, said):
        told = " · ".join(venue[key] for key in ("name", "phone", "hours") if venue[key])
        yield venue["kind"], told, False
    if known and card["kind"] != "special":
        yield said["grid.number.of"], said_size(card, said), False


def _called(one: Mapping[str, str]) -> str:
    return f"{one['name']} {one['phone']}".strip()
