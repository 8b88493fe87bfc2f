// Many shapes on one canvas: projected once, then only scaled and moved, so that a step of zoom costs one painting.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { el } = geogrid;
  const ZOOM = 14; // paths are kept in its pixels, from a corner of their own
  const AROUND = 0.15; // of the map's size is painted beyond each edge, so that a short pan shows no blank
  const REST_MS = 90; // after the last step of zooming, before it is painted anew
  const scratch = document.createElement("canvas").getContext("2d");

  // A canvas over the map. While somebody zooms the last painting is stretched; `paint(pen, view)` is asked once that rests.
  geogrid.Surface = L.Layer.extend({
    onAdd(map) {
      this.canvas = el("canvas", { class: "leaflet-zoom-animated", "aria-hidden": "true" });
      map.getPane(this.pane).appendChild(this.canvas);
      map.on("zoom moveend resize", this.follow, this);
      this.draw();
    },
    onRemove(map) {
      window.clearTimeout(this.timer);
      map.off("zoom moveend resize", this.follow, this);
      this.canvas.remove();
    },
    redraw() {
      if (this._map) this.draw();
    },
    follow({ type }) {
      const zoom = this._map.getZoom();
      if (zoom === this.drawn.zoom && type !== "zoom") return this.draw();
      L.DomUtil.setTransform(this.canvas, this._map.latLngToLayerPoint(this.drawn.corner), this._map.getZoomScale(zoom, this.drawn.zoom));
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(() => this.draw(), REST_MS);
    },
    draw() {
      window.clearTimeout(this.timer);
      const map = this._map;
      const size = map.getSize();
      const pad = size.multiplyBy(AROUND)._round();
      const full = size.add(pad.multiplyBy(2));
      const ratio = window.devicePixelRatio || 1;
      const corner = pad.multiplyBy(-1);
      L.DomUtil.setTransform(this.canvas, map.containerPointToLayerPoint(corner), 1);
      Object.assign(this.canvas, { width: full.x * ratio, height: full.y * ratio });
      Object.assign(this.canvas.style, { width: full.x + "px", height: full.y + "px" });
      this.drawn = { zoom: map.getZoom(), corner: map.containerPointToLatLng(corner) };
      this.paint(this.canvas.getContext("2d"), { map, full, pad, ratio });
    },
  });

  function ringsOf({ type, coordinates }) {
    if (type === "LineString") return [coordinates];
    return type === "MultiPolygon" ? coordinates.flat() : coordinates;
  }

  const flat = ([lng, lat]) => L.CRS.EPSG3857.latLngToPoint({ lng, lat }, ZOOM);

  const Shapes = geogrid.Surface.extend({
    // `style(properties)` says fillColor (or fill: false), fillOpacity, color, weight (0: no line), opacity, dashArray, lineCap.
    initialize(features, { pane, style }) {
      Object.assign(this, { pane, style });
      const ring = features.map((feature) => ringsOf(feature.geometry)[0]).find((one) => one && one.length);
      this.origin = ring ? flat(ring[0])._floor() : L.point(0, 0);
      this.items = features.map((feature) => this.item(feature));
    },
    item({ geometry, properties }) {
      const path = new Path2D();
      const box = [Infinity, Infinity, -Infinity, -Infinity];
      const closed = geometry.type.endsWith("Polygon");
      for (const ring of ringsOf(geometry)) {
        ring.forEach((place, i) => {
          const { x, y } = flat(place)._subtract(this.origin);
          if (i) path.lineTo(x, y);
          else path.moveTo(x, y);
          box[0] = Math.min(box[0], x), box[1] = Math.min(box[1], y), box[2] = Math.max(box[2], x), box[3] = Math.max(box[3], y);
        });
        if (closed) path.closePath();
      }
      return { properties, path, box, closed };
    },
    paint(pen, { map, full, pad, ratio }) {
      const scale = map.getZoomScale(map.getZoom(), ZOOM);
      const shift = this.origin.multiplyBy(scale)._subtract(map.getPixelBounds().min)._add(pad);
      pen.setTransform(scale * ratio, 0, 0, scale * ratio, shift.x * ratio, shift.y * ratio);
      pen.lineJoin = "round";
      const [left, top] = [-shift.x / scale, -shift.y / scale];
      const [right, bottom] = [left + full.x / scale, top + full.y / scale];
      for (const item of this.items) {
        const [a, b, c, d] = item.box;
        if (a < right && c > left && b < bottom && d > top) this.trace(pen, item, scale);
      }
    },
    trace(pen, { path, properties }, scale) {
      const style = this.style(properties);
      if (style.fill !== false) {
        if (style.fillColor.setTransform) style.fillColor.setTransform(new DOMMatrix().scale(1 / scale)); // a pattern keeps its size
        Object.assign(pen, { globalAlpha: style.fillOpacity ?? 1, fillStyle: style.fillColor });
        pen.fill(path, "evenodd");
      }
      if (!style.weight) return;
      pen.setLineDash((style.dashArray || "").split(" ").filter(Boolean).map((part) => Number(part) / scale));
      Object.assign(pen, { globalAlpha: style.opacity ?? 1, strokeStyle: style.color, lineWidth: style.weight / scale, lineCap: style.lineCap || "round" });
      pen.stroke(path);
    },
    // The properties of what lies at a place, null for nothing.
    at(latlng) {
      const { x, y } = flat([latlng.lng, latlng.lat])._subtract(this.origin);
      const found = this.items.find(({ box: [a, b, c, d], path, closed }) => closed && x >= a && x <= c && y >= b && y <= d && scratch.isPointInPath(path, x, y, "evenodd"));
      return found ? found.properties : null;
    },
  });

  geogrid.shapes = (features, options) => new Shapes(features, options);
})();
