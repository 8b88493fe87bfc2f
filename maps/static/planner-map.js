// The units on the map, coloured by grid: selection by click, rectangle and lasso; the reference as an outline.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name } = geogrid;
  const PALETTE = [
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
  ];
  const NONE = "#ffffff";

  geogrid.gridColour = (number) => (number ? PALETTE[(number - 1) % PALETTE.length] : NONE);

  const inside = ([x, y], ring) => {
    let odd = false;
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [[ax, ay], [bx, by]] = [ring[i], ring[j]];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
    }
    return odd;
  };

  class UnitMap {
    constructor(node, bench, { onPick, onSweep }) {
      this.bench = bench;
      this.onPick = onPick;
      this.onSweep = onSweep;
      this.layers = new Map();
      this.map = L.map(node, {
        zoomSnap: 0.25, maxZoom: 20, attributionControl: false, zoomAnimation: false, fadeAnimation: false, boxZoom: false,
        zoomControl: false, keyboard: true,
      });
      L.control.zoom({ zoomInTitle: t("map.in"), zoomOutTitle: t("map.out") }).addTo(this.map);
      L.control.scale({ imperial: false }).addTo(this.map);
      for (const [pane, order] of [["units", 210], ["borders", 220], ["marks", 230], ["numbers", 600]]) {
        this.map.createPane(pane).style.zIndex = order;
        if (pane !== "units") this.map.getPane(pane).style.pointerEvents = "none";
      }
      this.canvas = L.canvas({ pane: "borders", padding: 0.2 });
      this.draw();
      this.listenSweep(node);
      this.observer = new ResizeObserver(() => this.map.invalidateSize());
      this.observer.observe(node);
    }

    close() {
      this.observer.disconnect();
      this.map.remove();
    }

    draw() {
      this.area = L.geoJSON({ type: "FeatureCollection", features: this.bench.features }, {
        pane: "units", renderer: L.canvas({ pane: "units", padding: 0.2 }),
        onEachFeature: (feature, layer) => {
          this.layers.set(feature.id, layer);
          const unit = this.bench.units.get(feature.id);
          layer.bindTooltip(() => this.tip(unit), { sticky: true, className: "tip", opacity: 1 });
          layer.on("click", (event) => this.onPick(feature.id, event.originalEvent));
        },
      }).addTo(this.map);
      this.map.fitBounds(this.area.getBounds(), { padding: [20, 20], animate: false });
      this.numbers = L.layerGroup().addTo(this.map);
      this.outline = L.layerGroup().addTo(this.map);
    }

    tip(unit) {
      const grid = this.assignment[unit.id];
      const title = unit.compound_name || unit.name || t("planner.kind." + unit.kind);
      return el("div", {}, name(title, "strong"), el("br"),
        t("planner.unit.tip", { n: unit.households, b: unit.buildings }), el("br"),
        grid ? t("grid.number", { n: grid }) : t("planner.nogrid"));
    }

    // Draw an assignment: only what changed is styled anew.
    show(assignment, selected, locked, force) {
      const before = this.assignment || {};
      const [was, now] = [this.selected || new Set(), selected];
      this.assignment = assignment;
      this.selected = new Set(now);
      for (const [id, layer] of this.layers) {
        const same = before[id] === assignment[id] && was.has(id) === now.has(id);
        if (same && !force && this.drawnOnce) continue;
        const on = now.has(id);
        layer.setStyle({
          fillColor: geogrid.gridColour(assignment[id]), fillOpacity: assignment[id] ? 0.7 : 0.9,
          color: on ? "#111111" : "#5d666e", weight: on ? 4 : 0.8, dashArray: assignment[id] ? null : "5 4",
        });
        if (on) layer.bringToFront();
      }
      this.drawnOnce = true;
      this.drawBorders(assignment);
      this.drawNumbers(assignment, locked);
    }

    // A thick line where two units lie in two grids, a dashed one where the reference had a border.
    drawBorders(assignment) {
      this.outline.clearLayers();
      const members = this.bench.members(this.bench.reference);
      for (const ids of members.values()) {
        const rings = this.rim(ids);
        L.polyline(rings, { pane: "marks", renderer: this.canvas, color: "#111111", weight: 1.6, dashArray: "2 5", interactive: false }).addTo(this.outline);
      }
      for (const ids of this.bench.members(assignment).values()) {
        L.polyline(this.rim(ids), { pane: "borders", renderer: this.canvas, color: "#222222", weight: 2.4, interactive: false }).addTo(this.outline);
      }
    }

    // The segments that only one of the units has: shared borders have the same vertices in both.
    rim(ids) {
      const seen = new Map();
      for (const id of ids) {
        for (const [a, b] of this.segments(id)) {
          const key = a < b ? a + b : b + a;
          seen.set(key, seen.has(key) ? null : [a, b]);
        }
      }
      return [...seen.values()].filter(Boolean).map((pair) => pair.map((one) => one.split(",").map(Number).reverse()));
    }

    segments(id) {
      this.known = this.known || new Map();
      if (!this.known.has(id)) {
        const { type, coordinates } = this.layers.get(id).feature.geometry;
        const rings = type === "Polygon" ? coordinates : coordinates.flat();
        this.known.set(id, rings.flatMap((ring) => ring.slice(1).map((to, i) => [ring[i].join(","), to.join(",")])));
      }
      return this.known.get(id);
    }

    drawNumbers(assignment, locked) {
      this.numbers.clearLayers();
      for (const [grid, ids] of this.bench.members(assignment)) {
        const largest = ids.map((id) => this.bench.units.get(id)).sort((a, b) => b.households - a.households || b.area_m2 - a.area_m2)[0];
        const html = el("span", {}, String(grid), locked.has(grid) ? el("i", { class: "padlock shut" }) : null);
        const icon = L.divIcon({ className: "plan-number", html, iconSize: [44, 28] });
        L.marker([largest.spot[1], largest.spot[0]], { icon, pane: "numbers", interactive: false, keyboard: false }).addTo(this.numbers);
      }
    }

    zoomTo(ids) {
      const layers = ids.map((id) => this.layers.get(id)).filter(Boolean);
      if (layers.length) this.map.fitBounds(L.featureGroup(layers).getBounds().pad(0.4), { animate: false, maxZoom: 18 });
    }

    // Shift and drag draws a lasso; a short one is a click.
    listenSweep(node) {
      let points = null;
      let line = null;
      const at = (event) => this.map.mouseEventToLatLng(event);
      node.addEventListener("pointerdown", (event) => {
        if (!event.shiftKey || event.button !== 0) return;
        this.map.dragging.disable();
        points = [at(event)];
        line = L.polyline(points, { pane: "marks", color: "#111111", weight: 2, dashArray: "4 4", interactive: false }).addTo(this.map);
      }, true);
      node.addEventListener("pointermove", (event) => {
        if (!points) return;
        points.push(at(event));
        line.setLatLngs(points);
      });
      window.addEventListener("pointerup", () => {
        if (!points) return;
        const ring = points.map((one) => [one.lng, one.lat]);
        line.remove();
        this.map.dragging.enable();
        points = null;
        if (ring.length > 4) this.onSweep([...this.bench.units.values()].filter((unit) => inside(unit.spot, ring)).map((unit) => unit.id));
      });
    }
  }

  geogrid.UnitMap = UnitMap;
})();
