"""Names of the city that are one slip apart, and both have the door that was asked for.

福缘苑5号楼 is one address and 福源苑5号楼 another, and they sound the same: who writes one may live in the
other. Nothing in the text can tell, so the answer stays what was written, and says that there is the other.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from geogrid.addresses import find, keys
from geogrid.addresses.answer import Note
from geogrid.addresses.groups import kept
from geogrid.addresses.judge import candidate

if TYPE_CHECKING:
    from geogrid.addresses.answer import AddressAnswer
    from geogrid.addresses.context import Context
    from geogrid.addresses.index import AddressIndex
    from geogrid.addresses.search import Hit

LIKELY = 0.75  # from here on a name is a likely slip: the same sound or look, a character twice or left out
_STEMLESS = (1 << keys.STEM_SHIFT) - 1
_NUMBER = (1 << keys.PLACE_SHIFT) - 1


def with_twins(
    index: AddressIndex, grids: memoryview, answer: AddressAnswer, hit: Hit, context: Context, limit: int
) -> AddressAnswer:
    """Add to a certain answer the doors in other grids whose address is one slip away from it."""
    beside = [
        other
        for twin, quality in _twins(index, find.stem_of(index, hit.entry))
        for entry in _same_door(index, hit.entry, twin)
        if grids[
            (other := hit._replace(entry=entry, door=index.views["entry_door"][entry], score=quality)).door
        ]
        != answer.grid
        and not context.against(index.views["door_community"][other.door])
    ]
    if not beside:
        return answer
    names = dict.fromkeys(index.texts["stem_text"][find.stem_of(index, one.entry)].as_py() for one in beside)
    own = index.texts["stem_text"][find.stem_of(index, hit.entry)].as_py()
    shown = tuple(candidate(index, grids, one) for one in beside)
    return answer._replace(
        margin=round(answer.score - max(one.score for one in beside), 4),
        candidates=(*answer.candidates, *shown)[:limit],
        notes=(*answer.notes, *(Note("alike", "name", own, name) for name in names)),
    )


def _twins(index: AddressIndex, stem: int) -> tuple[tuple[int, float], ...]:
    """Return the roads or compounds whose name is one likely slip from a stem's, with how likely."""
    known: dict[int, tuple[tuple[int, float], ...]] = kept(index, "twins", lambda _: {})
    if stem not in known:
        name = index.texts["stem_key"][stem].as_py()
        known[stem] = tuple(
            (one.name.target, one.quality)
            for one in index.gazetteer.alike(name, "stem")
            if one.quality >= LIKELY
            and one.changes == 1
            and one.name.how == "own"
            and one.name.target != stem
        )
    return known[stem]


def _same_door(index: AddressIndex, entry: int, stem: int) -> range:
    """Return the entries of the same section, lane, alley and number under another stem."""
    key, places, first = index.views["entry_key"], index.views["place_key"], index.views["place_first"]
    wanted = (places[key[entry] >> keys.PLACE_SHIFT] & _STEMLESS) | stem << keys.STEM_SHIFT
    place = bisect_left(places, wanted)
    if place == len(places) or places[place] != wanted:
        return range(0)
    number = place << keys.PLACE_SHIFT | (key[entry] & _NUMBER)
    low = bisect_left(key, number, first[place], first[place + 1])
    return range(low, bisect_right(key, number, low, first[place + 1]))
