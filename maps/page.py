"""The resident page: address to grid, in three languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maps.markup import Markup, element, json_block
from maps.words import LANGUAGES, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geogrid.snapshot import CityCard
    from maps.shell import Map

COMMUNITIES = "/v1/communities?format=geojson"
CITY = "/v1/city/background"
BACKGROUND = "/v1/communities/{community}/background"
GRIDS = "/v1/communities/{community}/grids"
URLS = {"lookup": "/v1/lookup", "suggest": "/v1/suggest", "grid": "/v1/grids/{code}"}
LANGUAGE_NAMES = {"zh-Hans": "简体", "zh-Hant": "繁體", "en": "English"}


def resident_page(city: CityCard, language: str) -> str:
    """Return the page for one city in one of `LANGUAGES`; all other data are fetched by it."""
    from maps.shell import MAP_SCRIPTS, MAP_STYLES, Figure  # brings folium along

    said = words(language)
    figure = Figure(language=language, title=f"{said['title']} · {city_name(city, language)}")
    figure.use(
        scripts=(*MAP_SCRIPTS, "card.js", "choices.js", "suggest.js", "page.js"),
        styles=(*MAP_STYLES, "search.css", "page.css"),
    )
    figure.head.append(element("meta", name="description", content=said["tagline"]))
    shown = city_map(said)
    figure.body_class = "page"
    figure.body += [
        element("a", said["skip"], href="#answer", class_="skip"),
        _header(city, language),
        element(
            "main",
            element("div", _search(said), _answer(said), _footer(city, said), class_="panel"),
            shown.render(),
        ),
        setup_block(city, language, shown),
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


def city_map(said: Mapping[str, str], urls: Sequence[str] = (COMMUNITIES, CITY, BACKGROUND, GRIDS)) -> Map:
    """Return the map of communities, background and grids."""
    from maps.shell import BackgroundLayer, CityLayer, CommunityLayer, GridLayer, Map

    shown = Map("map", label=said["map.label"], hint=said["map.hint"])
    for layer, url in zip((CommunityLayer, CityLayer, BackgroundLayer, GridLayer), urls, strict=True):
        shown.add_child(layer(url))
    return shown


def setup_block(city: CityCard, language: str, shown: Map, **more: Any) -> Markup:
    """Return what the scripts need: words, language, layers, the attribution."""
    setup = {
        "language": language,
        "data_language": city["language"],
        "attribution": city["attribution"],
        "synthetic": city["synthetic"],
        "layers": shown.layers(),
        "urls": URLS,
        "words": dict(words(language)),
        **more,
    }
    return json_block(setup, "geogrid-setup")


def plan_line(city: CityCard, said: Mapping[str, str]) -> str:
    """Return the sentence that names the plan in force."""
    version, since = city["version"], city["effective_from"]
    key = "footer.plan" if since else "footer.plan.undated"
    return said[key].replace("{version}", str(version)).replace("{date}", str(since))


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


def city_name(city: CityCard, language: str) -> str:
    """Return the city's name in ``language`` where its data give one."""
    return str(city["names"].get(language) or city["name"])


def city_heading(city: CityCard, language: str) -> Markup:
    """Return the city's name, marked with the language it is in."""
    own = language in city["names"]
    return element("bdi", city_name(city, language), lang=None if own else city["language"])


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


def _answer(said: Mapping[str, str]) -> Markup:
    return Markup(
        element("section", element("noscript", said["noscript"]), id="answer", aria_label=said["answer"])
        + element("section", id="listing", aria_label=said["list.grids"])
        + element("div", id="status", role="status", aria_live="polite", class_="hidden")
    )


def _footer(city: CityCard, said: Mapping[str, str]) -> Markup:
    facts = [element("p", plan_line(city, said))]
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
