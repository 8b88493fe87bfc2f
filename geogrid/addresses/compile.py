"""City -> AddressIndex: every address and building read with the city's own grammar and keyed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from geogrid.addresses import grammar_block, grammar_lane, grammar_mainland, keys
from geogrid.addresses.gazetteer import Gazetteer, Name
from geogrid.addresses.index import AddressIndex, folded_or_empty
from geogrid.addresses.normalize import fold, name_key
from geogrid.addresses.paths import Path, paths_of, unit_key
from geogrid.model import Grammar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy.typing as npt

    from geogrid.addresses.elements import Elements
    from geogrid.model import City, District, Subdistrict

PARSERS: dict[Grammar, Callable[[str], Elements]] = {
    Grammar.LANE: grammar_lane.parse,
    Grammar.BLOCK: grammar_block.parse,
    Grammar.MAINLAND: grammar_mainland.parse,
}
_SHORT = re.compile(
    r"(?:社区居民委员会|社区居委会|居民委员会|村民委员会|居委会|村委会|社区|街道办事处|街道|办事处|里|区|市|县)$"
)

_STEM_ENDING = re.compile(r"(?:大道|大街|路|街|住宅小区|小区|家属院|家属楼|社区)$")
_NUMBERED = re.compile("[0-9]")
_ABOVE = re.compile(r"^[^省市县区]{2,4}[省市](?=.{2})")


class KnownName(NamedTuple):
    """One more name of a thing: an alias learnt from a review, a former name or code with its dates (ISO).

    ``kind`` and ``id`` say of what: a ``stem`` (a road, by its name), a ``compound``, ``community``, ``subdistrict`` or
    ``district`` (by id), or a ``door``: a whole text that means one building (by id). ``how`` is alias or former.
    """

    text: str
    kind: str
    id: str
    how: str = "alias"
    since: str = ""
    until: str = ""


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
    draft, known = _Draft(), tuple(names)
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
    names = tuple(_names(city, stem_of, spelled, extra))
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
    division = {kind: {t.id: i for i, t in enumerate(things)} for kind, things in _divisions(city)}
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


def _names(
    city: City, stem_of: dict[str, int], spelled: dict[str, str], extra: tuple[KnownName, ...]
) -> Iterator[Name]:
    shorts = Counter(_STEM_ENDING.sub("", key) for key in stem_of)
    for key, stem in stem_of.items():
        yield Name(key, spelled.get(key, key), "stem", stem)
        short = _STEM_ENDING.sub("", key)
        if len(short) > 1 and short != key and shorts[short] == 1 and short not in stem_of:
            yield Name(short, spelled.get(key, key), "stem", stem, "short")
    for i, compound in enumerate(city.compounds):
        for text, how in ((compound.name, "own"), *((alias, "alias") for alias in compound.aliases)):
            if key := name_key(text):
                yield Name(key, compound.name, "compound", i, how)
    ordinals: dict[tuple[str, str], int] = {("compound", c.id): i for i, c in enumerate(city.compounds)}
    ordinals |= {("door", building.id): door for door, building in enumerate(city.buildings)}
    for kind, things in (("community", city.communities), *_divisions(city)):
        for i, thing in enumerate(things):
            ordinals[kind, thing.id] = i
            code = getattr(thing, "code", "") or thing.id
            if code.isdecimal() and len(code) > 5:
                yield Name(code, thing.name, kind, i)
            yield from _with_short(thing.name, kind, i)
    yield from _with_short(city.name, "city", 0)
    if city.grammar is not Grammar.MAINLAND:
        for door, building in enumerate(city.buildings):
            if len(key := name_key(building.name)) > 2 and not (_NUMBERED.search(key) and not key.isascii()):
                yield Name(key, building.name, "building", door)
    for known in extra:
        own_name = (
            city.compounds[ordinals["compound", known.id]].name if ("compound", known.id) in ordinals else ""
        )
        yield from _known(known, own_name, ordinals, stem_of, city.grammar)


def _known(
    known: KnownName,
    own_name: str,
    ordinals: dict[tuple[str, str], int],
    stem_of: dict[str, int],
    grammar: Grammar,
) -> Iterator[Name]:
    """Yield the names of what was told; nothing for a thing that the city does not have."""
    rest = (known.how, known.since, known.until)
    stem = _stem_of_compound(known.text, grammar) if known.kind == "compound" else ""
    if stem in stem_of:
        yield Name(stem, own_name, "told", stem_of[stem], *rest)
    if known.kind == "stem":
        target = stem_of.get(name_key(known.id), -1)
    else:
        target = ordinals.get((known.kind, known.id), -1)
    if target >= 0:
        yield Name(name_key(known.text), known.text, known.kind, target, *rest)


def _stem_of_compound(text: str, grammar: Grammar) -> str:
    paths = paths_of(PARSERS[grammar](fold(f"{text}1号楼")))
    return paths[0].stem if paths else ""


def _divisions(city: City) -> tuple[tuple[str, tuple[Subdistrict | District, ...]], ...]:
    return ("subdistrict", city.subdistricts), ("district", city.districts)


def _with_short(name: str, kind: str, i: int) -> Iterator[Name]:
    """Yield a division's name, without its ending, and without the city or province that stands before it."""
    key = name_key(name)
    if not key:
        return
    yield Name(key, name, kind, i)
    above = _ABOVE.match(key)
    bare = key[above.end() :] if above is not None else key
    for short in dict.fromkeys((bare, _SHORT.sub("", bare))):
        if len(short) > 1 and short != key:
            yield Name(short, name, kind, i, "short")
    if above is not None and kind == "district":
        yield Name(above[0], name, "city", 0, "short")
