// The units on the map, coloured by grid, over the streets and buildings; the reference as a dotted line.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name, PALETTE } = geogrid;
  const NONE = "#ffffff";

  geogrid.gridColour = (number) => (number ? PALETTE[(number - 1) % PALETTE.length] : NONE);

  const filled = (grid) => ({ fillColor: geogrid.gridColour(grid), fillOpacity: grid ? 0.66 : 0.9, dashArray: grid ? null : "5 4" });

  class UnitMap {
    constructor(node, bench) {
      this.bench = bench;
      this.map = L.map(node, {
        zoomSnap: 0.25, maxZoom: 20, attributionControl: false, zoomAnimation: false, fadeAnimation: false, boxZoom: false,
        zoomControl: false, keyboard: true,
      });
      L.control.zoom({ zoomInTitle: t("map.in"), zoomOutTitle: t("map.out") }).addTo(this.map);
      L.control.scale({ imperial: false }).addTo(this.map);
      for (const [pane, order] of [["ground", 205], ["units", 210], ["borders", 220], ["over", 225], ["marks", 230], ["numbers", 600]]) {
        this.map.createPane(pane).style.zIndex = order;
        if (pane !== "units") this.map.getPane(pane).style.pointerEvents = "none";
      }
      this.sheet = new geogrid.PlanSheet(this.map, bench, { units: "units", borders: "borders", numbers: "numbers" });
      const old = [...bench.members(bench.reference)].flatMap(([grid, ids]) => bench.rim(ids, (id) => bench.reference[id] === grid));
      this.markRenderer = L.canvas({ pane: "marks", padding: 0.2 });
      this.reference = L.polyline(old, {
        pane: "marks", renderer: this.markRenderer, color: "#111111", weight: 1.6, dashArray: "2 5", interactive: false,
      }).addTo(this.map);
      this.selection = new Set();
      // A yellow line with black edges: grids' borders are black, and their colours may be any.
      // On a canvas of its own: else the reference, which is long, would be drawn again with each unit chosen.
      const renderer = L.canvas({ pane: "marks", padding: 0.2 });
      this.chosen = [[7, "#14181c"], [3.5, "#ffe14d"]].map(([weight, color]) =>
        L.polyline([], { pane: "marks", renderer, color, weight, interactive: false }).addTo(this.map));
      this.map.fitBounds(this.sheet.area.getBounds(), { padding: [20, 20], animate: false });
      this.observer = new ResizeObserver(() => this.map.invalidateSize());
      this.observer.observe(node);
    }

    close() {
      this.observer.disconnect();
      this.map.remove();
    }

    // Streets and buildings of the published plan's ground, as far as there are any.
    async ground(community) {
      const answer = await fetch("/v1/communities/" + encodeURIComponent(community) + "/background").catch(() => null);
      const data = answer && answer.ok ? await answer.json().catch(() => null) : null;
      if (!data || !this.map.getPane("over")) return;
      const [under, over] = ["ground", "over"].map((pane) => L.canvas({ pane, padding: 0.2 }));
      geogrid.communityGround(data, under, over).forEach((layer) => layer.addTo(this.map));
    }

    // What the mouse and the finger do with units: `tip`, and events of Leaflet by name.
    listen(tip, events) {
      for (const [id, layer] of this.sheet.layers) {
        layer.bindTooltip(() => tip(id), { sticky: true, className: "tip", opacity: 1 });
        for (const [type, act] of Object.entries(events)) layer.on(type, (event) => act(id, event));
      }
    }

    show(assignment, selected, locked) {
      this.sheet.show(assignment, locked);
      this.select(selected);
    }

    select(selected) {
      const was = this.selection;
      this.selection = new Set(selected);
      if (was.size === this.selection.size && [...was].every((id) => this.selection.has(id))) return;
      const lines = this.bench.rim(this.selection, (id) => this.selection.has(id));
      for (const line of this.chosen) line.setLatLngs(lines);
    }

    // A mark on one building.
    point(spot) {
      if (this.pointed) this.pointed.remove();
      this.pointed = spot ? L.circleMarker([spot[1], spot[0]], { pane: "marks", renderer: this.markRenderer, radius: 11, color: "#111111", weight: 3, fillColor: "#ffffff", fillOpacity: 0.5, interactive: false }).addTo(this.map) : null;
    }

    // A hatch over the units that move, drawn above everything else.
    hatch(ids) {
      if (this.hatched) this.hatched.remove();
      this.hatched = null;
      if (!ids.length) return;
      const renderer = L.svg({ pane: "marks", padding: 0.2 });
      const features = this.bench.features.filter((one) => ids.includes(one.id));
      this.hatched = L.geoJSON({ type: "FeatureCollection", features }, { pane: "marks", renderer, interactive: false, style: { color: "#111111", weight: 2, fillOpacity: 1 } }).addTo(this.map);
      geogrid.stripes(renderer);
      this.hatched.eachLayer((layer) => layer.getElement() && layer.getElement().setAttribute("fill", "url(#moved-stripes)"));
    }

    zoomTo(ids) {
      const layers = ids.map((id) => this.sheet.layers.get(id)).filter(Boolean);
      if (layers.length) this.map.fitBounds(L.featureGroup(layers).getBounds().pad(0.4), { animate: false, maxZoom: 18 });
    }
  }

  // One plan on the map: its units in their colours, its borders, its numbers. Only grids that changed are drawn anew.
  class PlanSheet {
    constructor(map, bench, { units, borders, numbers, interactive = true }) {
      Object.assign(this, { map, bench, panes: { units, borders, numbers } });
      this.layers = new Map();
      this.rims = new Map();
      this.assignment = {};
      this.canvas = L.canvas({ pane: borders, padding: 0.2 });
      this.area = L.geoJSON({ type: "FeatureCollection", features: bench.features }, {
        pane: units, renderer: L.canvas({ pane: units, padding: 0.2 }), interactive,
        style: { color: "#5d666e", weight: 0.8, ...filled(0) },
        onEachFeature: (feature, layer) => this.layers.set(feature.id, layer),
      }).addTo(map);
      this.lines = L.layerGroup().addTo(map);
      this.numbers = new Numbers(numbers).addTo(map);
    }

    remove() {
      for (const one of [this.area, this.lines, this.numbers]) one.remove();
    }

    show(assignment, locked = new Set()) {
      const changed = new Set();
      for (const [id, layer] of this.layers) {
        const [was, now] = [this.assignment[id], assignment[id]];
        if (was === now) continue;
        layer.setStyle(filled(now));
        changed.add(was).add(now);
      }
      changed.delete(undefined);
      this.assignment = { ...assignment };
      const members = this.bench.members(assignment);
      for (const grid of changed) this.outline(grid, members.get(grid) || []);
      this.number(members, locked);
    }

    outline(grid, ids) {
      const lines = this.bench.rim(ids, (id) => this.assignment[id] === grid);
      if (this.rims.has(grid)) this.rims.get(grid).setLatLngs(lines);
      else this.rims.set(grid, L.polyline(lines, { pane: this.panes.borders, renderer: this.canvas, color: "#222222", weight: 2.4, interactive: false }).addTo(this.lines));
    }

    number(members, locked) {
      const marks = [...members].map(([grid, ids]) => ({ grid, spot: this.bench.heart(ids), locked: locked.has(grid) }));
      this.numbers.show(marks);
    }
  }

  // The numbers of the grids on one canvas, painted anew only when one of them moves.
  const Numbers = geogrid.Surface.extend({
    initialize(pane) {
      Object.assign(this, { pane, marks: [], key: "" });
    },
    show(marks) {
      const key = marks.map(({ grid, spot, locked }) => [grid, ...spot, locked]).join(";");
      if (key === this.key) return;
      Object.assign(this, { marks, key });
      this.redraw();
    },
    paint(pen, { map, pad, ratio }) {
      pen.scale(ratio, ratio);
      Object.assign(pen, { font: "700 15px system-ui, sans-serif", textAlign: "center", textBaseline: "middle", lineJoin: "round", lineWidth: 4, strokeStyle: "rgba(255,255,255,0.92)", fillStyle: "#14181c" });
      for (const { grid, spot, locked } of this.marks) {
        const { x, y } = map.latLngToContainerPoint([spot[1], spot[0]])._add(pad);
        pen.strokeText(grid, x, y);
        pen.fillText(grid, x, y);
        if (locked) padlock(pen, x + pen.measureText(grid).width / 2 + 5, y);
      }
    },
  });

  function padlock(pen, x, y) {
    pen.save();
    Object.assign(pen, { lineWidth: 2, strokeStyle: "#14181c" });
    pen.fillRect(x, y - 2, 10, 8);
    pen.beginPath();
    pen.arc(x + 5, y - 2, 3, Math.PI, 0);
    pen.stroke();
    pen.restore();
  }

  geogrid.stripes = function (renderer) {
    const root = renderer._container;
    if (!root || root.querySelector("#moved-stripes")) return;
    const make = (tag, attributes) => {
      const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
      return node;
    };
    const pattern = make("pattern", { id: "moved-stripes", width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
    pattern.append(make("rect", { width: 3, height: 8, fill: "#111111", "fill-opacity": 0.62 }));
    const defs = make("defs", {});
    defs.append(pattern);
    root.prepend(defs);
  };

  // Over a unit: what it is and where it lies.
  geogrid.unitTip = (bench, assignment, id) => {
    const unit = bench.units.get(id);
    const grid = assignment[id];
    return el("div", {}, name(bench.label(id), "strong"), el("br"), t("planner.unit.tip", { n: unit.households, b: unit.buildings }), el("br"),
      grid ? t("grid.number", { n: grid }) : t("planner.nogrid"));
  };

  geogrid.UnitMap = UnitMap;
  geogrid.PlanSheet = PlanSheet;
})();
