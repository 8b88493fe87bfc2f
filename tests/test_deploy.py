"""The deploy folder: what it copies, mounts and starts is there, and the system's own tools accept it."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.settings import read_settings

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
    assert {"dask-geopandas", "distributed"} <= set(cluster) - set(run)


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
