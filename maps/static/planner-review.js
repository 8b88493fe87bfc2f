// Review: what still stands in the way, what it means for residents, who decides; comments and shared links.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name, planning, button } = geogrid;
  const SHOWN = 6; // pairs of grids that are told in words

  geogrid.reviewPanel = function (desk) {
    const { draft } = desk.here;
    const impact = el("div", { class: "impact" });
    const day = el("input", { type: "date", value: draft.effective_from || geogrid.setup.today, min: geogrid.setup.today, "aria-label": t("planner.from") });
    const node = el("section", { "aria-label": t("planner.review") }, stages(draft),
      draft.decision ? el("p", {}, el("b", {}, t("planner.decision")), ": ", name(draft.decision)) : null, obstacles(desk), impact, acts(desk, day), sharing(desk), comments(desk));
    planning.get("/drafts/" + draft.id + "/comparison").then((found) => {
      const tell = () => impact.replaceChildren(el("h3", {}, t("planner.impact.title")), geogrid.summary(found), geogrid.flowTable(desk, found), told(found, draft.effective_from || day.value));
      day.addEventListener("change", tell);
      tell();
    }, desk.complain);
    return node;
  };

  function stages(draft) {
    const all = ["open", "submitted", "approved", "published"];
    const at = all.indexOf(draft.status);
    if (at < 0) return el("p", {}, t("planner.status." + draft.status));
    return el("ol", { class: "stages" }, all.map((key, i) => el("li", { class: i < at ? "done" : null, "aria-current": i === at ? "step" : null }, t("planner.status." + key))));
  }

  // Hard rules that are broken keep a draft from being submitted; the others are only told.
  function obstacles(desk) {
    if (desk.here.draft.status !== "open") return null;
    const { verdicts, unassigned } = desk.here.tally;
    const broken = verdicts.filter((one) => one.state !== "holds");
    const hard = broken.filter((one) => one.hard);
    const line = (one) => el("li", { class: one.hard ? "vacant" : null }, t("planner.rule." + one.rule), ": ", t("planner.state." + one.state), one.breaches.length ? " (" + one.breaches.length + ")" : "");
    return el("div", {}, el("p", {}, hard.length || unassigned.length ? t("planner.review.hard") : broken.length ? t("planner.review.soft") : t("planner.review.clean")),
      broken.length ? el("ul", {}, broken.map(line)) : null, broken.length ? button(t("planner.checks"), () => desk.tab("checks"), { class: "link" }) : null);
  }

  // What residents will read, the day before and from the day on.
  function told(found, day) {
    if (!found.flows.length || !day) return el("p", { class: "quiet" }, t("planner.told.nobody"));
    return el("div", {}, el("h3", {}, t("planner.told.title")), el("ul", { class: "outcome" }, found.flows.filter((flow) => flow.households && flow.source !== flow.target).slice(0, SHOWN).map((flow) => el("li", {},
      t("planner.told.line", { old: flow.source || "–", date: geogrid.date(day), n: flow.target || "–", h: flow.households })))));
  }

  function acts(desk, day) {
    const { draft } = desk.here;
    const may = (right) => desk.who.rights.includes(right);
    const reason = el("input", { type: "text", maxlength: "400", "aria-label": t("planner.decision"), placeholder: t("planner.decision") });
    const act = (label, path, body, main) => button(t(label), () => desk.decide(path, body()), { class: main ? "main" : null });
    const seen = () => ({ revision: draft.revision });
    const judged = () => ({ ...seen(), decision: reason.value });
    const node = el("div", { class: "decide" });
    if (draft.status === "open" && desk.editable) node.append(el("p", { class: "acts" }, act("planner.submit", "/submit", seen, true), act("planner.abandon", "/abandon", seen)));
    if (draft.status === "submitted") {
      node.append(el("p", { class: "quiet" }, t("planner.submitted.by", { who: draft.submitted_by, time: geogrid.when(draft.submitted_at) })));
      if (may("approve")) node.append(el("p", {}, reason), el("p", { class: "acts" }, act("planner.approve", "/approve", judged, true), act("planner.reopen", "/reopen", judged)));
      else node.append(el("p", { class: "quiet" }, t("planner.waits.approve")));
    }
    if (draft.status === "approved") {
      node.append(el("p", { class: "quiet" }, t("planner.approved.by", { who: draft.decided_by, time: geogrid.when(draft.decided_at) })));
      if (may("publish")) node.append(el("p", {}, el("label", {}, t("planner.from"), " ", day)), el("p", { class: "acts" }, button(t("planner.publish"), () => desk.release(day.value), { class: "main", "data-key": "publish", disabled: desk.releasing })));
      else node.append(el("p", { class: "quiet" }, t("planner.waits.publish")));
    }
    if (draft.status === "published") node.append(el("p", {}, t("planner.published.from", { date: geogrid.date(draft.effective_from) })));
    return node;
  }

  function sharing(desk) {
    if (!desk.editable) return null;
    const path = "/drafts/" + desk.here.draft.id + "/shares";
    const days = el("input", { type: "number", min: "1", max: "90", value: "7", "aria-label": t("planner.share.days") });
    const made = el("div", { "aria-live": "polite" });
    const list = el("ul", { class: "comments" });
    const over = (one) => one.revoked_at || new Date(one.expires_at) < new Date();
    const load = async () => list.replaceChildren(...(await planning.get(path)).map((one) => el("li", { class: over(one) ? "settled" : null },
      t(one.revoked_at ? "planner.share.revoked" : "planner.share.until", { time: geogrid.when(one.expires_at) }), " · ", one.created_by, " ", over(one) ? null : button(t("planner.share.revoke"), () => planning.remove(path + "/" + one.id).then(load, desk.complain)))));
    const make = () => planning.post(path, { days: Number(days.value) }).then((one) => {
      made.replaceChildren(el("p", {}, t("planner.share.once")), el("input", { type: "text", readonly: true, class: "share-link", "aria-label": t("planner.share.link"), value: location.origin + one.path, on: { focus: (event) => event.target.select() } }));
      return load();
    }).catch(desk.complain);
    load().catch(desk.complain);
    return el("details", {}, el("summary", {}, t("planner.share")), el("p", { class: "acts" }, el("label", {}, t("planner.share.days"), " ", days), button(t("planner.share.make"), make)), made, list);
  }

  function comments(desk) {
    const may = desk.who.rights.includes("comment");
    const path = "/drafts/" + desk.here.draft.id + "/comments";
    const list = el("ul", { class: "comments" });
    const text = el("textarea", { rows: "2", maxlength: "2000", "aria-label": t("planner.comment") });
    const about = el("select", { "aria-label": t("planner.comment.about") }, el("option", { value: "draft" }, t("planner.comment.draft")),
      desk.grids().map((n) => el("option", { value: "grid " + n, selected: desk.about && desk.about.subject === "grid" && desk.about.subject_id === String(n) }, t("grid.number", { n }))),
      [...desk.selected].slice(0, 20).map((id) => el("option", { value: "unit " + id, selected: desk.about && desk.about.subject_id === id }, desk.bench.label(id))));
    const where = (one) => (one.subject === "draft" ? [] : geogrid.place(desk.bench, desk.here.state, [one.subject_id]));
    const pinned = (one) => (one.subject === "draft" ? null : button(one.subject === "grid" ? t("grid.number", { n: one.subject_id }) : desk.bench.units.has(one.subject_id) ? desk.bench.label(one.subject_id) : one.subject_id, () => (desk.map.zoomTo(where(one)), desk.map.hatch(where(one))), { class: "link" }));
    const fill = (found) => {
      list.replaceChildren(...found.map((one) => el("li", { class: one.resolved_at ? "settled" : null }, pinned(one), name(one.text, "p"),
        el("span", { class: "quiet" }, one.who, " · ", geogrid.when(one.at), one.resolved_at ? " · " + t("planner.settled.by", { who: one.resolved_by }) : ""), " ",
        may ? button(t(one.resolved_at ? "planner.unsettle" : "planner.settle"), () => planning.patch(path + "/" + one.id, { resolved: !one.resolved_at }).then(() => desk.pins.load(), desk.complain)) : null)));
      if (!found.length) list.append(el("li", { class: "quiet" }, t("planner.comments.none")));
    };
    const say = () => {
      const [subject, ...rest] = about.value.split(" ");
      return planning.post(path, { text: text.value, subject, subject_id: rest.join(" ") }).then((one) => {
        text.value = "";
        desk.about = null;
        return desk.pins.spoke(one);
      }, desk.complain);
    };
    desk.pins.tell(fill);
    return el("div", {}, el("h3", {}, t("planner.comments")), list, may ? el("div", {}, el("p", {}, about), text, el("p", {}, button(t("planner.say"), say))) : null);
  }
})();
