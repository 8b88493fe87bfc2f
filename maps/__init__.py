"""Folium maps of the published grids."""

from maps.file import render_file

__all__ = ["render_file"]
