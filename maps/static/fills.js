// How a grid is filled: its own colour, grey where nobody lives, stripes where something is missing.
(function () {
  "use strict";
  const geogrid = window.geogrid;
  const SPECIAL = "#c4c8c9";
  const QUIET = "#e9eceb";
  geogrid.PALETTE = [
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
  ];
  geogrid.themes = {}; // what else grids can be coloured by, see themes.js

  geogrid.facts = (grid) => ({
    special: grid.kind === "special",
    households: grid.households,
    branch: Boolean(grid.branch),
    stars: grid.branch && typeof grid.branch === "object" ? grid.branch.stars : (grid.stars ?? null),
    vacant: grid.team ? geogrid.vacant(grid) : grid.vacant,
  });

  // Returns how to fill a grid: {fill, hatch}; hatch is null, "special", "missing" or the number of a colour.
  geogrid.theme = function (name, properties) {
    const made = geogrid.themes[name] && geogrid.themes[name](properties.map(geogrid.facts));
    return {
      name: made ? name : "",
      legend: made ? made.legend : null,
      fill(properties, roster) {
        const grid = geogrid.facts(properties);
        if (grid.special) return { fill: SPECIAL, hatch: "special" };
        if (made) {
          const fill = made.colour(grid);
          return { fill: fill || QUIET, hatch: fill ? null : "missing" };
        }
        const colour = geogrid.PALETTE[properties.colour] || SPECIAL;
        return { fill: colour, hatch: roster && grid.vacant ? properties.colour : null };
      },
    };
  };
})();
