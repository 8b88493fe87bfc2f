// The selection: what it holds, how it is widened by search or street, and what can be done with it.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name, planning, button } = geogrid;
  const MOST = 40; // hits that are listed at once
  const BUTTONS = 40; // grids that have a button each

  // A selection with some units more, or less.
  geogrid.withUnits = function (selection, ids, on) {
    const now = new Set(selection);
    for (const one of ids) on ? now.add(one) : now.delete(one);
    return now;
  };

  geogrid.selectionPanel = function (desk) {
    const ids = [...desk.selected];
    const node = el("section", { "aria-label": t("planner.selection") }, totals(desk, ids));
    if (!ids.length) node.append(el("p", { class: "quiet" }, t("planner.nothing.selected")));
    else if (desk.editable) node.append(assigning(desk, ids), moving(desk, ids));
    node.append(level(desk), finder(desk));
    if (desk.editable) node.append(gridTools(desk));
    return node;
  };

  // How many units, homes and buildings, and how they lie in the grids now.
  function totals(desk, ids) {
    const { bench, here } = desk;
    const units = ids.map((id) => bench.units.get(id));
    const buildings = units.reduce((sum, unit) => sum + unit.buildings, 0);
    const lies = new Map();
    for (const id of ids) lies.set(here.state.assignment[id] || 0, [...(lies.get(here.state.assignment[id] || 0) || []), id]);
    return el("div", {}, el("p", {}, el("b", {}, t("planner.selected", { n: ids.length, h: bench.homes(ids) })), ids.length ? " · " + t("planner.selected.buildings", { n: buildings }) : ""),
      lies.size ? el("ul", { class: "outcome" }, [...lies].sort(([a], [b]) => a - b).map(([grid, own]) => el("li", {},
        (grid ? t("grid.number", { n: grid }) : t("planner.nogrid")) + ": " + t("planner.share.of", { n: own.length, h: bench.homes(own) })))) : null);
  }

  // What a click takes: the whole compound, one building group, or the group of one building.
  function level(desk) {
    const choice = (level) => el("label", {}, el("input", { type: "radio", name: "level", checked: desk.level === level, "data-key": "level-" + level, on: { change: () => desk.use(level) } }), " ", t("planner.level." + level));
    return el("div", {}, el("fieldset", { class: "levels" }, el("legend", {}, t("planner.level")), ["compound", "group", "building"].map(choice)), building(desk));
  }

  // The building that was clicked, and what moves with it: a unit is never cut through.
  function building({ pointed, bench }) {
    if (!pointed) return null;
    const mates = bench.buildings.get(pointed.unit).length;
    return el("p", { class: "pointed" }, name(bench.label(pointed.unit) + " " + pointed.name), " · ", t("planner.pointed.homes", { n: pointed.households }), " ", el("span", { class: "quiet" }, mates > 1 ? t("planner.pointed.mates", { n: mates - 1 }) : t("planner.pointed.alone")));
  }

  // Search by name of compound, street or building, or take all along a street.
  function finder(desk) {
    const hits = el("ul", { class: "hits", "aria-live": "polite" });
    const take = (units) => desk.select([...desk.selected, ...units.flatMap((id) => desk.bench.together(id, desk.whole))]);
    const text = el("input", { type: "search", "aria-label": t("planner.search"), placeholder: t("planner.search"), value: desk.wanted || null, on: { input: () => fill() } });
    const fill = () => {
      desk.wanted = text.value;
      const found = desk.bench.find(text.value);
      hits.replaceChildren(...found.slice(0, MOST).map((one) => el("li", {}, button("", () => take(one.units), { class: "hit" }))));
      [...hits.children].forEach((node, at) => node.firstChild.append(name(found[at].title), el("span", { class: "quiet" }, " " + t("planner.hit." + found[at].kind) + " · " + t("planner.share.of", { n: found[at].units.length, h: desk.bench.homes(found[at].units) }))));
      if (found.length > MOST) hits.append(el("li", { class: "quiet" }, t("planner.more", { n: found.length - MOST })));
      if (text.value.trim() && !found.length) hits.append(el("li", { class: "quiet" }, t("planner.nohit")));
    };
    fill();
    const streets = el("select", { "aria-label": t("planner.along"), on: { change: () => streets.value && take(desk.bench.streets.get(streets.value)) } },
      el("option", { value: "" }, t("planner.along")), [...desk.bench.streets.keys()].map((one) => el("option", { value: one }, one)));
    return el("div", { class: "finder" }, text, desk.bench.streets.size ? streets : null, desk.selected.size ? button(t("planner.none"), () => desk.select([])) : null, hits);
  }

  function assigning(desk, ids) {
    const outcome = el("div", { "aria-live": "polite", class: "before-after" });
    let looked = 0;
    const look = (grid) => {
      looked = grid;
      outcome.replaceChildren(geogrid.outcomeLine(desk.bench.outcome(desk.here.state.assignment, ids, grid), desk.here.tally.window));
    };
    // A finger cannot hover: its first touch shows before and after, its second assigns.
    let touched = false;
    const press = (event, grid) => (touched = event.pointerType === "touch" && looked !== grid);
    const go = (grid) => (touched ? look(grid) : desk.assign(ids, grid));
    const grid = (event) => Number((event.target.closest("[data-assign]") || { dataset: {} }).dataset.assign || 0);
    const on = (act) => (event) => grid(event) && act(event, grid(event));
    const { buttons, rest } = targets(desk, ids);
    const choices = el("p", { class: "choices", on: {
      click: on((_, n) => go(n)), pointerdown: on(press), pointerover: on((event, n) => event.pointerType !== "touch" && look(n)), focusin: on((_, n) => touched || look(n)),
    } }, buttons.map((n) => el("button", { type: "button", "data-assign": n, "data-key": "assign-" + n, "aria-label": t("planner.assign.one", { n }) }, String(n))), rest.length ? other(rest, look, (n) => desk.assign(ids, n)) : null);
    return el("div", {}, el("p", {}, t("planner.assign.to")), choices, outcome);
  }

  // All grids, or where these are very many those that the selection lies in or beside; the others by number.
  function targets(desk, ids) {
    const all = desk.grids();
    if (all.length <= BUTTONS) return { buttons: all, rest: [] };
    const { assignment } = desk.here.state;
    const near = new Set(ids.flatMap((id) => [id, ...desk.bench.beside.get(id)]).flatMap((id) => [assignment[id], desk.bench.reference[id]]));
    return { buttons: all.filter((n) => near.has(n)), rest: all.filter((n) => !near.has(n)) };
  }

  function other(grids, look, go) {
    const choice = geogrid.gridChoice(grids, { first: t("planner.assign.other"), "aria-label": t("planner.assign.other"), "data-key": "assign-other" });
    choice.addEventListener("change", () => choice.value && look(Number(choice.value)));
    return el("span", {}, choice, button(t("planner.assign"), () => choice.value && go(Number(choice.value))));
  }

  function moving(desk, ids) {
    const note = () => desk.comment(ids.length === 1 ? { subject: "unit", subject_id: ids[0] } : { subject: "grid", subject_id: String(desk.chosenGrids()[0] || "") });
    return el("p", { class: "acts" }, button(t("planner.opengrid"), () => desk.openGrid(ids)), button(t("planner.release"), () => desk.apply({ kind: "release", units: ids })),
      button(t("planner.lockunits"), () => desk.apply({ kind: "lock", units: ids })), button(t("planner.unlockunits"), () => desk.apply({ kind: "unlock", units: ids })),
      button(t("planner.comment.here"), note));
  }

  // What can be done with the grids that the selection touches, and with those that have no units.
  function gridTools(desk) {
    const grids = desk.chosenGrids();
    const tools = el("fieldset", { class: "grid-tools" }, el("legend", {}, grids.length ? t("planner.grids", { list: grids.join(", ") }) : t("planner.grids.none")));
    if (grids.length > 1) tools.append(el("p", {}, button(t("planner.merge", { n: Math.min(...grids) }), () => desk.apply({ kind: "merge", grids, into: Math.min(...grids) }))));
    if (grids.length === 1) tools.append(...singleGrid(desk, grids[0]));
    const empty = desk.here.state.opened;
    if (empty.length) tools.append(el("p", { class: "acts" }, empty.map((n) => button(t("planner.retire", { n }), () => desk.apply({ kind: "retire", grid: n })))));
    tools.append(el("p", {}, button(t("planner.renumber"), () => desk.apply({ kind: "renumber" }))));
    return tools;
  }

  function singleGrid(desk, grid) {
    const row = desk.here.tally.grids.find((one) => one.grid === grid);
    const special = row && row.kind === "special";
    const label = t(special ? "planner.purpose" : "planner.name");
    const known = special ? desk.here.state.purposes[grid] : desk.here.state.names[grid];
    const title = el("input", { type: "text", maxlength: "60", "aria-label": label, placeholder: label, value: known || null });
    const call = () => desk.apply(special ? { kind: "dedicate", grid, purpose: title.value } : { kind: "rename", grid, name: title.value });
    const count = el("input", { type: "number", min: "2", max: "20", value: "2", "aria-label": t("planner.parts") });
    const parts = (body) => planning.post("/drafts/" + desk.here.draft.id + "/parts", { grid, ...body }).then((found) => desk.applySplit(found), desk.complain);
    const members = desk.bench.members(desk.here.state.assignment).get(grid) || [];
    const rest = members.filter((id) => !desk.selected.has(id));
    return [
      el("p", {}, title, " ", button(t(special ? "planner.dedicate" : "planner.rename"), call)),
      el("p", { class: "acts" }, count, button(t("planner.split"), () => parts({ count: Number(count.value) })), button(t("planner.split.line"), () => desk.drawLine((line) => parts({ line }))),
        rest.length && desk.selected.size ? button(t("planner.split.selection"), () => desk.applySplit({ kind: "split", grid, parts: [rest, members.filter((id) => desk.selected.has(id))] })) : null),
    ];
  }
})();
