"""Killed at any moment (SIGKILL), the store loses nothing that was acknowledged and shows no half plan.

``GEOGRID_KILLS=300`` kills that often in one run, ``GEOGRID_SEED`` chooses the work.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest

from api.planning.publishing import NICENESS, apart
from geogrid.errors import StoreError
from geogrid.snapshot import Snapshot
from tests.governed import TODAY
from tests.killing_planners import survive
from tests.planned import prepare

if TYPE_CHECKING:
    from pathlib import Path

    from api import Settings
    from api.planning.office import Office

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


def who_publishes(office: Office) -> tuple[str, int, int]:
    return office.city_id, os.getpid(), os.nice(0)


def die(office: Office) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def publish_and_die(office: Office) -> None:
    """Publish a copy of the plan in force, and be killed before anything of it is compiled."""
    made = office.archive.copy_version(1)
    office.archive.publish(made.id, TODAY)
    die(office)


def be_asked_to_stop(office: Office) -> bool:
    for one in (signal.SIGINT, signal.SIGTERM):
        os.kill(os.getpid(), one)
    return office.archive.version(1).frozen


def test_publishing_has_a_process_of_its_own_that_yields_to_answers(settings: Settings) -> None:
    city, process, niceness = asyncio.run(apart(settings, who_publishes))
    assert city == "town"
    assert process != os.getpid()
    assert niceness == min(os.nice(0) + NICENESS, 19)


def test_a_publication_is_ended_although_the_service_is_asked_to_stop(settings: Settings) -> None:
    assert asyncio.run(apart(settings, be_asked_to_stop))


def test_a_publication_that_is_killed_is_told_to_who_asked_for_it(settings: Settings) -> None:
    with pytest.raises(StoreError, match="look at the versions"):
        asyncio.run(apart(settings, die))


def test_what_a_killed_publication_has_published_is_shown(settings: Settings) -> None:
    with pytest.raises(StoreError, match="look at the versions"):
        asyncio.run(apart(settings, publish_and_die))
    assert Snapshot.open(settings.snapshot).city["version"] == 2
