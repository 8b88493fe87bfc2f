"""What the steps of drafts come to: read and replayed once, and kept, because neither ever changes."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from geogrid.archive.draft_records import OpenDraft
from geogrid.archive.draft_rows import read_bench, read_steps
from geogrid.workbench import History, apply, replay

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from geogrid.archive.draft_records import DraftRecord
    from geogrid.workbench import Bench, Draft, Step

REMEMBERED = 64
Key = TypeVar("Key")
Value = TypeVar("Value")


class Replays:
    """The drafts of a store as they were after each of their steps, the last ones asked for.

    Only what is committed may be kept: a step that is rolled back leaves its number to another one.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._steps: OrderedDict[int, Mapping[int, Step]] = OrderedDict()
        self._known: OrderedDict[tuple[int, int | None], tuple[Bench, Draft]] = OrderedDict()

    def open(self, connection: Connection, record: DraftRecord) -> OpenDraft:
        """Return a draft as it stands, of which this transaction has written no step."""
        return self.at(connection, record, record.head)

    def at(self, connection: Connection, record: DraftRecord, step: int | None) -> OpenDraft:
        """Return a draft as it was after a step, from the step before it where that is known.

        :raises NotFoundError: there is no such step.
        """
        history = History(self._read(connection, record.id), record.head)
        path = history.path(step)
        known = self._known.get((record.id, step))
        if known is None and path:
            before = self._known.get((record.id, path[-1].parent))
            known = before and (before[0], apply(*before, path[-1].operation))
        if known is None:
            bench = read_bench(connection, record.id)
            known = bench, replay(bench, path)
        self.keep(record.id, step, *known)
        return OpenDraft(record, known[0], history, known[1])

    def keep(self, draft_id: int, step: int | None, bench: Bench, draft: Draft) -> None:
        """Keep what a draft was after a committed step."""
        with self._lock:
            _put(self._known, (draft_id, step), (bench, draft))

    def _read(self, connection: Connection, draft_id: int) -> Mapping[int, Step]:
        known = self._steps.get(draft_id, {})
        steps = {**known, **read_steps(connection, draft_id, after=max(known, default=0))}
        with self._lock:
            _put(self._steps, draft_id, steps)
        return steps


def _put(kept: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > REMEMBERED:
        kept.popitem(last=False)
