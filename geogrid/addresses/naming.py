"""Every name under which a thing of the city is known: own, short, alias, former, code."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, NamedTuple

from geogrid.addresses.gazetteer import Name
from geogrid.addresses.grammars import PARSERS
from geogrid.addresses.normalize import fold, name_key
from geogrid.addresses.paths import paths_of
from geogrid.model import Grammar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from geogrid.model import City, District, Subdistrict

_SHORT = re.compile(
    r"(?:社区居民委员会|社区居委会|居民委员会|村民委员会|居委会|村委会|社区|街道办事处|街道|办事处|里|区|市|县)$"
)
_NUMBERED = re.compile("[0-9]")
_STEM_ENDING = re.compile(r"(?:大道|大街|路|街|住宅小区|小区|家属院|家属楼|社区)$")
_ABOVE = re.compile(r"^[^省市县区]{2,4}[省市](?=.{2})")


class KnownName(NamedTuple):
    """One more name of a thing: a learnt alias, a former name or code with its dates (ISO).

    ``kind`` and ``id`` say of what: a ``stem`` (a road, by its name), a ``compound``, ``community``,
    ``subdistrict`` or
    ``district`` (by id), or a ``door``: a whole text that means one building (by id). ``how`` is alias or
    former.
    """

    text: str
    kind: str
    id: str
    how: str = "alias"
    since: str = ""
    until: str = ""


def without_own(city: City, told: Iterable[KnownName]) -> tuple[KnownName, ...]:
    """Return what was told without the names that are another thing's own today: those mean today's thing."""
    kinds: tuple[tuple[str, tuple[Any, ...]], ...] = (
        ("compound", city.compounds),
        ("community", city.communities),
        *divisions(city),
    )
    own = {
        (kind, name_key(text)): thing.id
        for kind, things in kinds
        for thing in things
        for text in (thing.name, getattr(thing, "code", ""))
    }
    return tuple(one for one in told if own.get((one.kind, name_key(one.text)), one.id) == one.id)


def names_of(
    city: City, stem_of: dict[str, int], spelled: dict[str, str], told: tuple[KnownName, ...]
) -> Iterator[Name]:
    """Yield the names of a city's stems, compounds, divisions and buildings, and those told besides.

    ``stem_of`` numbers the roads and compounds that numbers hang on; ``spelled`` is how the city writes them.
    """
    yield from _of_stems(stem_of, spelled)
    if city.grammar is Grammar.MAINLAND:
        yield from _called_compounds(stem_of, spelled)
    yield from _of_compounds(city)
    yield from _of_divisions(city)
    yield from _of_buildings(city)
    ordinals = {("compound", compound.id): i for i, compound in enumerate(city.compounds)}
    ordinals |= {("door", building.id): door for door, building in enumerate(city.buildings)}
    for kind, things in (("community", city.communities), *divisions(city)):
        ordinals |= {(kind, thing.id): i for i, thing in enumerate(things)}
    for known in told:
        compound = ordinals.get(("compound", known.id), -1) if known.kind == "compound" else -1
        own_name = city.compounds[compound].name if compound >= 0 else ""
        yield from _known(known, own_name, ordinals, stem_of, city.grammar)


def _of_stems(stem_of: dict[str, int], spelled: dict[str, str]) -> Iterator[Name]:
    """Yield roads and compounds, and their names without an ending where no other name begins like that."""
    ordered = sorted(stem_of)
    for key, stem in stem_of.items():
        yield Name(key, spelled.get(key, key), "stem", stem)
        short = _STEM_ENDING.sub("", key)
        if len(short) < 2 or short == key:
            continue
        at = bisect_left(ordered, short)
        if not any(other.startswith(short) for other in ordered[at : at + 2] if other != key):
            yield Name(short, spelled.get(key, key), "stem", stem, "short")


def _called_compounds(stem_of: dict[str, int], spelled: dict[str, str]) -> Iterator[Name]:
    """Yield every name without an ending with 小区 behind it: residents call 泰河花园 also 泰河花园小区."""
    for key, stem in stem_of.items():
        longer = f"{key}小区"
        if not key.isascii() and longer not in stem_of and not _STEM_ENDING.search(key):
            yield Name(longer, spelled.get(key, key), "stem", stem, "short")


def _of_compounds(city: City) -> Iterator[Name]:
    for i, compound in enumerate(city.compounds):
        for text, how in ((compound.name, "own"), *((alias, "alias") for alias in compound.aliases)):
            if key := name_key(text):
                yield Name(key, compound.name, "compound", i, how)


def _of_divisions(city: City) -> Iterator[Name]:
    for kind, things in (("community", city.communities), *divisions(city)):
        for i, thing in enumerate(things):
            code = getattr(thing, "code", "") or thing.id
            if code.isdecimal() and len(code) > 5:
                yield Name(code, thing.name, kind, i)
            yield from _with_short(thing.name, kind, i)
    yield from _with_short(city.name, "city", 0)


def _of_buildings(city: City) -> Iterator[Name]:
    """Yield buildings' own names; one with a number in Chinese is an address, and keyed as such."""
    if city.grammar is Grammar.MAINLAND:
        return
    for door, building in enumerate(city.buildings):
        key = name_key(building.name)
        if len(key) > 2 and (key.isascii() or not _NUMBERED.search(key)):
            yield Name(key, building.name, "building", door)


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


def divisions(city: City) -> tuple[tuple[str, tuple[Subdistrict | District, ...]], ...]:
    """Return the levels above the community, each with its things."""
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
