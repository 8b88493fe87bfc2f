// The buttons over a map: each opens or changes one thing and says whether it is open or on.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el } = geogrid;
  const ICONS = {
    search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L21 21",
    locate: "M12 2v4M12 18v4M2 12h4M18 12h4M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10z",
    layers: "M12 3l9 5-9 5-9-5zM3 12l9 5 9-5M3 16l9 5 9-5",
    list: "M8 6h13M8 12h13M8 18h13M3.5 6h.01M3.5 12h.01M3.5 18h.01",
    large: "M3 19l5-13 5 13M5 14.5h6M15 19l3.2-8L21.5 19M16.2 16.5h4",
  };
  const LARGE = 1.35;

  class Toolbar {
    constructor(node, explorer) {
      Object.assign(this, { node, explorer, buttons: {}, chooser: null });
    }

    add(part, act, more) {
      const label = t("part." + part);
      const button = el("button", { type: "button", title: label, ...more }, geogrid.icon(ICONS[part]), el("span", { class: "word" }, label));
      button.addEventListener("click", act);
      this.buttons[part] = button;
      this.node.append(button);
      return button;
    }

    addLayers() {
      this.add("layers", () => this.toggleLayers(), { "aria-expanded": "false" });
    }

    addLarge() {
      this.add("large", () => this.large(geogrid.scale !== LARGE), { "aria-pressed": "false" });
    }

    async toggleLayers() {
      await geogrid.need("tools");
      const open = !this.chooser || this.chooser.hidden;
      if (!this.chooser) this.chooser = this.build();
      this.chooser.hidden = !open;
      this.buttons.layers.setAttribute("aria-expanded", String(open));
      (open ? this.chooser.querySelector("input:checked") : this.buttons.layers).focus();
    }

    build() {
      const { explorer } = this;
      const made = geogrid.layerChooser({
        theme: explorer.theme, overlays: explorer.overlays,
        onTheme: (theme) => explorer.colourBy(theme), onOverlay: (kind, on) => explorer.overlay(kind, on),
      });
      made.addEventListener("keydown", (event) => event.key === "Escape" && this.toggleLayers());
      document.querySelector(".bar").after(made);
      return made;
    }

    large(on) {
      const { view } = this.explorer;
      geogrid.scale = on ? LARGE : 1;
      document.documentElement.classList.toggle("large", on);
      if (this.buttons.large) this.buttons.large.setAttribute("aria-pressed", String(on));
      view.map.invalidateSize();
      if (view.labels) view.labels.refit();
      if (this.explorer.mosaic) this.explorer.mosaic.names.redraw();
    }
  }

  geogrid.Toolbar = Toolbar;
})();
