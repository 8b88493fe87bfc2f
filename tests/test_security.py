"""docs/security.md keeps its word: every requirement is answered, every file and test that it names is there.

Below are the tests of answers that have no other place.
"""

from __future__ import annotations

import ast
import re
import socket
from datetime import UTC, datetime, timedelta
from functools import cache, reduce
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from fastapi.testclient import TestClient

from api import Settings, create_app
from api.planning import identity, routers
from api.planning.shapes import PLANNING_SHAPES, NewAccount, SessionAnswer
from geogrid.accounts import Right
from geogrid.archive import Archive
from geogrid.passwords import OURS
from tests.conftest import serving
from tests.planned import office, sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([^|]+) \| ([^|]+) \|([^|]*)\|([^|]*)\|$", re.M)
ROWS = ROW.findall(PAGE)
ANSWERS = ("holds", "does not apply", "operator", "**gap**")
# The requirements of levels 1 and 2 of OWASP ASVS 5.0.0: chapter and section, then their numbers in it.
REQUIREMENTS = {
    "1.1": "1-2", "1.2": "1-9", "1.3": "1-11", "1.4": "1-3", "1.5": "1-2", "2.1": "1-3", "2.2": "1-3",
    "2.3": "1-4", "2.4": "1", "3.2": "1-2", "3.3": "1-4", "3.4": "1-6", "3.5": "1-5", "3.7": "1-2",
    "4.1": "1-3", "4.2": "1", "4.3": "1-2", "4.4": "1-4", "5.1": "1", "5.2": "1-3", "5.3": "1-2",
    "5.4": "1-3", "6.1": "1-3", "6.2": "1-12", "6.3": "1-4", "6.4": "1-4", "6.5": "1-5", "6.6": "1-3",
    "6.8": "1-4", "7.1": "1-3", "7.2": "1-4", "7.3": "1-2", "7.4": "1-5", "7.5": "1-2", "7.6": "1-2",
    "8.1": "1-2", "8.2": "1-3", "8.3": "1", "8.4": "1", "9.1": "1-3", "9.2": "1-4", "10.1": "1-2",
    "10.2": "1-2", "10.3": "1-4", "10.4": "1-11", "10.5": "1-5", "10.6": "1-2", "10.7": "1-3",
    "11.1": "1-2", "11.2": "1-3", "11.3": "1-3", "11.4": "1-4", "11.5": "1", "11.6": "1", "12.1": "1-3",
    "12.2": "1-2", "12.3": "1-4", "13.1": "1", "13.2": "1-5", "13.3": "1-2", "13.4": "1-5", "14.1": "1-2",
    "14.2": "1-4", "14.3": "1-3", "15.1": "1-3", "15.2": "1-3", "15.3": "1-7", "16.1": "1", "16.2": "1-5",
    "16.3": "1-4", "16.4": "1-3", "16.5": "1-3", "17.1": "1", "17.2": "1-4", "17.3": "1-2",
}  # fmt: skip


def wanted() -> list[str]:
    found = []
    for section, told in REQUIREMENTS.items():
        for part in told.split():
            first, _, last = part.partition("-")
            found += [f"{section}.{number}" for number in range(int(first), int(last or first) + 1)]
    return found


def test_every_requirement_is_answered_once_and_in_order() -> None:
    assert [number for number, *_ in ROWS] == wanted()
    assert len(ROWS) == 253


def test_every_answer_is_one_of_four_and_the_summary_counts_them() -> None:
    counted = dict.fromkeys(ANSWERS, 0)
    for number, _, answer, code, tests in ROWS:
        kind = next((one for one in ANSWERS if answer.startswith(one)), None)
        assert kind is not None, number
        counted[kind] += 1
        if kind == "holds":
            assert code.strip(), f"{number} names no code"
            assert tests.strip(), f"{number} names no test"
        elif kind == "does not apply":
            assert answer.startswith("does not apply: "), f"{number} gives no reason"
    for kind, number in counted.items():
        assert f"| {kind} | {number} |" in PAGE, kind
    for number, _, answer, _, _ in ROWS:
        if answer.startswith("**gap**"):
            assert f"**{number}**" in PAGE, f"{number} is not named among the gaps"


def named_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / f"{file}.py").read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_file_and_test_that_is_named_is_there() -> None:
    known: dict[str, set[str]] = {}
    for number, _, _, code, tests in ROWS:
        for path in re.findall(r"`([^`]+)`", code):
            assert (ROOT / path).exists(), (number, path)
        for file, name in re.findall(r"`(\w+)::(\w+)`", tests):
            known.setdefault(file, named_in(file))
            assert f"test_{name}" in known[file], (number, file, name)
        assert len(re.findall(r"`", tests)) == 2 * len(re.findall(r"`\w+::\w+`", tests)), number


def test_a_false_row_is_noticed() -> None:
    assert "test_what_is_not_there" not in named_in("test_accounts")
    assert ROW.findall("| 1.2.3 | x | holds | `a` |") == []


# What the page says in words


def test_the_words_of_the_house_are_documented() -> None:
    for word in OURS:
        assert f"`{word}`" in PAGE, word


def test_the_document_draws_every_boundary() -> None:
    for who in (
        "resident",
        "proxy",
        "API worker",
        "snapshot",
        "planner",
        "store",
        "operator",
        "provider",
        "geocoder",
    ):
        assert who in PAGE.partition("## V1 ")[0], who


CRYPTOGRAPHY = {"hmac", "secrets", "ssl", "argon2", "joserfc", "cryptography", "authlib"}


@cache
def sources() -> tuple[tuple[Path, str, tuple[ast.AST, ...]], ...]:
    """Return every file of the product with its text and all nodes of its tree; it is read once."""
    paths = [path for room in ("geogrid", "api", "maps") for path in sorted((ROOT / room).rglob("*.py"))]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    return tuple(
        (path, text, tuple(ast.walk(ast.parse(text)))) for path, text in zip(paths, texts, strict=True)
    )


def called(node: ast.AST) -> str:
    """Return the name that a node calls, nothing where it calls none."""
    if not isinstance(node, ast.Call):
        return ""
    plain = isinstance(node.func, ast.Name | ast.Attribute)
    return ast.unparse(node.func) if plain else ""


def test_the_inventory_of_cryptography_is_whole() -> None:
    inventory = PAGE.partition("### Cryptography")[2].partition("\n## ")[0]
    for path, text, nodes in sources():
        for node in nodes:
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in {name.split(".")[0] for name in names} & CRYPTOGRAPHY:
                assert f"`{path.relative_to(ROOT)}`" in inventory, (path, name)
        weak = set(re.findall(r"\b(?:md5|sha1|hashlib\.new)\b", text))
        assert weak <= ({"sha1"} if path.name == "passwords.py" else set()), (path, weak)


# Rules that the code keeps everywhere

FORBIDDEN = {
    "eval",
    "exec",
    "os.system",
    "os.popen",
    "marshal.loads",
    "yaml.load",
    "shelve.open",
    "__import__",
}
OWN_PROCESSES = {"geogrid/fleet.py"}


def test_no_text_is_run_as_code() -> None:
    for path, _text, nodes in sources():
        place = path.relative_to(ROOT).as_posix()
        for node in nodes:
            if not isinstance(node, ast.Call):
                continue
            name = called(node)
            assert name not in FORBIDDEN, (place, node.lineno)
            assert name not in {"pickle.loads", "pickle.load"} or place in OWN_PROCESSES, (place, node.lineno)
            for option in node.keywords:
                truly = isinstance(option.value, ast.Constant) and option.value.value is True
                assert not (option.arg in {"shell", "allow_pickle"} and truly), (place, node.lineno)


def names_in(pattern: ast.expr) -> set[str]:
    """Return the names whose values go into a pattern; what only chooses between two does not."""
    if isinstance(pattern, ast.IfExp):
        return names_in(pattern.body) | names_in(pattern.orelse)
    names = {one.id for one in ast.walk(pattern) if isinstance(one, ast.Name)}
    return {name for name in names if not name.isupper()} - {"re", "str"}


def test_text_in_a_pattern_is_escaped() -> None:
    """A pattern is written here, of constants, or what goes into it is escaped in the same file."""
    found = 0
    for path, text, nodes in sources():
        for node in nodes:
            name, given = called(node), getattr(node, "args", [])
            if name.startswith("re.") and name != "re.escape" and given and names_in(given[0]):
                found += 1
                assert "re.escape" in text, (path, name)
    assert found, "the search finds what it looks for"


def test_nobody_turns_certificates_off() -> None:
    for path, text, _nodes in sources():
        for wrong in ("CERT_NONE", "check_hostname = False", "_create_unverified_context", "trust_env=True"):
            assert wrong not in text, path
        if "httpx" in text:
            assert "verify=False" not in text, path


def test_secrets_come_from_the_systems_randomness() -> None:
    """At least 128 bits, and nothing that is not to be guessed comes from ``random``."""
    for path, _text, nodes in sources():
        if path.relative_to(ROOT).parts[:2] in {("geogrid", "sample"), ("geogrid", "partition")}:
            continue  # drawn towns and searches repeat themselves by their seed
        for node in nodes:
            if isinstance(node, ast.Import):
                assert "random" not in {one.name for one in node.names}, path
            if isinstance(node, ast.Call) and called(node) in {
                "secrets.token_urlsafe",
                "secrets.token_hex",
            }:
                assert isinstance(node.args[0], ast.Constant)
                named = path.name in {"edge.py", "metrics.py"}  # numbers of requests and of files, no secrets
                assert named or int(str(node.args[0].value)) >= 16, (path, node.lineno)


def test_only_listed_algorithms_sign() -> None:
    assert set(identity.SIGNED_WITH) == {"RS256", "PS256", "ES256", "EdDSA"}


def test_every_body_refuses_unknown_fields() -> None:
    answers = {SessionAnswer}
    for shape in set(PLANNING_SHAPES) - answers:
        with pytest.raises(msgspec.ValidationError, match=r"unknown field|missing required"):
            msgspec.json.decode(b'{"is_operator": true}', type=shape)
        assert shape.__struct_config__.forbid_unknown_fields, shape


def test_an_account_has_no_questions() -> None:
    fields = {one.name for one in msgspec.structs.fields(NewAccount)}
    assert fields == {"name", "roles", "password", "display", "subdistricts", "subject"}


def test_a_new_store_has_no_account(tmp_path: Path) -> None:
    with Archive.open(f"sqlite:///{tmp_path}/store.db") as archive:
        assert archive.accounts.all() == ()


READING = {Right.EDIT, Right.APPROVE, Right.PUBLISH}


def test_what_is_read_is_not_written() -> None:
    """A GET asks for no right to write, but where only who may write needs to read."""
    only_writers = {"/v1/planning/drafts/{draft_id}/shares"}
    from api.planning.who import right_of

    for router in routers.ROUTERS:
        for route in router.routes:
            if "GET" in route.methods and route.path not in only_writers:  # type: ignore[attr-defined]
                rights = {right_of(one.call) for one in route.dependant.dependencies if one.call}  # type: ignore[attr-defined]
                assert not rights & READING, route.path  # type: ignore[attr-defined]


# Scripts


def scripts() -> dict[str, str]:
    folder = ROOT / "maps" / "static"
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.js"))}


STORED = {
    "planner-keys.js": {
        "localStorage.getItem(OFF)",
        "localStorage.setItem(OFF, ",
        "localStorage.removeItem(OFF)",
    }
}


def test_no_script_stores_anything_but_a_setting_of_the_keyboard() -> None:
    for name, written in scripts().items():
        text = reduce(lambda left, kept: left.replace(kept, ""), sorted(STORED.get(name, ())), written)
        for word in ("localStorage", "sessionStorage", "indexedDB", "document.cookie", "caches."):
            assert word not in text, (name, word)


def test_no_script_hinders_pasting() -> None:
    for name, text in scripts().items():
        assert not re.search(r"on: ?\{[^}]*paste|addEventListener\(\"paste|onpaste", text), name
        assert 'autocomplete: "off"' not in text or "password" not in text, name


def test_the_page_sends_addresses_in_bodies() -> None:
    for name, text in scripts().items():
        assert not re.search(r"[?&]address=", text), name
    assert 'post("/v1/lookup"' in scripts()["find.js"]


def test_a_name_of_a_prototype_is_a_name() -> None:
    """Where scripts keep something by a name from the data they use a Map, or look for own keys only."""
    text = scripts()["text.js"]
    assert "Object.prototype.hasOwnProperty.call(setup.words, key)" in text
    for name, text in scripts().items():
        assert "__proto__" not in text, name
        assert not re.search(r"\bfor \((const|let) \w+ in ", text), name
        assert not re.search(r"reduce\(.*, \{\}\)", text), name


# A live service


@pytest.fixture(scope="module")
def client(town_snapshot: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(town_snapshot, reload_s=0, rate=0))) as client:
        yield client


def test_every_text_says_its_alphabet(client: TestClient) -> None:
    scripts = re.findall(r'"(/static/[^"]+)"', client.get("/").text)
    assert len(scripts) > 3
    for path in ("/", "/docs", "/embed/city", "/embed.js", "/metrics", *scripts):
        told = client.get(path).headers["content-type"]
        assert not told.startswith("text/") or "charset=utf-8" in told, (path, told)


def test_no_folder_is_listed_and_trace_is_refused(client: TestClient) -> None:
    for path in (
        "/static/",
        "/static",
        "/embed/",
        "/print/",
        "/.git/config",
        "/.env",
        "/static/..%2f..%2fapp.py",
    ):
        assert client.get(path).status_code == 404, path
    for path in ("/", "/v1/lookup", "/static/x.js"):
        assert client.request("TRACE", path).status_code in {404, 405}, path


def test_where_to_report_is_told_where_the_operator_says_so(client: TestClient, town_snapshot: Path) -> None:
    assert client.get("/.well-known/security.txt").status_code == 404
    settings = Settings(town_snapshot, reload_s=0, security_contact="mailto:security@city.example")
    with TestClient(create_app(settings)) as told:
        answer = told.get("/.well-known/security.txt")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        contact, expires, _ = answer.text.splitlines()
        assert contact == "Contact: mailto:security@city.example"
        until = datetime.fromisoformat(expires.removeprefix("Expires: "))
        assert timedelta(days=90) < until - datetime.now(UTC) < timedelta(days=365)


def test_a_parameter_that_stands_twice_is_refused(client: TestClient) -> None:
    for query in ("address=A&address=B", "lon=1&lat=2&lon=3", "address=A&limit=1&limit=2"):
        answer = client.get(f"/v1/lookup?{query}")
        assert answer.status_code == 422
        assert "twice" in answer.text


def test_a_request_of_two_lengths_is_refused(town_snapshot: Path) -> None:
    smuggled = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    head = b"POST /v1/lookup HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with serving(town_snapshot) as url:
        for lengths in (
            b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
            b"Content-Length: 4\r\nContent-Length: 5\r\n",
        ):
            with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as line:
                line.settimeout(10)
                line.sendall(head + lengths + b"\r\n" + smuggled)
                told = b""
                while part := line.recv(65536):
                    told += part
            assert told.startswith(b"HTTP/1.1 400")
            assert told.count(b"HTTP/1.1") == 1


def test_planners_answers_are_not_kept(tmp_path: Path) -> None:
    with office(tmp_path) as client:
        planner = sign_in(client, "planner")
        draft = planner.post("/drafts", community="c1", title="x").json()["draft"]["id"]
        for path in (
            "/session",
            "/sessions",
            "/drafts",
            f"/drafts/{draft}",
            "/tokens",
            "/communities",
            "/versions",
        ):
            answer = planner.get(path)
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), path
        bench = planner.get(f"/drafts/{draft}/bench").headers["cache-control"]
        assert "private" in bench


def test_no_token_of_the_provider_reaches_the_browser() -> None:
    """The cookie of a sign-in under way holds what this browser began with; nothing of the answer."""
    from api.planning.shapes import Pending

    assert {one.name for one in msgspec.structs.fields(Pending)} == {"state", "nonce", "verifier"}
    source = (ROOT / "api" / "planning" / "openid.py").read_text(encoding="utf-8")
    assert "access_token" not in source
    assert "id_token" not in source
