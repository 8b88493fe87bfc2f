"""Real servers of geogrid with a real nginx in front, and a line to the database that can be cut."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[1]
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


def free_port() -> int:
    """Return a port of this machine that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def draw_certificate(key: Path, chain: Path) -> None:
    """Write a key and a certificate for this machine's loopback that vouches for itself, for one day."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    named = ["-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, *named, "-keyout", key, "-out", chain], check=True, capture_output=True)


class Listening(Protocol):
    """What listens on a port of this machine."""

    port: int


class GridServer:
    """``geogrid serve`` in a folder of its own, as on a machine of its own."""

    def __init__(self, store: str, folder: Path, workers: int = 1) -> None:
        self.store, self.folder, self.port = store, folder, free_port()
        self.workers = workers
        self.url = f"http://127.0.0.1:{self.port}"
        folder.mkdir(exist_ok=True)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it and return when it serves a plan."""
        (self.folder / "settings.toml").write_text("rate = 0\nproxies = 1\n")
        command = [str(Path(sys.executable).with_name("geogrid")), "serve", "--port", str(self.port)]
        command += ["--store", self.store, "--settings", "settings.toml", "--workers", str(self.workers)]
        with (self.folder / "said").open("ab") as said:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=said, stderr=said)
        wait_until(lambda: httpx.get(f"{self.url}/readyz").status_code == 200, 120)
        return self

    def kill(self) -> None:
        """End it as a power cut does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """End it as an operator does."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()

    def said(self) -> str:
        """Return what it wrote."""
        return (self.folder / "said").read_text()


@contextmanager
def nginx_before(servers: Sequence[Listening], folder: Path) -> Iterator[str]:
    """Run the product's own nginx.conf before some servers, with the folder's ``tls.conf``; give its URL."""
    port = free_port()
    told = (ROOT / "deploy" / "nginx.conf").read_text()
    told, count = re.subn(
        r"( +server api\d:8000 (.*)\n)+",
        "".join(rf"server 127.0.0.1:{one.port} \2" + "\n" for one in servers),
        told,
    )
    assert count == 1
    told = told.replace("listen 8080;", f"listen 127.0.0.1:{port};").replace("/etc/nginx/", f"{folder}/")
    told = f"daemon off;\npid {folder}/nginx.pid;\n" + told.replace(
        "http {", f"http {{\nclient_body_temp_path {folder}/body;\nproxy_temp_path {folder}/proxy;\n", 1
    )
    folder.mkdir(exist_ok=True)
    if os.geteuid() == 0:  # its workers run as another user, who must come to their folders
        told = "user root;\n" + told
    (folder / "nginx.conf").write_text(told)
    process = subprocess.Popen([NGINX, "-c", str(folder / "nginx.conf"), "-p", str(folder)])
    try:
        wait_until(lambda: httpx.get(f"http://127.0.0.1:{port}/healthz").status_code in {200, 403}, 30)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@dataclass
class Asker:
    """Asks for one address again and again, and keeps every (status, version, grid) it is told.

    An answer that was on its way when its server was killed is ``cut_short``, no error.
    """

    url: str
    address: str
    every_s: float = 0.01
    told: list[tuple[int, int, int]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    cut_short: int = 0
    done: threading.Event = field(default_factory=threading.Event)

    def start(self) -> Self:
        """Begin, beside whoever calls."""
        threading.Thread(target=self._ask, daemon=True).start()
        return self

    def _ask(self) -> None:
        with httpx.Client(base_url=self.url, timeout=30) as client:
            while not self.done.wait(self.every_s):
                try:
                    answer = client.get("/v1/lookup", params={"address": self.address})
                    content = answer.json()
                    self.told.append(
                        (answer.status_code, content["plan"]["version"], content["grid"]["number"])
                    )
                except httpx.RemoteProtocolError:
                    self.cut_short += 1
                except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
                    self.errors.append(repr(error))


def version_at(url: str, address: str) -> int:
    """Return the version that a server answers an address from."""
    answer = httpx.get(f"{url}/v1/lookup", params={"address": address}, timeout=30)
    return int(answer.json()["plan"]["version"])


class Line:
    """A TCP line to a port of this machine that a test can cut, mend and make slow: ``delay_s`` each way."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.cut = False
        self.delay_s = 0.0
        self.open: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self.listener.accept()
                if self.cut:
                    here.close()
                    continue
                there = socket.create_connection(("127.0.0.1", self.target))
                self.open += [here, there]
                for one, other in ((here, there), (there, here)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                time.sleep(self.delay_s)
                other.sendall(data)
        with suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)

    def set_cut(self, *, cut: bool) -> None:
        """Cut the line, ending what runs over it, or mend it."""
        self.cut = cut
        if cut:
            for one in self.open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            self.open.clear()

    def close(self) -> None:
        """Cut it for good."""
        self.set_cut(cut=True)
        self.listener.close()


def wait_until(holds: object, seconds: float) -> float:
    """Wait until ``holds()`` is true, an address that does not answer being a no; return how long it took."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        with suppress(httpx.HTTPError):
            if holds():  # type: ignore[operator]
                return time.monotonic() - began
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")
