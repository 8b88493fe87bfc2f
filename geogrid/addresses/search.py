"""Find the doors that an address may mean, each with a score and the reasons for and against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from geogrid.addresses import find, keys
from geogrid.addresses.answer import Note
from geogrid.addresses.groups import doors_at_postcode, entry_of_door, suffix_codes
from geogrid.addresses.paths import paths_of, unit_key
from geogrid.model import Grammar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geogrid.addresses.context import Context
    from geogrid.addresses.elements import Elements
    from geogrid.addresses.gazetteer import Likeness, Name
    from geogrid.addresses.index import AddressIndex
    from geogrid.addresses.paths import Path

CONTRADICTED = 0.8  # what is left of a score for each stated division that disagrees
FILLED = 0.95  # ... for each element filled in
WITHOUT_HOMES = 0.95  # ... for a building without homes when one with homes has the same address
CORROBORATED = 0.12  # what a place that few other names have adds to a corrected name
CORRECTED = 0.98  # the most that a corrected name can be worth
BY_CHANCE = 0.1  # the share of all names that may have such a place for it to mean something
BY_NUMBERS = 0.07  # ... where no division is stated, and only the numbers agree
ALIKE = 0.7  # from here on a name is as likely a slip as the one that was written
SURE = 0.6  # below this a name is asked back, however few may be meant


class Hit(NamedTuple):
    """One door that fits. ``how`` is how its name was found: own, alias, short, former, slip or unnamed.

    ``changes`` counts the characters that a slip would have changed, left out, put in or swapped.
    """

    entry: int
    door: int
    score: float
    how: str
    notes: tuple[Note, ...] = ()
    changes: int = 0


class Search(NamedTuple):
    """What one way of reading found: doors, or a place that is there but has no such number."""

    hits: list[Hit]
    no_such_number: bool = False


def exact(index: AddressIndex, read: Elements, context: Context) -> Search:
    """Find doors under names that are written exactly as the city, an alias or a former name has them."""
    missing, stems = "", index.gazetteer.stems
    for path in paths_of(read):
        target = stems.get(path.stem, -1)
        if (
            target >= 0
            and path.stem not in index.gazetteer.told
            and (found := find.find(index, target, path))
        ):
            hits = _hits(index, found, 1.0, "own", context)
            return (
                Search([], no_such_number=True)
                if _elsewhere(index, target, path, hits, context)
                else Search(hits)
            )
        if missing and path.stem != missing:
            break  # a number that a known name does not have is not looked for under another name
        for target, how, notes in _exact_names(index, path):
            if found := find.find(index, target, path):
                return Search(_hits(index, found, 1.0 if how == "own" else 0.98, how, context, notes))
            if find.place_at(index, target, path) >= 0:
                missing = path.stem
    return Search([], no_such_number=bool(missing))


def with_postcode(index: AddressIndex, read: Elements, hits: list[Hit]) -> list[Hit]:
    """Keep the doors that have the stated postcode; where only others have it, say so."""
    doors = set(doors_at_postcode(index, read.postcode)) if read.postcode else set()
    agreeing = [hit for hit in hits if hit.door in doors]
    if agreeing or not doors:
        return agreeing or hits
    doubt = Note("doubt", "postcode", "the postcode belongs to another building")
    return [hit._replace(notes=(*hit.notes, doubt)) for hit in hits]


def _elsewhere(index: AddressIndex, stem: int, path: Path, hits: list[Hit], context: Context) -> bool:
    """Tell whether only another compound of this name, not the one in the stated division, has the building.

    Compounds of one name lie in several divisions, each with buildings from 1; a road's numbers are its own.
    """
    if index.grammar is not Grammar.MAINLAND or not context.allowed or any(undisputed(hit) for hit in hits):
        return False
    place = find.place_at(index, stem, path)
    entries = find.entries_of(index, range(place, place + 1)) if place >= 0 else range(0)
    doors = {index.views["entry_door"][entry] for entry in entries}
    return any(not context.against(index.views["door_community"][door]) for door in doors)


def undisputed(hit: Hit) -> bool:
    """Tell whether no division that was stated disagrees with a door."""
    return not hit.notes or not any(note.kind == "contradicted" for note in hit.notes)


def _exact_names(index: AddressIndex, path: Path) -> tuple[tuple[int, str, tuple[Note, ...]], ...]:
    stem = index.gazetteer.stems.get(path.stem)
    if stem is not None:
        told = index.gazetteer.told.get(path.stem)
        if told is None:
            return ((stem, "own", ()),)
        return ((stem, told.how, (_told(told, path.stem),)),)
    return tuple(
        (name.target, name.how, (_told(name, path.stem),))
        for name in index.gazetteer.exact(path.stem, ("stem",))
    )


def _told(name: Name, written: str) -> Note:
    """Say that a name is not the present one, with its dates."""
    dates = f" ({name.since or '...'} - {name.until or '...'})" if name.since or name.until else ""
    return Note("former" if name.how == "former" else "alias", "name", written, name.text + dates)


def learnt(index: AddressIndex, key: str) -> Search:
    """Find the door that a whole text is known to mean, as a reviewer once said."""
    name = index.gazetteer.learnt.get(key)
    if name is None:
        return Search([])
    entries = entry_of_door(index)
    entry = entries.get(name.target, -1)
    return Search([Hit(entry, name.target, 0.98, name.how, (_told(name, key),))])


def alike(index: AddressIndex, read: Elements, context: Context) -> list[Hit]:
    """Find doors under names that may be meant by what is written; one hit a door, the best."""
    best: dict[int, Hit] = {}
    for path in paths_of(read):
        for like in index.gazetteer.alike(path.stem, "stem"):
            if not (found := find.find(index, like.name.target, path)):
                continue
            for hit in _slips(index, found, path, like, context, unit_key(read)):
                if hit.door not in best or best[hit.door].score < hit.score:
                    best[hit.door] = hit
    return list(best.values())


def _slips(
    index: AddressIndex, found: list[find.Found], path: Path, like: Likeness, context: Context, unit: str
) -> Iterable[Hit]:
    notes: tuple[Note, ...] = (Note("corrected", "name", path.stem, like.name.text),)
    if path.stem in index.gazetteer.stems and not any(
        element == "community" for element, _, _ in context.allowed
    ):
        # The name as written exists as well, only not this place on it.
        notes += (Note("doubt", "name", "the name as written exists, but not this place on it"),)
    for hit in _hits(index, found, like.quality, "slip", context, notes):
        against = any(note.kind == "contradicted" for note in hit.notes)
        score = hit.score
        if not against and like.changes == 1 and _corroborated(index, hit, path, context, unit):
            score = round(min(CORRECTED, score + CORROBORATED), 4)
        yield hit._replace(score=score, changes=like.changes)


def _corroborated(index: AddressIndex, hit: Hit, path: Path, context: Context, unit: str) -> bool:
    """Tell whether more than the name points to a door: few other names have such a place at all.

    Such a place: the same section, lane, alley and number (and flat, where one is stated that the door has),
    inside the divisions that are stated. Were the written name no slip but a name that the city lacks, the
    like one would have such a place only by chance, which is the share of all names that do.
    """
    code = suffix_codes(index).get(unit, -1) if unit else -1
    flat = code >= 0 and find.has_unit(index, hit.door, code)
    if unit and not flat and index.grammar is Grammar.MAINLAND:
        return False  # elsewhere shops and added floors are in no register
    few = (BY_CHANCE if context.allowed else BY_NUMBERS) * len(index.texts["stem_key"])
    doors, names = index.views["entry_door"], set[int]()
    for entry in by_numbers(index, path):
        door = doors[entry]
        if context.against(index.views["door_community"][door]):
            continue
        if not flat or find.has_unit(index, door, code):
            names.add(find.stem_of(index, entry))
            if len(names) > few:
                return False
    return True


def by_numbers(index: AddressIndex, path: Path) -> list[int]:
    """Return the entries with this section, lane, alley and number, whatever their road."""
    number, lane = keys.number_key(path.number, index.tags), find.lane_code(index, path.lane)
    if number < 0 or lane < 0:
        return []
    found = find.entries_with_numbers(index, (lane << 12 | path.alley) << keys.PLACE_SHIFT | number)
    if not path.section:
        return found
    place_key, entry_key = index.views["place_key"], index.views["entry_key"]
    places = (place_key[entry_key[entry] >> keys.PLACE_SHIFT] for entry in found)
    return [
        entry
        for entry, place in zip(found, places, strict=True)
        if keys.parts_of_place(place)[1] == path.section
    ]


def unnamed(index: AddressIndex, read: Elements, context: Context) -> list[Hit]:
    """Find doors of an address that states a community, a lane and a number, but no road."""
    if read.road or read.compound or not read.number or not read.lane or not context.allowed:
        return []
    path = paths_of(read._replace(road="?"))[0]
    found = [find.Found(entry, ("road",)) for entry in by_numbers(index, path)]
    hits = _hits(index, found, 1.0, "unnamed", context)
    return [hit for hit in hits if not any(note.kind == "contradicted" for note in hit.notes)]


def _hits(
    index: AddressIndex,
    found: list[find.Found],
    quality: float,
    how: str,
    context: Context,
    notes: tuple[Note, ...] = (),
) -> list[Hit]:
    hits = [_hit(index, each, quality, how, context, notes) for each in found]
    return hits if len(hits) == 1 else _prefer_homes(index, hits)


def _hit(
    index: AddressIndex,
    found: find.Found,
    quality: float,
    how: str,
    context: Context,
    notes: tuple[Note, ...],
) -> Hit:
    door = index.views["entry_door"][found.entry]
    if not found.filled and not context.allowed:
        return Hit(found.entry, door, quality, how, notes)
    against = context.against(index.views["door_community"][door])
    if not against and not found.filled:
        return Hit(found.entry, door, quality, how, notes)
    score = quality * FILLED ** len(found.filled) * CONTRADICTED ** len(against)
    notes += tuple(Note("filled", element, "") for element in found.filled)
    notes += tuple(Note("contradicted", element, text) for element, text in against)
    return Hit(found.entry, door, round(score, 4), how, notes)


def _prefer_homes(index: AddressIndex, hits: list[Hit]) -> list[Hit]:
    """Rank a building without homes behind one with homes at the same address: residents ask."""
    homes = index.views["door_homes"]
    entry_key = index.views["entry_key"]
    lived_in = {entry_key[hit.entry] for hit in hits if homes[hit.door]}
    return [
        hit
        if homes[hit.door] or entry_key[hit.entry] not in lived_in
        else hit._replace(
            score=round(hit.score * WITHOUT_HOMES, 4), notes=(*hit.notes, Note("ranked", "homes", ""))
        )
        for hit in hits
    ]
