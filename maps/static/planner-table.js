// One row a grid: homes against the window, who leads it, what changed.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name } = geogrid;
  const HEADS = ["grid", "households", "locked", "change", "branch", "load", "units", "buildings", "compounds", "hectares", "compact"];
  const signed = (n) => (n > 0 ? "+" + n : String(n));
  const shown = (n) => geogrid.number(n);

  function bar(homes, window_) {
    if (!window_) return null;
    const [low, high] = window_;
    const most = high * 1.4;
    const share = (value) => Math.max(0, Math.min(100, (100 * value) / most));
    const state = homes < low ? "low" : homes > high ? "high" : "fits";
    const node = el("div", { class: "band " + state, "aria-hidden": "true" }, el("i", {}), el("b", {}));
    node.style.setProperty("--low", share(low) + "%");
    node.style.setProperty("--high", share(high) + "%");
    node.style.setProperty("--homes", share(homes) + "%");
    return node;
  }

  const outside = (row, window_) => window_ && row.kind !== "special" && row.households > 0 && (row.households < window_[0] || row.households > window_[1]);

  function serving(service) {
    if (!service) return ["–", "–"];
    const branch = el("span", { class: "serving" }, service.branch ? name(service.branch) : "–", service.founded ? el("span", { class: "tag" }, t("planner.founded")) : null,
      service.vacant ? el("span", { class: "vacant" }, t("planner.vacant")) : service.leader ? el("span", { class: "quiet" }, name(service.leader)) : null);
    const load = service.load ? shown(service.load) + (service.grids > 1 ? " / " + service.grids : "") : "–";
    return [branch, load];
  }

  function gridRow(row, window_, label, act) {
    const badge = el("span", { class: "badge small" }, String(row.grid));
    badge.style.setProperty("--own", geogrid.gridColour(row.grid));
    const moved = [row.came ? t("planner.came", { n: row.came }) : "", row.went ? t("planner.went", { n: row.went }) : ""].filter(Boolean).join(" ");
    const title = label || t(!row.units ? "planner.empty" : row.kind === "special" ? "kind.special" : "grid.number", { n: row.grid });
    const [branch, load] = serving(row.service);
    const number = (text, more) => el("td", { class: "num" }, text, more);
    return el("tr", { "data-grid": row.grid, class: outside(row, window_) ? "off" : null, on: { pointerenter: () => act.look(row.grid), pointerleave: () => act.look(0) } },
      el("th", { scope: "row" }, el("button", { type: "button", class: "pick", title, on: { click: () => act.select(row.grid) } }, badge, " ", name(title))),
      number(shown(row.households), row.kind === "special" ? null : bar(row.households, window_)),
      el("td", {}, el("button", {
        type: "button", class: "lock", "aria-pressed": String(row.locked), disabled: !act.editable(), on: { click: () => act.lock(row.grid, !row.locked) },
        "aria-label": t(row.locked ? "planner.unlock" : "planner.lock", { n: row.grid }),
      }, el("i", { class: row.locked ? "padlock shut" : "padlock", "aria-hidden": "true" }))),
      el("td", {}, row.was === null ? t("planner.new") : moved || "–"), el("td", {}, branch), number(load),
      number(String(row.units), row.pieces > 1 ? el("span", { class: "vacant" }, " ", t("planner.pieces", { n: row.pieces })) : null),
      number(shown(row.buildings)), number(String(row.compounds.length)), number((row.area_m2 / 10000).toFixed(1)), number(row.polsby_popper.toFixed(2)));
  }

  // The table keeps the rows that did not change: most of them do not, whatever is done.
  class GridTable {
    constructor(act, label) {
      Object.assign(this, { act, label, known: new Map() });
      this.body = el("tbody", {});
      this.total = el("p", { class: "quiet total" });
      this.node = el("div", {}, el("table", { class: "plan-table grids" }, el("caption", { class: "hidden" }, t("planner.table")),
        el("colgroup", {}, HEADS.map((key) => el("col", { class: "col-" + key }))), el("thead", {}, el("tr", {}, HEADS.map((key) => el("th", { scope: "col", title: geogrid.has("planner.col." + key + ".tip") ? t("planner.col." + key + ".tip") : null }, t("planner.col." + key))))), this.body), this.total);
    }

    show(rows, tally) {
      const next = new Map();
      rows.forEach((row, at) => {
        const before = this.known.get(row.grid);
        const made = before && before.row === row && before.window === tally.window ? before : this.made(row, tally.window, before);
        const { node } = made;
        next.set(row.grid, made);
        // In its place: put in before it, a new row would push all that follow out of theirs.
        if (before && before.node !== node) before.node.replaceWith(node);
        if (this.body.children[at] !== node) this.body.insertBefore(node, this.body.children[at] || null);
      });
      while (this.body.children.length > rows.length) this.body.lastChild.remove();
      this.known = next;
      const [low, high] = tally.window || [];
      this.total.textContent = [t("planner.total", { n: tally.households, g: rows.filter((row) => row.units && row.kind !== "special").length }), tally.window ? t("planner.window", { low, high }) : "",
        tally.unassigned.length ? t("planner.unassigned", { n: tally.unassigned.length }) : ""].filter(Boolean).join(" · ");
    }

    // A row that the server tells anew is often the same as before.
    made(row, window_, before) {
      const label = this.label(row);
      const key = JSON.stringify([row, label, window_]);
      const node = before && before.key === key ? before.node : gridRow(row, window_, label, this.act);
      return { row, window: window_, key, node };
    }

    // The rows of some grids stand out, because their units are pointed at on the map.
    light(grid) {
      for (const number of [this.lit, grid]) if (this.known.has(number)) this.known.get(number).node.classList.toggle("lit", number === grid);
      this.lit = grid;
    }
  }

  geogrid.outcomeLine = (outcome, window_) =>
    el("ul", { class: "outcome" }, outcome.map((one) => el("li", {},
      t("grid.number", { n: one.grid }), ": ", el("b", {}, one.before + " → " + one.after), " (" + signed(one.after - one.before) + ")",
      one.pieces > 1 ? el("span", { class: "vacant" }, " ", t("planner.pieces", { n: one.pieces })) : null,
      window_ && one.after > 0 && (one.after < window_[0] || one.after > window_[1]) ? el("span", { class: "vacant" }, " ", t("planner.outside")) : null)));

  geogrid.GridTable = GridTable;
})();
