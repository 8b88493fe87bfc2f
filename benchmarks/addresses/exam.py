"""What is right: changed addresses by mechanism, clean ones, parsing, and queries written by others."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyogrio

from benchmarks.errors import MECHANISMS, Case, characters
from benchmarks.errors.score import mark
from geogrid.addresses import KnownName
from geogrid.addresses.grammars import PARSERS
from geogrid.addresses.normalize import fold
from geogrid.model import Grammar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from random import Random

    from benchmarks.errors.maker import Maker
    from benchmarks.errors.score import Marks
    from geogrid.addresses import Elements, Matcher
    from geogrid.model import City

CHUNK = 8192  # rows of a batch: answers are read and let go, as an assigned file does
NEAR_M = 100.0
_DOOR = re.compile(
    r"(?P<before>臨)?(?P<main>\d+)(?:之(?P<sub>\d+))?(?P<after>臨)?號(?:之(?P<later>\d+)(?![樓層]))?.*"
)
_TAIL = re.compile(r"(?:[樓層]|地下)之(?P<room>\d+)")
_WORDS = {characters.in_words(number): number for number in range(1, 100)}


@dataclass(frozen=True, slots=True)
class Clean:
    """The addresses as the city writes them: of a door, asked back, asked although one grid, in a wrong grid.

    ``shared`` counts those of which number and street are also those of a building in another grid;
    ``flagged`` of them are ambiguous with their own grid among the candidates, or told apart by a postcode.
    """

    housed: int
    shared: int
    flagged: int
    missed: int
    wrong: int

    def __str__(self) -> str:
        return (
            f"{self.housed} of a door: {self.missed} asked back, {self.wrong} in a wrong grid; "
            f"{self.shared} share theirs with a building in another grid, {self.flagged} of them told so"
        )


def draw_cases(errors: Maker[Any], addresses: Sequence[Any], count: int, chance: Random) -> list[Case]:
    """Draw ``count`` cases of every mechanism that the grammar has."""
    cases: list[Case] = []
    for mechanism in MECHANISMS:
        made = (errors.case(mechanism, chance.choice(addresses)) for _ in range(20 * count))
        cases += [case for case, _ in zip(filter(None, made), range(count), strict=False)]
    return cases


def former_names(city: City, errors: Maker[Any]) -> list[KnownName]:
    """Give the invented former names to the city's data: of compounds on the mainland, of roads elsewhere."""
    kind = "compound" if city.grammar is Grammar.MAINLAND else "stem"
    ids = {compound.name: compound.id for compound in city.compounds} if kind == "compound" else {}
    return [
        KnownName(old, kind, ids.get(name, name), "former", "", "1990-01-01")
        for old, name in errors.former.items()
    ]


def marks_of(matcher: Matcher, cases: Sequence[Case], grid_of: dict[str, int]) -> dict[str, Marks]:
    """Answer the changed addresses and mark the answers by mechanism."""
    answers = (matcher.match(case.text) for case in cases)
    return mark(cases, ((a.status.value, a.grid, a.grids) for a in answers), grid_of)


def clean(matcher: Matcher, city: City, grid_of: dict[str, int]) -> Clean:
    """Match every address as the city writes it and count those that miss their door's grid."""
    sharing = _grids_by_text(city, grid_of)
    found: Counter[str] = Counter()
    for text, building in zip(city.addresses["text"], city.addresses["building_id"], strict=True):
        if not building:
            continue
        answer, truth = matcher.match(text), grid_of[building]
        shared = len(sharing[_door_of(text, city.grammar)]) > 1
        found["housed"] += 1
        found["shared"] += shared
        asked = answer.status.value == "ambiguous" and truth in answer.grids
        found["flagged"] += shared and (asked or answer.grid == truth)
        found["missed"] += not shared and answer.grid < 0
        found["wrong"] += answer.grid >= 0 and answer.grid != truth
    return Clean(**{name: found[name] for name in Clean.__dataclass_fields__})


def _grids_by_text(city: City, grid_of: dict[str, int]) -> dict[str, set[int]]:
    """Return the grids of every door's text: of addresses, and of the buildings' own columns."""
    found: dict[str, set[int]] = defaultdict(set)
    for text, building in zip(city.addresses["text"], city.addresses["building_id"], strict=True):
        if building:
            found[_door_of(text, city.grammar)].add(grid_of[building])
    for one in city.buildings if city.grammar is Grammar.BLOCK else ():
        if one.number and one.street:
            for number in one.number.replace(";", ",").split(","):
                found[f"{number.strip()} {one.street}".upper()].add(grid_of[one.id])
    return found


def _door_of(text: str, grammar: Grammar) -> str:
    """Return an address without what tells nothing of its door: in a block city, the country and postcode."""
    return text.split(" SINGAPORE", maxsplit=1)[0].upper() if grammar is Grammar.BLOCK else text


def parsed_exactly(path: Path) -> tuple[int, int]:
    """Return how many register addresses are read into exactly the elements of their columns, of all."""
    frame = pd.read_parquet(path)
    parse = PARSERS[Grammar.LANE]
    columns = ("li", "lin", "road", "section", "lane", "alley", "number", "floor")
    wanted = zip(*(frame[name].astype("string").fillna("").tolist() for name in columns), strict=True)
    right = sum(
        _as_columns(parse(fold(text))) == _of_columns(want)
        for text, want in zip(frame["full_address"], wanted, strict=True)
    )
    return right, len(frame)


def _of_columns(row: tuple[str, ...]) -> tuple[str, ...]:
    """Write the register's own columns as digits: 三段 is 3, 7號二樓之1 is number 7, floor 2, room 1."""
    li, lin, road, section, lane, alley, number, floor = row
    door, tail = _DOOR.fullmatch(number), _TAIL.search(number)
    assert door is not None
    temporary = "临" if door["before"] or door["after"] else ""
    subs = door["sub"] or door["later"] or ""
    lane = lane.removesuffix("巷")
    return (
        fold(li),
        lin,
        fold(road),
        str(_WORDS.get(section.removesuffix("段"), "")),
        lane if lane.isdecimal() else fold(lane),
        alley.removesuffix("弄"),
        f"{temporary}{door['main']}" + (f"-{subs}" if subs else ""),
        floor.replace("-", "B"),
        tail["room"] if tail else "",
    )


def _as_columns(read: Elements) -> tuple[str, ...]:
    numbers = (str(read.section or ""), read.lane, str(read.alley or ""), str(read.number or ""))
    return read.community, str(read.group), read.road, *numbers, read.floor, read.room


def queries(
    matcher: Matcher, path: Path, points: Any, communities: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Answer the queries that others wrote; yield (status, "right", "wrong" or "") for each.

    Right: the door lies in the query's own subzone, or no farther from its point than a block is long.
    """
    frame = pyogrio.read_dataframe(path, layer="address_queries").to_crs("EPSG:3414")
    for text, community, point in zip(
        frame["written_address"], frame["community_id"], frame.geometry, strict=True
    ):
        answer = matcher.match(text)
        if answer.grid < 0:
            yield answer.status.value, ""
            continue
        door = answer.candidates[0].door
        x, y = points[door]
        near = ((x - point.x) ** 2 + (y - point.y) ** 2) ** 0.5 <= NEAR_M
        yield answer.status.value, "right" if near or communities[door] == community else "wrong"
