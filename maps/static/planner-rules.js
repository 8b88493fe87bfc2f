// What the rules say of a draft, in the reader's words and with the names that the reader knows.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name, button } = geogrid;

  // Which units a breach is about: grid numbers, unit ids or compound ids.
  geogrid.place = (bench, state, where) => {
    const members = bench.members(state.assignment);
    return where.flatMap((one) => members.get(Number(one)) || (bench.units.has(one) ? [one] : bench.compounds.get(one) || []));
  };

  const compound = (bench, id) => bench.units.get(bench.compounds.get(id)[0]).compound_name || id;
  const homesOf = (desk, grid) => (desk.here.tally.grids.find((row) => String(row.grid) === grid) || { households: 0 }).households;

  const SAY = {
    every_unit_lies_in_one_grid: (desk, [unit]) => t("planner.breach.stranger", { id: unit }),
    every_grid_is_in_one_piece: (desk, [grid], by) => t("planner.breach.pieces", { grid, count: by + 1 }),
    no_grid_mixes_parts_of_compounds: (desk, [grid]) => t("planner.breach.mixed", { grid }),
    the_number_of_grids_is_in_range: (desk) => {
      const count = desk.here.tally.grids.filter((row) => row.households > 0).length;
      const { min, max } = desk.bench.policy.grids || {};
      return t("planner.breach.number", { count, min: min ?? "–", max: max ?? "–" });
    },
    households_lie_in_the_window: (desk, [grid], by) => {
      const [low, high] = desk.here.tally.window || ["–", "–"];
      const homes = homesOf(desk, grid);
      return t(homes < low ? "planner.breach.few" : "planner.breach.many", { grid, homes, by, low, high });
    },
    every_compound_is_one_grid: (desk, [where], by) => {
      const { bench, here } = desk;
      if (!bench.compounds.has(where)) return t("planner.breach.joined", { grid: where, count: by + 1 });
      const grids = [...new Set(bench.compounds.get(where).map((id) => here.state.assignment[id]).filter(Boolean))].sort((a, b) => a - b);
      const reason = here.state.reasons[where];
      return t("planner.breach.split", { name: compound(bench, where), list: grids.join(", ") }) + (reason ? " " + t("planner.breach.reason", { reason }) : "");
    },
    no_grid_crosses_a_soft_barrier: (desk, [grid], by) => t("planner.breach.barrier", { grid, count: by }),
    land_without_homes_is_apart: (desk, [unit]) => t("planner.breach.land", { name: desk.bench.label(unit), grid: desk.here.state.assignment[unit] || "–" }),
  };

  geogrid.breach = (desk, { rule, where, by, words }) => name(SAY[rule] ? SAY[rule](desk, where, by) : words, "span");

  // A rule whose places are looked at one after the other, each with what could mend it.
  geogrid.breachWalk = function (desk, verdict, mends) {
    let at = 0;
    const words = el("span", { "aria-live": "polite" });
    const units = () => geogrid.place(desk.bench, desk.here.state, verdict.breaches[at].where);
    const show = (step) => {
      at = (at + step + verdict.breaches.length) % verdict.breaches.length;
      words.replaceChildren(t("planner.nth", { n: at + 1, m: verdict.breaches.length }), " ", geogrid.breach(desk, verdict.breaches[at]));
    };
    const go = (step) => {
      show(step);
      desk.map.zoomTo(units());
      desk.map.hatch(units());
    };
    show(0);
    return el("div", {}, el("p", {}, words), el("p", { class: "acts" }, button(t("planner.zoom"), () => go(0), { "data-key": "zoom-" + verdict.rule }),
      verdict.breaches.length > 1 ? button(t("planner.next"), () => go(1), { "data-key": "next-" + verdict.rule }) : null, mends.button), mends.node);
  };
})();
