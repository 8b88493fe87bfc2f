// What is drawn over the grids when it is asked for, and the box in which it is chosen.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name } = geogrid;
  const OVERLAYS = ["compounds", "venues"];

  // `outlines` are GeoJSON features, `places` venues; a community brings its own, a mosaic is told them.
  geogrid.overlaysOf = function ({ ground, grids }) {
    const places = new Map();
    for (const { properties: grid } of grids.features) for (const venue of grid.venues) places.set([venue.name, venue.lon, venue.lat].join(), venue);
    return { outlines: ground.features.filter((feature) => feature.properties.layer === "compound"), places: [...places.values()] };
  };

  function compounds({ outlines }) {
    return L.geoJSON({ type: "FeatureCollection", features: outlines }, {
      pane: "line", renderer: L.canvas({ pane: "line", padding: 0.1 }), interactive: false,
      style: { fill: false, color: "#0b3d5c", weight: 1.8, dashArray: "5 3" },
    });
  }

  const Venue = L.Icon.extend({
    createIcon() {
      const node = el("span", { class: "venue " + this.options.kind }, this.options.kind === "service_centre" ? "★" : "●");
      return node;
    },
    createShadow: () => null,
  });

  function venues({ places }) {
    return L.layerGroup(places.map((venue) => {
      const kind = t(venue.kind === "service_centre" ? "grid.centre" : "grid.station");
      const marker = L.marker([venue.lat, venue.lon], { icon: new Venue({ kind: venue.kind }), alt: kind + " " + venue.name, pane: "pin" });
      const content = el("div", {}, name(venue.name, "strong"), el("br"), kind);
      return marker.bindTooltip(() => content, { direction: "top", className: "tip", opacity: 1, permanent: false });
    }));
  }

  const MADE = { compounds, venues };

  geogrid.overlays = function (view, data, wanted) {
    for (const layer of view.over || []) layer.remove();
    view.over = OVERLAYS.filter((kind) => wanted.has(kind)).map((kind) => view.add(MADE[kind](data)));
  };

  geogrid.layerChooser = function ({ theme, overlays, onTheme, onOverlay }) {
    const choice = (type, group, value, text, checked, act) => {
      const input = el("input", { type, name: group, value });
      input.checked = checked;
      input.addEventListener("change", () => act(input.checked));
      return el("label", {}, input, el("span", {}, text));
    };
    return el("form", { class: "layers", "aria-label": t("layers") },
      el("fieldset", {}, el("legend", {}, t("layers.colour")),
        choice("radio", "theme", "", t("layer.grids"), !theme, () => onTheme("")),
        Object.keys(geogrid.themes).map((one) => choice("radio", "theme", one, t("layer." + one), theme === one, () => onTheme(one)))),
      el("fieldset", {}, el("legend", {}, t("layers.over")),
        OVERLAYS.map((one) => choice("checkbox", "over", one, t("layer." + one), overlays.has(one), (on) => onOverlay(one, on)))));
  };
})();
