"""The lookup service.

The application is imported when it is asked for: who only starts workers needs nothing of it.
"""

from typing import TYPE_CHECKING, Any

from api.settings import Settings

if TYPE_CHECKING:
    from api.app import create_app

__all__ = ["Settings", "create_app"]


def __getattr__(name: str) -> Any:
    """Import the application when it is asked for."""
    if name == "create_app":
        from api.app import create_app

        return create_app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
