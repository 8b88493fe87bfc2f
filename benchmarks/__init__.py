"""Benchmarks: each is `python -m benchmarks.<name>`."""
