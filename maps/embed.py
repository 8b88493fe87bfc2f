"""The page of an embedded map: a small document; one script draws everything from data it fetches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from maps.assets import asset
from maps.markup import Markup, element, json_block
from maps.page import city_name
from maps.words import words, words_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geogrid.snapshot import CityCard
    from maps.options import Options

SCRIPTS = ("leaflet.js", "atlas.js")
LATER = "tools.js"
STYLES = ("atlas.css",)
TIANDITU = "https://t{n}.tianditu.gov.cn"
SERVERS = 8
PROTOCOL = 1


@dataclass(frozen=True)
class View:
    """What an embedded map shows: ``kind`` is city, subdistrict, community or grid.

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


@dataclass(frozen=True)
class Host:
    """Who serves the map and who may show it.

    ``base`` is the service's own address; ``sites`` are the origins whose pages may frame the map and talk
    to it, ``*`` for all; ``review`` is the map review number (审图号); ``tianditu`` a key for its tiles;
    ``pmtiles`` what the operator's own basemap holds: "", "raster" or
    "vector", up to the zoom ``finest``, of the source ``credit``.
    """

    base: str
    sites: tuple[str, ...] = ()
    review: str = ""
    tianditu: str = ""
    pmtiles: str = ""
    finest: int = 0
    credit: str = ""


def embed_page(
    city: CityCard,
    plan: Mapping[str, Any],
    view: View,
    options: Options,
    host: Host,
    wrong: tuple[str, ...] = (),
) -> str:
    """Return the document; the same input gives the same bytes."""
    from maps.shell import Figure, Map  # brings folium along

    said = words(options.language)
    name = " · ".join(filter(None, (view.name, city_name(city, options.language))))
    figure = Figure(language=options.language, title=f"{said['map.label']} · {name}", anonymous=True)
    figure.use(scripts=SCRIPTS, styles=STYLES)
    figure.body_class = f"embed theme-{options.theme}"
    figure.head += _discovery(view, options, host, said, name)
    shown = Map("map", label=said["map.label"], hint=said["map.hint"])
    figure.body += [
        element("a", said["skip.list"], href="#panel", class_="skip"),
        element(
            "header",
            element("h1", name, class_="hidden"),
            element("nav", id="trail", aria_label=said["trail"]),
            element("div", id="tools"),
            class_="bar",
        ),
        element("main", shown.render(), _panel(said)),
        json_block(_setup(city, plan, view, options, host, wrong), "geogrid-setup"),
    ]
    return figure.render()


def policy(options: Options, host: Host) -> str:
    """Return the content security policy: scripts by their hashes, other hosts only where asked for."""
    images = [TIANDITU.format(n=n) for n in range(SERVERS)] if uses_tianditu(options, host) else []
    allowed = {
        "default-src": ["'none'"],
        "script-src": [f"'{asset(name).integrity}'" for name in (*SCRIPTS, LATER)],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", *images],
        "connect-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'self'", *host.sites],
    }
    return "; ".join(" ".join((name, *sources)) for name, sources in allowed.items())


def uses_tianditu(options: Options, host: Host) -> bool:
    """Tell whether tiles of Tianditu are asked for and there is a key for them."""
    return options.basemap == "tianditu" and bool(host.tianditu)


def path_of(view: View, query: str = "") -> str:
    """Return the path of an embedded map, with the query given."""
    kinds = {"city": "city", "subdistrict": "s/", "community": "c/", "grid": "g/"}
    return f"embed/{kinds[view.kind]}{view.id}" + (f"?{query}" if query else "")


def _setup(
    city: CityCard, plan: Mapping[str, Any], view: View, options: Options, host: Host, wrong: tuple[str, ...]
) -> dict[str, Any]:
    basemap = options.basemap
    if (basemap == "tianditu" and not host.tianditu) or (basemap == "pmtiles" and not host.pmtiles):
        basemap = "city"
    later = asset(LATER)
    return {
        "language": options.language,
        "data_language": city["language"],
        "city": city_name(city, options.language),
        "attribution": city["attribution"],
        "synthetic": city["synthetic"],
        "plan": plan,
        "view": {"kind": view.kind, "id": view.id, "trail": view.trail},
        "data": view.data,
        "options": {
            "grid": options.grid,
            "center": options.center,
            "zoom": options.zoom,
            "day": options.day.isoformat() if options.day else "",
            "beside": options.beside.isoformat() if options.beside else "",
            "layers": options.layers,
            "parts": options.parts,
            "theme": options.theme,
            "list": options.opened,
        },
        "wrong": wrong,
        "basemap": {"kind": basemap, **_tiles(basemap, host)},
        "review": host.review,
        "sites": host.sites,
        "protocol": PROTOCOL,
        "base": host.base,
        "tools": {"url": "/" + later.path, "integrity": later.integrity},
        "words": {**words_in(LATER, options.language), **words_in("atlas.js", options.language)},
    }


def _tiles(basemap: str, host: Host) -> dict[str, Any]:
    if basemap == "tianditu":
        return {"url": TIANDITU.format(n="{s}"), "key": host.tianditu, "servers": SERVERS}
    told = {"content": host.pmtiles, "credit": host.credit, "max": host.finest}
    return told if basemap == "pmtiles" else {}


def _discovery(view: View, options: Options, host: Host, said: Mapping[str, str], name: str) -> list[Markup]:
    """Return the links by which other programs learn what this is, and its picture."""
    from urllib.parse import quote, urlencode

    here = host.base + path_of(View(view.kind, quote(view.id, safe=""), ""), urlencode(options.query()))
    oembed = f"{host.base}oembed?{urlencode({'url': here, 'format': 'json'})}"
    picture = f"{host.base}{path_of(View(view.kind, quote(view.id, safe=''), ''))}.png"
    title = f"{said['map.label']} · {name}"
    tags = {
        "og:type": "website", "og:title": title, "og:description": said["tagline"], "og:url": here,
        "og:image": picture, "og:image:width": "1200", "og:image:height": "630", "og:image:alt": title,
    }  # fmt: skip
    return [
        element("meta", name="description", content=said["tagline"]),
        element("link", rel="alternate", type="application/json+oembed", href=oembed, title=title),
        *(element("meta", property=key, content=value) for key, value in tags.items()),
        element("meta", name="twitter:card", content="summary_large_image"),
    ]


def _panel(said: Mapping[str, str]) -> Markup:
    return element(
        "div",
        element("section", element("noscript", said["noscript"]), id="answer", aria_label=said["answer"]),
        element("section", id="listing", aria_label=said["list.grids"]),
        element("p", id="status", role="status", aria_live="polite", class_="hidden"),
        class_="panel", id="panel", tabindex="-1", role="region", aria_label=said["panel"],
    )  # fmt: skip
