"""Judge what was found, whether one grid is certain or the question goes back."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

from geogrid.addresses import find
from geogrid.addresses.answer import AddressAnswer, Candidate, Level, Note, Status
from geogrid.addresses.groups import suffix_codes
from geogrid.addresses.paths import unit_key
from geogrid.addresses.search import SURE, undisputed
from geogrid.model import Grammar

if TYPE_CHECKING:
    from geogrid.addresses.context import Context
    from geogrid.addresses.elements import Elements
    from geogrid.addresses.index import AddressIndex
    from geogrid.addresses.search import Hit

CLOSE = 0.08  # two candidates nearer than this in score are not told apart
CLOSE_SLIPS = 0.4  # ... two names that are both one slip away from a name that nobody has
# Words that put a place beside the one that is named.
BESIDE = re.compile(
    r"[对斜]面|对过|对门|旁|附近|隔壁|斜对|[东西南北前后左右][侧边]|与|交叉|交口|路口"
    r"|\bOPP\b|OPPOSITE|BESIDE|\bNEAR\b|NEXT TO|BEHIND"
)


class Question(NamedTuple):
    """One address with all that was read from it, and how it is to be answered."""

    text: str
    read: Elements
    context: Context
    limit: int
    near: tuple[float, float] | None


def judge(index: AddressIndex, grids: memoryview, question: Question, hits: list[Hit]) -> AddressAnswer:
    """Answer with the doors found. ``grids`` holds the label of each door."""
    if (
        len(hits) == 1
        and hits[0].score == 1.0
        and not hits[0].notes
        and not question.read.rest
        and not question.context.unknown
    ):
        return _settled(index, grids, question, hits[0])
    if len(hits) > 1:
        hits.sort(key=lambda hit: (-hit.score, distance(index, hit.door, question.near), hit.door, hit.entry))
    best, read = hits[0], question.read
    grid = grids[best.door]
    rivals = [hit for hit in hits if hit.score > best.score - _close(best, hit)]
    rival_grids = tuple(dict.fromkeys(grids[hit.door] for hit in rivals))
    doubts = _doubts(question, best)
    certain = len(rival_grids) == 1 and not doubts
    notes = tuple(note for note in best.notes if note.kind != "doubt") + doubts
    if question.context.unknown or read.rest:
        notes += tuple(Note("unknown", element, said) for element, said in question.context.unknown)
        notes += (Note("ignored", "rest", read.rest),) * bool(read.rest)
    shown = hits if certain else rivals
    other = max((hit.score for hit in hits if grids[hit.door] != grid), default=0.0) if len(hits) > 1 else 0.0
    return AddressAnswer(
        question.text,
        _status(certain, best, question.context),
        _level(index, read, best.door),
        best.score,
        round(best.score - other, 4),
        grid if certain else -1,
        tuple([candidate(index, grids, hit) for hit in shown[: question.limit]]),
        rival_grids,
        () if certain else _missing(index, grids, read, rivals, doubts),
        read,
        notes,
    )


def _close(best: Hit, hit: Hit) -> float:
    """Return the difference in score below which a hit is as likely meant as the best one."""
    slips = best.how == hit.how == "slip" and hit.changes == 1
    return CLOSE_SLIPS if slips and (undisputed(hit) or not undisputed(best)) else CLOSE


def _settled(index: AddressIndex, grids: memoryview, question: Question, hit: Hit) -> AddressAnswer:
    """Answer the usual case: one door, every word of the address agrees."""
    grid = grids[hit.door]
    return AddressAnswer(
        question.text,
        Status.HISTORICAL if question.context.former else Status.MATCHED,
        _level(index, question.read, hit.door),
        1.0,
        1.0,
        grid,
        (candidate(index, grids, hit),)[: question.limit],
        (grid,),
        (),
        question.read,
        hit.notes,
    )


def _status(certain: bool, best: Hit, context: Context) -> Status:
    if not certain:
        return Status.AMBIGUOUS
    return Status.HISTORICAL if best.how == "former" or context.former else Status.MATCHED


def _doubts(question: Question, best: Hit) -> tuple[Note, ...]:
    """Say why the best hit must be asked back, although nothing competes with it."""
    doubts: list[Note] = []
    already = [note for note in best.notes if note.kind == "doubt"]
    if already:
        return tuple(already)
    if best.score < SURE:
        doubts.append(Note("doubt", "name", "the name is too different to be taken for a slip"))
    elif best.how == "slip" and any(note.kind == "contradicted" for note in best.notes):
        doubts.append(Note("doubt", "name", "the name was corrected and a division disagrees"))
    if question.read.rest and BESIDE.search(question.read.rest):
        doubts.append(Note("doubt", "rest", "a place beside the one that is named"))
    return tuple(doubts)


def _missing(
    index: AddressIndex, grids: memoryview, read: Elements, rivals: list[Hit], doubts: tuple[Note, ...]
) -> tuple[str, ...]:
    """Name what would tell the rivals apart; a community does where it has one grid of them each."""
    filled = {note.element for hit in rivals for note in hit.notes if note.kind == "filled"}
    if filled:
        return tuple(sorted(filled))
    if len(rivals) == 1 or doubts:
        return tuple(dict.fromkeys(note.element for note in doubts)) or ("name",)
    homes = index.views["door_community"]
    pairs = {(homes[hit.door], grids[hit.door]) for hit in rivals}
    settles = len({home for home, _ in pairs}) == len(pairs)
    return ("community",) if settles and not read.community else ("name",)


def _level(index: AddressIndex, read: Elements, door: int) -> Level:
    """Tell the finest element that the data knows of what was said."""
    finest = Level.BUILDING if read.building is not None or index.grammar is Grammar.BLOCK else Level.NUMBER
    suffix = unit_key(read)
    if not suffix:
        return finest
    code = suffix_codes(index).get(suffix, -1)
    if code < 0 or not find.has_unit(index, door, code):
        return finest
    return Level.ROOM if read.room else Level.FLOOR if read.floor else Level.UNIT


def candidate(index: AddressIndex, grids: memoryview, hit: Hit) -> Candidate:
    """Describe one door as the city writes it."""
    views = index.views
    grid = grids[hit.door]
    community, compound = views["door_community"][hit.door], views["door_compound"][hit.door]
    return Candidate(
        "door",
        index.written(hit.entry) if hit.entry >= 0 else "",
        hit.score,
        hit.door,
        grid,
        (grid,),
        index.compound_ids[compound],
        index.community_ids[community],
    )


def distance(index: AddressIndex, door: int, near: tuple[float, float] | None) -> float:
    """Return the metres from a door to a point: infinite for a door without position, 0 without a point."""
    if near is None:
        return 0.0
    metres = math.hypot(index.views["door_x"][door] - near[0], index.views["door_y"][door] - near[1])
    return math.inf if math.isnan(metres) else metres
