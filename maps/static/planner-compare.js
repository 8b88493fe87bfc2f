// Two plans of the community: what moves as a hatch, side by side, or under a line that is drawn across the map.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name, planning, button } = geogrid;
  const OLD = { units: "old-units", borders: "old-borders", numbers: "old-numbers" };
  const HERE = ["units", "borders", "numbers"];

  geogrid.comparePanel = function (desk) {
    const { draft } = desk.here;
    const node = el("section", { "aria-label": t("planner.compare") });
    const pick = (label, chosen) => el("label", {}, t(label), " ", el("select", {}, el("option", { value: "reference" }, t("planner.reference")), el("option", { value: "draft-" + draft.id, selected: chosen === "draft" }, t("planner.this"))));
    const [before, after] = [pick("planner.before", "reference"), pick("planner.after", "draft")];
    const selects = [before, after].map((one) => one.querySelector("select"));
    const ways = ["hatch", "swipe", "beside"].map((key) => el("label", {}, el("input", { type: "radio", name: "way", value: key, checked: key === (desk.way || "hatch"), on: { change: () => ((desk.way = key), look()) } }), " ", t("planner.way." + key)));
    const result = el("div", { "aria-live": "polite" });
    const look = async () => {
      const query = "?before=" + selects[0].value + "&after=" + selects[1].value;
      const found = await planning.get("/drafts/" + draft.id + "/comparison" + query).catch((error) => (desk.complain(error), null));
      if (!found || !result.isConnected) return;
      const titles = selects.map((one) => one.selectedOptions[0].textContent);
      if (desk.comparison) desk.comparison.close();
      desk.comparison = new Comparison(desk, found, desk.way || "hatch", titles);
      result.replaceChildren(geogrid.summary(found), geogrid.flowTable(desk, found), figureTable(desk, found), downloads(draft, query));
    };
    others(desk).then((all) => {
      for (const one of selects) one.append(...all.map(([value, label]) => el("option", { value }, label)));
      look();
    }, desk.complain);
    selects.forEach((one) => one.addEventListener("change", look));
    node.append(el("p", { class: "acts" }, before, after), el("fieldset", { class: "levels" }, el("legend", {}, t("planner.way")), ways), result);
    return node;
  };

  // The other plans that this community has: versions, and drafts of it.
  async function others(desk) {
    const [versions, drafts] = await Promise.all([planning.get("/versions"), planning.get("/drafts?community=" + encodeURIComponent(desk.here.draft.community_id))]);
    return [
      ...versions.filter((one) => one.effective_from).map((one) => ["version-" + one.version, t("planner.version", { n: one.version }) + " · " + geogrid.date(one.effective_from)]),
      ...drafts.filter((one) => one.id !== desk.here.draft.id).map((one) => ["draft-" + one.id, one.title + " · " + t("planner.status." + one.status)]),
    ];
  }

  function downloads(draft, query) {
    const link = (format) => el("a", { href: "/v1/planning/drafts/" + draft.id + "/notices" + query + "&format=" + format + "&lang=" + geogrid.setup.language, download: "", class: "button" }, format.toUpperCase());
    return el("p", { class: "acts" }, t("planner.notices"), link("csv"), link("pdf"));
  }

  // One sentence: how many homes and addresses change grid, what is new and what ends.
  geogrid.summary = (found) => {
    if (!found.flows.length) return el("p", {}, t("planner.same"));
    const more = [found.founded.length ? t("planner.founded.grids", { list: found.founded.join(", ") }) : "", found.ended.length ? t("planner.ended.grids", { list: found.ended.join(", ") }) : "", leaders(found)];
    return el("p", { class: "summary" }, t("planner.impact", { n: found.households, a: found.addresses, p: (100 * found.share).toFixed(1) }), ...more.filter(Boolean).map((one) => " " + one));
  };

  // How many leaders get other homes than before.
  function leaders({ flows, services }) {
    const touched = new Set();
    for (const flow of flows) {
      const [from, to] = [services.before[flow.source], services.after[flow.target]];
      if (!flow.households) continue;
      for (const one of [from, to]) if (one && one.branch) touched.add(one.branch);
    }
    return touched.size ? t("planner.leaders", { n: touched.size }) : "";
  }

  geogrid.flowTable = (desk, found) => {
    if (!found.flows.length) return "";
    const served = (one) => (one ? el("span", {}, name(one.branch || "–"), one.leader ? el("span", { class: "quiet" }, " ", name(one.leader)) : null) : "–");
    const row = (flow) => el("tr", {}, el("th", { scope: "row" }, button((flow.source || "–") + " → " + (flow.target || "–"), () => (desk.map.zoomTo(flow.units), desk.map.hatch(flow.units)), { class: "link" })),
      [flow.units.length, flow.households, flow.addresses].map((v) => el("td", { class: "num" }, geogrid.number(v))), el("td", {}, served(found.services.before[flow.source])), el("td", {}, served(found.services.after[flow.target])));
    return el("div", { class: "scrolling", tabindex: "0", role: "region", "aria-label": t("planner.flows") }, el("table", { class: "plan-table flows" }, el("caption", { class: "hidden" }, t("planner.flows")),
      el("thead", {}, el("tr", {}, ["fromto", "units", "households", "addresses", "oldbranch", "newbranch"].map((key) => el("th", { scope: "col" }, t("planner.col." + key))))), el("tbody", {}, found.flows.map(row))));
  };

  // What the policy counts in both plans, and their shapes.
  function figureTable(desk, { figures: { before, after } }) {
    const shown = (v) => el("td", { class: "num" }, v === undefined ? "–" : geogrid.number(Math.abs(v) < 10 ? Math.round(v * 100) / 100 : Math.round(v)));
    const row = (key) => el("tr", {}, el("th", { scope: "row" }, desk.bench.figure(key)), shown(before[key]), shown(after[key]));
    const keep = (event) => (desk.figuring = event.target.open);
    return el("details", { open: Boolean(desk.figuring), on: { toggle: keep } }, el("summary", {}, t("planner.figures")), el("table", { class: "plan-table figures" }, el("caption", { class: "hidden" }, t("planner.figures")),
      el("thead", {}, el("tr", {}, ["figure", "before", "after"].map((key) => el("th", { scope: "col" }, t("planner." + key))))), el("tbody", {}, Object.keys(after).map(row))));
  }

  // What the map shows while two plans are compared; `close` gives it back.
  class Comparison {
    constructor(desk, found, way, titles) {
      Object.assign(this, { desk, plan: desk.map, titles });
      const { before, after } = found.plans;
      desk.draw(after, desk.bench.rows(after, desk.here.tally.grids));
      if (way === "hatch") this.plan.hatch(found.flows.flatMap((flow) => flow.units));
      else this.plan.hatch([]);
      if (way === "swipe") this.swipe(before);
      if (way === "beside") this.beside(before);
    }

    swipe(before) {
      const { map } = this.plan;
      geogrid.swipePanes(map, { [OLD.units]: 211, [OLD.borders]: 221, [OLD.numbers]: 601 });
      this.sheet = new geogrid.PlanSheet(map, this.desk.bench, { ...OLD, interactive: false });
      this.sheet.show(before);
      this.line = geogrid.swipe({ left: Object.values(OLD), right: HERE, names: this.titles, label: t("planner.way.swipe") });
      this.line.addTo(map);
    }

    // A second map to the left, moved together with the first one.
    beside(before) {
      const node = el("div", { class: "map other", role: "region", "aria-label": this.titles[0] });
      this.frame = this.desk.node.frame;
      const all = this.plan.sheet.area.getBounds();
      const whole = this.plan.map.getBounds().contains(all);
      this.frame.classList.add("two");
      this.frame.prepend(node);
      this.other = new geogrid.UnitMap(node, this.desk.bench);
      this.other.show(before, [], new Set());
      this.plan.map.invalidateSize({ animate: false });
      if (whole) this.plan.map.fitBounds(all, { padding: [10, 10], animate: false }); // in half the width
      const follow = (from, to) => () => {
        if (this.following) return;
        this.following = true;
        to.setView(from.getCenter(), from.getZoom(), { animate: false });
        this.following = false;
      };
      this.follow = follow(this.plan.map, this.other.map);
      this.follow();
      this.plan.map.on("move", this.follow);
      this.other.map.on("move", follow(this.other.map, this.plan.map));
    }

    close() {
      this.plan.hatch([]);
      if (this.line) this.line.remove();
      if (this.sheet) this.sheet.remove();
      if (!this.other) return;
      this.plan.map.off("move", this.follow);
      this.other.close();
      this.frame.firstChild.remove();
      this.frame.classList.remove("two");
      this.plan.map.invalidateSize({ animate: false });
    }
  }
})();
