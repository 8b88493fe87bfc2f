"""Accounts: default is deny, passwords and secrets are kept as hashes, guessing is slowed down."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import pytest

from geogrid.accounts import RIGHTS, Account, AccountRole, Right, hash_password, password_fits
from geogrid.archive import Actor, Archive
from geogrid.archive.accounts import LOCKED_FOR, SESSION_IDLE, SESSION_LASTS, TRIES
from geogrid.archive.schema import metadata
from geogrid.errors import NotFoundError, RefusedError, SignInError
from tests.governed import NOON
from tests.stores import execute, store_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("each_store")

OPERATOR = Actor("cli")
PASSWORD = "correct horse battery"


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def archive(tmp_path: Path, clock: Clock, each_store: str) -> Iterator[Archive]:
    with Archive.open(store_of(tmp_path), clock=clock) as store:
        store.accounts.add(
            "li.na", by=OPERATOR, roles=[AccountRole.PLANNER], password=PASSWORD, display="李娜"
        )
        yield store


def rules_of(attempt: Callable[[], object]) -> list[str]:
    with pytest.raises(RefusedError) as told:
        attempt()
    return [fault.rule for fault in told.value.faults]


EXPECTED = {
    AccountRole.VIEWER: {Right.VIEW},
    AccountRole.PLANNER: {Right.VIEW, Right.COMMENT, Right.EDIT},
    AccountRole.APPROVER: {Right.VIEW, Right.COMMENT, Right.APPROVE},
    AccountRole.PUBLISHER: {Right.VIEW, Right.COMMENT, Right.PUBLISH},
    AccountRole.OPERATOR: {Right.VIEW, Right.MANAGE},
}


@pytest.mark.parametrize(("role", "right"), list(product(AccountRole, Right)))
def test_a_role_gives_what_is_written_here_and_nothing_else(role: AccountRole, right: Right) -> None:
    assert Account("x", "x", frozenset({role})).may(right) == (right in EXPECTED[role])
    assert set(RIGHTS) == set(EXPECTED)


def test_nobody_without_a_role_or_shut_off_may_anything() -> None:
    for who in (Account("x", "x", frozenset()), Account("x", "x", frozenset(AccountRole), active=False)):
        assert not any(who.may(right) for right in Right)


def test_a_planner_edits_in_the_subdistricts_named() -> None:
    bound = Account("x", "x", frozenset({AccountRole.PLANNER}), frozenset({"t1"}))
    assert bound.may(Right.EDIT, subdistrict="t1")
    assert not bound.may(Right.EDIT, subdistrict="t2")
    assert not bound.may(Right.EDIT, subdistrict="")
    assert bound.may(Right.VIEW, subdistrict="t2")
    assert Account("x", "x", frozenset({AccountRole.PLANNER})).may(Right.EDIT, subdistrict="t2")


def test_a_password_is_kept_as_a_salted_argon2id_hash() -> None:
    one, other = hash_password(PASSWORD), hash_password(PASSWORD)
    assert one != other
    assert one.startswith("$argon2id$")
    assert password_fits(PASSWORD, one)
    assert not password_fits(PASSWORD + " ", one)
    assert not password_fits(PASSWORD, "")
    assert not password_fits("nobody has this password", "")
    assert not password_fits(PASSWORD, "no hash")


@pytest.mark.parametrize(
    ("name", "password", "rule"),
    [
        ("Li Na", PASSWORD, "bad-name"),
        ("x", PASSWORD, "bad-name"),
        ("../etc", PASSWORD, "bad-name"),
        ("wang", "short", "short-password"),
        ("wang", "x" * 129, "long-password"),
        ("wang", "aaaaaaaaaaaa", "weak-password"),
        ("wang", "my name is Wang!", "weak-password"),
        ("li.na", PASSWORD, "name-taken"),
    ],
)
def test_a_bad_account_is_refused(archive: Archive, name: str, password: str, rule: str) -> None:
    add = partial(archive.accounts.add, name, by=OPERATOR, roles=[AccountRole.VIEWER], password=password)
    assert rules_of(add) == [rule]
    assert [one.name for one in archive.accounts.all()] == ["li.na"]


def test_signing_in_opens_a_session_and_signing_out_ends_it(archive: Archive) -> None:
    secret = archive.accounts.sign_in("li.na", PASSWORD, origin="192.0.2.1")
    session = archive.accounts.session(secret)
    assert (session.account.display, session.account.roles) == ("李娜", frozenset({AccountRole.PLANNER}))
    assert len(session.csrf) >= 32
    assert archive.accounts.session(archive.accounts.sign_in("li.na", PASSWORD)).csrf != session.csrf
    archive.accounts.sign_out(secret)
    archive.accounts.sign_out(secret)
    with pytest.raises(SignInError):
        archive.accounts.session(secret)


def test_a_session_ends_when_it_is_idle_and_after_a_day_of_work(archive: Archive, clock: Clock) -> None:
    secret = archive.accounts.sign_in("li.na", PASSWORD)
    while clock.at + SESSION_IDLE / 2 < NOON + SESSION_LASTS:
        clock.at += SESSION_IDLE / 2
        archive.accounts.session(secret)
    clock.at = NOON + SESSION_LASTS
    with pytest.raises(SignInError):
        archive.accounts.session(secret)
    idle = archive.accounts.sign_in("li.na", PASSWORD)
    clock.at += SESSION_IDLE
    with pytest.raises(SignInError):
        archive.accounts.session(idle)


def test_five_wrong_passwords_lock_the_account_for_a_while(archive: Archive, clock: Clock) -> None:
    for _ in range(TRIES):
        with pytest.raises(SignInError) as wrong:
            archive.accounts.sign_in("li.na", "a wrong password")
    with pytest.raises(SignInError) as locked:
        archive.accounts.sign_in("li.na", PASSWORD)
    with pytest.raises(SignInError) as unknown:
        archive.accounts.sign_in("nobody", PASSWORD)
    assert str(wrong.value) == str(locked.value) == str(unknown.value)
    clock.at += LOCKED_FOR
    archive.accounts.session(archive.accounts.sign_in("li.na", PASSWORD))
    assert [line.what for line in archive.audit_trail("account li.na")] == [
        "add-account",
        *["sign-in-failed"] * (TRIES - 1),
        "lock-account",
        "sign-in",
    ]


def test_a_right_password_in_between_starts_the_count_anew(archive: Archive) -> None:
    for _ in range(2):
        for _ in range(TRIES - 1):
            with pytest.raises(SignInError):
                archive.accounts.sign_in("li.na", "a wrong password")
        archive.accounts.sign_in("li.na", PASSWORD)


def test_a_change_ends_the_sessions_of_an_account(archive: Archive) -> None:
    secret = archive.accounts.sign_in("li.na", PASSWORD)
    changed = archive.accounts.change("li.na", by=OPERATOR, roles=[AccountRole.APPROVER], subdistricts=["t1"])
    assert (changed.roles, changed.subdistricts) == (frozenset({AccountRole.APPROVER}), frozenset({"t1"}))
    with pytest.raises(SignInError):
        archive.accounts.session(secret)
    archive.accounts.change("li.na", by=OPERATOR, active=False)
    with pytest.raises(SignInError):
        archive.accounts.sign_in("li.na", PASSWORD)
    with pytest.raises(NotFoundError):
        archive.accounts.change("nobody", by=OPERATOR, active=False)


def test_an_identity_from_elsewhere_signs_in_to_its_account_only(archive: Archive) -> None:
    archive.accounts.add("zhao", by=OPERATOR, roles=[AccountRole.VIEWER], subject="idp|42")
    assert archive.accounts.session(archive.accounts.sign_in_subject("idp|42")).account.name == "zhao"
    for stranger in ("idp|43", ""):
        with pytest.raises(SignInError):
            archive.accounts.sign_in_subject(stranger)
    with pytest.raises(SignInError):
        archive.accounts.sign_in("zhao", "")


def test_a_token_gives_what_both_it_and_its_account_give(archive: Archive, clock: Clock) -> None:
    add = partial(archive.accounts.add_token, "li.na", by=OPERATOR, label="脚本")
    token, secret = add(scopes=[Right.EDIT, Right.PUBLISH], lasts=timedelta(days=1))
    who, rights = archive.accounts.token_account(secret)
    assert (who.name, rights, secret[:4]) == ("li.na", frozenset({Right.EDIT}), "ggt_")
    clock.at += timedelta(days=1)
    with pytest.raises(SignInError):
        archive.accounts.token_account(secret)
    token, secret = add(scopes=[Right.VIEW])
    with pytest.raises(NotFoundError):
        archive.accounts.revoke_token(token.id, by=OPERATOR, name="zhao")
    archive.accounts.revoke_token(token.id, by=OPERATOR, name="li.na")
    for wrong in (secret, "ggt_guess", ""):
        with pytest.raises(SignInError):
            archive.accounts.token_account(wrong)
    assert rules_of(partial(add, scopes=[])) == ["empty-token"]
    assert rules_of(partial(add, scopes=[Right.VIEW], lasts=timedelta(days=366))) == ["bad-expiry"]
    assert [one.revoked_at is not None for one in archive.accounts.tokens("li.na")] == [False, True]


def test_no_password_or_secret_is_kept_or_told(archive: Archive, tmp_path: Path) -> None:
    session = archive.accounts.sign_in("li.na", PASSWORD)
    _, token = archive.accounts.add_token("li.na", by=OPERATOR, label="x", scopes=[Right.VIEW])
    tables = [table.name for table in metadata.sorted_tables]
    stored = str([execute(tmp_path, f"SELECT * FROM {table}") for table in tables])
    assert "li.na" in stored
    for secret in (PASSWORD, session, token):
        assert secret not in stored
        assert secret not in str(archive.audit_trail())
