"""The log of a worker: one JSON object a line, nothing of a question in it, and refusals of rights kept."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import re
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from api import Settings, create_app
from api.logged import start_log
from geogrid.errors import InputError
from tests.planned import office, sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "SECRET-STRASSE-7"


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """Let a test start the log, and put what it changed back."""
    names = ("", "geogrid", "uvicorn", "uvicorn.error", "uvicorn.access")
    loggers = [logging.getLogger(name) for name in names]
    before = [(one, one.handlers[:], one.level, one.propagate) for one in loggers]
    yield capsys
    for one, handlers, level, propagate in before:
        one.handlers[:], one.propagate = handlers, propagate
        one.setLevel(level)


def lines(told: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in told.readouterr().err.splitlines()]


def test_no_text_begins_another_line_of_the_log(told: pytest.CaptureFixture[str]) -> None:
    start_log("errors")
    logging.getLogger("uvicorn.error").warning('x\n{"level":"info","message":"forged"}\r\u2028')
    logging.getLogger("geogrid.api").warning('["no object"]')
    logging.getLogger("geogrid.api").info("not asked for")
    try:
        int(SECRET)
    except ValueError:
        logging.getLogger("geogrid.follow").exception("it failed")
    first, second, third = lines(told)
    assert (first["level"], first["logger"]) == ("warning", "uvicorn.error")
    assert first["message"].startswith('x\n{"level"')
    assert second["message"] == '["no object"]'
    assert (third["message"], third["error"]) == ("it failed", "ValueError")
    assert SECRET not in str(third)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", one["time"]) for one in (first, second, third))


def test_refused_rights_are_logged_and_requests_where_they_are_asked_for(
    told: pytest.CaptureFixture[str], town_snapshot: Path, tmp_path: Path
) -> None:
    settings = Settings(town_snapshot, reload_s=0, rate=0)
    for what, statuses in (("errors", [401]), ("requests", [200, 401])):
        start_log(what)
        with TestClient(create_app(dataclasses.replace(settings, tokens=tokens_file(tmp_path)))) as client:
            client.get("/v1/lookup", params={"address": SECRET})
            client.get("/v1/city", headers={"Authorization": f"Bearer {SECRET}"})
        found = [one for one in lines(told) if one["logger"] == "geogrid.api"]
        assert [one["status"] for one in found] == statuses
        assert SECRET not in str(found)
    with pytest.raises(InputError, match="errors, requests"):
        start_log("everything")


def tokens_file(folder: Path) -> Path:
    digest = hashlib.sha256(b"portal").hexdigest()
    path = folder / "tokens.toml"
    path.write_text(f'[portal]\nsha256 = "{digest}"\nrate = 1\nburst = 5\n')
    return path


def test_a_page_that_asks_who_it_is_is_no_attempt(told: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    start_log("errors")
    with office(tmp_path) as client:
        client.get("/v1/planning/session")
        client.post("/v1/planning/session", json={"name": SECRET, "password": SECRET})
        sign_in(client, "viewer").get("/accounts")
    found = [(one["method"], one["status"]) for one in lines(told)]
    assert found == [("POST", 401), ("GET", 403)]
