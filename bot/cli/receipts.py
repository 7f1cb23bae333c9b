"""`ackbot contacts suppressed|acknowledge-now|correct|raw`, `ackbot release`, `ackbot suppressions`."""

import json
import sys
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot.cli import answering, contacts, noting, progress
from bot.cli.configuration import NEGATIVE, Directory
from bot.cli.contacts import Json, Reference

if TYPE_CHECKING:
    pass


Address = Annotated[str, typer.Option("--to", metavar="ADDRESS", help="Where it goes.  [default: the sender]")]


def suppressed(
    config: Directory = None,
    days: Annotated[int, typer.Option(min=1, max=36500, help="How far back.")] = 30,
    as_json: Json = False,
) -> None:
    """List who was not acknowledged, and why, the newest first."""
    from bot.store import receipts as stored

    configured, store = contacts.open_store(config)
    zone, since = configured.organisation.zone, contacts.present(store) - timedelta(days=days)
    rows = store.read_now(lambda c: stored.not_acknowledged(c, since))
    for contact, why in rows:
        facts = {
            "reference": contact.reference,
            "received_at": contacts.plain(contact.received_at, zone),
            "channel": contact.channel,
            "outcome": contact.outcome,
            "rule": contact.rule,
            "reason": why,
        }
        came_at = facts["received_at"][:16].replace("T", " ")
        line = f"{contact.reference}  {came_at}  {contact.outcome:4} because {why}"
        typer.echo(json.dumps(facts, ensure_ascii=False) if as_json else f"{line} (rule {contact.rule})")
    if not as_json and rows:
        typer.echo(f"\n{len(rows)} in {days} days. To send one its receipt: ackbot contacts acknowledge-now REFERENCE")
    elif not as_json:
        typer.echo(f"Everybody who wrote in the last {days} days was acknowledged.")


def acknowledge_now(
    reference: Reference, config: Directory = None, to: Address = "", as_json: answering.Json = False
) -> None:
    """Send the receipt of a contact that had none. Its dates count from when the person wrote."""
    from bot.flows.changes.acknowledge_now import acknowledge_now

    turn, _ = contacts.change(
        reference, config, lambda c, turn: acknowledge_now(c, turn.reference, to, turn.actor, turn.now, turn.book)
    )
    sentence = f"{turn.reference}: the receipt leaves as soon as the service runs."
    answering.say(turn.contact, sentence, turn.zone, as_json=as_json)


def correct(
    reference: Reference,
    was: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="KIND",
            help="What the last mail of staff's really was: full, holding, forward, internal or automatic.",
        ),
    ],
    config: Directory = None,
    as_json: answering.Json = False,
) -> None:
    """Put right what a mail of staff's was taken for: its clocks then stand as if it had been known at once."""
    from bot.flows.changes.staff_answers import correct

    turn, correction = contacts.change(
        reference, config, lambda c, turn: correct(c, turn.reference, was, turn.actor, turn.now, turn.book)
    )
    sentence = f"{turn.reference}: it was taken for a {correction.before} and is now known as a {correction.after}."
    answering.say(turn.contact, sentence, turn.zone, as_json=as_json)


def raw(
    reference: Reference,
    config: Directory = None,
    message: Annotated[int, typer.Option(min=1, help="Which message of the contact, counted from 1.")] = 1,
) -> None:
    """Write a message as it came over the wire to standard output. Status 1 if it is not kept any more."""
    from bot.core.events import EventKind
    from bot.store import contacts as stored

    configured, store = contacts.open_store(config)
    contact = contacts.contact_or_exit(store, configured, reference)
    originals = store.read_now(lambda c: stored.raw_messages_of(c, contact.id))
    if message > len(originals):
        _refuse(
            f"{contact.reference} has {len(originals)} messages that are kept as they came", done="Nothing is shown"
        )
    noting.note(store, contacts.present(store), EventKind.MESSAGE_READ, reference=contact.reference, message=message)
    sys.stdout.buffer.write(originals[message - 1])


def release(
    config: Directory = None,
    only_list: Annotated[
        bool, typer.Option("--list", help="Only list the contacts whose receipt is held, and why.")
    ] = False,
) -> None:
    """Let the receipts leave that are held: too many at once, or a store that was put back from a copy."""
    from bot.flows.outgoing import release as flow
    from bot.store import contacts as stored
    from bot.store import holds

    _, store = contacts.open_store(config)
    now = contacts.present(store)
    if only_list:
        contacts_held = store.read_now(lambda c: stored.with_id(c, holds.contact_ids(c)))
        for contact in contacts_held.values():
            came_at = f"{contact.received_at:%Y-%m-%d %H:%M} UTC"
            typer.echo(f"{contact.reference}  {came_at}  {contact.channel}  {contact.reason}")
        typer.echo(f"{len(contacts_held)} receipts are held. They leave with: ackbot release", err=True)
        return
    actor = noting.actor()
    with progress.line("Letting receipts leave"):
        count = store.write_now(lambda c: flow.release(c, now, actor))
    typer.echo(f"{count} receipts leave now." if count else "No receipt was held.")


def suppressions(
    config: Directory = None,
    drop: Annotated[str, typer.Option(metavar="ADDRESS", help="Let this address have automatic mail again.")] = "",
    as_json: Json = False,
) -> None:
    """List the addresses that get nothing automatic for a while, and why; or take one off the list."""
    from bot.store import suppressions as stored

    configured, store = contacts.open_store(config)
    zone = configured.organisation.zone
    if drop:
        if not store.write_now(lambda c: stored.drop(c, drop)):
            _refuse(f"{drop} is not suppressed")
        typer.echo(f"{drop} gets automatic mail again.")
        return
    for suppression in store.read_now(lambda c: stored.list_in_force(c, contacts.present(store))):
        facts = {key: contacts.plain(value, zone) for key, value in asdict(suppression).items()}
        line = f"{facts['address']}  until {facts['until'][:10]}, because {facts['reason']}"
        typer.echo(json.dumps(facts, ensure_ascii=False) if as_json else line)


def _refuse(reason: str, *, done: str = "Nothing was changed") -> NoReturn:
    typer.echo(f"{done}: {reason}.", err=True)
    raise typer.Exit(NEGATIVE)
