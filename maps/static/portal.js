// geogrid: <div class="geogrid" data-show="c/210602001001"></div> becomes a map. Protocol 1.
(function () {
  "use strict";
  const script = document.currentScript;
  const home = new URL(script.src);
  const PARAMETERS = ["lang", "grid", "center", "zoom", "date", "beside", "layers", "ui", "basemap", "theme", "list"];
  const frames = new Map();

  function address(div) {
    const show = /^(city|[scg]\/[^/?#]{1,64})$/.test(div.dataset.show || "") ? div.dataset.show : "city";
    const [kind, id] = show.split("/");
    const url = new URL("embed/" + kind + (id ? "/" + encodeURIComponent(id) : ""), home);
    for (const name of PARAMETERS) if (div.dataset[name]) url.searchParams.set(name, div.dataset[name]);
    return url;
  }

  function upgrade(div) {
    if (div.geogrid) return;
    const frame = document.createElement("iframe");
    const say = (type, content) => frame.contentWindow.postMessage({ geogrid: 1, type, ...content }, home.origin);
    frame.src = address(div);
    frame.title = div.dataset.title || "geogrid";
    frame.allow = "geolocation";
    frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-popups");
    frame.referrerPolicy = "no-referrer";
    Object.assign(frame.style, { border: "0", width: "100%", height: (parseInt(div.dataset.height, 10) || 560) + "px", display: "block" });
    frame.addEventListener("load", () => say("hello"));
    frames.set(frame, div);
    div.geogrid = {
      choose: (grid) => say("choose", { grid: String(grid) }),
      locate: (lon, lat, crs) => say("locate", { lon: Number(lon), lat: Number(lat), crs }),
      view: (lon, lat, zoom) => say("view", { center: [Number(lon), Number(lat)], zoom: Number(zoom) }),
    };
    div.replaceChildren(frame);
  }

  window.addEventListener("message", (event) => {
    const said = event.data;
    if (event.origin !== home.origin || !said || said.geogrid !== 1) return;
    for (const [frame, div] of frames) {
      if (frame.contentWindow !== event.source) continue;
      const { geogrid, type, ...detail } = said;
      div.dispatchEvent(new CustomEvent("geogrid:" + type, { detail, bubbles: true }));
    }
  });

  const all = (root) => root.querySelectorAll("div.geogrid").forEach(upgrade);
  window.geogrid = Object.assign(window.geogrid || {}, { upgrade: all });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => all(document));
  else all(document);
})();
