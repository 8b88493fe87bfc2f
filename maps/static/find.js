// Asking for an address or the own position, and what is answered; loaded when somebody asks.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el } = geogrid;
  const LEADS = { matched: "answer.matched", historical: "answer.historical" };
  const WORDS = { ambiguous: "answer.ambiguous", partial: "answer.partial", outside: "answer.outside" };

  // The address travels in the body, so that it stays out of URLs, histories and logs.
  async function post(url, body) {
    const response = await fetch(url, { method: "POST", credentials: "omit", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (!response.ok) throw Object.assign(new Error("HTTP " + response.status), { status: response.status });
    return response.json();
  }

  class Finder {
    constructor(parts) {
      Object.assign(this, parts);
      this.onDay = this.day ? { as_of: this.day } : {};
    }

    toggle() {
      if (!this.form) this.build();
      else this.form.hidden = !this.form.hidden;
      const open = !this.form.hidden;
      this.button.setAttribute("aria-expanded", String(open));
      (open ? this.input : this.button).focus();
      this.view.map.invalidateSize();
    }

    build() {
      this.input = el("input", {
        id: "address", type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: "200", enterkeyhint: "search",
        placeholder: t("search.placeholder"), role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": "suggestions",
        "aria-describedby": "privacy", "aria-label": t("search.label"),
      });
      const list = el("ul", { id: "suggestions", role: "listbox", "aria-label": t("suggest.label"), hidden: true });
      // No form: a portal's sandbox may forbid to submit one, even where a script would take it.
      this.form = el("div", { id: "search", class: "ask", role: "search" },
        el("div", { class: "box" }, this.input, el("button", { type: "button", on: { click: () => this.find() } }, t("search.button")), list),
        el("p", { id: "privacy", class: "quiet" }, t("search.privacy")));
      this.form.addEventListener("keydown", (event) => event.key === "Escape" && list.hidden && this.toggle());
      document.querySelector(".bar").after(this.form);
      const ask = async (text) => (await post("/v1/suggest", { q: text, limit: 8 })).suggestions;
      this.box = geogrid.combobox({ input: this.input, list, status: this.status, ask, submit: () => this.find() });
      this.input.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && !event.isComposing && !event.defaultPrevented) this.find();
      });
    }

    find() {
      this.box.close();
      const address = this.input.value.trim();
      if (address) this.lookup({ address, limit: 8 });
    }

    async lookup(question) {
      this.status.textContent = t("search.busy");
      try {
        this.told(await post("/v1/lookup", { ...question, ...this.onDay }));
      } catch (error) {
        this.say(t("answer.failed"));
      }
    }

    told(found) {
      if (found.grid) {
        const lead = t(found.match_level === "point" ? "answer.here" : LEADS[found.status] || "answer.matched");
        return this.openGrid(found.grid.code, found.grid.community.id, { focus: true, lead, place: found });
      }
      const near = found.nearest;
      if (near) return this.say(t("answer.outside") + " " + t("answer.nearest", { n: Math.round(near.distance_m) }), [{ text: near.grid.name, grid: near.grid }]);
      const key = "ask." + (found.missing || [])[0];
      return this.say(t(found.status === "partial" && geogrid.has(key) ? key : WORDS[found.status] || "answer.none"), found.candidates);
    }

    say(text, choices = []) {
      const onText = (value) => {
        this.input.value = value + " ";
        this.input.focus();
      };
      const onGrid = (code) => this.openGrid(code, choices.find((one) => one.grid && one.grid.code === code).grid.community.id, { focus: true });
      this.answer.replaceChildren(el("div", { class: "card note" }, el("p", { class: "lead", tabindex: "-1" }, text), choices.length ? geogrid.choices(choices, { onGrid, onText }) : null));
      this.status.textContent = text;
      this.openPanel(true);
      this.panel.scrollTo(0, 0);
      this.answer.querySelector("[tabindex='-1']").focus({ preventScroll: true });
    }

    // A browser tells WGS-84 and asks its user; a position is good for five minutes, so nobody is asked twice.
    locate() {
      this.status.textContent = t("search.busy");
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => this.lookup({ lon: coords.longitude, lat: coords.latitude }),
        () => this.say(t("search.here.denied")),
        { enableHighAccuracy: true, timeout: 15000, maximumAge: 300000 },
      );
    }

    // A position that the page around knows, in the system it names.
    locateAt({ lon, lat, crs }) {
      this.lookup({ lon, lat, crs });
    }
  }

  geogrid.finder = (parts) => new Finder(parts);
})();
