"""A map as one file that needs nothing else: scripts, styles and data are in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maps.assets import AREAS, CHOOSING, CORE, GRIDS
from maps.colours import colours_of
from maps.drawing import Drawing
from maps.explorer import (
    View,
    bar,
    city_heading,
    city_name,
    explorer_map,
    explorer_setup,
    piece,
    plan_line,
    readings,
)
from maps.markup import Markup, element, json_block
from maps.shell import Figure, data_block
from maps.words import DEFAULT, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geogrid.snapshot import CityCard, Snapshot

SCRIPTS = (*CORE, *AREAS, *GRIDS, *CHOOSING, "file.js")
STYLES = ("leaflet.css", "map.css", "explorer.css", "file.css")


def render_file(source: Snapshot, community_id: str | None = None, *, language: str = DEFAULT) -> str:
    """Return the map of one community, or of the whole city, as a self-contained HTML document.

    :raises NotFoundError: the plan has no such community.
    """
    said, city = words(language), source.city
    figure = Figure(
        language=language, title=f"{said['map.label']} · {city_name(city, language)}", inline=True
    )
    figure.use(scripts=("leaflet.js", *SCRIPTS), styles=STYLES)
    figure.body_class = "file"
    view = View("community" if community_id else "city", community_id or "", "")
    shown = explorer_map(said, view)
    plan = {"version": city["version"], "effective_from": city["effective_from"]}
    figure.body += [
        _head(source, community_id, language),
        element("main", element("div", bar(said), shown.render(), class_="atlas"), _panel(city, said)),
        json_block(explorer_setup(city, plan, view, shown, language, SCRIPTS), "geogrid-setup"),
        data_block(_data(Drawing(source, colours_of(source)), community_id, language)),
    ]
    return figure.render()


def _data(drawing: Drawing, community_id: str | None, language: str) -> dict[str, Any]:
    """Return the drawings by the addresses under which the scripts ask for them."""
    if community_id:
        asked = {piece("c", community_id): f"c/{community_id}"}
    else:
        every = {piece("c", one["id"]): f"c/{one['id']}" for one in drawing.choices()["community"]}
        asked = {"mosaic.json": "mosaic", "over/mosaic.json": "over/mosaic", **every}
    data = {path: drawing.piece(own) for path, own in asked.items()}
    if language != "en":
        return data
    spelled = {path: own for path, own in asked.items() if not path.startswith("over/")}
    return {**data, **{f"names/{path}": drawing.piece(f"names/{own}") for path, own in spelled.items()}}


def _head(source: Snapshot, community_id: str | None, language: str) -> Markup:
    city, said = source.city, words(language)
    named = [c["name"] for c in source.communities() if c["id"] == community_id]
    title = [
        city_heading(city, language),
        *(Markup(" · " + element("bdi", str(name))) for name in named),
    ]
    sample = element("span", said["sample"], class_="sample") if city["synthetic"] else ""
    return element(
        "header", element("h1", *title, sample), element("p", plan_line(city, language)), class_="top"
    )


def _panel(city: CityCard, said: Mapping[str, str]) -> Markup:
    notes = [f"{said['footer.source']}: {city['attribution']}"] if city["attribution"] else []
    notes += [f"{said['footer.licence']}: {city['licence']}"] if city["licence"] else []
    notes += [said["sample.long"]] if city["synthetic"] else []
    return element(
        "div",
        readings(said),
        element("div", *(element("p", note, dir="auto") for note in notes), class_="bottom"),
        class_="panel",
    )
