"""Structural look-up: a stem, what divides it, a number -> entries. Numbers are compared exactly, always."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from geogrid.addresses import keys
from geogrid.model import Grammar

if TYPE_CHECKING:
    from geogrid.addresses.elements import Number
    from geogrid.addresses.index import AddressIndex
    from geogrid.addresses.paths import Path


class Found(NamedTuple):
    """One entry that fits; ``filled`` names elements that the address left out and that were filled in."""

    entry: int
    filled: tuple[str, ...] = ()


def lane_code(index: AddressIndex, lane: str) -> int:
    """Return the number under which a lane or zone is keyed, NO_KEY where the city has none of that name."""
    if not lane:
        return 0
    if lane in index.lanes:
        return index.lanes[lane]
    return int(lane) if lane.isdecimal() and int(lane) < keys.NAMED_LANE else keys.NO_KEY


def place_at(index: AddressIndex, stem: int, path: Path) -> int:
    """Return the place of exactly this section, lane and alley of a stem, -1 where there is none."""
    lane = lane_code(index, path.lane)
    key = keys.place_key(stem, path.section, lane, path.alley, path.sub_alley) if lane >= 0 else keys.NO_KEY
    view = index.views["place_key"]
    at = bisect_left(view, key)
    return at if key != keys.NO_KEY and at < len(view) and view[at] == key else -1


def places_of(index: AddressIndex, stem: int) -> range:
    """Return all places of a stem."""
    view = index.views["place_key"]
    return range(bisect_left(view, stem << keys.STEM_SHIFT), bisect_left(view, (stem + 1) << keys.STEM_SHIFT))


def entries_at(index: AddressIndex, place: int, number: Number) -> range:
    """Return the entries of exactly this number at a place."""
    packed = keys.number_key(number, index.tags)
    if packed == keys.NO_KEY:
        return range(0)
    first, view = index.views["place_first"], index.views["entry_key"]
    key = place << keys.PLACE_SHIFT | packed
    low = bisect_left(view, key, first[place], first[place + 1])
    return range(low, bisect_right(view, key, low, first[place + 1]))


def stem_of(index: AddressIndex, entry: int) -> int:
    """Return the road or compound of an entry."""
    place: int = index.views["place_key"][index.views["entry_key"][entry] >> keys.PLACE_SHIFT]
    return place >> keys.STEM_SHIFT


def entries_of(index: AddressIndex, places: range) -> range:
    """Return all entries of consecutive places."""
    first = index.views["place_first"]
    return range(first[places.start], first[places.stop]) if len(places) else range(0)


def find(index: AddressIndex, stem: int, path: Path) -> list[Found]:
    """Find a door at a stem: as written, else with what the address left out filled in from the data.

    Only what a complete address must have is filled in: a section where every address of the road has one, a
    lane above an alley. An element that was given is never dropped, and a number never changed.
    """
    place = place_at(index, stem, path)
    if place >= 0:
        entries = entries_at(index, place, path.number)
        if entries or path.section:
            return [Found(entry) for entry in entries]
    found: list[Found] = []
    for other, filled in fillable(index, stem, path):
        found += [Found(entry, filled) for entry in entries_at(index, other, path.number)]
    return found


def _in_phases(index: AddressIndex, stem: int, path: Path) -> bool:
    """Tell whether a compound exists in phases or zones only, so that its name alone leaves something out."""
    return index.grammar is Grammar.MAINLAND and not path.alley and place_at(index, stem, path) < 0


def fillable(index: AddressIndex, stem: int, path: Path) -> list[tuple[int, tuple[str, ...]]]:
    """Return the places that an incomplete path may mean, with the names of what is filled in."""
    lane = lane_code(index, path.lane)
    wants_lane = not path.lane and (bool(path.alley) or _in_phases(index, stem, path))
    if lane < 0 or (path.section and not wants_lane):
        return []
    places = places_of(index, stem)
    view = index.views["place_key"]
    parts = [(place, keys.parts_of_place(view[place])) for place in places]
    found = []
    for place, (_, section, there, alley, sub_alley) in parts:
        same_section = section == path.section or (not path.section and section)
        same_lane = there == lane or (wants_lane and there and (bool(path.alley) or there >= keys.NAMED_LANE))
        if same_section and same_lane and alley == path.alley and sub_alley == path.sub_alley:
            filled = ("section",) * (section != path.section) + (
                "zone" if there >= keys.NAMED_LANE else "lane",
            ) * (there != lane)
            if filled:
                found.append((place, filled))
    return found


def has_unit(index: AddressIndex, door: int, suffix: int) -> bool:
    """Tell whether the city knows this floor or room under a door."""
    view = index.views["unit_key"]
    key = door << 24 | suffix
    at = bisect_left(view, key)
    return at < len(view) and view[at] == key


def entries_with_numbers(index: AddressIndex, key: int) -> list[int]:
    """Return the entries with this lane, alley and number (packed), on whatever road."""
    view = index.views["numbers_key"]
    low = bisect_left(view, key)
    entries = index.views["numbers_entry"]
    return [entries[i] for i in range(low, bisect_right(view, key, low))]
