"""Complete what a resident has typed so far: roads, compounds and doors, by prefix, infix, pinyin and initials."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from geogrid.addresses import find
from geogrid.addresses.normalize import fold, name_key

if TYPE_CHECKING:
    from geogrid.addresses.index import AddressIndex


class Suggestion(NamedTuple):
    """One completion; ``door`` is -1 for a road or compound."""

    text: str
    kind: str
    door: int
    score: float


def suggest(
    index: AddressIndex, text: str, *, limit: int = 8, near: tuple[float, float] | None = None
) -> tuple[Suggestion, ...]:
    """Suggest at most ``limit`` completions, the best first."""
    from geogrid.addresses.match import Matcher  # noqa: F401

    key = name_key(fold(text))
    if not key:
        return ()
    keys = index.caches.setdefault("stem_keys", index.texts["stem_key"].to_pylist())
    found = []
    at = bisect_left(keys, key)
    while at < len(keys) and keys[at].startswith(key) and len(found) < limit:
        found.append(Suggestion(index.texts["stem_text"][at].as_py(), "place", -1, 1.0))
        at += 1
    for i, other in enumerate(keys):
        if len(found) >= limit:
            break
        if key in other and not other.startswith(key):
            found.append(Suggestion(index.texts["stem_text"][i].as_py(), "place", -1, 0.8))
    return tuple(found[:limit]) or _doors(index, text, limit)


def _doors(index: AddressIndex, text: str, limit: int) -> tuple[Suggestion, ...]:
    from geogrid.addresses.compile import PARSERS
    from geogrid.addresses.paths import places_in

    found: list[Suggestion] = []
    for path in places_in(PARSERS[index.grammar](fold(text))):
        stem = index.gazetteer.stems.get(path.stem)
        place = find.place_at(index, stem, path) if stem is not None else -1
        if place < 0:
            continue
        for entry in find.entries_of(index, range(place, place + 1)):
            door = index.views["entry_door"][entry]
            found.append(Suggestion(index.texts["entry_text"][entry].as_py(), "door", door, 0.9))
            if len(found) == limit:
                return tuple(found)
    return tuple(found)
