"""Publish drawn towns for the API, the pages and the maps: through the archive and a real snapshot."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from geogrid.policy import EIGHT_TO_TEN
from geogrid.snapshot import publish_snapshot
from tests.governed import PLANS, TODAY, divisions, filled, governed_town, opened

if TYPE_CHECKING:
    from pathlib import Path

    from geogrid.model import City

# What a template engine, a JavaScript template or an HTML parser would run, and an override of direction.
HOSTILE = (
    "{{7*191}}{#x#}{% raw",
    "${7*191}`x`",
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "\"'><b onclick=alert(1)>",
    "\u202egnorw\u202d {n} &amp; \\u003c",
)
EVERYTHING_HOSTILE = " ".join(HOSTILE)


def publish(folder: Path, city: City | None = None) -> Path:
    """Publish ``city`` (the governed town) from 23 November 2026; return the snapshot's folder."""
    with opened(folder) as archive:
        draft = filled(archive, city)
        publish_snapshot(archive, draft.id, TODAY, folder / "snapshot")
    return folder / "snapshot"


def publish_two(folder: Path) -> Path:
    """Publish the governed town, and from 2027 on a plan in which c1's homes outside compounds change grid.

    Numbers 2 and 3 of c1 are exchanged with it. Return the link to the plan in force.
    """
    town = governed_town()
    with opened(folder) as archive:
        first = filled(archive, town)
        publish_snapshot(archive, first.id, TODAY, folder / "plans" / str(first.id))
        changed = {**PLANS, "c1": {"A": 1, "c1/h01": 1, "B": 2, "C": 3}}
        second = archive.add_version(town.id, divisions(changed), policy=EIGHT_TO_TEN, who="planner")
        publish_snapshot(archive, second.id, date(2027, 1, 1), folder / "plans" / str(second.id))
    (folder / "plans" / "current").symlink_to("1")
    return folder / "plans" / "current"


def hostile_town() -> City:
    """Return the governed town with hostile text in every name that is published."""
    town = governed_town()

    def bad(name: str) -> str:
        return f"{name} {EVERYTHING_HOSTILE}"

    return replace(
        town,
        name=bad(town.name),
        names={},
        attribution=bad(town.attribution),
        licence=bad(town.licence),
        estimation=bad("estimation"),
        communities=tuple(replace(one, name=bad(one.name)) for one in town.communities),
        compounds=tuple(replace(one, name=bad(one.name)) for one in town.compounds),
        buildings=tuple(replace(one, street=bad("street"), number=bad("number")) for one in town.buildings),
        districts=tuple(replace(one, name=bad(one.name)) for one in town.districts),
        subdistricts=tuple(replace(one, name=bad(one.name)) for one in town.subdistricts),
        streets=tuple(replace(one, name=bad(one.name)) for one in town.streets),
        venues=tuple(replace(one, name=bad(one.name), hours=bad("9-17")) for one in town.venues),
        branches=tuple(replace(one, name=bad(one.name)) for one in town.branches),
        team=tuple(
            replace(one, name=bad(one.name), post=bad(one.post)) if one.public else one for one in town.team
        ),
        pairings=tuple(replace(one, organisation=bad(one.organisation)) for one in town.pairings),
    )
