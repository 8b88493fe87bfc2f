"""A thin, safe shell around folium: its Figure, Map and Layer, without its templates.

folium writes JavaScript from templates and renders every element's text a second time, so a name
``{{7*191}}`` runs on the server and ``</script>`` leaves the script. Here nothing is rendered by a
template: the document is put together by `maps.markup`, the map and its layers are described by one JSON
block, and a static script draws them, either from data it fetches or from data in the file. The ids are
those given, so the same input gives the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from branca.element import Element
from branca.element import Figure as BrancaFigure
from folium import Map as FoliumMap
from folium.map import Layer as FoliumLayer

from maps.assets import asset, fingerprint
from maps.markup import Markup, element, json_block, safe_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Figure(BrancaFigure):
    """One HTML document. ``inline`` puts scripts and styles into it, so that it stands as a file alone.

    ``base`` is where the assets are served from (``/`` or ``../``); it says nothing in a file. ``anonymous``
    fetches scripts as other sites would, so that their integrity can be checked in a sandboxed frame too.
    """

    def __init__(
        self, *, language: str, title: str, inline: bool = False, base: str = "/", anonymous: bool = False
    ) -> None:
        super().__init__(title=title)
        self._id = "figure"
        self.language = language
        self.inline = inline
        self.base_path = base
        self.origin = "anonymous" if anonymous else None
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.head: list[Markup] = []
        self.body: list[Markup] = []
        self.body_class = ""

    def use(self, *, scripts: Sequence[str] = (), styles: Sequence[str] = ()) -> Figure:
        """Add static files by name, each once, in order."""
        self.scripts += [name for name in scripts if name not in self.scripts]
        self.styles += [name for name in styles if name not in self.styles]
        return self

    def render(self, **kwargs: Any) -> str:  # noqa: ARG002
        """Return the document; rendering it again returns the same."""
        head = element(
            "head",
            element("meta", charset="utf-8"),
            *self._policy(),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="referrer", content="no-referrer"),
            element("title", str(self.title)),
            element(
                "link", rel="icon", href="data:," if self.inline else self.base_path + asset("icon.svg").path
            ),
            *self.head,
            *self._style_tags(),
        )
        body = element("body", *self.body, *self._script_tags(), class_=self.body_class or None)
        return "<!doctype html>\n" + element("html", head, body, lang=self.language) + "\n"

    def _style_tags(self) -> Iterable[Markup]:
        for name in self.styles:
            file = asset(name)
            if self.inline:
                yield element("style", Markup(file.text))
            else:
                yield element(
                    "link",
                    rel="stylesheet",
                    href=self.base_path + file.path,
                    integrity=file.integrity,
                    crossorigin=self.origin,
                )

    def _script_tags(self) -> Iterable[Markup]:
        for name in self.scripts:
            file = asset(name)
            if self.inline:
                yield element("script", Markup(file.text))
            else:
                yield element(
                    "script",
                    src=self.base_path + file.path,
                    integrity=file.integrity,
                    crossorigin=self.origin,
                    defer=True,
                )

    def _policy(self) -> Iterable[Markup]:
        """Yield the policy of a file that no server sends headers for."""
        if self.inline:
            scripts = " ".join(fingerprint(asset(name).text) for name in self.scripts)
            styles = " ".join(fingerprint(asset(name).text) for name in self.styles)
            policy = (
                f"default-src 'none'; script-src {scripts}; style-src {styles}; img-src data:; "
                "base-uri 'none'; form-action 'none'"
            )
            yield element("meta", http_equiv="Content-Security-Policy", content=policy)


class Map(FoliumMap):
    """A Leaflet map of vendored files only; its layers are `DataLayer`s.

    ``label`` is what a screen reader says; ``hint`` is read after it.
    """

    default_js: list[tuple[str, str]] = []  # noqa: RUF012  (folium's own contract; ours stay empty)
    default_css: list[tuple[str, str]] = []  # noqa: RUF012

    def __init__(self, id: str = "map", *, label: str, hint: str = "") -> None:  # noqa: A002
        super().__init__(tiles=None)
        self._id = id
        self._parent = None  # type: ignore[assignment]  # it stands in our Figure, as markup
        self.label = label
        self.hint = hint

    def add_child(self, child: Element, name: str | None = None, index: int | None = None) -> Map:
        """Add a layer of this module; refuse folium's own, which would run through its templates.

        :raises TypeError: ``child`` is not a `DataLayer`.
        """
        if not isinstance(child, DataLayer):
            raise TypeError(f"{type(child).__name__} renders data through a template; use a DataLayer")
        super().add_child(child, name=name, index=index)
        return self

    def layers(self) -> list[dict[str, Any]]:
        """Return what the script needs to know of each layer, in drawing order."""
        return [child.describe() for child in self._children.values() if isinstance(child, DataLayer)]

    def render(self, **kwargs: Any) -> Markup:  # noqa: ARG002
        """Return the map's element; it is filled by the script."""
        hint_id = f"{self._id}-hint"
        return element(
            "div",
            element("p", self.hint, id=hint_id, class_="hidden"),
            element(
                "div",
                id=self._id,
                class_="map",
                role="region",
                aria_label=self.label,
                aria_describedby=hint_id,
            ),
            class_="map-frame",
        )


class DataLayer(FoliumLayer):
    """A layer whose data come by ``url``, or stand in the document's data block under that key."""

    kind = ""

    def __init__(self, url: str) -> None:
        super().__init__(name=self.kind)
        self._id = f"{self.kind}:{url}"
        self.url = url

    def get_name(self) -> str:
        """Return a name that is the same in every run."""
        return str(self._id)

    def describe(self) -> dict[str, Any]:
        """Return the layer as the script reads it."""
        return {"kind": self.kind, "url": self.url}

    def render(self, **kwargs: Any) -> str:  # noqa: ARG002
        """Return nothing: the script draws the layer."""
        return ""


class DrawingLayer(DataLayer):
    """All that is drawn of a plan; under ``url`` stand the mosaic of the city and each community."""

    kind = "drawing"


def data_block(data: dict[str, Any], id: str = "geogrid-data") -> Markup:  # noqa: A002
    """Return the data of a file that stands alone, by layer url."""
    return json_block(data, id)


__all__ = ["DataLayer", "DrawingLayer", "Figure", "Map", "data_block", "safe_json"]
