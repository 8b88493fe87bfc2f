"""Who may do what in the workbench: accounts with roles, and the rights that these give.

Default is deny: a right that no role of an account gives is refused. A planner plans in the subdistricts
that are named with the account, in all of them where none is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    """Somebody who works with drafts. ``subdistricts`` bound where a planner edits; empty: everywhere.

    ``provisional``: somebody else set the password, and until it is changed the account has no rights.
    """

    name: str
    display: str
    roles: frozenset[AccountRole]
    subdistricts: frozenset[str] = frozenset()
    active: bool = True
    provisional: bool = False

    @property
    def rights(self) -> frozenset[Right]:
        """Return what the account may do somewhere, by a session or a token."""
        if not self.active or self.provisional:
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
