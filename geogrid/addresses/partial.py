"""Answer with what was found short of a door: a road, a compound, a community, with all its grids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geogrid.addresses import find
from geogrid.addresses.answer import AddressAnswer, Candidate, Level, Note, Status
from geogrid.addresses.groups import doors_at_postcode, doors_of, members
from geogrid.addresses.judge import BESIDE
from geogrid.addresses.normalize import fold, name_key
from geogrid.addresses.paths import NOWHERE, places_in
from geogrid.addresses.search import SURE

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

    from geogrid.addresses.gazetteer import Likeness, Name
    from geogrid.addresses.index import AddressIndex
    from geogrid.addresses.judge import Question
    from geogrid.addresses.paths import Path

_KINDS = {"county": "district"}  # a division as it is called where it is found by its name
_LEVELS = {
    "compound": Level.COMPOUND,
    "building": Level.BUILDING,
    "community": Level.COMMUNITY,
    "subdistrict": Level.COMMUNITY,
    "district": Level.COMMUNITY,
}


def partial(
    index: AddressIndex, grids: npt.NDArray[np.int64], question: Question, reads: list[Any]
) -> AddressAnswer:
    """Answer without a door; ``reads`` are all readings, the likeliest first."""
    for like_too in (False, True):
        for read in reads:
            for path in places_in(read):
                likely = _likely(index, path.stem, like_too=like_too)
                if likely:
                    return _places(index, grids, question._replace(read=read), path, likely)
    return _things(index, grids, question)


def _likely(index: AddressIndex, key: str, *, like_too: bool) -> tuple[Likeness, ...]:
    if like_too:
        return index.gazetteer.alike(key, "stem")
    return index.gazetteer.likenesses(key, "stem") if index.gazetteer.exact(key, ("stem",)) else ()


def _places(
    index: AddressIndex,
    grids: npt.NDArray[np.int64],
    question: Question,
    path: Path,
    likely: tuple[Likeness, ...],
) -> AddressAnswer:
    candidates = []
    notes: list[Note] = []
    for like in likely:
        place = find.place_at(index, like.name.target, path)
        places = range(place, place + 1) if place >= 0 else find.places_of(index, like.name.target)
        if place < 0 and (path.lane or path.alley or path.section):
            notes.append(Note("unknown", "place", _said(path), like.name.text))
        if like.how != "own":
            notes.append(
                Note("corrected" if like.how == "slip" else like.how, "name", path.stem, like.name.text)
            )
        entries = find.entries_of(index, places)
        doors = _agreeing(index, index.arrays["entry_door"][entries.start : entries.stop], question)
        candidates.append(_spanning("place", like.name.text, like.quality, grids, doors))
    if path.number != NOWHERE:
        notes.append(Note("unknown", "number", str(path.number)))
    kind = (
        Level.COMPOUND
        if question.read.compound and path.stem == name_key(question.read.compound)
        else Level.ROAD
    )
    former = likely[0].how == "former"
    settled = path.number == NOWHERE and not any(note.kind == "unknown" for note in notes)
    missing = ("building",) if kind is Level.COMPOUND else ("number",)
    return _answer(question, kind, candidates, tuple(notes), missing, settled=settled, former=former)


def _agreeing(index: AddressIndex, doors: npt.NDArray[Any], question: Question) -> npt.NDArray[Any]:
    """Keep the doors in the stated divisions, all of them where none is."""
    for _, _, allowed in question.context.allowed:
        inside = doors[np.isin(index.arrays["door_community"][doors], sorted(allowed))]
        doors = inside if len(inside) else doors
    return doors


def _said(path: Path) -> str:
    return "/".join(str(part) for part in (path.section, path.lane, path.alley) if part)


def _spanning(
    kind: str, text: str, score: float, grids: npt.NDArray[np.int64], doors: npt.NDArray[Any]
) -> Candidate:
    labels = tuple(np.unique(grids[doors]).tolist())
    return Candidate(kind, text, score, -1, labels[0] if len(labels) == 1 else -1, labels)


def _answer(
    question: Question,
    level: Level,
    candidates: list[Candidate],
    notes: tuple[Note, ...],
    missing: tuple[str, ...],
    *,
    settled: bool,
    former: bool = False,
) -> AddressAnswer:
    """Settle the question where all that was said is found, its name is sure and one grid remains."""
    best = candidates[0]
    rivals = [c for c in candidates if c.score > best.score - 0.1]
    labels = tuple(sorted({label for c in rivals for label in c.grids}))
    beside = bool(BESIDE.search(question.read.rest))
    certain = settled and best.score >= SURE and len(labels) == 1 and labels[0] >= 0 and not beside
    status = Status.HISTORICAL if former else Status.MATCHED if certain else Status.PARTIAL
    unknown = tuple(Note("unknown", element, said) for element, said in question.context.unknown)
    return AddressAnswer(
        question.text,
        status,
        level,
        best.score,
        round(best.score - max((c.score for c in candidates if c.grids != best.grids), default=0.0), 4),
        labels[0] if certain else -1,
        tuple(candidates[: question.limit]),
        labels,
        () if certain else ("rest",) if settled and beside else missing,
        question.read,
        notes + unknown,
    )


def _things(index: AddressIndex, grids: npt.NDArray[np.int64], question: Question) -> AddressAnswer:
    """Answer with a compound, a building by its name, or the divisions that were stated."""
    for key in dict.fromkeys(
        (name_key(fold(question.text)), name_key(question.read.compound or question.read.road))
    ):
        names = index.gazetteer.exact(key, ("building", "compound", "community", "subdistrict", "district"))
        if names:
            first = [name for name in names if name.kind == names[0].kind]
            found = [_thing(index, grids, name) for name in first]
            former = first[0].how == "former"
            notes = tuple(
                Note("former", name.kind, name.text, _dates(name)) for name in first if name.how == "former"
            )
            level = _LEVELS[first[0].kind]
            missing = ("building",) if level is Level.COMPOUND else ("road", "number")
            return _answer(question, level, found, notes, missing, settled=True, former=former)
    if question.read.postcode and not question.read.road:
        posted = doors_at_postcode(index, question.read.postcode)
        if posted:
            found = [_spanning("postcode", question.read.postcode, 1.0, grids, np.array(posted))]
            return _answer(question, Level.BUILDING, found, (), ("number", "road"), settled=True)
    stated = [
        (element, text, allowed)
        for element, text, allowed in question.context.allowed
        if allowed and len(allowed) < 50
    ]
    if stated:
        element, text, allowed = stated[0]
        doors = np.concatenate([doors_of(index, "community", i) for i in sorted(allowed)])
        found = [_spanning(_KINDS.get(element, element), text, 0.5, grids, doors)]
        said = question.read.road or question.read.compound
        notes = (Note("unknown", "name", said),) * bool(said)
        return _answer(question, Level.COMMUNITY, found, notes, ("road", "number"), settled=False)
    return AddressAnswer(
        question.text, Status.NONE, Level.NONE, 0.0, 0.0, -1, (), (), ("name",), question.read,
        tuple(Note("unknown", element, said) for element, said in question.context.unknown),
    )  # fmt: skip


def _dates(name: Name) -> str:
    return f"{name.since}/{name.until}" if name.since or name.until else ""


def _thing(index: AddressIndex, grids: npt.NDArray[np.int64], name: Name) -> Candidate:
    if name.kind == "building":
        return _spanning("building", name.text, 1.0, grids, np.array([name.target]))
    if name.kind in ("compound", "community"):
        doors = doors_of(index, name.kind, name.target)
    else:
        communities = sorted(members(index)[name.kind][name.target])
        doors = np.concatenate(
            [doors_of(index, "community", i) for i in communities] or [np.array([], np.int64)]
        )
    return _spanning(name.kind, name.text, 1.0, grids, doors)
