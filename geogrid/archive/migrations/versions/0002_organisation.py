"""Keep ratings, model branches, funds, concurrent posts, branches of groups, places of organisations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

GEOMETRY = sa.LargeBinary().with_variant(Geometry(None, spatial_index=False), "postgresql")


def upgrade() -> None:
    """Add the columns; what was stored before knows none of it."""
    op.add_column("building_group", sa.Column("branch_id", sa.Text(), server_default="", nullable=False))
    op.add_column("branch", sa.Column("rated", sa.Date()))
    op.add_column(
        "branch", sa.Column("model_branch", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("branch", sa.Column("fund", sa.Integer()))
    op.add_column("team_member", sa.Column("concurrent", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("pairing", sa.Column("level", sa.Text(), server_default="", nullable=False))
    op.add_column("pairing", sa.Column("size", sa.Integer()))
    op.add_column("pairing", sa.Column("geometry", GEOMETRY))
