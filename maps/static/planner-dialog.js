// Buttons, and boxes in front of the page: they tell, or ask and give the answer on; once closed they are gone.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el } = geogrid;

  const button = (geogrid.button = (label, click, more) => el("button", { type: "button", ...more, on: { click } }, label));

  geogrid.dialog = function (page, attributes, ...content) {
    const box = el("dialog", { ...attributes, on: { close: () => box.remove() } }, ...content);
    page.append(box);
    box.showModal();
    return box;
  };

  // A form with a heading; `go` is what its button says, `said` is called once it was filled in.
  geogrid.askForm = function (page, label, fields, go, said) {
    const form = el("form", { on: { submit: (event) => (event.preventDefault(), box.close(), said()) } }, el("h3", {}, label), fields,
      el("p", { class: "acts" }, el("button", { type: "submit", class: "main" }, go), button(t("planner.cancel"), () => box.close())));
    const box = geogrid.dialog(page, { "aria-label": label }, form);
    return box;
  };

  // One line of text; null where it is called off.
  geogrid.askText = (page, label, value) => new Promise((done) => {
    const field = el("input", { type: "text", maxlength: "60", required: true, "aria-label": label, value });
    const box = geogrid.askForm(page, label, [field], t("planner.apply"), () => done(field.value.trim()));
    box.addEventListener("close", () => done(null));
    field.select();
  });

  // The day from which something is in force; it is not over.
  geogrid.askDay = function (page, label, text, go) {
    const { today } = geogrid.setup;
    const day = el("input", { type: "date", value: today, min: today, required: true, "aria-label": t("planner.from") });
    geogrid.askForm(page, label, [el("p", {}, text), el("label", {}, t("planner.from"), " ", day)], label, () => go(day.value));
  };
})();
