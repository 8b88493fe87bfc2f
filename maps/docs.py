"""The page that documents the API, made from its OpenAPI document without any script of others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from maps.markup import Markup, element, json_block
from maps.shell import Figure
from maps.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

METHODS = ("get", "post")


def docs_page(document: Mapping[str, Any], language: str = "en") -> str:
    """Return the documentation of an OpenAPI 3.1 document; its own texts stay in their language."""
    said = words(language)
    figure = Figure(language=language, title=f"{said['docs.title']} · {document['info']['title']}")
    figure.use(scripts=("text.js", "docs.js"), styles=("map.css", "docs.css"))
    figure.body_class = "docs"
    operations = list(_operations(document))
    figure.body += [
        element(
            "header",
            element("h1", said["docs.title"]),
            element(
                "p",
                element("a", said["title"], href="/"),
                " · ",
                element("a", "openapi.json", href="/openapi.json"),
            ),
        ),
        element(
            "nav",
            element("ul", *(_link(*operation) for operation in operations)),
            aria_label=said["docs.title"],
        ),
        element(
            "main",
            element("div", *_prose(document["info"].get("description", "")), class_="intro", lang="en"),
            *(_operation(path, method, facts) for path, method, facts in operations),
            element("h2", "Schemas", id="schemas", lang="en"),
            *(_schema(name, shape) for name, shape in document["components"]["schemas"].items()),
        ),
        json_block({"words": {}, "language": language}, "geogrid-setup"),
    ]
    return figure.render()


def _operations(document: Mapping[str, Any]) -> Iterable[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield path, method, methods[method]


def _anchor(path: str, method: str) -> str:
    return method + "".join(char if char.isalnum() else "-" for char in path)


def _link(path: str, method: str, facts: Mapping[str, Any]) -> Markup:
    name = [element("span", method.upper(), class_=f"method {method}"), " ", element("code", path)]
    return element(
        "li", element("a", *name, href=f"#{_anchor(path, method)}", title=facts.get("summary", ""))
    )


def _prose(text: str) -> Iterable[Markup]:
    """Yield paragraphs and simple lists of a description."""
    for block in text.strip().split("\n\n"):
        lines = block.splitlines()
        if all(line.startswith("- ") for line in lines):
            yield element("ul", *(element("li", *_code(line[2:])) for line in lines))
        else:
            yield element("p", *_code(" ".join(lines)))


def _code(text: str) -> Iterable[str]:
    for i, part in enumerate(text.split("`")):
        yield element("code", part) if i % 2 else part


def _operation(path: str, method: str, facts: Mapping[str, Any]) -> Markup:
    anchor = _anchor(path, method)
    head = [element("span", method.upper(), class_=f"method {method}"), " ", element("code", path)]
    parameters = facts.get("parameters", [])
    return element(
        "section",
        element("h2", *head, id=f"{anchor}-title"),
        element("p", facts.get("summary", ""), class_="summary"),
        *_prose(facts.get("description", "")),
        _parameters(parameters, anchor) if parameters else "",
        _body(facts["requestBody"]) if "requestBody" in facts else "",
        _answers(facts.get("responses", {})),
        _trial(path, anchor, parameters) if method == "get" else "",
        id=anchor, aria_labelledby=f"{anchor}-title", lang="en",
    )  # fmt: skip


def _parameters(parameters: Iterable[Mapping[str, Any]], anchor: str) -> Markup:
    rows = [
        element(
            "tr",
            element("th", element("code", one["name"]), scope="row"),
            element("td", one["in"] + (", required" if one.get("required") else "")),
            element("td", _type(one["schema"])),
            element("td", one.get("description", "")),
        )
        for one in parameters
    ]
    heads = element(
        "tr", *(element("th", name, scope="col") for name in ("Parameter", "In", "Type", "Meaning"))
    )
    return element(
        "div",
        element("table", element("thead", heads), element("tbody", *rows)),
        class_="wide",
        tabindex="0",
        role="region",
        aria_label=f"Parameters of {anchor}",
    )


def _type(shape: Mapping[str, Any]) -> str:
    """Return a schema in a few words."""
    if "anyOf" in shape:
        return " or ".join(dict.fromkeys(_type(one) for one in shape["anyOf"] if one.get("type") != "null"))
    if "enum" in shape:
        return ", ".join(str(value) for value in shape["enum"])
    if "$ref" in shape:
        return str(shape["$ref"]).rsplit("/", 1)[-1]
    if shape.get("type") == "array":
        return f"list of {_type(shape.get('items', {}))}"
    limits = [f"{sign} {shape[key]}" for key, sign in (("minimum", "≥"), ("maximum", "≤")) if key in shape]
    return " ".join([str(shape.get("type", "any")), *limits])


def _body(body: Mapping[str, Any]) -> Markup:
    return element(
        "p", "Body: ", *(part for media, facts in body["content"].items() for part in _media(media, facts))
    )


def _media(media: str, facts: Mapping[str, Any]) -> Iterable[str]:
    name = _type(facts.get("schema", {}))
    yield from (element("code", media), ", ", element("a", name, href=f"#schema-{name}"))


def _answers(responses: Mapping[str, Any]) -> Markup:
    rows = [
        element(
            "li",
            element("strong", status),
            " ",
            facts.get("description", ""),
            " (",
            *(part for media, shape in facts.get("content", {}).items() for part in _media(media, shape)),
            ")",
        )
        for status, facts in responses.items()
        if facts.get("content")
    ]
    return element("ul", *rows, class_="answers")


def _trial(path: str, anchor: str, parameters: Iterable[Mapping[str, Any]]) -> Markup:
    fields = [
        element(
            "label",
            element("span", one["name"]),
            element(
                "input",
                name=one["name"],
                data_in=one["in"],
                autocomplete="off",
                required=one.get("required", False),
            ),
        )
        for one in parameters
    ]
    return element(
        "form",
        *fields,
        element("button", "Try it", type="submit"),
        element("pre", element("code", ""), hidden=True, tabindex="0", aria_label="Answer"),
        class_="trial", data_path=path, id=f"{anchor}-try",
    )  # fmt: skip


def _schema(name: str, shape: Mapping[str, Any]) -> Markup:
    required = set(shape.get("required", ()))
    rows = [
        element(
            "tr",
            element("th", element("code", field), scope="row"),
            element("td", _type(facts) + ("" if field in required else ", optional")),
            element("td", facts.get("description", "")),
        )
        for field, facts in shape.get("properties", {}).items()
    ]
    heads = element("tr", *(element("th", text, scope="col") for text in ("Field", "Type", "Meaning")))
    table = element(
        "div",
        element("table", element("thead", heads), element("tbody", *rows)),
        class_="wide",
        tabindex="0",
        role="region",
        aria_label=name,
    )
    source = element(
        "details",
        element("summary", "JSON Schema"),
        element("pre", json.dumps(shape, indent=1), tabindex="0"),
    )
    return element(
        "section", element("h3", name), *_prose(shape.get("description", "")), table if rows else "", source,
        id=f"schema-{name}", lang="en",
    )  # fmt: skip
