"""City -> AddressIndex: every address and building read with the city's own grammar and keyed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from geogrid.addresses import grammar_block, keys
from geogrid.addresses.gazetteer import Gazetteer
from geogrid.addresses.grammars import PARSERS
from geogrid.addresses.index import AddressIndex, folded_or_empty
from geogrid.addresses.naming import KnownName, divisions, names_of, without_own
from geogrid.addresses.normalize import fold, name_key
from geogrid.addresses.paths import Path, paths_of, unit_key
from geogrid.model import Grammar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from geogrid.model import City


@dataclass
class _Draft:
    """What has been read so far, before anything is numbered for good."""

    stems: dict[str, str] = field(default_factory=dict)
    lanes: dict[str, int] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)
    entries: dict[tuple[Path, int], str] = field(default_factory=dict)
    units: dict[tuple[int, str], int] = field(default_factory=dict)
    suffixes: dict[str, str] = field(default_factory=dict)
    postcodes: set[tuple[int, int]] = field(default_factory=set)

    def add(self, path: Path, door: int, text: str) -> None:
        """Take one way to say where a door is."""
        self.stems.setdefault(path.stem, "")
        if path.lane and not path.lane.isdecimal():
            self.lanes.setdefault(path.lane, keys.NAMED_LANE + len(self.lanes))
        if path.number.tag:
            self.tags.setdefault(path.number.tag, len(self.tags) + 1)
        self.entries.setdefault((path, door), text)


def compile_index(city: City, names: Iterable[KnownName] = ()) -> AddressIndex:
    """Compile the index of a city; ``names`` adds learnt aliases and former names or codes."""
    draft, known = _Draft(), without_own(city, names)
    doors = _read_buildings(city, draft, known)
    _read_addresses(city, draft, doors)
    return _finish(city, draft, doors, known)


@dataclass
class _Doors:
    """One row a door: the city's buildings first, then addresses of no building."""

    building: list[str]
    community: list[str]
    compound: list[str]
    homes: list[bool]
    xy: list[tuple[float, float]]


def _read_buildings(city: City, draft: _Draft, known: tuple[KnownName, ...]) -> _Doors:
    parse = PARSERS[city.grammar]
    compounds = {compound.id: compound for compound in city.compounds}
    doors = _Doors([], [], [], [], [])
    addressed = set(city.addresses["building_id"].tolist()) if len(city.addresses) else set()
    for door, building in enumerate(city.buildings):
        doors.building.append(building.id)
        doors.community.append(building.community_id)
        doors.compound.append(building.compound_id)
        doors.homes.append(building.households > 0)
        centre = building.geometry.centroid if not building.geometry.is_empty else None
        doors.xy.append((centre.x, centre.y) if centre is not None else (float("nan"), float("nan")))
        if building.id in addressed and city.grammar is not Grammar.MAINLAND:
            continue  # its addresses say more than its columns: a street may lack its lane
        compound = compounds.get(building.compound_id)
        told = [name.text for name in known if name.kind == "compound" and name.id == building.compound_id]
        spoken = (
            (compound.name, *compound.aliases, *told)
            if compound is not None and city.grammar is Grammar.MAINLAND
            else ()
        )
        for text in _building_texts(building.number, building.street, building.name, spoken, city.grammar):
            for path in paths_of(parse(fold(text))):
                draft.add(path, door, text)
    return doors


def _building_texts(
    number: str, street: str, name: str, compounds: tuple[str, ...], grammar: Grammar
) -> Iterator[str]:
    """Yield the texts under which a building is known from its own columns."""
    if grammar is Grammar.BLOCK:
        if number and street:
            yield f"{number} {street}"
        return
    if number and street:
        yield f"{street}{number}" if number.endswith(("号", "號")) else f"{street}{number}号"
    for compound in compounds:
        if number and not street:
            yield f"{compound}{number}" if not number[-1:].isdecimal() else f"{compound}{number}号楼"
        elif name:
            yield f"{compound}{name}"


def _read_addresses(city: City, draft: _Draft, doors: _Doors) -> None:
    frame = city.addresses
    if not len(frame):
        return
    parse = PARSERS[city.grammar]
    row_of = {building.id: i for i, building in enumerate(city.buildings)}
    extra: dict[tuple[Path, ...], int] = {}
    columns = [frame[c].tolist() for c in ("text", "building_id", "community_id", "x", "y")]
    postcodes = frame["postcode"].tolist() if "postcode" in frame.columns else [""] * len(frame)
    for row, (text, building, community, x, y) in enumerate(zip(*columns, strict=True)):
        folded = folded_or_empty(text)
        read = parse(folded)
        paths = paths_of(read)
        door = row_of.get(building, -1)
        if door < 0:
            door = extra.setdefault(paths, len(doors.building))
            if door == len(doors.building):
                doors.building.append("")
                doors.community.append(community)
                doors.compound.append("")
                doors.homes.append(True)
                doors.xy.append((x, y))
        for path in paths:
            draft.add(path, door, door_text(text, city.grammar))
        code = read.postcode or folded_or_empty(postcodes[row])
        if code.isdecimal():
            draft.postcodes.add((int(code), door))
        suffix = unit_key(read)
        draft.suffixes.setdefault(suffix, text[len(door_text(text, city.grammar)) :])
        draft.units.setdefault((door, suffix), row)


_UNDER_DOOR = {
    Grammar.LANE: re.compile(r"^.*?[號号](?:[之\-－][0-9０-９一二三四五六七八九十]+(?![樓楼層层]))?"),
    Grammar.BLOCK: re.compile(r"^[^#]*?(?=\s*(?:#|,?\s+SINGAPORE\b|$))", re.IGNORECASE),
    Grammar.MAINLAND: re.compile(r"^.*(?:号楼|栋|幢|座|號樓|棟|号院)"),
}


def door_text(text: str, grammar: Grammar) -> str:
    """Cut an address as the city writes it behind its door: no floor, no room."""
    found = _UNDER_DOOR[grammar].match(text)
    return found[0] if found else text


def _finish(city: City, draft: _Draft, doors: _Doors, extra: tuple[KnownName, ...]) -> AddressIndex:
    stem_keys = sorted(draft.stems)
    stem_of = {key: i for i, key in enumerate(stem_keys)}
    spelled = _own_spellings(city, draft)
    packed = sorted({_place_key(path, stem_of, draft.lanes) for path, _ in draft.entries} - {keys.NO_KEY})
    place_of = {key: i for i, key in enumerate(packed)}
    rows = []
    for (path, door), text in draft.entries.items():
        place = _place_key(path, stem_of, draft.lanes)
        number = keys.number_key(path.number, draft.tags)
        if keys.NO_KEY not in (place, number):
            rows.append((place_of[place] << keys.PLACE_SHIFT | number, door, text))
    rows.sort()
    arrays = _arrays(packed, rows, doors, city, draft)
    texts = {
        "entry_text": [text for _, _, text in rows],
        "door_building": doors.building,
        "suffix_key": sorted(draft.suffixes),
        "suffix_text": [draft.suffixes[key] for key in sorted(draft.suffixes)],
        "community_id": [community.id for community in city.communities],
        "compound_id": [compound.id for compound in city.compounds],
        "stem_key": stem_keys,
        "stem_text": [spelled.get(key, key) for key in stem_keys],
    }
    names = tuple(names_of(city, stem_of, spelled, extra))
    return AddressIndex(
        city.grammar,
        arrays,
        {name: pa.array(values, pa.string()) for name, values in texts.items()},
        Gazetteer(names, stem_of),
        draft.tags,
        draft.lanes,
        {"city": city.name, "addresses": len(city.addresses)},
    )


def _place_key(path: Path, stem_of: dict[str, int], lanes: dict[str, int]) -> int:
    lane = lanes[path.lane] if path.lane in lanes else int(path.lane or 0)
    return keys.place_key(stem_of[path.stem], path.section, lane, path.alley, path.sub_alley)


def _arrays(
    packed: list[int], rows: list[tuple[int, int, str]], doors: _Doors, city: City, draft: _Draft
) -> dict[str, npt.NDArray[np.generic]]:
    community_of = {community.id: i for i, community in enumerate(city.communities)}
    compound_of = {compound.id: i for i, compound in enumerate(city.compounds)}
    suffix_of = {key: i for i, key in enumerate(sorted(draft.suffixes))}
    place_key = np.array(packed, dtype=np.int64)
    entry_key = np.array([key for key, _, _ in rows], dtype=np.int64)
    places = entry_key >> keys.PLACE_SHIFT
    lane_and_alley = (place_key[places] >> keys.ALLEY_SHIFT) & ((1 << 26) - 1) if len(rows) else places
    numbers = (lane_and_alley << keys.PLACE_SHIFT) | (entry_key & ((1 << keys.PLACE_SHIFT) - 1))
    order = np.argsort(numbers, kind="stable")
    units = np.array(
        sorted(((door << 24) | suffix_of[s], row) for (door, s), row in draft.units.items()), dtype=np.int64
    ).reshape(-1, 2)
    codes = np.array(sorted(draft.postcodes), dtype=np.int64).reshape(-1, 2)
    xy = np.array(doors.xy, dtype=np.float64).reshape(-1, 2)
    division = {kind: {t.id: i for i, t in enumerate(things)} for kind, things in divisions(city)}
    above = {
        kind: [of.get(getattr(community, f"{kind}_id"), -1) for community in city.communities]
        for kind, of in division.items()
    }
    return {
        "place_key": place_key,
        "place_first": np.searchsorted(places, np.arange(len(packed) + 1)).astype(np.int32),
        "entry_key": entry_key,
        "entry_door": np.array([door for _, door, _ in rows], dtype=np.int32),
        "numbers_key": numbers[order],
        "numbers_entry": order.astype(np.int32),
        "unit_key": np.ascontiguousarray(units[:, 0]),
        "unit_address": units[:, 1].astype(np.int32),
        "postcode": codes[:, 0].astype(np.int64),
        "postcode_door": codes[:, 1].astype(np.int32),
        "door_community": np.array([community_of.get(c, -1) for c in doors.community], dtype=np.int32),
        "door_compound": np.array([compound_of.get(c, -1) for c in doors.compound], dtype=np.int32),
        "community_subdistrict": np.array(above["subdistrict"], dtype=np.int32),
        "community_district": np.array(above["district"], dtype=np.int32),
        "door_homes": np.array(doors.homes, dtype=np.uint8),
        "door_x": np.ascontiguousarray(xy[:, 0]),
        "door_y": np.ascontiguousarray(xy[:, 1]),
    }


def _own_spellings(city: City, draft: _Draft) -> dict[str, str]:
    """Find how the city itself writes each stem."""
    found: dict[str, str] = {}
    candidates: list[str] = [compound.name for compound in city.compounds]
    candidates += [alias for compound in city.compounds for alias in compound.aliases]
    candidates += [building.street for building in city.buildings] + [street.name for street in city.streets]
    if "road" in city.addresses.columns:
        candidates += [text for text in city.addresses["road"].unique().tolist() if isinstance(text, str)]
    for text in dict.fromkeys(candidates):
        found.setdefault(name_key(text), text)
    for (path, _), text in draft.entries.items():
        if path.stem not in found:
            latin = city.grammar is Grammar.BLOCK
            found[path.stem] = grammar_block.parse(fold(text)).road if latin else _slice_of(text, path.stem)
    return found


def _slice_of(text: str, key: str) -> str:
    """Find the piece of ``text`` whose folded characters spell ``key``."""
    pieces = [name_key(char) for char in text]
    start = "".join(piece or "\0" for piece in pieces).find(key)
    return text[start : start + len(key)] if start >= 0 and all(len(p) < 2 for p in pieces) else key
