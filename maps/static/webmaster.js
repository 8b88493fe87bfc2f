// The page for webmasters: what is wished for becomes an address, a preview and lines to copy.
(function () {
  "use strict";
  const { t, el, setup } = window.geogrid;
  const at = (id) => document.getElementById(id);
  const form = at("wishes");
  const DEFAULTS = { lang: "zh-Hans", basemap: "city", theme: "light" };
  const WAIT_MS = 250;
  let timer = 0;

  function wishes() {
    const data = new FormData(form);
    const found = {};
    for (const name of ["lang", "basemap", "theme"]) if (data.get(name) !== DEFAULTS[name]) found[name] = data.get(name);
    const layers = data.getAll("layers");
    if (layers.length) found.layers = layers.join(",");
    const boxes = form.querySelectorAll("[name=ui]");
    const ui = data.getAll("ui");
    if (ui.length < boxes.length) found.ui = ui.join(",") || "none";
    if (data.get("list")) found.list = "1";
    return found;
  }

  const quoted = (text) => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");

  function show() {
    const height = Math.min(1200, Math.max(240, Number(form.elements.height.value) || 560));
    const area = form.elements.area.value;
    const found = wishes();
    const [kind, id] = area.split("/");
    const path = "embed/" + kind + (id ? "/" + encodeURIComponent(id) : "") + (Object.keys(found).length ? "?" + new URLSearchParams(found) : "");
    const frame = el("iframe", { src: "/" + path, title: t("embed.preview"), width: "100%", height, allow: "geolocation" });
    frame.style.border = "0";
    frame.style.display = "block";
    frame.addEventListener("load", () => frame.contentWindow.postMessage({ geogrid: 1, type: "hello" }, window.location.origin));
    at("preview").replaceChildren(frame);
    const data = Object.entries(found).map(([key, value]) => " data-" + key + '="' + quoted(value) + '"').join("");
    at("snippet").firstChild.textContent =
      '<div class="geogrid" data-show="' + quoted(area) + '"' + data + ' data-height="' + height + '"></div>\n<script async src="' + setup.base + 'embed.js"></' + "script>";
    at("plain").firstChild.textContent =
      '<iframe src="' + quoted(setup.base + path) + '" width="100%" height="' + height + '" style="border:0" loading="lazy"\n  sandbox="allow-scripts allow-same-origin allow-popups" allow="geolocation" title="' + quoted(document.title) + '"></iframe>';
  }

  form.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(show, WAIT_MS);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  at("copy").addEventListener("click", async () => {
    await navigator.clipboard.writeText(at("snippet").textContent);
    at("told").textContent = t("embed.copied");
  });
  window.addEventListener("message", (event) => {
    const frame = at("preview").firstChild;
    if (!frame || event.source !== frame.contentWindow || event.origin !== window.location.origin || !event.data || event.data.geogrid !== 1) return;
    const { geogrid, ...said } = event.data;
    at("told").textContent = t("embed.told", { text: JSON.stringify(said, (key, value) => (value === null ? undefined : value)) });
  });
  show();
  document.documentElement.dataset.ready = "true";
})();
