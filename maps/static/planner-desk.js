// One draft on the desk: map, table and panels show the same state; every change is counted here first, then confirmed.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name, planning, button } = geogrid;
  const STILL = ["checks", "selection", "units"]; // of a plan that is only looked at
  const TABS = ["checks", "selection", "nudge", "propose", "compare", "history", "review", "files", "units"];

  class Desk {
    // `office` is what the desk needs of the page: who works, how to complain, how to go back, where to draw.
    constructor(here, bench, community, office) {
      Object.assign(this, { here, bench, community, ...office, level: "compound", panel: "checks", selected: new Set(), releasing: false, closed: false });
      this.steps = new geogrid.Steps(this);
      this.build();
      this.map = new geogrid.UnitMap(this.node.map, bench);
      this.map.listen((id) => geogrid.unitTip(bench, this.shown, id), {
        click: (id, event) => this.pick(id, event.originalEvent, event.latlng), contextmenu: (id, event) => geogrid.unitMenu(this, id, event), mouseover: (id) => this.table.light(this.shown[id] || 0), mouseout: () => this.table.light(0),
      });
      this.pins = new geogrid.Pins(this);
      this.sweep = new geogrid.Sweep(this.map, this.node.map, { sweep: (ids, less) => this.swept(ids, less), drop: (id) => this.dropped(id) });
      this.node.frame.prepend(this.sweep.bar());
      this.map.ground(here.draft.community_id);
      this.show(here);
      this.keys = new geogrid.Keys(this);
    }

    get editable() {
      return this.here.draft.status === "open" && this.who.rights.includes("edit") && this.community.editable;
    }

    has(key) {
      return !this.still || STILL.includes(key);
    }

    get whole() {
      return this.level === "compound";
    }

    close() {
      this.closed = true;
      if (this.events) this.events.close();
      if (this.wish && this.wish.stop) this.wish.stop.abort();
      this.keys.close();
      this.sweep.close();
      if (this.comparison) this.comparison.close();
      this.map.close();
    }

    build() {
      this.table = new geogrid.GridTable({
        select: (grid) => this.select(this.bench.members(this.here.state.assignment).get(grid) || []),
        lock: (grid, on) => this.apply({ kind: on ? "lock" : "unlock", grids: [grid] }),
        editable: () => this.editable,
        look: (grid) => this.map.hatch(grid ? this.bench.members(this.shown).get(grid) || [] : []),
      }, (row) => this.nameOf(row));
      this.node = {
        map: el("div", { class: "map", tabindex: "0", role: "region", "aria-label": t("planner.map") }), table: el("div", { class: "table-frame", tabindex: "0", role: "region", "aria-label": t("planner.table") }, this.table.node),
        panel: el("div", { class: "panel-frame", on: { scroll: () => (this.scrolled = this.node.panel.scrollTop) } }), title: el("h2", {}), saved: el("span", { class: "quiet", role: "status" }),
        undo: button("↶ " + t("planner.undo"), () => this.travel("/undo"), { title: "Ctrl+Z" }), redo: button("↷ " + t("planner.redo"), () => this.travel("/redo"), { title: "Ctrl+Shift+Z" }),
        tabs: el("div", { class: "tabs", role: "group", "aria-label": t("planner.panels") }, TABS.filter((key) => this.has(key)).map((key) => button(t("planner." + key), () => this.tab(key), { "data-tab": key }))),
      };
      this.node.mark = el("p", { class: "draft-mark", "aria-hidden": "true" }, t("planner.draft"));
      this.node.frame = el("div", { class: "map-frame" }, this.node.map, this.node.mark);
      this.page.replaceChildren(el("div", { class: "plan" },
        this.top(button("← " + t("planner.back"), this.back, { class: "link" }), this.node.title, this.still ? null : this.node.undo, this.still ? null : this.node.redo, this.node.saved, button("?", () => geogrid.showKeys(this.page), { "aria-label": t("planner.keys") })),
        el("div", { id: "alert" }),
        el("div", { class: "work" }, this.node.frame, el("div", { class: "side" }, this.node.table, this.node.tabs, this.node.panel))));
    }

    // Show what the server says; once the desk is closed nobody looks.
    show(here) {
      if (this.closed) return;
      this.here = here;
      const { draft, state, tally } = here;
      const retitle = this.editable ? button(t("planner.retitle"), () => this.retitle(), { class: "link", "aria-label": t("planner.retitle.about") }) : null;
      this.node.title.replaceChildren(...[name(this.community.name), " · ", name(draft.title), " ", retitle, " ", el("span", { class: "tag " + draft.status }, t("planner.status." + draft.status))].filter(Boolean));
      this.node.saved.textContent = t("planner.saved", { time: geogrid.when(draft.saved_at) });
      this.node.undo.disabled = !this.editable || draft.head === null;
      this.node.redo.disabled = !this.editable || !here.history.some((one) => one.parent === draft.head);
      this.node.mark.hidden = draft.status === "published";
      this.draw(state.assignment, tally.grids);
      this.pins.place();
      this.drawPanel();
      document.documentElement.dataset.revision = draft.revision;
    }

    // Draw an assignment on map and table; `rows` are those of the server, brought up to date here.
    draw(assignment, rows) {
      if (this.closed) return;
      this.shown = assignment;
      this.map.show(assignment, this.selected, new Set(this.here.state.locked_grids));
      this.table.show(rows, this.here.tally);
    }

    nameOf(row) {
      if (row.name) return row.name;
      const purpose = this.here.state.purposes[row.grid];
      const names = row.compounds.map((id) => this.bench.units.get(this.bench.compounds.get(id)[0]).compound_name).filter(Boolean);
      return purpose || (names.length > 2 ? names.slice(0, 2).join("、") + " +" + (names.length - 2) : names.join("、"));
    }

    tab(key) {
      this.panel = key;
      this.drawPanel();
    }

    drawPanel() {
      if (this.comparison && this.panel !== "compare") {
        this.comparison.close();
        this.comparison = null;
        this.draw(this.here.state.assignment, this.here.tally.grids);
      }
      for (const node of this.node.tabs.children) node.setAttribute("aria-pressed", String(node.dataset.tab === this.panel));
      const panels = {
        checks: geogrid.checksPanel, selection: geogrid.selectionPanel, nudge: geogrid.nudgePanel, propose: geogrid.proposePanel, compare: geogrid.comparePanel,
        history: geogrid.historyPanel, review: geogrid.reviewPanel, files: geogrid.filesPanel,
        units: geogrid.unitsPanel,
      };
      this.node.panel.parentNode.classList.toggle("wide", this.panel === "units");
      this.keeping(() => this.node.panel.replaceChildren(panels[this.panel](this)));
    }

    // Whoever works in a panel keeps the place there when it is drawn anew: the scroll, and the focus by `data-key`.
    keeping(redraw) {
      const frame = this.node.panel;
      const held = frame.contains(document.activeElement) ? document.activeElement.closest("[data-key]") : null;
      const top = this.drawn === this.panel ? this.scrolled : 0;
      redraw();
      this.drawn = this.panel;
      if (top) frame.scrollTop = top;
      const again = held && frame.querySelector(`[data-key="${CSS.escape(held.dataset.key)}"]`);
      if (again) again.focus({ preventScroll: true });
    }

    grids() {
      return this.here.tally.grids.map((row) => row.grid);
    }

    chosenGrids() {
      return [...new Set([...this.selected].map((id) => this.here.state.assignment[id]).filter(Boolean))];
    }

    // Selecting

    use(level) {
      this.level = level;
      this.point(null);
      this.drawPanel();
    }

    // Which building is meant, shown on the map and told in the panel.
    point(building) {
      this.pointed = building;
      this.map.point(building && building.spot);
    }

    pick(unit, event, latlng) {
      const building = this.level === "building" && latlng ? this.bench.buildingAt(unit, latlng) : null;
      this.point(building && { ...building, unit });
      const more = event && (event.shiftKey || event.ctrlKey || event.metaKey);
      const on = !this.selected.has(unit);
      if (!more) this.selected = new Set();
      this.choose(this.bench.together(unit, this.whole), on);
    }

    swept(ids, less) {
      this.choose(ids.flatMap((one) => this.bench.together(one, this.whole)), !less);
    }

    // Some units in or out of the selection.
    choose(units, on) {
      this.select(geogrid.withUnits(this.selected, units, on));
    }

    select(units) {
      this.selected = new Set(units);
      if (this.pointed && !this.selected.has(this.pointed.unit)) this.point(null);
      this.map.select(this.selected);
      if (this.panel !== "units") this.panel = "selection";
      this.drawPanel();
      this.say(t("planner.selected", { n: this.selected.size, h: this.bench.homes(this.selected) }));
    }

    // The selection was dragged onto a unit: it goes to that unit's grid, unless a rule forbids it.
    dropped(id) {
      const grid = this.here.state.assignment[id];
      if (!this.editable || !grid) return;
      const ids = [...this.selected].filter((one) => this.here.state.assignment[one] !== grid);
      if (!ids.length) return;
      if (!this.bench.outcome(this.here.state.assignment, ids, grid).some((one) => one.pieces > 1)) return this.assign(ids, grid);
      geogrid.whyNot(this, ids, grid, planning.post("/drafts/" + this.here.draft.id + "/why-not?lang=" + geogrid.setup.language, { unit: ids[0], grid }));
    }

    drawLine(done) {
      this.say(t("planner.split.how"));
      const points = [];
      const line = L.polyline([], { pane: "marks", color: "#b3261e", weight: 3, interactive: false }).addTo(this.map.map);
      const click = (event) => {
        event.stopPropagation();
        const { lng, lat } = this.map.map.mouseEventToLatLng(event);
        points.push([lng, lat]);
        line.addLatLng([lat, lng]);
        if (points.length < 2) return;
        this.node.map.removeEventListener("click", click, true);
        line.remove();
        done(points);
      };
      this.node.map.addEventListener("click", click, true);
    }

    // Changing

    assign(ids, grid) {
      if (!grid) return this.apply({ kind: "release", units: ids });
      return this.withReason(this.bench.newlySplit(this.here.state.assignment, ids, grid), (reason) => this.apply({ kind: "assign", units: ids, grid, reason }));
    }

    openGrid(ids) {
      return this.withReason(this.bench.newlySplit(this.here.state.assignment, ids, 1000), (reason) => this.apply({ kind: "open-grid", units: ids, reason }));
    }

    applySplit(operation) {
      const parts = operation.parts.slice(1).flat();
      return this.withReason(this.bench.newlySplit(this.here.state.assignment, parts, 1000), (reason) => this.apply({ ...operation, reason }));
    }

    // Take a whole plan over.
    adopt(operation) {
      return this.withReason(this.bench.split(this.here.state.assignment, operation.assignment), (reason) => this.apply({ ...operation, reason: reason || operation.reason || "" }));
    }

    // A compound that would be split asks why; the reason is kept with the plan.
    withReason(split, go) {
      if (!split.length) return go("");
      const reason = el("input", { type: "text", maxlength: "400", required: true, "aria-label": t("planner.reason") });
      geogrid.askForm(this.page, t("planner.reason"), [el("p", {}, t("planner.splits", { names: split.join("、") })), reason], t("planner.apply"), () => go(reason.value));
      reason.focus();
    }

    apply(operation) {
      return this.steps.apply(operation);
    }

    // A question above the map with a button for each answer.
    ask(text, answers) {
      const box = document.getElementById("alert");
      box.replaceChildren(el("p", { role: "alert", class: "alert" }, text, " ", answers.flatMap(([key, act]) => [button(t(key), () => (box.replaceChildren(), act())), " "])));
    }

    travel(path, body) {
      return this.steps.travel(path, body);
    }

    async retitle() {
      const title = await geogrid.askText(this.page, t("planner.retitle.about"), this.here.draft.title);
      if (title) await this.call(title);
    }

    async call(title) {
      const { id, revision } = this.here.draft;
      await planning.patch("/drafts/" + id, { revision, title }).then(() => this.again(), (error) => this.steps.refuse(error, () => this.call(title))).catch(this.complain);
    }

    jump(step) {
      return this.travel("/jump", { step });
    }

    advice(path) {
      return planning.get("/drafts/" + this.here.draft.id + path).catch((error) => (this.complain(error), []));
    }

    async decide(path, body) {
      try {
        await planning.post("/drafts/" + this.here.draft.id + path, body);
        await this.again();
      } catch (error) {
        this.steps.refuse(error, () => this.decide(path, { ...body, revision: this.here.draft.revision }));
      }
    }

    async again() {
      this.show(await planning.get("/drafts/" + this.here.draft.id));
    }

    // The button to publish rests until the answer comes, however often it is drawn meanwhile.
    rest(on) {
      this.releasing = on;
      const publish = this.node.panel.querySelector("[data-key=publish]");
      if (publish) publish.disabled = on;
    }

    async release(day) {
      this.rest(true);
      try {
        this.tell(t("planner.publishing"));
        await planning.post("/releases", { drafts: [this.here.draft.id], effective_from: day });
        await this.again();
        this.tell(t("planner.published.from", { date: geogrid.date(day) }));
      } catch (error) {
        this.complain(error);
      } finally {
        this.rest(false);
      }
    }

    comment(about) {
      this.about = about;
      this.tab("review");
      const field = this.node.panel.querySelector("textarea");
      if (field) field.focus();
    }

    // Others may work on the same draft: take over what they did.
    watch() {
      this.events = planning.watch(this.here.draft.id);
      this.events.addEventListener("changed", async (event) => {
        const told = JSON.parse(event.data);
        this.pins.follow(told);
        if (told.draft.revision <= this.here.draft.revision || this.steps.waiting.length) return;
        const now = await planning.get("/drafts/" + this.here.draft.id).catch(() => null);
        if (now && !this.steps.waiting.length && now.draft.revision > this.here.draft.revision) this.show(now);
      });
    }
  }

  geogrid.Desk = Desk;
})();
