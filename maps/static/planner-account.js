// One's own account: change the password, see where one is signed in, end sessions elsewhere.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name, planning, button } = geogrid;
  const alarm = (error) => el("p", { role: "alert", class: "alert" }, geogrid.faultText(error));
  const secret = (label, field, autocomplete) => el("label", {}, label, el("input", { name: field, type: "password", autocomplete, required: true }));

  // The form that changes the password; `done` is called after it. Whose session is over signs in again: `complain` sees to it.
  function passwordForm(complain, done) {
    const alert = el("div", {});
    const change = async (event) => {
      event.preventDefault();
      try {
        await planning.post("/password", { old: form.old.value, new: form.new.value });
        form.reset();
        alert.replaceChildren(el("p", { role: "status" }, t("planner.password.changed")));
        if (done) done();
      } catch (error) {
        if (error.status === 401) return complain(error);
        alert.replaceChildren(alarm(error));
      }
    };
    const form = el("form", { method: "post", on: { submit: change } }, alert,
      secret(t("planner.password.old"), "old", "current-password"), secret(t("planner.password.new"), "new", "new-password"),
      el("p", { class: "quiet" }, t("planner.password.hint")), el("button", { type: "submit", class: "main" }, t("planner.password.change")));
    return form;
  }

  // The open sessions; `end` ends one of them.
  function sessionList(found, end) {
    return found.map((one) => el("li", {}, el("div", { class: "row" },
      el("span", { class: "what" }, geogrid.when(one.seen_at), el("span", { class: "detail" }, one.origin)),
      one.current ? el("span", {}, t("planner.session.this")) : button(t("planner.session.end"), () => end({ session: one.id })))));
  }

  // Everything about the own account in one box. To end a session the password is asked for, unless one has just signed in.
  geogrid.showAccount = async function (who, page, complain) {
    const alert = el("div", {});
    const list = el("ul", { class: "list" });
    const password = el("input", { type: "password", autocomplete: "current-password" });
    const fill = async () => list.replaceChildren(...sessionList(await planning.get("/sessions"), end));
    const tried = (done) => done.then(() => alert.replaceChildren(), (error) => (error.status === 401 ? complain(error) : alert.replaceChildren(alarm(error))));
    const end = (which) => tried(planning.post("/sessions/end", { ...which, password: password.value }).then(fill));
    const box = geogrid.dialog(page, { class: "account", "aria-label": t("planner.myaccount") },
      el("h2", {}, name(who.display)), passwordForm(complain),
      el("h3", {}, t("planner.sessions")), alert, list, el("label", {}, t("planner.sessions.password"), password),
      el("p", { class: "acts" }, button(t("planner.sessions.end"), () => end({})), button(t("planner.close"), () => box.close())));
    await tried(fill());
  };

  // What whoever comes in with a password that somebody else has set sees first.
  geogrid.showFirstPassword = function (page, complain, done) {
    page.replaceChildren(el("div", { class: "card sign-in first-password" }, el("h2", {}, t("planner.password.change")), el("p", {}, t("planner.password.first")), passwordForm(complain, done)));
    page.querySelector("input").focus();
  };
})();
