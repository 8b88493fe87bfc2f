"""The tables of drafts: what planners do before a version comes of it."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Integer, Table, Text

from geogrid.archive.columns import Choice, Instant
from geogrid.archive.draft_records import DraftStatus, Subject
from geogrid.archive.schema import metadata

draft = Table(
    "draft",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("city_id", Text, nullable=False, index=True),
    Column("community_id", Text, nullable=False, index=True),
    Column("base_id", ForeignKey("version.id"), nullable=False, index=True),
    # The units that the draft was begun on are kept as long as it is.
    Column("unit_set_id", ForeignKey("unit_set.id"), nullable=False, index=True),
    Column("reference", JSON, nullable=False),
    Column("policy", JSON, nullable=False),
    Column("title", Text, nullable=False),
    Column("status", Choice(DraftStatus), nullable=False),
    Column("head", Integer),
    Column("revision", Integer, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("saved_at", Instant, nullable=False),
    Column("submitted_by", Text),
    Column("submitted_at", Instant),
    Column("decided_by", Text),
    Column("decided_at", Instant),
    Column("decision", Text, nullable=False, server_default=""),
    Column("version_id", ForeignKey("version.id"), index=True),
    sqlite_autoincrement=True,
)
draft_step = Table(
    "draft_step",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("draft_id", ForeignKey("draft.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("parent_id", ForeignKey("draft_step.id")),
    Column("operation", JSON, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Instant, nullable=False),
    sqlite_autoincrement=True,
)
draft_comment = Table(
    "draft_comment",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("draft_id", ForeignKey("draft.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("subject", Choice(Subject), nullable=False),
    Column("subject_id", Text, nullable=False, server_default=""),
    Column("text", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("resolved_by", Text),
    Column("resolved_at", Instant),
    sqlite_autoincrement=True,
)
draft_share = Table(
    "draft_share",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("draft_id", ForeignKey("draft.id", ondelete="CASCADE"), nullable=False, index=True),
    # Only a hash is kept: whoever reads the store cannot open a link.
    Column("secret_hash", Text, nullable=False, unique=True),
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    sqlite_autoincrement=True,
)
