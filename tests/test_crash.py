"""Killed at any moment (SIGKILL), the store loses nothing that was acknowledged and shows no half plan.

``GEOGRID_KILLS=300`` kills that often in one run, ``GEOGRID_SEED`` chooses the work.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from api.planning.apart import apart
from geogrid.children import NICENESS
from geogrid.errors import NotFoundError, StoreError
from geogrid.snapshot import Snapshot
from tests.governed import TODAY
from tests.killing_planners import survive
from tests.planned import prepare
from tests.servers import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from api import Settings
    from api.planning.office import Office
    from geogrid.snapshot.compiling import Caller

KILLS = int(os.environ.get("GEOGRID_KILLS", "10"))
SECRET = "八三路 1 号"
SEED = int(os.environ.get("GEOGRID_SEED", "0"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return prepare(tmp_path)


def test_no_acknowledged_step_is_lost_and_no_plan_half_published(settings: Settings) -> None:
    acknowledged, published = survive(settings, SEED, KILLS)
    print(f"seed {SEED}: {KILLS} kills, {acknowledged} acknowledged, {published} published")
    assert acknowledged > 3 * KILLS
    assert published > 0


def nothing(office: Office) -> int:
    return 0


def published_twice(office: Office) -> int:
    return len([one for one in office.archive.versions(office.city_id) if one.copy_of == 1])


def copy_unless_idle(office: Office) -> int:
    """Hold the store, for which others wait: who does may not be waiting for an idle processor."""
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
    return office.archive.copy_version(1).id


def who_publishes(office: Office, promptly: Caller, *, version: int) -> tuple[str, int, int, int]:
    return office.city_id, os.getpid(), os.sched_getscheduler(0), os.nice(0)


def refuse(office: Office) -> int:
    return office.archive.version(77).id


def fail(office: Office) -> int:
    raise ValueError(SECRET)


def die(office: Office) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def publish_and_die(office: Office) -> int:
    """Publish a copy of the plan in force, and be killed before anything of it is compiled."""
    made = office.archive.copy_version(1)
    office.archive.publish(made.id, TODAY)
    return die(office)


def be_asked_to_stop(office: Office, promptly: Caller, *, version: int) -> bool:
    for one in (signal.SIGINT, signal.SIGTERM):
        os.kill(os.getpid(), one)
    return office.archive.version(1).frozen


def be_idle_for_ever(office: Office, promptly: Caller, *, version: int) -> tuple[int, int, int]:
    """Wait as long as only idle processors are taken; return the copies there are, ours, and who called."""
    if os.sched_getscheduler(0) == os.SCHED_IDLE:
        time.sleep(600)
    return published_twice(office), version, promptly(os.sched_getscheduler, 0)


def test_publishing_has_a_process_of_its_own_that_yields_to_answers(settings: Settings) -> None:
    city, process, policy, niceness = asyncio.run(apart(settings, nothing, who_publishes))
    assert city == "town"
    assert process != os.getpid()
    assert (policy, niceness) == (os.SCHED_OTHER, min(os.nice(0) + NICENESS, 19))


def test_a_publication_that_finds_no_idle_processor_goes_on_beside_answers(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """What it had made before it was given up is shown, and not made again."""
    settings = replace(settings, publish_idle_s=20)
    copies, shown, policy = asyncio.run(apart(settings, copy_unless_idle, be_idle_for_ever))
    assert "no idle processor" in caplog.text
    assert (copies, shown, policy) == (1, 2, os.SCHED_OTHER)


def test_a_publication_is_ended_although_the_service_is_asked_to_stop(settings: Settings) -> None:
    assert asyncio.run(apart(settings, nothing, be_asked_to_stop))


def test_a_publication_that_is_killed_is_told_to_who_asked_for_it(settings: Settings) -> None:
    with pytest.raises(StoreError, match="look at the versions"):
        asyncio.run(apart(settings, die, who_publishes))


def test_a_store_that_cannot_be_reached_is_told_as_it_is(settings: Settings) -> None:
    away = replace(settings, store=f"postgresql://nobody@127.0.0.1:{free_port()}/town")
    with pytest.raises(StoreError) as caught:
        asyncio.run(apart(away, refuse, who_publishes))
    assert "killed" not in str(caught.value)


def test_a_refusal_of_a_publication_is_told_as_it_is(settings: Settings) -> None:
    with pytest.raises(NotFoundError):
        asyncio.run(apart(settings, refuse, who_publishes))


def test_words_of_an_unknown_error_stay_in_the_process(settings: Settings) -> None:
    with pytest.raises(RuntimeError) as caught:
        asyncio.run(apart(settings, fail, who_publishes))
    assert SECRET not in str(caught.value)
    assert "ValueError" in str(caught.value)


def test_what_a_killed_publication_has_published_is_shown(settings: Settings) -> None:
    with pytest.raises(StoreError, match="look at the versions"):
        asyncio.run(apart(settings, publish_and_die, who_publishes))
    assert Snapshot.open(settings.snapshot).city["version"] == 2
