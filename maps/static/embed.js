// An embedded map: down from the city to one grid and up again, with a list that says the same as the map.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name, setup, load } = geogrid;
  const { options, view: asked } = setup;
  const at = (id) => document.getElementById(id);
  const [answer, listing, status, panel, tools, trail] = ["answer", "listing", "status", "panel", "tools", "trail"].map(at);
  const parts = new Set(options.parts);
  const CRS = ["WGS-84", "CGCS2000", "GCJ-02", "BD-09"];
  const OVER = ["compounds", "venues"];
  const state = { level: "city", id: "", code: null, theme: options.layers.find((one) => !OVER.includes(one)) || "" };
  const overlays = new Set(options.layers.filter((one) => OVER.includes(one)));
  const mosaics = new Map();
  let mosaic = null;
  let bundle = null;
  let turn = 0;

  const view = new geogrid.GridMap(at("map"), {
    layers: [], embedded: window.parent !== window, pan: parts.has("pan"),
    onGrid: (code) => showGrid(code, { focus: true }), onCommunity: (id) => go("community", id),
  });
  view.covered = () => (!panel.hidden && window.getComputedStyle(panel).position === "absolute" ? panel.offsetHeight : 0);
  const send = geogrid.messages({ sites: setup.sites, protocol: setup.protocol, accept });

  // Data

  async function spelled(path) {
    if (setup.language !== "en" || !(setup.data_language || "").startsWith("zh")) return;
    const found = await load(setup.data + "names/" + path).catch(() => ({}));
    for (const [key, value] of Object.entries(found)) geogrid.latin.set(key, value);
  }

  async function mosaicFor(level, id) {
    const own = level === "subdistrict" && asked.kind === "subdistrict" && asked.id === id && !mosaics.has("");
    const key = own ? id : "";
    if (!mosaics.has(key)) {
      const path = own ? "s/" + encodeURIComponent(id) + ".json" : "mosaic.json";
      const [data] = await Promise.all([load(setup.data + path), spelled(path)]);
      mosaics.set(key, new geogrid.Mosaic(view, data, {
        onArea: (one, each) => go(one, each),
        onGrid: (grid) => (state.level === "community" || deep() ? openGrid(grid.code, grid.community) : go("community", grid.community)),
      }));
    }
    return mosaics.get(key);
  }

  // Zoomed in far enough that grids are named, a click means the grid.
  const deep = () => view.map.getZoom() >= 16;

  async function community(id) {
    const path = "c/" + encodeURIComponent(id) + ".json";
    const [data] = await Promise.all([load(setup.data + path), spelled(path)]);
    return data;
  }

  // Going to an area

  async function go(level, id, { focus, bounds, quiet } = {}) {
    const mine = ++turn;
    try {
      if (level === "community") await openCommunity(id, mine, focus);
      else await openArea(level, id, mine, focus, bounds);
      if (!quiet && mine === turn) send("chosen", { level: state.level, area: state.id, grid: null });
    } catch (error) {
      failed(error);
    }
  }

  function failed(error) {
    if (!error.status) console.error(error);
    const text = error.status === 404 ? t("answer.outside") : t("map.failed");
    answer.replaceChildren(el("div", { class: "card note" }, el("p", { class: "lead" }, text)));
    status.textContent = text;
    openPanel(true);
    send("failed", { status: error.status || 0 });
  }

  async function openArea(level, id, mine, focus) {
    const next = await mosaicFor(level, id);
    if (mine !== turn) return;
    if (mosaic && mosaic !== next) mosaic.hide();
    view.clear();
    bundle = null;
    mosaic = next;
    Object.assign(state, { level, id, code: null });
    mosaic.at = { level, id };
    mosaic.theme = mosaic.themed(state.theme);
    answer.replaceChildren();
    drawTrail(stepsOf(level, id));
    listAreas(level, id); // before the map is fitted: the sheet takes its height from it
    mosaic.show(level, id);
    drawLegend();
    if (focus) focusList();
  }

  async function openCommunity(id, mine, focus) {
    const found = await community(id);
    if (mine !== turn) return;
    if (mosaic) mosaic.hide();
    bundle = found;
    Object.assign(state, { level: "community", id, code: null });
    view.theme = geogrid.theme(state.theme, found.grids.features.map((feature) => feature.properties));
    view.draw(id, found.grids, found.ground, found.around);
    drawOverlays();
    answer.replaceChildren();
    drawTrail(found.trail);
    listGrids();
    view.fit(view.area.getBounds());
    drawLegend();
    if (setup.plan.beside) compare(id);
    if (focus) focusList();
  }

  async function openGrid(code, id, more) {
    if (state.level !== "community" || state.id !== id) await go("community", id, { quiet: true });
    if (state.id === id) showGrid(code, more);
  }

  function showGrid(code, { focus, lead, place } = {}) {
    const feature = bundle && bundle.grids.features.find((one) => one.properties.code === code);
    if (!feature) return;
    const grid = feature.properties;
    state.code = code;
    openPanel(true);
    view.choose(code);
    if (place && place.lon !== null && place.lon !== undefined) view.pin(place.lon, place.lat);
    const card = geogrid.card(grid, { lead, plan: setup.plan });
    card.prepend(el("button", { type: "button", class: "close", "aria-label": t("card.close"), title: t("card.close"), on: { click: closeGrid } }, geogrid.icon("M6 6l12 12M18 6L6 18")));
    answer.replaceChildren(card);
    drawTrail([...bundle.trail, { level: "grid", id: code, name: geogrid.title(grid) }]);
    listGrids();
    view.fit(view.grids.get(code).layer.getBounds().pad(0.35));
    panel.scrollTo(0, 0);
    status.textContent = [lead, geogrid.title(grid), grid.name].filter(Boolean).join(" ");
    if (focus) answer.querySelector("[tabindex='-1']").focus({ preventScroll: true });
    send("chosen", { level: "grid", area: state.id, grid: code });
  }

  function closeGrid() {
    state.code = null;
    view.choose(null);
    answer.replaceChildren();
    drawTrail(bundle.trail);
    listGrids();
    openPanel(listed);
    view.fit(view.area.getBounds());
    (panel.hidden ? at("map") : listing.querySelector("button") || at("map")).focus({ preventScroll: true });
    send("chosen", { level: "community", area: state.id, grid: null });
  }

  // The list and the trail

  function stepsOf(level, id) {
    const steps = [];
    let [one, each] = [level, id];
    while (one !== "city" && mosaic.byId[one] && mosaic.byId[one].has(each)) {
      const area = mosaic.byId[one].get(each);
      steps.unshift({ level: one, id: each, name: area.name });
      one = ["subdistrict", "district"].find((above) => mosaic.byId[above].has(area.parent)) || "city";
      each = area.parent;
    }
    return steps;
  }

  function drawTrail(steps) {
    if (!parts.has("trail")) return;
    const all = [{ level: "city", id: "", name: setup.city }, ...steps];
    trail.replaceChildren(el("ol", {}, all.map((step, i) => {
      if (i === all.length - 1) return el("li", { "aria-current": "location" }, name(step.name));
      const back = () => (step.level === "community" ? closeGrid() : go(step.level, step.id, { focus: true }));
      return el("li", {}, el("button", { type: "button", on: { click: back } }, name(step.name)));
    })));
    trail.scrollLeft = trail.scrollWidth;
  }

  function focusList() {
    const first = listing.querySelector("button");
    if (first && !panel.hidden) first.focus({ preventScroll: true });
  }

  function listAreas(level, id) {
    const { level: under, areas } = mosaic.children(level, id);
    listing.replaceChildren(
      el("h2", {}, t("list." + under)),
      geogrid.areaList(areas.map((area) => ({ ...area, counts: mosaic.data.counts })), { onArea: (each) => go(under, each, { focus: true }) }),
    );
  }

  function listGrids() {
    const known = view.roster();
    listing.replaceChildren(
      el("h2", {}, t("list.grids")),
      geogrid.gridList(bundle.grids.features, { onGrid: (code) => showGrid(code, { focus: true }), chosen: state.code, roster: known }),
      note(known),
    );
  }

  function note(known) {
    const features = bundle.grids.features.map((feature) => feature.properties);
    const lines = [
      known && features.some(geogrid.vacant) ? t("legend.hatch") : null,
      features.some((grid) => grid.kind === "special") ? t("legend.special") : null,
      known ? null : t("legend.roster"),
    ].filter(Boolean);
    return el("p", { class: "quiet legend" }, lines.join(" · "));
  }

  // The panel: beside the map, or a sheet over its lower part

  let listed = options.list;

  function openPanel(open) {
    panel.hidden = !open;
    document.body.classList.toggle("open", open);
    if (buttons.list) buttons.list.setAttribute("aria-expanded", String(open));
    view.map.invalidateSize();
  }

  const handle = el("button", { type: "button", class: "handle", "aria-label": t("panel.size"), "aria-expanded": "false" });
  handle.addEventListener("click", () => {
    const tall = document.body.classList.toggle("tall");
    handle.setAttribute("aria-expanded", String(tall));
  });
  panel.prepend(handle);
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (state.code) closeGrid();
    else toggleList(false);
  });
  document.querySelector(".skip").addEventListener("click", () => toggleList(true));

  function toggleList(open) {
    listed = open;
    openPanel(open || Boolean(state.code));
    if (!open && buttons.list) buttons.list.focus();
  }

  // Tools

  const buttons = {};

  function tool(part, icon, act, more) {
    if (!parts.has(part)) return;
    const label = t("part." + part);
    const button = el("button", { type: "button", title: label, ...more }, geogrid.icon(icon), el("span", { class: "word" }, label));
    button.addEventListener("click", act);
    buttons[part] = button;
    tools.append(button);
  }

  tool("search", "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L21 21", async () => (await finding()).toggle(), { "aria-expanded": "false" });
  if ("geolocation" in navigator && window.isSecureContext) tool("locate", "M12 2v4M12 18v4M2 12h4M18 12h4M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10z", async () => (await finding()).locate());
  tool("layers", "M12 3l9 5-9 5-9-5zM3 12l9 5 9-5M3 16l9 5 9-5", toggleLayers, { "aria-expanded": "false" });
  tool("list", "M8 6h13M8 12h13M8 18h13M3.5 6h.01M3.5 12h.01M3.5 18h.01", () => toggleList(panel.hidden), { "aria-expanded": "false", "aria-controls": "panel" });
  tool("large", "M3 19l5-13 5 13M5 14.5h6M15 19l3.2-8L21.500 19M16.200 16.500h4", () => large(!geogrid.scale || geogrid.scale === 1), { "aria-pressed": "false" });

  function large(on) {
    geogrid.scale = on ? 1.35 : 1;
    document.documentElement.classList.toggle("large", on);
    if (buttons.large) buttons.large.setAttribute("aria-pressed", String(on));
    view.map.invalidateSize();
    if (view.labels) view.labels.refit();
  }

  // Questions and layers come with the rarer tools.

  let finder = null;

  async function finding() {
    await later();
    finder = finder || geogrid.finder({ view, status, answer, panel, openGrid, openPanel, day: options.day, button: buttons.search });
    return finder;
  }

  let chooser = null;

  async function toggleLayers() {
    await later();
    const open = !chooser || chooser.hidden;
    if (!chooser) {
      chooser = geogrid.layerChooser({ theme: state.theme, overlays, onTheme: colourBy, onOverlay: overlay });
      chooser.addEventListener("keydown", (event) => event.key === "Escape" && toggleLayers());
      document.querySelector(".bar").after(chooser);
    }
    chooser.hidden = !open;
    buttons.layers.setAttribute("aria-expanded", String(open));
    if (open) chooser.querySelector("input:checked").focus();
    else buttons.layers.focus();
  }

  function colourBy(theme) {
    state.theme = theme;
    if (bundle) view.colourBy(geogrid.theme(theme, bundle.grids.features.map((feature) => feature.properties)));
    if (mosaic && !bundle) mosaic.colourBy(theme);
    drawLegend();
  }

  function overlay(kind, on) {
    overlays[on ? "add" : "delete"](kind);
    drawOverlays();
  }

  async function drawOverlays() {
    if (!bundle || (!overlays.size && !fetched)) return;
    const drawn = bundle;
    await later();
    if (bundle === drawn) geogrid.overlays(view, drawn, overlays);
  }

  let legend = null;

  function drawLegend() {
    if (legend) legend.remove();
    const found = geogrid.legend && geogrid.legend(bundle ? view.theme : mosaic.theme);
    if (!found) return;
    legend = L.control({ position: view.node.clientWidth < 640 ? "topright" : "bottomleft" });
    legend.onAdd = () => found;
    legend.addTo(view.map);
  }

  // Rarer tools come when they are needed.

  let fetched = null;

  function later() {
    fetched = fetched || new Promise((resolve, reject) => {
      const script = el("script", { src: setup.tools.url, integrity: setup.tools.integrity, crossorigin: "anonymous" });
      script.addEventListener("load", resolve);
      script.addEventListener("error", reject);
      document.head.append(script);
    });
    return fetched;
  }

  async function compare(id) {
    const plan = setup.plan.beside;
    const [other] = await Promise.all([load(plan.data + "c/" + encodeURIComponent(id) + ".json").catch(() => null), later()]);
    if (other && state.id === id && bundle) geogrid.compare(view, other.grids, { before: setup.plan, after: plan });
  }

  // The page around

  function accept(said) {
    if (said.type === "hello") {
      if (document.documentElement.dataset.ready) ready();
    } else if (said.type === "choose" && typeof said.grid === "string") {
      choose(said.grid);
    } else if (said.type === "locate" && CRS.includes(said.crs) && [said.lon, said.lat].every(Number.isFinite)) {
      finding().then((found) => found.locateAt(said));
    } else if (said.type === "view" && Array.isArray(said.center)) {
      const [lon, lat] = said.center.map(Number);
      const zoom = Number(said.zoom);
      if ([lon, lat, zoom].every(Number.isFinite)) view.map.setView([lat, lon], zoom, { animate: false });
    }
  }

  async function choose(code) {
    const here = bundle && bundle.grids.features.some((feature) => feature.properties.code === code);
    if (here) return showGrid(code);
    try {
      const response = await fetch("/v1/grids/" + encodeURIComponent(code) + (options.day ? "?as_of=" + options.day : ""), { credentials: "omit" });
      if (!response.ok) throw Object.assign(new Error("HTTP"), { status: response.status });
      const { grid } = await response.json();
      await openGrid(grid.code, grid.community.id);
    } catch (error) {
      send("failed", { status: error.status || 0 });
    }
  }

  const ready = () => send("ready", { level: state.level, area: state.id, grid: state.code, plan: setup.plan.version });

  view.map.on("moveend", () => {
    if (!view.map._loaded) return;
    const { lng, lat } = view.map.getCenter();
    send("moved", { center: [Number(lng.toFixed(6)), Number(lat.toFixed(6))], zoom: view.map.getZoom() });
  });

  async function start() {
    if (setup.wrong.length) console.info("geogrid: these parameters have no such value: " + setup.wrong.join(", "));
    if (options.theme === "large") large(true);
    openPanel(listed);
    if (state.theme) await later();
    if (setup.basemap.kind !== "city") {
      document.body.classList.add("other-ground");
      if (setup.basemap.kind !== "none") later().then(() => geogrid.basemap(view, setup.basemap)).catch(() => document.body.classList.remove("other-ground"));
    }
    if (asked.kind === "grid") {
      const home = asked.trail.find((step) => step.level === "community");
      await go("community", home.id, { quiet: true });
      showGrid(asked.id);
    } else {
      await go(asked.kind, asked.id, { quiet: true });
      if (options.grid) await choose(options.grid);
    }
    if (options.center) view.map.setView([options.center[1], options.center[0]], options.zoom ?? view.map.getZoom(), { animate: false });
    else if (options.zoom !== null) view.map.setZoom(options.zoom, { animate: false });
    document.documentElement.dataset.ready = "true";
    ready();
  }

  geogrid.view = view;
  start();
})();
