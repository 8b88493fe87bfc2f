"""Divide a city into service grids, and tell every resident which grid is theirs."""
