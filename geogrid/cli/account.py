"""``geogrid account``: who works with drafts; the first account is made here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from geogrid.cli.app import DEFAULT_STORE, JsonOption, StoreOption, app
from geogrid.cli.console import print_json, print_table, say
from geogrid.cli.store import opened

if TYPE_CHECKING:
    from geogrid.accounts import AccountRole

accounts = typer.Typer(
    help="Accounts of planners, approvers, publishers and operators.", no_args_is_help=True
)
app.add_typer(accounts, name="account")
RolesOption = Annotated[
    list[str],
    typer.Option("--role", help="viewer, planner, approver, publisher or operator; may be given again."),
]
InputOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input, for scripts.")
]

OwnOption = Annotated[
    bool, typer.Option("--own", help="The account is one's own: the password need not be changed.")
]


@accounts.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The account's name.")],
    role: RolesOption,
    display: Annotated[str, typer.Option(help="The name that others see.")] = "",
    subdistrict: Annotated[
        list[str] | None, typer.Option(help="Where a planner may edit; may be given again.")
    ] = None,
    password_stdin: InputOption = False,
    own: OwnOption = False,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Add an account. The password is asked for, never taken from the command line.

    Whoever gets it must change it at the first sign-in, within a week.

    Example: geogrid account add li.na --role planner --store sqlite:///var/dandong.db
    """
    from geogrid.archive import Actor

    password = asked_password(password_stdin)
    with opened(store) as archive:
        added = archive.accounts.add(
            name,
            by=Actor("command line"),
            roles=_roles(role),
            password=password,
            display=display,
            subdistricts=subdistrict or (),
            provisional=not own,
        )
    say(f"Account {added.name} was added: {', '.join(sorted(added.roles))}.")


@accounts.command("list")
def list_(store: StoreOption = DEFAULT_STORE, json: JsonOption = False) -> None:
    """List the accounts.

    Example: geogrid account list --store sqlite:///var/dandong.db
    """
    with opened(store) as archive:
        rows = [
            {
                "name": one.name,
                "display": one.display,
                "roles": sorted(one.roles),
                "subdistricts": sorted(one.subdistricts),
                "active": one.active,
            }
            for one in archive.accounts.all()
        ]
    if json:
        print_json({"accounts": rows})
        return
    print_table(["name", "display", "roles", "subdistricts", "active"], [_flat(row) for row in rows])


@accounts.command("password")
def password(
    name: Annotated[str, typer.Argument(help="The account's name.")],
    password_stdin: InputOption = False,
    own: OwnOption = False,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Set another password; the account's sessions end, and it is no longer locked.

    Whoever gets it must change it at the next sign-in, within a week.

    Example: geogrid account password li.na --store sqlite:///var/dandong.db
    """
    from geogrid.archive import Actor

    given = asked_password(password_stdin)
    with opened(store) as archive:
        archive.accounts.change(name, by=Actor("command line"), password=given, provisional=not own)
    say(f"Account {name} has a new password.")


@accounts.command("shut")
def shut(
    name: Annotated[str, typer.Argument(help="The account's name.")], store: StoreOption = DEFAULT_STORE
) -> None:
    """Shut an account off; what it did stays in the trail.

    Example: geogrid account shut li.na --store sqlite:///var/dandong.db
    """
    from geogrid.archive import Actor

    with opened(store) as archive:
        archive.accounts.change(name, by=Actor("command line"), active=False)
    say(f"Account {name} is shut off.")


@accounts.command("sign-out")
def sign_out(
    name: Annotated[str, typer.Argument(help="The account's name.")], store: StoreOption = DEFAULT_STORE
) -> None:
    """End all sessions of an account.

    Example: geogrid account sign-out li.na --store sqlite:///var/dandong.db
    """
    from geogrid.archive import Actor

    with opened(store) as archive:
        ended = archive.sessions.end_all(name, by=Actor("command line"))
    say(f"{ended} sessions of {name} were ended.")


def asked_password(from_stdin: bool) -> str:
    """Return the password that is typed twice, or the first line of standard input."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _roles(given: list[str]) -> list[AccountRole]:
    from geogrid.accounts import AccountRole

    known = [role.value for role in AccountRole]
    strangers = sorted(set(given) - set(known))
    if strangers:
        raise typer.BadParameter(f"known are {', '.join(known)}", param_hint="--role")
    return [AccountRole(one) for one in given]


def _flat(row: dict[str, object]) -> list[object]:
    return [", ".join(value) if isinstance(value, list) else value for value in row.values()]
