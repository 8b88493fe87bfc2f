"""The resident page: address to grid, in three languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maps.explorer import (
    LANGUAGE_NAMES,
    View,
    bar,
    city_heading,
    city_name,
    explorer_map,
    explorer_setup,
    parts,
    plan_line,
    readings,
)
from maps.markup import Markup, element, json_block
from maps.words import LANGUAGES, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geogrid.snapshot import CityCard

SCRIPTS = ("leaflet.js", "resident.js")
LATER = "layers.js"


def resident_page(city: CityCard, plan: Mapping[str, Any], data: str, language: str, review: str = "") -> str:
    """Return the page for one city in one of `LANGUAGES`.

    ``data`` is where the drawings are served, ``review`` the map review number.
    """
    from maps.shell import Figure  # brings folium along

    said, view = words(language), View("city", "", data)
    figure = Figure(language=language, title=f"{said['title']} · {city_name(city, language)}")
    figure.use(scripts=SCRIPTS, styles=("resident.css",))
    figure.head.append(element("meta", name="description", content=said["tagline"]))
    shown = explorer_map(said, view)
    setup = explorer_setup(city, plan, view, shown, language, (LATER, "resident.js"), review)
    figure.body_class = "page"
    figure.body += [
        element("a", said["skip"], href="#answer", class_="skip"),
        _header(city, language),
        element(
            "main",
            element("div", _search(said), readings(said), _footer(city, language), class_="panel"),
            element("div", bar(said), shown.render(), class_="atlas"),
        ),
        json_block({**setup, "parts": parts(tools=LATER)}, "geogrid-setup"),
    ]
    return figure.render()


def unavailable_page(language: str) -> str:
    """Return the page that says that no plan is published yet."""
    from maps.shell import Figure

    said = words(language)
    figure = Figure(language=language, title=said["title"]).use(styles=("map.css", "page.css"))
    note = element("p", said["unavailable"], class_="card note")
    figure.body += [element("header", element("h1", said["title"]), class_="top"), element("main", note)]
    return figure.render()


def _header(city: CityCard, language: str) -> Markup:
    said = words(language)
    links = [
        element(
            "a",
            LANGUAGE_NAMES[other],
            href=f"/?lang={other}",
            hreflang=other,
            lang=other,
            aria_current="true" if other == language else None,
        )
        for other in LANGUAGES
    ]
    badge = (
        element("span", said["sample"], class_="sample", title=said["sample.long"])
        if city["synthetic"]
        else ""
    )
    return element(
        "header",
        element(
            "div",
            element(
                "h1", said["title"], element("span", " · ", class_="dot"), city_heading(city, language), badge
            ),
            element("p", said["tagline"]),
        ),
        element("nav", *links, class_="languages", aria_label=said["language"]),
        class_="top",
    )


def _search(said: Mapping[str, str]) -> Markup:
    box = element(
        "input", id="address", name="address", type="text", inputmode="text", autocomplete="off",
        autocapitalize="off", spellcheck="false", maxlength="200", enterkeyhint="search",
        placeholder=said["search.placeholder"], role="combobox", aria_expanded="false",
        aria_autocomplete="list", aria_controls="suggestions", aria_describedby="privacy",
    )  # fmt: skip
    return element(
        "form",
        element("label", said["search.label"], for_="address"),
        element(
            "div",
            box,
            element("button", said["search.button"], type="submit"),
            element("ul", id="suggestions", role="listbox", aria_label=said["suggest.label"], hidden=True),
            class_="box",
        ),
        element("button", said["search.here"], type="button", id="here", class_="link", hidden=True),
        element("p", said["search.privacy"], id="privacy", class_="quiet"),
        id="search", class_="ask", role="search", method="post", action="/", autocomplete="off",
    )  # fmt: skip


def _footer(city: CityCard, language: str) -> Markup:
    said = words(language)
    facts = [element("p", plan_line(city, language))]
    for text, label in (
        (city["attribution"], "footer.source"),
        (city["licence"], "footer.licence"),
        (city["estimation"], "footer.estimation"),
    ):
        if text:
            facts.append(element("p", f"{said[label]}: ", element("bdi", text)))
    if city["synthetic"]:
        facts.append(element("p", said["sample.long"]))
    facts.append(element("p", element("a", said["footer.api"], href="/docs")))
    return element("div", *facts, class_="bottom")
