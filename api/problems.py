"""Errors as problem details (RFC 9457): one table from exception to status.

A problem never repeats what was asked: an address or an id from the request stays out of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.words import language_of, said
from geogrid.errors import (
    FaultyError,
    FrozenError,
    GeogridError,
    InputError,
    NotFoundError,
    PlanError,
    PolicyError,
    RefusedError,
    SignInError,
    SnapshotError,
    StaleError,
    StoreError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapi import FastAPI
    from starlette.requests import Request

    from geogrid.errors import Fault

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:geogrid:problem:"
PLANNING = "/v1/planning/"
STATUS: dict[type[Exception], int] = {
    NotFoundError: 404,
    SignInError: 401,
    StaleError: 409,
    FrozenError: 409,
    RefusedError: 422,
    PolicyError: 422,
    PlanError: 422,
    InputError: 422,
    SnapshotError: 503,
    StoreError: 503,
    GeogridError: 500,
}
TITLES = {
    400: ("bad-request", "The request cannot be read"),
    401: ("unknown-token", "The token is not known here"),
    403: ("not-allowed", "The account may not do this"),
    404: ("not-found", "There is nothing here"),
    405: ("method-not-allowed", "This address does not answer that method"),
    406: ("not-acceptable", "There is no such format of this"),
    408: ("too-slow", "The request took too long to arrive"),
    409: ("stale", "The edit started from an older version"),
    413: ("too-large", "The request body is too large"),
    415: ("unsupported-media-type", "The body must be application/json"),
    422: ("invalid", "The request has a value that cannot be used"),
    429: ("too-many", "There were too many requests; ask again later"),
    501: ("not-implemented", "This form of answer is not offered"),
    500: ("internal", "Something went wrong here"),
    503: ("unavailable", "No published plan can be served right now"),
    504: ("timed-out", "The answer took too long; ask again later"),
}


class Refusal(Exception):  # noqa: N818
    """A request that is refused with a status and, where it helps, the fields at fault."""

    def __init__(self, status: int, detail: str = "", errors: Sequence[Mapping[str, str]] = ()) -> None:
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        super().__init__(detail)


def problem(
    status: int,
    detail: str = "",
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
    *,
    language: str = "en",
) -> Response:
    """Return the response for one problem, in a language."""
    name, title = TITLES.get(status, ("error", "The request was refused"))
    body: dict[str, Any] = {"type": TYPE + name, "title": said(title, language), "status": status}
    if detail:
        body["detail"] = said(detail, language)
    if errors:
        body["errors"] = [{**one, "message": said(one["message"], language)} for one in errors]
    body |= more or {}
    told = {"Cache-Control": "no-store", "Content-Language": language, **(headers or {})}
    return Response(orjson.dumps(body, default=str), status, told, media_type=MEDIA_TYPE)


def status_of(error: Exception) -> int:
    """Return the status of an error by the nearest class in `STATUS`."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def install(app: FastAPI) -> None:
    """Make ``app`` answer every error as a problem."""
    app.add_exception_handler(GeogridError, _on_geogrid)
    app.add_exception_handler(Refusal, _on_refusal)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_unforeseen)


async def _on_geogrid(request: Request, error: Exception) -> Response:
    if request.url.path.startswith(PLANNING):
        return to_planner(error)
    detail = f"The published plan has no such {error.kind}." if isinstance(error, NotFoundError) else ""
    return problem(status_of(error), detail, language=language_of(request.scope))


def to_planner(error: Exception, more: Mapping[str, Any] | None = None) -> Response:
    """Return a problem that tells a planner every fault; what planners send is no resident's question."""
    status = status_of(error)
    if isinstance(error, FaultyError):
        return problem(status, errors=[_fault_told(fault) for fault in error.faults], more=more)
    if isinstance(error, NotFoundError):
        return problem(status, f"There is no such {error.kind}.")
    told = isinstance(error, StaleError | FrozenError | PlanError | SignInError | StoreError)
    return problem(status, str(error) if told else "", more=more)


def _fault_told(fault: Fault) -> dict[str, str]:
    """Return a fault; the rule's name is for programs, the words are for people."""
    return {
        "in": "body",
        "name": fault.field,
        "rule": fault.rule,
        "id": fault.id,
        "message": fault.message,
        "remedy": fault.remedy,
    }


async def _on_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return problem(error.status, error.detail, error.errors, language=language_of(request.scope))


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"in": str(fault["loc"][0]), "name": str(fault["loc"][-1]), "message": str(fault["msg"])}
        for fault in error.errors()
    ]
    return problem(422, errors=errors, language=language_of(request.scope))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, headers=error.headers, language=language_of(request.scope))


async def _on_unforeseen(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return problem(
        500, language=language_of(request.scope)
    )  # it is raised again behind this answer, for `api.edge` to log
