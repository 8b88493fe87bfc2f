"""Ask a service whatever its OpenAPI document allows, and hold each answer against that document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.planning.who import COOKIE, CSRF_HEADER
from geogrid.archive import Actor
from tests.planned import PASSWORD, sign_in

if TYPE_CHECKING:
    from collections.abc import Callable

    import schemathesis
    from fastapi.testclient import TestClient

    from geogrid.accounts import AccountRole

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
LONGEST_S = 600  # a publication compiles a city, after all that is more urgent
ENDLESS = "/events"  # its answer does not end


def signed_in(client: TestClient, role: AccountRole) -> Callable[[], dict[str, str]]:
    """Return what signs somebody in anew, after beginning a draft of each community to ask about."""

    def headers() -> dict[str, str]:
        archive = client.app.state.office.archive  # type: ignore[attr-defined]
        for community in ("c1", "c2"):
            archive.drafts.begin("town", community, title="x", by=Actor("planner"))
        # The questions before may have shut, locked or changed the account.
        archive.accounts.change(role.value, by=Actor("test"), roles=[role], active=True, password=PASSWORD)
        person = sign_in(client, role.value)
        return {"Cookie": f"{COOKIE}={person.client.cookies[COOKIE]}", CSRF_HEADER: person.csrf}

    return headers


@dataclass
class Asked:
    """How many questions were asked of how many routes, and what was wrong, the route before it."""

    questions: int = 0
    routes: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def ask_all(
    schema: schemathesis.BaseSchema,
    each: int,
    *,
    seeded: int = 0,
    headers: Callable[[], dict[str, str]] = dict,
    under: str = "",
) -> Asked:
    """Ask ``each`` questions of every route ``under`` a path; ``headers()`` is called before each route."""
    told = Asked()
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        if operation.path.startswith(under) and not operation.path.endswith(ENDLESS):
            told.routes += 1
            _ask(operation, each, seeded, headers(), told)
    return told


def _ask(operation: Any, each: int, seeded: int, headers: dict[str, str], told: Asked) -> None:
    @seed(seeded)
    @settings(
        max_examples=each,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: schemathesis.Case[Any]) -> None:
        told.questions += 1
        answer = case.call(headers=headers, timeout=LONGEST_S)
        told.statuses[answer.status_code] = told.statuses.get(answer.status_code, 0) + 1
        case.validate_response(answer, checks=CHECKS)

    try:
        ask()
    except (Exception, BaseExceptionGroup) as error:  # all of them are told at once
        told.wrong.append(f"{operation.label}: {error}")
