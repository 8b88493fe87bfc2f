"""Column types that carry the model's own values, so that a row is a dataclass and back."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import shapely
from sqlalchemy import JSON, DateTime, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from enum import StrEnum

    from shapely.geometry.base import BaseGeometry
    from sqlalchemy import Dialect


class Wkb(TypeDecorator[Any]):
    """A geometry in the city's plane as WKB: every coordinate comes back bit for bit."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: BaseGeometry | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """Write a geometry."""
        return None if value is None else shapely.to_wkb(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> BaseGeometry | None:  # noqa: ARG002
        """Read a geometry."""
        return None if value is None else shapely.from_wkb(bytes(value))


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
        """Read a moment."""
        return None if value is None else value.replace(tzinfo=timezone.utc)  # noqa: UP017
