// Files of a draft: its assignment out, and another one in, flagged row by row before it is taken over.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name, planning, button } = geogrid;
  const MEDIA = { csv: "text/csv", geojson: "application/geo+json", json: "application/geo+json", gpkg: "application/geopackage+sqlite3" };
  const MOST = 200; // flags that are listed at once

  geogrid.filesPanel = function (desk) {
    const { draft } = desk.here;
    const node = el("section", { "aria-label": t("planner.files") });
    const link = (format) => el("a", { class: "button", href: "/v1/planning/drafts/" + draft.id + "/assignment?format=" + format, download: "" }, t("planner.format." + format));
    node.append(el("h3", {}, t("planner.export")), el("p", { class: "acts" }, ["csv", "geojson", "gpkg"].map(link)));
    if (!desk.editable) return node;
    const result = el("div", { "aria-live": "polite" });
    const file = el("input", { type: "file", accept: ".csv,.geojson,.json,.gpkg", id: "assignment-file", on: { change: () => file.files[0] && read(desk, file.files[0], result) } });
    node.append(el("h3", {}, t("planner.import")), el("p", { class: "quiet" }, t("planner.import.about")), el("label", { for: "assignment-file" }, t("planner.import.file")), file, result);
    return node;
  };

  async function read(desk, file, result) {
    const media = MEDIA[file.name.split(".").pop().toLowerCase()];
    if (!media) return result.replaceChildren(el("p", { class: "vacant" }, t("planner.import.format")));
    try {
      const found = await planning.send("/drafts/" + desk.here.draft.id + "/assignment?name=" + encodeURIComponent(file.name.slice(0, 80)), file, media);
      result.replaceChildren(...told(desk, found));
    } catch (error) {
      const faults = error.faults && error.faults.length ? error.faults : [{ rule: "", message: geogrid.faultText(error) }];
      result.replaceChildren(el("ul", {}, faults.map((one) => el("li", { class: "vacant" }, geogrid.has("planner.flag." + one.rule) ? t("planner.flag." + one.rule) : one.message))));
    }
  }

  function told(desk, found) {
    const reason = el("input", { type: "text", maxlength: "400", "aria-label": t("planner.reason"), placeholder: t("planner.reason") });
    const split = found.faults.some((one) => one.rule === "compound-split");
    const take = () => {
      if (split && !reason.value.trim()) return reason.focus();
      desk.apply({ ...found.operation, reason: reason.value });
    };
    const summary = t("planner.import.rows", { n: found.rows, m: found.moved }) + " " + (found.left_out ? t("planner.import.left", { n: found.left_out }) : found.faults.length ? "" : t("planner.import.clean"));
    return [el("p", {}, el("b", {}, summary)), flags(desk, found.faults), split ? el("p", {}, reason) : null,
      el("p", { class: "acts" }, button(t("planner.show"), () => geogrid.peek(desk, found.operation.assignment)), button(t("planner.import.take", { n: found.moved }), take, { class: "main", disabled: !found.moved }))].filter(Boolean);
  }

  function flags(desk, faults) {
    if (!faults.length) return el("div", {});
    const say = (one) => (geogrid.has("planner.flag." + one.rule) ? t("planner.flag." + one.rule) : one.message);
    const row = (one) => el("tr", { class: one.severity === "error" ? "off" : null }, el("td", { class: "num" }, one.row ? String(one.row) : "–"), el("td", {}, name(one.id || "–")),
      el("td", { class: one.severity === "error" ? "vacant" : null }, t("planner.severity." + one.severity) + ": " + say(one)));
    return el("div", { class: "scrolling", tabindex: "0", role: "region", "aria-label": t("planner.flags") }, el("table", { class: "plan-table" }, el("caption", { class: "hidden" }, t("planner.flags")),
      el("thead", {}, el("tr", {}, ["row", "unit", "flag"].map((key) => el("th", { scope: "col" }, t("planner.col." + key))))), el("tbody", {}, faults.slice(0, MOST).map(row))),
      faults.length > MOST ? el("p", { class: "quiet" }, t("planner.more", { n: faults.length - MOST })) : null);
  }
})();
