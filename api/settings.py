"""What an operator may set; all of it, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """How the service runs.

    ``snapshot`` is the folder of the compiled plan, or a link to it that is swapped at publication.
    """

    snapshot: Path
    reload_s: float = 5.0  # how often a newly published snapshot is looked for; 0: never
    max_age_s: int = 300  # how long public answers may be cached, never past the next effective date
    max_body: int = 16_384  # bytes of a request body
    max_text: int = 200  # characters of an address
    origins: str = "*"  # who may read public answers from another site (CORS); "" for nobody
