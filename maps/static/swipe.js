// A line that moves across a map: to the left of it one set of panes is seen, to the right of it another.
//
// geogrid.swipe({ left, right, names, label }) gives a Leaflet layer: add it to the map, remove it to see both again.
// `left` and `right` are names of panes, drawn one over the other; `names` two texts, shown in the upper corners;
// `label` is what a screen reader says of the slider. Dragging, the arrow keys, Home and End move the line.
// geogrid.swipePanes(map, { name: order }) makes panes that let the mouse through. Style: swipe.css.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { el } = geogrid;

  geogrid.swipePanes = function (map, orders) {
    for (const [name, order] of Object.entries(orders)) {
      const pane = map.getPane(name) || map.createPane(name);
      Object.assign(pane.style, { zIndex: order, pointerEvents: "none" });
    }
  };

  const Swipe = L.Layer.extend({
    initialize({ left, right, names, label }) {
      Object.assign(this, { left, right });
      this.slider = el("input", { type: "range", min: "0", max: "100", value: "50", class: "swipe", "aria-label": label });
      this.line = el("div", { class: "swipe-line", "aria-hidden": "true" });
      this.names = names.map((text, i) => el("p", { class: "swipe-name " + ["left", "right"][i] }, text));
      this.slider.addEventListener("input", () => this.clip());
      this.slider.addEventListener("pointerdown", (event) => event.stopPropagation());
      L.DomEvent.disableClickPropagation(this.slider);
    },
    onAdd(map) {
      map.getContainer().append(this.line, ...this.names, this.slider);
      map.on("move zoom resize viewreset", this.clip, this);
      this.clip();
    },
    onRemove(map) {
      map.off("move zoom resize viewreset", this.clip, this);
      for (const node of [this.line, ...this.names, this.slider]) node.remove();
      for (const pane of [...this.left, ...this.right]) map.getPane(pane).style.clipPath = "";
    },
    clip() {
      const map = this._map;
      const size = map.getSize();
      const x = (size.x * Number(this.slider.value)) / 100;
      const at = (...point) => map.containerPointToLayerPoint(point);
      const box = (from, to) => {
        const [a, b] = [at(from, 0), at(to, size.y)];
        return `polygon(${a.x}px ${a.y}px, ${b.x}px ${a.y}px, ${b.x}px ${b.y}px, ${a.x}px ${b.y}px)`;
      };
      for (const pane of this.left) map.getPane(pane).style.clipPath = box(0, x);
      for (const pane of this.right) map.getPane(pane).style.clipPath = box(x, size.x);
      this.line.style.left = x + "px";
    },
  });

  geogrid.swipe = (parts) => new Swipe(parts);
})();
