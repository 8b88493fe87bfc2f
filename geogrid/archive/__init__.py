"""The store of cities, units, plan versions and their trail; the only package that speaks SQL."""

from geogrid.archive.archive import Archive
from geogrid.archive.engine import store_file
from geogrid.archive.records import (
    AuditEntry,
    DatedCode,
    GridLink,
    GridRecord,
    Status,
    StoredCity,
    StoredDivision,
    Version,
)

__all__ = [
    "Archive",
    "AuditEntry",
    "DatedCode",
    "GridLink",
    "GridRecord",
    "Status",
    "StoredCity",
    "StoredDivision",
    "Version",
    "store_file",
]
