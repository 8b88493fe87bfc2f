"""Divide a community into grids, and prove how good the division is."""
