"""Processes of geogrid killed at drawn moments: commands by the hundred, and planners at work."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.bars import Bar, at_least, at_most
from tests.killing_commands import COMMANDS, forkserver, killed, rehearse
from tests.killing_planners import hold_against
from tests.killing_planners import killed as planner_killed
from tests.planned import prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.bars import Clock

QUICK = ("load",)  # the commands that a quick run kills, each once


def kills(clock: Clock, *, count: int, seed: int) -> list[Bar]:
    """Kill ``count`` processes, in a quick run one of each kind; ``seed + n`` draws the n-th moment."""
    done: dict[str, int] = {}
    failures, cut = list[str](), 0
    with tempfile.TemporaryDirectory() as name:
        kinds = _kinds(Path(name), tuple(COMMANDS) if clock.until is None else QUICK)
        for number in range(seed, seed + count):
            if clock.until is not None and len(done) == len(kinds):
                break
            kind = list(kinds)[number % len(kinds)]
            done[kind] = done.get(kind, 0) + 1
            try:
                cut += kinds[kind](number)
            except Exception as error:  # all of them are told, with their seeds
                failures.append(f"seed {number}, {kind}: {error!r}")
                print(f"FAILED {failures[-1]}", flush=True)
    for kind, times in done.items():
        print(f"{kind:8} killed {times:4} times")
    killed_ = sum(done.values())
    print(f"{cut} of {killed_} were cut off in the middle; seeds {seed} to {seed + killed_ - 1}")
    return [
        at_least("kills", killed_, count if clock.until is None else len(kinds)),
        at_most("kills that lost something, left half of it or needed a hand", len(failures), 0),
    ]


def _kinds(folder: Path, names: Sequence[str]) -> dict[str, Callable[[int], bool]]:
    """Return what kills a process of each kind by a seed, and tells whether it was cut off in its work."""
    context = forkserver()
    rehearsals = rehearse(context, folder, names)
    settings = prepare(folder / "planned")

    def command(name: str) -> Callable[[int], bool]:
        return lambda seed: killed(context, rehearsals[name], folder / str(seed), seed)

    def planner(seed: int) -> bool:
        hold_against(settings, planner_killed(settings, seed))
        return True

    return {name: command(name) for name in names} | {"edit": planner}
