"""`ackbot person export|erase`, `ackbot contacts legal-hold`: what people and the law ask of what is kept."""

import getpass
import json
import os
import sys
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import contacts
from bot.cli.configuration import NEGATIVE, Directory, refuse
from bot.cli.contacts import Json, Reference

if TYPE_CHECKING:
    from bot.store.engine import Store

app = typer.Typer(
    help="Everything that is kept of one person, by e-mail address or telephone number.", no_args_is_help=True
)
Address = Annotated[
    str, typer.Argument(metavar="ADDRESS", help="The person's e-mail address, telephone number or name on a platform.")
]


@app.callback()
def _group() -> None:
    """Everything that is kept of one person, by e-mail address or telephone number."""


@app.command()
def export(
    address: Address,
    config: Directory = None,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="A new file.  [default: the screen]")] = None,
) -> None:
    """Write all that is kept of this person as JSON, for an answer to them. Status 1 if there is nothing.

    Look through it before it leaves the house: other people may be named in it.
    """
    from bot.flows import people

    configured, store = contacts.open_store(config)
    now, zone = contacts.present(store), configured.organisation.zone
    facts = store.read_now(lambda c: people.kept_of(c, address, now))
    if not (facts["contacts"] or facts["suppressions"] or facts["needs"]):
        typer.echo(f"Nothing is kept of {address}.", err=True)
        raise typer.Exit(NEGATIVE)
    words = json.dumps(facts, ensure_ascii=False, indent=2, default=lambda v: _plain(v, zone)) + "\n"
    if to is None:
        sys.stdout.write(words)
        return
    try:
        with os.fdopen(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(words)
    except OSError as error:
        refuse(f"{to} cannot be written: {error.strerror}.")
    typer.echo(f"{to}: {len(facts['contacts'])} contacts.")


def _plain(value: object, zone: object) -> object:
    if isinstance(value, datetime):
        return contacts.plain(value, zone)
    raise TypeError(type(value))


@app.command()
def erase(
    address: Address,
    config: Directory = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Take this person's words, mail and name out of every finished contact; dates and decisions stay for the figures.

    Status 1 if something is kept: what is not answered yet, and what is under a legal hold.
    """
    from bot.flows import people
    from bot.store.engine import StoreUnavailable

    _, store = contacts.open_store(config)
    now, actor = contacts.present(store), f"staff:{getpass.getuser()}"
    if not yes:
        typer.confirm(f"What {address} wrote cannot be brought back. Erase it?", abort=True)
    try:
        erasure = store.write_now(lambda c: people.erase(c, address, actor, now))
    except StoreUnavailable as error:
        refuse(f"Nothing was erased, the store cannot be written now: {error}")
    with suppress(StoreUnavailable):  # the night does the rest
        _tidy(store)
    if as_json:
        typer.echo(json.dumps({"erased": erasure.erased, "kept": dict(erasure.exceptions)}))
    else:
        typer.echo(f"Erased: {', '.join(erasure.erased) or 'nothing'}.")
        for reference, reason in erasure.exceptions:
            typer.echo(f"{reference} is kept: {reason}.")
        typer.echo("Copies of the store and the mailboxes themselves still hold it: see docs/operations.md.")
    if erasure.exceptions:
        raise typer.Exit(NEGATIVE)


def _tidy(store: "Store") -> None:
    """The words leave the index on the disk, too; a short step at a time, for the service may be writing."""
    from bot.store import words

    begin = True
    while store.write_now(partial(words.tidy, begin=begin)):
        begin = False
    store.flush_log()


def legal_hold(
    reference: Reference,
    config: Directory = None,
    reason: Annotated[str, typer.Option(help="Why it must be kept; no personal data.")] = "",
    end: Annotated[bool, typer.Option("--end", help="Keep it no longer than others.")] = False,
) -> None:
    """Keep the words of a contact whatever its age, such as while somebody has asked for them by law."""
    from bot.flows.changes.forget import hold

    reason = reason.strip()
    if bool(reason) == end:
        refuse("Say why with --reason, or end the hold with --end.")
    turn, _ = contacts.change(reference, config, lambda c, turn: hold(c, turn.reference, reason, turn.actor, turn.now))
    typer.echo(f"{turn.reference}: {'kept no longer than others' if end else 'kept until the hold is ended'}.")


def add_to(queue: typer.Typer) -> None:
    """Offer the legal hold beside the commands of the queue."""
    queue.command("legal-hold")(legal_hold)
