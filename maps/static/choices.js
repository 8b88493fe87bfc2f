// Several places that may be meant, each a button.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { el, name } = geogrid;

  geogrid.choices = function (choices, { onGrid, onText }) {
    return el("ul", { class: "list choices" }, choices.map((choice) => {
      const where = choice.grid ? geogrid.t("grid.number", { n: choice.grid.number }) : null;
      const detail = choice.grid ? [name(choice.grid.community.name), " · ", where] : null;
      const act = choice.grid ? () => onGrid(choice.grid.code) : () => onText(choice.text);
      const button = el("button", { type: "button", on: { click: act } },
        el("span", { class: "what" }, name(choice.text), detail ? el("span", { class: "detail" }, detail) : null));
      return el("li", {}, button);
    }));
  };
})();
