"""Keep drafts with their steps, comments and shared links."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Lay the tables of drafts; nothing that was stored before changes."""
    op.create_table(
        "draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("base_id", sa.Integer(), nullable=False),
        sa.Column("unit_set_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.JSON(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("head", sa.Integer()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_by", sa.Text()),
        sa.Column("submitted_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decision", sa.Text(), server_default="", nullable=False),
        sa.Column("version_id", sa.Integer()),
        sa.ForeignKeyConstraint(["base_id"], ["version.id"], name="fk_draft_base_id_version"),
        sa.ForeignKeyConstraint(["unit_set_id"], ["unit_set.id"], name="fk_draft_unit_set_id_unit_set"),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"], name="fk_draft_version_id_version"),
        sa.PrimaryKeyConstraint("id", name="pk_draft"),
        sqlite_autoincrement=True,
    )
    for name in ("city_id", "community_id", "base_id", "unit_set_id", "version_id"):
        op.create_index(f"ix_draft_{name}", "draft", [name])
    op.create_table(
        "draft_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer()),
        sa.Column("operation", sa.JSON(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _of_draft("draft_step"),
        sa.ForeignKeyConstraint(["parent_id"], ["draft_step.id"], name="fk_draft_step_parent_id_draft_step"),
        sa.PrimaryKeyConstraint("id", name="pk_draft_step"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "draft_comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_by", sa.Text()),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        _of_draft("draft_comment"),
        sa.PrimaryKeyConstraint("id", name="pk_draft_comment"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "draft_share",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        _of_draft("draft_share"),
        sa.PrimaryKeyConstraint("id", name="pk_draft_share"),
        sa.UniqueConstraint("secret_hash", name="uq_draft_share_secret_hash"),
        sqlite_autoincrement=True,
    )
    for table in ("draft_step", "draft_comment", "draft_share"):
        op.create_index(f"ix_{table}_draft_id", table, ["draft_id"])


def _of_draft(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["draft_id"], ["draft.id"], name=f"fk_{table}_draft_id_draft", ondelete="CASCADE"
    )
