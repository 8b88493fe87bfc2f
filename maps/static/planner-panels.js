// The panels of advice: checks with mends, nudges, why not; and the history.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name, button } = geogrid;
  const clock = new Intl.DateTimeFormat(geogrid.setup.language, { dateStyle: "short", timeStyle: "short" });
  geogrid.when = (iso) => clock.format(new Date(iso));

  geogrid.checksPanel = function (desk) {
    const { verdicts, unassigned } = desk.here.tally;
    const broken = verdicts.filter((one) => one.state !== "holds");
    const hard = broken.filter((one) => one.hard);
    const node = el("section", { "aria-label": t("planner.checks") },
      el("p", {}, el("b", {}, hard.length || unassigned.length ? t("planner.checks.hard", { n: hard.length }) : broken.length ? t("planner.checks.soft", { n: broken.length }) : t("planner.checks.none"))));
    for (const one of [...broken, ...verdicts.filter((verdict) => verdict.state === "holds")]) {
      const line = el("div", { class: "check " + one.state },
        el("p", {}, el("b", {}, t("planner.state." + one.state)), " ", t("planner.rule." + one.rule), " ", one.hard ? el("span", { class: "tag" }, t("planner.hard")) : null));
      if (one.breaches.length) line.append(breaches(desk, one));
      node.append(line);
    }
    return node;
  };

  function breaches(desk, verdict) {
    const node = el("div", { class: "mends", "aria-live": "polite" });
    const suggest = async () => {
      const found = await desk.advice("/mends?rule=" + verdict.rule);
      node.replaceChildren(found.length ? el("ul", {}, found.map((mend) => el("li", {},
        t("planner.mend", { units: Object.keys(mend.operation.assignment).length, grid: [...new Set(Object.values(mend.operation.assignment))].join(", "), before: mend.before, after: mend.after }), " ",
        button(t("planner.show"), () => geogrid.peek(desk, mend.operation.assignment)), " ",
        button(t("planner.apply"), () => desk.apply(mend.operation), { disabled: !desk.editable })))) : t("planner.nomend"));
    };
    return geogrid.breachWalk(desk, verdict, { node, button: desk.still ? null : button(t("planner.suggest"), suggest, { "data-key": "mend-" + verdict.rule }) });
  }

  // Show on the map what some step would make of the plan, until told otherwise.
  geogrid.peek = function (desk, assignment) {
    const after = { ...desk.here.state.assignment, ...assignment };
    const moving = Object.keys(assignment).filter((id) => desk.here.state.assignment[id] !== assignment[id]);
    desk.draw(after, desk.bench.rows(after, desk.here.tally.grids));
    desk.map.hatch(moving);
    desk.ask(t("planner.peeking", { n: moving.length }), [["planner.peek.end", () => {
      desk.map.hatch([]);
      desk.draw(desk.here.state.assignment, desk.here.tally.grids);
    }]]);
  };

  // A grid that shares a border with this one.
  function neighbour(desk, grid) {
    const { assignment } = desk.here.state;
    const near = (desk.bench.members(assignment).get(grid) || []).flatMap((id) => [...desk.bench.beside.get(id)]);
    return near.map((id) => assignment[id]).find((one) => one && one !== grid);
  }

  geogrid.nudgePanel = function (desk) {
    const grids = desk.grids();
    const [first = grids[0], second = neighbour(desk, first)] = desk.chosenGrids();
    const pick = (label, chosen) => el("label", {}, t(label), " ", el("select", {}, grids.map((g) => el("option", { value: g, selected: g === chosen }, String(g)))));
    const [one, other] = [pick("planner.nudge.one", first), pick("planner.nudge.other", second)];
    const list = el("div", { "aria-live": "polite" });
    const look = async () => {
      const [a, b] = [one, other].map((node) => node.querySelector("select").value);
      const found = a === b ? [] : await desk.advice("/nudges?one=" + a + "&other=" + b);
      list.replaceChildren(found.length ? el("ul", { class: "nudges" }, found.map((n) => el("li", {},
        el("b", {}, n.move.units.length > 2 ? t("planner.units.n", { n: n.move.units.length }) : n.move.units.map((id) => desk.bench.label(id)).join("、")), " → " + n.move.grid + " ",
        el("span", { class: "quiet" }, t("planner.nudge.line", { homes: n.households, giver: n.giver.join(" → "), taker: n.taker.join(" → ") })),
        n.breaks.length ? el("span", { class: "vacant" }, " ", n.breaks.map((rule) => t("planner.rule." + rule)).join(", ")) : null, " ",
        el("span", { class: "acts" }, button(t("planner.show"), () => geogrid.peek(desk, Object.fromEntries(n.move.units.map((id) => [id, n.move.grid])))),
          button(t("planner.apply"), () => desk.apply(n.move), { disabled: !desk.editable || n.breaks.length > 0 }))))) : t("planner.nudge.none"));
    };
    return el("section", { "aria-label": t("planner.nudge") }, el("p", { class: "quiet" }, t("planner.nudge.about")), el("p", { class: "acts" }, one, other, button(t("planner.look"), look)), list);
  };

  // A unit was let go where the rules forbid it: which rule, and the least change that would allow it.
  geogrid.whyNot = function (desk, ids, grid, asked) {
    const close = () => box.close();
    const told = el("div", { "aria-live": "polite" }, el("ul", {}, el("li", {}, t("planner.why.pieces", { n: grid }))), el("p", { class: "quiet" }, t("planner.why.looking")));
    const acts = el("p", { class: "acts" }, button(t("planner.why.force"), () => (close(), desk.assign(ids, grid))), button(t("planner.cancel"), close));
    const box = geogrid.dialog(desk.page, { "aria-label": t("planner.why") }, el("h3", {}, t("planner.why.title", { name: desk.bench.label(ids[0]), n: grid })), told, acts);
    const reasons = (all) => el("ul", {}, all.map((one) => el("li", {}, typeof one === "string" ? name(one, "span") : one)));
    asked.then((found) => {
      told.replaceChildren(reasons([...found.breaches.map((one) => geogrid.breach(desk, one)), ...(found.reason ? [desk.bench.named(found.reason)] : [])]), found.plan ? least(desk, found) : el("p", {}, t("planner.why.none")));
      if (found.plan) acts.prepend(button(t("planner.why.take"), () => (close(), desk.adopt({ kind: "adopt", assignment: found.plan, origin: "why-not" })), { class: "main" }));
    }, (error) => told.replaceChildren(reasons([t("planner.why.pieces", { n: grid }), geogrid.faultText(error)])));
  };

  function least(desk, { plan, costs }) {
    const moved = Object.keys(plan).filter((id) => plan[id] !== desk.here.state.assignment[id]).length;
    const worse = Object.entries(costs).filter(([, v]) => Math.abs(v) > 1e-6).map(([key, v]) => desk.bench.figure(key) + " " + (v > 0 ? "+" : "") + geogrid.number(Math.round(v * 10) / 10));
    return el("p", {}, t("planner.why.least", { n: moved }), " ", worse.join(", "));
  }

  // Where a whole plan came from: the solver, a mend, another draft or version, or a file.
  function from(origin) {
    const [, kind, n] = /^(draft|version)-(\d+)$/.exec(origin) || [];
    if (kind) return t("planner.origin." + kind, { n });
    return geogrid.has("planner.origin." + origin) ? t("planner.origin." + origin) : origin;
  }

  // What a step did, in a few words.
  function brief(desk, { kind, units, grid, grids, into, name: called, purpose, origin, assignment }) {
    const parts = [units && units.length ? (units.length === 1 && desk.bench.units.has(units[0]) ? desk.bench.label(units[0]) : t("planner.units.n", { n: units.length })) : "",
      grids && grids.length ? t("planner.grids", { list: grids.join(", ") }) : "", grid || into ? "→ " + (grid || into) : "", called || purpose || "", kind === "adopt" ? (origin ? from(origin) + " " : "") + t("planner.units.n", { n: Object.keys(assignment || {}).length }) : ""];
    return parts.filter(Boolean).join(" ");
  }

  geogrid.historyPanel = function (desk) {
    const { history, draft } = desk.here;
    const line = (step) => el("li", { class: step.done ? "done" : "undone", "aria-current": step.id === draft.head ? "step" : null },
      button(t("planner.op." + step.operation.kind), () => desk.jump(step.id), { disabled: !desk.editable }), " ", name(brief(desk, step.operation), "span"), " ", el("span", { class: "quiet" }, step.who, " · ", geogrid.when(step.at)));
    return el("section", { "aria-label": t("planner.history") }, el("p", { class: "quiet" }, t("planner.history.about")),
      el("ol", { class: "steps" }, el("li", { class: "done", "aria-current": draft.head === null ? "step" : null }, button(t("planner.beginning"), () => desk.jump(null), { disabled: !desk.editable })), history.map(line)));
  };
})();
