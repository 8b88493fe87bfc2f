"""Match an address: read it, find its door by exact numbers and resolved names, judge, and say how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geogrid.addresses import find
from geogrid.addresses.answer import AddressAnswer, Candidate, Level, Note, Status
from geogrid.addresses.context import NOTHING_SAID, STATED, Context, context_of
from geogrid.addresses.groups import members, suffix_codes
from geogrid.addresses.normalize import fold
from geogrid.addresses.paths import NOWHERE, paths_of, places_in, unit_key
from geogrid.model import Grammar

if TYPE_CHECKING:
    import numpy.typing as npt

    from geogrid.addresses.elements import Elements
    from geogrid.addresses.gazetteer import Likeness
    from geogrid.addresses.index import AddressIndex
    from geogrid.addresses.paths import Path

CONTRADICTED = 0.8  # what is left of a score for each stated division that disagrees
FILLED = 0.95  # ... for each element filled in
CLOSE = 0.1  # two candidates nearer than this are not told apart


class Hit(NamedTuple):
    """One door that fits."""

    entry: int
    door: int
    score: float
    notes: tuple[Note, ...]
    how: str


class Matcher:
    """Answers addresses of one index under one plan (``grid_of_door``, -1 where a door has no grid)."""

    def __init__(self, index: AddressIndex, grid_of_door: npt.NDArray[np.integer[Any]]) -> None:
        if len(grid_of_door) != index.door_count:
            raise ValueError(f"grid_of_door has {len(grid_of_door)} labels for {index.door_count} doors")
        from geogrid.addresses.compile import PARSERS

        self._index = index
        self._grid_array = np.ascontiguousarray(grid_of_door, dtype=np.int64)
        self._grids = memoryview(self._grid_array)
        self._parse = PARSERS[index.grammar]
        self._contexts: dict[tuple[str, ...], Context] = {}

    def match(self, text: str, *, near: tuple[float, float] | None = None, limit: int = 5) -> AddressAnswer:
        """Answer one address."""
        read = self._parse(fold(text))
        context = self._context(read)
        hits = self._hits(read, context)
        if hits:
            return self._decided(text, read, context, hits, limit, near)
        return self._partial(text, read, context, limit)

    def _context(self, read: Elements) -> Context:
        stated = tuple(getattr(read, element) for element in STATED)
        if not any(stated):
            return NOTHING_SAID
        found = self._contexts.get(stated)
        if found is None:
            if len(self._contexts) > 50_000:
                self._contexts.clear()
            found = self._contexts[stated] = context_of(read, self._index.gazetteer, members(self._index))
        return found

    def _hits(self, read: Elements, context: Context) -> list[Hit]:
        """Find doors by the first way of reading that finds any."""
        for path in paths_of(read):
            stem = self._index.gazetteer.stems.get(path.stem)
            if stem is not None and (found := find.find(self._index, stem, path)):
                return [self._hit(each, 1.0, (), "own", context) for each in found]
        hits: dict[int, Hit] = {}
        for path in paths_of(read):
            for like in self._likely(path):
                notes = (Note("corrected", "name", path.stem, like.name.text),)
                for each in find.find(self._index, like.name.target, path):
                    hit = self._hit(each, like.quality, notes, like.how, context)
                    if hit.door not in hits or hits[hit.door].score < hit.score:
                        hits[hit.door] = hit
        return list(hits.values())

    def _likely(self, path: Path) -> list[Likeness]:
        if path.stem in self._index.gazetteer.stems:
            return []
        return self._index.gazetteer.likenesses(path.stem, "stem")

    def _hit(
        self, found: find.Found, quality: float, notes: tuple[Note, ...], how: str, context: Context
    ) -> Hit:
        door = self._index.views["entry_door"][found.entry]
        against = context.against(self._index.views["door_community"][door]) if context.allowed else ()
        score = quality * FILLED ** len(found.filled) * CONTRADICTED ** len(against)
        if found.filled or against:
            notes += tuple(Note("filled", element, "") for element in found.filled)
            notes += tuple(Note("contradicted", element, text) for element, text in against)
        return Hit(found.entry, door, round(score, 4), notes, how)

    def _decided(
        self,
        text: str,
        read: Elements,
        context: Context,
        hits: list[Hit],
        limit: int,
        near: tuple[float, float] | None,
    ) -> AddressAnswer:
        """Judge the doors found: one grid is certain, or the question goes back."""
        if len(hits) > 1:
            hits.sort(key=lambda hit: (-hit.score, self._distance(hit.door, near), hit.door))
        best = hits[0]
        rivals = [hit for hit in hits if hit.score > best.score - CLOSE]
        grids = tuple(dict.fromkeys(self._grids[hit.door] for hit in rivals))
        other = next((hit.score for hit in hits if self._grids[hit.door] != grids[0]), 0.0)
        certain = len(grids) == 1
        status = Status.MATCHED if certain else Status.AMBIGUOUS
        if certain and (best.how == "former" or context.former):
            status = Status.HISTORICAL
        notes = best.notes
        if context.unknown or read.rest:
            notes += tuple(Note("unknown", element, said) for element, said in context.unknown)
            notes += (Note("ignored", "rest", read.rest),) * bool(read.rest)
        return AddressAnswer(
            text,
            status,
            self._level(read, best.door),
            best.score,
            round(best.score - other, 4),
            grids[0] if certain else -1,
            tuple(self._candidate(hit) for hit in (rivals if not certain else hits)[:limit]),
            grids,
            () if certain else self._telling(read, rivals),
            read,
            notes,
        )

    def _level(self, read: Elements, door: int) -> Level:
        """Tell the finest element that the data knows of what was said."""
        finest = (
            Level.BUILDING
            if read.building is not None or self._index.grammar is Grammar.BLOCK
            else Level.NUMBER
        )
        suffix = unit_key(read)
        if not suffix:
            return finest
        code = suffix_codes(self._index).get(suffix, -1)
        if code < 0 or not find.has_unit(self._index, door, code):
            return finest
        return Level.ROOM if read.room else Level.FLOOR if read.floor else Level.UNIT

    def _candidate(self, hit: Hit) -> Candidate:
        grid = self._grids[hit.door]
        community = self._index.views["door_community"][hit.door]
        compound = self._index.views["door_compound"][hit.door]
        texts = self._index.texts
        return Candidate(
            "door",
            texts["entry_text"][hit.entry].as_py(),
            hit.score,
            hit.door,
            grid,
            (grid,),
            texts["compound_id"][compound].as_py() if compound >= 0 else "",
            texts["community_id"][community].as_py() if community >= 0 else "",
        )

    def _distance(self, door: int, near: tuple[float, float] | None) -> float:
        if near is None:
            return 0.0
        x, y = self._index.views["door_x"][door], self._index.views["door_y"][door]
        distance = float(np.hypot(x - near[0], y - near[1]))
        return distance if distance == distance else np.inf  # noqa: PLR0124 - NaN comes last

    def _telling(self, read: Elements, rivals: list[Hit]) -> tuple[str, ...]:
        """Name what would tell the rivals apart."""
        filled = {note.element for hit in rivals for note in hit.notes if note.kind == "filled"}
        if filled:
            return tuple(sorted(filled))
        communities = {self._index.views["door_community"][hit.door] for hit in rivals}
        return ("community",) if len(communities) > 1 and not read.community else ("name",)

    def _partial(self, text: str, read: Elements, context: Context, limit: int) -> AddressAnswer:
        """Answer with what was found short of a door: a place, a compound or a community, and all its grids."""
        for path in places_in(read):
            likely = self._index.gazetteer.likenesses(path.stem, "stem") if path.stem else []
            if likely:
                return self._of_stem(text, read, context, path, likely, limit)
        return AddressAnswer(text, Status.NONE, Level.NONE, 0.0, 0.0, -1, (), (), ("name",), read, ())

    def _of_stem(
        self, text: str, read: Elements, context: Context, path: Path, likely: list[Likeness], limit: int
    ) -> AddressAnswer:
        index = self._index
        candidates = []
        for like in likely:
            place = find.place_at(index, like.name.target, path)
            places = range(place, place + 1) if place >= 0 else find.places_of(index, like.name.target)
            entries = find.entries_of(index, places)
            doors = index.arrays["entry_door"][entries.start : entries.stop]
            grids = tuple(np.unique(self._grid_array[doors]).tolist())
            grid = grids[0] if len(grids) == 1 else -1
            candidates.append(Candidate("place", like.name.text, like.quality, -1, grid, grids))
        asked = path.number != NOWHERE
        grids = tuple(sorted({grid for c in candidates for grid in c.grids}))
        certain = len(grids) == 1 and not asked and grids[0] >= 0
        return AddressAnswer(
            text,
            Status.MATCHED if certain else Status.PARTIAL,
            Level.COMPOUND if read.compound else Level.ROAD,
            candidates[0].score,
            0.0,
            grids[0] if certain else -1,
            tuple(candidates[:limit]),
            grids,
            () if certain else ("number",),
            read,
            tuple(Note("unknown", element, said) for element, said in context.unknown),
        )
