// The quiet background: water, parks, land and compounds under the colours; streets and buildings shine through.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const GROUND = {
    water: { fillColor: "#c3dcec", fillOpacity: 1, stroke: false },
    park: { fillColor: "#d3e5c5", fillOpacity: 1, stroke: false },
    land: { fillColor: "#e6e2d8", fillOpacity: 1, stroke: false },
    compound: { fillColor: "#f7f3ea", fillOpacity: 1, color: "#cfc7b6", weight: 1 },
  };
  const BUILDING = { fillColor: "#1f1a14", fillOpacity: 0.2, color: "#1f1a14", opacity: 0.18, weight: 0.5 };
  const COMPOUND = { fill: false, color: "#ffffff", opacity: 0.5, weight: 1.2, dashArray: "4 3" };
  const DOOR = { fillColor: "#1f1a14", fillOpacity: 0.34, stroke: false, radius: 1.6 };
  const STREET = { fill: false, color: "#ffffff", opacity: 0.62, lineCap: "round" };
  const LINES = {
    river: { fill: false, color: "#6fa8cc", opacity: 0.9, weight: 3 },
    railway: { fill: false, color: "#43494e", opacity: 0.6, weight: 1.6, dashArray: "7 4" },
  };
  const WIDTHS = { expressway: 5, arterial: 4, collector: 3 };

  function pick(data, names) {
    return { ...data, features: data.features.filter((feature) => names.includes(feature.properties.layer)) };
  }

  function line(feature, factor) {
    const kind = feature.properties.kind;
    return LINES[kind] || { ...STREET, weight: (WIDTHS[kind] || 2) * factor };
  }

  function draw(data, names, renderer, style, more) {
    const pane = renderer.options.pane;
    return L.geoJSON(pick(data, names), { pane, renderer, interactive: false, style, ...more });
  }

  const UNDER = ["land", "park", "water", "barrier"];

  // Under the whole city, in one painting.
  geogrid.cityGround = (data) => {
    const order = ({ properties: { layer } }) => UNDER.indexOf(layer);
    const features = pick(data, UNDER).features.sort((a, b) => order(a) - order(b));
    const style = (properties) => (properties.layer === "barrier" ? { ...line({ properties }, 0.7), opacity: 0.95 } : GROUND[properties.layer]);
    return geogrid.shapes(features, { pane: "land", style });
  };

  // Under and over the colours of one community's grids.
  geogrid.communityGround = (data, under, over) => [
    draw(data, ["land", "park", "compound", "water"], under, (feature) => GROUND[feature.properties.layer]),
    draw(data, ["compound"], over, () => COMPOUND),
    draw(data, ["street", "barrier"], over, (feature) => line(feature, 1)),
    draw(data, ["building"], over, () => BUILDING, {
      pointToLayer: (feature, at) => L.circleMarker(at, { ...DOOR, pane: over.options.pane, renderer: over }),
    }),
  ];
})();
