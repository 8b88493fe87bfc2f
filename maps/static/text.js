// Words, numbers, dates, and elements whose text is always text.
(function () {
  "use strict";
  const geogrid = (window.geogrid = window.geogrid || {});

  geogrid.block = function (id) {
    const node = document.getElementById(id);
    return node ? JSON.parse(node.textContent) : null;
  };

  const setup = geogrid.block("geogrid-setup") || { words: {}, language: "en" };
  const language = setup.language;
  const numbers = new Intl.NumberFormat(language);
  const dates = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { dateStyle: "long", timeZone: "UTC" });
  geogrid.setup = setup;

  geogrid.has = (key) => Object.prototype.hasOwnProperty.call(setup.words, key);

  // Fill {name} marks in one pass: a value that looks like a mark itself stays as it is.
  geogrid.t = function (key, values) {
    const single = values && values.n === 1 && geogrid.has(key + ".1") ? key + ".1" : key;
    const text = geogrid.has(single) ? setup.words[single] : key;
    return text.replace(/\{(\w+)\}/g, (mark, name) => {
      const value = values ? values[name] : undefined;
      if (value === undefined) return mark;
      return typeof value === "number" ? numbers.format(value) : value;
    });
  };

  geogrid.number = (value) => numbers.format(value);
  geogrid.date = (iso) => (iso ? dates.format(new Date(iso.slice(0, 10) + "T00:00:00Z")) : "");

  // Names in Latin letters, for readers of English; the names themselves stay as they are.
  geogrid.latin = new Map();
  geogrid.shown = (value) => (geogrid.latin.has(value) ? value + " " + geogrid.latin.get(value) : value);

  // Text from the data: isolated, so that a right-to-left override in it ends where it ends.
  geogrid.name = function (value, tag) {
    const node = document.createElement(tag || "bdi");
    node.textContent = value;
    node.dir = "auto";
    if (setup.data_language && setup.data_language !== language) node.lang = setup.data_language;
    if (!geogrid.latin.has(value)) return node;
    const latin = document.createElement("span");
    latin.className = "latin";
    latin.lang = "zh-Latn-pinyin";
    latin.textContent = geogrid.latin.get(value);
    const both = document.createElement("span");
    both.append(node, " ", latin);
    return both;
  };

  geogrid.el = function (tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key === "on") for (const [type, act] of Object.entries(value)) node.addEventListener(type, act);
      else if (value === true) node.setAttribute(key, "");
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value);
    }
    node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
    return node;
  };

  geogrid.size = function (grid) {
    const key = "counts." + (grid.counts || "households");
    const text = geogrid.t(geogrid.has(key) ? key : "counts.households", { n: grid.households });
    return grid.estimated ? text + " · " + geogrid.t("counts.estimated") : text;
  };

  geogrid.title = (grid) =>
    geogrid.t(grid.kind === "special" ? "kind.special" : "grid.number", { n: grid.number }) +
    (grid.kind === "special" ? " " + grid.number : "");
})();
