// Two plans of a community on one map: to the left of a line the one, to the right the other.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t } = geogrid;
  const LEFT = ["fill", "line", "labels"];
  const RIGHT = { "fill-beside": 261, "line-beside": 291, "labels-beside": 601 };

  const title = (plan) => t("beside.plan", { n: plan.version, date: geogrid.date(plan.effective_from) });

  geogrid.compare = function (view, data, { before, after }) {
    geogrid.swipePanes(view.map, RIGHT);
    const layer = (pane, style) => {
      const renderer = L.svg({ pane, padding: 0.1 });
      view.add(L.geoJSON(data, { pane, renderer, interactive: false, style }));
    };
    layer("fill-beside", (feature) => view.gridStyle(feature.properties, false));
    layer("line-beside", { fill: false, color: "#222222", weight: 1.6 });
    const labels = data.features.map(({ properties: p }) => ({ number: String(p.number), name: geogrid.shown(p.name), place: p.label }));
    view.add(new geogrid.Labels(labels, { pane: "labels-beside" }));
    view.add(geogrid.swipe({ left: LEFT, right: Object.keys(RIGHT), names: [title(before), title(after)], label: t("beside.slider") }));
  };
})();
