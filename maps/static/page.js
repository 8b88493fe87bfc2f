// The resident page: an address or a place on the map leads to a grid; the address bar says what is shown.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el } = geogrid;
  const at = (id) => document.getElementById(id);
  const KINDS = { d: "district", s: "subdistrict", c: "community", g: "grid" };
  const CRS = ["WGS-84", "CGCS2000", "GCJ-02", "BD-09"];
  const narrow = window.matchMedia("(max-width: 860px)");

  const hashOf = ({ level, area, grid }) => {
    const letter = level === "city" ? "" : level[0];
    return letter ? "#" + letter + "=" + encodeURIComponent(grid || area) : "";
  };

  function wanted() {
    const [, letter, value] = /^#([dscg])=(.+)$/.exec(location.hash) || [];
    return letter ? { kind: KINDS[letter], id: decodeURIComponent(value) } : { kind: "city", id: "" };
  }

  // What is shown goes into the address; the browser's own steps back and forth are not taken for new ones.
  let walking = false;

  function remember(what) {
    const hash = hashOf(what);
    if (walking || location.hash === hash) return;
    history.pushState(null, "", location.pathname + location.search + hash);
  }

  function focused() {
    if (narrow.matches) at("map").scrollIntoView({ block: "start" });
    else at("answer").parentElement.scrollTo(0, 0);
  }

  const nodes = { map: at("map"), answer: at("answer"), listing: at("listing"), status: at("status"), trail: at("trail") };
  const explorer = new geogrid.Explorer(nodes, {
    start: wanted(),
    on: {
      chosen: remember, focused,
      resting: () => el("div", { class: "card note" }, el("p", { class: "lead", tabindex: "-1" }, t("answer.welcome"))),
    },
  });
  const bar = new geogrid.Toolbar(at("tools"), explorer);
  bar.addLayers();
  bar.addLarge();

  const finder = geogrid.finder({ explorer, form: at("search") });
  at("search").addEventListener("submit", (event) => event.preventDefault());
  at("here").hidden = !("geolocation" in navigator && window.isSecureContext);
  at("here").addEventListener("click", () => finder.locate());

  // A mini-program that knows a position opens #at=lon,lat,CRS; what follows # never reaches a server.
  function place() {
    const [, lon, lat, crs = "WGS-84"] = /^#at=(-?[\d.]+),(-?[\d.]+)(?:,([\w-]+))?$/.exec(location.hash) || [];
    if (!lon || !CRS.includes(crs)) return null;
    history.replaceState(null, "", location.pathname + location.search);
    return { lon: Number(lon), lat: Number(lat), crs };
  }

  async function route() {
    const { kind, id } = wanted();
    if (kind !== "grid") return explorer.go(kind, id, { quiet: true });
    return explorer.choose(id).catch((error) => explorer.failed(error));
  }

  async function walk() {
    const here = place();
    if (here) return finder.locateAt(here);
    walking = true;
    await route();
    walking = false;
  }

  for (const link of document.querySelectorAll(".languages a")) {
    link.addEventListener("click", () => (link.href = link.href.split("#")[0] + location.hash));
  }
  geogrid.view = explorer.view;
  window.addEventListener("popstate", walk);
  walk().then(() => (document.documentElement.dataset.ready = "true"));
})();
