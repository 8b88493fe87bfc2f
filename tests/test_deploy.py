"""The deploy folder: what it copies, mounts and starts is there, and the system's own tools accept it."""

from __future__ import annotations

import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
import tomllib
import warnings
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml

from api.settings import read_settings
from tests.servers import draw_certificate, free_port, nginx_before

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"


def compose() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return told


def test_the_image_copies_what_is_there_and_installs_by_hash() -> None:
    told = (DEPLOY / "Dockerfile").read_text()
    for words in re.findall(r"^COPY (?!--from)(.+) \S+$", told, re.M):
        for source in words.split():
            assert (ROOT / source).exists(), source
    lock = (ROOT / "locks" / "run.txt").read_text()
    assert "--require-hashes -r locks/run.txt" in told
    assert "--hash=sha256:" in lock
    assert "index-url" not in lock


def test_the_image_holds_what_the_product_needs_and_no_tools() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "locks" / "run.txt").read_text(), re.M))
    names = {re.split(r"[\[>;]", one)[0] for one in project["dependencies"]}
    assert names <= locked
    assert not locked & {"pytest", "mypy", "ruff", "playwright", "hypothesis"}


def test_a_worker_of_a_cluster_has_what_the_servers_have_and_dask() -> None:
    run, cluster = (
        dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "locks" / f"{name}.txt").read_text(), re.M))
        for name in ("run", "cluster")
    )
    assert run.items() <= cluster.items()
    assert {"dask", "distributed"} <= set(cluster) - set(run)
    assert "dask-geopandas" not in cluster  # only tests read our sets by it


def test_the_services_mount_what_is_there() -> None:
    told = compose()
    for name, service in told["services"].items():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            found = (DEPLOY / source).exists() if source.startswith(".") else source in told["volumes"]
            assert found, (name, volume)
        assert set(service.get("depends_on", ())) <= set(told["services"])
    upstream = re.findall(r"server (\w+):8000", (DEPLOY / "nginx.conf").read_text())
    assert set(upstream) == {name for name in told["services"] if name.startswith("api")}


def test_no_password_is_written_down() -> None:
    for file in DEPLOY.iterdir():
        for line in re.findall(r"PASSWORD[=:].*", file.read_text()):
            assert "${GEOGRID_DB_PASSWORD:?" in line or "..." in line, (file.name, line)


def test_the_settings_are_settings(tmp_path: Path) -> None:
    assert read_settings(DEPLOY / "settings.toml", tmp_path).proxies == 1


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "geogrid.service"
    told = (DEPLOY / "geogrid.service").read_text()
    unit.write_text(told.replace("/opt/geogrid/bin/geogrid", shutil.which("true") or "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert "geogrid.service" not in done.stderr, done.stderr


class Echo(BaseHTTPRequestHandler):
    """Answers with the headers that it was asked with."""

    def do_GET(self) -> None:
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


@dataclass
class Stub:
    """Stands where a server of geogrid would."""

    port: int


@pytest.fixture
def front(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """Run the product's nginx with its TLS before a stub; give the plain address and the port of TLS."""
    server = HTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder, secure = tmp_path / "nginx", free_port()
    folder.mkdir()
    draw_certificate(folder / "privkey.pem", folder / "fullchain.pem")
    told = (DEPLOY / "tls.conf").read_text().replace("/etc/nginx/tls/", f"{folder}/")
    (folder / "tls.conf").write_text(told.replace("listen 8443", f"listen 127.0.0.1:{secure}"))
    with nginx_before([Stub(server.server_port)], folder) as url:
        yield url, secure
    server.shutdown()


def test_nginx_ends_tls_says_so_and_refuses_programs_in_the_clear(front: tuple[str, int]) -> None:
    plain, port = front
    answer = httpx.get(
        f"https://127.0.0.1:{port}/v1/city", verify=False, headers={"X-Forwarded-Proto": "http"}
    )
    told = answer.json()
    assert (told["x-forwarded-proto"], told["x-forwarded-for"]) == ("https", "127.0.0.1")
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}
    assert (
        httpx.get(f"https://127.0.0.1:{port}/", verify=False, headers=forged).json()["x-forwarded-for"]
        == "127.0.0.1"
    )
    for path in ("/", "/planner", "/docs", "/embed/city"):
        sent = httpx.get(f"{plain}{path}?lang=en")
        assert (sent.status_code, sent.headers["location"]) == (301, f"https://127.0.0.1{path}?lang=en")
    assert httpx.get(f"https://127.0.0.1:{port}/metrics", verify=False).status_code == 404
    for path in ("/v1/lookup?address=x", "/v1/planning/session", "/ogc"):
        assert httpx.get(f"{plain}{path}").status_code == 403


@pytest.mark.parametrize(("version", "accepted"), [("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)])
def test_only_recent_tls_is_spoken(front: tuple[str, int], version: str, accepted: bool) -> None:
    asked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asked.check_hostname, asked.verify_mode = False, ssl.CERT_NONE
    asked.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        asked.minimum_version = asked.maximum_version = ssl.TLSVersion[version]
    with socket.create_connection(("127.0.0.1", front[1])) as line:
        if not accepted:
            with pytest.raises(ssl.SSLError):
                asked.wrap_socket(line)
            return
        with asked.wrap_socket(line) as spoken:
            assert spoken.version() == version.replace("_", ".")
            assert str(spoken.cipher()).count("GCM") or str(spoken.cipher()).count("CHACHA20")
