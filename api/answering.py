"""Put answers together: what a snapshot tells, the plan that tells it, where its data come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from api.facts import name_of
from api.shapes import (
    Answer,
    Candidate,
    CityFacts,
    CommunityAnswer,
    CommunityFacts,
    GridAnswer,
    Nearest,
    PageLink,
    Reading,
)
from api.walking import item_links
from api.words import sentence

if TYPE_CHECKING:
    from api.served import Served
    from geogrid.snapshot import CommunityCard, LookupAnswer, LookupCandidate


def answer_of(
    found: LookupAnswer, here: Served, language: str | None = None, *, explain: bool = False
) -> Answer:
    """Return the answer to an address or a position; its card and its plan are JSON already.

    With a ``language`` it is told as a sentence, too; with ``explain``, how the address was read.
    """
    plan: Any = here.raw_plan
    card: Any = here.raw_card(found.grid["code"]) if found.grid else None
    near = found.nearest
    return Answer(
        status=found.status,  # type: ignore[arg-type]  # the snapshot names the same six
        match_level=found.match_level,
        address=found.address,
        score=found.score,
        margin=found.margin,
        lon=found.lon,
        lat=found.lat,
        grid=card,
        candidates=[candidate_of(one) for one in found.candidates],
        missing=list(found.missing),
        nearest=Nearest(name_of(near), round(found.distance_m or 0.0, 1)) if near else None,
        plan=plan,
        **here.credit,
        sentence=sentence(found, language) if language else UNSET,
        explain=readings_of(found) if explain else UNSET,
    )


def city_of(here: Served) -> CityFacts:
    """Return the facts of the city."""
    return msgspec.convert({**here.snapshot.city, "plan": here.plan}, CityFacts)


def community_answer(here: Served, community_id: str) -> CommunityAnswer:
    """Return one community and its grids by number."""
    card = here.known[community_id]
    grids = [here.card(code) for code in card["grid_codes"]]
    links = _links(here, "communities", community_id)
    return CommunityAnswer(_community(card, here), grids, here.plan, **here.credit, links=links)


def grid_answer(here: Served, code: str) -> GridAnswer:
    """Return one grid."""
    return GridAnswer(here.card(code), here.plan, **here.credit, links=_links(here, "grids", code))


def _links(here: Served, name: str, id: str) -> list[PageLink]:  # noqa: A002
    layer = here.snapshot.layer(name)
    return [PageLink(**one) for one in item_links(name, layer.rows[layer.place(id)])]


def _community(card: CommunityCard, here: Served) -> CommunityFacts:
    return msgspec.convert({**card, "counts": here.snapshot.city["counts"]}, CommunityFacts)


def readings_of(found: LookupAnswer) -> list[Reading]:
    """Return how an address was read, step by step."""
    return [Reading(one.kind, one.element, one.text, one.became) for one in found.explain]


def candidate_of(found: LookupCandidate) -> Candidate:
    """Return one place that may be meant."""
    grid = name_of(found.grid) if found.grid else None
    return Candidate(found.kind, found.text, found.score, grid, found.grids, found.lon, found.lat)
