"""`ackbot contacts acknowledge|hold|pause|resume|restart|extend|classify`: what staff do to a contact's clocks."""

import getpass
import json
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from bot.cli import contacts
from bot.cli.configuration import NEGATIVE, Directory, refuse, rulebook_of
from bot.cli.contacts import Json, Reference
from bot.cli.instants import instant_or_exit

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.core.contacts import Contact
    from bot.core.durations import Duration
    from bot.flows.changes.adjust import NotAdjusted
    from bot.flows.rulebook import Rulebook

At = Annotated[str, typer.Option(metavar="INSTANT", help="When it happened.  [default: now]")]
Note = Annotated[str, typer.Option(help="A word for the history; no personal data.")]


class Said(NamedTuple):
    """What was typed; `kind` names one of `histories.Kind`."""

    kind: str
    at: str
    note: str
    longer: "Duration | None" = None
    reason: str = ""


def acknowledge(
    reference: Reference, config: Directory = None, at: At = "", note: Note = "", as_json: Json = False
) -> None:
    """Record that a person has acknowledged it: for a complaint, the time to answer starts there."""
    _adjust(reference, config, Said("ACKNOWLEDGED", at, note), as_json=as_json)


def hold(reference: Reference, config: Directory = None, at: At = "", note: Note = "", as_json: Json = False) -> None:
    """Record a holding reply: the person knows that we are at it; the time to answer runs on."""
    _adjust(reference, config, Said("HOLDING_REPLY", at, note), as_json=as_json)


def pause(reference: Reference, config: Directory = None, at: At = "", note: Note = "", as_json: Json = False) -> None:
    """Stop the time to answer while we wait for the person to tell us more."""
    _adjust(reference, config, Said("PAUSED", at, note), as_json=as_json)


def resume(reference: Reference, config: Directory = None, at: At = "", note: Note = "", as_json: Json = False) -> None:
    """The person has told us more: the time to answer runs on, and the days of the pause do not count."""
    _adjust(reference, config, Said("RESUMED", at, note), as_json=as_json)


def restart(
    reference: Reference, config: Directory = None, at: At = "", note: Note = "", as_json: Json = False
) -> None:
    """The request was clarified: the time to answer starts anew on that day, as for Freedom of Information."""
    _adjust(reference, config, Said("RESTARTED", at, note), as_json=as_json)


def extend(
    reference: Reference,
    to: Annotated[str, typer.Option(help='How long in all, from the same start: "30 working days".')],
    reason: Annotated[str, typer.Option(help="Why, in plain words: the person is told.")],
    config: Directory = None,
    at: At = "",
    note: Note = "",
    as_json: Json = False,
) -> None:
    """Give more time to answer, as far as the standard allows; the person is told the new date and why."""
    from bot.core.durations import BadWords, duration

    if not reason.strip():
        refuse("--reason: say in plain words why it takes longer; the person is told")
    try:
        longer = duration(to)
    except BadWords as error:
        refuse(f"--to: {error}\n{error.pointer}")
    _adjust(reference, config, Said("EXTENDED", at, note, longer, reason.strip()), as_json=as_json)


def classify(
    reference: Reference,
    config: Directory = None,
    service: Annotated[str | None, typer.Option(help='Such as housing; "" for none.')] = None,
    kind: Annotated[str | None, typer.Option(help='What it is, such as foi or complaint; "" for none.')] = None,
    area: Annotated[str | None, typer.Option(help='Such as east; "" for none.')] = None,
    as_json: Json = False,
) -> None:
    """Say what a contact is about: the promise in force on the day of receipt follows, with its dates."""
    from bot.flows.changes.classify import About, Classified, classify

    if service is None and kind is None and area is None:
        refuse("Say what it is about: --service, --kind or --area.")
    contact, write = _ready(reference, config)
    about = About(service, kind, area)
    done = write(lambda c, now, book: classify(c, contact.reference, about, _actor(), now, book))
    if not isinstance(done, Classified):
        _refused(done)
    zone = contacts.zone_of(config)
    after = contacts.plain(done.after, zone)
    if as_json:
        typer.echo(json.dumps({"reference": contact.reference, "standard": done.standard.id, "respond_by": after}))
    else:
        typer.echo(f"{contact.reference}: {done.standard.title}. The answer is due by {after or '(no date)'}.")


def _adjust(reference: str, config: Any, said: Said, *, as_json: bool) -> None:
    from bot.core.histories import Happened, Kind
    from bot.flows.changes.adjust import Adjusted, Word, adjust

    contact, write = _ready(reference, config)
    instant = instant_or_exit("--at", said.at) if said.at else None
    word = Word(_actor(), said.reason, said.note)

    def work(connection: "Connection", now: "datetime", book: "Rulebook") -> "Adjusted | NotAdjusted":
        # A clock that runs fast in a rehearsal must not put it before the contact itself.
        present = max(now, contact.received_at)
        happened = Happened(Kind[said.kind], instant or present, said.longer)
        return adjust(connection, contact.reference, happened, word, present, book)

    done = write(work)
    if not isinstance(done, Adjusted):
        _refused(done)
    zone = contacts.zone_of(config)
    respond = done.after.respond
    due = contacts.plain(respond.due, zone) if respond else None
    if as_json:
        typer.echo(json.dumps({"reference": contact.reference, "respond_by": due, "told": done.told}))
        return
    state = "paused; no date until it goes on" if respond and respond.due is None else f"due by {due or '(no date)'}"
    typer.echo(f"{contact.reference}: recorded ({Kind[said.kind]}). The answer is {state}.")
    if done.later:
        typer.echo("The person is being told." if done.told else "Ackbot has no way to tell the person: please do it.")


def _ready(reference: str, config: Any) -> "tuple[Contact, Callable[..., Any]]":
    """The contact, and a way to run work on it: with the present and the rulebook, in one transaction."""
    from bot.flows.changes import recompute
    from bot.store.engine import StoreUnavailable

    configured, store = contacts.opened(config)
    contact = contacts.found(store, configured, reference)
    book, now = rulebook_of(configured), contacts.present(store)

    def write(work: "Callable[[Connection, datetime, Rulebook], Any]") -> Any:
        def whole(connection: "Connection") -> Any:
            recompute.remember(connection, book)
            return work(connection, now, book)

        try:
            return store.write_now(whole)
        except StoreUnavailable as error:
            refuse(f"Nothing was recorded, the store cannot be written now: {error}")

    return contact, write


def _refused(done: "NotAdjusted") -> None:
    typer.echo(f"Nothing was recorded: {done.reason}.", err=True)
    raise typer.Exit(NEGATIVE)


def _actor() -> str:
    return f"staff:{getpass.getuser()}"


def add_to(queue: typer.Typer) -> None:
    """Offer these commands beside those of the queue."""
    for command in (acknowledge, hold, pause, resume, restart, extend, classify):
        queue.command()(command)
