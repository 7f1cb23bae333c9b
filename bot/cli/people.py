"""`ackbot person export|erase`, `ackbot contacts legal-hold`: what people and the law ask of what is kept."""

import json
import os
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import answering, contacts, noting, progress
from bot.cli.configuration import NEGATIVE, Directory, refuse, why_unwritten
from bot.cli.contacts import Json, Reference

if TYPE_CHECKING:
    from bot.flows.people.erase import Erasure
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
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="OUT", help="A new folder: a page to read, the data, and every attachment."),
    ] = None,
) -> None:
    """Write all that is kept of this person as JSON or as pages, for an answer to them. Status 1 if there is nothing.

    Look through it before it leaves the house: other people may be named in it.
    """
    from bot.cli import person_folder
    from bot.core.events import EventKind
    from bot.flows.changes.refusals import Refused
    from bot.flows.people import record

    configured, store = contacts.open_store(config)
    now, zone = contacts.present(store), configured.organisation.zone
    try:
        with progress.line("Reading contacts") as move:
            facts = store.read_now(lambda c: record.of_person(c, address, now, move))
    except Refused as refusal:
        refuse(refusal.sentence)
    if not any(facts[name] for name in ("contacts", "suppressions", "needs", "not_logged")):
        typer.echo(f"Nothing is kept of {address}.", err=True)
        raise typer.Exit(NEGATIVE)
    references = [contact["reference"] for contact in facts["contacts"]]
    noting.note(store, now, EventKind.PERSON_EXPORTED, references=references)
    if html is not None:
        try:
            names = person_folder.write(html, facts, configured.organisation, now, configured.template_directories)
        except FileExistsError:
            refuse(f"{html} is there already: name a folder that is not, as nothing is overwritten.")
        except OSError as error:
            refuse(f"{error.filename or html} cannot be written: {why_unwritten(html, error)}.")
        typer.echo(f"{html / 'index.html'}: {len(facts['contacts'])} contacts, {len(names)} files.")
    if to is not None:
        _write_new(to, person_folder.as_json(facts, zone))
        typer.echo(f"{to}: {len(facts['contacts'])} contacts.")
    if to is None and html is None:
        sys.stdout.write(person_folder.as_json(facts, zone))


def _write_new(path: Path, words: str) -> None:
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(words)
    except OSError as error:
        refuse(f"{path} cannot be written: {why_unwritten(path, error)}.")


@app.command()
def erase(
    address: Address,
    config: Directory = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Take this person's words, mail and name out of every finished contact; dates and decisions stay for the figures.

    Status 1 if something is kept: what is not answered yet, what is under a legal hold, and what somebody must read.
    """
    from bot.core.subkeys import Use, subkey
    from bot.flows.changes.refusals import Refused
    from bot.flows.people.erase import BEYOND_REACH
    from bot.flows.people.erase import erase as erase_person
    from bot.store.engine import StoreUnavailable

    configured, store = contacts.open_store(config)
    names_key = subkey(configured.web.secret.get_secret_value().encode(), Use.FORGOTTEN_NAMES)
    now, actor = contacts.present(store), noting.actor()
    if not (yes or typer.confirm(f"What {address} wrote cannot be brought back. Erase it?")):
        raise typer.Exit(NEGATIVE)
    with progress.line("Erasing", is_hidden=as_json):
        try:
            erasure = store.write_now(lambda c: erase_person(c, address, actor, now, names_key))
        except Refused as refusal:
            refuse(f"Nothing was erased. {refusal.sentence}")
        with suppress(StoreUnavailable):  # the night does the rest
            _tidy(store)
    if as_json:
        counts = {"views": erasure.views, "shunted": erasure.shunted}
        facts = {"erased": erasure.erased, "kept": dict(erasure.exceptions), **counts}
        typer.echo(json.dumps(facts | {"beyond_reach": BEYOND_REACH}))
    else:
        _show(erasure)
    if erasure.exceptions:
        raise typer.Exit(NEGATIVE)


def _show(erasure: "Erasure") -> None:
    from bot.flows.people.erase import BEYOND_REACH

    typer.echo(f"Erased: {', '.join(erasure.erased) or 'nothing'}.")
    if erasure.views:
        typer.echo(f"Saved lists that named them, deleted: {erasure.views}.")
    if erasure.shunted:
        typer.echo(f"Messages of theirs that could not be logged, deleted: {erasure.shunted}.")
    for name, reason in erasure.exceptions:
        typer.echo(f"{name} is kept: {reason}.")
    typer.echo("What this cannot reach:")
    for place in BEYOND_REACH:
        typer.echo(f"  {place}")


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
    as_json: answering.Json = False,
) -> None:
    """Keep the words of a contact whatever its age, such as while somebody has asked for them by law."""
    from bot.flows.changes.forget import hold

    reason = reason.strip()
    if bool(reason) == end:
        refuse("Say why with --reason, or end the hold with --end.")
    turn, _ = contacts.change(reference, config, lambda c, turn: hold(c, turn.reference, reason, turn.actor, turn.now))
    sentence = f"{turn.reference}: {'kept no longer than others' if end else 'kept until the hold is ended'}."
    answering.say(turn.contact, sentence, turn.zone, as_json=as_json)
