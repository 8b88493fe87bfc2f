"""Many communities over processes: the same answer in the same order, and nothing left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from geogrid import fleet
from geogrid.errors import NotFoundError, PlanError, PolicyError
from geogrid.fleet import Divided, divide_city
from geogrid.policy import EIGHT_TO_TEN
from tests.town import draw_city

# One compound a letter; each community is divided within a moment, so the time limit is never met.
TOWN = draw_city("AAB\nAAB", "CCD\nCCD", "EEF\nEEF", "GGH\nGGH")
POLICY = replace(EIGHT_TO_TEN, grids_min=2, grids_max=2, time_limit_s=300.0)
IDS = ["c1", "c2", "c3", "c4"]


def timeless(found: tuple[Divided, ...]) -> list[Divided]:
    return [replace(one, division=replace(one.division, seconds=0.0)) for one in found]


@pytest.fixture(scope="module")
def alone() -> list[Divided]:
    return timeless(divide_city(TOWN, POLICY, workers=1))


def test_communities_come_in_the_order_of_the_city(alone: list[Divided]) -> None:
    assert [one.community_id for one in alone] == IDS
    assert [one.division.plan.community_id for one in alone] == IDS
    assert [one.graph.community_id for one in alone] == IDS
    assert [unit.id for unit in alone[2].graph.units] == ["E", "F"]
    assert alone[2].division.plan.assignment == {"E": 1, "F": 2}


def test_two_processes_give_what_one_gives(alone: list[Divided]) -> None:
    told: list[tuple[str, int, int]] = []
    handed: list[str] = []
    found = divide_city(
        TOWN,
        POLICY,
        workers=2,
        progress=lambda *step: told.append(step),
        found=lambda one: handed.append(one.community_id),
    )
    assert timeless(found) == alone
    assert sorted(handed) == IDS
    assert [community for community, _, _ in told] == handed
    assert [(done, of) for _, done, of in told] == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_some_communities_in_the_order_of_the_city() -> None:
    found = divide_city(TOWN, POLICY, workers=1, communities=["c4", "c2"])
    assert [one.community_id for one in found] == ["c2", "c4"]
    with pytest.raises(NotFoundError, match="c9"):
        divide_city(TOWN, POLICY, workers=1, communities=["c9"])


def test_an_error_names_its_community(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_city: object, community_id: str) -> None:
        if community_id == "c3":
            raise ZeroDivisionError("no units")

    monkeypatch.setattr(fleet, "build_units", fail)
    monkeypatch.setattr(fleet, "build_graph", lambda *_: None)
    monkeypatch.setattr(fleet, "divide", lambda *_, **__: None)
    with pytest.raises(PlanError, match="community c3 could not be divided: ZeroDivisionError"):
        divide_city(TOWN, POLICY, workers=1)


def test_an_error_of_our_own_comes_back_from_a_worker_whole() -> None:
    """A policy that contradicts itself is refused in the worker: same type, all faults, and where it was."""
    with pytest.raises(PolicyError) as told:
        divide_city(TOWN, replace(POLICY, grids_min=5, grids_max=2), workers=2)
    assert told.value.faults
    assert told.value.__notes__[0] in [f"while dividing community {community}" for community in IDS]


def _no_children_left(before: set[multiprocessing.process.BaseProcess]) -> bool:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if not set(multiprocessing.active_children()) - before:
            return True
        time.sleep(0.05)
    return False


def test_an_interruption_ends_the_workers() -> None:
    before = set(multiprocessing.active_children())

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        divide_city(TOWN, POLICY, workers=2, progress=interrupt)
    assert _no_children_left(before)


def test_a_killed_worker_is_told_and_the_others_end() -> None:
    before = set(multiprocessing.active_children())

    def kill_all(*_: object) -> None:
        for child in set(multiprocessing.active_children()) - before:
            if child.pid is not None:
                os.kill(child.pid, signal.SIGKILL)

    many = draw_city(*(f"{chr(65 + 2 * n)}{chr(66 + 2 * n)}" for n in range(12)))
    with pytest.raises(PlanError, match="a worker process ended"):
        divide_city(many, POLICY, workers=2, progress=kill_all)
    assert _no_children_left(before)


SCRIPT = """
import sys, time, multiprocessing
from geogrid.fleet import divide_city
from tests.test_fleet import POLICY, TOWN

def tell(*_):
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    time.sleep(60)

if __name__ == "__main__":
    divide_city(TOWN, POLICY, workers=2, progress=tell)
"""


def test_workers_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(SCRIPT)
    here = str(Path(__file__).parents[1])
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": here},
    )
    assert parent.stdout is not None
    workers = [int(pid) for pid in parent.stdout.readline().split()]
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert len(workers) == 2
    end = time.monotonic() + 10
    while any(_lives(pid) for pid in workers):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_worker_whose_parent_is_gone_before_it_looks_ends_too() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    words = f"import time; from geogrid.children import mind_the_parent as m; m({gone.pid}); time.sleep(60)"
    assert subprocess.run([sys.executable, "-c", words], check=False, timeout=50).returncode == 1


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
