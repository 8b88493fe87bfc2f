// The table editor: every unit with its grid, found, sorted, chosen and assigned; the whole job without the map.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name, button } = geogrid;
  const ROWS = 200; // that are drawn at once
  const OPTIONS = 40; // grids that a list holds from the start

  // A list of grids. Hundreds of options for thousands of units are made when one is opened.
  geogrid.gridChoice = function (grids, { chosen = 0, first, ...attributes }) {
    const option = (n) => el("option", { value: n, selected: n === chosen }, String(n));
    const choice = el("select", attributes, el("option", { value: first ? "" : "0" }, first || t("planner.nogrid")));
    const fill = () => {
      for (const n of grids) if (n !== chosen) choice.append(option(n));
    };
    if (grids.length <= OPTIONS) {
      choice.append(...grids.map(option));
      return choice;
    }
    if (chosen) choice.append(option(chosen));
    const once = () => {
      for (const type of ["focus", "pointerdown"]) choice.removeEventListener(type, once);
      fill();
    };
    for (const type of ["focus", "pointerdown"]) choice.addEventListener(type, once);
    return choice;
  };

  const COLUMNS = {
    unit: (desk, one) => one.label,
    households: (desk, one) => one.unit.households,
    buildings: (desk, one) => one.unit.buildings,
    grid: (desk, one) => desk.here.state.assignment[one.unit.id] || 0,
  };

  geogrid.unitsPanel = function (desk) {
    const view = (desk.unitView = desk.unitView || { text: "", grid: "", sort: "unit", down: false, rows: ROWS });
    const body = el("tbody", {});
    const more = el("p", {});
    const fill = () => {
      const found = sorted(desk, view);
      body.replaceChildren(...found.slice(0, view.rows).map((one) => row(desk, one)));
      more.replaceChildren(...(found.length > view.rows ? [button(t("planner.more", { n: found.length - view.rows }), () => ((view.rows += ROWS), fill()), { "data-key": "more" })] : []));
    };
    const search = el("input", { type: "search", "data-key": "unit-search", "aria-label": t("planner.units.find"), placeholder: t("planner.units.find"), value: view.text || null, on: { input: () => ((view.text = search.value), fill()) } });
    const only = geogrid.gridChoice(desk.grids(), { chosen: Number(view.grid) || 0, first: t("planner.units.all"), "data-key": "unit-grid", "aria-label": t("planner.units.only") });
    only.addEventListener("change", () => ((view.grid = only.value), fill()));
    const shown = () => desk.choose(sorted(desk, view).map((one) => one.unit.id), true);
    fill();
    return el("section", { "aria-label": t("planner.units") }, bulk(desk),
      el("div", { class: "finder" }, search, only, button(t("planner.units.take"), shown, { "data-key": "units-take" }), desk.selected.size ? button(t("planner.none"), () => desk.select([]), { "data-key": "none" }) : null),
      el("table", { class: "plan-table units" }, el("caption", { class: "hidden" }, t("planner.units")), el("thead", {}, el("tr", {}, el("th", { scope: "col" }, el("span", { class: "hidden" }, t("planner.chosen"))), Object.keys(COLUMNS).map((key) => heading(desk, view, key)))), body), more);
  };

  function heading(desk, view, key) {
    const turn = () => {
      view.down = view.sort === key && !view.down;
      view.sort = key;
      desk.drawPanel();
    };
    const sorting = view.sort === key ? (view.down ? "descending" : "ascending") : null;
    return el("th", { scope: "col", "aria-sort": sorting }, button(t("planner.col." + key) + (sorting ? (view.down ? " ↓" : " ↑") : ""), turn, { class: "sorter", "data-key": "sort-" + key }));
  }

  function sorted(desk, view) {
    const wanted = view.text.trim().toLowerCase();
    const { assignment } = desk.here.state;
    const hit = ({ unit, label }) => !wanted || (label + " " + unit.id + " " + (unit.compound_name || "") + " " + (desk.bench.buildings.get(unit.id) || []).map((one) => one.name).join(" ")).toLowerCase().includes(wanted);
    const value = COLUMNS[view.sort];
    const order = (a, b) => (typeof value(desk, a) === "string" ? value(desk, a).localeCompare(value(desk, b)) : value(desk, a) - value(desk, b)) || a.label.localeCompare(b.label);
    const found = [...desk.bench.units.values()].map((unit) => ({ unit, label: desk.bench.label(unit.id) }))
      .filter((one) => hit(one) && (!view.grid || assignment[one.unit.id] === Number(view.grid))).sort(order);
    return view.down ? found.reverse() : found;
  }

  function row(desk, { unit, label }) {
    const { state } = desk.here;
    const held = state.locked_units.includes(unit.id);
    const tick = el("input", { type: "checkbox", "data-key": "tick-" + unit.id, checked: desk.selected.has(unit.id), "aria-label": label, on: { change: () => desk.choose(desk.bench.together(unit.id, desk.whole), tick.checked) } });
    const choice = geogrid.gridChoice(desk.grids(), { chosen: state.assignment[unit.id], "data-key": "grid-" + unit.id, "aria-label": t("planner.grid.of", { name: label }), disabled: !desk.editable });
    choice.addEventListener("change", () => desk.assign([unit.id], Number(choice.value)));
    return el("tr", { class: desk.selected.has(unit.id) ? "chosen" : null }, el("td", {}, tick), el("th", { scope: "row" }, name(label), held ? el("i", { class: "padlock shut", role: "img", "aria-label": t("planner.locked") }) : null),
      el("td", { class: "num" }, geogrid.number(unit.households)), el("td", { class: "num" }, geogrid.number(unit.buildings)), el("td", {}, choice));
  }

  // What is done with all that are chosen; before and after of the grids are shown before it is done.
  function bulk(desk) {
    const ids = [...desk.selected];
    const total = el("p", { "aria-live": "polite" }, el("b", {}, t("planner.selected", { n: ids.length, h: desk.bench.homes(ids) })));
    if (!ids.length || !desk.editable) return el("div", {}, total);
    const outcome = el("div", { "aria-live": "polite", class: "before-after" });
    const to = geogrid.gridChoice(desk.grids(), { first: t("planner.assign.choose"), "data-key": "bulk-grid", "aria-label": t("planner.assign.choose") });
    to.addEventListener("change", () => outcome.replaceChildren(to.value ? geogrid.outcomeLine(desk.bench.outcome(desk.here.state.assignment, ids, Number(to.value)), desk.here.tally.window) : ""));
    const act = (key, go) => button(t("planner." + key), go, { "data-key": "bulk-" + key });
    return el("div", { class: "bulk" }, total, el("p", { class: "acts" }, to, act("assign", () => to.value && desk.assign(ids, Number(to.value))), act("opengrid", () => desk.openGrid(ids)), act("release", () => desk.apply({ kind: "release", units: ids })),
      act("lockunits", () => desk.apply({ kind: "lock", units: ids })), act("unlockunits", () => desk.apply({ kind: "unlock", units: ids }))), outcome);
  }
})();
