// The map: the grids of one community, its neighbours, and the grid that is chosen.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name } = geogrid;
  const { PALETTE } = geogrid;
  const INK = "#222222";
  const SVG = "http://www.w3.org/2000/svg";
  const HATCH = 9;
  const FAR = 13.5; // farther out than this there is room for the service centres only
  // From the ground up; the mouse sees communities and grids only.
  const PANES = ["base", "city", "land", "ground", "mosaic", "fill", "detail", "line"];
  const TOUCHED = ["city", "mosaic", "fill"];
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  geogrid.vacant = (grid) =>
    grid.kind !== "special" && grid.team.some((post) => post.role === "leader" && post.vacant);

  // A grid named after several compounds goes by the first of them where there is little room.
  const shortName = (grid) =>
    grid.compounds.length > 1 ? grid.compounds[0].name + " +" + (grid.compounds.length - 1) : grid.name;

  function svg(tag, attributes) {
    const node = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  }

  function pattern(id, base, stripe, opacity) {
    const node = svg("pattern", {
      id, width: HATCH, height: HATCH, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)",
    });
    node.appendChild(svg("rect", { width: HATCH, height: HATCH, fill: base }));
    node.appendChild(svg("rect", { width: 2, height: HATCH, fill: stripe, "fill-opacity": opacity }));
    return node;
  }

  function patterns() {
    const defs = svg("defs", {});
    defs.appendChild(pattern("hatch-special", "#d9dbdc", "#8b9296", 0.9));
    defs.appendChild(pattern("hatch-missing", "#f3f4f3", "#8b9296", 0.9));
    PALETTE.forEach((colour, i) => defs.appendChild(pattern("hatch-" + i, colour, "#ffffff", 0.5)));
    return defs;
  }

  // On a small map the credit folds away once somebody touches the map; its mark stays.
  function credit(node) {
    const { attribution, review, basemap } = geogrid.setup;
    const ground = basemap && basemap.kind === "tianditu" ? t("map.tianditu") : basemap && basemap.credit;
    const number = review ? [" · ", t("map.review", { n: review })] : null;
    const text = el("span", {}, name(attribution || "", "span"), " · ", t("map.credit"), ground ? [" · ", name(ground, "span")] : null, number);
    if (node.clientWidth >= 500) return text;
    const folding = el("details", { open: true }, el("summary", { "aria-label": t("footer.source") }, "©"), text);
    for (const type of ["pointerdown", "wheel", "keydown"]) {
      const once = { once: true, passive: true };
      node.querySelector(".leaflet-map-pane").addEventListener(type, () => (folding.open = false), once);
    }
    return folding;
  }

  function control(position, content) {
    const found = L.control({ position });
    found.onAdd = () => content;
    return found;
  }

  // Zooming is not animated: Chromium without a graphics card keeps stale tiles of the drawings afterwards.
  function open(node) {
    const map = L.map(node, {
      zoomSnap: 0.25, wheelPxPerZoomLevel: 90, maxZoom: 20, maxBoundsViscosity: 0.8, zoomControl: false,
      attributionControl: false, zoomAnimation: false, fadeAnimation: !calm, inertia: !calm, bounceAtZoomLimits: false,
    });
    L.control.zoom({ zoomInTitle: t("map.in"), zoomOutTitle: t("map.out") }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
    L.control.attribution({ prefix: false }).addTo(map).getContainer().append(credit(node));
    if (geogrid.setup.synthetic) {
      control("topright", el("p", { class: "sample", title: t("sample.long") }, t("sample"))).addTo(map);
    }
    PANES.forEach((pane, i) => (map.createPane(pane).style.zIndex = 210 + 10 * i));
    for (const [pane, order] of [["labels", 600], ["pin", 610]]) map.createPane(pane).style.zIndex = order;
    for (const pane of [...PANES, "labels", "pin"].filter((one) => !TOUCHED.includes(one))) {
      map.getPane(pane).style.pointerEvents = "none";
    }
    return map;
  }

  function tip(layer, title, more) {
    const content = el("div", {}, title, el("br"), more);
    layer.bindTooltip(() => content, { sticky: true, direction: "top", className: "tip", opacity: 1 });
  }

  function outline(data, renderer, style) {
    const line = { fill: false, lineJoin: "round", ...style };
    return L.geoJSON(data, { pane: renderer.options.pane, renderer, interactive: false, style: line });
  }

  class GridMap {
    constructor(node, { onGrid, onCommunity, pan = true, embedded = false }) {
      this.map = open(node);
      this.node = node;
      this.onGrid = onGrid;
      this.onCommunity = onCommunity;
      // Few and small surfaces: a browser that draws without a graphics card leaves tiles out of many large ones.
      const canvas = (pane) => L.canvas({ pane, padding: 0.1 });
      const vector = (pane) => L.svg({ pane, padding: 0.1 });
      this.drawn = {
        land: canvas("land"), under: canvas("ground"), fill: vector("fill"), over: canvas("detail"), line: vector("line"),
      };
      this.theme = geogrid.theme("", []);
      if (pan) geogrid.panPad(this.map);
      if (embedded) geogrid.gentle(this.map, node);
      this.map.on("zoomend", () => node.classList.toggle("far", this.map.getZoom() < FAR));
      this.clear();
      new ResizeObserver(() => this.map.invalidateSize()).observe(node);
    }

    clear() {
      for (const layer of this.own || []) layer.remove();
      this.unmark();
      Object.assign(this, { own: [], grids: new Map(), community: null, code: null, labels: null, data: null, over: null });
    }

    add(layer) {
      this.own.push(layer.addTo(this.map));
      return layer;
    }

    // `covered` is how much of the map's lower part lies under a sheet, in pixels.
    fit(bounds) {
      const pad = this.node.clientWidth < 500 ? 14 : 36;
      const below = pad + (this.covered ? this.covered() : 0);
      this.map.fitBounds(bounds, { paddingTopLeft: [pad, pad], paddingBottomRight: [pad, below], maxZoom: 18.5, animate: false });
    }

    // One community and its grids

    // A community, what is under it, and its neighbours.
    draw(id, data, background, around) {
      this.clear();
      this.community = id;
      this.data = data;
      if (!this.map._loaded) this.fit(L.geoJSON(data).getBounds());
      this.drawAround(around);
      if (background) geogrid.communityGround(background, this.drawn.under, this.drawn.over).forEach((layer) => this.add(layer));
      this.drawGrids(data);
    }

    drawAround(data) {
      const style = () => ({ stroke: false, fillOpacity: 1, fillColor: "#eceae4" });
      this.add(L.geoJSON(data, { pane: "city", style, onEachFeature: ({ properties }, layer) => {
        tip(layer, name(properties.name, "strong"), t("list.count", { n: properties.grids }));
        layer.on("click", () => this.onCommunity(properties.id));
        layer.on("mouseover", () => layer.setStyle({ fillColor: "#dbe9f0" }));
        layer.on("mouseout", () => layer.setStyle({ fillColor: "#eceae4" }));
      } }));
      this.add(outline(data, this.drawn.land, { color: "#a9aba6", weight: 1 }));
      const names = data.features.map(({ properties: p }) => ({ name: geogrid.shown(p.name), place: p.label }));
      this.add(new geogrid.Labels(names, { kind: "community-label beside" }));
    }

    // Whether anybody is known to lead or serve here; if not, hatching every grid would say nothing.
    roster() {
      const known = (p) => p.branch || p.team.some((post) => !post.vacant);
      return this.community !== null && this.data.features.some((feature) => known(feature.properties));
    }

    drawGrids(data) {
      const roster = this.roster();
      const { fill } = this.drawn;
      this.area = this.add(L.geoJSON(data, {
        pane: "fill", renderer: fill, style: (feature) => this.gridStyle(feature.properties, roster),
        onEachFeature: (feature, layer) => this.listenGrid(feature, layer),
      }));
      if (!fill._container.querySelector("defs")) fill._container.prepend(patterns());
      this.add(outline(data, this.drawn.line, { color: INK, weight: 1.6 }));
      this.labels = this.add(new geogrid.Labels(data.features.map(({ properties: p }) => (
        { number: String(p.number), name: geogrid.shown(p.name), short: shortName(p), place: p.label }
      ))));
    }

    gridStyle(grid, roster) {
      const { fill, hatch } = this.theme.fill(grid, roster);
      const fillColor = hatch === null ? fill : "url(#hatch-" + hatch + ")";
      return { stroke: false, fillColor, fillOpacity: 0.7, fillRule: "evenodd" };
    }

    colourBy(theme) {
      this.theme = theme;
      if (this.area) this.area.setStyle((feature) => this.gridStyle(feature.properties, this.roster()));
    }

    listenGrid(feature, layer) {
      const grid = feature.properties;
      this.grids.set(grid.code, { feature, layer });
      tip(layer, el("strong", {}, grid.number + " ", name(grid.name)), geogrid.size(grid));
      layer.on("click", (event) => {
        L.DomEvent.stop(event);
        this.onGrid(grid.code);
      });
      layer.on("mouseover", () => layer.setStyle({ fillOpacity: 0.88 }));
      layer.on("mouseout", () => layer.setStyle({ fillOpacity: 0.7 }));
    }

    // The chosen grid

    unmark() {
      if (this.mark) this.mark.remove();
      this.mark = null;
    }

    choose(code) {
      this.unmark();
      this.code = code;
      if (this.labels) this.labels.avoid(null);
      const grid = this.grids.get(code);
      if (!grid) return;
      const line = (color, weight) => outline(grid.feature, this.drawn.line, { color, weight });
      this.mark = L.layerGroup([line("#ffffff", 8), line("#111111", 4)]).addTo(this.map);
      this.fit(grid.layer.getBounds().pad(0.35));
    }

    // The place that was asked for: a pin, gone with the next choice; labels make room for it.
    pin(lon, lat) {
      if (!this.mark || lon === null || lat === null) return;
      const icon = new geogrid.Pin();
      this.mark.addLayer(L.marker([lat, lon], { icon, pane: "pin", interactive: false, keyboard: false }));
      this.labels.avoid([lat, lon]);
    }
  }

  geogrid.GridMap = GridMap;
})();
