"""Clocks that are set forwards and back: no day has two plans, the trail holds, answers follow the day."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from api import Settings, create_app
from api.limits import Buckets
from geogrid.archive import Archive
from geogrid.errors import SignInError
from geogrid.snapshot import publish_snapshot, read_timeline
from tests.governed import NOON, TODAY, filled, opened
from tests.planned import PASSWORD, prepare
from tests.published import publish_two

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

YEAR = timedelta(days=365)


class MovedClock:
    """A clock that an operator, a battery or a time server sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        """Return what it shows."""
        return self.now


@pytest.mark.usefixtures("each_store")
def test_no_day_has_two_plans_wherever_the_clocks_of_the_publishers_stood(tmp_path: Path) -> None:
    """Three publish for days that their own clocks call today; the second is a year ahead, the third back."""
    with opened(tmp_path) as archive:
        first = filled(archive)
        publish_snapshot(archive, first.id, TODAY, tmp_path / "snapshots" / str(first.id))
    for moved in (YEAR, timedelta(days=2)):
        with opened(tmp_path, NOON + moved) as archive:
            draft = archive.copy_version(first.id)
            publish_snapshot(archive, draft.id, archive.today(), tmp_path / "snapshots" / str(draft.id))
    with opened(tmp_path) as archive:
        archive.verify_audit()
        periods = read_timeline(tmp_path / "snapshots")
        for days, version in ((0, 1), (1, 1), (2, 3), (200, 3), (365, 2), (10_000, 2)):
            day = TODAY + timedelta(days=days)
            assert [one.version for one in periods if one.holds(day)] == [version]
            in_force = archive.version_in_force("town", on=day)
            assert in_force is not None
            assert in_force.id == version


def test_answers_follow_the_day_forwards_and_back(tmp_path: Path) -> None:
    """The second plan holds from 2027 on."""
    clock = MovedClock()
    app = create_app(Settings(publish_two(tmp_path), reload_s=0, clock=clock))
    with TestClient(app) as client:
        for moved, version in ((timedelta(0), 1), (YEAR, 2), (timedelta(days=-3), 1), (YEAR, 2)):
            clock.now = NOON + moved
            app.state.desk.refresh()
            answer = client.post("/v1/lookup", json={"address": "A小区1号楼"})
            assert (answer.status_code, answer.json()["plan"]["version"]) == (200, version)


def test_a_clock_that_runs_back_lengthens_no_session(tmp_path: Path) -> None:
    """One that was begun when the clock stood a year ahead is over, not good for a year."""
    clock = MovedClock()
    with Archive.open(prepare(tmp_path).store, clock=clock) as archive:
        before = archive.sessions.sign_in("planner", PASSWORD)
        clock.now = NOON + YEAR
        ahead = archive.sessions.sign_in("planner", PASSWORD)
        with pytest.raises(SignInError):
            archive.sessions.session(before)
        assert archive.sessions.session(ahead).account.name == "planner"
        clock.now = NOON
        with pytest.raises(SignInError):
            archive.sessions.session(ahead)


def test_a_client_is_limited_by_a_clock_that_nobody_sets() -> None:
    assert Buckets()._clock is time.monotonic
