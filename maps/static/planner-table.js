// One row a grid: homes against the window, and what changed from the reference. And one row a unit, for the keyboard.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name } = geogrid;
  const signed = (n) => (n > 0 ? "+" + n : String(n));

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

  function gridRow(row, tally, names, act) {
    const { window } = tally;
    const off = window && row.kind !== "special" && row.households > 0 && (row.households < window[0] || row.households > window[1]);
    const badge = el("span", { class: "badge small" }, String(row.grid));
    badge.style.setProperty("--own", geogrid.gridColour(row.grid));
    const moved = [row.came ? t("planner.came", { n: row.came }) : "", row.went ? t("planner.went", { n: row.went }) : ""].filter(Boolean).join(" ");
    const label = row.name || names(row) || t(!row.units ? "planner.empty" : row.kind === "special" ? "kind.special" : "grid.number", { n: row.grid });
    return el("tr", { "data-grid": row.grid, class: off ? "off" : null },
      el("th", { scope: "row" }, el("button", { type: "button", class: "pick", on: { click: () => act.select(row.grid) } }, badge, " ", name(label))),
      el("td", { class: "num" }, String(row.households), row.kind === "special" ? null : bar(row.households, window)),
      el("td", { class: "num" }, String(row.units)),
      el("td", { class: "num" }, String(row.buildings)),
      el("td", { class: "num" }, (row.area_m2 / 10000).toFixed(1)),
      el("td", { class: "num" }, row.polsby_popper.toFixed(2)),
      el("td", {}, row.was === null ? t("planner.new") : moved || "–"),
      el("td", {}, el("button", {
        type: "button", class: "lock", "aria-pressed": String(row.locked), on: { click: () => act.lock(row.grid, !row.locked) },
        "aria-label": t(row.locked ? "planner.unlock" : "planner.lock", { n: row.grid }),
      }, el("i", { class: row.locked ? "padlock shut" : "padlock", "aria-hidden": "true" }))));
  }

  geogrid.gridTable = function (tally, names, act) {
    const heads = ["grid", "households", "units", "buildings", "hectares", "compact", "change", "locked"];
    return el("table", { class: "plan-table" },
      el("caption", { class: "hidden" }, t("planner.table")),
      el("thead", {}, el("tr", {}, heads.map((key) => el("th", { scope: "col" }, t("planner.col." + key))))),
      el("tbody", {}, tally.grids.map((row) => gridRow(row, tally, names, act))));
  };

  // Every unit with the grid it lies in: the whole job without the map.
  geogrid.unitTable = function (bench, state, grids, act) {
    const rows = [...bench.units.values()].sort((a, b) => (a.compound_name + a.id).localeCompare(b.compound_name + b.id));
    return el("table", { class: "plan-table units" },
      el("caption", { class: "hidden" }, t("planner.units")),
      el("thead", {}, el("tr", {}, ["unit", "households", "grid"].map((key) => el("th", { scope: "col" }, t("planner.col." + key))))),
      el("tbody", {}, rows.map((unit) => {
        const label = (unit.compound_name || t("planner.kind." + unit.kind)) + " " + unit.id.split("/").pop();
        const choice = el("select", { "aria-label": t("planner.grid.of", { name: label }), disabled: !act.editable, on: { change: () => act.assign([unit.id], Number(choice.value)) } },
          el("option", { value: "0" }, t("planner.nogrid")),
          grids.map((n) => el("option", { value: n, selected: state.assignment[unit.id] === n }, String(n))));
        return el("tr", {}, el("th", { scope: "row" }, name(label)), el("td", { class: "num" }, String(unit.households)), el("td", {}, choice));
      })));
  };

  geogrid.outcomeLine = (outcome, window_) =>
    el("ul", { class: "outcome" }, outcome.map((one) => el("li", {},
      t("grid.number", { n: one.grid }), ": ", el("b", {}, one.before + " → " + one.after), " (" + signed(one.after - one.before) + ")",
      one.pieces > 1 ? el("span", { class: "vacant" }, " ", t("planner.pieces", { n: one.pieces })) : null,
      window_ && one.after > 0 && (one.after < window_[0] || one.after > window_[1]) ? el("span", { class: "vacant" }, " ", t("planner.outside")) : null)));
})();
