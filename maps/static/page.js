// The resident page: address -> answer -> map, and the map's grids -> the same answer.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name, setup } = geogrid;
  const at = (id) => document.getElementById(id);
  const form = at("search");
  const input = at("address");
  const answer = at("answer");
  const listing = at("listing");
  const status = at("status");
  let cities = null;

  const view = new geogrid.GridMap(at("map"), {
    layers: setup.layers,
    onGrid: (code) => openGrid(code, { focus: true }),
    onCommunity: (id) => openCommunity(id),
  });

  async function get(url, options) {
    const response = await fetch(url, { credentials: "omit", ...options });
    if (!response.ok) throw Object.assign(new Error("HTTP " + response.status), { status: response.status });
    return response.json();
  }

  // The address travels in the body, so that it stays out of URLs, histories and logs.
  const post = (url, body) =>
    get(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

  function say(text) {
    status.textContent = text;
  }

  function show(node, { focus, spoken } = {}) {
    answer.replaceChildren(node);
    if (spoken) say(spoken);
    const heading = answer.querySelector("[tabindex='-1']");
    if (focus && heading) {
      heading.focus({ preventScroll: true });
      const narrow = window.matchMedia("(max-width: 860px)").matches;
      if (narrow) at("map").scrollIntoView({ block: "start" });
      else answer.parentElement.scrollTo(0, 0);
    }
  }

  function note(text, ...more) {
    return el("div", { class: "card note" }, el("p", { class: "lead", tabindex: "-1" }, text), more);
  }

  function remember(hash, replace) {
    const url = location.pathname + location.search + hash;
    if (location.hash === hash || (!hash && !location.hash)) return;
    history[replace ? "replaceState" : "pushState"](null, "", url);
  }

  function listGrids(data) {
    const features = data.features;
    const title = cities.features.find((f) => f.properties.id === data.community.id);
    const known = view.roster();
    listing.replaceChildren(...[
      el("div", { class: "list-head" },
        el("h2", { id: "list-title" }, title ? name(title.properties.name) : "", " · ", t("list.grids")),
        el("button", { type: "button", class: "link", on: { click: () => openCity({ focus: true }) } }, t("list.back"))),
      known ? null : el("p", { class: "quiet" }, t("legend.roster")),
      geogrid.gridList(features, { onGrid: (code) => openGrid(code, { focus: true }), chosen: view.chosen().grid, roster: known }),
      legend(features),
    ].filter(Boolean));
  }

  function legend(features) {
    const special = features.some((f) => f.properties.kind === "special");
    const vacant = view.roster() && features.some((f) => geogrid.vacant(f.properties));
    const lines = [vacant ? t("legend.hatch") : null, special ? t("legend.special") : null].filter(Boolean);
    return lines.length ? el("p", { class: "quiet legend" }, lines.join(" · ")) : null;
  }

  function listCommunities() {
    listing.replaceChildren(
      el("h2", { id: "list-title" }, t("list.communities")),
      geogrid.areaList(cities.features.map((f) => f.properties), { onArea: (id) => openCommunity(id, { focus: true }) }),
    );
  }

  async function openCity({ focus } = {}) {
    remember("");
    await view.showCity();
    cities = await geogrid.load(setup.layers.find((layer) => layer.kind === "communities").url);
    listCommunities();
    show(note(t("answer.welcome")));
    if (focus) at("list-title").scrollIntoView({ block: "nearest" });
  }

  async function openCommunity(id, { focus } = {}) {
    remember("#c=" + encodeURIComponent(id));
    const data = await view.showCommunity(id);
    if (!data) return;
    listGrids(data);
    show(note(t("answer.welcome")));
    say(t("list.count", { n: data.features.length }));
    if (focus) listing.querySelector("button").focus();
  }

  async function openGrid(code, { focus, lead } = {}) {
    const found = await get(setup.urls.grid.replace("{code}", () => encodeURIComponent(code)));
    await showGrid(found.grid, found.plan, { focus, lead });
  }

  async function showGrid(grid, plan, { focus, lead, place }) {
    remember("#g=" + encodeURIComponent(grid.code));
    const spoken = [lead, geogrid.title(grid), grid.name, grid.community.name].filter(Boolean).join(" ");
    show(geogrid.card(grid, { lead, plan }), { focus, spoken });
    const data = await view.showCommunity(grid.community.id, grid.code);
    if (!data) return;
    const drawn = data.features.find((feature) => feature.properties.code === grid.code);
    if (place) view.pin(place.lon, place.lat);
    if (drawn) answer.querySelector(".badge").classList.add("colour-" + (drawn.properties.colour ?? "none"));
    listGrids(data);
  }

  function ask(found) {
    const first = (found.missing || [])[0];
    const key = "ask." + first;
    return first ? t(geogrid.has(key) ? key : "ask.other") : t("answer.partial");
  }

  // A place that is not one grid yet: its text stands in the box, ready for the rest.
  function again(text) {
    input.value = text + " ";
    input.focus();
    at("search").scrollIntoView({ block: "nearest" });
  }

  const SHOWN = {
    matched: (found) => {
      const lead = t(found.match_level === "point" ? "answer.here" : "answer.matched");
      return showGrid(found.grid, found.plan, { focus: true, lead, place: found });
    },
    historical: (found) =>
      found.grid
        ? showGrid(found.grid, found.plan, { focus: true, lead: t("answer.historical"), place: found })
        : choose(t("answer.ambiguous"), found),
    ambiguous: (found) => choose(t("answer.ambiguous"), found),
    partial: (found) => choose(ask(found), found),
    outside,
    none: () => show(note(t("answer.none")), { focus: true, spoken: t("answer.none") }),
  };

  function outside(found) {
    const near = found.nearest;
    const choices = near ? [{ text: near.grid.name, grid: near.grid }] : [];
    const said = near ? t("answer.nearest", { n: Math.round(near.distance_m) }) : "";
    const list = near ? geogrid.choices(choices, { onGrid: (code) => openGrid(code, { focus: true }) }) : null;
    show(note(t("answer.outside"), said ? el("p", {}, said) : null, list), { focus: true, spoken: t("answer.outside") + " " + said });
  }

  function choose(text, found) {
    const options = found.candidates || [];
    const act = { onGrid: (code) => openGrid(code, { focus: true, lead: t("answer.matched") }), onText: again };
    const which = found.status === "partial" && options.length ? el("p", {}, t("answer.partial.which")) : null;
    show(note(text, which, options.length ? geogrid.choices(options, act) : null), { focus: true, spoken: text });
  }

  async function search() {
    const address = input.value.trim();
    box.close();
    if (address) return lookup({ address, limit: 8 });
    say(t("search.empty"));
    input.focus();
  }

  async function lookup(question) {
    say(t("search.busy"));
    form.setAttribute("aria-busy", "true");
    try {
      const found = await post(setup.urls.lookup, question);
      await (SHOWN[found.status] || SHOWN.none)(found);
    } catch (error) {
      show(note(t("answer.failed")), { focus: true, spoken: t("answer.failed") });
    } finally {
      form.removeAttribute("aria-busy");
    }
  }

  const box = geogrid.combobox({
    input, list: at("suggestions"), status, submit: search,
    ask: async (text) => (await post(setup.urls.suggest, { q: text, limit: 8 })).suggestions,
  });

  // A browser tells positions in WGS-84; it asks its user first, each time this button is pressed.
  function here() {
    say(t("search.busy"));
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => lookup({ lon: coords.longitude, lat: coords.latitude }),
      () => show(note(t("search.here.denied")), { focus: true, spoken: t("search.here.denied") }),
      { enableHighAccuracy: true, timeout: 15000 },
    );
  }

  at("here").hidden = !("geolocation" in navigator && window.isSecureContext);
  at("here").addEventListener("click", here);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });

  function route() {
    const [, kind, value] = /^#([cg])=(.+)$/.exec(location.hash) || [];
    const work = kind === "g" ? openGrid(decodeURIComponent(value), {}) : kind === "c" ? openCommunity(decodeURIComponent(value)) : openCity();
    return work.catch((error) => {
      const text = error.status === 404 ? t("answer.outside") : t("map.failed");
      show(note(text), { spoken: text });
    });
  }

  for (const link of document.querySelectorAll(".languages a")) {
    link.addEventListener("click", () => (link.href = link.href.split("#")[0] + location.hash));
  }
  window.addEventListener("popstate", route);
  view.showCity()
    .then(async () => {
      cities = await geogrid.load(setup.layers.find((layer) => layer.kind === "communities").url);
      await route();
      document.documentElement.dataset.ready = "true";
    })
    .catch(() => show(note(t("map.failed")), { spoken: t("map.failed") }));
})();
