// Moving the map: by buttons, by two fingers in a page that scrolls, by the wheel once the map is meant.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el } = geogrid;
  const STEP = 120;
  const HINT_MS = 1400;
  const ARROWS = [["up", 0, -1, "M6 14l6-6 6 6"], ["left", -1, 0, "M14 6l-6 6 6 6"], ["right", 1, 0, "M10 6l6 6-6 6"], ["down", 0, 1, "M6 10l6 6 6-6"]];
  const SVG = "http://www.w3.org/2000/svg";

  geogrid.icon = function (path) {
    const svg = document.createElementNS(SVG, "svg");
    for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", width: 20, height: 20, "aria-hidden": "true", class: "icon" })) svg.setAttribute(key, value);
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("d", path);
    svg.appendChild(line);
    return svg;
  };

  // Four buttons that move the map: dragging is never the only way (WCAG 2.2, 2.5.7).
  geogrid.panPad = function (map) {
    const pad = el("div", { class: "pan", role: "group", "aria-label": t("map.move") }, ARROWS.map(([name, x, y, path]) => {
      const button = el("button", { type: "button", class: "pan-" + name, "aria-label": t("map." + name), title: t("map." + name) }, geogrid.icon(path));
      button.addEventListener("click", () => map.panBy([x * STEP, y * STEP], { animate: false }));
      return button;
    }));
    const control = L.control({ position: "bottomright" });
    control.onAdd = () => {
      L.DomEvent.disableClickPropagation(pad);
      return pad;
    };
    return control.addTo(map);
  };

  // In a frame the page around must go on scrolling: one finger and the bare wheel are left to it.
  geogrid.gentle = function (map, node) {
    const hint = el("p", { class: "gesture", hidden: true });
    node.appendChild(hint);
    let timer = 0;
    function say(key) {
      hint.textContent = t(key);
      hint.hidden = false;
      window.clearTimeout(timer);
      timer = window.setTimeout(() => (hint.hidden = true), HINT_MS);
    }
    map.scrollWheelZoom.disable();
    if (window.matchMedia("(pointer: coarse)").matches) map.dragging.disable();
    let held = false;
    const wheel = (event) => {
      const meant = held || event.ctrlKey || event.metaKey;
      map.scrollWheelZoom[meant ? "enable" : "disable"]();
      if (event.ctrlKey || event.metaKey) event.preventDefault();
      if (!meant) say("map.wheel");
    };
    node.addEventListener("wheel", wheel, { capture: true, passive: false });
    node.addEventListener("pointerdown", (event) => (held = held || event.pointerType === "mouse"));
    node.addEventListener("focusin", () => (held = true));
    for (const type of ["mouseleave", "focusout"]) node.addEventListener(type, () => (held = false));
    node.addEventListener("touchmove", (event) => {
      if (event.touches.length === 1 && !map.dragging.enabled()) say("map.fingers");
      else hint.hidden = true;
    }, { passive: true });
  };
})();
