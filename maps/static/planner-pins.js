// What is said about grids and units, as pins on the map: the open remarks of each place, counted.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, planning } = geogrid;

  class Pins {
    constructor(desk) {
      // `said` is null until something was heard, `asking` where no question is on its way.
      Object.assign(this, { desk, said: null, asking: null, heard: () => {}, layer: L.layerGroup().addTo(desk.map.map) });
      desk.map.map.createPane("pins").style.zIndex = 620;
    }

    // One question is on its way at a time.
    load() {
      if (!this.asking) this.asking = this.ask().finally(() => (this.asking = null));
      return this.asking;
    }

    async ask() {
      try {
        this.hear(await planning.get("/drafts/" + this.desk.here.draft.id + "/comments"));
      } catch (error) {
        if (!this.desk.closed) this.desk.complain(error);
      }
    }

    hear(said) {
      if (this.desk.closed) return;
      this.said = said;
      this.place();
      this.heard(said);
    }

    // Asked for only where somebody spoke, or settled something, since: `open` are the ids that nobody has settled.
    async follow({ comments, open }) {
      await this.asking;
      if (!this.said && !comments) return this.hear([]);
      const known = this.said && this.said.length === comments && this.open().map((one) => one.id).join() === open.join();
      if (!known) return this.load();
    }

    // Somebody here has spoken: the service may have told of it already.
    async spoke({ id }) {
      await this.asking;
      if (!(this.said || []).some((one) => one.id === id)) return this.load();
    }

    open() {
      return (this.said || []).filter((one) => !one.resolved_at);
    }

    // `heard` lists what is said: as soon as that is known, and as often as it changes.
    tell(heard) {
      this.heard = heard;
      if (this.said) heard(this.said);
      else this.load();
    }

    place() {
      this.layer.clearLayers();
      const { bench, here } = this.desk;
      const members = bench.members(here.state.assignment);
      const open = new Map();
      for (const one of this.open()) if (one.subject !== "draft") open.set(one.subject + " " + one.subject_id, [...(open.get(one.subject + " " + one.subject_id) || []), one]);
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
