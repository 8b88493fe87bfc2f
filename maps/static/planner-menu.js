// The menu of a unit, by the right mouse button, a long press, or Shift F10: what can be done with it and its grid.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el } = geogrid;

  geogrid.unitMenu = function (desk, id, event) {
    if (event) L.DomEvent.preventDefault(event.originalEvent);
    close();
    for (const layer of desk.map.sheet.layers.values()) layer.closeTooltip();
    const acts = entries(desk, id);
    const items = acts.map(([label, act]) => el("button", { type: "button", role: "menuitem", tabindex: "-1", on: { click: () => (close(), act()) } }, label));
    const menu = el("div", { role: "menu", class: "unit-menu", "aria-label": desk.bench.label(id), on: { keydown: (pressed) => walk(pressed, items) } }, items);
    const [x, y] = event ? [event.containerPoint.x, event.containerPoint.y] : middle(desk, id);
    const frame = desk.node.frame;
    frame.append(menu);
    menu.style.left = Math.max(0, Math.min(x, frame.clientWidth - menu.offsetWidth)) + "px";
    menu.style.top = Math.max(0, Math.min(y, frame.clientHeight - menu.offsetHeight)) + "px";
    items[0].focus();
    setTimeout(() => document.addEventListener("pointerdown", away), 0);
  };

  const away = (event) => event.target.closest(".unit-menu") || close();

  function close() {
    document.removeEventListener("pointerdown", away);
    document.querySelectorAll(".unit-menu").forEach((node) => node.remove());
  }

  function middle(desk, id) {
    const [lng, lat] = desk.bench.units.get(id).spot;
    const { x, y } = desk.map.map.latLngToContainerPoint([lat, lng]);
    return [x, y];
  }

  function walk(event, items) {
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    event.stopPropagation();
    if (event.key === "Escape" || event.key === "Tab") {
      close();
      document.querySelector(".map").focus();
    } else if (to !== undefined) {
      event.preventDefault();
      items[(to + items.length) % items.length].focus();
    }
  }

  function entries(desk, id) {
    const { state } = desk.here;
    const grid = state.assignment[id];
    const own = desk.bench.together(id, desk.whole);
    const going = [...desk.selected].filter((one) => state.assignment[one] !== grid);
    const shut = grid && state.locked_grids.includes(grid);
    const held = state.locked_units.includes(id);
    const found = [];
    if (desk.editable && grid && going.length) found.push([t("planner.menu.here", { n: going.length, grid }), () => desk.assign(going, grid)]);
    found.push([t(desk.selected.has(id) ? "planner.menu.less" : "planner.menu.more", { name: desk.bench.label(id) }), () => desk.choose(own, !desk.selected.has(id))]);
    if (grid) found.push([t("planner.menu.grid", { grid }), () => desk.select(desk.bench.members(state.assignment).get(grid))]);
    if (!desk.editable) return found;
    const chosen = desk.selected.size ? [...desk.selected] : own;
    found.push([t("planner.opengrid"), () => desk.openGrid(chosen)]);
    found.push([t(held ? "planner.unlockunits" : "planner.lockunits"), () => desk.apply({ kind: held ? "unlock" : "lock", units: own })]);
    if (grid) found.push([t(shut ? "planner.unlock" : "planner.lock", { n: grid }), () => desk.apply({ kind: shut ? "unlock" : "lock", grids: [grid] })]);
    found.push([t("planner.comment.here"), () => desk.comment({ subject: "unit", subject_id: id })]);
    return found;
  }
})();
