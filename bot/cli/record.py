"""`ackbot contacts record`: a call, a letter or a visit, result down as at the desk of the console."""

import json
import secrets
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, NoReturn

import typer

from bot.cli import completions, names, noting, terminal
from bot.cli.configuration import MISUSE, NEGATIVE, Directory, refuse, rulebook_of
from bot.cli.contacts import Json, open_store, plain, present
from bot.cli.instants import instant_or_exit

if TYPE_CHECKING:
    from bot.core.messages import Inbound
    from bot.field_channels import Desk
    from bot.flows.desk.foresight import Letter
    from bot.flows.desk.taking_down import TakenDown
    from bot.flows.rulebook import Rulebook
    from bot.settings.reading import Settings
    from bot.store.engine import Store

# The options by which the fields of the desk are put right, where they are called otherwise.
_OPTIONS = {"received_at": "--received"}
Prefers = Annotated[
    str,
    typer.Option(
        help="How they hear that we have it: email, text, letter, phone; told: they heard the reference at once.  "
        "[default: as they can be reached]"
    ),
]
Channel = Annotated[
    str, typer.Option(autocompletion=completions.channels, help="A channel of kind desk.  [default: the first one]")
]


class _Entry(NamedTuple):
    """What was typed, as the desk takes it."""

    message: "Inbound"
    needs: str
    language: str


def record(  # noqa: PLR0913, PLR0917 - every option of the command is a parameter
    text: Annotated[str, typer.Option(help='What they told us, in their words; "-" reads it from the input.')],
    config: Directory = None,
    how: Annotated[str, typer.Option(help="phone, letter, face_to_face or voicemail.")] = "phone",
    name: Annotated[str, typer.Option(help="The person's name.")] = "",
    email: Annotated[str, typer.Option(metavar="EMAIL", help="Their email address.")] = "",
    phone: Annotated[str, typer.Option(metavar="NUMBER", help="Their telephone number.")] = "",
    address: Annotated[str, typer.Option(help="Their postal address, if they want a letter.")] = "",
    postcode: Annotated[str, typer.Option(help="Their postcode.")] = "",
    subject: Annotated[str, typer.Option(help="What it is about, in a few words.")] = "",
    service: Annotated[str, typer.Option(autocompletion=completions.services, help="Such as housing.")] = "",
    prefers: Prefers = "",
    language: Annotated[str, typer.Option(metavar="CODE", help="The language that they want, such as pl.")] = "",
    needs: Annotated[str, typer.Option(help='Such as "Large print; British Sign Language".')] = "",
    received: Annotated[str, typer.Option(metavar="INSTANT", help="When it came.  [default: now]")] = "",
    channel: Channel = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what the person would be sent.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Record what came by telephone, letter or visit. What the person is sent is shown first. Status 1: it was not.

    Status 2: something that was typed is wrong, and which option puts it right.
    """
    if as_json and not (yes or dry_run):
        refuse("--json asks nothing: give --yes to record it, or --dry-run.")
    configured, store = open_store(config)
    fields = {"how": how, "name": name, "email": email, "phone": phone, "address": address, "postcode": postcode}
    fields |= {
        "subject": subject,
        "text": _words_of(text),
        "service": service,
        "prefers": prefers,
        "language": language,
    }
    desk, book, now = _desk(configured, channel), rulebook_of(configured), present(store)
    entry = _read(desk, fields | {"needs": needs}, received, now, book)
    result, letters = _attempt(configured, store, entry, now, book)
    if not as_json:
        _show(result, letters, book)
    if not dry_run:
        if not yes:
            _ask(has_read_input=text == "-")
        result = _take_down(store, entry, now, book)
    _end(result, letters, configured, book, entry if not dry_run else None, as_json=as_json)


def _ask(*, has_read_input: bool) -> None:
    """Go on where the answer is yes."""
    if has_read_input and not sys.stdin.isatty():
        refuse("Nobody can be asked here, as the words came where the answer would: say --yes, or --dry-run.")
    if not typer.confirm("Record it?"):
        raise typer.Exit(NEGATIVE)


def _attempt(
    configured: "Settings", store: "Store", entry: _Entry, now: datetime, book: "Rulebook"
) -> "tuple[TakenDown, tuple[Letter, ...]]":
    """What would follow, and every message as it would leave."""
    from bot import letters
    from bot.flows.desk import taking_down
    from bot.flows.desk.foresight import letter_of

    wish = taking_down.Wish(entry.needs, entry.language)
    actor = noting.actor()
    result = _require(store.write_now(lambda c: taking_down.attempt(c, entry.message, wish, actor, now, book)))
    if not result.claims:
        return result, ()
    writer = letters.writer(configured, book)
    return result, tuple(letter_of(claim, writer, now, book) for claim in result.claims)


def _take_down(store: "Store", entry: _Entry, now: datetime, book: "Rulebook") -> "TakenDown":
    from bot.flows.desk import taking_down

    wish = taking_down.Wish(entry.needs, entry.language)
    actor = noting.actor()
    return _require(store.write_now(lambda c: taking_down.take_down(c, entry.message, wish, actor, now, book)))


def _words_of(text: str) -> str:
    return sys.stdin.read() if text == "-" else text


def _desk(configured: "Settings", channel: str) -> "Desk":
    from bot.field_channels import Desk
    from bot.kinds import build_channels

    desks = {name: built for name, built in build_channels(configured).items() if isinstance(built, Desk)}
    names.require("--channel", channel, lambda: desks)
    if not desks:
        refuse('There is no channel of kind desk: add a [[channel]] with kind = "desk".')
    return desks[channel] if channel else next(iter(desks.values()))


def _read(desk: "Desk", fields: dict[str, str], received: str, now: datetime, book: "Rulebook") -> _Entry:
    """The message that the fields make; ends the command with every fault at once."""
    from bot.core.messages import Inbound
    from bot.core.needs import as_column, codes
    from bot.flows.changes import needs, record
    from bot.flows.changes.refusals import Refused

    received_at = instant_or_exit("--received", received) if received else None
    words, language = fields["needs"], fields["language"]
    faults = [(r.field, r.reason) for r in record.refusals(fields["service"].strip(), received_at, now, book)]
    try:
        needs.validate(words)
        needs.known_language(language)
    except Refused as refusal:
        faults.append((refusal.field, refusal.reason))
    at = min(received_at, now) if received_at else None
    message = desk.record(fields | {"needs": as_column(codes(words))}, secrets.token_urlsafe(16), at)
    faults = [*(() if isinstance(message, Inbound) else message.faults), *faults]
    if faults or not isinstance(message, Inbound):
        _refuse_all(faults)
    return _Entry(message, words, language)


def _refuse_all(faults: Iterable[tuple[str, str]]) -> NoReturn:
    for field, reason in faults:
        typer.echo(f"{_OPTIONS.get(field, f'--{field}')}: {reason}", err=True)
    typer.echo("Nothing was recorded.", err=True)
    raise typer.Exit(MISUSE)


def _require(result: "TakenDown | None") -> "TakenDown":
    if result is None:
        refuse("It could not be logged. If it was to be recorded, it is kept as it came: ackbot shunted list")
    return result


def _show(result: "TakenDown", letters: "tuple[Letter, ...]", book: "Rulebook") -> None:
    """What the caller must hear at once, and every message as it would leave."""
    if danger := book.intake.urgency(result.contact):
        typer.echo(f"{danger.title}. Tell the person now: {danger.advice}", err=True)
    for letter in letters:
        typer.echo(f"To {terminal.line(letter.recipient)}: {letter.purpose}", err=True)
        if letter.subject:
            typer.echo(f"Subject: {terminal.line(letter.subject)}", err=True)
        typer.echo(f"{terminal.paragraphs(letter.words)}\n", err=True)
    if not letters:
        typer.echo("No message is sent to the person.", err=True)


def _end(
    result: "TakenDown",
    letters: "tuple[Letter, ...]",
    configured: "Settings",
    book: "Rulebook",
    entry: _Entry | None,
    *,
    as_json: bool,
) -> None:
    """Say what is recorded; `entry` is None where nothing is."""
    contact = result.contact
    if as_json:
        facts: dict[str, Any] = {"recorded": bool(entry), "reference": contact.reference if entry else None}
        facts |= {"team": contact.team, "respond_by": plain(contact.respond_by, configured.organisation.zone)}
        objects = ({k: v for k, v in asdict(letter).items() if k != "page"} for letter in letters)
        typer.echo(json.dumps(facts | {"letters": list(objects)}, ensure_ascii=False))
    elif entry is None:
        typer.echo("Nothing was recorded: --dry-run.", err=True)
    else:
        typer.echo("\n".join(_sentences(result, entry.message, book)))


def _sentences(result: "TakenDown", message: "Inbound", book: "Rulebook") -> Iterator[str]:
    """Say what is recorded, and what is still to be done, as the desk of the console says it."""
    contact, respond_by = result.contact, book.clocks.respond_by(result.contact)
    promise = f" The answer is due by {respond_by}." if respond_by else ""
    yield f"{contact.reference}: recorded.{promise}"
    prefers = message.fields.get("prefers", "")
    if message.told_by == "at once":
        yield f"Read this out before they go: your reference is {contact.reference}."
    elif message.told_by != "us":
        ways = {"phone": "Call the person", "letter": "Write to the person"}
        todo = f"{ways.get(prefers, 'Find a way to tell the person')} that we have it: no message goes out by itself."
        yield f"{todo} Then: ackbot contacts acknowledge {contact.reference}"
