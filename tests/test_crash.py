"""Killed at any moment (SIGKILL), the store loses nothing that was acknowledged and shows no half plan.

``GEOGRID_KILLS=300`` kills that often in one run, ``GEOGRID_SEED`` chooses the work.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.killing_planners import survive
from tests.planned import prepare

if TYPE_CHECKING:
    from pathlib import Path

    from api import Settings

KILLS = int(os.environ.get("GEOGRID_KILLS", "10"))
SEED = int(os.environ.get("GEOGRID_SEED", "0"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return prepare(tmp_path)


def test_no_acknowledged_step_is_lost_and_no_plan_half_published(settings: Settings) -> None:
    acknowledged, published = survive(settings, SEED, KILLS)
    print(f"seed {SEED}: {KILLS} kills, {acknowledged} acknowledged, {published} published")
    assert acknowledged > 3 * KILLS
    assert published > 0
