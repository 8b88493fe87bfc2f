// The workbench: sign in, choose a draft, change it step by step. The server decides; the page counts ahead of it.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name, planning, block } = geogrid;
  const page = document.getElementById("planner");
  const status = document.getElementById("status");
  const button = (label, click, more) => el("button", { type: "button", ...more, on: { click } }, label);
  const say = (text) => (status.textContent = text);
  let who = null;
  let desk = null;

  function complain(error) {
    const told = (error.faults || []).map((one) => geogrid.has("planner.fault." + one.rule) ? t("planner.fault." + one.rule, { id: one.id }) : one.message);
    const text = told.length ? told.join(" · ") : error.status === 403 ? t("planner.forbidden") : error.message;
    say(text);
    const alert = document.getElementById("alert");
    if (alert) alert.replaceChildren(el("p", { role: "alert", class: "alert" }, name(text, "span"), " ", button("×", () => alert.replaceChildren(), { "aria-label": t("planner.close") })));
    if (error.status === 401) showSignIn();
  }

  // Signing in

  function showSignIn() {
    closeDesk();
    const form = el("form", { class: "sign-in card", method: "post", on: { submit: (event) => (event.preventDefault(), enter(form)) } },
      el("h2", {}, t("planner.signin")), el("div", { id: "alert" }),
      el("label", {}, t("planner.account"), el("input", { name: "account", autocomplete: "username", required: true, autocapitalize: "off", spellcheck: "false" })),
      el("label", {}, t("planner.password"), el("input", { name: "password", type: "password", autocomplete: "current-password", required: true })),
      el("button", { type: "submit", class: "main" }, t("planner.signin")));
    page.replaceChildren(form);
    form.querySelector("input").focus();
  }

  async function enter(form) {
    try {
      who = await planning.signIn(form.account.value, form.password.value);
      await showList();
    } catch (error) {
      document.getElementById("alert").replaceChildren(el("p", { role: "alert", class: "alert" }, error.status === 401 ? t("planner.wrong") : error.message));
      form.password.value = "";
    }
  }

  // The communities and their drafts

  function top(...more) {
    return el("div", { class: "plan-top" }, ...more, el("span", { class: "who" }, name(who.display), " ",
      button(t("planner.signout"), () => planning.signOut().then(showSignIn, showSignIn), { class: "link" })));
  }

  async function showList() {
    closeDesk();
    const [communities, drafts, versions] = await Promise.all(["/communities", "/drafts", "/versions"].map(planning.get));
    const find = el("input", { type: "search", "aria-label": t("planner.find"), placeholder: t("planner.find"), on: { input: () => fill() } });
    const list = el("ul", { class: "list" });
    const of = new Map(communities.map((one) => [one.id, one]));
    const fill = () => {
      const wanted = find.value.trim();
      const found = communities.filter((one) => !wanted || (one.district + one.subdistrict + one.name + one.code).includes(wanted));
      list.replaceChildren(...found.slice(0, 60).map((one) => el("li", {}, el("div", { class: "row" },
        el("span", { class: "what" }, name(one.name), el("span", { class: "detail" }, one.district + " " + one.subdistrict + " · " + one.code)),
        one.editable ? button(t("planner.begin"), () => begin(one)) : null))));
    };
    fill();
    page.replaceChildren(el("div", { class: "plan-list" }, top(el("h2", {}, t("planner.choose"))), el("div", { id: "alert" }),
      el("div", { class: "columns" },
        el("section", {}, el("h3", {}, t("planner.drafts")), drafts.length ? null : el("p", { class: "quiet" }, t("planner.nodrafts")), el("ul", { class: "list", hidden: !drafts.length }, drafts.map((one) => el("li", {}, button("", () => open(one.id), { class: "open-draft" }))))),
        el("section", {}, el("h3", {}, t("planner.communities")), find, list),
        el("section", {}, el("h3", {}, t("planner.versions")), versionList(versions)))));
    page.querySelectorAll(".open-draft").forEach((node, i) => {
      const one = drafts[i];
      node.append(el("span", { class: "what" }, name(one.title), el("span", { class: "detail" }, (of.get(one.community_id) || { name: one.community_id }).name + " · " + t("planner.status." + one.status) + " · " + geogrid.when(one.saved_at))));
    });
  }

  function versionList(versions) {
    const back = (one) => async () => {
      try {
        await planning.post("/rollbacks", { version: one.version, effective_from: geogrid.setup.today });
        await showList();
      } catch (error) {
        complain(error);
      }
    };
    return el("ul", { class: "list" }, versions.slice().reverse().map((one) => el("li", {}, el("div", { class: "row" },
      el("span", { class: "what" }, t("planner.version", { n: one.version }), el("span", { class: "detail" }, t("planner.vstatus." + one.status) + (one.effective_from ? " · " + geogrid.date(one.effective_from) : ""))),
      who.rights.includes("publish") && one.effective_from && one.effective_until ? button(t("planner.rollback"), back(one)) : null))));
  }

  // A title is short and can be printed, whatever the community is called.
  const printable = (text) => [...text.replace(/\p{C}|\p{Zl}|\p{Zp}/gu, "")].slice(0, 40).join("");

  async function begin(community) {
    try {
      const made = await planning.post("/drafts", { community: community.id, title: t("planner.untitled", { name: printable(community.name) }) });
      await open(made.draft.id);
    } catch (error) {
      complain(error);
    }
  }

  // One draft

  function closeDesk() {
    if (desk) desk.close();
    desk = null;
  }

  async function open(id) {
    try {
      const [here, bench, communities] = await Promise.all([planning.get("/drafts/" + id), planning.get("/drafts/" + id + "/bench"), planning.get("/communities")]);
      closeDesk();
      desk = new Desk(here, new geogrid.Bench(bench), communities.find((one) => one.id === here.draft.community_id));
    } catch (error) {
      complain(error);
    }
  }

  class Desk {
    constructor(here, bench, community) {
      Object.assign(this, { here, bench, who, complain, whole: true, panel: "checks", selected: new Set() });
      this.community = community;
      this.build();
      this.map = new geogrid.UnitMap(this.node.map, bench, {
        onPick: (unit, event) => this.pick(unit, event),
        onSweep: (units) => this.select([...this.selected, ...units.flatMap((one) => bench.together(one, this.whole))]),
      });
      this.show(here);
      this.watch();
      this.keys = (event) => this.key(event);
      document.addEventListener("keydown", this.keys);
    }

    get editable() {
      return this.here.draft.status === "open" && who.rights.includes("edit") && this.community.editable;
    }

    close() {
      if (this.events) this.events.close();
      document.removeEventListener("keydown", this.keys);
      if (this.map) this.map.close();
    }

    build() {
      const tabs = ["checks", "selection", "nudge", "propose", "history", "review", "units"];
      this.node = {
        map: el("div", { class: "map", tabindex: "0", role: "region", "aria-label": t("planner.map") }), table: el("div", { class: "table-frame" }),
        panel: el("div", { class: "panel-frame" }), title: el("h2", {}), saved: el("span", { class: "quiet", role: "status" }),
        undo: button("↶ " + t("planner.undo"), () => this.travel("/undo")), redo: button("↷ " + t("planner.redo"), () => this.travel("/redo")),
        tabs: el("div", { class: "tabs" }, tabs.map((key) => button(t("planner." + key), () => this.tab(key), { "data-tab": key }))),
      };
      page.replaceChildren(el("div", { class: "plan" },
        top(button("← " + t("planner.back"), () => showList().catch(complain), { class: "link" }), this.node.title, this.node.undo, this.node.redo, this.node.saved),
        el("div", { id: "alert" }),
        el("div", { class: "work" }, el("div", { class: "map-frame" }, this.node.map, el("p", { class: "draft-mark", "aria-hidden": "true" }, t("planner.draft"))),
          el("div", { class: "side" }, this.node.table, this.node.tabs, this.node.panel))));
    }

    // Show what the server says; the map and the table are drawn from it alone.
    show(here) {
      this.here = here;
      const { draft, state, tally } = here;
      this.node.title.replaceChildren(name(this.community.name), " · ", name(draft.title), " ", el("span", { class: "tag" }, t("planner.status." + draft.status)));
      this.node.saved.textContent = t("planner.saved", { time: geogrid.when(draft.saved_at) });
      this.node.undo.disabled = !this.editable || draft.head === null;
      this.node.redo.disabled = !this.editable || !here.history.some((one) => one.parent === draft.head);
      this.map.show(state.assignment, this.selected, new Set(state.locked_grids));
      this.node.table.replaceChildren(geogrid.gridTable(tally, (row) => this.nameOf(row), {
        select: (grid) => this.select(this.bench.members(state.assignment).get(grid) || []), lock: (grid, on) => this.apply({ kind: on ? "lock" : "unlock", grids: [grid] }),
      }));
      this.drawPanel();
      document.documentElement.dataset.revision = draft.revision;
    }

    nameOf(row) {
      const names = row.compounds.map((id) => this.bench.units.get(this.bench.compounds.get(id)[0]).compound_name).filter(Boolean);
      return names.length > 2 ? names.slice(0, 2).join("、") + " +" + (names.length - 2) : names.join("、");
    }

    tab(key) {
      this.panel = key;
      this.drawPanel();
    }

    drawPanel() {
      for (const node of this.node.tabs.children) node.setAttribute("aria-pressed", String(node.dataset.tab === this.panel));
      const panels = {
        checks: geogrid.checksPanel, nudge: geogrid.nudgePanel, propose: geogrid.proposePanel, history: geogrid.historyPanel, review: geogrid.reviewPanel,
        selection: () => this.selectionPanel(),
        units: () => geogrid.unitTable(this.bench, this.here.state, this.grids(), { editable: this.editable, assign: (ids, grid) => this.assign(ids, grid) }),
      };
      this.node.panel.replaceChildren(panels[this.panel](this));
    }

    grids() {
      return this.here.tally.grids.map((row) => row.grid);
    }

    chosenGrids() {
      return [...new Set([...this.selected].map((id) => this.here.state.assignment[id]).filter(Boolean))];
    }

    // Selecting

    pick(unit, event) {
      const units = this.bench.together(unit, this.whole);
      const more = event && (event.shiftKey || event.ctrlKey || event.metaKey);
      const now = new Set(more ? this.selected : []);
      const on = !this.selected.has(unit);
      for (const one of units) on ? now.add(one) : now.delete(one);
      this.select([...now]);
    }

    select(units) {
      this.selected = new Set(units);
      this.map.show(this.here.state.assignment, this.selected, new Set(this.here.state.locked_grids));
      this.panel = "selection";
      this.drawPanel();
      say(t("planner.selected", { n: this.selected.size, h: this.bench.homes(this.selected) }));
    }

    selectionPanel() {
      const ids = [...this.selected];
      const { assignment } = this.here.state;
      const level = el("label", {}, el("input", { type: "checkbox", checked: this.whole, on: { change: (event) => (this.whole = event.target.checked) } }), " ", t("planner.whole"));
      const node = el("section", { "aria-label": t("planner.selection") }, el("p", {}, el("b", {}, t("planner.selected", { n: ids.length, h: this.bench.homes(ids) }))), level);
      if (!ids.length || !this.editable) return node;
      const outcome = el("div", { "aria-live": "polite" });
      const look = (grid) => outcome.replaceChildren(geogrid.outcomeLine(this.bench.outcome(assignment, ids, grid), this.here.tally.window));
      node.append(el("p", {}, t("planner.assign.to")), el("p", { class: "choices" }, this.grids().map((grid) => el("button", {
        type: "button", "data-assign": grid, "aria-label": t("planner.assign.one", { n: grid }),
        on: { click: () => this.assign(ids, grid), pointerenter: () => look(grid), focus: () => look(grid) },
      }, String(grid)))), outcome);
      node.append(el("p", {}, button(t("planner.opengrid"), () => this.openGrid(ids)), " ", button(t("planner.release"), () => this.apply({ kind: "release", units: ids })), " ",
        button(t("planner.lockunits"), () => this.apply({ kind: "lock", units: ids })), " ", button(t("planner.unlockunits"), () => this.apply({ kind: "unlock", units: ids }))));
      node.append(this.gridTools());
      return node;
    }

    // What can be done with the grids that the selection touches.
    gridTools() {
      const grids = this.chosenGrids();
      const [grid] = grids;
      const title = el("input", { type: "text", maxlength: "60", "aria-label": t("planner.name"), placeholder: t("planner.name") });
      const count = el("input", { type: "number", min: "2", max: "20", value: "2", "aria-label": t("planner.parts") });
      const split = async () => {
        try {
          await this.applySplit(await planning.post("/drafts/" + this.here.draft.id + "/parts", { grid, count: Number(count.value) }));
        } catch (error) {
          complain(error);
        }
      };
      const tools = el("fieldset", {}, el("legend", {}, t("planner.grids", { list: grids.join(", ") })));
      if (grids.length > 1) tools.append(el("p", {}, button(t("planner.merge", { n: Math.min(...grids) }), () => this.apply({ kind: "merge", grids, into: Math.min(...grids) }))));
      if (grids.length === 1) {
        tools.append(el("p", {}, title, " ", button(t("planner.rename"), () => this.apply({ kind: "rename", grid, name: title.value }))),
          el("p", {}, count, " ", button(t("planner.split"), split)),
          el("p", {}, button(t("planner.dedicate"), () => this.apply({ kind: "dedicate", grid, purpose: title.value }))));
      }
      const empty = this.here.state.opened;
      if (empty.length) tools.append(el("p", {}, empty.map((n) => button(t("planner.retire", { n }), () => this.apply({ kind: "retire", grid: n })))));
      tools.append(el("p", {}, button(t("planner.renumber"), () => this.apply({ kind: "renumber" }))));
      return tools;
    }

    // Changing

    assign(ids, grid) {
      if (!grid) return this.apply({ kind: "release", units: ids });
      return this.withReason(ids, grid, (reason) => this.apply({ kind: "assign", units: ids, grid, reason }));
    }

    openGrid(ids) {
      return this.withReason(ids, 1000, (reason) => this.apply({ kind: "open-grid", units: ids, reason }));
    }

    applySplit(operation) {
      const parts = operation.parts.slice(1).flat();
      return this.withReason(parts, 1000, (reason) => this.apply({ ...operation, reason }));
    }

    // A compound that would be split asks why; the reason is kept with the plan.
    withReason(ids, grid, go) {
      const split = this.bench.newlySplit(this.here.state.assignment, ids, grid);
      if (!split.length) return go("");
      const reason = el("input", { type: "text", maxlength: "400", required: true, "aria-label": t("planner.reason") });
      const form = el("form", { on: { submit: (event) => (event.preventDefault(), box.close(), go(reason.value)) } },
        el("p", {}, t("planner.splits", { names: split.join("、") })), reason,
        el("p", {}, el("button", { type: "submit", class: "main" }, t("planner.apply")), " ", button(t("planner.cancel"), () => box.close())));
      const box = el("dialog", { "aria-label": t("planner.reason"), on: { close: () => box.remove() } }, form);
      page.append(box);
      box.showModal();
      reason.focus();
    }

    // Count ahead: the map shows an assignment at once, the server confirms it or takes it back.
    ahead(operation) {
      const units = operation.kind === "assign" ? Object.fromEntries(operation.units.map((id) => [id, operation.grid])) : operation.kind === "adopt" ? operation.assignment : null;
      if (!units) return;
      this.map.show({ ...this.here.state.assignment, ...units }, this.selected, new Set(this.here.state.locked_grids));
    }

    async apply(operation) {
      this.ahead(operation);
      try {
        this.show(await planning.post("/drafts/" + this.here.draft.id + "/steps", { revision: this.here.draft.revision, operation }));
        say(t("planner.op." + operation.kind));
      } catch (error) {
        this.refuse(error, () => this.apply(operation));
      }
    }

    refuse(error, again) {
      this.map.show(this.here.state.assignment, this.selected, new Set(this.here.state.locked_grids));
      if (error.status !== 409 || !error.current) return complain(error);
      this.show(error.current);
      const last = error.current.history.filter((one) => one.done).pop();
      const box = document.getElementById("alert");
      box.replaceChildren(el("p", { role: "alert", class: "alert" }, t("planner.stale", { who: last ? last.who : "?", what: last ? t("planner.op." + last.operation.kind) : "" }), " ",
        button(t("planner.repeat"), () => (box.replaceChildren(), again())), " ", button(t("planner.drop"), () => box.replaceChildren())));
    }

    async travel(path, body) {
      try {
        this.show(await planning.post("/drafts/" + this.here.draft.id + path, { revision: this.here.draft.revision, ...body }));
      } catch (error) {
        const locked = error.faults && error.faults.some((one) => one.rule === "lock-undone");
        if (!locked) return this.refuse(error, () => this.travel(path, body));
        const box = document.getElementById("alert");
        box.replaceChildren(el("p", { role: "alert", class: "alert" }, error.faults.map((one) => one.message).join(" · "), " ",
          button(t("planner.force"), () => (box.replaceChildren(), this.travel(path, { ...body, force: true })))));
      }
    }

    jump(step) {
      return this.travel("/jump", { step });
    }

    advice(path) {
      return planning.get("/drafts/" + this.here.draft.id + path).catch((error) => (complain(error), []));
    }

    async decide(path, body) {
      try {
        await planning.post("/drafts/" + this.here.draft.id + path, body);
        this.show(await planning.get("/drafts/" + this.here.draft.id));
      } catch (error) {
        this.refuse(error, () => this.decide(path, { ...body, revision: this.here.draft.revision }));
      }
    }

    async release(day) {
      try {
        say(t("planner.publishing"));
        await planning.post("/releases", { drafts: [this.here.draft.id], effective_from: day });
        this.show(await planning.get("/drafts/" + this.here.draft.id));
      } catch (error) {
        complain(error);
      }
    }

    // Others may work on the same draft: take over what they did.
    watch() {
      this.events = planning.watch(this.here.draft.id);
      this.events.addEventListener("changed", async (event) => {
        const told = JSON.parse(event.data);
        if (told.draft.revision <= this.here.draft.revision) return;
        const now = await planning.get("/drafts/" + this.here.draft.id).catch(() => null);
        if (now && desk === this && now.draft.revision > this.here.draft.revision) this.show(now);
      });
    }

    key(event) {
      if (event.target.matches("input, textarea, select") || document.querySelector("dialog[open]")) return;
      const command = event.ctrlKey || event.metaKey;
      if (command && event.key.toLowerCase() === "z") {
        event.preventDefault();
        const node = event.shiftKey ? this.node.redo : this.node.undo;
        if (!node.disabled) node.click();
      } else if (!command && /^[1-9]$/.test(event.key) && this.selected.size && this.editable) {
        event.preventDefault();
        if (this.grids().includes(Number(event.key))) this.assign([...this.selected], Number(event.key));
      } else if (event.key === "Escape" && this.selected.size) {
        this.select([]);
      }
    }
  }

  // A shared link shows a draft to read.
  async function showShared(secret) {
    who = { rights: [], display: "" };
    const found = await planning.get("/shared/" + encodeURIComponent(secret));
    const bench = new geogrid.Bench(found.bench);
    desk = new Desk(found, bench, { name: found.draft.community_id, editable: false });
    desk.events.close();
  }

  geogrid.planner = () => desk;
  const shared = block("geogrid-setup").shared;
  const start = shared ? showShared(shared) : planning.session().then((found) => ((who = found), showList()));
  start.catch((error) => (error.status === 401 ? showSignIn() : complain(error))).finally(() => (document.documentElement.dataset.ready = "true"));
})();
