"""``geogrid publish``: put a plan version in force and compile its snapshot."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, JsonOption, StoreOption, app
from geogrid.cli.console import note, print_json, say
from geogrid.cli.store import opened, snapshot_folder, which_city
from geogrid.errors import NotFoundError

if TYPE_CHECKING:
    from geogrid.archive import Archive, Version

DayOption = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], help="First day in force; today if left out."),
]


@app.command()
def publish(
    version: Annotated[int | None, typer.Argument(help="The version; the newest draft if left out.")] = None,
    day: DayOption = None,
    store: StoreOption = DEFAULT_STORE,
    city: CityOption = "",
    json: JsonOption = False,
) -> None:
    """Publish a version and compile the snapshot that answers from it.

    A published plan never changes any more. Readers see the old snapshot or the new one, never a mixture.

    Example: geogrid publish --store sqlite:///var/bukit-merah.db --from 2026-12-01
    """
    with opened(store) as archive:
        city_id = which_city(archive, city)
        number = _newest_draft(archive.versions(city_id), city_id) if version is None else version
        if archive.version(number).city_id != city_id:
            raise NotFoundError(f"version of city {city_id}", str(number))
        published, folder = put_out(archive, store, number, day.date() if day else archive.today())
    if json:
        print_json(
            {
                "city": city_id,
                "version": number,
                "status": published.status,
                "effective_from": published.effective_from,
                "snapshot": str(folder),
            }
        )
        return
    say(f"Version {number} of {city_id} is in force from {published.effective_from}.")


def put_out(archive: Archive, store: str, number: int, day: date) -> tuple[Version, Path]:
    """Publish a version, compile its snapshot beside the store, and tell where it lies.

    :raises PlanError: the plan cannot be laid out; then it is not published.
    """
    from geogrid import snapshot

    note(f"Publishing version {number} and compiling its snapshot ...")
    folder = snapshot_folder(store, archive.version(number).city_id, number)
    return snapshot.show_today(archive, snapshot.publish_snapshot(archive, number, day, folder)), folder


def _newest_draft(versions: object, city_id: str) -> int:
    drafts = [one.id for one in versions if one.status in {"draft", "submitted"}]  # type: ignore[attr-defined]
    if not drafts:
        raise NotFoundError("draft of city", city_id)
    return int(drafts[-1])
