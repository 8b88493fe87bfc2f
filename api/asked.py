"""Read what was asked: bodies with a limit, and only parameters that exist."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from fastapi import params
from fastapi.dependencies.utils import get_dependant, get_flat_params
from starlette.requests import Request  # noqa: TC002 - read at run time by FastAPI

from api.problems import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
LARGEST = 2**31 - 1  # of the numbers that name something in a store
NUL = "\0"  # no text of a store can hold it
PLACE = re.compile(r" - at `\$\.(\w+)`")


async def read_body(request: Request, shape: type[T], most: int = 0) -> T:
    """Return the JSON body of a request as a ``shape``; it may have ``most`` bytes (0: as set for all).

    :raises Refusal: it is too large, no JSON, or not of that shape.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415)
    most = most or request.app.state.settings.max_body
    taken = bytearray()
    async for part in request.stream():
        taken += part
        if len(taken) > most:
            raise Refusal(413, f"A body may have {most} bytes.")
    if rb"\u0000" in taken:
        raise Refusal(422, "A text has a character that cannot be kept.")
    try:
        return msgspec.json.decode(taken, type=shape)
    except RecursionError:
        raise Refusal(422, "The body is nested too deeply.") from None
    except msgspec.ValidationError as error:
        raise Refusal(422, errors=[_fault(str(error), shape)]) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refusal(422, "The body is not JSON.") from None


def _fault(message: str, shape: type) -> dict[str, str]:
    """Return what is wrong with a body, in words that do not repeat it."""
    names = [field.name for field in msgspec.structs.fields(shape)]
    if "unknown field" in message:
        return {"in": "body", "name": "", "message": f"unknown field; known are {', '.join(names)}"}
    place = PLACE.search(message)
    name = place.group(1) if place and place.group(1) in names else ""
    # Only what was expected is repeated; msgspec quotes a wrong enumerated value.
    told = PLACE.sub("", message) if message.startswith("Expected ") else "not one of the allowed values"
    return {"in": "body", "name": name, "message": told}


async def known_only(request: Request) -> None:
    """Refuse query parameters that the route does not have, so that a typing mistake is no silent answer.

    Refused is also what no store can hold: a NUL in a text, a number of an id beyond 31 bits.

    :raises Refusal: there is one.
    """
    asked = request.query_params
    if NUL in "".join([*request.path_params.values(), *asked, *asked.values()]):
        raise Refusal(422, "A text has a character that cannot be kept.")
    if not asked and not request.path_params:
        return
    known = _parameters(request.scope["endpoint"], request.scope["route"].path)
    if any(name not in known.queries for name in asked):
        told = f"unknown parameter; known are {', '.join(sorted(known.queries))}"
        raise Refusal(422, errors=[{"in": "query", "name": "", "message": told}])
    if len(asked.multi_items()) != len(asked):  # programs differ in which of two they take
        raise Refusal(422, errors=[{"in": "query", "name": "", "message": "a parameter stands twice"}])
    for name in known.numbers:
        told = request.path_params.get(name, "")
        if len(told) > len(str(LARGEST)) or (told.isdecimal() and int(told) > LARGEST):
            raise Refusal(404)


@dataclass(frozen=True, slots=True)
class _Parameters:
    """The names of what a route takes: of its queries, and of the ids in its path that are numbers."""

    queries: frozenset[str]
    numbers: tuple[str, ...]


@cache  # a public request has few microseconds
def _parameters(endpoint: Callable[..., Any], path: str) -> _Parameters:
    told = get_flat_params(get_dependant(path=path, call=endpoint))
    queries = frozenset(one.alias for one in told if isinstance(one.field_info, params.Query))
    numbers = (
        one.alias
        for one in told
        if isinstance(one.field_info, params.Path) and one.field_info.annotation is int
    )
    return _Parameters(queries | {"lang"}, tuple(numbers))
