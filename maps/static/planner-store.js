// The planner's side of the service: who is signed in, and every question it asks. Refusals come back as errors.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const BASE = "/v1/planning";
  let csrf = "";
  let pending = 0;

  class Refused extends Error {
    constructor(status, problem) {
      super(problem.detail || problem.title || "HTTP " + status);
      this.status = status;
      this.told = Boolean(problem.detail);
      this.faults = problem.errors || [];
      this.current = problem.current || null;
    }
  }

  // Nothing came back: the line is down, or the service is.
  class Unreachable extends Error {}

  const reached = (answer) => answer.catch((error) => {
    throw error.name === "AbortError" ? error : new Unreachable(error.message);
  });

  function asked(method, body) {
    const headers = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (method !== "GET") headers["X-CSRF-Token"] = csrf;
    return { method, headers, credentials: "same-origin", body: body === undefined ? undefined : JSON.stringify(body) };
  }

  async function ask(method, path, body) {
    return understood(fetch(BASE + path, asked(method, body)));
  }

  // A file goes as it is, with its own media type.
  async function send(path, file, media) {
    const headers = { Accept: "application/json", "Content-Type": media, "X-CSRF-Token": csrf };
    return understood(fetch(BASE + path, { method: "POST", headers, credentials: "same-origin", body: file }));
  }

  // How many requests are under way, for whoever waits until the page is at rest.
  function count(more) {
    pending += more;
    document.documentElement.dataset.pending = pending;
  }

  async function understood(request) {
    count(1);
    try {
      return await read(await reached(request));
    } finally {
      count(-1);
    }
  }

  async function read(response) {
    if (response.status === 204) return null;
    if (!response.ok) throw new Refused(response.status, await response.json().catch(() => ({})));
    return reached(response.json());
  }

  async function signedIn(answer) {
    const who = await answer;
    csrf = who.csrf;
    return who;
  }

  // Read server-sent events from a POST, which EventSource cannot send; `stop` ends the run on the server too.
  async function stream(path, body, on, stop) {
    const response = await reached(fetch(BASE + path, { ...asked("POST", body), signal: stop }));
    if (!response.ok) throw new Refused(response.status, await response.json().catch(() => ({})));
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let left = "";
    for (;;) {
      const { done, value } = await reached(reader.read());
      if (done) return;
      left += value;
      const blocks = left.split("\n\n");
      left = blocks.pop();
      for (const block of blocks) {
        const kind = /^event: (.*)$/m.exec(block);
        const data = /^data: (.*)$/m.exec(block);
        if (kind && data) on(kind[1], JSON.parse(data[1]));
      }
    }
  }

  // What a refusal says, in the reader's words where there are any; a line that is down says nothing, a fault of this page what it is.
  geogrid.faultText = function (error) {
    const { t, has } = geogrid;
    if (error instanceof Unreachable) return t("planner.unreachable");
    if (!(error instanceof Refused)) return error.message;
    const faults = error.faults.map(({ rule, id, message }) => (has("planner.fault." + rule) ? t("planner.fault." + rule, { id }) : message));
    return faults.join(" · ") || (error.status === 403 && !error.told ? t("planner.forbidden") : error.message);
  };

  geogrid.planning = {
    Unreachable,
    signIn: (name, password) => signedIn(ask("POST", "/session", { name, password })),
    session: () => signedIn(ask("GET", "/session")),
    signOut: () => ask("DELETE", "/session"),
    get: (path) => ask("GET", path),
    post: (path, body) => ask("POST", path, body || {}),
    remove: (path) => ask("DELETE", path),
    send,
    patch: (path, body) => ask("PATCH", path, body),
    stream,
    watch: (id) => new EventSource(BASE + "/drafts/" + id + "/events"),
  };
})();
