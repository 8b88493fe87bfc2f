// A number and a name on every grid, as large as the grid allows at this zoom.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const SVG = "http://www.w3.org/2000/svg";
  const FAMILY = '"Noto Sans CJK SC","Noto Sans SC","PingFang SC","Microsoft YaHei",system-ui,sans-serif';
  const pen = document.createElement("canvas").getContext("2d");

  function width(text, size, weight) {
    pen.font = weight + " " + size + "px " + FAMILY;
    return pen.measureText(text).width;
  }

  // Where a name may be broken: after each character, but no line begins with a comma.
  function words(name) {
    return name.match(/[\u2e80-\u9fff\uf900-\ufaff][、，。）\s]*|[^\s\u2e80-\u9fff\uf900-\ufaff]+\s*/g) || [];
  }

  // Break a name into at most `most` lines of `room` pixels; null where it does not fit.
  function lines(name, size, room, most) {
    const done = [];
    let line = "";
    for (const word of words(name)) {
      if (line && width((line + word).trim(), size, 500) > room) {
        done.push(line.trim());
        line = "";
      }
      line += word;
      if (width(line.trim(), size, 500) > room || done.length === most) return null;
    }
    return line.trim() ? [...done, line.trim()] : done;
  }

  function text(parent, content, y, size, weight) {
    const node = document.createElementNS(SVG, "text");
    node.setAttribute("y", y);
    node.setAttribute("font-size", size);
    node.setAttribute("font-weight", weight);
    node.textContent = content;
    parent.appendChild(node);
  }

  // label: {number, name, short, place: [lon, lat, radius in metres, half width in metres]}
  // Returns the lines to write around the place, and how wide and high they are.
  function measure(label, metresPerPixel) {
    const scale = geogrid.scale || 1;
    const radius = label.place[2] / metresPerPixel;
    const half = Math.max(radius, Math.min(label.place[3] / metresPerPixel, radius * 2.6));
    const figure = label.number ? Math.round(scale * Math.min(22, Math.max(11, radius * 0.62))) : 0;
    const size = Math.round(scale * Math.min(label.number ? 14 : 15, Math.max(10.5, radius * 0.3)));
    return { radius, half, figure, size };
  }

  function inside(label, { radius, half, figure, size }) {
    for (let most = 1; most <= 3; most++) {
      const found = figure + most * (size + 2) <= radius * 1.9 + 4 ? lines(label.name || "", size, half * 1.8, most) : null;
      if (found) return found;
    }
    return null;
  }

  // A name that is too long for its grid: its short form may lean over the border where nobody else writes.
  function leaning(label, { radius, half, size }) {
    if (radius < (label.number ? 13 : 9)) return null;
    return lines(label.short || label.name || "", Math.min(size, 12), Math.max(half * 2, 76), 3);
  }

  function box(at, figure, size, found) {
    const wide = Math.max(figure, ...found.map((line) => width(line, size, 500))) / 2 + 3;
    const high = (figure + found.length * (size + 2)) / 2 + 2;
    return [at.x - wide, at.y - high, at.x + wide, at.y + high];
  }

  const apart = (a, b) => a[2] < b[0] || b[2] < a[0] || a[3] < b[1] || b[3] < a[1];

  function write(svg, label, { figure, size }, found, down) {
    const height = figure + found.length * (size + 2) - 2 * down;
    svg.replaceChildren();
    if (figure) text(svg, label.number, -height / 2 + figure * 0.86, figure, 700);
    found.forEach((line, i) => text(svg, line, -height / 2 + figure + (i + 0.86) * (size + 2), size, 500));
  }

  const Icon = L.Icon.extend({
    createIcon() {
      const svg = document.createElementNS(SVG, "svg");
      svg.setAttribute("class", "leaflet-zoom-animated label " + (this.options.kind || ""));
      svg.setAttribute("width", 1);
      svg.setAttribute("height", 1);
      svg.setAttribute("aria-hidden", "true");
      this.options.keep(svg);
      return svg;
    },
    createShadow: () => null,
  });

  geogrid.Pin = L.Icon.extend({
    createIcon() {
      const svg = document.createElementNS(SVG, "svg");
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", "M0 0C-4-9-10-13-10-20a10 10 0 0 1 20 0C10-13 4-9 0 0zM0-24a4 4 0 1 0 0 8 4 4 0 0 0 0-8z");
      svg.setAttribute("class", "leaflet-zoom-animated pin");
      svg.setAttribute("width", 1);
      svg.setAttribute("height", 1);
      svg.setAttribute("aria-hidden", "true");
      svg.appendChild(path);
      return svg;
    },
    createShadow: () => null,
  });

  geogrid.Labels = L.LayerGroup.extend({
    initialize(labels, options) {
      L.LayerGroup.prototype.initialize.call(this);
      const { kind, pane } = options || {};
      Object.assign(this, { kind, pane: pane || "labels" });
      this.items = labels.map((label) => ({ label, svg: null }));
    },
    onAdd(map) {
      for (const item of this.items) {
        const at = [item.label.place[1], item.label.place[0]];
        const icon = new Icon({ kind: this.kind, keep: (svg) => (item.svg = svg) });
        this.addLayer(L.marker(at, { icon, interactive: false, keyboard: false, pane: this.pane }));
      }
      L.LayerGroup.prototype.onAdd.call(this, map);
      map.on("zoomend", this.refit, this);
      if (map._loaded) this.refit();
    },
    onRemove(map) {
      map.off("zoomend", this.refit, this);
      L.LayerGroup.prototype.onRemove.call(this, map);
      this.clearLayers();
    },
    // First every label that fits its own grid, then the long names, the roomiest first, where there is room.
    refit() {
      const map = this._map;
      const sized = this.items.filter((item) => item.svg).map((item) => {
        const latitude = (item.label.place[1] * Math.PI) / 180;
        const metres = (40075016.686 * Math.cos(latitude)) / (256 * Math.pow(2, map.getZoom()));
        const fit = measure(item.label, metres);
        const found = inside(item.label, fit);
        const at = map.latLngToLayerPoint([item.label.place[1], item.label.place[0]]);
        return { item, fit, found, at, taken: box(at, fit.figure, fit.size, found || []) };
      });
      for (const one of [...sized].sort((a, b) => b.fit.radius - a.fit.radius)) {
        if (one.found) continue;
        const found = leaning(one.item.label, one.fit);
        if (!found) continue;
        const size = Math.min(one.fit.size, 12);
        const taken = box(one.at, one.fit.figure, size, found);
        if (sized.some((other) => other !== one && !apart(taken, other.taken))) continue;
        Object.assign(one, { found, taken, fit: { ...one.fit, size } });
      }
      const pin = this.place && map.latLngToLayerPoint(this.place);
      for (const one of sized) {
        const hidden = pin && !apart(one.taken, [pin.x - 13, pin.y - 34, pin.x + 13, pin.y + 4]);
        const ways = hidden ? [pin.y + 6 - one.taken[1], pin.y - 36 - one.taken[3]] : [0];
        const shift = ways.reduce((best, way) => (Math.abs(way) < Math.abs(best) ? way : best));
        write(one.item.svg, one.item.label, one.fit, one.found || [], shift);
      }
    },
    // Labels under a pin at this place stand below or above it; null for none.
    avoid(place) {
      this.place = place;
      if (this._map) this.refit();
    },
  });
})();
