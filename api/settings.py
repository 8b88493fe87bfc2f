"""What an operator may set; all of it, in one place. docs/settings.md is the same table in words."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from geogrid.clock import now
from geogrid.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """How the service runs.

    ``snapshot`` is the folder of the compiled plan, or a link to it that is swapped at publication.
    """

    snapshot: Path
    reload_s: float = 0.5  # how often a newly published snapshot is looked for; 0: never
    max_age_s: int = 300  # how long public answers may be cached, never past the next effective date
    max_body: int = 16_384  # bytes of a request body
    max_text: int = 200  # characters of an address
    origins: str = "*"  # who may read public answers from another site (CORS); "" for nobody
    hot: bool = True  # answer /v1/lookup before the routes; the answers are the same
    body_s: float = 20.0  # how long a request body may take to arrive, between two parts of it
    answer_s: float = 60.0  # how long an answer may take to begin; planners' are not limited
    max_batch: int = 1000  # rows of a batch
    max_batch_body: int = 1_048_576  # bytes of a batch
    rate: float = 50.0  # requests a second of one client, over time; 0: no limit
    burst: int = 500  # requests that a client may send at once
    batch_rows: int = 50  # rows of a batch that count as one request
    proxies: int = 0  # proxies in front that add to X-Forwarded-For; 0: the header is not believed
    tls_certificate: Path | None = None  # with tls_key: what is served is encrypted by the workers themselves
    tls_key: Path | None = None  # the key of that certificate
    security_contact: str = (
        ""  # where faults are reported, mailto: or https:, told by /.well-known/security.txt
    )
    tokens: Path | None = None  # a TOML file of hashed tokens with rates and quotas of their own
    metrics: bool = True  # serve /metrics
    log: str = "errors"  # what is logged: "errors" (and refusals of rights), or all "requests"
    jobs: Path | None = None  # the folder of files that are being assigned; None: none are taken
    job_bytes: int = 1 << 30  # bytes of an uploaded file
    job_rows: int = 20_000_000  # rows of an uploaded file
    job_s: float = 3600.0  # how long a file may be worked at
    job_memory: int = 4 << 30  # bytes of address space of the process that works at a file
    jobs_waiting: int = 20  # files that may wait at once
    job_kept_s: float = 86_400.0  # how long a result is kept
    site: str = ""  # where the service answers the public, for links in print; "": where it was asked
    issuer: str = ""  # the body that issues the plan, named on every sheet
    review_number: str = ""  # the map review number (审图号), named on every sheet and map
    store: str = ""  # the store that planners work on, like sqlite:///FILE; "": no planner's service
    city: str = ""  # the city in it that is planned
    publish_idle_s: float = 60.0  # how long publishing waits for idle processors, before it does not
    openid: Path | None = None  # a TOML file of the identity provider that planners may sign in with
    passwords: bool = True  # planners may sign in with a password; false: with the provider only
    embed_sites: str = ""  # origins whose pages may frame the maps, spaces between; "*" for all
    tianditu_key: str = ""  # a key of Tianditu; its tiles are asked for by basemap=tianditu only
    basemap: Path | None = None  # a PMTiles file that is drawn under the grids by basemap=pmtiles
    basemap_credit: str = ""  # what is to be said of the source of that file
    verification: Path | None = None  # a folder of verification files for hosts of mini-programs
    clock: Callable[[], datetime] = now  # tests move it


KINDS = {"float": (int, float), "int": (int,), "str": (str,), "bool": (bool,), "Path | None": (str,)}
NOT_IN_FILE = ("snapshot", "clock")


def read_settings(path: Path, snapshot: Path) -> Settings:
    """Return the settings of a TOML file; folders in it are relative to it.

    :raises InputError: it cannot be read, or has a name or a value that is none; all are told.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fault = Fault("broken-settings", "the settings cannot be read", "check the file", str(path))
        raise InputError((fault,)) from error
    kinds = {one.name: str(one.type) for one in fields(Settings) if one.name not in NOT_IN_FILE}
    given: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, value in told.items():
        if name not in kinds:
            words = "there is no such setting", f"known are {', '.join(kinds)}"
        elif not isinstance(value, KINDS[kinds[name]]) or (
            isinstance(value, bool) != (kinds[name] == "bool")
        ):
            words = "the value is of another kind", f"give {kinds[name].partition(' ')[0]}"
        elif not isinstance(value, (bool, str)) and value < 0:
            words = "the value is below zero", "give zero or more"
        else:
            given[name] = path.parent / str(value) if kinds[name].startswith("Path") else value
            continue
        faults.append(Fault("bad-setting", *words, str(path), field=name))
    if faults:
        raise InputError(tuple(faults))
    if given.get("openid"):
        from api.planning.openid_file import read_openid  # who has none need not know of accounts

        read_openid(given["openid"])  # its faults are told at the start, not to the first planner
    return Settings(snapshot, **given)
