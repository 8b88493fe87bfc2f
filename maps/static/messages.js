// Talking to the page around: only with origins that the operator named, never about addresses.
//
// Protocol 1. Every message is {geogrid: 1, type, ...}. The page begins with "hello"; its origin is the only one
// that is answered from then on. In: hello, choose {grid}, view {center, zoom}, locate {lon, lat, crs}. Out: ready, chosen, moved, failed.
(function () {
  "use strict";
  const geogrid = window.geogrid;

  geogrid.messages = function ({ sites, protocol, accept }) {
    let partner = null;
    const allowed = (origin) => sites.includes("*") || sites.includes(origin) || origin === window.location.origin;

    function send(type, content) {
      if (partner) window.parent.postMessage({ geogrid: protocol, type, ...content }, partner);
    }

    window.addEventListener("message", (event) => {
      const said = event.data;
      if (event.source !== window.parent || window.parent === window) return;
      if (!allowed(event.origin) || typeof said !== "object" || said === null || said.geogrid !== protocol) return;
      if (partner && partner !== event.origin) return;
      if (said.type === "hello") partner = event.origin;
      if (partner) accept(said);
    });
    return send;
  };
})();
