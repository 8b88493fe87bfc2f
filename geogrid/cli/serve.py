"""``geogrid serve``: the page and the API of the plan in force."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, StoreOption, app
from geogrid.cli.console import note
from geogrid.cli.follow import start_following
from geogrid.cli.store import folder_at_hand, folder_due, folder_in_force
from geogrid.errors import Fault, InputError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.settings import Settings

GRACE_S = 5  # for answers under way when the service is stopped; a planner's open page would wait for ever
HostOption = Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for every one.")]
PortOption = Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on.")]


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
    run(_to_serve(store, city), host, port, workers, settings, store)


def require_port(host: str, port: int) -> None:
    """Refuse an address that cannot be listened on, before any work is done for it.

    :raises InputError: another program listens there, the port is not ours to take, or no such address.
    """
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as tried:  # as uvicorn does
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((host, port))
    except (OSError, UnicodeError) as error:
        told = error.strerror if isinstance(error, OSError) else None
        words = f"{host}:{port} cannot be listened on ({told or error})"
        remedy = "Stop what listens there, or name another: --port 8001 (with make: ARGS='--port 8001')."
        raise InputError((Fault("port-taken", words, remedy, field="port"),)) from None


def _to_serve(store: str, city: str) -> Path:
    """Return the folder to begin with: of a database that is down, the one that was served last.

    Where this machine has today's plan the store is not even opened, which takes longer than to serve.
    """
    due = folder_due(store, city)
    if due is not None:
        return due
    try:
        return folder_in_force(store, city)
    except StoreError as error:
        at_hand = folder_at_hand(store, city)
        if at_hand is None:
            raise
        note(f"{error}; serving what is at hand until it can be reached")
        return at_hand


def run(
    folder: Path,
    host: str,
    port: int,
    workers: int = 1,
    settings: Path | None = None,
    store: str = "",
) -> None:
    """Serve the snapshot in a folder until interrupted, and planners who work on its city in ``store``.

    :raises InputError: the settings are wrong, or the port cannot be listened on.
    """
    from api import worker
    from api.settings import read_settings
    from geogrid.snapshot import put_in_force

    require_port(host, port)
    place = str(put_in_force(folder))
    told = {worker.SNAPSHOT: place, worker.CITY: folder.parent.name, worker.STORE: store}
    tls: tuple[Path, ...] = ()
    if settings is not None:
        tls = tls_of(read_settings(settings, folder))  # a fault is told before anything starts
        told[worker.SETTINGS] = str(settings)
    if store:
        start_following(store, folder.parent.name)
    note(f"Serving at http{'s' * bool(tls)}://{host}:{port} (stop with Ctrl-C)")
    if workers > 1:
        _supervise(host, port, workers, told, tls)
    else:
        _become_worker(host, port, told, tls)


def tls_of(settings: Settings) -> tuple[Path, ...]:
    """Return certificate and key where the workers shall speak TLS themselves.

    :raises InputError: only one of them is set, or one cannot be read.
    """
    pair = settings.tls_certificate, settings.tls_key
    given = tuple(path for path in pair if path is not None)
    if len(given) == 1:
        words = "a certificate and its key belong together"
        raise InputError((Fault("bad-setting", words, "Set tls_certificate and tls_key.", field="tls_key"),))
    missing = [path for path in given if not os.access(path, os.R_OK)]
    if missing:
        told = (
            Fault("missing-file", "the file cannot be read", "Check the path.", str(one)) for one in missing
        )
        raise InputError(tuple(told))
    return given


def _become_worker(host: str, port: int, told: dict[str, str], tls: tuple[Path, ...]) -> NoReturn:
    """Put one worker in the place of this process, which keeps nothing of what has found the plan.

    ``-P`` and ``--app-dir``: what is called like a room of ours in the working folder is not imported.
    """
    from api import worker

    words = ["-P", "-m", "uvicorn", worker.FACTORY, "--factory", "--host", host, "--port", str(port)]
    words += ["--app-dir", str(Path(worker.__file__).parents[1])]
    words += ["--no-access-log", "--log-level", "warning", "--no-server-header", "--no-proxy-headers"]
    words += ["--timeout-graceful-shutdown", str(GRACE_S)]
    if tls:
        words += ["--ssl-certfile", str(tls[0]), "--ssl-keyfile", str(tls[1])]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, *words], {**os.environ, **told})  # noqa: S606 - our own words


def _supervise(host: str, port: int, workers: int, told: dict[str, str], tls: tuple[Path, ...]) -> None:
    """Start some workers and keep them running; their counts add up in a folder."""
    import uvicorn

    from api.metrics import SHARED
    from api.worker import FACTORY

    with tempfile.TemporaryDirectory(prefix="geogrid-counts-") as counts:
        told[SHARED] = os.environ.get(SHARED, counts)
        with _environment(told):
            uvicorn.run(
                FACTORY,
                factory=True,
                host=host,
                port=port,
                workers=workers,
                access_log=False,
                log_level="warning",
                server_header=False,
                ssl_certfile=tls[0] if tls else None,
                ssl_keyfile=tls[1] if tls else None,
                timeout_graceful_shutdown=GRACE_S,
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
