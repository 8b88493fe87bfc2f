"""``geogrid serve``: the page and the API of the plan in force."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, StoreOption, app
from geogrid.cli.console import note
from geogrid.cli.store import put_in_force, snapshot_in_force

HostOption = Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for every one.")]
PortOption = Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on.")]
_SNAPSHOT = "GEOGRID_SERVED_SNAPSHOT"


@app.command()
def serve(
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer.")] = 1,
    store: StoreOption = DEFAULT_STORE,
    city: CityOption = "",
) -> None:
    """Serve the page and the API of the plan in force; refuse where nothing is published (exit 5).

    No access log is written, because questions are private.

    Example: geogrid serve --store sqlite:///var/bukit-merah.db --port 8000
    """
    run(snapshot_in_force(store, city).folder, host, port, workers)


def run(folder: Path, host: str, port: int, workers: int = 1) -> None:
    """Serve the snapshot in ``folder`` until interrupted."""
    import uvicorn

    os.environ[_SNAPSHOT] = str(put_in_force(folder))
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
    )


def served() -> Any:
    """Return the application of the snapshot named in the environment; every worker process calls it."""
    from api import create_app
    from api.settings import Settings

    return create_app(Settings(snapshot=Path(os.environ[_SNAPSHOT])))
