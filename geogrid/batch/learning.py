"""Learn from a review file: every correction is checked against the city, then kept as a dated name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geogrid.addresses import Matcher, Status, lesson
from geogrid.addresses.normalize import name_key
from geogrid.batch.columns import fault_of
from geogrid.batch.review import read_review
from geogrid.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

    from geogrid.addresses import AddressIndex, KnownName
    from geogrid.batch.review import Correction

CERTAIN = 0.9  # the least score of a correction that is taken, and of a question that needs none
_PRIVATE = re.compile(r"\d{7,}|1[3-9]\d(?:[ -]?\d{4}){2}")  # a phone, a mobile phone, an identity card


class _Fault(NamedTuple):
    rule: str
    told: str
    remedy: str


PRIVATE = _Fault(
    "private-text",
    "the question holds what looks like a phone or identity number",
    "take it out of the question, and what else is about a person",
)
UNCLEAR = _Fault(
    "not-certain",
    "the correction is not one certain address of the city",
    "write it as the city does, or the id of its building",
)
TAKEN = _Fault(
    "taken",
    "the question, as it is written, fits other buildings of the city",
    "leave the correction out: the next who asks it may mean them",
)
HOMELESS = _Fault(
    "no-building", "the right address belongs to no building", "give it one in the city's data first"
)
TWOFOLD = _Fault("contradiction", "another row says that this text means another door", "keep one of them")


def learn_from(path: Path, index: AddressIndex, today: date, *, layer: str = "") -> tuple[KnownName, ...]:
    """Return what a corrected review file teaches about the city of ``index``, as names in use from today.

    :raises InputError: lines that cannot be learnt; all of them at once, and none with a question's words.
    """
    lessons = _Lessons(index, today)
    faults = []
    for correction in read_review(path, layer):
        fault = lessons.take(correction)
        if fault is not None:
            told = f"line {correction.line}: {fault.told}"
            faults.append(fault_of(fault.rule, told, fault.remedy, str(path), "correct"))
    if faults:
        raise InputError(tuple(faults))
    return tuple(lessons.names())


class _Lessons:
    """What has been taught so far, against one index in which every door is a grid of its own."""

    def __init__(self, index: AddressIndex, today: date) -> None:
        self._index = index
        self._today = today.isoformat()
        self._matcher = Matcher(index, np.arange(index.door_count))
        self._door_of = {
            id_: door for door, id_ in reversed(list(enumerate(index.door_building_ids()))) if id_
        }
        self._learnt: dict[str, KnownName] = {}

    def names(self) -> Iterable[KnownName]:
        """Return the names, each once."""
        return dict.fromkeys(self._learnt.values())

    def take(self, correction: Correction) -> _Fault | None:
        """Learn one correction, or return why it cannot be learnt."""
        if _PRIVATE.search(correction.question):
            return PRIVATE
        door = self._meant(correction)
        if door < 0:
            return UNCLEAR
        name = lesson(self._index, correction.question, door, self._today)
        if name is None:
            return HOMELESS
        if self._is_own(correction.question, door):
            return TAKEN
        before = self._learnt.setdefault(name_key(correction.question), name)
        return None if before == name else TWOFOLD

    def _meant(self, correction: Correction) -> int:
        """Return the door that a reviewer means, -1 where that is not certain."""
        said = correction.building or correction.address
        if said in self._door_of:
            return self._door_of[said]
        if not correction.address:
            return -1
        answer = self._matcher.match(correction.address)
        certain = answer.status is Status.MATCHED and answer.candidates[0].door >= 0
        return answer.candidates[0].door if certain and answer.score > CERTAIN else -1

    def _is_own(self, question: str, door: int) -> bool:
        """Tell whether the question, as written, is an address of other buildings in the city's own data."""
        answer = self._matcher.match(question, limit=50)
        own = answer.score > CERTAIN and not any(note.kind == "corrected" for note in answer.notes)
        return own and any(one.door not in (door, -1) for one in answer.candidates)
