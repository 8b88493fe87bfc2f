// The keyboard: undo and redo, numbers that assign, letters that open a panel; and what they all are, told by "?".
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el } = geogrid;
  const LETTERS = { c: "checks", s: "selection", n: "nudge", p: "propose", v: "compare", h: "history", r: "review", f: "files", u: "units" };
  const TWO_DIGITS_MS = 500; // to wait for the second digit of a grid's number
  const OFF = "geogrid-planner-keys-off";
  const single = () => localStorage.getItem(OFF) === null; // whoever speaks to the machine turns single keys off

  class Keys {
    constructor(desk) {
      Object.assign(this, { desk, typed: "" });
      this.press = (event) => this.key(event);
      document.addEventListener("keydown", this.press);
    }

    close() {
      clearTimeout(this.typing);
      document.removeEventListener("keydown", this.press);
    }

    key(event) {
      if (event.target.matches("input:not([type=radio], [type=checkbox]), textarea, select") || document.querySelector("dialog[open]")) return;
      const key = event.key.toLowerCase();
      if (event.ctrlKey || event.metaKey) {
        if (key === "z") this.travel(event);
      } else if (event.key === "Escape") {
        if (this.desk.selected.size) this.desk.select([]);
      } else if (event.key === "ContextMenu" || (event.shiftKey && event.key === "F10")) this.menu(event);
      else if (!event.altKey && single()) this.plain(event, key);
    }

    plain(event, key) {
      const { desk } = this;
      if (/^[0-9]$/.test(key) && desk.selected.size && desk.editable) {
        event.preventDefault();
        this.digit(key);
      } else if (key === "?") geogrid.showKeys(desk.page);
      else if (key in LETTERS && desk.has(LETTERS[key])) desk.tab(LETTERS[key]);
    }

    travel(event) {
      event.preventDefault();
      const node = event.shiftKey ? this.desk.node.redo : this.desk.node.undo;
      if (!node.disabled) node.click();
    }

    menu(event) {
      const { desk } = this;
      if (!desk.selected.size || !desk.node.map.contains(event.target)) return;
      event.preventDefault();
      geogrid.unitMenu(desk, [...desk.selected][0], null);
    }

    // A number key assigns; where a second digit could follow, it waits a moment for it.
    digit(key) {
      const { desk } = this;
      clearTimeout(this.typing);
      this.typed += key;
      const go = () => {
        const grid = Number(this.typed);
        this.typed = "";
        if (desk.grids().includes(grid)) desk.assign([...desk.selected], grid);
      };
      if (desk.grids().some((grid) => grid > 9 && String(grid).startsWith(this.typed) && String(grid) !== this.typed)) this.typing = setTimeout(go, TWO_DIGITS_MS);
      else go();
    }
  }

  geogrid.showKeys = function (page) {
    const line = (keys, text) => [el("dt", {}, el("kbd", {}, keys)), el("dd", {}, text)];
    const tick = el("input", { type: "checkbox", checked: single(), on: { change: () => (tick.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")) } });
    const box = geogrid.dialog(page, { "aria-label": t("planner.keys") }, el("h3", {}, t("planner.keys")),
      el("dl", { class: "keys" }, line("1–9", t("planner.keys.digits")), line("Esc", t("planner.none")), line("Ctrl Z", t("planner.undo")), line("Ctrl Shift Z", t("planner.redo")), line("Shift F10", t("planner.keys.menu")),
        Object.entries(LETTERS).map(([key, tab]) => line(key.toUpperCase(), t("planner." + tab))).flat(), line("?", t("planner.keys"))),
      el("label", {}, tick, " ", t("planner.keys.single")), el("p", { class: "quiet" }, t("planner.keys.about")),
      el("p", { class: "acts" }, el("button", { type: "button", on: { click: () => box.close() } }, t("planner.close"))));
  };

  geogrid.Keys = Keys;
})();
