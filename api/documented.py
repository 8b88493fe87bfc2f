"""Say in OpenAPI what a route takes and answers; the schemas come from `api.shapes`."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

from api.batch_shapes import BATCH_SHAPES
from api.level_shapes import ITEMS, LISTS
from api.plan_shapes import PLAN_SHAPES
from api.planning.shapes import PLANNING_SHAPES
from api.problems import MEDIA_TYPE, TITLES, TYPE
from api.replies import GEOJSON, JSON
from api.shapes import SHAPES, FeatureCollection, Problem

if TYPE_CHECKING:
    from fastapi import FastAPI

ALL_SHAPES = (*SHAPES, *BATCH_SHAPES, *LISTS.values(), *ITEMS.values(), *PLAN_SHAPES)
REF = "#/components/schemas/{name}"
DESCRIPTION = """Tell which service grid an address or a position lies in, and who looks after it.

- Every answer names the plan that gave it, the attribution and the licence of its data.
- Addresses and positions are neither stored nor logged. Send people's addresses by POST.
- Positions are WGS-84 unless `crs=` says otherwise; answers are always WGS-84.
- Public answers carry an `ETag`; ask again with `If-None-Match`. Address answers are `private`.
- Errors are problem details (RFC 9457). An unknown query parameter is an error, not ignored.
"""


def schema(shape: type) -> dict[str, str]:
    """Return the reference to a shape."""
    return {"$ref": REF.format(name=shape.__name__)}


def answers(shape: type, *errors: int) -> dict[str, Any]:
    """Return the ``responses=`` of a route that answers with ``shape`` or with one of ``errors``."""
    media = GEOJSON if shape is FeatureCollection else JSON
    told: dict[int | str, dict[str, Any]] = {
        200: {"description": _first_line(shape), "content": {media: {"schema": schema(shape)}}}
    }
    return {"responses": told | refusals(*errors), "response_model": None}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the ``responses=`` of problems."""
    return {
        status: {
            "description": TITLES[status][1],
            "content": {MEDIA_TYPE: {"schema": schema(Problem), "example": _problem(status)}},
        }
        for status in statuses
    }


def _problem(status: int) -> dict[str, Any]:
    name, title = TITLES[status]
    return {"type": TYPE + name, "title": title, "status": status}


def gives(*media: str) -> dict[str, Any]:
    """Return the ``responses=`` of a route that answers with a file or a stream."""
    told = {200: {"description": "", "content": {one: {} for one in media}}}
    return {"responses": told, "response_class": Response}


def takes(shape: type) -> dict[str, Any]:
    """Return the ``openapi_extra=`` of a route that reads ``shape`` from its body."""
    body = {"required": True, "content": {JSON: {"schema": schema(shape)}}}
    return {"openapi_extra": {"requestBody": body}}


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, made once."""
    if app.openapi_schema is None:
        document = type(app).openapi(app)
        shapes = (*ALL_SHAPES, *(PLANNING_SHAPES if hasattr(app.state, "office") else ()))
        _, components = msgspec.json.schema_components(shapes, ref_template=REF)
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        schemas.update(sorted(components.items()))
        _drop_unused(document)
        _show_examples(document)
        app.openapi_schema = document
    return app.openapi_schema


def _drop_unused(document: dict[str, Any]) -> None:
    """Take out the answers that FastAPI adds by itself to routes that never give them."""
    for path in document["paths"].values():
        for operation in path.values():
            if "HTTPValidationError" in str(operation["responses"].get("422", "")):
                del operation["responses"]["422"]


def _show_examples(document: dict[str, Any]) -> None:
    """Put the examples to what is asked and what is answered; a test asks them of a drawn town."""
    told = json.loads(resources.files(__package__).joinpath("examples.json").read_bytes())
    for name, examples in told.items():
        method, path = name.split(" ")
        operation = document["paths"][path][method.lower()]
        for example, one in examples.items():
            for parameter in operation.get("parameters", ()):
                given = {**one.get("path", {}), **one.get("query", {})}
                if parameter["name"] in given:
                    shown = parameter.setdefault("examples", {})
                    shown[example] = {"value": given[parameter["name"]]}
            if "body" in one:
                content = operation["requestBody"]["content"][one.get("content_type", JSON)]
                content.setdefault("examples", {})[example] = {"value": one["body"]}
            if "answer" in one:
                content = operation["responses"]["200"]["content"][JSON]
                content.setdefault("examples", {})[example] = {"value": one["answer"]}


def _first_line(shape: type) -> str:
    return (shape.__doc__ or "").strip().splitlines()[0]
