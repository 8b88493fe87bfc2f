// What else the grids can be coloured by, and the legends that say so.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el } = geogrid;
  // One hue from light to dark: the order is read without colour too.
  const STEPS = ["#e3eef5", "#b5d3e6", "#7fb2d3", "#467fae", "#1f4e7c"];
  const ALERT = "#c2410c";
  const QUIET = "#e9eceb";
  const NONE = ["hatch", t("legend.branch.none")];

  const stepOf = (edges, value) => edges.reduce((step, edge) => step + (value >= edge), 0);

  // Five classes of about as many grids each.
  function edgesOf(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const found = [1, 2, 3, 4].map((n) => sorted[Math.floor((n * sorted.length) / 5)]);
    return [...new Set(found)].filter((edge) => edge > sorted[0]);
  }

  function households(grids) {
    const edges = edgesOf(grids.filter((grid) => !grid.special).map((grid) => grid.households));
    const number = (n) => geogrid.number(n);
    const words = [...edges, null].map((edge, i) =>
      edge === null ? t("legend.from", { n: edges[i - 1] ?? 0 }) : number(i ? edges[i - 1] : 0) + "–" + number(edge - 1));
    return { colour: (grid) => STEPS[stepOf(edges, grid.households)], legend: words.map((text, i) => [STEPS[i], text]) };
  }

  Object.assign(geogrid.themes, {
    branches: () => ({ colour: (grid) => (grid.branch ? STEPS[3] : null), legend: [[STEPS[3], t("legend.branch")], NONE] }),
    stars: () => ({
      colour: (grid) => (grid.branch ? STEPS[grid.stars - 1] || QUIET : null),
      legend: [...STEPS.map((colour, i) => [colour, t("grid.stars", { n: i + 1 })]), [QUIET, t("legend.unrated")], NONE],
    }),
    households,
    vacancies: () => ({
      colour: (grid) => (grid.vacant ? ALERT : QUIET),
      legend: [[ALERT, t("list.vacant")], [QUIET, t("legend.filled")]],
    }),
  });

  geogrid.legend = function (theme) {
    if (!theme.legend) return null;
    return el("ul", { class: "key", "aria-label": t("layer." + theme.name) }, [...theme.legend, ["special", t("kind.special")]].map(([colour, text]) => {
      const plain = colour.startsWith("#");
      const mark = el("span", { class: "swatch" + (plain ? "" : " " + colour), "aria-hidden": "true" });
      if (plain) mark.style.backgroundColor = colour;
      return el("li", {}, mark, text);
    }));
  };
})();
