// The workbench: sign in, choose a community or a draft, and put it on the desk.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name, planning, block, button } = geogrid;
  const page = document.getElementById("planner");
  const status = document.getElementById("status");
  const say = (text) => (status.textContent = text);
  let who = null;
  let desk = null;
  let acting = false; // a version is being published or withdrawn

  function complain(error) {
    const text = geogrid.faultText(error);
    say(text);
    notice(text, { role: "alert", class: "alert" });
    if (error.status === 401) showSignIn();
  }

  const tell = (text) => (say(text), notice(text, { class: "notice" }));

  // A line above the page that stays until somebody has read it.
  function notice(text, attributes) {
    const alert = document.getElementById("alert");
    if (alert) alert.replaceChildren(el("p", attributes, name(text, "span"), " ", button("×", () => alert.replaceChildren(), { "aria-label": t("planner.close") })));
  }

  // Signing in

  function showSignIn() {
    closeDesk();
    const form = el("form", { class: "sign-in card", method: "post", on: { submit: (event) => (event.preventDefault(), enter(form)) } },
      el("h2", {}, t("planner.signin")), el("div", { id: "alert" }),
      el("label", {}, t("planner.account"), el("input", { name: "account", autocomplete: "username", required: true, autocapitalize: "off", spellcheck: "false" })),
      el("label", {}, t("planner.password"), el("input", { name: "password", type: "password", autocomplete: "current-password", required: true })),
      el("button", { type: "submit", class: "main" }, t("planner.signin")), provider());
    page.replaceChildren(form);
    if (new URLSearchParams(location.search).get("signin") === "failed") form.querySelector("#alert").append(el("p", { role: "alert", class: "alert" }, t("planner.provider.failed")));
    form.querySelector("input").focus();
  }

  // Another way in, where the operator has set one.
  function provider() {
    const { provider: told, language } = geogrid.setup;
    return told ? el("p", {}, el("a", { class: "button", href: told.href + "?lang=" + language }, t("planner.provider"), " ", name(told.label))) : null;
  }

  async function enter(form) {
    try {
      who = await planning.signIn(form.account.value, form.password.value);
      await welcome();
    } catch (error) {
      document.getElementById("alert").replaceChildren(el("p", { role: "alert", class: "alert" }, error.status === 401 ? t("planner.wrong") : geogrid.faultText(error)));
      form.password.value = "";
    }
  }

  // A password that somebody else has set is changed before anything else.
  async function welcome() {
    if (!who.provisional) return showList();
    const again = () => planning.session().then((found) => ((who = found), showList())).catch(complain);
    geogrid.showFirstPassword(page, complain, again);
  }

  // The communities and their drafts

  function top(...more) {
    const leave = () => planning.signOut().then(showSignIn, showSignIn);
    return el("div", { class: "plan-top" }, ...more, who.name ? el("span", { class: "who" }, button(who.display, () => geogrid.showAccount(who, page, complain), { class: "link", title: t("planner.myaccount") }), " ", button(t("planner.signout"), leave, { class: "link" })) : null);
  }

  const lists = () => Promise.all(["/communities", "/drafts", "/versions"].map(planning.get));

  const showList = async () => drawList(await lists());

  function drawList([communities, drafts, versions]) {
    closeDesk();
    const find = el("input", { type: "search", "aria-label": t("planner.find"), placeholder: t("planner.find"), on: { input: () => fill() } });
    const list = el("ul", { class: "list" });
    const of = new Map(communities.map((one) => [one.id, one]));
    const fill = () => {
      const wanted = find.value.trim();
      const found = communities.filter((one) => !wanted || (one.district + one.subdistrict + one.name + one.code).includes(wanted));
      list.replaceChildren(...found.slice(0, 60).map((one) => el("li", {}, el("div", { class: "row" },
        el("span", { class: "what" }, name(one.name), el("span", { class: "detail" }, one.district + " " + one.subdistrict + " · " + one.code)),
        on ? button(t("planner.lookat"), () => look(one, on)) : null,
        one.editable ? button(t("planner.begin"), () => geogrid.askBeginning(page, one, { versions, drafts }, begin), { class: "begin" }) : null))));
    };
    let on = "";
    const day = geogrid.onDay(versions, (chosen) => ((on = chosen === geogrid.setup.today ? "" : chosen), fill()));
    fill();
    const drawn = el("div", { class: "plan-list" }, top(el("h2", {}, t("planner.choose"))), el("div", { id: "alert" }),
      el("div", { class: "columns" },
        el("section", {}, el("h3", {}, t("planner.drafts")), drafts.length ? null : el("p", { class: "quiet" }, t("planner.nodrafts")), el("ul", { class: "list", hidden: !drafts.length }, drafts.map((one) => el("li", {}, button("", () => open(one.id), { class: "open-draft" }))))),
        el("section", {}, el("h3", {}, t("planner.communities")), find, list),
        el("section", {}, el("h3", {}, t("planner.versions")), day, versionList(versions))));
    replaceList(drawn);
    page.querySelectorAll(".open-draft").forEach((node, i) => {
      const one = drafts[i];
      node.append(el("span", { class: "what" }, name(one.title), el("span", { class: "detail" }, (of.get(one.community_id) || { name: one.community_id }).name + " · " + t("planner.status." + one.status) + " · " + geogrid.when(one.saved_at))));
    });
  }

  // Whoever looks for something meanwhile goes on with it, and a box that is open before the list stays open.
  function replaceList(drawn) {
    const before = page.querySelector(".plan-list");
    if (!before) return page.replaceChildren(drawn);
    const [was, find] = [before, drawn].map((one) => one.querySelector("input[type=search]"));
    const typing = document.activeElement === was;
    find.value = was.value;
    before.replaceWith(drawn);
    find.dispatchEvent(new Event("input"));
    if (typing) find.focus();
  }

  // All versions, the newest first; what is announced can be withdrawn, what is over published anew.
  function versionList(versions) {
    const rollBack = (one, day) => {
      tell(t("planner.publishing"));
      return act("/rollbacks", { version: one.version, effective_from: day }, t("planner.published.from", { date: geogrid.date(day) }));
    };
    const again = (one) => geogrid.askDay(page, t("planner.rollback"), t("planner.rollback.ask", { n: one.version }), (day) => rollBack(one, day));
    const publish = who.rights.includes("publish");
    const announced = (one) => one.status === "published" && one.effective_from > geogrid.setup.today;
    return el("ul", { class: "list" }, versions.slice().reverse().map((one) => el("li", {}, el("div", { class: "row" },
      el("span", { class: "what" }, t("planner.version", { n: one.version }), el("span", { class: "detail" }, t("planner.vstatus." + (announced(one) ? "announced" : one.status)) + days(one) + (one.copy_of ? " · " + t("planner.copy", { n: one.copy_of }) : ""))),
      publish && announced(one) ? button(t("planner.withdraw"), () => act("/versions/" + one.version + "/withdraw", {}, t("planner.withdrawn", { n: one.version })), { class: "act", disabled: acting }) : null,
      publish && one.effective_from && one.effective_until && !announced(one) ? button(t("planner.rollback"), () => again(one), { class: "act", disabled: acting }) : null))));
  }

  // Meanwhile no other is begun, for twice would make two copies.
  async function act(path, body, done) {
    rest(true);
    try {
      await planning.post(path, body);
      await redraw();
      tell(done);
    } catch (error) {
      complain(error);
    } finally {
      rest(false);
    }
  }

  // What is done is done where the list cannot be had anew; and whoever has gone to a draft since stays there.
  async function redraw() {
    const found = await lists().catch(() => null);
    if (found && page.querySelector(".plan-list")) drawList(found);
  }

  function rest(on) {
    acting = on;
    for (const one of page.querySelectorAll(".act")) one.disabled = on;
  }

  const days = (one) => (one.effective_from ? " · " + geogrid.date(one.effective_from) + (one.effective_until ? " – " + geogrid.date(one.effective_until) : "") : "");

  async function begin(asked) {
    try {
      const made = await planning.post("/drafts", asked);
      await open(made.draft.id);
    } catch (error) {
      complain(error);
    }
  }

  // One draft

  function closeDesk() {
    if (desk) desk.close();
    desk = null;
  }

  const office = () => ({ page, who, say, tell, complain, top, back: () => showList().catch(complain) });

  async function open(id) {
    try {
      const [here, bench, communities] = await Promise.all([planning.get("/drafts/" + id), planning.get("/drafts/" + id + "/bench"), planning.get("/communities")]);
      closeDesk();
      desk = new geogrid.Desk(here, new geogrid.Bench(bench), communities.find((one) => one.id === here.draft.community_id), office());
      desk.watch();
    } catch (error) {
      complain(error);
    }
  }

  // The plan of a day, to read.
  async function look(community, day) {
    const found = await planning.get("/communities/" + encodeURIComponent(community.id) + "/plan?on=" + day).catch(complain);
    if (!found) return;
    found.draft.title = t("planner.version", { n: found.draft.version }) + " · " + geogrid.date(day);
    closeDesk();
    desk = new geogrid.Desk(found, new geogrid.Bench(found.bench), { ...community, editable: false }, { ...office(), still: true });
  }

  // A shared link shows a draft to read.
  async function showShared(secret) {
    who = { rights: [], display: "" };
    const found = await planning.get("/shared/" + encodeURIComponent(secret));
    desk = new geogrid.Desk(found, new geogrid.Bench(found.bench), { name: found.community || found.draft.community_id, editable: false }, { ...office(), still: true });
  }

  geogrid.planner = () => desk;
  const shared = block("geogrid-setup").shared;
  const start = shared ? showShared(shared) : planning.session().then((found) => ((who = found), welcome()));
  start.catch((error) => (error.status === 401 ? showSignIn() : complain(error))).finally(() => (document.documentElement.dataset.ready = "true"));
})();
