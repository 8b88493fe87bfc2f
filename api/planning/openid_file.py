"""What the operator says of an identity provider: a TOML file that the setting ``openid`` names."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from geogrid.accounts import AccountRole
from geogrid.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class OpenID:
    """What the operator says of the provider.

    ``roles`` maps values of the claim ``roles_claim`` to roles here; while it is empty, roles are given by
    the operator and only accounts with the provider's subject may come in. ``subdistricts_claim`` names the
    claim of the subdistricts that a planner is bound to, empty: the operator gives them. ``acr`` are the
    strengths of authentication that are enough (OpenID Core, 2), with spaces between; empty: any.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    label: str = "OpenID Connect"
    scope: str = "openid profile email"
    roles_claim: str = "groups"
    subdistricts_claim: str = ""
    acr: str = ""
    roles: Mapping[str, AccountRole] = field(default_factory=dict)


def read_openid(path: Path) -> OpenID:
    """Return the settings of a TOML file.

    :raises InputError: it cannot be read, or has a name or value that is none; all are told.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        words = "the settings of the identity provider cannot be read"
        raise InputError((Fault("broken-settings", words, "Check the file.", str(path)),)) from error
    known = {one.name for one in fields(OpenID)}
    faults = [_wrong(path, name, "there is no such setting") for name in told.keys() - known]
    texts = [name for name in known - {"roles"} if name in told and not isinstance(told[name], str)]
    faults += [_wrong(path, name, "the value must be a text") for name in texts]
    missing = [name for name in ("issuer", "client_id", "client_secret") if not told.get(name)]
    faults += [_wrong(path, name, "the setting is missing") for name in missing]
    roles = told.get("roles", {})
    if not isinstance(roles, dict) or any(value not in set(AccountRole) for value in roles.values()):
        faults.append(_wrong(path, "roles", f"roles are {', '.join(AccountRole)}"))
    issuer = urlsplit(str(told.get("issuer", "")))
    if issuer.scheme != "https" and issuer.hostname not in LOCAL:
        faults.append(_wrong(path, "issuer", "the issuer must be asked over https"))
    if faults:
        raise InputError(tuple(sorted(faults, key=lambda fault: fault.field)))
    return OpenID(**{**told, "roles": {value: AccountRole(role) for value, role in roles.items()}})


def _wrong(path: Path, name: str, words: str) -> Fault:
    return Fault("bad-setting", words, "See docs/settings.md.", str(path), field=name)
