// Proposals: the solver on the whole community or on some grids; a run can be stopped, and its best so far kept.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, planning, button } = geogrid;
  const SLIDERS = { min: ["planner.policy.min", 1, 20, 1], max: ["planner.policy.max", 1, 20, 1], share: ["planner.policy.share", 1, 60, 1], seconds: ["planner.policy.seconds", 5, 120, 5], count: ["planner.policy.count", 1, 4, 1] };

  // What was asked of the solver and what it found stay with the desk, whatever panel is open; a step of the draft makes them old.
  function wish(desk) {
    const { grids, band } = desk.bench.policy;
    const [min, max] = [(grids && grids.min) || 1, (grids && grids.max) || 20];
    desk.wish = desk.wish || { values: { min, max, share: Math.round(100 * ((band && band.share) || 0.2)), seconds: 20, count: 1 }, list: el("div", { "aria-live": "polite", class: "proposals" }), stop: null, head: desk.here.draft.head };
    if (desk.wish.head !== desk.here.draft.head) {
      if (desk.wish.stop) desk.wish.stop.abort();
      desk.wish.list.replaceChildren();
    }
    desk.wish.head = desk.here.draft.head;
    return desk.wish;
  }

  function slider(values, key) {
    const [label, min, max, step] = SLIDERS[key];
    const told = el("output", {}, String(values[key]));
    const turned = (event) => (told.textContent = values[key] = Number(event.target.value));
    return el("label", { class: "slider" }, t(label), " ", el("input", { type: "range", min, max, step, value: values[key], "data-key": "wish-" + key, on: { input: turned } }), told);
  }

  function proposal(desk, found, ...more) {
    const rounded = (v) => geogrid.number(Math.round(v * 10) / 10);
    return el("div", { class: "proposal" },
      el("p", {}, el("b", {}, found.proved ? t("planner.proved") : t("planner.gap", { n: (100 * found.gap).toFixed(1) })), " · ", t("planner.moves", { n: found.change.households })),
      el("dl", {}, Object.entries(found.vector).flatMap(([key, v]) => [el("dt", {}, desk.bench.figure(key)), el("dd", {}, rounded(v), found.bounds[key] !== undefined && found.bounds[key] !== v ? " ≥ " + rounded(found.bounds[key]) : "")])),
      el("p", { class: "acts" }, button(t("planner.show"), () => geogrid.peek(desk, found.operation.assignment)), ...more));
  }

  // Run the solver; what it has found so far can be kept at any time.
  async function solve(desk, { values, list }, stop) {
    let best = null, ended = false;
    const taking = (found) => proposal(desk, found, button(t("planner.apply"), () => desk.adopt(found.operation), { disabled: !desk.editable }));
    const keep = () => (stop.abort(), desk.adopt(best.operation));
    const running = () => el("p", {}, t("planner.running"));
    const halted = () => list.replaceChildren(el("p", {}, t(best ? "planner.stopped" : "planner.stopped.none")), ...(best ? [taking(best)] : []));
    list.replaceChildren(running());
    const policy = { ...desk.bench.policy, grids: { min: Math.min(values.min, values.max), max: Math.max(values.min, values.max) }, band: { share: values.share / 100 } };
    const body = { seconds: values.seconds, policy, alternatives: values.count, grids: values.count === 1 ? desk.chosenGrids() : [] };
    try {
      await planning.stream("/drafts/" + desk.here.draft.id + "/proposals", body, (kind, found) => {
        if (kind === "refused") list.replaceChildren(el("p", { class: "vacant" }, found.detail));
        if (kind === "done") list.replaceChildren(...found.map(taking));
        ended = kind !== "better";
        if (ended) return;
        best = found;
        list.replaceChildren(running(), proposal(desk, found, button(t("planner.keep"), keep, { disabled: !desk.editable })));
      }, stop.signal);
      if (!ended) halted(); // the service was stopped
    } catch (error) {
      if (error.status === 401) return desk.complain(error);
      if (error.name !== "AbortError") list.replaceChildren(el("p", { class: "vacant" }, geogrid.faultText(error)));
      else if (list.firstChild) halted();
    }
  }

  geogrid.proposePanel = function (desk) {
    const asked = wish(desk);
    const run = async () => {
      const stop = (asked.stop = new AbortController());
      halt.focus();
      start.disabled = true;
      await solve(desk, asked, stop);
      if (asked.stop !== stop) return;
      asked.stop = null;
      if (desk.panel === "propose") desk.drawPanel();
    };
    const start = button(t("planner.run"), run, { class: "main", "data-key": "run", disabled: Boolean(asked.stop) || !desk.who.rights.includes("edit") });
    const halt = button(t("planner.stop"), () => asked.stop && asked.stop.abort(), { "data-key": "stop" });
    const scope = desk.chosenGrids().length ? t("planner.propose.some", { list: desk.chosenGrids().join(", ") }) : t("planner.propose.all");
    return el("section", { "aria-label": t("planner.propose") }, el("p", { class: "quiet" }, scope), Object.keys(SLIDERS).map((key) => slider(asked.values, key)),
      el("p", { class: "acts" }, start, halt), asked.list);
  };
})();
