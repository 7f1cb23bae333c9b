"""`ackbot staff`: who may sign in to the console, and as what."""

import json
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from bot.cli import completions, contacts, noting
from bot.cli.configuration import MISUSE, NEGATIVE, Directory, first_line, load_or_exit, refuse, rulebook_of
from bot.cli.contacts import Json
from bot.core.roles import Role

Outcome = TypeVar("Outcome")

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.flows.rulebook import Rulebook
    from bot.flows.staffing import Refused

    Work = Callable[[Connection, str, datetime, Rulebook], Outcome | Refused]

app = typer.Typer(help="Who may sign in to the console, and as what.", no_args_is_help=True)
Address = Annotated[str, typer.Argument(metavar="EMAIL", help="Their e-mail address.")]
PasswordFile = Annotated[
    str, typer.Option(metavar="FILE", help='A file with the password in its first line; "-" reads it from the input.')
]


@app.callback()
def _group() -> None:
    """Who may sign in to the console, and as what."""


@app.command()
def add(
    address: Address,
    role: Annotated[Role, typer.Option(help="reader sees, officer acts, lead also on many, administrator everything.")],
    config: Directory = None,
    password_file: PasswordFile = "",
    name: Annotated[str, typer.Option(help="As colleagues know them.  [default: the address]")] = "",
    team: Annotated[
        list[str] | None,
        typer.Option(autocompletion=completions.teams, help="A team whose contacts they see.  [default: all]"),
    ] = None,
) -> None:
    """Let somebody in. Without a password a one-time link is printed, with which they choose one. Status 1 if known."""
    from bot.flows import staffing
    from bot.store.staff import Account
    from bot.wire import passwords

    password_hash = passwords.hashed(_password(password_file, config, address, name)) if password_file else ""
    teams = frozenset(team or ())

    def work(c: "Connection", actor: str, now: "datetime", book: "Rulebook") -> "Refused | None":
        return staffing.add(c, Account(address, name, role, teams, password_hash, now, None), actor, book)

    _do(config, work)
    sees = ", ".join(sorted(teams)) if teams and role is not Role.ADMINISTRATOR else "every team"
    typer.echo(f"{address} may sign in as {role.value}, and sees the contacts of {sees}.")
    if password_hash:
        return
    if load_or_exit(config).sign_in.only:
        typer.echo("There is no password: they sign in through [sign_in] (docs/console.md).")
    else:
        link(address, config)


@app.command()
def link(address: Address, config: Directory = None) -> None:
    """Print a one-time link with which somebody chooses a password and signs in, within 48 hours."""
    from bot.flows import credentials

    configured = load_or_exit(config)
    if configured.sign_in.only:
        _refuse("passwords are closed by [sign_in] only = true")
    code = _do(config, lambda c, actor, now, _: credentials.make_link(c, address, actor, now, contacts.wall()))
    typer.echo(credentials.link_address(configured.web.public_url or f"http://{configured.web.listen}", code))
    typer.echo(
        "Give it to them now: it cannot be shown again. It works once, within 48 hours; any earlier one has ended.",
        err=True,
    )


@app.command()
def unlock(address: Address, config: Directory = None) -> None:
    """Let somebody try their password again at once, after too many attempts. Status 1 if there were none."""
    from bot.flows import attempts

    secret = load_or_exit(config).web.secret.get_secret_value().encode()
    _do(config, lambda c, actor, now, _: attempts.lift(c, address, secret, actor, now, contacts.wall()))
    typer.echo(f"{address} may try again, from any device.")


@app.command("reset-second-factor")
def reset_second_factor(address: Address, config: Directory = None) -> None:
    """Ask somebody for no code any more, who has lost app and recovery codes; their sessions end."""
    from bot.flows import credentials

    _do(config, lambda c, actor, now, _: credentials.remove_second_factor(c, address, actor, now))
    typer.echo(f"{address} signs in without a second factor, or sets up another one.")


@app.command("list")
def list_(config: Directory = None, as_json: Json = False) -> None:
    """List who may sign in, and who no longer may."""
    from bot.store import staff

    configured, store = contacts.open_store(config, make=True)
    for account in store.read_now(staff.list_all):
        facts = {
            "address": account.address,
            "name": account.name,
            "role": account.role.value,
            "teams": sorted(account.teams),
            "password": bool(account.password),
            "second_factor": bool(account.second_factor),
            "disabled_at": contacts.plain(account.disabled_at, configured.organisation.zone),
        }
        if as_json:
            typer.echo(json.dumps(facts, ensure_ascii=False))
        else:
            suffix = " (disabled)" if account.disabled_at else ""
            typer.echo(
                f"{account.address}  {account.role.value}  {', '.join(sorted(account.teams)) or 'every team'}{suffix}"
            )


@app.command()
def disable(address: Address, config: Directory = None) -> None:
    """Let somebody in no more; their sessions end at once. What they did stays in the history."""
    from bot.flows import staffing

    _do(config, lambda c, actor, now, _: staffing.disable(c, address, actor, now))
    typer.echo(f"{address} may not sign in any more.")


@app.command()
def enable(address: Address, config: Directory = None) -> None:
    """Let somebody in again."""
    from bot.flows import staffing

    _do(config, lambda c, actor, now, _: staffing.enable(c, address, actor, now))
    typer.echo(f"{address} may sign in again.")


@app.command()
def change(
    address: Address,
    config: Directory = None,
    role: Annotated[Role | None, typer.Option(help="Another role.")] = None,
    team: Annotated[
        list[str] | None,
        typer.Option(autocompletion=completions.teams, help="A team whose contacts they see from now on."),
    ] = None,
    all_teams: Annotated[bool, typer.Option("--all-teams", help="They see every team's contacts.")] = False,
    password_file: PasswordFile = "",
) -> None:
    """Give somebody another role, other teams or a new password, which ends their sessions. What is not said stays."""
    from bot.flows import staffing
    from bot.wire import passwords

    teams = _teams(team or [], all_teams=all_teams)
    if not (role or password_file) and teams is None:
        refuse("Say what is to change: --role, --team, --all-teams or --password-file")
    digest = passwords.hashed(_password(password_file, config, address)) if password_file else None
    changes = staffing.Change(role, teams, digest)
    _do(config, lambda c, actor, now, book: staffing.change(c, address, changes, actor, now, book))
    typer.echo(f"{address} is changed.{' They must sign in anew.' if digest else ''}")


def _teams(team: list[str], *, all_teams: bool) -> frozenset[str] | None:
    """The teams whose contacts they see from now on, none of them for all; None: as it was."""
    if team and all_teams:
        refuse("Give --team or --all-teams, not both")
    return frozenset(team) if team or all_teams else None


@app.command()
def password(address: Address, password_file: PasswordFile, config: Directory = None) -> None:
    """Set another password; sessions that are open end. The same as `change` with --password-file alone."""
    change(address, config, password_file=password_file)


def _password(file: str, config: Any, *about: str) -> str:
    from bot.wire import passwords

    first = first_line("--password-file", file)
    if fault := passwords.fault(first, (load_or_exit(config).organisation.name, *about)):
        refuse(f"--password-file {file}: {fault}")
    return first


def _do(config: Any, work: "Work[Outcome]") -> "Outcome":
    from bot.flows.staffing import Refused

    configured, store = contacts.open_store(config, make=True)
    book, now, actor = rulebook_of(configured), contacts.present(store), noting.actor()
    outcome = store.write_now(lambda c: work(c, actor, now, book))
    if isinstance(outcome, Refused):
        _refuse(outcome.reason, MISUSE if outcome.is_misuse else NEGATIVE)
    return outcome


def _refuse(reason: str, status: int = NEGATIVE) -> NoReturn:
    typer.echo(f"Nothing was changed: {reason}.", err=True)
    raise typer.Exit(status)
