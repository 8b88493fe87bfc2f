// Dialogs of the list: what a draft begins with, and which plan was or will be in force on a day.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name } = geogrid;

  // A title is short and can be printed, whatever the community is called.
  const printable = (text) => [...text.replace(/\p{C}|\p{Zl}|\p{Zp}/gu, "")].slice(0, 40).join("");

  // A draft begins as the plan in force, as another version or draft, or empty; `go` gets what the service is asked.
  geogrid.askBeginning = function (page, community, { versions, drafts }, go) {
    const title = el("input", { type: "text", maxlength: "60", required: true, "aria-label": t("planner.title.draft"), value: t("planner.untitled", { name: printable(community.name) }) });
    const days = (one) => (one.effective_from ? " · " + geogrid.date(one.effective_from) : " · " + t("planner.vstatus." + one.status));
    const start = el("select", { "aria-label": t("planner.start") }, el("option", { value: "" }, t("planner.start.force")),
      versions.slice().reverse().map((one) => el("option", { value: "version-" + one.version }, t("planner.version", { n: one.version }) + days(one))),
      drafts.filter((one) => one.community_id === community.id).map((one) => el("option", { value: "draft-" + one.id }, one.title + " · " + t("planner.status." + one.status))),
      el("option", { value: "empty" }, t("planner.start.empty")));
    geogrid.askForm(page, t("planner.begin"), [el("p", {}, name(community.name)), el("label", {}, t("planner.title.draft"), title), el("label", {}, t("planner.start"), start), el("p", { class: "quiet" }, t("planner.start.about"))],
      t("planner.begin"), () => go({ community: community.id, title: title.value, start: start.value }));
  };

  // Which version is in force on a day.
  geogrid.onDay = function (versions, look) {
    const { today } = geogrid.setup;
    const told = el("p", { "aria-live": "polite", class: "quiet" });
    const day = el("input", { type: "date", value: today, "aria-label": t("planner.day"), on: { change: () => tell() } });
    const inForce = (on) => versions.filter((one) => one.effective_from && one.effective_from <= on && (!one.effective_until || on < one.effective_until) && one.effective_from !== one.effective_until).pop();
    const tell = () => {
      const one = day.value && inForce(day.value);
      told.textContent = one ? t("planner.day.version", { date: geogrid.date(day.value), n: one.version }) : t("planner.day.none");
      look(day.value && one ? day.value : "");
    };
    tell();
    return el("div", { class: "on-day" }, el("label", {}, t("planner.day"), " ", day), told);
  };
})();
