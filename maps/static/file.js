// A map that stands alone as a file: the same map, list and card, from data in the file.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name, setup } = geogrid;
  geogrid.data = geogrid.block("geogrid-data");
  const at = (id) => document.getElementById(id);
  const answer = at("answer");
  const listing = at("listing");
  const shown = {};

  const view = new geogrid.GridMap(at("map"), {
    layers: setup.layers, onGrid: openGrid, onCommunity: (id) => openCommunity(id, true),
  });

  function has(community) {
    const layer = setup.layers.find((item) => item.kind === "grids");
    return Object.prototype.hasOwnProperty.call(geogrid.data, geogrid.fillUrl(layer.url, community));
  }

  function back() {
    if (setup.community) return null;
    return el("button", { type: "button", class: "link", on: { click: openCity } }, t("list.back"));
  }

  function list() {
    listing.replaceChildren(
      el("div", { class: "list-head" }, el("h2", {}, t("list.grids")), back()),
      geogrid.gridList(shown.data.features, { onGrid: openGrid, chosen: view.chosen().grid, roster: view.roster() }),
    );
  }

  function openGrid(code) {
    const feature = shown.data.features.find((item) => item.properties.code === code);
    view.choose(code);
    answer.replaceChildren(geogrid.card(feature.properties, { plan: setup.plan }));
    answer.querySelector("[tabindex='-1']").focus({ preventScroll: true });
    answer.scrollIntoView({ block: "nearest" });
    list();
  }

  async function openCommunity(id) {
    if (!has(id)) return;
    shown.data = await view.showCommunity(id);
    answer.replaceChildren();
    list();
  }

  async function openCity() {
    await view.showCity();
    const layer = setup.layers.find((item) => item.kind === "communities");
    const data = await geogrid.load(layer.url);
    answer.replaceChildren();
    listing.replaceChildren(el("h2", {}, t("list.communities")),
      geogrid.areaList(data.features.map((f) => f.properties), { onArea: (id) => openCommunity(id) }));
  }

  (setup.community ? openCommunity(setup.community) : openCity()).then(() => {
    document.documentElement.dataset.ready = "true";
  });
})();
