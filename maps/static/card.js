// The answer card: everything from the data is set as text.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const { t, el, name } = geogrid;
  const ROLES = ["chief_leader", "leader", "worker", "volunteer"];
  const SHOWN = 6;
  const NUMBERS = 24;

    function row(label, ...content) {
    return el("div", { class: "fact" }, el("dt", {}, label), el("dd", {}, ...content));
  }

  // A long list shows its beginning; the rest is one press away.
  function folded(list, rest, count) {
    if (!count) return list;
    rest.hidden = true;
    const button = el("button", { type: "button", class: "link", "aria-expanded": "false" }, t("grid.more", { n: count }));
    button.addEventListener("click", () => {
      rest.hidden = !rest.hidden;
      button.setAttribute("aria-expanded", String(!rest.hidden));
      button.textContent = rest.hidden ? t("grid.more", { n: count }) : t("grid.fewer");
    });
    return el("div", {}, list, rest, button);
  }

  function names(values) {
    const list = (part) => el("ul", { class: "names" }, part.map((value) => el("li", {}, name(value))));
    return folded(list(values.slice(0, SHOWN)), list(values.slice(SHOWN)), Math.max(0, values.length - SHOWN));
  }

  // Building or house numbers, place by place; a street may have hundreds.
  function numbers(places) {
    const total = places.reduce((sum, covered) => sum + covered.numbers.length, 0);
    let room = NUMBERS;
    const [first, rest] = [[], []];
    for (const { place, numbers: all } of places) {
      const [now, later] = [all.slice(0, room), all.slice(room)];
      room -= now.length;
      const line = (part) => (place ? place + " " : "") + part.join(", ");
      if (now.length) first.push(line(now));
      if (later.length) rest.push(line(later));
    }
    const list = (part) => el("ul", { class: "names" }, part.map((value) => el("li", {}, name(value))));
    return folded(list(first), list(rest), Math.max(0, total - NUMBERS));
  }

  function phone(number) {
    const digits = number.replace(/[^\d+]/g, "");
    return el("a", { href: "tel:" + digits, class: "phone", "aria-label": t("phone.call", { n: number }) }, name(number));
  }

  function member(post) {
    if (post.vacant) return el("span", { class: "vacant" }, t("vacant"));
    if (!post.name) return el("span", { class: "withheld" }, t("withheld"));
    return el("span", {}, name(post.name), post.post ? [" · ", name(post.post)] : null, post.phone ? [" ", phone(post.phone)] : null);
  }

  function team(grid) {
    const rows = ROLES.map((role) => {
      const posts = grid.team.filter((post) => post.role === role);
      if (!posts.length) return null;
      return row(t("role." + role), el("ul", { class: "people" }, posts.map((post) => el("li", {}, member(post)))));
    });
    return el("dl", { class: "facts team" }, rows);
  }

  function branch(grid) {
    if (!grid.branch) {
      const special = grid.kind === "special";
      if (special) return el("span", { class: "withheld" }, t("grid.branch.special"));
      const proposed = grid.proposed_branch ? el("span", { class: "detail" }, t("grid.branch.proposed"), name(grid.proposed_branch)) : null;
      return el("span", {}, el("span", { class: "vacant" }, t("grid.branch.none")), proposed,
        grid.served_by ? el("span", { class: "detail" }, t("grid.branch.served"), name(grid.served_by)) : null);
    }
    const found = grid.branch;
    return el(
      "span", {}, name(found.name),
      found.stars ? el("span", { class: "stars" }, t("grid.stars", { n: found.stars })) : null,
      found.joint ? el("span", { class: "tag" }, t("grid.branch.joint")) : null,
    );
  }

  function compounds(grid) {
    const times = new Map();
    for (const compound of grid.compounds) {
      const value = compound.name + (compound.whole ? "" : t("grid.part"));
      times.set(value, (times.get(value) || 0) + 1);
    }
    // Neighbouring blocks may share a name; it is told once.
    const values = [...times].map(([value, count]) => (count > 1 ? value + " ×" + count : value));
    return values.length ? names(values) : t("grid.compounds.none");
  }

  geogrid.card = function (grid, { lead, plan, more } = {}) {
    const sub = [name(grid.community.name), t("alignment." + grid.alignment)];
    return el(
      "article", { class: "card", "aria-labelledby": "card-title" },
      lead ? el("p", { class: "lead" }, lead) : null,
      el(
        "header", {},
        el("span", { class: "badge" + (grid.colour === undefined ? "" : " " + geogrid.colourClass(grid.colour)), "aria-hidden": "true" }, String(grid.number)),
        el(
          "div", {},
          el("h2", { id: "card-title", tabindex: "-1" }, el("span", { class: "over" }, geogrid.title(grid)), " ", name(grid.name)),
          el("p", { class: "sub" }, sub[0], " · ", sub[1]),
        ),
      ),
      more || null,
      el("p", { class: "size" }, geogrid.size(grid)),
      el("h3", {}, t("grid.team")),
      team(grid),
      el(
        "dl", { class: "facts" },
        row(t("grid.branch"), branch(grid)),
        grid.other_branches && grid.other_branches.length ? row(t("grid.branches.other"), names(grid.other_branches)) : null,
        grid.paired && grid.paired.length ? row(t("grid.paired"), names(grid.paired)) : null,
        row(t("grid.compounds"), compounds(grid)),
        grid.buildings.length ? row(t("grid.doors"), numbers(grid.buildings)) : null,
        (grid.venues || []).map((venue) =>
          row(t(venue.kind === "service_centre" ? "grid.centre" : "grid.station"), name(venue.name), venue.metres ? ` · ${venue.metres} m` : null, venue.phone ? [" ", phone(venue.phone)] : null, venue.hours ? [" · ", name(venue.hours)] : null)),
        row(t("grid.code"), el("code", {}, grid.code)),
        grid.valid_from ? row(t("grid.valid"), el("time", { datetime: grid.valid_from }, geogrid.date(grid.valid_from))) : null,
        plan && plan.version ? row(t("grid.version"), name(String(plan.version))) : null,
      ),
    );
  };
})();
