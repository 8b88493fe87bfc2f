// One's own account: change the password, see where one is signed in, end sessions elsewhere.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name, planning } = geogrid;
  const button = (label, click, more) => el("button", { type: "button", ...more, on: { click } }, label);
  const told = (error) => (error.faults.length ? error.faults.map((one) => (geogrid.has("planner.fault." + one.rule) ? t("planner.fault." + one.rule) : one.message)).join(" · ") : error.message);
  const secret = (label, field, autocomplete) => el("label", {}, label, el("input", { name: field, type: "password", autocomplete, required: true }));

  // The form that changes the password; `done` is called after it.
  function passwordForm(done) {
    const alert = el("div", {});
    const change = async (event) => {
      event.preventDefault();
      try {
        await planning.post("/password", { old: form.old.value, new: form.new.value });
        form.reset();
        alert.replaceChildren(el("p", { role: "status" }, t("planner.password.changed")));
        if (done) done();
      } catch (error) {
        alert.replaceChildren(el("p", { role: "alert", class: "alert" }, told(error)));
      }
    };
    const form = el("form", { method: "post", on: { submit: change } }, alert,
      secret(t("planner.password.old"), "old", "current-password"), secret(t("planner.password.new"), "new", "new-password"),
      el("p", { class: "quiet" }, t("planner.password.hint")), el("button", { type: "submit", class: "main" }, t("planner.password.change")));
    return form;
  }

  // The open sessions; to end one the password is asked for, unless the sign-in was a moment ago.
  async function fill(list, password) {
    const found = await planning.get("/sessions");
    const end = (session) => planning.post("/sessions/end", { session, password: password.value }).then(() => fill(list, password)).catch((error) => list.before(el("p", { role: "alert", class: "alert" }, told(error))));
    list.replaceChildren(...found.map((one) => el("li", {}, el("div", { class: "row" },
      el("span", { class: "what" }, geogrid.when(one.seen_at), el("span", { class: "detail" }, one.origin)),
      one.current ? el("span", {}, t("planner.session.this")) : button(t("planner.session.end"), () => end(one.id))))));
    return found;
  }

  // Everything about the own account in one box.
  geogrid.showAccount = async function (who, page, complain) {
    const list = el("ul", { class: "list" });
    const password = el("input", { type: "password", autocomplete: "current-password" });
    const others = () => planning.post("/sessions/end", { password: password.value }).then(() => fill(list, password)).catch(complain);
    const box = el("dialog", { class: "account", "aria-label": t("planner.myaccount"), on: { close: () => box.remove() } },
      el("h2", {}, name(who.display)), passwordForm(),
      el("h3", {}, t("planner.sessions")), list, el("label", {}, t("planner.sessions.password"), password),
      el("p", { class: "acts" }, button(t("planner.sessions.end"), others), button(t("planner.close"), () => box.close())));
    page.append(box);
    box.showModal();
    await fill(list, password).catch(complain);
  };

  // What whoever comes in with a password that somebody else has set sees first.
  geogrid.showFirstPassword = function (page, done) {
    page.replaceChildren(el("div", { class: "card sign-in first-password" }, el("h2", {}, t("planner.password.change")), el("p", {}, t("planner.password.first")), passwordForm(done)));
    page.querySelector("input").focus();
  };
})();
