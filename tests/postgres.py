"""A real PostgreSQL with PostGIS from the system's packages, on a free port, in a temporary folder."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# A test's data need not outlive a power cut; all else is as Debian sets it up.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "200"}
ADMINISTRATOR = "geogrid"
TEMPLATE = "geogrid_template"


def tools_of() -> list[Path]:
    """Return the folders of PostgreSQL's programs, the newest last; none where it is not installed."""
    return sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name))


class PostgresServer:
    """One private server. It refuses to run as root, so root lends it the user ``postgres``.

    :raises RuntimeError: PostgreSQL is not installed.
    """

    def __init__(self, settings: Mapping[str, str] = SETTINGS) -> None:
        if not tools_of():
            raise RuntimeError("no PostgreSQL server is installed here; .ci/system installs it")
        self.tools = tools_of()[-1]
        self.settings = settings
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.folder = Path(tempfile.mkdtemp(prefix="geogrid-postgres-"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.user)
        self.port = _free_port()
        self.made = 0

    def __enter__(self) -> Self:
        try:
            data = str(self.folder / "data")
            self.run("initdb", "-D", data, "-A", "trust", "-E", "UTF8", "-U", ADMINISTRATOR, "--no-sync")
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(RuntimeError):
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *words: str, text: bytes | None = None) -> bytes:
        """Run one of PostgreSQL's programs as the server's user."""
        done = subprocess.run(
            [str(self.tools / words[0]), *words[1:]],
            input=text,
            capture_output=True,
            check=False,
            cwd=self.folder,
            user=self.user if os.geteuid() == 0 else None,
        )
        if done.returncode:
            raise RuntimeError((done.stderr or done.stdout).decode()[-500:])
        return bytes(done.stdout)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        told = {**self.settings, "listen_addresses": "127.0.0.1", "port": str(self.port)}
        options = " ".join(f"-c {name}={value}" for name, value in told.items()) + f" -k {self.folder}"
        data, log = str(self.folder / "data"), str(self.folder / "log")
        self.run("pg_ctl", "-D", data, "-w", "-t", "60", "-o", options, "-l", log, "start")

    def stop(self, how: str = "fast") -> None:
        """Stop the server: ``fast`` ends its sessions, ``immediate`` is a crash."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", how, "-w", "stop")

    @contextmanager
    def restored(self, base: Path, restore_command: str, moment: str) -> Iterator[None]:
        """Run the stopped server on a base backup, brought forward to a moment by the log of its writes."""
        data = self.folder / "data"
        data.rename(self.folder / "lost")
        base.rename(data)
        told = f"restore_command = '{restore_command}'\nrecovery_target_time = '{moment}'\n"
        told += "recovery_target_action = 'promote'\n"
        with (data / "postgresql.auto.conf").open("a") as settings:
            settings.write(told)
        (data / "recovery.signal").touch()
        shutil.chown(data / "recovery.signal", self.user)
        self.start()
        while self.sql("SELECT pg_is_in_recovery()") == "t":
            time.sleep(0.1)
        yield

    def sql(self, command: str, database: str = "postgres", text: bytes | None = None) -> str:
        """Run one command as the administrator, ``text`` being its input, and return what it prints."""
        where = ("-h", str(self.folder), "-p", str(self.port), "-U", ADMINISTRATOR, "-d", database)
        what = ("-qAt", "-v", "ON_ERROR_STOP=1", "-c", command)
        return self.run("psql", *where, *what, text=text).decode().strip()

    def url(self, database: str) -> str:
        """Return the URL of a store."""
        return f"postgresql://{ADMINISTRATOR}@127.0.0.1:{self.port}/{database}"

    def new_store(self) -> str:
        """Create an empty store and return its URL; copying one that is laid out already takes little."""
        if not self.sql(f"SELECT 1 FROM pg_database WHERE datname = '{TEMPLATE}'"):
            from geogrid.archive import Archive

            self.sql(f"CREATE DATABASE {TEMPLATE}")
            Archive.open(self.url(TEMPLATE)).close()
        return self._create(TEMPLATE)

    def new_database(self) -> str:
        """Create a database with nothing in it and return its URL."""
        return self._create("template0")

    def _create(self, template: str) -> str:
        self.made += 1
        name = f"store_{self.made}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database, whoever still looks at it."""
        self.sql(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
