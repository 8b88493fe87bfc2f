// Many grids at once on one canvas: their colours, the borders of the areas above them, names where there is room.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name } = geogrid;
  const LEVELS = ["district", "subdistrict", "community"];
  const BORDERS = { district: ["#1b242c", 2.6], subdistrict: ["#333c44", 1.7], community: ["#4d5963", 0.9] };
  const FAMILY = '"Noto Sans CJK SC","Noto Sans SC","PingFang SC","Microsoft YaHei",system-ui,sans-serif';
  const STRONG = 0.7;
  const FAINT = 0.16;

  // Names of one level of areas and numbers of grids, written on a canvas of their own, the larger first.
  const Names = geogrid.Surface.extend({
    initialize(areas, grids) {
      Object.assign(this, { areas, grids, pane: "labels" });
    },
    // The widest level whose names mostly fit their areas, from the finest up.
    level(perMetre) {
      const fits = (level) => {
        const radii = this.areas[level].map((area) => area.label[2] * perMetre).sort((a, b) => a - b);
        return radii.length && radii[Math.floor(radii.length / 3)] > (level === "community" ? 17 : 24);
      };
      return [...LEVELS].reverse().find(fits) || LEVELS.find((level) => this.areas[level].length) || "community";
    },
    paint(pen, { map, full, pad, ratio }) {
      this.room = { pad, full };
      pen.scale(ratio, ratio);
      Object.assign(pen, { textAlign: "center", textBaseline: "middle", lineJoin: "round" });
      const latitude = (map.getCenter().lat * Math.PI) / 180;
      const perMetre = (256 * Math.pow(2, map.getZoom())) / (40075016.686 * Math.cos(latitude));
      const taken = [];
      const level = this.level(perMetre);
      const areas = this.areas[level].filter((area) => !this.within || this.within(level, area));
      for (const area of [...areas].sort((a, b) => b.label[2] - a.label[2])) {
        this.area(pen, taken, area, level === "district" ? 17 : level === "subdistrict" ? 15 : 13, level === "community" ? 600 : 700);
      }
      for (const { properties: grid } of this.grids) {
        const radius = grid.label[2] * perMetre;
        if (radius < 9 || (this.within && !this.within("grid", grid))) continue;
        const figure = Math.min(19, Math.max(10, radius * 0.7));
        this.write(pen, taken, grid.label, String(grid.number), figure, 600);
        if (radius > 30) this.write(pen, taken, grid.label, grid.name, 11, 400, figure * 0.5 + 8, radius * 2.2);
      }
    },
    // A name, and under it the same in Latin letters where they are wanted.
    area(pen, taken, area, size, weight) {
      const latin = geogrid.latin.get(area.name);
      const written = this.write(pen, taken, area.label, area.name, size, weight, latin ? -7 : 0);
      if (written && latin) this.write(pen, taken, area.label, latin, size - 3, 500, size - 4);
    },
    write(pen, taken, place, text, size, weight, down = 0, most = 0) {
      const { pad, full } = this.room;
      const at = this._map.latLngToContainerPoint([place[1], place[0]])._add(pad);
      if (at.x < 0 || at.y < 0 || at.x > full.x || at.y > full.y) return false;
      const scale = geogrid.scale || 1;
      [size, down] = [size * scale, down * scale];
      pen.font = weight + " " + size + "px " + FAMILY;
      const wide = pen.measureText(text).width / 2 + 2;
      if (most && wide * 2 > most) return false;
      const box = [at.x - wide, at.y + down - size * 0.62, at.x + wide, at.y + down + size * 0.62];
      if (taken.some((other) => !(box[2] < other[0] || other[2] < box[0] || box[3] < other[1] || other[3] < box[1]))) return false;
      taken.push(box);
      Object.assign(pen, { lineWidth: 3.2, strokeStyle: "rgba(255,255,255,0.92)", fillStyle: "#14181c" });
      pen.strokeText(text, at.x, at.y + down);
      pen.fillText(text, at.x, at.y + down);
      return true;
    },
  });

  // Stripes for a canvas: special-purpose grids, and grids without what is shown.
  function stripes(base, stripe) {
    const tile = el("canvas", { width: 8, height: 8 });
    const pen = tile.getContext("2d");
    Object.assign(pen, { fillStyle: base, strokeStyle: stripe, lineWidth: 1.6 });
    pen.fillRect(0, 0, 8, 8);
    pen.beginPath();
    for (const x of [-8, 0, 8]) pen.moveTo(x - 1, 9), pen.lineTo(x + 9, -1);
    pen.stroke();
    return pen.createPattern(tile, "repeat");
  }

  class Mosaic {
    // `path` is where its data came from; `onArea` gets (level, id) of the next level down, `onGrid` a grid.
    constructor(view, path, data, { onArea, onGrid }) {
      Object.assign(this, { view, path, data, onArea, onGrid, at: { level: "city", id: "" } });
      this.byId = Object.fromEntries(LEVELS.map((level) => [level, new Map(data.areas[level].map((area) => [area.id, area]))]));
      this.theme = geogrid.theme("", []);
      this.hatches = { special: stripes("#dfe1e1", "#a3a9ac"), missing: stripes("#f6f7f6", "#8b9296") };
      this.build();
    }

    build() {
      this.cells = geogrid.shapes([...this.data.grids.features, ...this.data.borders.features], {
        pane: "mosaic", style: (properties) => (properties.code ? this.style(properties) : this.border(properties)),
      });
      this.names = new Names(this.data.areas, this.data.grids.features);
      this.layers = [geogrid.cityGround(this.data.ground), this.cells, this.names];
      this.tooltip = L.tooltip({ direction: "top", className: "tip", opacity: 1 });
      this.mouse = { mousemove: this.hover, mouseout: this.leave, click: this.click, movestart: this.leave };
    }

    // Only what is meant for the map itself: not what happens on a button or a marker over it.
    grid({ latlng, originalEvent }) {
      const meant = this.view.map.getPane("mosaic").contains(originalEvent.target);
      return meant ? this.cells.at(latlng) : null;
    }

    hover(event) {
      const grid = this.grid(event);
      if (!grid) return this.leave();
      if (grid !== this.under) this.tooltip.setContent(this.tip(grid));
      this.under = grid;
      this.view.node.classList.add("pointing");
      this.view.map.openTooltip(this.tooltip.setLatLng(event.latlng));
    }

    leave() {
      this.under = null;
      this.view.node.classList.remove("pointing");
      this.tooltip.remove();
    }

    click(event) {
      const grid = this.grid(event);
      if (grid) this.open(grid);
    }

    // The areas a grid lies in, from the district down; levels that the data do not have are left out.
    chain(grid) {
      const found = {};
      let id = grid.community;
      for (const level of [...LEVELS].reverse()) {
        const area = this.byId[level].get(id);
        if (!area) continue;
        found[level] = area;
        id = area.parent;
      }
      return found;
    }

    // The level under the one that is shown.
    next() {
      const start = LEVELS.indexOf(this.at.level) + 1;
      return LEVELS.slice(start).find((level) => this.byId[level].size > (start ? 0 : 1)) || "community";
    }

    inside(grid) {
      if (this.at.level === "city") return true;
      const area = this.chain(grid)[this.at.level];
      return Boolean(area) && area.id === this.at.id;
    }

    open(grid) {
      const chain = this.chain(grid);
      const level = this.inside(grid) ? this.next() : this.at.level;
      const area = chain[level] || chain.community;
      if (level === "community" || !chain[level]) this.onGrid(grid, chain.community);
      else this.onArea(level, area.id);
    }

    tip(grid) {
      const chain = this.chain(grid);
      const area = chain[this.inside(grid) ? this.next() : this.at.level] || chain.community;
      const own = el("span", {}, geogrid.title(grid), " ", name(grid.name));
      return el("div", {}, name(area.name, "strong"), el("br"), area === chain.community ? own : t("list.count", { n: area.grids }));
    }

    style(grid) {
      const { fill, hatch } = this.theme.fill(grid, false);
      const near = this.inside(grid);
      return {
        fillColor: this.hatches[hatch] || fill, fillOpacity: near ? STRONG : FAINT, color: "#222222", opacity: (near ? 1 : 0.25) * this.strength(), weight: this.weight(),
      };
    }

    border({ level }) {
      return { fill: false, color: BORDERS[level][0], weight: BORDERS[level][1] };
    }

    weight() {
      const zoom = this.view.map.getZoom();
      return zoom < 12.5 ? 0 : zoom < 14 ? 0.6 : 1.2;
    }

    // From afar dark borders would hide the colours between them.
    strength() {
      return Math.min(1, this.weight() + 0.2);
    }

    show(level, id, area) {
      this.at = { level, id };
      const within = level === "city" ? null : (kind, item) =>
        kind === "grid" ? this.inside(item) : kind === level ? item.id === id : this.below(kind, item, level, id);
      this.names.within = within;
      this.view.fit(area || this.bounds(level, id));
      if (this.shown) return this.layers.forEach((layer) => layer.redraw());
      this.layers.forEach((layer) => layer.addTo(this.view.map));
      this.view.map.on(this.mouse, this);
      this.shown = true;
    }

    below(kind, item, level, id) {
      let [at, each] = [LEVELS.indexOf(kind), item];
      while (each && at > LEVELS.indexOf(level)) {
        if (each.parent === id) return true;
        at = Math.max(...LEVELS.map((one, i) => (i < at && this.byId[one].has(each.parent) ? i : -1)));
        each = at < 0 ? null : this.byId[LEVELS[at]].get(each.parent);
      }
      return false;
    }

    bounds(level, id) {
      const areas = level === "city" ? this.data.areas.community : [this.byId[level].get(id)].filter(Boolean);
      const edge = (n, pick) => pick(...areas.map((area) => area.bounds[n]));
      return L.latLngBounds([edge(1, Math.min), edge(0, Math.min)], [edge(3, Math.max), edge(2, Math.max)]);
    }

    themed(name) {
      return geogrid.theme(name, this.data.grids.features.map((feature) => feature.properties));
    }

    colourBy(name) {
      this.theme = this.themed(name);
      this.cells.redraw();
    }

    hide() {
      if (!this.shown) return;
      this.leave();
      this.view.map.off(this.mouse, this);
      this.layers.forEach((layer) => layer.remove());
      this.shown = false;
    }

    children(level, id) {
      const under = this.next();
      return { level: under, areas: this.data.areas[under].filter((area) => level === "city" || this.below(under, area, level, id)) };
    }
  }

  geogrid.Mosaic = Mosaic;
})();
