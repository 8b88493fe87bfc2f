"""What a reviewer teaches who says which door a text means: a name, or the whole text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geogrid.addresses import find, keys
from geogrid.addresses.grammars import PARSERS
from geogrid.addresses.likeness import GENERIC
from geogrid.addresses.naming import KnownName
from geogrid.addresses.normalize import fold, name_key
from geogrid.addresses.paths import paths_of
from geogrid.model import Grammar

if TYPE_CHECKING:
    from geogrid.addresses.index import AddressIndex
    from geogrid.addresses.paths import Path


def lesson(index: AddressIndex, text: str, door: int, since: str) -> KnownName | None:
    """Return what it teaches that ``text`` means ``door``, from the ISO date ``since`` on.

    Where only the name of the road or compound is not the city's own and all numbers are the door's, the
    name is learnt, for every door of that road or compound; else the whole text, for this one building.
    None where the door belongs to no building, so that nothing lasting can be said of it.
    """
    compound = index.compound_ids[index.arrays["door_compound"][door]]
    for path in paths_of(PARSERS[index.grammar](fold(text))):
        stems = _stems_with(index, path, door) if _is_new_name(index, path.stem) else set()
        if stems and index.grammar is Grammar.MAINLAND and compound:
            return KnownName(path.stem, "compound", compound, "alias", since)
        if len(stems) == 1:
            own = index.texts["stem_key"][stems.pop()].as_py()
            return KnownName(path.stem, "stem", own, "alias", since)
    building = index.texts["door_building"][door].as_py()
    return KnownName(name_key(text), "door", building, "alias", since) if building else None


def _is_new_name(index: AddressIndex, stem: str) -> bool:
    """Tell whether a name is one that the city has not, and more than the word for its kind."""
    return len(stem) > 1 and stem not in GENERIC and stem not in index.gazetteer.by_key


def _stems_with(index: AddressIndex, path: Path, door: int) -> set[int]:
    """Return the roads or compounds on which a door has exactly the numbers stated."""
    place_key, entry_key = index.arrays["place_key"], index.arrays["entry_key"]
    number, lane = keys.number_key(path.number, index.tags), find.lane_code(index, path.lane)
    stated = (path.section, lane, path.alley, path.sub_alley, number)
    found = set[int]()
    for entry in np.flatnonzero(index.arrays["entry_door"] == door).tolist():
        key = int(entry_key[entry])
        stem, *divided = keys.parts_of_place(int(place_key[key >> keys.PLACE_SHIFT]))
        if (*divided, key & ((1 << keys.PLACE_SHIFT) - 1)) == stated:
            found.add(stem)
    return found
