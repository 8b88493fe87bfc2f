"""The page for webmasters: choose a map, see it, copy the lines that put it into a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maps.explorer import LANGUAGE_NAMES, city_heading, city_name
from maps.markup import Markup, element, json_block
from maps.options import BASEMAPS, LAYERS, PARTS, THEMES
from maps.words import LANGUAGES, words, words_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from geogrid.snapshot import CityCard
    from maps.embed import Host


def portal_page(
    city: CityCard, language: str, host: Host, choices: Mapping[str, Sequence[Mapping[str, str]]]
) -> str:
    """Return the page; ``choices`` are the areas of each level that can be shown."""
    from maps.shell import Figure  # brings folium along

    said = words(language)
    figure = Figure(language=language, title=f"{said['embed.title']} · {city_name(city, language)}")
    figure.use(scripts=("text.js", "webmaster.js"), styles=("map.css", "portal.css"))
    figure.body_class = "portal"
    links = [
        element(
            "a", LANGUAGE_NAMES[one], href=f"/embed?lang={one}", lang=one, hreflang=one,
            aria_current="true" if one == language else None,
        )
        for one in LANGUAGES
    ]  # fmt: skip
    figure.body += [
        element(
            "header",
            element(
                "div",
                element("h1", said["embed.title"], " · ", city_heading(city, language)),
                element("p", said["embed.lead"]),
            ),
            element("nav", *links, class_="languages", aria_label=said["language"]),
            class_="top",
        ),
        element("main", _form(said, host, choices), _preview(said)),
        json_block(_setup(language, host, city), "geogrid-setup"),
    ]
    return figure.render()


def _setup(language: str, host: Host, city: CityCard) -> dict[str, object]:
    return {
        "language": language,
        "data_language": city["language"],
        "base": host.base,
        "words": dict(words_in("webmaster.js", language)),
    }


def _form(said: Mapping[str, str], host: Host, choices: Mapping[str, Sequence[Mapping[str, str]]]) -> Markup:
    groups = [
        element(
            "optgroup",
            *(element("option", one["name"], value=f"{level[0]}/{one['id']}") for one in held),
            label=said[f"level.{level}"],
        )
        for level, held in choices.items()
    ]
    basemaps = [
        one for one in BASEMAPS if (one != "tianditu" or host.tianditu) and (one != "pmtiles" or host.pmtiles)
    ]
    area = element("select", element("option", said["level.city"], value="city"), *groups, name="area")
    height = element("input", name="height", type="number", min="240", max="1200", step="20", value="560")
    return element(
        "form",
        _field(said["embed.area"], area),
        _field(said["language"], _select("lang", {one: LANGUAGE_NAMES[one] for one in LANGUAGES})),
        _field(said["embed.basemap"], _select("basemap", {one: said[f"basemap.{one}"] for one in basemaps})),
        _field(said["embed.theme"], _select("theme", {one: said[f"theme.{one}"] for one in THEMES})),
        _field(said["embed.height"], height),
        _boxes(said["layers"], "layers", {one: said[f"layer.{one}"] for one in LAYERS}, checked=()),
        _boxes(said["embed.parts"], "ui", {one: said[f"part.{one}"] for one in PARTS}, checked=PARTS),
        _boxes(said["embed.begin"], "list", {"1": said["embed.list"]}, checked=()),
        id="wishes",
    )  # fmt: skip


def _preview(said: Mapping[str, str]) -> Markup:
    return element(
        "div",
        element("h2", said["embed.preview"]),
        element("div", id="preview", class_="frame"),
        element("p", id="told", class_="quiet", role="status"),
        element("h2", said["embed.snippet"]),
        _lines("snippet", said["embed.snippet"]),
        element("p", element("button", said["embed.copy"], type="button", id="copy")),
        element("p", said["embed.plain"], class_="quiet"),
        _lines("plain", said["embed.plain"]),
        element("p", said["embed.sites"], class_="quiet"),
        class_="result",
    )  # fmt: skip


def _lines(id: str, label: str) -> Markup:  # noqa: A002
    return element("pre", element("code", ""), id=id, tabindex="0", role="region", aria_label=label)


def _field(label: str, control: Markup) -> Markup:
    return element("label", element("span", label), control)


def _select(name: str, values: Mapping[str, str]) -> Markup:
    return element(
        "select", *(element("option", text, value=value) for value, text in values.items()), name=name
    )


def _boxes(legend: str, name: str, values: Mapping[str, str], *, checked: Iterable[str]) -> Markup:
    boxes = [
        element(
            "label",
            element("input", type="checkbox", name=name, value=value, checked=value in checked),
            element("span", text),
        )
        for value, text in values.items()
    ]
    return element("fieldset", element("legend", legend), *boxes)
