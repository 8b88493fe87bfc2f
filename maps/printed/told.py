"""What a sheet says in words: dates, coverage, people. Plain text from cards, nothing else."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from geogrid.addresses.romanise import romanised
from maps.printed.svg import plain
from maps.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Said = "Mapping[str, str]"
NUMBER = re.compile(r"(.*\D|)(\d{1,9})(\D{0,6})")  # 151之 | 16 | 號
RUN = 3  # numbers in a row that are told as first and last


@cache
def printed_words(language: str) -> Mapping[str, str]:
    """Return the words of the pages with those of the printed sheets, which no page has to carry."""
    own = Path(__file__).parent / "text" / f"{language}.json"
    return MappingProxyType({**words(language), **json.loads(own.read_text(encoding="utf-8"))})


def in_latin(name: str, language: str) -> str:
    """Return a Chinese name in Latin letters for readers of English; empty for others."""
    return romanised(name) if language == "en" else ""


def named(name: str, language: str) -> str:
    """Return a name as the data write it, for readers of English followed by Latin letters."""
    return " ".join(filter(None, (name, in_latin(name, language))))


def said_size(card: Mapping[str, Any], said: Mapping[str, str]) -> str:
    """Return the households, dwellings or units of a grid or community, and whether they are estimated."""
    key = f"counts.{card['counts']}"
    told = counted(said, key, card["households"])
    return f"{told}{said['print.comma']}{said['counts.estimated']}" if card["estimated"] else told


def counted(said: Mapping[str, str], key: str, number: int) -> str:
    """Return a sentence with a number, in the singular where the language has one."""
    return said[f"{key}.1" if number == 1 else key].replace("{n}", f"{number:,}")


def said_compounds(card: Mapping[str, Any], said: Mapping[str, str]) -> str:
    """Return the compounds of a grid, each name once; a part of one is told as such."""
    names: dict[str, int] = {}
    for one in card["compounds"]:
        name = plain(one["name"]) + ("" if one["whole"] else said["grid.part"])
        names[name] = names.get(name, 0) + 1
    return said["print.comma"].join(
        f"{name} ×{times}" if times > 1 else name for name, times in names.items()
    )


def said_numbers(card: Mapping[str, Any], said: Mapping[str, str]) -> str:
    """Return the building and house numbers of a grid by compound or street, runs drawn together."""
    places = []
    for one in card["buildings"]:
        numbers = said["print.comma"].join(runs([plain(number) for number in one["numbers"]], said))
        place = plain(one["place"])
        places.append(f"{place}{said['print.colon']}{numbers}" if place else numbers)
    return said["print.semicolon"].join(places)


def runs(numbers: Iterable[str], said: Mapping[str, str]) -> Iterator[str]:
    """Yield numbers with three or more in a row drawn together, also odd or even ones.

    Nothing is told that is not covered: ``1-5`` means that 1, 2, 3, 4 and 5 are there. A word behind the
    numbers (号) is written once, behind the last.
    """
    like: dict[tuple[str, str], list[int]] = {}
    others = []
    for number in numbers:
        found = NUMBER.fullmatch(number)
        if found and not (len(found[2]) > 1 and found[2].startswith("0")):
            like.setdefault((found[1], found[3]), []).append(int(found[2]))
        else:
            others.append(number)
    for (head, tail), values in like.items():
        together = list(_drawn_together(sorted(set(values)), steps=(1,) if head else (1, 2)))
        yield from _dressed(together, head, tail, said)
    yield from others


def _dressed(
    found: Sequence[tuple[str, str]], head: str, tail: str, said: Mapping[str, str]
) -> Iterator[str]:
    """Yield numbers with what stands around them; odd or even runs first, for they have their own word."""
    for told, parity in found:
        if parity:
            yield said[f"print.{parity}"].replace("{numbers}", f"{told}{tail}")
    others = [f"{head}{told}" for told, parity in found if not parity]
    once = bool(tail) and not tail.isascii()
    for n, told in enumerate(others, start=1):
        yield told if once and n < len(others) else f"{told}{tail}"


def _drawn_together(values: Sequence[int], steps: tuple[int, ...]) -> Iterator[tuple[str, str]]:
    """Yield each number or run, and ``odd`` or ``even`` where the run leaves out every other number."""
    place = 0
    while place < len(values):
        run, step = max((_run(values, place, step), -step) for step in steps)
        first = values[place]
        if run < RUN:
            yield str(first), ""
            place += 1
            continue
        parity = "" if step == -1 else "even" if first % 2 == 0 else "odd"
        yield f"{first}–{values[place + run - 1]}", parity
        place += run


def _run(values: Sequence[int], place: int, step: int) -> int:
    """Return how many of ``values`` from ``place`` on follow one another in steps of ``step``."""
    end = place + 1
    while end < len(values) and values[end] - values[end - 1] == step:
        end += 1
    return end - place


def said_people(card: Mapping[str, Any], role: str, said: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the people of a role: ``name`` or the words for vacant or withheld, ``phone``, ``state``."""
    return [_person(post, said) for post in card["team"] if post["role"] == role]


def _person(post: Mapping[str, Any], said: Mapping[str, str]) -> dict[str, str]:
    if post["vacant"]:
        return {"name": said["vacant"], "phone": "", "post": "", "state": "vacant"}
    if not post["name"]:
        return {"name": said["withheld"], "phone": "", "post": "", "state": "withheld"}
    told = {key: plain(post[key]) for key in ("name", "phone", "post")}
    return {**told, "state": "named"}


def said_branch(card: Mapping[str, Any], said: Mapping[str, str]) -> dict[str, str]:
    """Return the branch of a grid as ``name`` and ``note``."""
    branch = card["branch"]
    if branch:
        stars = counted(said, "grid.stars", branch["stars"]) if branch["stars"] else ""
        joint = said["grid.branch.joint"] if branch["joint"] else ""
        return {"name": plain(branch["name"]), "note": said["print.comma"].join(filter(None, (stars, joint)))}
    if card["kind"] == "special":
        return {"name": "", "note": said["grid.branch.special"]}
    served = said["grid.branch.served"] + plain(card["served_by"]) if card["served_by"] else ""
    return {"name": "", "note": said["print.comma"].join(filter(None, (said["grid.branch.none"], served)))}


def said_venues(card: Mapping[str, Any], said: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the places of service as ``kind``, ``name``, ``phone`` and ``hours``."""
    kinds = {"service_centre": said["grid.centre"]}
    return [
        {
            "kind": kinds.get(one["kind"], said["grid.station"]),
            **{key: plain(one[key]) for key in ("name", "phone", "hours")},
        }
        for one in card.get("venues", [])
    ]
