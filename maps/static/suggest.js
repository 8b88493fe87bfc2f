// The address box: an editable combobox with list autocomplete (ARIA Authoring Practices 1.2).
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name } = geogrid;
  const WAIT_MS = 140;

  geogrid.combobox = function ({ input, list, status, ask, submit }) {
    let options = [];
    let active = -1;
    let timer = 0;
    let turn = 0;
    let composing = false;

    function close() {
      window.clearTimeout(timer);
      turn++;
      list.hidden = true;
      options = [];
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function mark(index) {
      active = index;
      [...list.children].forEach((node, i) => node.setAttribute("aria-selected", String(i === index)));
      if (index < 0) return input.removeAttribute("aria-activedescendant");
      input.setAttribute("aria-activedescendant", list.children[index].id);
      list.children[index].scrollIntoView({ block: "nearest" });
    }

    function choose(index) {
      input.value = options[index].text;
      close();
      submit();
    }

    function show(found) {
      options = found;
      list.replaceChildren(...found.map((option, i) =>
        el("li", { id: "suggestion-" + i, role: "option", "aria-selected": "false", on: {
          mousedown: (event) => event.preventDefault(), click: () => choose(i) } },
        name(option.text, "span"), option.detail ? el("span", { class: "detail" }, name(option.detail, "span")) : null)));
      list.hidden = !found.length;
      active = -1;
      input.removeAttribute("aria-activedescendant");
      input.setAttribute("aria-expanded", String(Boolean(found.length)));
      status.textContent = found.length ? t("suggest.count", { n: found.length }) : "";
    }

    async function refresh() {
      const text = input.value.trim();
      if (!text) return close();
      const mine = ++turn;
      const found = await ask(text).catch(() => []);
      if (mine === turn && document.activeElement === input) show(found);
    }

    function type() {
      window.clearTimeout(timer);
      if (!composing) timer = window.setTimeout(refresh, WAIT_MS);
    }

    const KEYS = {
      ArrowDown: () => (options.length ? mark((active + 1) % options.length) : refresh()),
      ArrowUp: () => options.length && mark((active + options.length + 1 - (active < 0 ? 1 : 2)) % options.length),
      Escape: () => (list.hidden ? (input.value = "") : close()),
      Tab: null,
    };

    input.addEventListener("compositionstart", () => (composing = true));
    input.addEventListener("compositionend", () => {
      composing = false;
      type();
    });
    input.addEventListener("input", type);
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (composing || event.isComposing) return;
      if (event.key === "Enter" && active >= 0) {
        event.preventDefault();
        return choose(active);
      }
      if (!KEYS[event.key]) return;
      event.preventDefault();
      KEYS[event.key]();
    });
    return { close };
  };
})();
