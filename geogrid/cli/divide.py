"""``geogrid divide``: every community of a city into grids, kept as a draft."""

from __future__ import annotations

import hashlib
import json as json_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, JsonOption, StoreOption, app
from geogrid.cli.console import bar, note, print_json, print_table, say
from geogrid.cli.store import opened, which_city

if TYPE_CHECKING:
    from geogrid.archive import Archive, Version
    from geogrid.fleet import Divided
    from geogrid.policy import Policy

PolicyOption = Annotated[
    str,
    typer.Option(
        "--policy",
        metavar="NAME|FILE",
        help="eight-to-ten, compound-first, households-300-500, or a TOML file.",
    ),
]
WorkersOption = Annotated[int, typer.Option("--workers", min=1, help="Processes that share the work.")]
TimeOption = Annotated[
    float | None, typer.Option("--time-limit", min=0.1, metavar="SECONDS", help="For each community.")
]


@app.command()
def divide(
    store: StoreOption = DEFAULT_STORE,
    city: CityOption = "",
    policy: PolicyOption = "eight-to-ten",
    workers: WorkersOption = 2,
    time_limit: TimeOption = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin a new version, go on with none.")] = False,
    json: JsonOption = False,
) -> None:
    """Divide every community into grids and keep the result as a draft version.

    What is finished is kept: an interrupted run goes on where it stopped. Publish the draft with
    `geogrid publish`.

    Example: geogrid divide --store sqlite:///var/bukit-merah.db --policy eight-to-ten
    """
    chosen = policy_of(policy)
    with opened(store) as archive:
        city_id = which_city(archive, city)
        version = divide_city(archive, city_id, chosen, workers, time_limit, fresh=fresh)
        rows = [_row(stored.division) for stored in archive.all_stored(version.id)]
    if json:
        print_json({"city": city_id, "version": version.id, "status": version.status, "communities": rows})
        return
    columns = ["community", "grids", "proved", "gap", "engine", "seconds", "rules that gave way"]
    print_table(columns, [list(row.values()) for row in rows])
    say(f"Version {version.id} is a draft. Publish it with: geogrid publish {version.id} --store {store}")


def policy_of(text: str) -> Policy:
    """Return the preset or the policy file that is meant.

    :raises PolicyError: neither is there, or the file breaks its own rules.
    """
    from geogrid.policy import preset, read_policy

    return read_policy(Path(text)) if text.endswith(".toml") else preset(text)


def divide_city(
    archive: Archive,
    city_id: str,
    policy: Policy,
    workers: int = 2,
    time_limit: float | None = None,
    *,
    fresh: bool = False,
) -> Version:
    """Divide what is not divided yet, with a progress bar, and return the finished draft."""
    from geogrid import fleet

    city = archive.load_city(city_id)
    draft = _draft_to_go_on_with(archive, city_id, policy, fresh=fresh)
    done = {stored.graph.community_id for stored in archive.all_stored(draft.id)}
    left = [community.id for community in city.communities if community.id not in done]
    if done and left:
        note(f"Going on with version {draft.id}: {len(done)} of {len(city.communities)} are divided.")
    in_force = archive.version_in_force(city_id)
    incumbents = (
        {
            stored.graph.community_id: (stored.graph, stored.division.plan)
            for stored in archive.all_stored(in_force.id)
        }
        if in_force
        else {}
    )
    with bar(f"Dividing {city.name}", len(city.communities)) as progress:
        task = progress.task_ids[0]
        progress.update(task, completed=len(done))

        def keep(found: Divided) -> None:
            archive.store_graphs(city_id, [found.graph])
            archive.extend_version(draft.id, [found.division], policy=policy)
            progress.advance(task)

        fleet.divide_city(
            city,
            policy,
            workers=workers,
            communities=left,
            incumbents=incumbents,
            time_limit_s=time_limit,
            found=keep,
        )
    return archive.version(draft.id)


def _draft_to_go_on_with(archive: Archive, city_id: str, policy: Policy, *, fresh: bool) -> Version:
    """Return the last draft of this policy on the newest data, or a new one."""
    from geogrid.policy import policy_table

    table = json_.dumps(policy_table(policy), sort_keys=True)
    marked = f"divided by {policy.name} [{hashlib.sha256(table.encode()).hexdigest()[:12]}]"
    edition = next(city.edition for city in archive.cities() if city.id == city_id)
    for version in reversed(archive.versions(city_id)):
        same = version.note == marked and version.edition == edition
        if same and version.status == "draft" and not fresh:
            return version
    return archive.add_version(city_id, [], policy=policy, note=marked)


def _row(division: Any) -> dict[str, object]:
    return {
        "community": division.plan.community_id,
        "grids": len(division.plan.members()),
        "proved": division.proved,
        "gap": division.gap,
        "engine": division.engine,
        "seconds": round(division.seconds, 2),
        "gave_way": "; ".join(str(breach.rule) for breach in division.gave_way),
    }
