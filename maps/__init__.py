"""Folium maps of the published grids.

Folium is imported when a map is first drawn: the service draws none to start.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maps.file import render_file

__all__ = ["render_file"]


def __getattr__(name: str) -> Any:
    """Import what draws when it is asked for."""
    if name != "render_file":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from maps.file import render_file

    return render_file
