"""A map as one file that needs nothing else: scripts, styles and data are in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maps.colours import colours_of
from maps.dress import dress_city, dress_communities, dress_grids
from maps.markup import Markup, element
from maps.page import city_heading, city_map, city_name, plan_line, setup_block
from maps.shell import MAP_SCRIPTS, MAP_STYLES, Figure, Map, data_block
from maps.words import DEFAULT, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geogrid.snapshot import CityCard, Snapshot

URLS = ("communities", "city", "background/{community}", "grids/{community}")


def render_file(source: Snapshot, community_id: str | None = None, *, language: str = DEFAULT) -> str:
    """Return the map of one community, or of the whole city, as a self-contained HTML document.

    :raises NotFoundError: the plan has no such community.
    """
    said, city = words(language), source.city
    figure = Figure(
        language=language, title=f"{said['map.label']} · {city_name(city, language)}", inline=True
    )
    figure.use(scripts=(*MAP_SCRIPTS, "card.js", "file.js"), styles=(*MAP_STYLES, "file.css"))
    figure.body_class = "file"
    shown = city_map(said, URLS)
    plan = {"version": city["version"], "effective_from": city["effective_from"]}
    figure.body += [
        _head(source, community_id, language),
        element("main", shown.render(), _panel(city, said)),
        setup_block(city, language, shown, community=community_id, plan=plan),
        data_block(_data(source, community_id)),
    ]
    return figure.render()


def _data(source: Snapshot, community_id: str | None) -> dict[str, Any]:
    everything = dress_communities(source)
    wanted = [community_id] if community_id else [f["properties"]["id"] for f in everything["features"]]
    colours = colours_of(source)
    data: dict[str, Any] = {"communities": everything, "city": dress_city(source)}
    for community in wanted:
        data[f"grids/{community}"] = dress_grids(source.grids_geojson(community), colours)
        data[f"background/{community}"] = source.background_geojson(community)
    return data


def _head(source: Snapshot, community_id: str | None, language: str) -> Markup:
    city, said = source.city, words(language)
    named = [c["name"] for c in source.communities() if c["id"] == community_id]
    title = [
        city_heading(city, language),
        *(Markup(" · " + element("bdi", str(name))) for name in named),
    ]
    sample = element("span", said["sample"], class_="sample") if city["synthetic"] else ""
    return element("header", element("h1", *title, sample), element("p", plan_line(city, said)), class_="top")


def _panel(city: CityCard, said: Mapping[str, str]) -> Markup:
    notes = [f"{said['footer.source']}: {city['attribution']}"] if city["attribution"] else []
    notes += [f"{said['footer.licence']}: {city['licence']}"] if city["licence"] else []
    notes += [said["sample.long"]] if city["synthetic"] else []
    return element(
        "div",
        element("section", id="answer", aria_label=said["answer"]),
        element("section", id="listing", aria_label=said["list.grids"]),
        element("div", *(element("p", note, dir="auto") for note in notes), class_="bottom"),
        class_="panel",
    )


__all__ = ["Map", "render_file"]
