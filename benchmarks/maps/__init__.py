"""Maps beside stock folium: size, time to render, first draw, frames a second."""
