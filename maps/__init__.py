"""Folium maps of the published grids."""
