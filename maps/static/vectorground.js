// A quiet ground from vector tiles (Mapbox Vector Tile 2.1): water, green, roads and buildings, no words.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const SIZE = 256;
  // By layer, in drawing order; the names of Protomaps and of OpenMapTiles.
  const STYLES = [
    [["landuse", "landcover", "park"], "#dde8d2", 0, /park|grass|wood|forest|garden|cemetery|pitch|recreation|green|nature/],
    [["water"], "#c3dcec", 0],
    [["waterway"], "#c3dcec", 1.6],
    [["buildings", "building"], "#dcd6ca", 0],
    [["roads", "transportation"], "#ffffff", 2.2],
  ];

  // Protocol buffers: number and content of each field between two places.
  function* fields(view, from, to) {
    let at = from;
    const number = () => {
      let [value, factor, byte] = [0, 1, 128];
      while (byte & 128) {
        byte = view[at++];
        value += (byte & 127) * factor;
        factor *= 128;
      }
      return value;
    };
    while (at < to) {
      const key = number();
      const [field, wire] = [key >>> 3, key & 7];
      if (wire === 0) yield [field, number(), 0, 0];
      else if (wire === 2) {
        const length = number();
        yield [field, null, at, at + length];
        at += length;
      } else at += wire === 5 ? 4 : 8;
    }
  }

  function numbers(view, from, to) {
    const found = [];
    for (let at = from; at < to; ) {
      let [value, shift, byte] = [0, 0, 128];
      while (byte & 128) {
        byte = view[at++];
        value |= (byte & 127) << shift;
        shift += 7;
      }
      found.push(value >>> 0);
    }
    return found;
  }

  const text = (view, from, to) => new TextDecoder().decode(view.subarray(from, to));

  // Commands become a path: 1 moves, 2 draws, 7 closes; numbers are zigzag steps.
  function trace(pen, commands, scale) {
    let [x, y, at] = [0, 0, 0];
    const step = (n) => ((n >>> 1) ^ -(n & 1)) * scale;
    while (at < commands.length) {
      const [kind, count] = [commands[at] & 7, commands[at++] >>> 3];
      for (let i = 0; i < count; i++) {
        if (kind === 7) {
          pen.closePath();
          continue;
        }
        x += step(commands[at++]);
        y += step(commands[at++]);
        if (kind === 1) pen.moveTo(x, y);
        else pen.lineTo(x, y);
      }
    }
  }

  function layerOf(view, from, to) {
    const layer = { name: "", extent: 4096, keys: [], values: [], features: [] };
    for (const [field, value, start, end] of fields(view, from, to)) {
      if (field === 1) layer.name = text(view, start, end);
      else if (field === 2) layer.features.push([start, end]);
      else if (field === 3) layer.keys.push(text(view, start, end));
      else if (field === 4) layer.values.push(wordOf(view, start, end));
      else if (field === 5) layer.extent = value;
    }
    return layer;
  }

  function wordOf(view, from, to) {
    for (const [field, , start, end] of fields(view, from, to)) if (field === 1) return text(view, start, end);
    return "";
  }

  function featureOf(view, layer, [from, to]) {
    const feature = { kind: 0, geometry: [], words: "" };
    for (const [field, value, start, end] of fields(view, from, to)) {
      if (field === 3) feature.kind = value;
      else if (field === 4) feature.geometry = numbers(view, start, end);
      else if (field === 2) feature.words = numbers(view, start, end).filter((n, i) => i % 2).map((n) => layer.values[n]).join(" ");
    }
    return feature;
  }

  function paint(pen, view) {
    const layers = new Map();
    for (const [field, , start, end] of fields(view, 0, view.length)) {
      if (field !== 3) continue;
      const layer = layerOf(view, start, end);
      layers.set(layer.name, layer);
    }
    for (const [names, colour, width, only] of STYLES) {
      for (const layer of names.map((name) => layers.get(name)).filter(Boolean)) {
        pen.beginPath();
        for (const place of layer.features) {
          const feature = featureOf(view, layer, place);
          if (feature.kind !== (width ? 2 : 3) || (only && !only.test(feature.words))) continue;
          trace(pen, feature.geometry, SIZE / layer.extent);
        }
        Object.assign(pen, { fillStyle: colour, strokeStyle: colour, lineWidth: width, lineJoin: "round" });
        if (width) pen.stroke();
        else pen.fill("evenodd");
      }
    }
  }

  const Ground = L.GridLayer.extend({
    createTile(at, done) {
      const ratio = window.devicePixelRatio || 1;
      const tile = geogrid.el("canvas", { width: SIZE * ratio, height: SIZE * ratio });
      fetch(`/basemap/${at.z}/${at.x}/${at.y}`, { credentials: "omit" })
        .then((answer) => (answer.ok ? answer.arrayBuffer() : Promise.reject(new Error("HTTP " + answer.status))))
        .then((content) => {
          const pen = tile.getContext("2d");
          pen.scale(ratio, ratio);
          paint(pen, new Uint8Array(content));
          done(null, tile);
        })
        .catch((error) => done(error, tile));
      return tile;
    },
  });

  geogrid.vectorGround = () => new Ground({ pane: "base", tileSize: SIZE, maxZoom: 20, maxNativeZoom: geogrid.setup.basemap.max });
})();
