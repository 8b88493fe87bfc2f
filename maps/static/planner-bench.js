// The units of a draft and what follows from an assignment: sums, pieces, neighbours. No request is needed for it.
(function () {
  "use strict";
  const geogrid = window.geogrid;

  class Bench {
    constructor(told) {
      this.features = told.features;
      this.policy = told.policy;
      this.reference = told.reference;
      this.units = new Map(told.features.map((one) => [one.id, { id: one.id, ...one.properties }]));
      this.beside = new Map([...this.units.keys()].map((id) => [id, new Set()]));
      for (const edge of told.edges) {
        if (!edge.open) continue;
        this.beside.get(edge.a).add(edge.b);
        this.beside.get(edge.b).add(edge.a);
      }
      this.edges = told.edges;
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
  }

  geogrid.Bench = Bench;
})();
