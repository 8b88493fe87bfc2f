"""The names of a city: exact, by alias or former name, by pinyin, by look-alike characters, by likeness.

Everything here resolves *names*; numbers never pass through it.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    from collections.abc import Iterable


class Name(NamedTuple):
    """One name that leads to a thing of the city.

    ``kind`` is stem, compound, community, subdistrict, district or city; ``target`` is the thing's ordinal in its list
    (a stem's for stems). ``how`` is own, alias, short or former; ``since`` and ``until`` are ISO dates or "".
    """

    key: str
    text: str
    kind: str
    target: int
    how: str = "own"
    since: str = ""
    until: str = ""


class Likeness(NamedTuple):
    """One name that a query's name may mean; ``quality`` is 1 for the name itself."""

    name: Name
    quality: float
    how: str


@dataclass(frozen=True)
class Gazetteer:
    """All names, looked up by folded key. ``stems`` maps the key of a road or compound to its ordinal."""

    names: tuple[Name, ...]
    stems: dict[str, int]
    by_key: dict[str, tuple[Name, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        grouped: dict[str, list[Name]] = defaultdict(list)
        for name in self.names:
            grouped[name.key].append(name)
        object.__setattr__(self, "by_key", {key: tuple(found) for key, found in grouped.items()})
        object.__setattr__(self, "_sets", {})

    def exact(self, key: str, kinds: Iterable[str]) -> list[Name]:
        """Return the names with exactly this key."""
        return [name for name in self.by_key.get(key, ()) if name.kind in kinds]

    def likenesses(self, key: str, kind: str, limit: int = 6) -> list[Likeness]:
        """Return the names of one kind that ``key`` may mean, the best first; an exact name ends the search."""
        exact = self.exact(key, (kind,))
        if exact:
            return [Likeness(name, 1.0 if name.how == "own" else 0.98, name.how) for name in exact]
        return self._fuzzy(kind).find(key, limit)

    def _fuzzy(self, kind: str) -> Fuzzy:
        sets: dict[str, Any] = self.__dict__["_sets"]
        if kind not in sets:
            sets[kind] = Fuzzy([name for name in self.names if name.kind == kind])
        found: Fuzzy = sets[kind]
        return found


class Fuzzy:
    """Likeness search over the names of one kind; answers are cached."""

    def __init__(self, names: list[Name]) -> None:
        self._names = names
        self._keys = [name.key for name in names]
        self.find = functools.lru_cache(maxsize=4096)(self._find)

    def _find(self, key: str, limit: int) -> list[Likeness]:
        worst = max(1, len(key) // 3)
        found = process.extract(key, self._keys, scorer=OSA.distance, score_cutoff=worst, limit=limit)
        return [
            Likeness(self._names[i], round(0.95 - 0.6 * distance / max(len(key), 1), 4), "typing")
            for _, distance, i in found
        ]
