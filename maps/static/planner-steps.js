// The steps of a draft on their way: shown at once, sent one after the other, merged with what others did meanwhile.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, planning } = geogrid;

  class Steps {
    constructor(desk) {
      Object.assign(this, { desk, waiting: [], sent: Promise.resolve() });
    }

    post(path, body) {
      const { draft } = this.desk.here;
      return planning.post("/drafts/" + draft.id + path, { revision: draft.revision, ...body });
    }

    // Map and table show what a step does at once; the server confirms it or takes it back.
    ahead() {
      const { desk } = this;
      const { state, tally } = desk.here;
      let { assignment } = state;
      for (const { operation: one } of this.waiting) {
        if (one.kind === "assign") assignment = { ...assignment, ...Object.fromEntries(one.units.map((id) => [id, one.grid])) };
        if (one.kind === "adopt") assignment = { ...assignment, ...one.assignment };
        if (one.kind === "release") assignment = Object.fromEntries(Object.entries(assignment).filter(([id]) => !one.units.includes(id)));
      }
      desk.draw(assignment, assignment === state.assignment ? tally.grids : desk.bench.rows(assignment, tally.grids));
    }

    // Steps go out one after the other: each names the revision that the one before it made.
    apply(operation) {
      const step = { operation };
      this.waiting.push(step);
      this.ahead();
      this.sent = this.sent.then(() => this.send(step));
      return this.sent;
    }

    async send(step) {
      if (!this.waiting.includes(step)) return;
      try {
        const { revision } = this.desk.here.draft;
        const here = await this.post("/steps", { operation: step.operation });
        this.waiting = this.waiting.filter((one) => one !== step);
        if (!this.waiting.length) this.desk.show(here);
        else {
          this.desk.here = here;
          this.ahead();
        }
        if (here.draft.revision === revision) this.desk.tell(t("planner.unchanged"));
        else this.desk.say(t("planner.op." + step.operation.kind));
      } catch (error) {
        this.failed(step, error);
      }
    }

    // What was clicked meanwhile is not lost with the step that failed.
    failed(step, error) {
      const refused = !(error instanceof planning.Unreachable) && error.status !== 409;
      const left = this.waiting.filter((one) => !refused || one !== step).map((one) => one.operation);
      this.waiting = [];
      const again = () => left.forEach((one) => this.apply(one));
      this.refuse(error, again, left);
      if (refused) again();
    }

    // Somebody was faster. What touches nothing that they changed is done all the same; else it is asked.
    refuse(error, again, operations) {
      const { desk } = this;
      const was = desk.here;
      desk.show(error.current || was);
      if (error instanceof planning.Unreachable) return desk.ask(t("planner.offline"), [["planner.repeat", again], ["planner.drop", () => {}]]);
      if (error.status !== 409 || !error.current) return desk.complain(error);
      const last = error.current.history.filter((one) => one.done).pop();
      const told = { who: last ? last.who : "?", what: last ? t("planner.op." + last.operation.kind) : "" };
      if (operations && operations.every((one) => apart(desk.bench, one, was.state, error.current.state))) {
        again();
        return desk.tell(t("planner.merged", told));
      }
      desk.ask(t("planner.stale", told), [["planner.repeat", again], ["planner.drop", () => {}]]);
    }

    // Undo, redo and jumps; a lock is broken only where somebody says so.
    async travel(path, body) {
      try {
        this.desk.show(await this.post(path, body));
      } catch (error) {
        const locked = error.faults && error.faults.some((one) => one.rule === "lock-undone");
        if (!locked) return this.refuse(error, () => this.travel(path, body));
        const names = error.faults.map((one) => t(/^\d+$/.test(one.id) ? "planner.fault.lock-undone.grid" : "planner.fault.lock-undone.unit", { id: one.id }));
        this.desk.ask(names.join(" · "), [["planner.force", () => this.travel(path, { ...body, force: true })], ["planner.cancel", () => {}]]);
      }
    }
  }

  // Whether a step means the same in two states: its units lie where they lay, its grids are as they were.
  function apart(bench, operation, was, now) {
    const { kind, units = [], grid, grids = [], into, assignment = {} } = operation;
    const moved = [...units, ...Object.keys(assignment)];
    const named = [grid, into, ...grids].filter(Boolean);
    const [before, after] = [bench.members(was.assignment), bench.members(now.assignment)];
    const held = (state, one) => state.locked_grids.includes(one);
    const same = (one) => held(was, one) === held(now, one) && (was.names[one] || "") === (now.names[one] || "") && (kind === "assign" ? after.has(one) || now.opened.includes(one) : String(before.get(one)) === String(after.get(one)));
    const still = (id) => was.assignment[id] === now.assignment[id] && was.locked_units.includes(id) === now.locked_units.includes(id);
    return kind !== "renumber" && moved.every(still) && named.every(same);
  }

  geogrid.Steps = Steps;
})();
