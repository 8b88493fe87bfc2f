// Where the drawn data come from: fetched once each, or standing in the document.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const fetched = new Map();

  async function get(url) {
    const response = await fetch(url, { credentials: "same-origin" }); // as the page's own hint to begin early asks for it
    if (!response.ok) throw Object.assign(new Error("HTTP " + response.status), { status: response.status });
    return response.json();
  }

  geogrid.load = function (url) {
    const data = geogrid.data || {};
    if (Object.prototype.hasOwnProperty.call(data, url)) return Promise.resolve(data[url]);
    if (!fetched.has(url)) {
      const answer = get(url);
      answer.catch(() => fetched.delete(url));
      fetched.set(url, answer);
    }
    return fetched.get(url);
  };
})();
