"""The divisions that an address states, from city to community, and whether a door agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from geogrid.addresses.normalize import key_of

if TYPE_CHECKING:
    from geogrid.addresses.elements import Elements
    from geogrid.addresses.gazetteer import Gazetteer

STATED = ("community", "subdistrict", "county", "city")
# A county-level city (凤城市) is read as a city and is a district of the one that is served.
_KINDS = {
    "community": ("community",),
    "subdistrict": ("subdistrict",),
    "county": ("district",),
    "city": ("district", "city"),
}


class Context(NamedTuple):
    """The communities that each stated division allows; ``unknown`` names divisions this city does not have.

    ``allowed`` holds (element, text, communities). ``former`` holds names that were matched as former ones.
    """

    allowed: tuple[tuple[str, str, frozenset[int]], ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    former: tuple[tuple[str, str], ...] = ()

    def against(self, community: int) -> tuple[tuple[str, str], ...]:
        """Return the stated divisions that contradict a community."""
        found: list[tuple[str, str]] = []
        for element, text, allowed in self.allowed:
            if community not in allowed:
                found.append((element, text))
        return tuple(found)


NOTHING_SAID = Context()


def context_of(read: Elements, gazetteer: Gazetteer, members: dict[str, list[frozenset[int]]]) -> Context:
    """Resolve the divisions an address states; ``members`` gives the communities of each division by kind."""
    allowed, unknown, former = [], [], []
    for element in STATED:
        text: str = getattr(read, element)
        if not text:
            continue
        names = gazetteer.exact(key_of(text), _KINDS[element])
        if not names:
            unknown.append((element, text))
            continue
        former += [(element, text) for name in names[:1] if name.how == "former"]
        if names[0].kind != "city":
            names = [name for name in names if name.kind != "city"]
            found = frozenset[int]().union(*(members[name.kind][name.target] for name in names))
            allowed.append((element, text, found))
    return Context(tuple(allowed), tuple(unknown), tuple(former))
