"""``geogrid demo``: from a city's files to a page in the browser, with one command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geogrid.cli.app import StoreOption, app
from geogrid.cli.console import note, say
from geogrid.cli.divide import PolicyOption, WorkersOption, divide_city, policy_of
from geogrid.cli.load import read, told
from geogrid.cli.publish import put_out
from geogrid.cli.serve import HostOption, PortOption, require_port, run
from geogrid.cli.store import compiled, opened
from geogrid.errors import NotFoundError

if TYPE_CHECKING:
    from geogrid.archive import Archive
    from geogrid.boundaries.mapping import CityFile
    from geogrid.policy import Policy

BOUNDARIES = Path(__file__).parents[2] / "data" / "boundaries"
SAMPLE = "dandong"
DRAWN = Path("var") / SAMPLE
EXAMPLES = 3


@app.command()
def demo(
    city: Annotated[
        str,
        typer.Option(
            "--city", metavar="NAME|FOLDER", help="dandong (drawn), a city of data/boundaries, or a folder."
        ),
    ] = SAMPLE,
    store: StoreOption = "",
    policy: PolicyOption = "eight-to-ten",
    workers: WorkersOption = 2,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the page at the end.")] = True,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
) -> None:
    """Load a city, divide every community, publish the plan and serve it.

    The sample city dandong is drawn into var/dandong where it is missing; the real cities bukit-merah and
    songshan stand beside it: the demo names them at its end. Goes on where an interrupted run stopped; a
    second run starts at once from the store, by default sqlite:///var/NAME.db.

    Example: geogrid demo --city songshan --no-serve
    """
    if serve:
        require_port(host, port)
    folder = drawn() if city == SAMPLE else city_folder(city)
    store = store or f"sqlite:///var/{folder.stem}.db"
    with opened(store, new=True) as archive:
        city_id = _loaded(archive, folder)
        version = _published(archive, store, city_id, policy_of(policy), workers)
        snapshot = compiled(archive, store, city_id, version)
        examples = _examples(archive, city_id)
    say("Addresses to try:")
    for example in examples:
        say(f"  {example}")
    say("Other cities, each in a store of its own (make demo CITY=NAME, or geogrid demo --city NAME):")
    for name, words in cities_beside(folder):
        say(f"  {name:<12} {words}")
    if serve:
        run(snapshot.folder, host, port, store=store)
    else:
        say(f"Serve it with: geogrid serve --store {store}")


def drawn() -> Path:
    """Return the folder of the sample city, drawing it where it is missing or half written."""
    if not (DRAWN / "city.toml").is_file():  # the last file that is written
        from geogrid.sample import write_dandong

        note(f"Drawing the sample city into {DRAWN} ...")
        write_dandong(DRAWN)
    return DRAWN.resolve()


def cities_beside(folder: Path) -> list[tuple[str, str]]:
    """Return what else the demo can show: the name to ask for, and what it is."""
    found = [(SAMPLE, "丹东(示例): a made-up city of Dandong's size")] if folder != DRAWN.resolve() else []
    shipped = [city for city in sorted(BOUNDARIES.iterdir()) if (city / "city.toml").is_file()]
    beside = [city for city in shipped if city.resolve() != folder]
    return [*found, *((city.name, f"{described(city).name}: real data") for city in beside)]


def described(folder: Path) -> CityFile:
    """Return what the ``city.toml`` of a folder says."""
    from geogrid.boundaries.faults import FaultBook
    from geogrid.boundaries.mapping import read_city_file

    return read_city_file(folder / "city.toml", folder.name, FaultBook())


def city_folder(name: str) -> Path:
    """Return the folder of a city that ships with geogrid, or the one that is named.

    :raises NotFoundError: neither is there.
    """
    shipped = [BOUNDARIES / name] if Path(name).name == name else []  # a path is meant as it is written
    for folder in (*shipped, Path(name)):
        if (folder / "city.toml").is_file():
            return folder.resolve()
    raise NotFoundError("city folder", name)


def _loaded(archive: Archive, folder: Path) -> str:
    """Return the id of the city in ``folder``, loading it where the store does not have it yet."""
    named = described(folder).id
    if named in {city.id for city in archive.cities()}:
        return named
    city = read(folder)
    archive.store_city(city)
    say(told(city))
    return city.id


def _published(archive: Archive, store: str, city_id: str, policy: Policy, workers: int) -> int:
    """Return the plan in force, dividing and publishing where there is none."""
    version = archive.version_in_force(city_id)
    if version is None:
        say(f"Dividing its communities by {policy.name}, on {workers} processes ...")
        draft = divide_city(archive, city_id, policy, workers)
        version, _ = put_out(archive, store, draft.id, archive.today())
    grids = len(archive.grids(version.id))
    say(f"{grids} grids, version {version.id}, in force from {version.effective_from}.")
    return version.id


def _examples(archive: Archive, city_id: str) -> list[str]:
    """Return a few addresses spread over the city, always the same ones."""
    texts = archive.load_city(city_id).addresses["text"]
    places = [len(texts) * (2 * n + 1) // (2 * EXAMPLES) for n in range(EXAMPLES)]
    return [str(texts.iloc[place]) for place in places] if len(texts) else []
