// The lists that say the same as the map: areas of one level, or the grids of a community.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name } = geogrid;

  geogrid.colourClass = (index) => "colour-" + (index ?? "none");

  function entry({ number, index, title, detail, mark, act, current }) {
    const badge = number === undefined ? null : el("span", { class: "badge small " + geogrid.colourClass(index), "aria-hidden": "true" }, String(number));
    const button = el(
      "button", { type: "button", "aria-current": current ? "true" : null, on: { click: act } },
      badge, el("span", { class: "what" }, title, el("span", { class: "detail" }, detail, mark ? el("span", { class: "vacant" }, mark) : null)),
    );
    return el("li", {}, button);
  }

  geogrid.gridList = function (features, { onGrid, chosen, roster }) {
    return el("ol", { class: "list" }, features.map(({ properties: p }) =>
      entry({
        number: p.number, index: p.colour,
        title: el("span", {}, el("span", { class: "hidden" }, geogrid.title(p) + " "), name(p.name)),
        detail: geogrid.size(p), mark: roster && geogrid.vacant(p) ? t("list.vacant") : null,
        current: p.code === chosen, act: () => onGrid(p.code),
      })));
  };

  geogrid.areaList = function (areas, { onArea }) {
    const order = new Intl.Collator(geogrid.setup.data_language || undefined, { numeric: true });
    return el("ol", { class: "list" }, [...areas].sort((a, b) => order.compare(a.name, b.name)).map((area) =>
      entry({ title: name(area.name), detail: t("list.count", { n: area.grids }) + " · " + geogrid.size(area), act: () => onArea(area.id) })));
  };
})();
