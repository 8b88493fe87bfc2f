// Two plans on one map: to the left of the line the one, to the right the other.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el } = geogrid;
  const LEFT = ["fill", "line", "labels"];
  const RIGHT = ["fill-beside", "line-beside", "labels-beside"];

  function panes(map) {
    RIGHT.forEach((pane, i) => {
      if (map.getPane(pane)) return;
      const node = map.createPane(pane);
      node.style.zIndex = [261, 291, 601][i];
      node.style.pointerEvents = "none";
    });
  }

  geogrid.swipe = function (view, data, { before, after }) {
    const { map } = view;
    panes(map);
    const fill = L.svg({ pane: "fill-beside", padding: 0.1 });
    const line = L.svg({ pane: "line-beside", padding: 0.1 });
    view.add(L.geoJSON(data, { pane: "fill-beside", renderer: fill, interactive: false, style: (feature) => view.gridStyle(feature.properties, false) }));
    view.add(L.geoJSON(data, { pane: "line-beside", renderer: line, interactive: false, style: { fill: false, color: "#222222", weight: 1.6 } }));
    const labels = data.features.map(({ properties: p }) => ({ number: String(p.number), name: geogrid.shown(p.name), place: p.label }));
    view.add(new geogrid.Labels(labels, { pane: "labels-beside" }));
    view.add(control(map, before, after));
  };

  function control(map, before, after) {
    const slider = el("input", { type: "range", min: "0", max: "100", value: "50", class: "swipe", "aria-label": t("beside.slider") });
    const bar = el("div", { class: "swipe-line", "aria-hidden": "true" });
    const [left, right] = [before, after].map((plan, i) =>
      el("p", { class: "swipe-name " + ["left", "right"][i] }, t("beside.plan", { n: plan.version, date: geogrid.date(plan.effective_from) })));
    const clip = () => {
      const size = map.getSize();
      const x = (size.x * Number(slider.value)) / 100;
      const [a, b, c] = [[0, 0], [x, size.y], [size.x, size.y]].map((point) => map.containerPointToLayerPoint(point));
      const box = (from, to) => `polygon(${from.x}px ${a.y}px, ${to.x}px ${a.y}px, ${to.x}px ${c.y}px, ${from.x}px ${c.y}px)`;
      for (const pane of LEFT) map.getPane(pane).style.clipPath = box(a, b);
      for (const pane of RIGHT) map.getPane(pane).style.clipPath = box(b, c);
      bar.style.left = x + "px";
    };
    slider.addEventListener("input", clip);
    const layer = new (L.Layer.extend({
      onAdd() {
        map.getContainer().append(bar, left, right, slider);
        L.DomEvent.disableClickPropagation(slider);
        slider.addEventListener("pointerdown", (event) => event.stopPropagation());
        map.on("move zoom resize viewreset", clip);
        clip();
      },
      onRemove() {
        map.off("move zoom resize viewreset", clip);
        for (const node of [bar, left, right, slider]) node.remove();
        for (const pane of [...LEFT, ...RIGHT]) map.getPane(pane).style.clipPath = "";
      },
    }))();
    return layer;
  }
})();
