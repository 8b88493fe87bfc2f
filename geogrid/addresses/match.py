"""Match an address: read it, find its door by exact numbers and resolved names, judge how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geogrid.addresses import search
from geogrid.addresses.context import NOTHING_SAID, STATED, Context, context_of
from geogrid.addresses.grammars import PARSERS
from geogrid.addresses.groups import members
from geogrid.addresses.judge import Question, judge
from geogrid.addresses.normalize import fold, name_key
from geogrid.addresses.partial import partial
from geogrid.addresses.reread import rereadings, with_divisions_of_rest
from geogrid.addresses.twins import with_twins

if TYPE_CHECKING:
    import numpy.typing as npt

    from geogrid.addresses.answer import AddressAnswer
    from geogrid.addresses.elements import Elements
    from geogrid.addresses.index import AddressIndex
    from geogrid.addresses.search import Hit

_KEPT_CONTEXTS = 50_000


class Matcher:
    """Answers addresses of one index under one plan.

    ``grid_of_door`` (D,) holds the label of each door's grid, -1 where a door has none. A matcher keeps no
    text of a query; it keeps which communities the division names that it has seen allow.
    """

    def __init__(self, index: AddressIndex, grid_of_door: npt.NDArray[np.integer[Any]]) -> None:
        if len(grid_of_door) != index.door_count:
            raise ValueError(f"grid_of_door has {len(grid_of_door)} labels for {index.door_count} doors")
        self._index = index
        self._grid_array = np.ascontiguousarray(grid_of_door, dtype=np.int64)
        self._grids = self._grid_array.data
        self._parse = PARSERS[index.grammar]
        self._contexts: dict[tuple[str, ...], Context] = {}

    def match(self, text: str, *, near: tuple[float, float] | None = None, limit: int = 5) -> AddressAnswer:
        """Answer one address; the same text gets the same answer whatever ``limit`` is."""
        folded = fold(text)
        read = self._parse(folded)
        if read.rest:
            read = with_divisions_of_rest(self._index.gazetteer, read)
        question = Question(text, read, self._context(read), limit, near)
        if self._index.gazetteer.learnt and (known := search.learnt(self._index, name_key(text))).hits:
            return judge(self._index, self._grids, question, known.hits)
        found = search.exact(self._index, read, question.context)
        if found.hits and read.postcode:
            found = found._replace(hits=search.with_postcode(self._index, read, found.hits))
        if found.hits and any(search.undisputed(hit) for hit in found.hits):
            answer = judge(self._index, self._grids, question, found.hits)
            best = found.hits[0]
            if answer.grid < 0 or best.how != "own":
                return answer
            return with_twins(self._index, self._grids, answer, best, question.context, limit)
        if found.hits:
            return judge(self._index, self._grids, question, found.hits + self._agreeing(question))
        if found.no_such_number:
            return partial(self._index, self._grid_array, question, [read])
        return self._searched(question, folded)

    def _agreeing(self, question: Question) -> list[Hit]:
        """Find doors of a like name where the stated divisions agree; they disagree with the name as written.

        Either the name or the division is wrong, so these stand beside the exact name, never above it.
        """
        hits = search.alike(self._index, question.read, question.context)
        agreeing = [hit for hit in hits if search.undisputed(hit)]
        return [hit._replace(score=search.CONTRADICTED) for hit in agreeing if hit.score >= search.ALIKE]

    def _searched(self, question: Question, folded: str) -> AddressAnswer:
        """Try other readings, then like names, then numbers without a name; else answer in part."""
        reads = [question.read]
        for read in rereadings(self._index, folded, question.read):
            asked = question._replace(read=read, context=self._context(read))
            found = search.exact(self._index, read, asked.context)
            if found.hits:
                return judge(self._index, self._grids, asked, found.hits)
            if found.no_such_number:
                return partial(self._index, self._grid_array, asked, [read])
            reads.append(read)
        for read in reads:
            asked = question._replace(read=read, context=self._context(read))
            if hits := search.alike(self._index, read, asked.context):
                return judge(self._index, self._grids, asked, hits)
            if hits := search.unnamed(self._index, read, asked.context):
                return judge(self._index, self._grids, asked, hits)
        return partial(self._index, self._grid_array, question, reads)

    def _context(self, read: Elements) -> Context:
        stated = tuple([getattr(read, element) for element in STATED])
        if not any(stated):
            return NOTHING_SAID
        found = self._contexts.get(stated)
        if found is None:
            if len(self._contexts) > _KEPT_CONTEXTS:
                self._contexts.clear()
            found = self._contexts[stated] = context_of(read, self._index.gazetteer, members(self._index))
        return found
