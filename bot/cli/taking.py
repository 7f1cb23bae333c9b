"""`ackbot contacts take|assign|quiet|close|reopen`: whose a contact is, and whether anything is left to do."""

import getpass
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

from bot.cli.configuration import NEGATIVE, Directory, refuse, rulebook_of
from bot.cli.contacts import Reference, found, opened, present
from bot.cli.instants import instant_or_exit

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.flows.changes.assign import Done, NotDone
    from bot.flows.changes.close import Changed, NotChanged
    from bot.flows.rulebook import Rulebook

    Work = Callable[[Connection, str, str, datetime, Rulebook], Done | NotDone]
    ClosingWork = Callable[[Connection, str, str, datetime, Rulebook], Changed | NotChanged]


T = TypeVar("T")


def take(reference: Reference, config: Directory = None) -> None:
    """Say that you have it: nobody else is called about an urgent contact. Status 1 if there is nothing to take."""
    from bot.flows.changes import assign as taking

    done = _do(reference, config, lambda c, ref, actor, now, _: taking.take(c, ref, actor, now))
    typer.echo(f"{done}: it is yours. Nobody else is called about it.")


def assign(
    reference: Reference,
    config: Directory = None,
    team: Annotated[str, typer.Option(help="The team that has it from now on.  [default: the one that has it]")] = "",
    to: Annotated[str, typer.Option(metavar="ADDRESS", help="The person of the team who has it.")] = "",
) -> None:
    """Give a contact to a team, or to one person of it; they are told. Status 1 if nothing changes."""
    from bot.flows.changes.assign import assign
    from bot.flows.changes.assignees import Holder, why_no_address

    if not (team or to):
        refuse("Say who has it: --team TEAM, --to ADDRESS, or both.")
    holder = Holder.of(team, to)
    if fault := why_no_address(holder.owner):
        refuse(f"--to {to}: {fault}")
    done = _do(reference, config, lambda c, ref, actor, now, book: assign(c, ref, holder, actor, now, book))
    typer.echo(f"{done}: it is with {' of '.join(one for one in (to, team) if one)} now.")


def quiet(
    reference: Reference,
    until: Annotated[str, typer.Option(metavar="INSTANT", help="As in 2026-12-01T09:00+00:00.")],
    config: Directory = None,
) -> None:
    """Ask for no alerts before an instant; nearly all of the time used, and what is urgent, is told all the same."""
    from bot.flows.changes.assign import be_quiet

    instant = instant_or_exit("--until", until)
    done = _do(reference, config, lambda c, ref, actor, now, _: be_quiet(c, ref, instant, actor, now))
    typer.echo(f"{done}: no alert before {until}, unless nearly all of the time is used.")


def close(
    reference: Reference,
    config: Directory = None,
    reason: Annotated[
        str, typer.Option(help="Why, in words for the person; needed where they have had no answer.")
    ] = "",
) -> None:
    """Close a contact: nothing more is to be done. The person is told where the standard says so."""
    from bot.flows.changes.close import close

    told = _do_told(reference, config, lambda c, ref, actor, now, book: close(c, ref, actor, now, book, reason))
    typer.echo("It is closed." + (" The person is told." if told else ""))


def reopen(
    reference: Reference,
    config: Directory = None,
    note: Annotated[str, typer.Option(help="A word for the history; no personal data.")] = "",
) -> None:
    """Open an answered or closed contact again: its clock runs on with the date that it had."""
    from bot.flows.changes.close import reopen

    _do_told(reference, config, lambda c, ref, actor, now, book: reopen(c, ref, actor, now, book, note))
    typer.echo("It is open again.")


def add_to(contacts_app: typer.Typer) -> None:
    """Make them commands of `ackbot contacts`."""
    for command in (take, assign, quiet, close, reopen):
        contacts_app.command()(command)


def _do(reference: str, config: Directory, work: "Work") -> str:
    """Do it in one transaction; the reference. Ends the command with 1 where nothing was changed, 2 without a store."""
    from bot.flows.changes.assign import NotDone

    contact, done = _done(reference, config, work)
    if isinstance(done, NotDone):
        _refused(done.reason)
    return contact


def _do_told(reference: str, config: Directory, work: "ClosingWork") -> bool:
    """The same; whether the person is told."""
    from bot.flows.changes.close import Changed

    _, done = _done(reference, config, work)
    if not isinstance(done, Changed):
        _refused(done.reason)
    return done.told


def _done(
    reference: str, config: Directory, work: "Callable[[Connection, str, str, datetime, Rulebook], T]"
) -> tuple[str, T]:
    from bot.store.engine import StoreUnavailable

    configured, store = opened(config)
    contact = found(store, configured, reference)
    book, now, actor = rulebook_of(configured), present(store), f"staff:{getpass.getuser()}"
    try:
        return contact.reference, store.write_now(lambda c: work(c, contact.reference, actor, now, book))
    except StoreUnavailable as error:
        refuse(f"Nothing was changed, the store cannot be written now: {error}")


def _refused(reason: str) -> NoReturn:
    typer.echo(f"Nothing was changed: {reason}.", err=True)
    raise typer.Exit(NEGATIVE)
