"""`ackbot hold`, `ackbot sent`, `ackbot contacts write`: something wrong went to many people, and is put right."""

import json
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import contacts, noting, progress
from bot.cli.configuration import NEGATIVE, Directory, refuse, rulebook_of, why_unread
from bot.cli.contacts import Json
from bot.cli.instants import instant_or_exit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from bot.flows.rulebook import Rulebook
    from bot.store.engine import Store
    from bot.store.sent_messages import Departure


def hold(
    config: Directory = None,
    reason: Annotated[str, typer.Option(help="Why, in a few words for the audit trail; no personal data.")] = "",
) -> None:
    """Let no receipt leave until `ackbot release`, nor what else waits by now to leave by itself.

    Other messages than receipts that are queued later leave: run it again to hold them, too.
    """
    from bot.flows.changes import hold as flow

    _, store = contacts.open_store(config)
    now, actor = contacts.present(store), noting.actor()
    with progress.line("Holding what waits to leave"):
        count = store.write_now(lambda c: flow.hold(c, now, actor, reason))
    typer.echo(f"{count} messages that waited are held, and no receipt leaves. Let them leave with: ackbot release")
    typer.echo("Other messages than receipts that are queued from now on are not held: run it again to hold them.")


def departures(
    since: Annotated[str, typer.Option(metavar="INSTANT", help="From when on, such as 2026-12-18T09:00+00:00.")],
    config: Directory = None,
    until: Annotated[str, typer.Option(metavar="INSTANT", help="Before when.  [default: now]")] = "",
    words: Annotated[
        str, typer.Option(metavar="NAME", help="Only what was written from this, such as acknowledgement.")
    ] = "",
    only_references: Annotated[
        bool, typer.Option("--references", help="Each contact once, for `ackbot contacts write`.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List what left to people, each with the version of its words."""
    from bot.core.events import EventKind

    configured, store = contacts.open_store(config)
    now, zone = contacts.present(store), configured.organisation.zone
    begin, end = instant_or_exit("--since", since), instant_or_exit("--until", until) if until else now
    references: dict[str, None] = {}
    count = 0
    with progress.line("Reading what left", is_hidden=as_json) as move:
        for count, departure in enumerate(_departures(store, begin, end, words), 1):
            move(count)
            if count == noting.MOST_AT_ONCE + 1:
                noting.note(store, now, EventKind.READ_IN_BULK, contacts=f"more than {noting.MOST_AT_ONCE}")
            if departure.reference in references and only_references:
                continue
            references[departure.reference] = None
            at = contacts.plain(departure.at, zone)
            facts = {"reference": departure.reference, "at": at, "words": departure.template, "state": departure.state}
            line = departure.reference if only_references else f"{departure.reference}  {at[:16]}  {departure.template}"
            typer.echo(json.dumps(facts) if as_json else line if only_references else f"{line}  {departure.state}")
    typer.echo(f"{count} messages left to the people of {len(references)} contacts.", err=True)


def _departures(store: "Store", begin: datetime, end: datetime, words: str) -> "Iterator[Departure]":
    from bot.store import sent_messages

    after = 0
    while page := store.read_now(partial(sent_messages.to_people, since=begin, until=end, words=words, after_id=after)):
        yield from page
        after = page[-1].id


def write(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What they are to read, as plain text.")],
    to: Annotated[Path, typer.Option(metavar="FILE", help="The references, one a line.")],
    config: Directory = None,
    subject: Annotated[str, typer.Option(help="Of a mail.  [default: that of the person's own]")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say who would be written to.")] = False,
    as_json: Json = False,
) -> None:
    """Write the same to the people of several contacts, as a holding reply. Status 1 if somebody cannot be reached."""
    configured, store = contacts.open_store(config)
    book, words, unreached = rulebook_of(configured), _text_of(file), 0
    references = list(dict.fromkeys(_text_of(to).split()))
    with progress.line("Writing to people", len(references), is_hidden=as_json) as move:
        for reference in progress.each(references, move):
            reason = _write_to(store, reference, words, subject, book, dry_run=dry_run)
            unreached += bool(reason)
            if as_json:
                facts = {"reference": reference, "written": not (reason or dry_run), "reason": reason}
                typer.echo(json.dumps(facts, ensure_ascii=False))
            elif reason:
                typer.echo(f"{reference}: {reason}.")
    verb = "would be written to" if dry_run else "are written to; it leaves within seconds while the service runs"
    reached = len(references) - unreached
    typer.echo(f"The people of {reached} contacts {verb}. {unreached} must be reached another way.", err=True)
    if unreached:
        raise typer.Exit(NEGATIVE)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"Nothing was sent: {file} cannot be read: {why_unread(error)}.")


def _write_to(store: "Store", reference: str, words: str, subject: str, book: "Rulebook", *, dry_run: bool) -> str:
    """Write to the person of one contact; returns why that cannot be, "" where it is done."""
    from bot.flows.changes import rule_versions
    from bot.flows.changes.answer import Answer, answer
    from bot.flows.changes.refusals import Refused
    from bot.store import trials
    from bot.store.engine import StoreUnavailable

    now, actor, draft = contacts.present(store), noting.actor(), Answer("holding", words, subject)

    def work(connection: "Connection") -> None:
        rule_versions.remember(connection, book.clocks)
        answer(connection, reference, draft, actor, now, book)

    def attempt(connection: "Connection") -> None:
        with trials.undone(connection):
            work(connection)

    try:
        store.write_now(attempt if dry_run else work)
    except Refused as refusal:
        return refusal.reason
    except StoreUnavailable as error:
        refuse(f"The store cannot be written now: {error}. Who was named before has it; run it again for the rest.")
    return ""
