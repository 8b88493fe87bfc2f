// The units of a draft and what follows from an assignment: sums, pieces, neighbours. No request is needed for it.
(function () {
  "use strict";
  const geogrid = window.geogrid;

  class Bench {
    constructor(told) {
      this.features = told.features;
      this.policy = told.policy;
      this.reference = told.reference;
      this.streets = new Map(Object.entries(told.streets || {}));
      this.buildings = new Map(Object.entries(told.buildings || {}));
      this.units = new Map(told.features.map((one) => [one.id, { id: one.id, ...one.properties }]));
      this.beside = new Map([...this.units.keys()].map((id) => [id, new Set()]));
      for (const edge of told.edges) {
        if (!edge.open) continue;
        this.beside.get(edge.a).add(edge.b);
        this.beside.get(edge.b).add(edge.a);
      }
      this.compounds = new Map();
      for (const unit of this.units.values()) {
        if (!unit.compound) continue;
        if (!this.compounds.has(unit.compound)) this.compounds.set(unit.compound, []);
        this.compounds.get(unit.compound).push(unit.id);
      }
    }

    // The units that move with one: its whole compound, or it alone.
    together(id, whole) {
      const compound = this.units.get(id).compound;
      return whole && compound ? this.compounds.get(compound) : [id];
    }

    // What a figure of a plan is called; compactness is what the policy scores it by.
    figure(key) {
      return geogrid.t("planner.objective." + (key === "compactness" ? key + "." + this.policy.compactness : key));
    }

    // What a unit is called: its compound and, where that has several units, which of them.
    label(id) {
      const unit = this.units.get(id);
      const own = unit.compound_name || unit.name || geogrid.t("planner.kind." + unit.kind);
      const single = unit.compound && this.compounds.get(unit.compound).length === 1;
      return single ? own : own + " " + id.split("/").pop();
    }

    // A text of the solver with the names of units in the place of their ids, the longest id first.
    named(text) {
      const ids = [...this.units.keys()].filter((id) => text.includes(id)).sort((a, b) => b.length - a.length);
      return ids.reduce((said, id) => said.split(id).join(this.label(id)), text);
    }

    // The building of a unit that lies nearest to a place.
    buildingAt(id, { lng, lat }) {
      const flat = Math.cos((lat * Math.PI) / 180);
      const far = ({ spot }) => Math.hypot((spot[0] - lng) * flat, spot[1] - lat);
      return (this.buildings.get(id) || []).reduce((best, one) => (best && far(best) <= far(one) ? best : one), null);
    }

    // Where a unit meets others, and where it meets nothing (null): the common lines, put together once.
    seams(id) {
      if (!this.known) this.known = this.sew();
      return this.known.get(id) || new Map();
    }

    sew() {
      const sides = new Map();
      for (const { id, geometry } of this.features) {
        const rings = geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat();
        for (const ring of rings) {
          for (let i = 1; i < ring.length; i++) {
            const [a, b] = [ring[i - 1].join(), ring[i].join()];
            const key = a < b ? a + ";" + b : b + ";" + a;
            if (!sides.has(key)) sides.set(key, { line: [ring[i - 1], ring[i]], units: [] });
            sides.get(key).units.push(id);
          }
        }
      }
      const found = new Map(this.features.map((one) => [one.id, new Map()]));
      for (const { line, units } of sides.values()) {
        const at = line.map(([x, y]) => L.latLng(y, x));
        const [a, b = null] = units;
        join(found.get(a), b, at);
        if (b !== null) join(found.get(b), a, at);
      }
      return found;
    }

    // The lines around some units: where they meet nothing, or one that is not `inside`.
    rim(ids, inside) {
      const found = [];
      for (const id of ids) for (const [other, lines] of this.seams(id)) if (other === null || !inside(other)) found.push(...lines);
      return found;
    }

    // Where the number of a grid stands: in its unit with most homes.
    heart(ids) {
      let best = this.units.get(ids[0]);
      for (const id of ids) {
        const unit = this.units.get(id);
        if (unit.households > best.households || (unit.households === best.households && unit.area_m2 > best.area_m2)) best = unit;
      }
      return best.spot;
    }

    homes(ids) {
      let sum = 0;
      for (const id of ids) sum += this.units.get(id).households;
      return sum;
    }

    members(assignment) {
      const found = new Map();
      for (const [id, grid] of Object.entries(assignment)) {
        if (!found.has(grid)) found.set(grid, []);
        found.get(grid).push(id);
      }
      return found;
    }

    pieces(ids) {
      const left = new Set(ids);
      let count = 0;
      while (left.size) {
        count++;
        const stack = [left.values().next().value];
        while (stack.length) {
          const id = stack.pop();
          if (!left.delete(id)) continue;
          for (const near of this.beside.get(id)) if (left.has(near)) stack.push(near);
        }
      }
      return count;
    }

    // The rows of the table, counted here while the server is still asked: sums are new, the rest as it was.
    rows(assignment, rows) {
      const members = this.members(assignment);
      const known = new Map(rows.map((row) => [row.grid, row]));
      for (const grid of members.keys()) if (!known.has(grid)) known.set(grid, this.empty(grid));
      return [...known.values()].sort((a, b) => a.grid - b.grid).map((row) => this.row(row, members.get(row.grid) || []));
    }

    row(row, ids) {
      const units = ids.map((id) => this.units.get(id));
      const sum = (key) => units.reduce((total, unit) => total + unit[key], 0);
      const households = sum("households");
      if (households === row.households && units.length === row.units) return row;
      return {
        ...row, households, units: units.length, buildings: sum("buildings"), area_m2: sum("area_m2"), pieces: this.pieces(ids),
        compounds: [...new Set(units.map((unit) => unit.compound).filter(Boolean))], kind: households || !units.length ? "residential" : "special",
      };
    }

    empty(grid) {
      return { grid, name: "", kind: "residential", households: 0, units: 0, buildings: 0, compounds: [], area_m2: 0, polsby_popper: 0, was: null, came: 0, went: 0, locked: false, service: null };
    }

    // What assigning `ids` to `grid` would do to every grid it touches: homes and pieces, before and after.
    outcome(assignment, ids, grid) {
      const after = { ...assignment };
      for (const id of ids) after[id] = grid;
      const touched = new Set([grid, ...ids.map((id) => assignment[id]).filter(Boolean)]);
      const [was, now] = [this.members(assignment), this.members(after)];
      return [...touched].sort((a, b) => a - b).map((number) => ({
        grid: number,
        before: this.homes(was.get(number) || []),
        after: this.homes(now.get(number) || []),
        pieces: this.pieces(now.get(number) || []),
      }));
    }

    // The compounds that are whole so far and would lie in several grids.
    newlySplit(assignment, ids, grid) {
      const moving = new Set(ids);
      const grids = (units, move) => new Set(units.map((id) => (move && moving.has(id) ? grid : assignment[id])));
      return [...this.compounds].filter(([, units]) => grids(units, false).size === 1 && grids(units, true).size > 1)
        .map(([, units]) => this.units.get(units[0]).compound_name || this.units.get(units[0]).compound);
    }

    // The compounds that are whole so far and would lie in several grids after another assignment.
    split(assignment, change) {
      const after = { ...assignment, ...change };
      const grids = (units, plan) => new Set(units.map((id) => plan[id]).filter(Boolean));
      return [...this.compounds].filter(([, units]) => grids(units, assignment).size <= 1 && grids(units, after).size > 1)
        .map(([, units]) => this.units.get(units[0]).compound_name || this.units.get(units[0]).compound);
    }

    // What a text may mean: compounds, streets, buildings and units, each with its units; the best first.
    find(text) {
      const wanted = text.trim().toLowerCase();
      if (!wanted) return [];
      const hits = (name) => name.toLowerCase().includes(wanted);
      const found = [];
      for (const [id, units] of this.compounds) {
        const title = this.units.get(units[0]).compound_name || id;
        if (hits(title) || id === text.trim()) found.push({ kind: "compound", title, units });
      }
      for (const [title, units] of this.streets) if (hits(title)) found.push({ kind: "street", title, units });
      for (const unit of this.units.values()) if (hits(unit.id) || (!unit.compound && hits(unit.name))) found.push({ kind: "unit", title: this.label(unit.id), units: [unit.id] });
      for (const [id, buildings] of this.buildings) {
        for (const { name } of buildings) if (name && hits(this.label(id) + " " + name)) found.push({ kind: "building", title: this.label(id) + " " + name, units: [id] });
      }
      return found;
    }
  }

  // Add a piece of line to those towards a neighbour, to the end of the last one where it goes on.
  function join(seams, other, [from, to]) {
    if (!seams.has(other)) seams.set(other, []);
    const lines = seams.get(other);
    const last = lines[lines.length - 1];
    if (last && last[last.length - 1].equals(from, 0)) last.push(to);
    else lines.push([from, to]);
  }

  geogrid.Bench = Bench;
})();
