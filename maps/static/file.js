// A map that stands alone as a file: the same map, list and card, from data in the file.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { setup } = geogrid;
  geogrid.data = geogrid.block("geogrid-data");
  const at = (id) => document.getElementById(id);
  const { kind, id } = setup.view;

  const nodes = { map: at("map"), answer: at("answer"), listing: at("listing"), status: at("status"), trail: kind === "city" ? at("trail") : null };
  const held = (level, each) => (level === "community" ? "c/" + encodeURIComponent(each) + ".json" : "mosaic.json") in geogrid.data;
  const explorer = new geogrid.Explorer(nodes, {
    start: setup.view, on: { reachable: held, focused: () => at("answer").scrollIntoView({ block: "nearest" }) },
  });
  const bar = new geogrid.Toolbar(at("tools"), explorer);
  bar.addLayers();
  bar.addLarge();
  explorer.go(kind, id).then(() => (document.documentElement.dataset.ready = "true"));
})();
