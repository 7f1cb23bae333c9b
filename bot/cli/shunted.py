"""`ackbot shunted list|raw|replay|drop`: messages that the code could not handle, kept whole for a person."""

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import contacts, noting, progress
from bot.cli.configuration import NEGATIVE, Directory, rulebook_of
from bot.cli.contacts import Json

if TYPE_CHECKING:
    from bot.store.engine import Store
    from bot.store.shunt import ShuntedMessage

app = typer.Typer(help="Messages that could not be logged.", no_args_is_help=True)
Number = Annotated[
    int, typer.Argument(metavar="NUMBER", min=1, max=2**63 - 1, help="As `ackbot shunted list` shows it.")
]


@app.callback()
def _group() -> None:
    """Messages that could not be logged."""


@app.command("list")
def list_(config: Directory = None, as_json: Json = False) -> None:
    """List them, the oldest first. None of these people has an acknowledgement."""
    from bot.store import shunt

    configured, store = contacts.open_store(config)
    for message in store.read_now(shunt.list_all):
        facts = {key: contacts.plain(value, configured.organisation.zone) for key, value in asdict(message).items()}
        line = f"{facts['id']}  {facts['at'][:16].replace('T', ' ')}  {facts['channel']}  {facts['error']}"
        typer.echo(json.dumps(facts, ensure_ascii=False) if as_json else line)


@app.command()
def raw(number: Number, config: Directory = None) -> None:
    """Write one as it came over the wire to standard output."""
    from bot.core.events import EventKind

    _, store = contacts.open_store(config)
    row = _message_or_exit(store, number)
    noting.note(store, contacts.present(store), EventKind.SHUNTED_READ, number=number, channel=row.channel)
    sys.stdout.buffer.write(row.raw)


@app.command()
def replay(number: Number, config: Directory = None) -> None:
    """Log one anew, with this version: its dates count from when it came. Status 1 if it still cannot be logged."""
    from bot.flows.intake import reading_again
    from bot.kinds import build_channels

    configured, store = contacts.open_store(config)
    row, book, now = _message_or_exit(store, number), rulebook_of(configured), contacts.present(store)
    channel, has_scanner = build_channels(configured).get(row.channel), bool(configured.form.clamav)
    with progress.line("Reading it again"):
        messages = reading_again.read_again(channel, row, book, has_scanner=has_scanner)
    if messages is None:
        typer.echo(f"This version cannot read it. Read it with ackbot shunted raw {number}, and answer it by hand.")
        raise typer.Exit(NEGATIVE)
    with progress.line("Logging it"):
        filings = store.write_now(lambda c: reading_again.replay(c, number, messages, now, book))
    if filings is None:
        typer.echo("It still cannot be logged, and is kept as it was.", err=True)
        raise typer.Exit(NEGATIVE)
    for filing in filings:
        typer.echo(
            f"Logged as {filing.reference}: {filing.outcome}." if filing.reference else f"Logged: {filing.outcome}."
        )
    if not filings:
        typer.echo("This version ignores it, and rightly so. It is deleted.")


@app.command()
def drop(number: Number, config: Directory = None) -> None:
    """Delete one that somebody has dealt with by hand."""
    from bot.store import shunt

    _, store = contacts.open_store(config)
    _message_or_exit(store, number)
    now = contacts.present(store)
    store.write_now(lambda c: shunt.put_away(c, number, now))
    typer.echo(f"{number} is deleted.")


def _message_or_exit(store: "Store", number: int) -> "ShuntedMessage":
    from bot.store import shunt

    row = store.read_now(lambda c: shunt.find(c, number))
    if row is None:
        typer.echo(f"There is no message {number} here.", err=True)
        raise typer.Exit(NEGATIVE)
    return row
