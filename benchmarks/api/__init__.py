"""Requests a second, beside a FastAPI hello route of the same build."""
