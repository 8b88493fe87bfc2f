"""From the elements of an address to the ways it can be keyed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from geogrid.addresses.elements import Number
from geogrid.addresses.normalize import key_of

if TYPE_CHECKING:
    from geogrid.addresses.elements import Elements

NOWHERE = Number(0)


class Path(NamedTuple):
    """A place (the name that numbers hang on, and what divides it) and a number there."""

    stem: str
    section: int = 0
    lane: str = ""
    alley: int = 0
    sub_alley: int = 0
    number: Number = NOWHERE


def paths_of(read: Elements) -> tuple[Path, ...]:
    """Return every way in which the address names its door, the most telling first."""
    found: list[Path] = []
    if read.compound and read.building is not None:
        found.append(Path(key_of(read.compound), 0, read.zone, 0, 0, read.building))
    if read.road and read.number is not None:
        found += [_on_road(read, number) for number in (read.number, *read.alternatives)]
        if read.building is not None and not read.compound and not read.alley:
            # 新康街2号院1号楼: the yard takes the alley's place, its buildings are numbered.
            found.append(_on_road(read, read.building)._replace(alley=read.number.main))
    return tuple(found)


def places_in(read: Elements) -> tuple[Path, ...]:
    """Return the places an address names, with or without a number there; compounds before roads."""
    found: list[Path] = []
    if read.compound:
        found.append(Path(key_of(read.compound), 0, read.zone, 0, 0, read.building or NOWHERE))
    if read.road:
        found.append(_on_road(read, read.number or NOWHERE))
    return tuple(found)


def _on_road(read: Elements, number: Number) -> Path:
    return Path(key_of(read.road), read.section, read.lane, read.alley, read.sub_alley, number)


def unit_key(read: Elements) -> str:
    """Return what stands under the door (unit, floor, room) in one spelling; "" for the door itself."""
    return "/".join((read.unit, read.floor, read.room)) if read.unit or read.floor or read.room else ""
