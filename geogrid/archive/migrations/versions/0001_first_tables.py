"""Lay the first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

GEOMETRY = sa.LargeBinary().with_variant(Geometry(None, spatial_index=False), "postgresql")


def upgrade() -> None:
    """Lay the first tables."""
    _lay_city()
    _lay_layers()
    _lay_versions()


def _lay_city() -> None:
    op.create_table(
        "area",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_area"),
        sa.UniqueConstraint("city_id", "level", "source_id", name="uq_area_city_id_level_source_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_table(
        "edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("plane", sa.Text(), nullable=False),
        sa.Column("grammar", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), server_default="", nullable=False),
        sa.Column("estimation", sa.Text(), server_default="", nullable=False),
        sa.Column("attribution", sa.Text(), server_default="", nullable=False),
        sa.Column("licence", sa.Text(), server_default="", nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("address_columns", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_edition"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_edition_city_id", "edition", ["city_id"], unique=False)
    op.create_table(
        "address",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("address_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("building_id", sa.Text(), server_default="", nullable=False),
        sa.Column("community_id", sa.Text(), server_default="", nullable=False),
        sa.Column("x", sa.Float(precision=53), nullable=True),
        sa.Column("y", sa.Float(precision=53), nullable=True),
        sa.Column("road", sa.Text(), nullable=True),
        sa.Column("section", sa.Text(), nullable=True),
        sa.Column("lane", sa.Text(), nullable=True),
        sa.Column("alley", sa.Text(), nullable=True),
        sa.Column("sub_alley", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("floor", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("postcode", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name="fk_address_edition_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "position", name="pk_address"),
    )
    op.create_table(
        "area_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name="fk_area_code_area_id"),
        sa.PrimaryKeyConstraint("id", name="pk_area_code"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_area_code_area_id", "area_code", ["area_id"], unique=False)
    op.create_index("ix_area_code_code", "area_code", ["code"], unique=False)


def _lay_layers() -> None:
    op.create_table(
        "barrier",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("geometry", GEOMETRY, nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name="fk_barrier_edition_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "position", name="pk_barrier"),
        sa.UniqueConstraint("edition_id", "id", name="uq_barrier_edition_id_id"),
    )
    op.create_table(
        "branch",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("compound_ids", sa.JSON(), nullable=False),
        sa.Column("community_id", sa.Text(), server_default="", nullable=False),
        sa.Column("members", sa.Integer(), nullable=True),
        sa.Column("member_centre_households", sa.Integer(), nullable=True),
        sa.Column("building_groups", sa.Integer(), nullable=True),
        sa.Column("stars", sa.Integer(), nullable=True),
        sa.Column("founded", sa.Date(), nullable=True),
        sa.Column("secretary_id", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name="fk_branch_edition_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "position", name="pk_branch"),
        sa.UniqueConstraint("edition_id", "id", name="uq_branch_edition_id_id"),
    )
    op.create_table(
        "building",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), server_default="", nullable=False),
        sa.Column("geometry", GEOMETRY, nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("compound_id", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("number", sa.Text(), server_default="", nullable=False),
        sa.Column("street", sa.Text(), server_default="", nullable=False),
        sa.Column("levels", sa.Integer(), nullable=True),
        sa.Column("group_id", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name="fk_building_edition_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "position", name="pk_building"),
        sa.UniqueConstraint("edition_id", "id", name="uq_building_edition_id_id"),
    )
    op.create_table(
        "building_group",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("compound_id", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("building_ids", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name="fk_building_group_edition_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "position", name="pk_building_group"),
        sa.UniqueConstraint("edition_id", "id", name="uq_building_group_edition_id_id"),
    )
    op.create_table(
        "community",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("geometry", GEOMETRY, nullable=False),
        sa.Column("district_id", sa.Text(), server_default="", nullable=False),
        sa.Column("subdistrict_id", sa.Text(), server_default="", nullable=False),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("secretary", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name="fk_community_edition_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "position", name="pk_community"),
        sa.UniqueConstraint("edition_id", "id", name="uq_community_edition_id_id"),
    )
    op.create_table(
        "compound",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("geometry", GEOMETRY, nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name="fk_compound_edition_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "position", name="pk_compound"),
        sa.UniqueConstraint("edition_id", "id", name="uq_compound_edition_id_id"),
    )
    op.create_table(
        "district",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name="fk_district_edition_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "position", name="pk_district"),
        sa.UniqueConstraint("edition_id", "id", name="uq_district_edition_id_id"),
    )
    op.create_table(
        "land",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("geometry", GEOMETRY, nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name="fk_land_edition_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "position", name="pk_land"),
        sa.UniqueConstraint("edition_id", "id", name="uq_land_edition_id_id"),
    )
    op.create_table(
        "pairing",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), server_default="", nullable=False),
        sa.Column("branch_id", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name="fk_pairing_edition_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "position", name="pk_pairing"),
        sa.UniqueConstraint("edition_id", "id", name="uq_pairing_edition_id_id"),
    )
    op.create_table(
        "street",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("geometry", GEOMETRY, nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name="fk_street_edition_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "position", name="pk_street"),
        sa.UniqueConstraint("edition_id", "id", name="uq_street_edition_id_id"),
    )
    op.create_table(
        "subdistrict",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("district_id", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name="fk_subdistrict_edition_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "position", name="pk_subdistrict"),
        sa.UniqueConstraint("edition_id", "id", name="uq_subdistrict_edition_id_id"),
    )
    op.create_table(
        "team_member",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("community_id", sa.Text(), server_default="", nullable=False),
        sa.Column("branch_id", sa.Text(), server_default="", nullable=False),
        sa.Column("compound_id", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("post", sa.Text(), server_default="", nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name="fk_team_member_edition_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "position", name="pk_team_member"),
        sa.UniqueConstraint("edition_id", "id", name="uq_team_member_edition_id_id"),
    )
    op.create_table(
        "venue",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("geometry", GEOMETRY, nullable=False),
        sa.Column("community_id", sa.Text(), server_default="", nullable=False),
        sa.Column("subdistrict_id", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("hours", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name="fk_venue_edition_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "position", name="pk_venue"),
        sa.UniqueConstraint("edition_id", "id", name="uq_venue_edition_id_id"),
    )


def _lay_versions() -> None:
    op.create_table(
        "unit_set",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name="fk_unit_set_edition_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_unit_set"),
        sa.UniqueConstraint(
            "edition_id", "community_id", "digest", name="uq_unit_set_edition_id_community_id_digest"
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=True),
        sa.Column("effective_until", sa.Date(), nullable=True),
        sa.Column("copy_of", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'submitted') OR (effective_from IS NOT NULL AND published_at IS NOT NULL)",
            name="ck_version_published_has_dates",
        ),
        sa.ForeignKeyConstraint(["copy_of"], ["version.id"], name="fk_version_copy_of"),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name="fk_version_edition_id"),
        sa.PrimaryKeyConstraint("id", name="pk_version"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_version_city_id", "version", ["city_id"], unique=False)
    op.create_index("ix_version_edition_id", "version", ["edition_id"], unique=False)
    op.create_table(
        "division",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("unit_set_id", sa.Integer(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("proved", sa.Boolean(), nullable=False),
        sa.Column("seconds", sa.Float(precision=53), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["unit_set_id"], ["unit_set.id"], name="fk_division_unit_set_id"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["version.id"], name="fk_division_version_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("version_id", "community_id", name="pk_division"),
    )
    op.create_index("ix_division_unit_set_id", "division", ["unit_set_id"], unique=False)
    op.create_table(
        "grid",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["version.id"], name="fk_grid_version_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_grid"),
        sa.UniqueConstraint("version_id", "code", name="uq_grid_version_id_code"),
        sa.UniqueConstraint(
            "version_id", "community_id", "number", name="uq_grid_version_id_community_id_number"
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "unit",
        sa.Column("unit_set_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("geometry", GEOMETRY, nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("compound_id", sa.Text(), server_default="", nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("building_ids", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_set_id"], ["unit_set.id"], name="fk_unit_unit_set_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("unit_set_id", "position", name="pk_unit"),
        sa.UniqueConstraint("unit_set_id", "id", name="uq_unit_unit_set_id_id"),
    )
    op.create_table(
        "unit_edge",
        sa.Column("unit_set_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("a", sa.Text(), nullable=False),
        sa.Column("b", sa.Text(), nullable=False),
        sa.Column("length_m", sa.Float(precision=53), nullable=False),
        sa.Column("along", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_set_id"], ["unit_set.id"], name="fk_unit_edge_unit_set_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("unit_set_id", "position", name="pk_unit_edge"),
    )
    op.create_table(
        "assignment",
        sa.Column("version_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id", "community_id"],
            ["division.version_id", "division.community_id"],
            name="fk_assignment_version_id_community_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "community_id", "unit_id", name="pk_assignment"),
    )
    op.create_table(
        "grid_link",
        sa.Column("grid_id", sa.Integer(), nullable=False),
        sa.Column("replaces_id", sa.Integer(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("area_m2", sa.Float(precision=53), nullable=False),
        sa.Column("main", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name="fk_grid_link_grid_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["replaces_id"], ["grid.id"], name="fk_grid_link_replaces_id"),
        sa.PrimaryKeyConstraint("grid_id", "replaces_id", name="pk_grid_link"),
    )
