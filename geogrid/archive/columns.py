"""Column types that carry the model's own values, so that a row is a dataclass and back."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import shapely
from geoalchemy2 import Geometry
from sqlalchemy import JSON, DateTime, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from enum import StrEnum

    from shapely.geometry.base import BaseGeometry
    from sqlalchemy import Dialect


class Shape(TypeDecorator[Any]):
    """A geometry in the city's plane: WKB in SQLite, a PostGIS geometry in PostgreSQL.

    Every coordinate comes back bit for bit. It has no SRID of its own: the edition names the plane.
    """

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Return the type of the database."""
        return Geometry(None, spatial_index=False) if dialect.name == "postgresql" else LargeBinary()

    def process_bind_param(self, value: BaseGeometry | None, dialect: Dialect) -> Any:
        """Write a geometry."""
        if value is None:
            return None
        return shapely.to_wkb(value, hex=dialect.name == "postgresql")

    def process_result_value(self, value: Any, dialect: Dialect) -> BaseGeometry | None:
        """Read a geometry."""
        if value is None:
            return None
        return shapely.from_wkb(bytes(value.data if dialect.name == "postgresql" else value))


class Names(TypeDecorator[tuple[str, ...]]):
    """A tuple of strings (ids, aliases) as a JSON list."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> list[str] | None:  # noqa: ARG002
        """Write a tuple."""
        return None if value is None else list(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...] | None:  # noqa: ARG002
        """Read a tuple."""
        return None if value is None else tuple(value)


class Choice(TypeDecorator[Any]):
    """A member of a string enumeration as its value."""

    impl = Text
    cache_ok = True

    def __init__(self, choices: type[StrEnum]) -> None:
        super().__init__()
        self.choices = choices

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write a member, and nothing that is not one."""
        return None if value is None else str(self.choices(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002
        """Read a member."""
        return None if value is None else self.choices(value)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no time zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Write a moment, moved to UTC."""
        return None if value is None else value.astimezone(timezone.utc)  # noqa: UP017

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read a moment, in UTC whatever zone the database answers in."""
        if value is None:
            return None
        return value.astimezone(timezone.utc) if value.tzinfo else value.replace(tzinfo=timezone.utc)  # noqa: UP017
