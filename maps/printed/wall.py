"""The wall sheet of a community: its map, and what each grid covers and who leads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geogrid.errors import NotFoundError
from maps.printed.frame import fitted
from maps.printed.gridmap import MARGIN, draw_community, known_roster, on_paper
from maps.printed.legend import legend_of
from maps.printed.press import anchor_of, issue_facts, press_for, run, shared
from maps.printed.svg import plain
from maps.printed.told import (
    counted,
    in_latin,
    named,
    said_branch,
    said_compounds,
    said_numbers,
    said_people,
    said_size,
    said_venues,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geogrid.snapshot import CommunityCard, Snapshot
    from maps.printed.gridmap import DrawnGrid
    from maps.printed.job import Job, Printed
    from maps.printed.press import Press

Json = dict[str, Any]
# The map stands beside the table, or above it where a long community is drawn larger so; mm on A3.
BESIDE, ABOVE = (236.0, 231.0), (396.0, 122.0)


def print_wall(source: Snapshot, community_id: str, job: Job) -> Printed:
    """Print the wall sheet of a community (A3 across); what its table cannot hold follows overleaf.

    :raises NotFoundError: the plan has no such community.
    :raises FontError: no Chinese font is installed.
    """
    press = press_for(source, job)
    sheet = wall_sheet(press, community_of(source, community_id))
    return run(press, sheet["title"], [sheet], "a3")


def community_of(source: Snapshot, community_id: str) -> CommunityCard:
    """Return the card of a community.

    :raises NotFoundError: the plan has no such community.
    """
    found = next((one for one in source.communities() if one["id"] == community_id), None)
    if found is None:
        raise NotFoundError("community", community_id)
    return found


def wall_sheet(press: Press, community: CommunityCard) -> Json:
    """Return all that a wall sheet shows."""
    said, name = press.said, plain(community["name"])
    size = map_size_of(community)
    drawn = draw_community(press.source, community, size, font=press.font, north=said["print.north"])
    cards = [one.card for one in drawn.grids]
    return {
        **shared(press, "wall", community["id"], anchor_of("c", community["id"])),
        "title": said["print.wall"].replace("{name}", name),
        "place": place_of(press, community),
        "summary": summary_of(press, community, cards),
        "facts": issue_facts(press),
        "map_size": size,
        "above": size == ABOVE,
        "map": drawn.svg,
        "map_alt": said["print.map"].replace("{name}", name),
        "legend": legend_of(drawn.signs, said, press.font),
        "chiefs": chiefs_of(cards, said),
        "venues": _venues(cards, said),
        "roster": known_roster(cards),
        "heads": _heads(press, roster=known_roster(cards)),
        "rows": [_row(one, said) for one in drawn.grids],
        "more": said["print.more"],
        "details": said["print.details"].replace("{name}", name),
    }


def map_size_of(community: CommunityCard) -> tuple[float, float]:
    """Return the size of the map, beside or above the table, that shows a community larger."""
    return min((BESIDE, ABOVE), key=lambda size: fitted(community["bounds"], size[0], size[1], MARGIN).scale)


def place_of(press: Press, community: Mapping[str, Any]) -> str:
    """Return city, district and subdistrict of a community, what is known and not said twice."""
    above = [plain(community["district"]), plain(community["subdistrict"])]
    every = [press.city, *(named(name, press.job.language) for name in above)]
    return " · ".join(dict.fromkeys(name for name in every if name))


def summary_of(press: Press, community: CommunityCard, cards: Sequence[Mapping[str, Any]]) -> str:
    """Return how many grids and homes a community has, and its code."""
    said = press.said
    size = said_size({**community, "counts": press.source.city["counts"]}, said)
    spelled = in_latin(plain(community["name"]), press.job.language)
    return " · ".join(filter(None, [spelled, counted(said, "list.count", len(cards)), size]))


def chiefs_of(cards: Sequence[Mapping[str, Any]], said: Mapping[str, str]) -> list[Json]:
    """Return the chief grid leader, who is the same for all grids of a community."""
    found = [one for card in cards[:1] for one in said_people(card, "chief_leader", said)]
    return [{"label": said["role.chief_leader"], **one} for one in found if one["state"] != "vacant"]


def _venues(cards: Sequence[Mapping[str, Any]], said: Mapping[str, str]) -> list[dict[str, str]]:
    """Return each place of service once."""
    every = [one for card in cards for one in said_venues(card, said)]
    return list({(one["kind"], one["name"]): one for one in every}.values())[:3]


def _heads(press: Press, *, roster: bool) -> list[str]:
    names = ("grid", "coverage", "leader", "branch") if roster else ("grid", "coverage")
    return ["", *(press.said[f"print.column.{name}"] for name in names)]


def _row(one: DrawnGrid, said: Mapping[str, str]) -> Json:
    card = one.card
    special = card["kind"] == "special"
    return {
        "number": one.number,
        "colour": on_paper(one.colour),
        "name": plain(card["name"]),
        "size": said["kind.special"] if special else said_size(card, said),
        "compounds": said_compounds(card, said) or ("" if special else said["grid.compounds.none"]),
        "numbers": said_numbers(card, said),
        "leaders": [] if special else said_people(card, "leader", said),
        "branch": said_branch(card, said),
    }
