// Other grounds than the city's own layers: Tianditu by key, or the operator's own PMTiles file.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const FAILED = 4;

  // CGCS2000 and WGS-84 differ by less than a metre; these tiles have no offset.
  function tianditu(layer, { url, key, servers }) {
    const query = "?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=" + layer + "&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=";
    return L.tileLayer(url + "/" + layer + "_w/wmts" + query + encodeURIComponent(key), {
      pane: "base", maxNativeZoom: 18, maxZoom: 20, subdomains: [...Array(servers).keys()].map(String), referrerPolicy: "origin",
    });
  }

  // Where tiles do not come, the city's own layers come back without a word.
  function guard(view, layers, state) {
    let failed = 0;
    layers.forEach((layer) => layer.on("tileerror", () => {
      failed += 1;
      if (failed < FAILED || state.loaded) return;
      layers.forEach((one) => one.remove());
      document.body.classList.remove("other-ground");
    }).on("tileload", () => (state.loaded = true)));
  }

  geogrid.basemap = function (view, told) {
    const labels = geogrid.setup.language === "en" ? "eva" : "cva";
    const made = {
      tianditu: () => [tianditu("vec", told), tianditu(labels, told)],
      pmtiles: () => [told.content === "raster" ? raster() : geogrid.vectorGround()],
    }[told.kind]();
    guard(view, made, { loaded: false });
    made.forEach((layer) => layer.addTo(view.map));
  };

  const raster = () => L.tileLayer("/basemap/{z}/{x}/{y}", { pane: "base", maxZoom: 20, maxNativeZoom: geogrid.setup.basemap.max });
})();
