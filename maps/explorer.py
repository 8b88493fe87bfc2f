"""What a document needs in which readers go from the city down to one grid: map, bar, lists, words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from maps.markup import Markup, element
from maps.words import said_day, words, words_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geogrid.snapshot import CityCard
    from maps.shell import Map

AS_IN_SCRIPTS = "!*'()"  # what encodeURIComponent leaves as it is, beside letters and digits
LANGUAGE_NAMES = {"zh-Hans": "简体", "zh-Hant": "繁體", "en": "English"}


@dataclass(frozen=True)
class View:
    """What is shown first: ``kind`` is city, subdistrict, community or grid.

    ``data`` is where the drawings of its plan are served; ``trail`` the areas down to it.
    """

    kind: str
    id: str
    data: str
    trail: tuple[Mapping[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """Return the name of the area, empty for the city."""
        return str(self.trail[-1]["name"]) if self.trail else ""


def explorer_map(said: Mapping[str, str], view: View) -> Map:
    """Return the map; a script draws it from ``view.data``."""
    from maps.shell import DrawingLayer, Map  # brings folium along

    return Map("map", label=said["map.label"], hint=said["map.hint"]).add_child(DrawingLayer(view.data))


def piece(folder: str, id: str) -> str:  # noqa: A002
    """Return the path of a drawing as the scripts write it."""
    return f"{folder}/{quote(id, safe=AS_IN_SCRIPTS)}.json"


def early(view: View) -> Markup:
    """Return the hint by which a browser fetches the first drawing while it still reads the scripts."""
    home = next((step["id"] for step in view.trail if step["level"] == "community"), "")
    first = {"city": "mosaic.json", "subdistrict": piece("s", view.id)}.get(view.kind, piece("c", home))
    return element("link", rel="preload", as_="fetch", href=view.data + first, crossorigin="anonymous")


def bar(said: Mapping[str, str], *before: Markup) -> Markup:
    """Return the bar over the map: the path down to what is shown, and room for the tools."""
    return element(
        "div",
        *before,
        element("nav", id="trail", aria_label=said["trail"]),
        element("div", id="tools"),
        class_="bar",
    )


def readings(said: Mapping[str, str]) -> Markup:
    """Return the places of the card, of the list that says the same as the map, and of what is spoken."""
    return Markup(
        element("section", element("noscript", said["noscript"]), id="answer", aria_label=said["answer"])
        + element("section", id="listing", aria_label=said["list.grids"])
        + element("p", id="status", role="status", aria_live="polite", class_="hidden")
    )


def explorer_setup(
    city: CityCard,
    plan: Mapping[str, Any],
    view: View,
    shown: Map,
    language: str,
    scripts: tuple[str, ...],
    review: str = "",
) -> dict[str, Any]:
    """Return what the scripts need to know: the city, its plan, what is shown, and the words they use.

    ``review`` is the map review number (审图号), which stands on every map.
    """
    return {
        "language": language,
        "data_language": city["language"],
        "city": city_name(city, language),
        "attribution": city["attribution"],
        "synthetic": city["synthetic"],
        "review": review,
        "plan": plan,
        "view": {"kind": view.kind, "id": view.id, "trail": view.trail},
        "data": shown.layers()[0]["url"],
        "words": {key: text for name in scripts for key, text in words_in(name, language).items()},
    }


def parts(**names: str) -> dict[str, dict[str, str]]:
    """Return where the scripts are that a page fetches when it needs them, by what they are called."""
    from maps.assets import asset

    return {
        called: {"url": "/" + asset(name).path, "integrity": asset(name).integrity}
        for called, name in names.items()
    }


def city_name(city: CityCard, language: str) -> str:
    """Return the city's name in ``language`` where its data give one."""
    return str(city["names"].get(language) or city["name"])


def city_heading(city: CityCard, language: str) -> Markup:
    """Return the city's name, marked with the language it is in."""
    own = language in city["names"]
    return element("bdi", city_name(city, language), lang=None if own else city["language"])


def plan_line(city: CityCard, language: str) -> str:
    """Return the sentence that names the plan in force."""
    version, since = city["version"], city["effective_from"]
    line = words(language)["footer.plan" if since else "footer.plan.undated"]
    return line.replace("{version}", str(version)).replace("{date}", said_day(since or "", language))
