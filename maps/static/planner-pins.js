// What is said about grids and units, as pins on the map: the open remarks of each place, counted.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, planning } = geogrid;

  class Pins {
    constructor(desk) {
      Object.assign(this, { desk, said: [], layer: L.layerGroup().addTo(desk.map.map) });
      desk.map.map.createPane("pins").style.zIndex = 620;
    }

    // Whoever only reads a shared draft is not told what planners say of it.
    async load() {
      if (this.desk.still) return;
      this.said = await planning.get("/drafts/" + this.desk.here.draft.id + "/comments").catch(() => this.said);
      if (geogrid.planner() === this.desk || !geogrid.planner()) this.place();
    }

    place() {
      this.layer.clearLayers();
      const { bench, here } = this.desk;
      const members = bench.members(here.state.assignment);
      const open = new Map();
      for (const one of this.said) if (!one.resolved_at && one.subject !== "draft") open.set(one.subject + " " + one.subject_id, [...(open.get(one.subject + " " + one.subject_id) || []), one]);
      for (const [place, all] of open) {
        const [{ subject, subject_id: id }] = all;
        const ids = subject === "grid" ? members.get(Number(id)) || [] : bench.units.has(id) ? [id] : [];
        if (ids.length) this.pin(place, all, bench.heart(ids), subject === "grid" ? t("grid.number", { n: id }) : bench.label(id));
      }
    }

    pin(place, all, [lng, lat], where) {
      const label = where + ": " + all.map((one) => one.text).join(" / ");
      const icon = L.divIcon({ className: "pin", html: el("span", { "aria-hidden": "true" }, String(all.length)), iconSize: [26, 26], iconAnchor: [-6, 26] });
      const marker = L.marker([lat, lng], { icon, pane: "pins", title: label, alt: label, keyboard: true }).addTo(this.layer);
      const node = marker.getElement();
      node.setAttribute("role", "button");
      node.setAttribute("aria-label", label);
      marker.on("click keypress", (event) => (event.type === "click" || event.originalEvent.key === "Enter") && this.desk.tab("review"));
    }
  }

  geogrid.Pins = Pins;
})();
