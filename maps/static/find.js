// Asking for an address or the own position, and what is answered.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name } = geogrid;
  const WORDS = { ambiguous: "answer.ambiguous", historical: "answer.ambiguous", partial: "answer.partial", outside: "answer.outside" };
  const VAGUE_M = 100; // a position that is less sure than this is said to be so

  // The address travels in the body, so that it stays out of URLs, histories and logs.
  async function post(url, body) {
    const response = await fetch(url, { method: "POST", credentials: "omit", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (!response.ok) throw Object.assign(new Error("HTTP " + response.status), { status: response.status });
    return response.json();
  }

  class Finder {
    // `form` holds the box and the list of suggestions; without it they are built, under the bar, when they are first wanted.
    constructor({ explorer, day, button, form }) {
      Object.assign(this, { explorer, button, onDay: day ? { as_of: day } : {} });
      if (form) this.take(form);
    }

    take(form) {
      this.form = form;
      this.input = form.querySelector("input");
      const list = form.querySelector("ul");
      const ask = async (text) => (await post("/v1/suggest", { q: text, limit: 8 })).suggestions;
      this.box = geogrid.combobox({ input: this.input, list, status: this.explorer.status, ask, submit: () => this.find() });
      this.input.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.isComposing || event.defaultPrevented) return;
        event.preventDefault();
        this.find();
      });
      form.querySelector(".box button").addEventListener("click", (event) => {
        event.preventDefault();
        this.find();
      });
      return list;
    }

    toggle() {
      if (!this.form) this.build();
      else this.form.hidden = !this.form.hidden;
      const open = !this.form.hidden;
      this.button.setAttribute("aria-expanded", String(open));
      (open ? this.input : this.button).focus();
      this.explorer.view.map.invalidateSize();
    }

    // No form element: a portal's sandbox may forbid to submit one, even where a script would take it.
    build() {
      const input = el("input", {
        id: "address", type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: "200", enterkeyhint: "search",
        placeholder: t("search.placeholder"), role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": "suggestions",
        "aria-describedby": "privacy", "aria-label": t("search.label"),
      });
      const form = el("div", { id: "search", class: "ask", role: "search" },
        el("div", { class: "box" }, input, el("button", { type: "button" }, t("search.button")),
          el("ul", { id: "suggestions", role: "listbox", "aria-label": t("suggest.label"), hidden: true })),
        el("p", { id: "privacy", class: "quiet" }, t("search.privacy")));
      document.querySelector(".bar").after(form);
      const list = this.take(form);
      form.addEventListener("keydown", (event) => event.key === "Escape" && list.hidden && this.toggle());
    }

    find() {
      this.box.close();
      const address = this.input.value.trim();
      if (address) return this.lookup({ address, limit: 8 });
      this.explorer.status.textContent = t("search.empty");
      this.input.focus();
    }

    async lookup(question, more) {
      this.explorer.status.textContent = t("search.busy");
      if (this.form) this.form.setAttribute("aria-busy", "true");
      try {
        await this.told(await post("/v1/lookup", { ...question, ...this.onDay }), question, more);
      } catch (error) {
        this.explorer.say(t("answer.failed"), [], { focus: true });
      } finally {
        if (this.form) this.form.removeAttribute("aria-busy");
      }
    }

    async told(found, question, more) {
      if (!found.grid) return this.unsettled(found);
      const lead = found.match_level === "point" ? "answer.here" : found.status === "historical" ? "answer.historical" : "answer.matched";
      const next = await this.next(found, question);
      return this.explorer.openGrid(found.grid.code, found.grid.community.id, { focus: true, lead: t(lead), place: found, more: [more, next] });
    }

    // The same question for the day on which an announced plan comes into force; nothing is said where the grid stays.
    async next(found, question) {
      const from = found.plan && found.plan.effective_until;
      if (!from) return null;
      const then = await post("/v1/lookup", { ...question, as_of: from }).catch(() => ({}));
      const date = geogrid.date(from);
      if (!then.grid) return el("p", { class: "next" }, t("answer.next.maybe", { date }));
      const { code, community } = found.grid;
      if (then.grid.code === code && then.grid.name === found.grid.name) return null;
      const elsewhere = then.grid.community.id === community.id ? null : [" · ", name(then.grid.community.name)];
      return el("p", { class: "next" }, t("answer.next", { date, grid: geogrid.title(then.grid) }), " ", name(then.grid.name), elsewhere);
    }

    unsettled(found) {
      const near = found.nearest;
      if (near) return this.offer(t("answer.outside") + " " + t("answer.nearest", { n: Math.round(near.distance_m) }), [{ text: near.grid.name, grid: near.grid }]);
      const key = "ask." + (found.missing || [])[0];
      const choices = found.candidates || [];
      const text = found.status === "partial" && found.missing && found.missing.length ? t(geogrid.has(key) ? key : "ask.other") : t(WORDS[found.status] || "answer.none");
      return this.offer(text, choices, found.status === "partial" && choices.length ? el("p", {}, t("answer.partial.which")) : null);
    }

    // A place that is not one grid yet: its text stands in the box, ready for the rest.
    offer(text, choices, which) {
      const onText = (value) => {
        this.input.value = value + " ";
        this.input.focus();
      };
      const onGrid = (code) => {
        const { grid } = choices.find((one) => one.grid && one.grid.code === code);
        this.explorer.openGrid(code, grid.community.id, { focus: true, lead: t("answer.matched") });
      };
      this.explorer.say(text, [which, choices.length ? geogrid.choices(choices, { onGrid, onText }) : null].filter(Boolean), { focus: true });
    }

    // A browser tells WGS-84 and asks its user; a position is good for five minutes, so nobody is asked twice.
    locate() {
      this.explorer.status.textContent = t("search.busy");
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          const vague = coords.accuracy > VAGUE_M ? el("p", { class: "next" }, t("answer.vague", { n: Math.round(coords.accuracy) })) : null;
          this.lookup({ lon: coords.longitude, lat: coords.latitude }, vague);
        },
        () => this.explorer.say(t("search.here.denied"), [], { focus: true }),
        { enableHighAccuracy: true, timeout: 15000, maximumAge: 300000 },
      );
    }

    // A position that the page around knows, in the system it names.
    locateAt({ lon, lat, crs }) {
      return this.lookup({ lon, lat, crs });
    }
  }

  geogrid.finder = (parts) => new Finder(parts);
})();
