"""Whatever the OpenAPI document allows, and much that it does not, gets a documented answer, never a 5xx."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import schemathesis
from fastapi.testclient import TestClient

from api import Settings, create_app
from geogrid.accounts import AccountRole
from tests.planned import office
from tests.questions import ask_all, signed_in

if TYPE_CHECKING:
    from pathlib import Path


def test_every_question_gets_a_documented_answer(town_snapshot: Path, tmp_path: Path) -> None:
    app = create_app(Settings(town_snapshot, reload_s=0, rate=0, jobs=tmp_path, jobs_waiting=1_000_000))
    with TestClient(app):
        told = ask_all(schemathesis.openapi.from_asgi("/openapi.json", app), 6)
    assert told.questions > 60
    assert told.wrong == []


@pytest.mark.parametrize(("role", "times"), [(AccountRole.PLANNER, 2), (AccountRole.OPERATOR, 1)])
def test_every_request_of_a_planner_gets_a_documented_answer(
    tmp_path: Path, role: AccountRole, times: int
) -> None:
    with office(tmp_path) as client:
        schema = schemathesis.openapi.from_asgi("/openapi.json", client.app)
        told = ask_all(schema, times, headers=signed_in(client, role), under="/v1/planning")
    assert told.routes > 40
    assert told.wrong == []
