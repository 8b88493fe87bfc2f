"""``geogrid learn``: what reviewers corrected becomes names that the city's addresses are known by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, JsonOption, StoreOption, app
from geogrid.cli.console import print_json, print_table, say
from geogrid.cli.store import compiled, opened, snapshot_folder, version_in_force, which_city

if TYPE_CHECKING:
    from geogrid.archive import Archive, LearntName


@app.command()
def learn(
    review: Annotated[
        Path | None, typer.Argument(help="A review file of `geogrid assign --review`, corrected.")
    ] = None,
    who: Annotated[str, typer.Option(help="Who reviewed it; kept with every name.")] = "",
    layer: Annotated[str, typer.Option(help="The layer or sheet of a file that holds several.")] = "",
    forget: Annotated[
        list[int] | None, typer.Option(metavar="NUMBER", help="End a name by its number.")
    ] = None,
    now: Annotated[bool, typer.Option("--now", help="Compile the plan in force anew at once.")] = False,
    store: StoreOption = DEFAULT_STORE,
    city: CityOption = "",
    json: JsonOption = False,
) -> None:
    """Learn the corrections of a review file; without a file, list what was learnt.

    In the review file the column `correct` says what is right: an x on the line of the right candidate, or
    the right address, or its building's id. All faults are listed at once, and then nothing is learnt
    (exit 3). Where only a name differs, the name is learnt for the whole road or compound, else the whole
    text for its one building. A plan learns them when it is published, the one in force at once with --now.

    Example: geogrid learn doubtful.csv --who "Community office" --now
    """
    with opened(store) as archive:
        city_id = which_city(archive, city)
        learnt = _learn(archive, store, city_id, review, layer, who) if review else 0
        ended = archive.forget_names(city_id, forget, **_by(who)) if forget else 0
        if now and (learnt or ended):
            _compile(archive, store, city_id)
        names = archive.learnt_names(city_id)
    if json:
        print_json({"learnt": learnt, "ended": ended, "names": [_told(one) for one in names]})
    elif review or forget:
        say(f"{learnt} names learnt, {ended} ended; {sum(one.until is None for one in names)} in use.")
    else:
        heads = ["number", "text", "means", "since", "until", "who"]
        print_table(heads, [tuple(map(str, _told(one).values())) for one in names])


def _learn(archive: Archive, store: str, city_id: str, review: Path, layer: str, who: str) -> int:
    from geogrid.batch import learn_from

    version = version_in_force(archive, city_id)
    index = compiled(archive, store, city_id, version.id).addresses
    return archive.learn_names(city_id, learn_from(review, index, archive.today(), layer=layer), **_by(who))


def _by(who: str) -> dict[str, str]:
    return {"who": who} if who else {}


def _compile(archive: Archive, store: str, city_id: str) -> None:
    from geogrid.snapshot import compile_snapshot

    version = version_in_force(archive, city_id)
    compile_snapshot(archive, city_id, version.id, snapshot_folder(store, city_id, version.id))


def _told(one: LearntName) -> dict[str, object]:
    name = one.name
    return {
        "number": one.id,
        "text": name.text,
        "means": f"{name.kind} {name.id}",
        "since": name.since,
        "until": name.until,
        "who": one.learnt_by,
    }
