"""Who may do what in the workbench: accounts with roles, the rights that these give, and passwords.

Default is deny: a right that no role of an account gives is refused. A planner plans in the subdistricts
that are named with the account, in all of them where none is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from geogrid.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

SHORTEST_PASSWORD = 12  # OWASP ASVS 4.0, 2.1.1
LONGEST_PASSWORD = 128  # 2.1.2
_HASHER = PasswordHasher()  # argon2id with the parameters of RFC 9106 that argon2-cffi keeps up to date


class Right(StrEnum):
    """What a request may need."""

    VIEW = "view"  # read drafts, versions, comments
    COMMENT = "comment"
    EDIT = "edit"  # begin, edit, submit and abandon drafts, propose, share
    APPROVE = "approve"  # approve drafts or give them back
    PUBLISH = "publish"  # assemble, publish, withdraw and roll back versions
    MANAGE = "manage"  # accounts and tokens of others, the audit trail


class AccountRole(StrEnum):
    """What an account is there for."""

    VIEWER = "viewer"
    PLANNER = "planner"
    APPROVER = "approver"
    PUBLISHER = "publisher"
    OPERATOR = "operator"


RIGHTS: Mapping[AccountRole, frozenset[Right]] = MappingProxyType(
    {
        AccountRole.VIEWER: frozenset({Right.VIEW}),
        AccountRole.PLANNER: frozenset({Right.VIEW, Right.COMMENT, Right.EDIT}),
        AccountRole.APPROVER: frozenset({Right.VIEW, Right.COMMENT, Right.APPROVE}),
        AccountRole.PUBLISHER: frozenset({Right.VIEW, Right.COMMENT, Right.PUBLISH}),
        AccountRole.OPERATOR: frozenset({Right.VIEW, Right.MANAGE}),
    }
)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who works with drafts. ``subdistricts`` bound where a planner edits; empty: everywhere."""

    name: str
    display: str
    roles: frozenset[AccountRole]
    subdistricts: frozenset[str] = frozenset()
    active: bool = True

    @property
    def rights(self) -> frozenset[Right]:
        """Return what the account may do somewhere."""
        if not self.active:
            return frozenset()
        return frozenset(right for role in self.roles for right in RIGHTS[role])

    def may(self, right: Right, *, subdistrict: str | None = None) -> bool:
        """Tell whether the account has a right, for editing also in this subdistrict."""
        bound = right is Right.EDIT and subdistrict is not None and bool(self.subdistricts)
        return right in self.rights and (not bound or subdistrict in self.subdistricts)


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody whom an identity provider knows as ``subject``.

    ``roles`` and ``subdistricts`` are those that the provider tells, None where it tells none.
    """

    subject: str
    name: str
    display: str
    roles: frozenset[AccountRole] | None = None
    subdistricts: frozenset[str] | None = None


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, salted."""
    return _HASHER.hash(password)


def password_fits(password: str, hashed: str) -> bool:
    """Tell whether a password has this hash; an empty hash fits none and takes as long."""
    try:
        return _HASHER.verify(hashed or _NOBODYS, password) and bool(hashed)
    except (VerificationError, InvalidHashError):
        return False


# Checked where there is no such account, so that the time taken does not tell which accounts there are.
_NOBODYS = _HASHER.hash("nobody has this password")


def weak_password(name: str, password: str) -> tuple[Fault, ...]:
    """Return why a password is refused: too short, too long, or easy to guess."""
    if len(password) < SHORTEST_PASSWORD:
        words = f"a password has at least {SHORTEST_PASSWORD} characters"
        return (Fault("short-password", words, "Use a sentence.", field="password"),)
    if len(password) > LONGEST_PASSWORD:
        words = f"a password has at most {LONGEST_PASSWORD} characters"
        return (Fault("long-password", words, field="password"),)
    if len(set(password)) < 5 or name.lower() in password.lower():
        words = "the password is easy to guess: it repeats few characters, or holds the account's name"
        return (Fault("weak-password", words, "Use a sentence.", field="password"),)
    return ()
