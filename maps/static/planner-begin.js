// Dialogs of the list: what a draft begins with, and which plan was or will be in force on a day.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name } = geogrid;
  const button = (label, click, more) => el("button", { type: "button", ...more, on: { click } }, label);

  function ask(page, label, fields, go, said) {
    const form = el("form", { on: { submit: (event) => (event.preventDefault(), box.close(), said()) } }, el("h3", {}, label), fields,
      el("p", { class: "acts" }, el("button", { type: "submit", class: "main" }, go), button(t("planner.cancel"), () => box.close())));
    const box = el("dialog", { "aria-label": label, on: { close: () => box.remove() } }, form);
    page.append(box);
    box.showModal();
    return box;
  }

  // One line of text; null where it is called off.
  geogrid.askText = (page, label, value) => new Promise((done) => {
    const field = el("input", { type: "text", maxlength: "60", required: true, "aria-label": label, value });
    const box = ask(page, label, [field], t("planner.apply"), () => done(field.value.trim()));
    box.addEventListener("close", () => done(null));
    field.select();
  });

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
    ask(page, t("planner.begin"), [el("p", {}, name(community.name)), el("label", {}, t("planner.title.draft"), title), el("label", {}, t("planner.start"), start), el("p", { class: "quiet" }, t("planner.start.about"))],
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
