"""Complete what a resident has typed so far.

Names by prefix, infix, pinyin and initials, in simplified or traditional characters; behind a name the
lanes and the
numbers that go on from what was typed. Nothing is corrected here: that is what ``match`` is for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from geogrid.addresses import find, keys, likeness
from geogrid.addresses.grammars import PARSERS
from geogrid.addresses.groups import doors_of, kept, members, suffix_codes
from geogrid.addresses.judge import distance
from geogrid.addresses.normalize import fold, key_of
from geogrid.addresses.numerals import DIGITS
from geogrid.addresses.paths import NOWHERE, paths_of, places_in
from geogrid.addresses.reread import behind_divisions
from geogrid.model import Grammar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geogrid.addresses.elements import Elements
    from geogrid.addresses.gazetteer import Name
    from geogrid.addresses.index import AddressIndex

PREFIX, INFIX, PINYIN, INITIALS = 0.9, 0.6, 0.75, 0.7
_CONSIDERED = 400  # completions that are ranked by distance before the best are shown
_TRAILING = re.compile(r"[0-9]+$")


class Suggestion(NamedTuple):
    """One completion; ``door`` is -1 for a road, a lane, a compound or a community."""

    text: str
    kind: str
    door: int
    score: float


class _Spoken(NamedTuple):
    """A name with its sound, for Latin input."""

    name: Name
    pinyin: str
    initials: str


def suggest(
    index: AddressIndex, text: str, *, limit: int = 8, near: tuple[float, float] | None = None
) -> tuple[Suggestion, ...]:
    """Suggest at most ``limit`` completions, the best first; among equals the nearest to ``near`` (x, y)."""
    typed = fold(text)
    if not typed or limit < 1:
        return ()
    found: dict[str, tuple[tuple[float, ...], Suggestion]] = {}
    for suggestion, anchor in _completions(index, typed):
        order = (-suggestion.score, distance(index, anchor, near) if anchor >= 0 else 0.0, float(len(found)))
        found.setdefault(suggestion.text, (order, suggestion))
        if len(found) >= _CONSIDERED:
            break
    ranked = sorted(found.values(), key=lambda one: one[0])
    return tuple(suggestion for _, suggestion in ranked[:limit])


def warm(index: AddressIndex) -> None:
    """Build what the first address, corrected name and suggestion would have to wait for."""
    members(index)
    suffix_codes(index)
    likeness.look_alikes()
    suggest(index, "A")
    index.gazetteer.alike("AA", "stem")


def _completions(index: AddressIndex, typed: str) -> Iterator[tuple[Suggestion, int]]:
    """Yield completions with one door each that tells where it lies."""
    yield from _doors(index, typed)
    whole, behind = key_of(typed), key_of(behind_divisions(index.gazetteer, typed))
    yield from _names(index, whole)
    if behind != whole:
        yield from _names(index, behind)


def _doors(index: AddressIndex, typed: str) -> Iterator[tuple[Suggestion, int]]:
    """Yield the door that is written out, then the numbers and lanes that go on from the last digits."""
    parse = PARSERS[index.grammar]
    for path in paths_of(parse(typed)):
        for target in _stems(index, path.stem):
            for each in find.find(index, target, path)[:5]:
                yield _door(index, each.entry, 1.0)
    trailing = _TRAILING.search(typed)
    digits, before = (trailing[0], typed[: trailing.start()]) if trailing else ("", typed)
    if index.grammar is Grammar.BLOCK:
        yield from _on_streets(index, parse(typed))
        return
    for path in places_in(parse(before)):
        if path.number != NOWHERE:
            continue
        if not path.section and not path.lane and not digits:
            yield from _sections(index, path.stem, typed[-1])
        for target in _stems(index, path.stem):
            place = find.place_at(index, target, path)
            if place >= 0:
                yield from _numbers(index, place, digits)
            yield from _lanes(index, target, path.section, path.lane, digits)


def _on_streets(index: AddressIndex, read: Elements) -> Iterator[tuple[Suggestion, int]]:
    """Yield the doors of a number on every street that starts with what was typed behind it: 65 telok."""
    key = key_of(read.road)
    if not key or read.number is None:
        return
    for name in index.gazetteer.names:
        if name.kind == "stem" and name.key.startswith(key):
            for path in paths_of(read):
                for each in find.find(index, name.target, path):
                    yield _door(index, each.entry, 0.95)


def _stems(index: AddressIndex, key: str) -> list[int]:
    return [name.target for name in index.gazetteer.exact(key, ("stem",)) if name.how != "short"]


def _door(index: AddressIndex, entry: int, score: float) -> tuple[Suggestion, int]:
    door = index.views["entry_door"][entry]
    return Suggestion(index.written(entry), "door", door, score), door


def _sections(index: AddressIndex, stem_key: str, last: str) -> Iterator[tuple[Suggestion, int]]:
    """Yield the sections of a road, only the third where 三 was typed last."""
    view = index.views["place_key"]
    seen = {0}
    for target in _stems(index, stem_key):
        for place in find.places_of(index, target):
            section = keys.parts_of_place(view[place])[1]
            if section in seen or (last in DIGITS and DIGITS[last] != section):
                continue
            seen.add(section)
            first = index.views["place_first"][place]
            written = index.written(first)
            if "段" in written:
                yield (
                    Suggestion(written[: written.index("段") + 1], "road", -1, 0.94),
                    index.views["entry_door"][first],
                )


def _numbers(index: AddressIndex, place: int, digits: str) -> Iterator[tuple[Suggestion, int]]:
    """Yield the doors of a place whose number starts with the digits, the exact number first."""
    view = index.views["entry_key"]
    shown = 0
    for entry in find.entries_of(index, range(place, place + 1)):
        main = str((view[entry] >> 20) & 0xFFFF)
        if main.startswith(digits):
            yield _door(index, entry, 0.97 if main == digits else 0.93)
            shown += 1
            if shown >= _CONSIDERED // 2:
                return


def _lanes(
    index: AddressIndex, stem: int, section: int, lane: str, digits: str
) -> Iterator[tuple[Suggestion, int]]:
    """Yield the lanes of a road whose number starts with the digits; in a lane, its alleys."""
    if index.grammar is not Grammar.LANE:
        return
    view = index.views["place_key"]
    code = find.lane_code(index, lane)
    for place in find.places_of(index, stem):
        _, its_section, its_lane, alley, _ = keys.parts_of_place(view[place])
        if section and its_section != section:
            continue
        number = alley if lane else its_lane
        wanted = its_lane == code and alley if lane else its_lane and not alley and its_lane < keys.NAMED_LANE
        if wanted and str(number).startswith(digits):
            first = index.views["place_first"][place]
            written = index.written(first)
            cut = re.search(r"[0-9]+弄" if lane else r"[0-9]+巷", written)
            if cut is not None:
                yield Suggestion(written[: cut.end()], "lane", -1, 0.92), index.views["entry_door"][first]


def _names(index: AddressIndex, key: str) -> Iterator[tuple[Suggestion, int]]:
    """Yield the names that hold what was typed: at the start, by sound, by initials, inside."""
    if not key:
        return
    latin = key.isascii() and index.grammar is not Grammar.BLOCK
    seen: set[str] = set()
    for spoken in _catalogue(index):
        name = spoken.name
        if latin:
            score = _by_sound(spoken, key)
        else:
            score = PREFIX if name.key.startswith(key) else INFIX if key in name.key else 0.0
        if score and name.text not in seen:
            seen.add(name.text)
            bonus = 0.05 if key in (name.key, spoken.pinyin) else 0.0
            yield (
                Suggestion(name.text, name.kind, _own_door(name), round(score + bonus, 2)),
                _anchor(index, name),
            )


def _by_sound(spoken: _Spoken, key: str) -> float:
    if spoken.pinyin.startswith(key):
        return PINYIN
    if spoken.initials.startswith(key):
        return INITIALS
    return (
        INFIX
        if len(key) > 2 and (key in spoken.pinyin or key in spoken.initials or key in spoken.name.key)
        else 0.0
    )


def _own_door(name: Name) -> int:
    return name.target if name.kind == "building" else -1


def _catalogue(index: AddressIndex) -> list[_Spoken]:
    """Return the names worth suggesting, with their sounds, the shortest first."""
    found: list[_Spoken] = kept(index, "catalogue", _spoken)
    return found


def _spoken(index: AddressIndex) -> list[_Spoken]:
    # A lane city's blocks are named after streets; suggesting both would show each street twice.
    kinds = {"stem", "community", "building", "told"} | (
        {"compound"} if index.grammar is not Grammar.LANE else set()
    )
    names = [name for name in index.gazetteer.names if name.kind in kinds and name.how != "short"]
    found = []
    for name in sorted(names, key=lambda name: (len(name.key), name.key, name.kind != "compound")):
        sounds = [likeness.sound(char) for char in name.key] if not name.key.isascii() else []
        found.append(_Spoken(name, "".join(sounds), "".join(sound[:1] for sound in sounds)))
    return found


def _anchor(index: AddressIndex, name: Name) -> int:
    """Return a door at the named thing, -1 where it has none."""
    if name.kind == "building":
        return name.target
    if name.kind in ("stem", "told"):
        entries = find.entries_of(index, find.places_of(index, name.target))
        return index.views["entry_door"][entries.start + len(entries) // 2] if len(entries) else -1
    doors = doors_of(index, name.kind, name.target)
    return int(doors[len(doors) // 2]) if len(doors) else -1
