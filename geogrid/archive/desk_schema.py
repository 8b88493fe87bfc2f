"""What a desktop program may ask for: other grids for units of a version that is still a draft."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, Table, Text

from geogrid.archive.columns import Instant
from geogrid.archive.schema import metadata

desk_edit = Table(
    "desk_edit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version_id", ForeignKey("version.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("community_id", Text, nullable=False),
    Column("unit_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Instant, nullable=False),
    # When geogrid carried it out, or what kept it from that.
    Column("taken_at", Instant),
    Column("refusal", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
