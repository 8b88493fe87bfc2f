"""Show plans to desktop programs, take their edits as orders, and guard the tables against all others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Every table but the desk's own. A later table is guarded by the migration that lays it.
GUARDED = (
    "account", "account_session", "account_token", "address", "area", "area_code", "assignment", "audit",
    "barrier", "branch", "building", "building_group", "community", "compound", "deposit", "deposit_part",
    "district", "division", "draft", "draft_comment", "draft_share", "draft_step", "edition", "grid",
    "grid_link", "land", "learnt_name", "pairing", "street", "subdistrict", "team_member", "unit",
    "unit_edge", "unit_set", "venue", "version",
)  # fmt: skip

GUARD = """
CREATE FUNCTION geogrid_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('geogrid.writer', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'geogrid keeps table %', TG_TABLE_NAME
            USING HINT = 'Change a draft through the view gis.unit, the planner''s page or the command line.';
    END IF;
    RETURN NULL;
END $$
"""

# In degrees of WGS 84, because cities differ in their planes.
SHOWN = """
CREATE FUNCTION gis.shown(shape public.geometry, plane text) RETURNS public.geometry
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT public.ST_Multi(public.ST_CollectionExtract(public.ST_Transform(shape, plane, 4326), 3))
$$
"""

PLAN = """
CREATE VIEW gis.plan AS
SELECT id AS version_id, city_id, status, effective_from, effective_until, created_by, created_at, note,
    coalesce(status = 'published' AND effective_from <= today.day
        AND (effective_until IS NULL OR effective_until > today.day), false) AS in_force
FROM public.version, (SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date AS day) AS today
"""

COMMUNITY = """
CREATE VIEW gis.community AS
SELECT edition.city_id || '/' || community.id AS key, edition.city_id, community.id AS community_id,
    community.code, community.name, community.subdistrict_id,
    gis.shown(community.geometry, edition.plane)::geometry(MultiPolygon, 4326) AS geometry
FROM public.community JOIN public.edition ON edition.id = community.edition_id AND edition.current
"""

UNIT = """
CREATE VIEW gis.unit AS
SELECT assignment.version_id || '/' || assignment.unit_id AS key, assignment.version_id, version.city_id,
    version.status, assignment.community_id, assignment.unit_id, unit.name, unit.kind, unit.compound_id,
    unit.households, coalesce(asked.number, assignment.number) AS grid, asked.number IS NOT NULL AS asked,
    gis.shown(unit.geometry, edition.plane)::geometry(MultiPolygon, 4326) AS geometry
FROM public.assignment
JOIN public.version ON version.id = assignment.version_id
JOIN public.edition ON edition.id = version.edition_id
JOIN public.division ON division.version_id = assignment.version_id
    AND division.community_id = assignment.community_id
JOIN public.unit ON unit.unit_set_id = division.unit_set_id AND unit.id = assignment.unit_id
LEFT JOIN LATERAL (
    SELECT number FROM public.desk_edit
    WHERE desk_edit.version_id = assignment.version_id AND desk_edit.unit_id = assignment.unit_id
        AND taken_at IS NULL AND refusal = ''
    ORDER BY desk_edit.id DESC LIMIT 1
) AS asked ON true
"""

GRID = """
CREATE VIEW gis.grid AS
SELECT grid.id, grid.version_id, version.city_id, version.status, grid.community_id, grid.number, grid.code,
    tiles.households, tiles.units, tiles.geometry
FROM public.grid
JOIN public.version ON version.id = grid.version_id
JOIN public.edition ON edition.id = version.edition_id
JOIN LATERAL (
    SELECT sum(unit.households)::integer AS households, count(*)::integer AS units,
        gis.shown(ST_Union(unit.geometry), edition.plane)::geometry(MultiPolygon, 4326) AS geometry
    FROM public.assignment
    JOIN public.division ON division.version_id = assignment.version_id
        AND division.community_id = assignment.community_id
    JOIN public.unit ON unit.unit_set_id = division.unit_set_id AND unit.id = assignment.unit_id
    WHERE assignment.version_id = grid.version_id AND assignment.community_id = grid.community_id
        AND assignment.number = grid.number
) AS tiles ON true
"""

EDIT = """
CREATE FUNCTION gis.edit_unit() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF (to_jsonb(NEW) - 'grid') IS DISTINCT FROM (to_jsonb(OLD) - 'grid') THEN
        RAISE EXCEPTION 'only the grid of unit % can be changed here', OLD.unit_id;
    END IF;
    IF OLD.status NOT IN ('draft', 'submitted') THEN
        RAISE EXCEPTION 'version % is % and never changes', OLD.version_id, OLD.status
            USING HINT = 'Copy it to a draft and change that.';
    END IF;
    IF NEW.grid IS NULL OR NEW.grid NOT BETWEEN 1 AND 999 THEN
        RAISE EXCEPTION 'unit % needs a grid from 1 to 999', OLD.unit_id;
    END IF;
    INSERT INTO desk_edit (version_id, community_id, unit_id, number, who, at)
        VALUES (OLD.version_id, OLD.community_id, OLD.unit_id, NEW.grid, session_user, now());
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    """Add the table of orders; on a server also the views and the guard."""
    op.create_table(
        "desk_edit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True)),
        sa.Column("refusal", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["version.id"], name="fk_desk_edit_version_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_desk_edit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_desk_edit_version_id", "desk_edit", ["version_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        _show()
        _guard()


def _show() -> None:
    op.execute("CREATE SCHEMA gis")
    for view in (SHOWN, PLAN, COMMUNITY, UNIT, GRID, EDIT):
        op.execute(view)
    op.execute(
        "CREATE TRIGGER edit_unit INSTEAD OF UPDATE ON gis.unit FOR EACH ROW EXECUTE FUNCTION gis.edit_unit()"
    )


def _guard() -> None:
    op.execute(GUARD)
    for table in GUARDED:
        op.execute(
            f"CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION geogrid_guard()"
        )
