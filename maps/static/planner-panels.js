// The panels beside the map: checks with mends, proposals, nudges, history, review.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name, planning } = geogrid;
  const clock = new Intl.DateTimeFormat(geogrid.setup.language, { dateStyle: "short", timeStyle: "short" });
  const button = (label, click, more) => el("button", { type: "button", ...more, on: { click } }, label);
  const when = (iso) => clock.format(new Date(iso));
  geogrid.when = when;

  // Which units a breach is about: grid numbers, unit ids or compound ids.
  function place(bench, state, where) {
    const members = bench.members(state.assignment);
    return where.flatMap((one) => members.get(Number(one)) || (bench.units.has(one) ? [one] : bench.compounds.get(one) || []));
  }

  geogrid.checksPanel = function (desk) {
    const { verdicts } = desk.here.tally;
    const node = el("section", { "aria-label": t("planner.checks") });
    for (const one of verdicts) {
      const line = el("div", { class: "check " + one.state },
        el("p", {}, el("b", {}, t("planner.state." + one.state)), " ", t("planner.rule." + one.rule), one.hard ? el("span", { class: "tag" }, t("planner.hard")) : null));
      if (one.breaches.length) line.append(breaches(desk, one));
      node.append(line);
    }
    return node;
  };

  function breaches(desk, verdict) {
    let at = 0;
    const words = el("span", {});
    const mends = el("div", { class: "mends" });
    const show = (step) => {
      at = (at + step + verdict.breaches.length) % verdict.breaches.length;
      const breach = verdict.breaches[at];
      words.replaceChildren(t("planner.nth", { n: at + 1, m: verdict.breaches.length }), " ", name(breach.words, "span"));
      if (step) desk.map.zoomTo(place(desk.bench, desk.here.state, breach.where));
    };
    show(0);
    const suggest = async () => {
      const found = await desk.advice("/mends?rule=" + verdict.rule);
      mends.replaceChildren(found.length ? el("ul", {}, found.map((mend) => el("li", {},
        t("planner.mend", { units: Object.keys(mend.operation.assignment).length, grid: [...new Set(Object.values(mend.operation.assignment))].join(", "), before: mend.before, after: mend.after }), " ",
        button(t("planner.apply"), () => desk.apply(mend.operation), { disabled: !desk.editable })))) : t("planner.nomend"));
    };
    return el("div", {}, el("p", {}, words), button(t("planner.next"), () => show(1)), " ", button(t("planner.suggest"), suggest), mends);
  }

  geogrid.nudgePanel = function (desk) {
    const grids = desk.grids();
    const pick = (label, n) => el("label", {}, t(label), " ", el("select", {}, grids.map((g, i) => el("option", { value: g, selected: i === n }, String(g)))));
    const [one, other] = [pick("planner.nudge.one", 0), pick("planner.nudge.other", 1)];
    const list = el("div", {});
    const look = async () => {
      const [a, b] = [one, other].map((node) => node.querySelector("select").value);
      const found = a === b ? [] : await desk.advice("/nudges?one=" + a + "&other=" + b);
      list.replaceChildren(found.length ? el("ul", { class: "nudges" }, found.map((n) => el("li", {},
        t("planner.nudge.line", { units: n.move.units.length, homes: n.households, giver: n.giver.join(" / "), taker: n.taker.join(" / ") }),
        n.breaks.length ? el("span", { class: "vacant" }, " ", n.breaks.map((rule) => t("planner.rule." + rule)).join(", ")) : null, " ",
        button(t("planner.show"), () => desk.select(n.move.units)), " ",
        button(t("planner.apply"), () => desk.apply(n.move), { disabled: !desk.editable || n.breaks.length > 0 })))) : t("planner.nudge.none"));
    };
    return el("section", { "aria-label": t("planner.nudge") }, el("p", {}, one, " ", other, " ", button(t("planner.look"), look)), list);
  };

  geogrid.proposePanel = function (desk) {
    const policy = desk.bench.policy;
    const range = policy.grids || { min: 1, max: 20 };
    const number = (label, value, min, max, step) => el("label", { class: "slider" }, t(label), " ",
      el("input", { type: "range", min, max, step, value, on: { input: (event) => (event.target.nextElementSibling.textContent = event.target.value) } }), el("output", {}, String(value)));
    const fields = {
      min: number("planner.policy.min", range.min || 1, 1, 20, 1), max: number("planner.policy.max", range.max || 20, 1, 20, 1),
      share: number("planner.policy.share", Math.round(100 * ((policy.band && policy.band.share) || 0.2)), 1, 60, 1),
      seconds: number("planner.policy.seconds", 20, 5, 120, 5), count: number("planner.policy.count", 1, 1, 4, 1),
    };
    const value = (key) => Number(fields[key].querySelector("input").value);
    const list = el("div", { "aria-live": "polite" });
    let stop = null;
    const card = (found, more) => el("div", { class: "proposal" },
      el("p", {}, el("b", {}, found.proved ? t("planner.proved") : t("planner.gap", { n: (100 * found.gap).toFixed(1) })), " · ", t("planner.moves", { n: found.change.households })),
      el("dl", {}, Object.entries(found.vector).flatMap(([key, v]) => [el("dt", {}, t("planner.objective." + key)), el("dd", {}, String(Math.round(v * 10) / 10), " ≥ ", String(Math.round((found.bounds[key] ?? 0) * 10) / 10))])), more);
    const run = async () => {
      stop = new AbortController();
      let best = null;
      const keep = () => {
        stop.abort();
        if (best) desk.apply(best.operation);
      };
      const told = {
        ...policy, grids: { min: Math.min(value("min"), value("max")), max: Math.max(value("min"), value("max")) }, band: { share: value("share") / 100 },
      };
      list.replaceChildren(t("planner.running"));
      const body = { seconds: value("seconds"), policy: told, alternatives: value("count"), grids: value("count") === 1 ? desk.chosenGrids() : [] };
      try {
        await planning.stream("/drafts/" + desk.here.draft.id + "/proposals", body, (kind, found) => {
          if (kind === "refused") list.replaceChildren(found.detail);
          if (kind === "better") {
            best = found;
            list.replaceChildren(card(found, button(t("planner.keep"), keep, { disabled: !desk.editable })));
          }
          if (kind === "done") list.replaceChildren(...found.map((one) => card(one, button(t("planner.apply"), () => desk.apply(one.operation), { disabled: !desk.editable }))));
        }, stop.signal);
      } catch (error) {
        if (error.name !== "AbortError") desk.complain(error);
      }
    };
    return el("section", { "aria-label": t("planner.propose") }, Object.values(fields),
      el("p", {}, button(t("planner.run"), run, { class: "main" }), " ", button(t("planner.stop"), () => stop && stop.abort())), list);
  };

  geogrid.historyPanel = function (desk) {
    const { history, draft } = desk.here;
    const line = (step) => el("li", { class: step.done ? "done" : "undone", "aria-current": step.id === draft.head ? "step" : null },
      button(t("planner.op." + step.operation.kind), () => desk.jump(step.id), { disabled: !desk.editable }), " ", el("span", { class: "quiet" }, step.who, " · ", when(step.at)));
    return el("section", { "aria-label": t("planner.history") },
      el("ol", { class: "steps" }, el("li", { class: "done" }, button(t("planner.beginning"), () => desk.jump(null), { disabled: !desk.editable })), history.map(line)));
  };

  geogrid.reviewPanel = function (desk) {
    const { draft } = desk.here;
    const may = (right) => desk.who.rights.includes(right);
    const node = el("section", { "aria-label": t("planner.review") }, el("p", {}, t("planner.status." + draft.status), draft.decision ? [": ", name(draft.decision)] : ""));
    const impact = el("div", {});
    const reason = el("input", { type: "text", maxlength: "400", "aria-label": t("planner.decision"), placeholder: t("planner.decision") });
    const act = (label, path, body) => button(t(label), () => desk.decide(path, body()), { class: "main" });
    const seen = () => ({ revision: draft.revision });
    if (draft.status === "open" && desk.editable) node.append(el("p", {}, act("planner.submit", "/submit", seen)));
    if (draft.status === "submitted" && may("approve")) {
      node.append(el("p", {}, reason), el("p", {}, act("planner.approve", "/approve", () => ({ ...seen(), decision: reason.value })), " ",
        act("planner.reopen", "/reopen", () => ({ ...seen(), decision: reason.value }))));
    }
    if (draft.status === "approved" && may("publish")) {
      const day = el("input", { type: "date", value: geogrid.setup.today, min: geogrid.setup.today, "aria-label": t("planner.from") });
      node.append(el("p", {}, el("label", {}, t("planner.from"), " ", day)),
        el("p", {}, button(t("planner.publish"), () => desk.release(day.value), { class: "main" })));
    }
    node.append(impact, comments(desk, may("comment")));
    planning.get("/drafts/" + draft.id + "/comparison").then((found) => impact.replaceChildren(flows(found)), desk.complain);
    return node;
  };

  const flows = (found) => el("div", {},
    el("p", {}, t("planner.impact", { n: found.households, a: found.addresses, p: (100 * found.share).toFixed(1) })),
    found.flows.length ? el("table", { class: "plan-table" },
      el("thead", {}, el("tr", {}, ["from", "to", "households", "addresses"].map((key) => el("th", { scope: "col" }, t("planner.col." + key))))),
      el("tbody", {}, found.flows.map((flow) => el("tr", {}, [flow.source || "–", flow.target || "–", flow.households, flow.addresses].map((v) => el("td", { class: "num" }, String(v))))))) : null);

  function comments(desk, may) {
    const list = el("ul", { class: "comments" });
    const text = el("textarea", { rows: "2", maxlength: "2000", "aria-label": t("planner.comment") });
    const path = "/drafts/" + desk.here.draft.id + "/comments";
    const load = async () => {
      const found = await planning.get(path);
      list.replaceChildren(...found.map((one) => el("li", { class: one.resolved_at ? "settled" : null }, name(one.text, "p"),
        el("span", { class: "quiet" }, one.who, " · ", when(one.at)), " ",
        may ? button(t(one.resolved_at ? "planner.unsettle" : "planner.settle"), () => planning.patch(path + "/" + one.id, { resolved: !one.resolved_at }).then(load, desk.complain)) : null)));
    };
    const say = () => planning.post(path, { text: text.value }).then(() => {
      text.value = "";
      return load();
    }, desk.complain);
    load().catch(desk.complain);
    return el("div", {}, el("h3", {}, t("planner.comments")), list, may ? el("p", {}, text, button(t("planner.say"), say)) : null);
  }
})();
