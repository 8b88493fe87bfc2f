// Draw communities, their background and their grids; all data come as GeoJSON.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name } = geogrid;
  const PALETTE = ["#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd"];
  const INK = "#222222";
  const SVG = "http://www.w3.org/2000/svg";
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  // What lies under the colours and what shines through them.
  const GROUND = {
    water: { fillColor: "#c3dcec", fillOpacity: 1, stroke: false },
    park: { fillColor: "#d3e5c5", fillOpacity: 1, stroke: false },
    land: { fillColor: "#e6e2d8", fillOpacity: 1, stroke: false },
    compound: { fillColor: "#f7f3ea", fillOpacity: 1, color: "#cfc7b6", weight: 1 },
  };
  const DETAIL = {
    compound: { fill: false, color: "#ffffff", opacity: 0.55, weight: 1, dashArray: "3 3" },
    building: { fillColor: "#1f1a14", fillOpacity: 0.2, color: "#1f1a14", opacity: 0.18, weight: 0.5 },
    door: { fillColor: "#1f1a14", fillOpacity: 0.34, stroke: false, radius: 1.6 },
  };
  const LINES = {
    street: { fill: false, color: "#ffffff", opacity: 0.62, lineCap: "round" },
    river: { fill: false, color: "#6fa8cc", opacity: 0.9, weight: 3 },
    railway: { fill: false, color: "#43494e", opacity: 0.6, weight: 1.6, dashArray: "7 4" },
  };
  const ROADS = { expressway: 5, arterial: 4, collector: 3, street: 2 };

  const cache = new Map();
  async function load(url) {
    const data = geogrid.data || {};
    if (Object.prototype.hasOwnProperty.call(data, url)) return data[url];
    if (!cache.has(url)) {
      const answer = fetch(url, { headers: { Accept: "application/geo+json" } }).then((response) => {
        if (!response.ok) throw new Error("HTTP " + response.status);
        return response.json();
      });
      answer.catch(() => cache.delete(url));
      cache.set(url, answer);
    }
    return cache.get(url);
  }

  function fill(url, community) {
    return url.replace("{community}", () => encodeURIComponent(community));
  }

  function pane(map, id, order, passive) {
    const node = map.createPane(id);
    node.style.zIndex = order;
    if (passive) node.style.pointerEvents = "none";
  }

  function pattern(id, base, line, opacity) {
    const node = document.createElementNS(SVG, "pattern");
    const attributes = { id, width: 9, height: 9, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" };
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    for (const [at, wide, colour, alpha] of [[0, 9, base, 1], [0, 2, line, opacity]]) {
      const rect = document.createElementNS(SVG, "rect");
      for (const [key, value] of Object.entries({ x: at, y: 0, width: wide, height: 9, fill: colour, "fill-opacity": alpha })) {
        rect.setAttribute(key, value);
      }
      node.appendChild(rect);
    }
    return node;
  }

  function addPatterns(renderer) {
    const defs = document.createElementNS(SVG, "defs");
    defs.appendChild(pattern("hatch-special", "#d9dbdc", "#8b9296", 0.9));
    PALETTE.forEach((colour, i) => defs.appendChild(pattern("hatch-" + i, colour, "#ffffff", 0.5)));
    renderer._container.insertBefore(defs, renderer._container.firstChild);
  }

  // A grid named after several compounds goes by the first of them where there is little room.
  const shortName = (grid) => (grid.compounds.length > 1 ? grid.compounds[0].name + " +" + (grid.compounds.length - 1) : grid.name);

  geogrid.vacant = (grid) =>
    grid.kind !== "special" && grid.team.some((post) => post.role === "leader" && post.vacant);

  // On a small map the credit folds away once somebody touches the map; its mark stays.
  function attribution(node) {
    const text = el("span", {}, name(geogrid.setup.attribution || "", "span"), " · ", t("map.credit"));
    if (node.clientWidth >= 500) return text;
    const folding = el("details", { open: true }, el("summary", { "aria-label": t("footer.source") }, "©"), text);
    const fold = () => (folding.open = false);
    for (const type of ["pointerdown", "wheel", "keydown"]) {
      node.querySelector(".leaflet-map-pane").addEventListener(type, fold, { once: true, passive: true });
    }
    return folding;
  }

  function addSample(map) {
    const mark = L.control({ position: "topright" });
    mark.onAdd = () => el("p", { class: "sample", title: t("sample.long") }, t("sample"));
    mark.addTo(map);
  }

  geogrid.createMap = function (node, { layers, onGrid, onCommunity }) {
    const url = Object.fromEntries(layers.map((layer) => [layer.kind, layer.url]));
    const map = L.map(node, {
      zoomSnap: 0.25, zoomControl: false, attributionControl: false, maxZoom: 20, zoomAnimation: !calm,
      fadeAnimation: !calm, inertia: !calm, maxBoundsViscosity: 0.8, wheelPxPerZoomLevel: 90,
    });
    L.control.zoom({ zoomInTitle: t("map.in"), zoomOutTitle: t("map.out") }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
    const credit = L.control.attribution({ prefix: false, position: "bottomright" }).addTo(map);
    credit.getContainer().append(attribution(node));
    if (geogrid.setup.synthetic) addSample(map);
    for (const [id, order, passive] of [
      ["city", 210], ["land", 215, true], ["borders", 217, true], ["ground", 220, true], ["fill", 300], ["detail", 310, true], ["border", 320, true],
      ["chosen", 330, true], ["labels", 600, true], ["pin", 610, true],
    ]) pane(map, id, order, passive);
    const land = L.canvas({ pane: "land", padding: 0.4 });
    const ground = L.canvas({ pane: "ground", padding: 0.4 });
    const detail = L.canvas({ pane: "detail", padding: 0.4 });
    const fills = L.svg({ pane: "fill", padding: 0.4 });
    const state = { community: null, code: null, layers: [], grids: new Map(), turn: 0 };
    let city = null;
    let borders = null;
    let cityLabels = null;

    function clear() {
      state.layers.forEach((layer) => layer.remove());
      Object.assign(state, { layers: [], grids: new Map(), code: null });
    }

    function add(layer) {
      state.layers.push(layer.addTo(map));
      return layer;
    }

    function tip(layer, title, more) {
      const content = el("div", {}, title, el("br"), more);
      layer.bindTooltip(() => content, { sticky: true, direction: "top", className: "tip", opacity: 1 });
    }

    function styleCommunity(feature) {
      const id = feature.properties.id;
      if (state.community === id) return { fillColor: "#f1ede4", fillOpacity: 1, stroke: false };
      const quiet = state.community !== null;
      return {
        fillColor: quiet ? "#eceae4" : "#f5f3ec", fillOpacity: 1, stroke: false,
      };
    }

    function hover(layer, restyle) {
      layer.on("mouseover", () => layer.setStyle({ fillOpacity: 0.88 }));
      layer.on("mouseout", restyle);
    }

    function drawCity(data) {
      const lines = (f) => f.properties.layer === "barrier";
      L.geoJSON({ ...data, features: data.features.filter((f) => !lines(f)) }, {
        pane: "land", renderer: land, interactive: false, style: (f) => GROUND[f.properties.layer],
      }).addTo(map);
      L.geoJSON({ ...data, features: data.features.filter(lines) }, {
        pane: "land", renderer: land, interactive: false,
        style: (f) => ({ ...(LINES[f.properties.kind] || LINES.street), opacity: 0.95, weight: (ROADS[f.properties.kind] || 2) * 0.7 }),
      }).addTo(map);
    }

    async function showCommunities() {
      const data = await load(url.communities);
      load(url.city).then(drawCity).catch(() => null);
      city = L.geoJSON(data, {
        pane: "city", style: styleCommunity,
        onEachFeature(feature, layer) {
          const p = feature.properties;
          tip(layer, name(p.name, "strong"), t("list.count", { n: p.grids }));
          layer.on("click", () => onCommunity(p.id));
          layer.on("mouseover", () => state.community !== p.id && layer.setStyle({ fillColor: "#dbe9f0" }));
          layer.on("mouseout", () => city.resetStyle(layer));
        },
      }).addTo(map);
      borders = L.geoJSON(data, { pane: "borders", interactive: false, style: styleBorder }).addTo(map);
      return data;
    }

    function styleBorder() {
      const quiet = state.community !== null;
      return { fill: false, color: quiet ? "#a9aba6" : "#4d5963", weight: quiet ? 1 : 1.4, lineJoin: "round" };
    }

    function nameCommunities() {
      if (cityLabels) cityLabels.remove();
      const others = city.toGeoJSON().features.filter((f) => f.properties.id !== state.community);
      const kind = state.community === null ? "community-label" : "community-label beside";
      cityLabels = new geogrid.Labels(others.map((f) => ({ name: f.properties.name, place: f.properties.label })), { kind });
      cityLabels.addTo(map);
    }

    function drawBackground(data) {
      const pick = (names) => ({ ...data, features: data.features.filter((f) => names.includes(f.properties.layer)) });
      add(L.geoJSON(pick(["land", "park", "compound", "water"]), {
        pane: "ground", renderer: ground, interactive: false, style: (f) => GROUND[f.properties.layer],
      }));
      add(L.geoJSON(pick(["street", "barrier"]), {
        pane: "detail", renderer: detail, interactive: false,
        style: (f) => LINES[f.properties.kind] || { ...LINES.street, weight: ROADS[f.properties.kind] || ROADS.street },
      }));
      add(L.geoJSON(pick(["building"]), {
        pane: "detail", renderer: detail, interactive: false, style: () => DETAIL.building,
        pointToLayer: (f, at) => L.circleMarker(at, { ...DETAIL.door, pane: "detail", renderer: detail }),
      }));
    }

    function styleGrid(feature) {
      const p = feature.properties;
      const hatch = p.kind === "special" ? "special" : geogrid.vacant(p) && state.roster ? p.colour : null;
      const colour = PALETTE[p.colour % PALETTE.length] || "#b8bcbf";
      return { stroke: false, fillColor: hatch === null ? colour : "url(#hatch-" + hatch + ")", fillOpacity: 0.7, fillRule: "evenodd" };
    }

    function drawGrids(data) {
      const layer = add(L.geoJSON(data, {
        pane: "fill", renderer: fills, style: styleGrid,
        onEachFeature(feature, item) {
          const p = feature.properties;
          state.grids.set(p.code, { feature, layer: item });
          tip(item, el("strong", {}, p.number + " ", name(p.name)), geogrid.size(p));
          item.on("click", (event) => {
            L.DomEvent.stop(event);
            onGrid(p.code);
          });
          hover(item, () => item.setStyle({ fillOpacity: 0.7 }));
        },
      }));
      if (!fills._container.querySelector("defs")) addPatterns(fills);
      add(L.geoJSON(data, { pane: "border", interactive: false, style: { fill: false, color: INK, weight: 1.6, lineJoin: "round" } }));
      state.labels = add(new geogrid.Labels(data.features.map(({ properties: p }) => (
        { number: String(p.number), name: p.name, short: shortName(p), place: p.label }
      ))));
      return layer;
    }

    function fit(bounds, animate) {
      const pad = node.clientWidth < 500 ? 14 : 36;
      map.fitBounds(bounds, { padding: [pad, pad], maxZoom: 18.5, animate: animate && !calm });
    }

    const view = { map };

    view.showCity = async function (animate) {
      const data = city ? null : await showCommunities();
      clear();
      state.community = null;
      state.turn++;
      city.setStyle(styleCommunity);
      borders.setStyle(styleBorder);
      const bounds = city.getBounds();
      if (data) map.setMaxBounds(bounds.pad(0.6));
      fit(bounds, animate && !data);
      if (data) map.setMinZoom(map.getZoom() - 1);
      nameCommunities();
    };

    view.showCommunity = async function (id, code) {
      if (!city) await view.showCity(false);
      if (state.community !== id) {
        const turn = ++state.turn;
        const [grids, background] = await Promise.all([
          load(fill(url.grids, id)), load(fill(url.background, id)).catch(() => null),
        ]);
        if (turn !== state.turn) return null;
        clear();
        state.community = id;
        state.roster = grids.features.some((f) => f.properties.branch || f.properties.team.some((post) => !post.vacant));
        nameCommunities();
        city.setStyle(styleCommunity);
      borders.setStyle(styleBorder);
        if (background) drawBackground(background);
        state.drawn = drawGrids(grids);
        state.data = grids;
        if (!code) fit(state.drawn.getBounds(), true);
      } else if (!code) fit(state.drawn.getBounds(), true);
      view.choose(code || null);
      return state.data;
    };

    view.choose = function (code) {
      if (state.mark) state.mark.remove();
      state.mark = null;
      state.code = code;
      if (state.labels) state.labels.avoid(null);
      const grid = state.grids.get(code);
      if (!grid) return;
      const line = (color, weight) => L.geoJSON(grid.feature, {
        pane: "chosen", interactive: false, style: { fill: false, color, weight, lineJoin: "round" },
      });
      state.mark = L.layerGroup([line("#ffffff", 8), line("#111111", 4)]).addTo(map);
      state.layers.push(state.mark);
      const bounds = grid.layer.getBounds();
      fit(bounds.pad(0.35), true);
    };

    // The place that was asked for: a pin, gone with the next choice; labels make room for it.
    view.pin = function (lon, lat) {
      if (!state.mark || lon === null || lat === null) return;
      state.mark.addLayer(L.marker([lat, lon], { icon: new geogrid.Pin(), pane: "pin", interactive: false, keyboard: false }));
      state.labels.avoid([lat, lon]);
    };

    view.roster = () => Boolean(state.roster);
    view.chosen = () => ({ community: state.community, grid: state.code });
    new ResizeObserver(() => map.invalidateSize()).observe(node);
    return view;
  };

  geogrid.load = load;
  geogrid.fillUrl = fill;
  geogrid.PALETTE = PALETTE;
})();
