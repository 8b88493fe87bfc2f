// Going down from the city to one grid and up again: map, path, list and card always say the same.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name, setup, load } = geogrid;
  const OVER = ["compounds", "venues"];
  const NAMED_ZOOM = 16; // from here on grids are named in a mosaic, and a click means the grid

  const file = (folder, id) => folder + encodeURIComponent(id) + ".json";

  class Explorer {
    // `nodes`: map, answer, listing, status and trail (null for none). `on` are the wishes of the page, all optional:
    // chosen({level, area, grid}), failed(status), panel(open), closed(), resting() gives what stands in the answer while
    // no grid is chosen, focused(), reachable(level, id).
    constructor(nodes, { start, layers = [], embedded = false, pan = true, on = {} }) {
      Object.assign(this, nodes, { start, on });
      this.state = { level: "city", id: "", code: null };
      this.theme = layers.find((one) => !OVER.includes(one)) || "";
      this.overlays = new Set(layers.filter((one) => OVER.includes(one)));
      this.mosaics = new Map();
      this.mosaic = null;
      this.bundle = null; // of the community that is shown
      this.turn = 0; // grows with every wish, so that a late answer to an older one is dropped
      this.view = new geogrid.GridMap(nodes.map, {
        embedded, pan, onGrid: (code) => this.showGrid(code, { focus: true }), onCommunity: (id) => this.go("community", id),
      });
    }

    tell(event, ...told) {
      return this.on[event] ? this.on[event](...told) : undefined;
    }

    // Data

    async spelled(path) {
      if (setup.language !== "en" || !(setup.data_language || "").startsWith("zh")) return;
      const found = await load(setup.data + "names/" + path).catch(() => ({}));
      for (const [key, value] of Object.entries(found)) geogrid.latin.set(key, value);
    }

    // Data, and the part of the scripts that draws them.
    async fetched(path, part) {
      const [data] = await Promise.all([load(setup.data + path), this.spelled(path), geogrid.need(part)]);
      return data;
    }

    // The mosaic of the city; of a subdistrict alone where the page begins with it.
    async mosaicFor(level, id) {
      const own = level === "subdistrict" && this.start.kind === level && this.start.id === id && !this.mosaics.has("");
      const key = own ? id : "";
      if (!this.mosaics.has(key)) {
        const path = own ? file("s/", id) : "mosaic.json";
        const data = await this.fetched(path, "areas");
        this.mosaics.set(key, new geogrid.Mosaic(this.view, path, data, {
          onArea: (one, each) => this.go(one, each),
          onGrid: (grid) => (this.view.map.getZoom() >= NAMED_ZOOM ? this.openGrid(grid.code, grid.community) : this.go("community", grid.community)),
        }));
      }
      return this.mosaics.get(key);
    }

    // Going

    async go(level, id, { focus, quiet } = {}) {
      const mine = ++this.turn;
      if (this.on.reachable && !this.on.reachable(level, id)) return;
      try {
        if (level === "community") await this.openCommunity(id, mine);
        else await this.openArea(level, id, mine);
        if (mine !== this.turn) return;
        if (focus) this.focusList();
        if (!quiet) this.chosen();
      } catch (error) {
        this.failed(error);
      }
    }

    chosen() {
      this.tell("chosen", { level: this.state.code ? "grid" : this.state.level, area: this.state.id, grid: this.state.code });
    }

    failed(error) {
      if (!error.status) console.error(error);
      this.say(t(error.status === 404 ? "answer.outside" : "map.failed"));
      this.tell("failed", error.status || 0);
    }

    // What is said instead of a card.
    say(text, more = [], { focus } = {}) {
      const lead = el("p", { class: "lead", tabindex: "-1" }, text);
      this.answer.replaceChildren(el("div", { class: "card note" }, lead, more));
      this.status.textContent = text;
      this.tell("panel", true);
      if (focus) this.focusAnswer();
    }

    focusAnswer() {
      this.answer.querySelector("[tabindex='-1']").focus({ preventScroll: true });
      this.tell("focused");
    }

    rest() {
      this.answer.replaceChildren(...[this.tell("resting")].filter(Boolean));
    }

    async openArea(level, id, mine) {
      const next = await this.mosaicFor(level, id);
      if (mine !== this.turn) return;
      if (level !== "city" && !next.byId[level].has(id)) throw Object.assign(new Error("no such area"), { status: 404 });
      if (this.mosaic && this.mosaic !== next) this.mosaic.hide();
      this.view.clear();
      this.bundle = null;
      this.mosaic = next;
      this.state = { level, id, code: null };
      next.at = { level, id };
      next.theme = next.themed(this.theme);
      this.rest();
      this.drawTrail(this.stepsTo(level, id));
      this.listAreas(); // before the map is fitted: a sheet takes its height from it
      next.show(level, id);
      this.drawOverlays();
      this.drawLegend();
    }

    async openCommunity(id, mine) {
      const found = await this.fetched(file("c/", id), "grids");
      if (mine !== this.turn) return;
      if (this.mosaic) this.mosaic.hide();
      this.bundle = found;
      this.state = { level: "community", id, code: null };
      this.view.theme = geogrid.theme(this.theme, this.drawnGrids());
      this.view.draw(id, found.grids, found.ground, found.around);
      this.drawOverlays();
      this.rest();
      this.drawTrail(found.trail);
      this.listGrids();
      this.view.fit(this.view.area.getBounds());
      this.drawLegend();
      if (setup.plan.beside) this.compare(id);
    }

    drawnGrids() {
      return this.bundle.grids.features.map((feature) => feature.properties);
    }

    async openGrid(code, id, more) {
      if (this.state.level !== "community" || this.state.id !== id) await this.go("community", id, { quiet: true });
      if (this.state.id === id) this.showGrid(code, more);
    }

    // Find the community of a grid that is known by its code alone.
    async choose(code, more) {
      if (this.bundle && this.drawnGrids().some((grid) => grid.code === code)) return this.showGrid(code, more);
      const day = setup.options && setup.options.day;
      const response = await fetch("/v1/grids/" + encodeURIComponent(code) + (day ? "?as_of=" + day : ""), { credentials: "omit" });
      if (!response.ok) throw Object.assign(new Error("HTTP " + response.status), { status: response.status });
      const { grid } = await response.json();
      return this.openGrid(grid.code, grid.community.id, more);
    }

    showGrid(code, { focus, lead, place, more } = {}) {
      const grid = this.bundle && this.drawnGrids().find((one) => one.code === code);
      if (!grid) return;
      this.state.code = code;
      this.tell("panel", true);
      this.view.choose(code);
      if (place && place.lon !== null && place.lon !== undefined) this.view.pin(place.lon, place.lat);
      const card = geogrid.card(grid, { lead, more, plan: setup.plan });
      card.prepend(el("button", { type: "button", class: "close", "aria-label": t("card.close"), title: t("card.close"), on: { click: () => this.closeGrid() } }, geogrid.icon("M6 6l12 12M18 6L6 18")));
      this.answer.replaceChildren(card);
      this.drawTrail([...this.bundle.trail, { level: "grid", id: code, name: geogrid.title(grid) }]);
      this.listGrids();
      this.view.fit(this.view.grids.get(code).layer.getBounds().pad(0.35)); // again: now the sheet has its height
      this.status.textContent = [lead, geogrid.title(grid), grid.name].filter(Boolean).join(" ");
      if (focus) this.focusAnswer();
      this.chosen();
    }

    closeGrid() {
      this.state.code = null;
      this.view.choose(null);
      this.rest();
      this.drawTrail(this.bundle.trail);
      this.listGrids();
      this.tell("closed");
      this.view.fit(this.view.area.getBounds());
      this.focusList();
      this.chosen();
    }

    // The path and the list

    stepsTo(level, id) {
      const { byId } = this.mosaic;
      const steps = [];
      let [one, each] = [level, id];
      while (one !== "city" && byId[one].has(each)) {
        const area = byId[one].get(each);
        steps.unshift({ level: one, id: each, name: area.name });
        one = ["subdistrict", "district"].find((above) => byId[above].has(area.parent)) || "city";
        each = area.parent;
      }
      return steps;
    }

    drawTrail(steps) {
      if (!this.trail) return;
      const all = [{ level: "city", id: "", name: setup.city }, ...steps];
      this.trail.replaceChildren(el("ol", {}, all.map((step, i) => {
        if (i === all.length - 1) return el("li", { "aria-current": "location" }, name(step.name));
        const back = () => (step.level === "community" ? this.closeGrid() : this.go(step.level, step.id, { focus: true }));
        return el("li", {}, el("button", { type: "button", on: { click: back } }, name(step.name)));
      })));
      this.trail.scrollLeft = this.trail.scrollWidth;
    }

    focusList() {
      const first = this.listing.querySelector("button");
      (first && first.offsetParent ? first : this.map).focus({ preventScroll: true });
    }

    listAreas() {
      const { level: under, areas } = this.mosaic.children(this.state.level, this.state.id);
      const counted = areas.map((area) => ({ ...area, counts: this.mosaic.data.counts }));
      this.listing.replaceChildren(
        el("h2", {}, t("list." + under)),
        geogrid.areaList(counted, { onArea: (each) => this.go(under, each, { focus: true }) }),
      );
    }

    listGrids() {
      const known = this.view.roster();
      this.listing.replaceChildren(
        el("h2", {}, t("list.grids")),
        geogrid.gridList(this.bundle.grids.features, { onGrid: (code) => this.showGrid(code, { focus: true }), chosen: this.state.code, roster: known }),
        this.note(known),
      );
    }

    note(known) {
      const grids = this.drawnGrids();
      const lines = [
        known && !this.theme && grids.some(geogrid.vacant) ? t("legend.hatch") : null,
        grids.some((grid) => grid.kind === "special") ? t("legend.special") : null,
        known ? null : t("legend.roster"),
      ].filter(Boolean);
      return el("p", { class: "quiet legend" }, lines.join(" · "));
    }

    // What is shown of the grids, and over them

    colourBy(theme) {
      this.theme = theme;
      if (this.bundle) {
        this.view.colourBy(geogrid.theme(theme, this.drawnGrids()));
        this.listGrids(); // its note tells what hatching means
      } else this.mosaic.colourBy(theme);
      this.drawLegend();
    }

    overlay(kind, on) {
      this.overlays[on ? "add" : "delete"](kind);
      this.drawOverlays();
    }

    async drawOverlays() {
      if (!this.overlays.size && !this.view.over) return;
      const drawn = this.bundle || this.mosaic;
      await geogrid.need("tools");
      const found = this.bundle ? geogrid.overlaysOf(drawn) : await load(setup.data + "over/" + drawn.path).catch(() => null);
      if (found && drawn === (this.bundle || this.mosaic)) geogrid.overlays(this.view, found, this.overlays);
    }

    drawLegend() {
      if (this.legend) this.legend.remove();
      const found = geogrid.legend && geogrid.legend(this.bundle ? this.view.theme : this.mosaic.theme);
      if (!found) return;
      this.legend = L.control({ position: this.view.node.clientWidth < 640 ? "topright" : "bottomleft" });
      this.legend.onAdd = () => found;
      this.legend.addTo(this.view.map);
    }

    async compare(id) {
      const plan = setup.plan.beside;
      const [other] = await Promise.all([load(file(plan.data + "c/", id)).catch(() => null), geogrid.need("tools")]);
      if (other && this.state.id === id && this.bundle) geogrid.compare(this.view, other.grids, { before: setup.plan, after: plan });
    }
  }

  geogrid.Explorer = Explorer;
})();
