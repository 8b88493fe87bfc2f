"""The command line: exit codes that scripts can trust, errors in words, results on stdout only."""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from geogrid.cli import main
from geogrid.cli.app import app
from geogrid.cli.console import plain
from geogrid.cli.demo import BOUNDARIES, city_folder
from geogrid.cli.exits import MEANINGS, Exit
from geogrid.cli.store import snapshot_folder
from geogrid.errors import Fault, InputError, NotFoundError, SnapshotError, StaleError, StoreError
from tests.governed import filled, governed_town, opened

COMMANDS = [
    "account",
    "assign",
    "audit",
    "check",
    "cluster",
    "demo",
    "divide",
    "draft",
    "export",
    "follow",
    "learn",
    "levels",
    "load",
    "lookup",
    "map",
    "pairings",
    "print",
    "publish",
    "report",
    "sample",
    "serve",
    "store",
    "withdraw",
]
GROUPS = {
    "account": ("add", "list", "password", "shut"),
    "audit": ("verify", "show"),
    "cluster": ("part", "divide", "assign"),
    "draft": ("list", "export", "import"),
    "store": ("copy", "backup", "restore", "orders"),
}
DOCS = Path(__file__).parent.parent / "docs"


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_the_commands_are_the_promised_ones() -> None:
    _, out, _ = run("--help")
    assert sorted(re.findall(r"^  ([a-z]+)  ", out.split("Commands:")[1], re.M)) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_helps_with_an_example(command: str) -> None:
    code, out, _ = run(command, "--help")
    assert code == Exit.OK
    if command in GROUPS:
        out = "".join(run(command, part, "--help")[1] for part in GROUPS[command])
    assert f"Example: geogrid {command}" in out
    assert command == "sample" or "--store" in out
    assert command == "sample" or "GEOGRID_STORE" in out


@pytest.mark.parametrize(
    "command", ["assign", "check", "divide", "learn", "load", "lookup", "publish", "report", "withdraw"]
)
def test_what_prints_results_prints_json(command: str) -> None:
    assert "--json" in run(command, "--help")[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["lookup"],
        ["lookup", "x", "--lon", "1"],
        ["lookup", "--lon", "1"],
        ["lookup", "--lon", "east", "--lat", "1"],
        ["publish", "one"],
        ["serve", "--port", "70000"],
        ["export", "everything", "x.gpkg"],
    ],
)
def test_a_wrong_command_line_is_exit_2(arguments: list[str]) -> None:
    code, out, err = run(*arguments)
    assert code == Exit.USAGE
    assert out == ""
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [["lookup", "x"], ["check"], ["report"], ["divide"], ["publish"], ["serve"], ["export", "plan", "x.csv"]],
)
def test_a_store_that_is_not_there_is_exit_4_and_is_not_made(arguments: list[str], tmp_path: Path) -> None:
    code, out, err = run(*arguments, "--store", f"sqlite:///{tmp_path}/none.db")
    assert code == Exit.STORE
    assert out == ""
    assert "there is no store" in err
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_no_store_is_exit_4(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is no database, it only looks like one " * 100)
    for url in (f"sqlite:///{tmp_path}/text.db", "nonsense"):
        code, _, err = run("check", "--store", url)
        assert code == Exit.STORE, err


def test_bad_data_is_exit_3_with_every_fault_in_a_table(tmp_path: Path) -> None:
    code, out, err = run("load", str(tmp_path / "nowhere"), "--store", f"sqlite:///{tmp_path}/x.db")
    assert code == Exit.DATA
    assert out == ""
    assert "no-such-file" in err
    assert not (tmp_path / "x.db").exists()


def test_a_port_that_is_taken_is_told_before_any_work(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        code, _, err = run("demo", "--store", f"sqlite:///{tmp_path}/x.db", "--port", port)
    assert code == Exit.DATA
    assert f"127.0.0.1:{port} cannot be listened on" in err
    assert "--port 8001" in err
    assert list(tmp_path.iterdir()) == []


def test_a_city_that_does_not_ship_is_exit_5(tmp_path: Path) -> None:
    code, _, err = run("demo", "--city", "atlantis", "--store", f"sqlite:///{tmp_path}/x.db", "--no-serve")
    assert code == Exit.MISSING
    assert "atlantis" in err


def test_a_path_to_a_city_is_meant_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``../boundaries/songshan`` is no way into the cities that ship; a bare name is one of them."""
    (tmp_path / "here").mkdir()
    (tmp_path / "boundaries" / "songshan").mkdir(parents=True)
    (tmp_path / "boundaries" / "songshan" / "city.toml").touch()
    monkeypatch.chdir(tmp_path / "here")
    assert city_folder("../boundaries/songshan") == tmp_path / "boundaries" / "songshan"
    assert city_folder("songshan") == BOUNDARIES / "songshan"


@pytest.mark.parametrize("city_id", ["../../etc", "..", ".", "", "/etc", "a/b", "a\\b", "a\n", "x" * 65])
def test_no_city_leads_out_of_the_snapshots(city_id: str) -> None:
    with pytest.raises(StoreError, match="cannot name a folder"):
        snapshot_folder("sqlite:///var/x.db", city_id, 1)


@pytest.mark.parametrize("city_id", ["songshan", "丹东", "bukit-merah", "v1.2", "New Town", "_", "x" * 64])
def test_a_city_names_the_folder_of_its_snapshots(city_id: str) -> None:
    assert snapshot_folder("sqlite:///var/x.db", city_id, 1) == Path("var/x.snapshots") / city_id / "1"


def test_a_version_of_another_city_is_not_published(tmp_path: Path) -> None:
    with opened(tmp_path) as archive:
        draft = filled(archive)
        archive.store_city(replace(governed_town(), id="other"))
    url = f"sqlite:///{tmp_path}/store.db"
    code, _, err = run("publish", str(draft.id), "--city", "other", "--store", url)
    assert code == Exit.MISSING
    assert "version of city other" in err
    with opened(tmp_path) as archive:
        assert archive.version(draft.id).status == "draft"


def test_an_unknown_policy_is_exit_3(tmp_path: Path) -> None:
    code, _, err = run("divide", "--policy", "square", "--store", f"sqlite:///{tmp_path}/x.db")
    assert code == Exit.DATA
    assert "unknown-preset" in err


def test_an_unforeseen_error_is_exit_70_without_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("3 Private Street")

    monkeypatch.setattr("geogrid.cli.load.read", fail)
    code, out, err = run("load", "x")
    assert code == Exit.BUG
    assert "Private" not in out + err
    assert "ValueError" in err
    result = CliRunner().invoke(app, ["--debug", "load", "x"])
    assert isinstance(result.exception, ValueError)


def test_an_interruption_is_exit_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("geogrid.cli.load.read", interrupt)
    assert run("load", "x")[0] == Exit.INTERRUPTED


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError((Fault("r", "m"),)), Exit.DATA),
        (NotFoundError("city", "x"), Exit.MISSING),
        (StoreError("x"), Exit.STORE),
        (StaleError("x"), Exit.STORE),
        (SnapshotError("x"), Exit.STORE),
    ],
)
def test_every_error_has_its_exit_code(monkeypatch: pytest.MonkeyPatch, error: Exception, code: Exit) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("geogrid.cli.load.read", fail)
    assert run("load", "x")[0] == code


def test_the_exit_codes_stand_in_the_docs() -> None:
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    for code, meaning in MEANINGS.items():
        assert f"| {code.value} | {meaning} |" in text


def test_text_of_the_data_cannot_steer_the_terminal() -> None:
    assert plain("a\x1b[31mb\r\n\x07兴东") == "a [31mb   兴东"


@pytest.mark.parametrize("by_environment", [False, True])
def test_a_password_on_the_command_line_is_warned_of(
    by_environment: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://user:TOPSECRET@127.0.0.1:9/none"
    if by_environment:
        monkeypatch.setenv("GEOGRID_STORE", url)
    with pytest.raises(SystemExit):
        main(["report", *([] if by_environment else ["--store", url])])
    told = capsys.readouterr().err
    assert ("can be read by others" in told) == (not by_environment)
    assert "TOPSECRET" not in told
