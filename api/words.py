"""What the service says in words, in the language that is asked: refusals, and an answer as one sentence.

The English sentence is the key, as in gettext; what stands in braces is carried over.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qs

from fastapi import Query

from api.sentences import COLUMNS, SENTENCES
from api.shapes import Language  # noqa: TC001 - read at run time by FastAPI
from maps.words import language_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Scope

    from geogrid.batch import RowAnswer
    from geogrid.snapshot import LookupAnswer, Post

DEFAULT = "en"  # programs ask in no language; browsers name theirs
SPOKEN = re.compile(r"(zh|en)\b", re.IGNORECASE)


async def language_asked(
    lang: Annotated[
        Language | None, Query(description="The language of refusals; without it Accept-Language decides.")
    ] = None,
) -> None:
    """Take ``lang=`` on every route; ``language_of`` reads it where something is said."""


def language_of(scope: Scope) -> str:
    """Return the language a request asks for: by ``lang=``, else by Accept-Language, else English."""
    for text in parse_qs(scope.get("query_string", b"").decode("latin-1")).get("lang", ()):
        if SPOKEN.match(text):
            return language_for(text)
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept-language")
    ranges = [_range(part) for part in accepted.decode("latin-1").split(",") if SPOKEN.match(part.strip())]
    best = max(ranges, key=lambda one: one[0], default=(0.0, DEFAULT))
    return language_for(best[1]) if best[0] > 0 else DEFAULT


def _range(text: str) -> tuple[float, str]:
    tag, _, weight = text.partition(";")
    found = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", weight)
    return float(found[1]) if found else 1.0, tag.strip()


def say(english: str, language: str, *values: object) -> str:
    """Return one of our sentences in a language, with ``values`` in the place of its braces."""
    column = COLUMNS.get(language)
    return (english if column is None else SENTENCES[english][column]).format(*values)


def said(text: str, language: str) -> str:
    """Return an English sentence that is filled in already in a language; an unknown one stays as it is."""
    column = COLUMNS.get(language)
    if column is None:
        return text
    if text in SENTENCES:
        return SENTENCES[text][column]
    for pattern, row in _patterns():
        found = pattern.fullmatch(text)
        if found:
            return row[column].format(*(_word(one, column) for one in found.groups()))
    return text


def _word(text: str, column: int) -> str:
    """Return a word of ours, like the kind of a thing; anything else as it is."""
    return SENTENCES[text][column] if text in SENTENCES else text


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], tuple[str, str]], ...]:
    found = []
    for english, row in SENTENCES.items():
        parts = [re.escape(part) for part in english.split("{}")]
        found.append((re.compile("(.*?)".join(parts), re.DOTALL), row))
    return tuple(found)


def sentence(found: LookupAnswer, language: str) -> str:
    """Return an answer as one sentence or two: the grid and its leader, or what would settle the question."""
    grid, near = found.grid, found.nearest
    if grid is not None:
        place = grid["number"], grid["name"], grid["community"]["name"]
        where = say("It lies in grid {} ({}) of {}.", language, *place)
        return ("" if language in COLUMNS else " ").join((where, *_leaders(grid["team"], language)))
    if near is not None:
        nearest = near["name"], near["community"]["name"], f"{found.distance_m or 0:.0f}"
        return say("It lies in no grid; the nearest is {} ({}), {} m away.", language, *nearest)
    if found.missing and found.status != "none":
        missing = _listed(found.missing, language)
        return say("That is not enough to be certain; please add: {}.", language, missing)
    return say(STATUS[found.status], language)


def reason_of(one: RowAnswer, language: str) -> str:
    """Return the reason of a row in a language; where a grid is certain it is the level, a word of ours."""
    if one.grid_code or language not in COLUMNS:
        return one.reason
    if one.missing and one.status != "none":
        return say("missing: {}", language, _listed(one.missing, language))
    return said(one.reason, language)


def _listed(missing: Sequence[str], language: str) -> str:
    comma = "、" if language in COLUMNS else ", "
    return comma.join(said(one, language) for one in missing)


def _leaders(team: list[Post], language: str) -> list[str]:
    leaders = [one for one in team if one["role"] == "leader"]
    if any(one["name"] for one in leaders):
        return [say("Grid leader: {}.", language, one["name"]) for one in leaders if one["name"]]
    vacant = leaders and all(one["vacant"] for one in leaders)
    return [say("The grid has no leader at present.", language)] if vacant else []


STATUS = {
    "matched": "It lies in no grid.",
    "ambiguous": "Several places in different grids fit; please say more.",
    "partial": "Only a part of it was found; please say more.",
    "historical": "It is known only under a former name.",
    "outside": "It lies in no grid.",
    "none": "Nothing that is known here fits.",
}
