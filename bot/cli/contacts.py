"""`ackbot contacts`: the queue from the terminal."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

import typer

from bot.cli import noting, open_stores, terminal
from bot.cli.configuration import MISUSE, NEGATIVE, Directory, basis_or_exit, load_or_exit, rulebook_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from bot.core.contacts import Contact
    from bot.core.messages import StoredMessage
    from bot.flows.rulebook import Rulebook
    from bot.settings.basis import Basis
    from bot.settings.reading import Settings
    from bot.store.engine import Store

T = TypeVar("T")

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Reference = Annotated[
    str, typer.Argument(help="The reference, such as EX-7K3M-9QPH; spaces and small letters are fine.")
]


def show(reference: Reference, config: Directory = None, as_json: Json = False) -> None:
    """Show one contact: its promises, its words, what we sent, and its history. Status 1 if there is none.

    The words are shown without what they quote; --json gives both, `contacts raw` the mail as it came.
    """
    from bot.store import contacts

    configured, store = open_store(config)
    contact = contact_or_exit(store, configured, reference)
    zone = configured.organisation.zone
    facts: dict[str, Any] = facts_of(contact, zone) | _needs(contact) | _related(store, contact)
    messages = store.read_now(lambda c: contacts.messages_of(c, contact.id))
    facts["messages"] = [_message_facts(message, zone) for message in messages]
    events = store.read_now(lambda c: contacts.events_of(c, contact.id))
    facts["events"] = [_columns(event, ("at", "kind", "actor", "details"), zone) for event in events]
    history = store.read_now(lambda c: contacts.clock_events(c, [contact.id])).get(contact.id, [])
    facts["clocks"] = _clocks(configured, contact, history, present(store))
    facts["deliveries"] = store.read_now(lambda c: _deliveries(c, contact, zone))
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
    else:
        _print_whole(facts)


class Turn(NamedTuple):
    """One command on one contact: who gives it, at what present, and by which rules.

    `contact` is as it stands before the command, or after it once that is done.
    """

    contact: "Contact"
    actor: str
    now: datetime
    book: "Rulebook"

    @property
    def reference(self) -> str:
        """The reference of the contact."""
        return self.contact.reference

    @property
    def zone(self) -> "ZoneInfo":
        """The organisation's local time."""
        return self.book.clocks.default_calendar.zone


def change(reference: str, config: Any, work: "Callable[[Connection, Turn], T]") -> tuple[Turn, T]:
    """Run one of the verbs on the contact, in one transaction. Raises Refused, as the verb does."""
    from bot.flows.changes import rule_versions
    from bot.store import contacts

    configured, store = open_store(config)
    contact, book = contact_or_exit(store, configured, reference), rulebook_of(configured)
    # A clock that runs fast in a rehearsal must not put it before the contact itself.
    now = max(present(store), contact.received_at)
    turn = Turn(contact, noting.actor(), now, book)

    def work_with_store(connection: "Connection") -> "tuple[Contact, T]":
        rule_versions.remember(connection, book.clocks)
        outcome = work(connection, turn)
        return contacts.with_id(connection, [contact.id])[contact.id], outcome

    contact_after, outcome = store.write_now(work_with_store)
    return turn._replace(contact=contact_after), outcome


def open_store(config: Any, *, make: bool = False) -> "tuple[Settings, Store]":
    """The configuration and its store, closed when the command ends.

    A store that is not there is made, or refused as an older one is (StoreRefused).
    """
    from bot.present import Present
    from bot.store import keys, schema

    configured = load_or_exit(config)
    url, secrets = configured.store.url, configured.store.secrets
    if make and schema.current(url) is None:
        schema.prepare(url, may_upgrade=False)
        keys.begin(url, secrets, Present().now())
    return configured, _store_of(url, secrets)


def open_basis(config: Any) -> "tuple[Basis, Store]":
    """What stands of a store in the configuration, and the store: for what needs nothing else of it."""
    basis = basis_or_exit(config)
    return basis, _store_of(basis.store.url, basis.store.secrets)


def _store_of(url: str, secrets: tuple[str, ...]) -> "Store":
    """The store at that address, closed when the command ends. Raises StoreRefused."""
    from bot.store import keys, schema
    from bot.store.engine import Store

    schema.require(url)
    keys.require(url, secrets)
    store = Store(url, secrets)
    open_stores.until_the_end.callback(store.let_go)
    return store


def contact_or_exit(store: "Store", configured: "Settings", text: str) -> "Contact":
    """The contact of that reference; ends the command where there is none."""
    from bot.core import threads
    from bot.store import contacts

    prefix = configured.organisation.reference_prefix
    matches = threads.references_in(text, prefix) or threads.references_in(f"{prefix}-{text}", prefix)
    if not matches:
        typer.echo(
            f"{text!r} is not a reference: it should look like {prefix}-7K3M-9QPH. Was a character misread?", err=True
        )
        raise typer.Exit(MISUSE)
    contact = store.read_now(lambda c: contacts.find(c, matches[0]))
    if contact is None:
        typer.echo(f"There is no contact {matches[0]}.", err=True)
        raise typer.Exit(NEGATIVE)
    return contact


def present(store: "Store") -> datetime:
    """The present instant, or a running rehearsal's."""
    from bot.present import REHEARSAL, Present
    from bot.store import cursors

    rehearsal = store.read_now(lambda c: cursors.read(c, REHEARSAL))
    return (Present.from_text(rehearsal) if rehearsal else Present()).now()


def wall() -> datetime:
    """The present instant, whatever a rehearsal's is."""
    from bot.present import Present

    return Present().now()


def zone_of(config: Any) -> Any:
    """The organisation's local time."""
    return load_or_exit(config).organisation.zone


def facts_of(contact: "Contact", zone: Any) -> dict[str, Any]:
    """The facts of a contact as programs read them, with instants in local time."""
    left_out = {
        *("id", "next_look_at", "acknowledge_step", "respond_step", "forgotten", "sender_key", "tracking_generation"),
        # They say what somebody needs of us: for whoever opens the contact.
        *("need_codes", "wished_language"),
    }
    # `asdict` copies each value, which takes longer than all else that a row needs.
    return {k: plain(getattr(contact, k), zone) for k in contact.__slots__ if k not in left_out}


def plain(value: Any, zone: Any) -> Any:
    """An instant as local time with its offset; anything else as it is."""
    return value.astimezone(zone).isoformat(timespec="seconds") if isinstance(value, datetime) else value


def _columns(row: Any, names: "Iterable[str]", zone: Any) -> dict[str, Any]:
    return {name: plain(getattr(row, name), zone) for name in names}


def _message_facts(message: "StoredMessage", zone: Any) -> dict[str, Any]:
    from bot.wire.mail import quoting

    facts = _columns(message, ("channel", "written_by", "received_at", "text", "fault"), zone)
    return facts | {"new_words": quoting.new_words(message.text), "fields": json.loads(message.fields)}


def _deliveries(connection: "Connection", contact: "Contact", zone: Any) -> list[dict[str, Any]]:
    """What was queued for a contact, and each message of it as it left."""
    from bot.flows.outgoing import as_sent
    from bot.store import outbox

    columns = ("purpose", "step", "state", "attempts", "message_id")
    envelope = ("at", "attempt", "recipient", "subject", "headers", "external_id")
    of_message = (*envelope, "words", "english", "page", "template")
    return [
        _columns(delivery, columns, zone)
        | {"messages": [_columns(message, of_message, zone) for message in as_sent.of(connection, delivery)]}
        for delivery in outbox.of_contact(connection, contact.id)
    ]


def _needs(contact: "Contact") -> dict[str, Any]:
    return {"wished_language": contact.wished_language, "need_codes": contact.need_codes}


def _related(store: "Store", contact: "Contact") -> dict[str, str | None]:
    """The references of the contacts that this one is linked to or is the receipt of."""
    from bot.store import contacts

    ids = {"linked_to": contact.linked_to or 0, "receipt_of": contact.receipt_of or 0}
    by_id = store.read_now(lambda c: contacts.with_id(c, [*ids.values()]))
    return {name: by_id[related_id].reference if related_id in by_id else None for name, related_id in ids.items()}


def _clocks(configured: "Settings", contact: "Contact", history: Any, now: datetime) -> dict[str, Any]:
    """Each clock of a contact: where it stands, when it is due, how much is left."""
    from bot.core.histories import time_left

    if contact.standard is None:
        return {}
    book, zone = rulebook_of(configured), configured.organisation.zone
    standard = book.clocks.standard_of(contact)
    stand = book.clocks.of(contact, history)
    clocks = (("acknowledge", stand.acknowledge, standard.acknowledge), ("respond", stand.respond, stand.duration))
    return {
        name: {
            "state": clock.state.value,
            "due": plain(clock.due, zone),
            "stopped_at": plain(clock.stopped_at, zone),
            "in_time": clock.in_time(),
            "remaining": time_left(clock, promise, book.clocks.calendars[standard.calendar_key], now),
        }
        for name, clock, promise in clocks
        if clock is not None and promise is not None
    }


def _print_whole(facts: dict[str, Any]) -> None:
    for key, value in facts.items():
        if key not in ("messages", "events", "deliveries", "clocks") and value not in (None, ""):
            typer.echo(f"{key.replace('_', ' '):18} {terminal.line(str(value))}")
    for name, clock in facts["clocks"].items():
        typer.echo(f"{'clock to ' + name:18} {_clock_line(clock)}")
    for message in facts["messages"]:
        _print_message(message)
    for delivery in facts["deliveries"]:
        _print_sent(delivery)
    typer.echo("\nHistory")
    for event in facts["events"]:
        typer.echo(f"  {event['at']}  {event['kind']} by {event['actor']}{_in_brackets(event['details'])}")


def _clock_line(clock: dict[str, Any]) -> str:
    remainder = f", {clock['remaining']}" if clock["remaining"] not in ("", "paused") else ""
    return f"{clock['state']}, due {clock['due'] or '(no date yet)'}{remainder}"


def _print_message(message: dict[str, Any]) -> None:
    typer.echo(f"\nMessage of {message['written_by']}, {message['received_at']} on {message['channel']}")
    for name, value in message["fields"].items():
        if value:
            typer.echo(f"{name}: {terminal.line(str(value))}")
    words = terminal.paragraphs(message["new_words"])
    typer.echo(words or f"(no text{': ' + message['fault'] if message['fault'] else ''})")


def _print_sent(delivery: dict[str, Any]) -> None:
    """Each message of a delivery as it was handed over."""
    for message in delivery["messages"]:
        step = f" ({delivery['step']})" if delivery["step"] else ""
        typer.echo(f"\nWe sent: {delivery['purpose']}{step}, {message['at']} to {message['recipient']}")
        if message["subject"]:
            typer.echo(f"Subject: {terminal.line(message['subject'])}")
        typer.echo(terminal.paragraphs(message["words"].strip()))


def _in_brackets(details: dict[str, Any]) -> str:
    pairs = ", ".join(f"{name}: {value}" for name, value in details.items() if value not in ("", None))
    return f" ({terminal.line(pairs)})" if pairs else ""
