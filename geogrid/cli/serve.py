"""``geogrid serve``: the page and the API of the plan in force."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, StoreOption, app
from geogrid.cli.console import note
from geogrid.cli.store import snapshot_in_force

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geogrid.snapshot import Snapshot

HostOption = Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for every one.")]
PortOption = Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on.")]
_SNAPSHOT = "GEOGRID_SERVED_SNAPSHOT"
_SETTINGS = "GEOGRID_SETTINGS"
_STORE = "GEOGRID_SERVED_STORE"
_CITY = "GEOGRID_SERVED_CITY"
_COUNTS = "GEOGRID_COUNTS"


@app.command()
def serve(
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer.")] = 1,
    settings: Annotated[
        Path | None, typer.Option(help="A TOML file of limits, tokens and folders; see docs/settings.md.")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    city: CityOption = "",
) -> None:
    """Serve the page and the API of the plan in force; refuse where nothing is published (exit 5).

    No access log is written, because questions are private. --settings names a TOML file.

    Example: geogrid serve --store sqlite:///var/bukit-merah.db --port 8000
    """
    run(snapshot_in_force(store, city), host, port, workers, settings, store)


def run(
    snapshot: Snapshot,
    host: str,
    port: int,
    workers: int = 1,
    settings: Path | None = None,
    store: str = "",
) -> None:
    """Serve a snapshot until interrupted, and where ``store`` is given planners who work on it."""
    import uvicorn

    from api.settings import read_settings
    from geogrid.snapshot import put_in_force

    told = {_SNAPSHOT: str(put_in_force(snapshot.folder)), _CITY: str(snapshot.city["id"]), _STORE: store}
    if settings is not None:
        read_settings(settings, snapshot.folder)  # a fault is told before anything starts
        told[_SETTINGS] = str(settings)
    with contextlib.ExitStack() as kept:
        if workers > 1:  # their counts add up in a folder
            counts = kept.enter_context(tempfile.TemporaryDirectory(prefix="geogrid-counts-"))
            told[_COUNTS] = os.environ.get(_COUNTS, counts)
        kept.enter_context(_environment(told))
        note(f"Serving at http://{host}:{port} (stop with Ctrl-C)")
        uvicorn.run(
            "geogrid.cli.serve:served",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            access_log=False,
            log_level="warning",
            server_header=False,
            proxy_headers=False,  # who asks is decided by the setting `proxies` alone
        )


@contextlib.contextmanager
def _environment(told: dict[str, str]) -> Iterator[None]:
    """Tell the worker processes through the environment, and leave it as it was."""
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def served() -> Any:
    """Return the application of the snapshot named in the environment; every worker process calls it."""
    from api import create_app
    from api.settings import Settings, read_settings

    snapshot = Path(os.environ[_SNAPSHOT])
    told = os.environ.get(_SETTINGS)
    settings = read_settings(Path(told), snapshot) if told else Settings(snapshot)
    if not settings.store:
        settings = replace(settings, store=os.environ[_STORE], city=os.environ[_CITY])
    return create_app(settings)
