"""The store of cities, units, plan versions and their trail; the only package that speaks SQL.

What works with a store is imported when it is first asked for: to tell where one lies needs neither the
solver nor the workbench.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from geogrid.archive.naming import public_name, store_file, store_name

if TYPE_CHECKING:
    from geogrid.archive.archive import Archive
    from geogrid.archive.carrying import carried
    from geogrid.archive.copying import CopiedTable, copy_store
    from geogrid.archive.draft_records import (
        Actor,
        Comment,
        DraftRecord,
        DraftStatus,
        OpenDraft,
        Share,
        Subject,
    )
    from geogrid.archive.places import Place
    from geogrid.archive.records import (
        AuditEntry,
        DatedCode,
        DeskEdit,
        GridLink,
        GridRecord,
        LearntName,
        Status,
        StoredCity,
        StoredDivision,
        Version,
    )

__all__ = [
    "Actor",
    "Archive",
    "AuditEntry",
    "Comment",
    "CopiedTable",
    "DatedCode",
    "DeskEdit",
    "DraftRecord",
    "DraftStatus",
    "GridLink",
    "GridRecord",
    "LearntName",
    "OpenDraft",
    "Place",
    "Share",
    "Status",
    "StoredCity",
    "StoredDivision",
    "Subject",
    "Version",
    "carried",
    "copy_store",
    "public_name",
    "store_file",
    "store_name",
]

_HOMES = {
    "Actor": "draft_records",
    "Archive": "archive",
    "AuditEntry": "records",
    "Comment": "draft_records",
    "CopiedTable": "copying",
    "DatedCode": "records",
    "DeskEdit": "records",
    "DraftRecord": "draft_records",
    "DraftStatus": "draft_records",
    "GridLink": "records",
    "GridRecord": "records",
    "LearntName": "records",
    "OpenDraft": "draft_records",
    "Place": "places",
    "Share": "draft_records",
    "Status": "records",
    "StoredCity": "records",
    "StoredDivision": "records",
    "Subject": "draft_records",
    "Version": "records",
    "carried": "carrying",
    "copy_store": "copying",
}


def __getattr__(name: str) -> Any:
    """Import the room of a name that is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
