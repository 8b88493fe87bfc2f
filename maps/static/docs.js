// Try an operation on this very server.
(function () {
  "use strict";
  for (const form of document.querySelectorAll(".trial")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const query = new URLSearchParams();
      let path = form.dataset.path;
      for (const field of form.querySelectorAll("input")) {
        if (field.dataset.in === "path") path = path.replace("{" + field.name + "}", () => encodeURIComponent(field.value));
        else if (field.value) query.set(field.name, field.value);
      }
      const output = form.querySelector("pre");
      const response = await fetch(path + (query.size ? "?" + query : ""), { credentials: "omit" });
      const text = await response.text();
      output.hidden = false;
      let shown = text;
      try {
        shown = JSON.stringify(JSON.parse(text), null, 1);
      } catch (error) {
        shown = text;
      }
      output.firstChild.textContent = response.status + " " + response.headers.get("content-type") + "\n" + shown.slice(0, 20000);
    });
  }
})();
