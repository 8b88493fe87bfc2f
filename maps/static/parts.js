// Parts of the scripts that come when they are needed; what the page began with is here already.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { el, setup } = geogrid;
  const fetched = new Map();

  function fetchPart({ url, integrity }) {
    return new Promise((resolve, reject) => {
      const script = el("script", { src: url, integrity, crossorigin: "anonymous" });
      script.addEventListener("load", resolve);
      script.addEventListener("error", reject);
      document.head.append(script);
    });
  }

  geogrid.need = function (name) {
    const part = (setup.parts || {})[name];
    if (part && !fetched.has(name)) {
      const coming = fetchPart(part);
      coming.catch(() => fetched.delete(name)); // so that a broken line can be tried again
      fetched.set(name, coming);
    }
    return fetched.get(name) || Promise.resolve();
  };
})();
