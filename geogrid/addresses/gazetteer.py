"""The names of a city: exact, by alias or former name, by sound, by look, by likeness.

Everything here resolves *names*; numbers never pass through it.
"""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz.distance import OSA

from geogrid.addresses import likeness

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LEAST_QUALITY = 0.4  # below this a name is not even asked back
SPELLED, INITIALS = 0.93, 0.55
_VOTED, _WEIGHED = 60, 20  # names that are compared coarsely, and closely


class Name(NamedTuple):
    """One name that leads to a thing of the city.

    ``kind`` is stem, compound, building, community, subdistrict, district or city; ``target`` is the
    thing's ordinal
    in its list (a door for a building). ``how`` is own, alias, short or former; ``since`` and ``until`` are
    ISO dates or "".
    """

    key: str
    text: str
    kind: str
    target: int
    how: str = "own"
    since: str = ""
    until: str = ""


class Likeness(NamedTuple):
    """One name that a query's name may mean; ``quality`` is 1 for the name itself.

    ``how`` is the name's own (own, alias, short, former) or, for a corrected one, "slip" that changed so many
    characters.
    """

    name: Name
    quality: float
    how: str
    changes: int = 0


@dataclass(frozen=True)
class Gazetteer:
    """All names, looked up by folded key. ``stems`` maps the key of a road or compound to its ordinal."""

    names: tuple[Name, ...]
    stems: dict[str, int]
    by_key: dict[str, tuple[Name, ...]] = field(init=False, repr=False)
    told: dict[str, Name] = field(init=False, repr=False)
    learnt: dict[str, Name] = field(init=False, repr=False)
    _searches: dict[str, Search] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        grouped: dict[str, list[Name]] = defaultdict(list)
        for name in self.names:
            grouped[name.key].append(name)
        # Names that were told besides the city's own: of stems, and whole texts that mean one door.
        object.__setattr__(self, "told", {name.key: name for name in self.names if name.kind == "told"})
        object.__setattr__(self, "learnt", {name.key: name for name in self.names if name.kind == "door"})
        object.__setattr__(self, "by_key", {key: tuple(found) for key, found in grouped.items()})

    def exact(self, key: str, kinds: Iterable[str]) -> list[Name]:
        """Return the names with exactly this key."""
        return [name for name in self.by_key.get(key, ()) if name.kind in kinds]

    def likenesses(self, key: str, kind: str) -> tuple[Likeness, ...]:
        """Return the names of one kind that ``key`` may mean; an exact name ends the search."""
        exact = self.exact(key, (kind,))
        if exact:
            return tuple(Likeness(name, 1.0 if name.how == "own" else 0.98, name.how) for name in exact)
        return self.alike(key, kind)

    def alike(self, key: str, kind: str) -> tuple[Likeness, ...]:
        """Return the names of one kind that ``key`` may be a slip for, without the name itself."""
        if len(key) < 2 or len(key) > 40:
            return ()
        if kind not in self._searches:
            long = [name for name in self.names if name.kind == kind and name.how != "short"]
            self._searches[kind] = Search(long)
        return self._searches[kind].find(key)


def _digits(key: str) -> str:
    return "".join(char for char in key if char.isdecimal())


class Search:
    """Likeness search over the names of one kind: grams vote, distances choose, slips are weighed."""

    def __init__(self, names: Sequence[Name]) -> None:
        self._names = names
        self._latin = all(name.key.isascii() for name in names[:50])
        self._sounds = [likeness.syllables(name.key) for name in names]
        self._voters: dict[str, list[int]] = defaultdict(list)
        for i, name in enumerate(names):
            for gram in self._grams(name.key, self._sounds[i]):
                self._voters[gram].append(i)
        # What a great part of all names has (苑, 路) does not say which is meant.
        self._common = {gram for gram, those in self._voters.items() if len(those) > max(50, len(names) // 8)}
        self._pinyin: dict[str, list[int]] = defaultdict(list)
        self._initials: dict[str, list[int]] = defaultdict(list)
        for i, name in enumerate(names if not self._latin else ()):
            spoken = [likeness.sound(char) for char in name.key]
            self._pinyin["".join(spoken)].append(i)
            self._initials["".join(syllable[:1] for syllable in spoken)].append(i)
        self.find = functools.lru_cache(maxsize=8192)(self._find)

    def _grams(self, key: str, sounds: str) -> set[str]:
        if self._latin:
            return {key[i : i + 2] for i in range(len(key) - 1)}
        return set(key) | set(sounds)

    def _find(self, key: str) -> tuple[Likeness, ...]:
        if key.isascii() and not self._latin:
            return self._spelled(key)
        sounds = likeness.syllables(key)
        votes: Counter[int] = Counter()
        grams = self._grams(key, sounds)
        for gram in grams - self._common or grams:
            votes.update(self._voters.get(gram, ()))
        voted = sorted(votes, key=lambda i: (-votes[i] / (len(self._names[i].key) + 2), i))[:_VOTED]
        most = 1 + len(key) // 3  # changes beyond these leave no name that could still be meant
        apart = sorted((distance, i) for i in voted if (distance := self._distance(key, sounds, i)) <= most)
        near = [i for distance, i in apart[:_WEIGHED] if distance <= apart[0][0] + 1]
        found = [
            Likeness(name, round(self._quality(key, i), 4), "slip", OSA.distance(key, name.key))
            for i in near
            if (name := self._names[i])
        ]
        kept = [like for like in found if like.quality >= LEAST_QUALITY]
        return tuple(sorted(kept, key=lambda like: (-like.quality, like.name.target, like.name.key)))

    def _spelled(self, key: str) -> tuple[Likeness, ...]:
        """Read Latin letters as the pinyin of a name, or as its initials, which many names share."""
        found = [Likeness(self._names[i], SPELLED, "slip") for i in self._pinyin.get(key, ())]
        found += [Likeness(self._names[i], INITIALS, "slip") for i in self._initials.get(key, ())]
        return tuple(sorted(found, key=lambda like: (-like.quality, like.name.target, like.name.key)))

    def _distance(self, key: str, sounds: str, i: int) -> int:
        return min(OSA.distance(key, self._names[i].key), OSA.distance(sounds, self._sounds[i]))

    def _quality(self, key: str, i: int) -> float:
        if not self._latin:
            return min(0.95, likeness.quality(key, self._names[i].key))
        meant = self._names[i].key
        if _digits(key) != _digits(meant):
            return 0.0  # TELOK BLANGAH STREET 31 is never STREET 32
        return min(0.95, 1 - 0.04 - 1.6 * OSA.distance(key, meant) / max(len(meant), 6))
