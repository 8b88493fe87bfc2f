"""Commands that are killed (SIGKILL) at a moment drawn from a seed, and what must hold after it.

A command is rehearsed once: the folder before it, what it leaves, how long it takes. Then it is killed again
and again on copies of that folder. After each kill nothing may be half there; and when it is run once more,
without a hand in between, it must leave what the rehearsal left.
"""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from geogrid.archive import Archive, Status
from geogrid.cli.store import folder_in_force
from geogrid.snapshot import Snapshot
from tests.zoo.town import Town, sound_town

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.context import ForkServerContext, ForkServerProcess
    from pathlib import Path

STORE = "sqlite:///store.db"
CITY = "row"
TOML = 'id = "row"\nname = "Row"\nsynthetic = true\n[layers.addresses]\ncrs = "EPSG:4326"\n'
LONGEST_S = 120.0
TOWNS, DOORS, ROWS = 4, 40, 12_000
Facts = dict[str, object]


def row_of_towns(folder: Path) -> Path:
    """Write four copies of the sound town side by side as the files of one city: eight communities."""
    town = sound_town()
    layers = {name: [] for name in ("communities", "compounds", "buildings")}  # type: ignore[var-annotated]
    addresses = []
    for n in range(TOWNS):
        for name, copies in layers.items():
            moved = town.layers[name].copy()
            moved["geometry"] = moved.geometry.translate(xoff=0.0095 * n)
            copies.append(_marked(moved, n))
        doors = pd.concat([town.tables["addresses"].assign(door=door) for door in range(DOORS)])
        doors["id"] += "-" + doors["door"].astype(str)
        doors["text"] += doors["door"].astype(str) + "单元"
        doors["x"] += 0.0095 * n
        addresses.append(_marked(doors.drop(columns="door"), n))
    frames = {name: gpd.GeoDataFrame(pd.concat(copies, ignore_index=True)) for name, copies in layers.items()}
    folder.mkdir()
    return Town(frames, {"addresses": pd.concat(addresses, ignore_index=True)}, TOML).write(folder)


def _marked(frame: pd.DataFrame, n: int) -> pd.DataFrame:
    for column in {"id", "community_id", "compound_id", "building_id"} & set(frame):
        frame[column] = frame[column].astype(str) + f"-{n}"
    if "text" in frame:
        frame["text"] = frame["text"].str.replace("小区", f"第{n + 1}小区", regex=False)
    if "name" in frame:
        frame["name"] = frame["name"].astype(str) + str(n)
    return frame


# What there is


def digest(*parts: object) -> str:
    """Return a short name for what is equal only where all of it is."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def facts(folder: Path) -> Facts:
    """Return all that a folder holds; half a thing has no place in it.

    :raises Exception: the store, the trail or a snapshot is damaged.
    """
    found: Facts = {}
    if (folder / "store.db").exists():
        with Archive.open(f"sqlite:///{folder}/store.db") as archive:
            archive.verify_audit()
            found |= _stored(archive)
    for snapshot in folder.glob("store.snapshots/row/[0-9]"):
        opened = Snapshot.open(snapshot)  # every file is held against its checksum
        found[f"snapshot {snapshot.name}"] = digest(opened.city["version"], opened.city["addresses"])
    for name in ("out.csv", "doubtful.csv"):
        if (folder / name).exists():
            found[name] = digest((folder / name).read_bytes())
    return found


def names(folder: Path) -> set[str]:
    """Return what lies in a folder, but for what SQLite keeps beside an open file."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    return {name for name in found if not name.endswith(("-wal", "-shm"))}


def _stored(archive: Archive) -> Facts:
    found: Facts = {}
    for city in archive.cities():
        loaded = archive.load_city(city.id)
        things = [loaded.communities, loaded.compounds, loaded.buildings, loaded.addresses.to_csv()]
        found["city"] = digest(*things)
    for version in archive.versions(CITY) if found else ():
        plans = {
            one.division.plan.community_id: sorted(one.division.plan.assignment.items())
            for one in archive.all_stored(version.id)
        }
        found[f"version {version.id}"] = version.status.value
        found |= {f"plan {version.id} {community}": digest(plan) for community, plan in plans.items()}
    return found


# What is killed


@dataclass(frozen=True)
class Command:
    """Something an operator runs, and the commands that must have run before it."""

    name: str
    words: tuple[str, ...]
    before: tuple[str, ...]


COMMANDS = {
    one.name: one
    for one in (
        Command("load", ("load", "city", "--store", STORE), ()),
        Command("divide", ("divide", "--store", STORE), ("load",)),
        Command("publish", ("publish", "--store", STORE), ("load", "divide")),
        Command(
            "assign",
            ("assign", "people.csv", "out.csv", "--review", "doubtful.csv", "--store", STORE),
            ("load", "divide", "publish"),
        ),
    )
}


@dataclass(frozen=True)
class Rehearsal:
    """A command, the folder before it, the facts before and after it, the files after it, and its seconds."""

    command: Command
    folder: Path
    before: Facts
    after: Facts
    names: set[str]
    seconds: float


def forkserver() -> ForkServerContext:
    """Return what makes processes that have loaded geogrid already, so that a kill falls into its work."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["tests.killing_commands", "geogrid.cli", "geogrid.boundaries", "geogrid.fleet"]
    )
    return context


def run_here(folder: str, words: Sequence[str], told: str) -> None:
    """Run one command of geogrid in this process, which has its own group, and end it."""
    from geogrid.cli import main

    os.setsid()
    os.chdir(folder)
    with open(told, "wb") as file:  # noqa: PTH123 - the descriptors are what is replaced
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = ["geogrid", *words]
    main()


def start(context: ForkServerContext, folder: Path, words: Sequence[str]) -> ForkServerProcess:
    """Begin a command in a folder."""
    process = context.Process(target=run_here, args=(str(folder), words, str(folder / "told.txt")))
    process.start()
    return process


def run(context: ForkServerContext, folder: Path, words: Sequence[str]) -> int:
    """Run a command to its end and return its exit code."""
    process = start(context, folder, words)
    process.join(LONGEST_S)
    assert process.exitcode is not None, f"{words[0]} did not end"
    return process.exitcode


def rehearse(
    context: ForkServerContext, root: Path, wanted: Sequence[str] = tuple(COMMANDS)
) -> dict[str, Rehearsal]:
    """Run commands one after the other on one folder, and keep what was there before each."""
    base = root / "base"
    base.mkdir()
    row_of_towns(base / "city")
    people = pd.read_csv(base / "city" / "addresses.csv")["text"]
    rows = pd.Series(people.tolist() * (ROWS // len(people) + 1), name="address")[:ROWS]
    rows.to_csv(base / "people.csv", index=False)
    done: dict[str, Rehearsal] = {}
    for command in (COMMANDS[name] for name in wanted):
        kept = root / f"before-{command.name}"
        shutil.copytree(base, kept, symlinks=True)
        before = facts(base)
        began = time.monotonic()
        code = run(context, base, command.words)
        seconds = time.monotonic() - began
        assert code == 0, (base / "told.txt").read_text()
        done[command.name] = Rehearsal(command, kept, before, facts(base), names(base), seconds)
    return done


def killed(context: ForkServerContext, rehearsal: Rehearsal, folder: Path, seed: int) -> bool:
    """Kill a command at a drawn moment and check what is left; tell whether it was cut off.

    :raises AssertionError: something is lost, half there, or does not mend by running the command again.
    """
    chance = random.Random(seed)
    command = rehearsal.command
    shutil.copytree(rehearsal.folder, folder, symlinks=True)
    process = start(context, folder, command.words)
    process.join(chance.uniform(0.0, 1.1) * rehearsal.seconds)
    cut = process.exitcode is None
    whole_group = chance.random() < 0.5  # as a power cut does; else its workers must end by themselves
    with contextlib.suppress(ProcessLookupError):
        if whole_group:
            os.killpg(process.pid or 0, signal.SIGKILL)
        else:
            process.kill()
    process.join()
    _await_end(process.pid or 0)
    left = facts(folder)
    _hold(rehearsal, left, done=not cut and process.exitcode == 0)
    code = run(context, folder, command.words)
    if command.name == "publish" and left.get("version 1") == Status.PUBLISHED.value:
        assert code == 5  # it is published; what is missing is compiled by whoever serves it next
        folder_in_force(f"sqlite:///{folder}/store.db", "")
    else:
        assert code == 0, (folder / "told.txt").read_text()
    assert facts(folder) == rehearsal.after
    litter = names(folder) - rehearsal.names - {"told.txt"}
    assert not litter, f"litter is left: {sorted(litter)}"
    shutil.rmtree(folder)
    return cut


def _await_end(group: int) -> None:
    """Wait until no process of a group is left."""
    until = time.monotonic() + LONGEST_S
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < until:
            os.killpg(group, 0)
            time.sleep(0.05)
        raise AssertionError("its workers outlived it")


def _hold(rehearsal: Rehearsal, left: Facts, *, done: bool) -> None:
    """Check that every fact that is left was there before or is there after, and none of before is gone."""
    before, after = rehearsal.before, rehearsal.after
    for name, fact in left.items():
        begun = rehearsal.command.name == "divide" and name.startswith("version")
        assert begun or fact in {before.get(name), after.get(name)}, (
            f"{name} is neither as before nor as after"
        )
    assert set(before) <= set(left), f"lost: {set(before) - set(left)}"
    if done:
        assert left == after, "it said that it was done"
