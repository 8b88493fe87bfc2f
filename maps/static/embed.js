// An embedded map: a frame in somebody's page, with a panel beside the map or a sheet over its lower part.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, setup } = geogrid;
  const { options, view: asked } = setup;
  const at = (id) => document.getElementById(id);
  const panel = at("panel");
  const parts = new Set(options.parts);
  const CRS = ["WGS-84", "CGCS2000", "GCJ-02", "BD-09"];
  let listed = options.list;

  const send = geogrid.messages({ sites: setup.sites, protocol: setup.protocol, accept });
  const nodes = { map: at("map"), answer: at("answer"), listing: at("listing"), status: at("status"), trail: parts.has("trail") ? at("trail") : null };
  const explorer = new geogrid.Explorer(nodes, {
    start: asked, layers: options.layers, embedded: window.parent !== window, pan: parts.has("pan"),
    on: {
      chosen: (what) => send("chosen", what), failed: (status) => send("failed", { status }),
      panel: openPanel, closed: () => openPanel(listed), focused: () => panel.scrollTo(0, 0),
    },
  });
  const { map } = explorer.view;
  explorer.view.covered = () => (!panel.hidden && window.getComputedStyle(panel).position === "absolute" ? panel.offsetHeight : 0);

  // The panel

  function openPanel(open) {
    panel.hidden = !open;
    document.body.classList.toggle("open", open);
    if (bar.buttons.list) bar.buttons.list.setAttribute("aria-expanded", String(open));
    map.invalidateSize();
  }

  function toggleList(open) {
    listed = open;
    openPanel(open || Boolean(explorer.state.code));
    if (!open && bar.buttons.list) bar.buttons.list.focus();
  }

  const handle = el("button", { type: "button", class: "handle", "aria-label": t("panel.size"), "aria-expanded": "false" });
  handle.addEventListener("click", () => handle.setAttribute("aria-expanded", String(document.body.classList.toggle("tall"))));
  panel.prepend(handle);
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (explorer.state.code) explorer.closeGrid();
    else toggleList(false);
  });
  document.querySelector(".skip").addEventListener("click", () => toggleList(true));

  // The tools

  const bar = new geogrid.Toolbar(at("tools"), explorer);
  if (parts.has("search")) bar.add("search", async () => (await finding()).toggle(), { "aria-expanded": "false" });
  if (parts.has("locate") && "geolocation" in navigator && window.isSecureContext) bar.add("locate", async () => (await finding()).locate());
  if (parts.has("layers")) bar.addLayers();
  if (parts.has("list")) bar.add("list", () => toggleList(panel.hidden), { "aria-expanded": "false", "aria-controls": "panel" });
  if (parts.has("large")) bar.addLarge();

  let finder = null;

  async function finding() {
    await geogrid.need("tools");
    finder = finder || geogrid.finder({ explorer, day: options.day, button: bar.buttons.search });
    return finder;
  }

  // The page around

  function accept(said) {
    if (said.type === "hello") {
      if (document.documentElement.dataset.ready) ready();
    } else if (said.type === "choose" && typeof said.grid === "string") {
      explorer.choose(said.grid).catch((error) => send("failed", { status: error.status || 0 }));
    } else if (said.type === "locate" && CRS.includes(said.crs) && [said.lon, said.lat].every(Number.isFinite)) {
      finding().then((found) => found.locateAt(said));
    } else if (said.type === "view" && Array.isArray(said.center)) {
      const [lon, lat] = said.center.map(Number);
      const zoom = Number(said.zoom);
      if ([lon, lat, zoom].every(Number.isFinite)) map.setView([lat, lon], zoom, { animate: false });
    }
  }

  function ready() {
    const { level, id, code } = explorer.state;
    send("ready", { level, area: id, grid: code, plan: setup.plan.version });
  }

  map.on("moveend", () => {
    if (!map._loaded) return;
    const { lng, lat } = map.getCenter();
    send("moved", { center: [Number(lng.toFixed(6)), Number(lat.toFixed(6))], zoom: map.getZoom() });
  });

  async function ground() {
    if (setup.basemap.kind === "city") return;
    document.body.classList.add("other-ground");
    if (setup.basemap.kind === "none") return;
    await geogrid.need("tools").then(() => geogrid.basemap(explorer.view, setup.basemap)).catch(() => document.body.classList.remove("other-ground"));
  }

  async function begin() {
    if (asked.kind === "grid") {
      const home = asked.trail.find((step) => step.level === "community");
      return explorer.openGrid(asked.id, home.id);
    }
    await explorer.go(asked.kind, asked.id, { quiet: true });
    if (options.grid) await explorer.choose(options.grid).catch((error) => send("failed", { status: error.status || 0 }));
  }

  async function start() {
    if (setup.wrong.length) console.info("geogrid: these parameters have no such value: " + setup.wrong.join(", "));
    if (options.theme === "large") bar.large(true);
    openPanel(listed);
    if (explorer.theme) await geogrid.need("tools");
    ground();
    await begin();
    if (options.center) map.setView([options.center[1], options.center[0]], options.zoom ?? map.getZoom(), { animate: false });
    else if (options.zoom !== null) map.setZoom(options.zoom, { animate: false });
    document.documentElement.dataset.ready = "true";
    ready();
  }

  geogrid.view = explorer.view;
  document.addEventListener("DOMContentLoaded", start); // after every script of the page
})();
