// Selecting on the map: rectangle, lasso and brush; and a selection that is dragged onto another grid.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el } = geogrid;
  const BRUSH = 14; // pixels around the pointer
  const DRAGGED = 6; // pixels after which a press is no click any more

  const inside = ([x, y], ring) => {
    let odd = false;
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [[ax, ay], [bx, by]] = [ring[i], ring[j]];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
    }
    return odd;
  };
  const rings = ({ type, coordinates }) => (type === "Polygon" ? coordinates : coordinates.flat());

  class Sweep {
    // `on.sweep(ids, less)` takes units in or out, `on.drop(id)` is where the selection was let go, `on.mode(name)`.
    constructor(plan, node, on) {
      Object.assign(this, { plan, map: plan.map, node, on, mode: "point", drawing: null });
      this.boxes = plan.bench.features.map((one) => ({ id: one.id, rings: rings(one.geometry), box: bounds(rings(one.geometry)) }));
      this.down = (event) => this.begin(event);
      this.move = (event) => this.go(event);
      this.up = (event) => this.end(event);
      node.addEventListener("pointerdown", this.down, true);
      window.addEventListener("pointermove", this.move);
      window.addEventListener("pointerup", this.up);
    }

    close() {
      this.node.removeEventListener("pointerdown", this.down, true);
      window.removeEventListener("pointermove", this.move);
      window.removeEventListener("pointerup", this.up);
    }

    bar() {
      this.buttons = ["point", "box", "lasso", "brush"].map((mode) =>
        el("button", { type: "button", class: "tool " + mode, "aria-pressed": String(mode === this.mode), title: t("planner.tool." + mode + ".tip"), on: { click: () => this.use(mode) } }, t("planner.tool." + mode)));
      return el("div", { class: "tools", role: "group", "aria-label": t("planner.tools") }, this.buttons);
    }

    use(mode) {
      this.mode = mode;
      this.buttons.forEach((node) => node.setAttribute("aria-pressed", String(node.classList.contains(mode))));
      this.node.classList.toggle("sweeping", mode !== "point");
    }

    at(event) {
      const { lng, lat } = this.map.mouseEventToLatLng(event);
      return [lng, lat];
    }

    unitAt([x, y]) {
      const hit = this.boxes.find(({ box, rings: own }) => x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3] && own.filter((ring) => inside([x, y], ring)).length % 2 === 1);
      return hit ? hit.id : null;
    }

    begin(event) {
      if (event.button !== 0 || event.target.closest(".leaflet-control, .tools, .swipe")) return;
      const mode = event.shiftKey && this.mode === "point" ? "lasso" : this.mode;
      const spot = this.at(event);
      const start = { mode, less: event.altKey, points: [spot], from: [event.clientX, event.clientY], moved: false, ids: new Set() };
      if (mode === "point") {
        if (!this.plan.selection.has(this.unitAt(spot))) return;
        start.mode = "drag";
      }
      this.map.dragging.disable();
      this.drawing = start;
      this.node.classList.add("drawing");
      if (mode === "brush") this.paint(event);
    }

    go(event) {
      const now = this.drawing;
      if (!now) return;
      now.moved = now.moved || Math.hypot(event.clientX - now.from[0], event.clientY - now.from[1]) > DRAGGED;
      if (!now.moved) return;
      now.points.push(this.at(event));
      if (now.mode === "brush") this.paint(event);
      if (now.mode === "drag") this.node.classList.add("dropping");
      this.trace(now);
    }

    trace(now) {
      if (now.line) now.line.remove();
      const latlngs = now.points.map(([x, y]) => [y, x]);
      const style = { pane: "marks", color: "#111111", weight: 2, dashArray: "4 4", interactive: false };
      const last = latlngs[latlngs.length - 1];
      if (now.mode === "lasso") now.line = L.polyline(latlngs, style).addTo(this.map);
      if (now.mode === "box") now.line = L.rectangle([latlngs[0], last], { ...style, fill: false }).addTo(this.map);
      if (now.mode === "drag") now.line = L.polyline([latlngs[0], last], { ...style, weight: 4 }).addTo(this.map);
    }

    // All units that the round brush touches go with it, and are shown as it goes.
    paint(event) {
      const spots = [[0, 0], ...[...Array(8).keys()].map((i) => [BRUSH * Math.cos((i * Math.PI) / 4), BRUSH * Math.sin((i * Math.PI) / 4)])];
      const rect = this.node.getBoundingClientRect();
      for (const [dx, dy] of spots) {
        const { lng, lat } = this.map.containerPointToLatLng([event.clientX - rect.left + dx, event.clientY - rect.top + dy]);
        const id = this.unitAt([lng, lat]);
        if (id) this.drawing.ids.add(id);
      }
      this.plan.select(geogrid.withUnits(this.plan.selection, this.drawing.ids, !this.drawing.less));
    }

    end(event) {
      const now = this.drawing;
      if (!now) return;
      this.drawing = null;
      if (now.line) now.line.remove();
      this.node.classList.remove("dropping", "drawing");
      this.map.dragging.enable();
      if (now.mode === "brush") return this.swept([...now.ids], now.less);
      if (!now.moved) return;
      if (now.mode === "drag") {
        const id = this.unitAt(this.at(event));
        this.quiet();
        if (id && !this.plan.selection.has(id)) this.on.drop(id);
      } else if (now.mode === "lasso") this.swept(this.within((spot) => inside(spot, now.points)), now.less);
      else this.swept(this.within(between(now.points[0], now.points[now.points.length - 1])), now.less);
    }

    within(test) {
      return [...this.plan.bench.units.values()].filter((unit) => test(unit.spot)).map((unit) => unit.id);
    }

    swept(ids, less) {
      this.quiet();
      this.on.sweep(ids, less);
    }

    // The click that follows a drag is none.
    quiet() {
      const stop = (event) => event.stopPropagation();
      this.node.addEventListener("click", stop, { capture: true, once: true });
      setTimeout(() => this.node.removeEventListener("click", stop, true), 0);
    }
  }

  function bounds(own) {
    const [xs, ys] = [0, 1].map((at) => own.flat().map((point) => point[at]));
    return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  }

  const between = ([ax, ay], [bx, by]) => ([x, y]) => x >= Math.min(ax, bx) && x <= Math.max(ax, bx) && y >= Math.min(ay, by) && y <= Math.max(ay, by);

  geogrid.Sweep = Sweep;
})();
