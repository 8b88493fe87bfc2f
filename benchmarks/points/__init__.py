"""Measure point -> grid beside its peers: ``python -m benchmarks.points [--quick]``."""
