"""Comments on drafts, pinned on a grid or a unit, open until somebody resolves them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from geogrid.archive import audit
from geogrid.archive.draft_records import Comment, Subject
from geogrid.archive.draft_rows import read_record
from geogrid.archive.draft_schema import draft_comment
from geogrid.archive.engine import reading, writing
from geogrid.errors import Fault, NotFoundError
from geogrid.workbench.refusals import refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from geogrid.archive.draft_records import Actor

LONGEST = 2000


class Comments:
    """The comments of a store's drafts. They never change a draft, so its revision stays."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    def of(self, draft_id: int) -> tuple[Comment, ...]:
        """Return the comments of a draft, the oldest first."""
        query = select(draft_comment).where(draft_comment.c.draft_id == draft_id).order_by(draft_comment.c.id)
        with reading(self._engine) as connection:
            return tuple(Comment(**row) for row in connection.execute(query).mappings())

    def add(
        self, draft_id: int, text: str, *, by: Actor, subject: Subject = Subject.DRAFT, subject_id: str = ""
    ) -> Comment:
        """Pin a comment on a draft, or on a grid or unit of it.

        :raises NotFoundError: no such draft.
        :raises RefusedError: the text is empty or too long.
        """
        refused(_unsaid(text))
        with writing(self._engine) as connection:
            read_record(connection, draft_id)
            about = {"draft_id": draft_id, "subject": subject, "subject_id": subject_id}
            said = {"text": text.strip(), "who": by.name, "at": self._clock()}
            row = insert(draft_comment).values(**about, **said)
            new = connection.execute(row).inserted_primary_key
            assert new is not None
            self._note(connection, by, "comment", draft_id, comment=new[0])
            return _read(connection, draft_id, new[0])

    def resolve(self, draft_id: int, comment_id: int, *, by: Actor, resolved: bool = True) -> Comment:
        """Say that a comment is settled, or open it again.

        :raises NotFoundError: the draft has no such comment.
        """
        with writing(self._engine) as connection:
            _read(connection, draft_id, comment_id)
            values = {
                "resolved_by": by.name if resolved else None,
                "resolved_at": self._clock() if resolved else None,
            }
            connection.execute(update(draft_comment).where(draft_comment.c.id == comment_id).values(**values))
            what = "resolve-comment" if resolved else "reopen-comment"
            self._note(connection, by, what, draft_id, comment=comment_id)
            return _read(connection, draft_id, comment_id)

    def _note(self, connection: Connection, by: Actor, what: str, draft_id: int, **details: Any) -> None:
        audit.record_by(connection, by, at=self._clock(), what=what, subject=f"draft {draft_id}", **details)


def _read(connection: Connection, draft_id: int, comment_id: int) -> Comment:
    here = (draft_comment.c.draft_id == draft_id) & (draft_comment.c.id == comment_id)
    row = connection.execute(select(draft_comment).where(here)).mappings().first()
    if row is None:
        raise NotFoundError(f"comment of draft {draft_id}", str(comment_id))
    return Comment(**row)


def _unsaid(text: str) -> tuple[Fault, ...]:
    if not text.strip():
        return (Fault("no-text", "the comment says nothing", "Write one.", field="text"),)
    if len(text) > LONGEST:
        words = f"the comment has {len(text)} characters"
        return (Fault("too-long", words, f"Use {LONGEST} at most.", field="text"),)
    return ()
