"""The promised face: these names, no others; taking one away breaks somebody's program."""

from __future__ import annotations

import subprocess
import sys

import pytest

import geogrid

FACE = [
    "PRESETS",
    "Archive",
    "City",
    "Division",
    "Fault",
    "GeogridError",
    "Grid",
    "InputError",
    "NotFoundError",
    "Plan",
    "PlanError",
    "Policy",
    "PolicyError",
    "Snapshot",
    "SnapshotError",
    "StaleError",
    "StoreError",
    "Unit",
    "UnitGraph",
    "assign_file",
    "build_graph",
    "build_units",
    "compile_snapshot",
    "derive_grids",
    "divide",
    "divide_city",
    "read_city",
    "read_policy",
]


def test_the_face_is_what_was_promised() -> None:
    assert sorted(geogrid.__all__) == sorted(FACE)
    assert dir(geogrid) == sorted(FACE)


@pytest.mark.parametrize("name", FACE)
def test_every_promised_name_is_there_and_says_what_it_is(name: str) -> None:
    thing = getattr(geogrid, name)
    assert thing.__doc__ if callable(thing) else thing


def test_no_other_name_is() -> None:
    with pytest.raises(AttributeError):
        _ = geogrid.nothing


def test_importing_it_opens_no_room() -> None:
    code = "import sys, geogrid; print([name for name in sys.modules if name.startswith('geogrid.')])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
