"""The store of cities, units, plan versions and their trail; the only package that speaks SQL."""

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
from geogrid.archive.engine import public_name, store_file, store_name
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
