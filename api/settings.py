"""What an operator may set; all of it, in one place. docs/settings.md is the same table in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


def shanghai_now() -> datetime:
    """Return the time in Asia/Shanghai."""
    return datetime.now(SHANGHAI)


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
    hot: bool = True  # answer /v1/lookup before the routes; the answers are the same
    body_s: float = 20.0  # how long a request body may take to arrive, between two parts of it
    max_batch: int = 1000  # rows of a batch
    max_batch_body: int = 1_048_576  # bytes of a batch
    rate: float = 50.0  # requests a second of one client, over time; 0: no limit
    burst: int = 500  # requests that a client may send at once
    batch_rows: int = 50  # rows of a batch that count as one request
    proxies: int = 0  # proxies in front that add to X-Forwarded-For; 0: the header is not believed
    tokens: Path | None = None  # a TOML file of hashed tokens with rates and quotas of their own
    metrics: bool = True  # serve /metrics
    jobs: Path | None = None  # the folder of files that are being assigned; None: none are taken
    job_bytes: int = 1 << 30  # bytes of an uploaded file
    job_rows: int = 20_000_000  # rows of an uploaded file
    job_s: float = 3600.0  # how long a file may be worked at
    job_memory: int = 4 << 30  # bytes of address space of the process that works at a file
    jobs_waiting: int = 20  # files that may wait at once
    job_kept_s: float = 86_400.0  # how long a result is kept
    clock: Callable[[], datetime] = shanghai_now  # tests move it
