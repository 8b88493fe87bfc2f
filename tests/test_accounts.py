"""Accounts: default is deny, passwords and secrets are kept as hashes, guessing is slowed down."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher

from geogrid.accounts import RIGHTS, Account, AccountRole, Right
from geogrid.archive import Actor, Archive
from geogrid.archive.accounts import PROVISIONAL
from geogrid.archive.schema import metadata
from geogrid.archive.sessions import LOCKED_FOR, MOST_SESSIONS, SESSION_IDLE, SESSION_LASTS, TRIES
from geogrid.errors import NotFoundError, RefusedError, SignInError
from geogrid.passwords import is_outdated
from tests.governed import NOON
from tests.stores import execute, store_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("each_store")

OPERATOR = Actor("cli")
PASSWORD = "correct horse battery"
OTHER = "a staple for the battery"


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


@pytest.mark.parametrize(
    ("name", "password", "rule"),
    [
        ("Li Na", PASSWORD, "bad-name"),
        ("x", PASSWORD, "bad-name"),
        ("../etc", PASSWORD, "bad-name"),
        ("wang", "short", "short-password"),
        ("wang", "x" * 129, "long-password"),
        ("wang", "aaaaaaaaaaaa", "weak-password"),
        ("wang", "Wang-wang-wang", "weak-password"),
        ("li.na", PASSWORD, "name-taken"),
    ],
)
def test_a_bad_account_is_refused(archive: Archive, name: str, password: str, rule: str) -> None:
    add = partial(archive.accounts.add, name, by=OPERATOR, roles=[AccountRole.VIEWER], password=password)
    assert rules_of(add) == [rule]
    assert [one.name for one in archive.accounts.all()] == ["li.na"]


def test_signing_in_opens_a_session_and_signing_out_ends_it(archive: Archive) -> None:
    secret = archive.sessions.sign_in("li.na", PASSWORD, origin="192.0.2.1")
    session = archive.sessions.session(secret)
    assert (session.account.display, session.account.roles) == ("李娜", frozenset({AccountRole.PLANNER}))
    assert len(session.csrf) >= 32
    assert archive.sessions.session(archive.sessions.sign_in("li.na", PASSWORD)).csrf != session.csrf
    archive.sessions.sign_out(secret)
    archive.sessions.sign_out(secret)
    with pytest.raises(SignInError):
        archive.sessions.session(secret)


def test_a_session_ends_when_it_is_idle_and_after_a_day_of_work(archive: Archive, clock: Clock) -> None:
    secret = archive.sessions.sign_in("li.na", PASSWORD)
    while clock.at + SESSION_IDLE / 2 < NOON + SESSION_LASTS:
        clock.at += SESSION_IDLE / 2
        archive.sessions.session(secret)
    clock.at = NOON + SESSION_LASTS
    with pytest.raises(SignInError):
        archive.sessions.session(secret)
    idle = archive.sessions.sign_in("li.na", PASSWORD)
    clock.at += SESSION_IDLE
    with pytest.raises(SignInError):
        archive.sessions.session(idle)


def test_five_wrong_passwords_lock_the_account_for_a_while(archive: Archive, clock: Clock) -> None:
    for _ in range(TRIES):
        with pytest.raises(SignInError) as wrong:
            archive.sessions.sign_in("li.na", "a wrong password")
    with pytest.raises(SignInError) as locked:
        archive.sessions.sign_in("li.na", PASSWORD)
    with pytest.raises(SignInError) as unknown:
        archive.sessions.sign_in("nobody", PASSWORD)
    assert str(wrong.value) == str(locked.value) == str(unknown.value)
    clock.at += LOCKED_FOR
    archive.sessions.session(archive.sessions.sign_in("li.na", PASSWORD))
    assert [line.what for line in archive.audit_trail("account li.na")] == [
        "add-account",
        *["sign-in-failed"] * (TRIES - 1),
        "lock-account",
        "sign-in",
    ]


def test_whoever_has_a_session_cannot_guess_its_password(archive: Archive, clock: Clock) -> None:
    """A session left open: five guesses, then not even the right password is listened to for a while."""
    session = archive.sessions.session(archive.sessions.sign_in("li.na", PASSWORD))
    change = partial(archive.accounts.change_password, "li.na", by=Actor("li.na"), session=session.id)
    for guess in range(TRIES):
        assert rules_of(partial(change, f"a wrong password {guess}", OTHER)) == ["wrong-password"]
    assert rules_of(partial(change, PASSWORD, OTHER)) == ["wrong-password"]
    assert not archive.accounts.knows("li.na", PASSWORD)
    clock.at += LOCKED_FOR
    change(PASSWORD, OTHER)
    assert archive.accounts.knows("li.na", OTHER)


def test_a_right_password_in_between_starts_the_count_anew(archive: Archive) -> None:
    for _ in range(2):
        for _ in range(TRIES - 1):
            with pytest.raises(SignInError):
                archive.sessions.sign_in("li.na", "a wrong password")
        archive.sessions.sign_in("li.na", PASSWORD)


def test_a_change_ends_the_sessions_of_an_account(archive: Archive) -> None:
    secret = archive.sessions.sign_in("li.na", PASSWORD)
    changed = archive.accounts.change("li.na", by=OPERATOR, roles=[AccountRole.APPROVER], subdistricts=["t1"])
    assert (changed.roles, changed.subdistricts) == (frozenset({AccountRole.APPROVER}), frozenset({"t1"}))
    with pytest.raises(SignInError):
        archive.sessions.session(secret)
    archive.accounts.change("li.na", by=OPERATOR, active=False)
    with pytest.raises(SignInError):
        archive.sessions.sign_in("li.na", PASSWORD)
    with pytest.raises(NotFoundError):
        archive.accounts.change("nobody", by=OPERATOR, active=False)


def test_one_changes_the_own_password_and_other_sessions_end(archive: Archive) -> None:
    by = Actor("li.na")
    here, elsewhere = (archive.sessions.sign_in("li.na", PASSWORD) for _ in range(2))
    change = partial(archive.accounts.change_password, "li.na", by=by)
    assert rules_of(partial(change, "a wrong password", OTHER)) == ["wrong-password"]
    assert rules_of(partial(change, PASSWORD, PASSWORD)) == ["same-password"]
    assert rules_of(partial(change, PASSWORD, "password1234")) == ["weak-password"]
    archive.sessions.session(elsewhere)
    change(PASSWORD, OTHER, session=archive.sessions.session(here).id)
    archive.sessions.session(here)
    for gone in (
        partial(archive.sessions.session, elsewhere),
        partial(archive.sessions.sign_in, "li.na", PASSWORD),
    ):
        with pytest.raises(SignInError):
            gone()
    archive.sessions.sign_in("li.na", OTHER)
    assert "change-password" in [line.what for line in archive.audit_trail("account li.na")]


def test_a_password_that_somebody_else_set_is_for_a_week_and_to_be_changed(
    archive: Archive, clock: Clock
) -> None:
    archive.accounts.change("li.na", by=OPERATOR, password=OTHER, provisional=True)
    session = archive.sessions.session(archive.sessions.sign_in("li.na", OTHER))
    assert session.account.provisional
    archive.accounts.change_password("li.na", OTHER, PASSWORD, by=Actor("li.na"), session=session.id)
    assert not archive.accounts.account("li.na").provisional
    archive.accounts.change("li.na", by=OPERATOR, password=OTHER, provisional=True)
    clock.at += PROVISIONAL
    with pytest.raises(SignInError):
        archive.sessions.sign_in("li.na", OTHER)


def test_sessions_are_listed_and_ended_one_by_one_or_all(archive: Archive, clock: Clock) -> None:
    first = archive.sessions.sign_in("li.na", PASSWORD, origin="192.0.2.1")
    clock.at += timedelta(minutes=1)
    second = archive.sessions.sign_in("li.na", PASSWORD, origin="192.0.2.2")
    listed = archive.sessions.open_of("li.na")
    assert [one.origin for one in listed] == ["192.0.2.2", "192.0.2.1"]
    assert listed[0].id == archive.sessions.session(second).id
    archive.accounts.add("zhao", by=OPERATOR, roles=[AccountRole.VIEWER])
    for name, session in (
        ("zhao", listed[1].id),
        ("li.na", ""),
        ("li.na", listed[1].id[:5]),
        ("li.na", "%" * 16),
    ):
        with pytest.raises(NotFoundError):
            archive.sessions.end(name, session, by=OPERATOR)
    archive.sessions.end("li.na", listed[1].id, by=OPERATOR)
    with pytest.raises(SignInError):
        archive.sessions.session(first)
    archive.sessions.session(second)
    assert archive.sessions.end_all("li.na", by=OPERATOR) == 1
    assert archive.sessions.open_of("li.na") == ()
    with pytest.raises(NotFoundError):
        archive.sessions.end_all("nobody", by=OPERATOR)


def test_a_hash_of_older_parameters_is_made_anew_at_the_next_sign_in(
    archive: Archive, tmp_path: Path
) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    execute(tmp_path, f"UPDATE account SET password_hash = '{old}'")
    for _ in range(2):
        archive.sessions.sign_in("li.na", PASSWORD)
        ((kept,),) = execute(tmp_path, "SELECT password_hash FROM account")
        assert kept != old
        assert not is_outdated(kept)


def test_one_session_too_many_ends_the_one_that_was_idle_longest(archive: Archive, clock: Clock) -> None:
    secrets = []
    for _ in range(MOST_SESSIONS + 1):
        secrets.append(archive.sessions.sign_in("li.na", PASSWORD))
        clock.at += timedelta(seconds=1)
    assert len(archive.sessions.open_of("li.na")) == MOST_SESSIONS
    with pytest.raises(SignInError):
        archive.sessions.session(secrets[0])
    archive.sessions.session(secrets[1])


def test_an_identity_from_elsewhere_signs_in_to_its_account_only(archive: Archive) -> None:
    archive.accounts.add("zhao", by=OPERATOR, roles=[AccountRole.VIEWER], subject="idp|42")
    assert archive.sessions.session(archive.sessions.sign_in_subject("idp|42")).account.name == "zhao"
    for stranger in ("idp|43", ""):
        with pytest.raises(SignInError):
            archive.sessions.sign_in_subject(stranger)
    with pytest.raises(SignInError):
        archive.sessions.sign_in("zhao", "")


def test_a_token_gives_what_both_it_and_its_account_give(archive: Archive, clock: Clock) -> None:
    add = partial(archive.tokens.add, "li.na", by=OPERATOR, label="脚本")
    token, secret = add(scopes=[Right.EDIT, Right.PUBLISH], lasts=timedelta(days=1))
    who, rights = archive.tokens.account(secret)
    assert (who.name, rights, secret[:4]) == ("li.na", frozenset({Right.EDIT}), "ggt_")
    clock.at += timedelta(days=1)
    with pytest.raises(SignInError):
        archive.tokens.account(secret)
    token, secret = add(scopes=[Right.VIEW])
    with pytest.raises(NotFoundError):
        archive.tokens.revoke(token.id, by=OPERATOR, name="zhao")
    archive.tokens.revoke(token.id, by=OPERATOR, name="li.na")
    for wrong in (secret, "ggt_guess", ""):
        with pytest.raises(SignInError):
            archive.tokens.account(wrong)
    assert rules_of(partial(add, scopes=[])) == ["empty-token"]
    assert rules_of(partial(add, scopes=[Right.VIEW], lasts=timedelta(days=366))) == ["bad-expiry"]
    assert [one.revoked_at is not None for one in archive.tokens.of("li.na")] == [False, True]


def test_no_password_or_secret_is_kept_or_told(archive: Archive, tmp_path: Path) -> None:
    session = archive.sessions.sign_in("li.na", PASSWORD)
    _, token = archive.tokens.add("li.na", by=OPERATOR, label="x", scopes=[Right.VIEW])
    tables = [table.name for table in metadata.sorted_tables]
    stored = str([execute(tmp_path, f"SELECT * FROM {table}") for table in tables])
    assert "li.na" in stored
    for secret in (PASSWORD, session, token):
        assert secret not in stored
        assert secret not in str(archive.audit_trail())
