"""`ackbot triage`: what would become of these mails and forms, by which rule, and whose they would be. No store."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.configuration import MISUSE, load_or_exit, refuse, rulebook_of

if TYPE_CHECKING:
    from bot.core.intakes import Facts
    from bot.core.messages import Inbound
    from bot.flows.rulebook import Rulebook

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        help="Mails (RFC 5322), or the fields of a form as JSON in a file *.json; - is a mail by standard input.",
    ),
]
Configured = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="DIR", help="Take our addresses, staff, relays, services and rules from this directory."
    ),
]
Believed = Annotated[
    str,
    typer.Option("--authserv-id", metavar="NAME", help="Whose Authentication-Results are believed."),
]
Own = Annotated[list[str] | None, typer.Option("--own", metavar="ADDRESS", help="An address of our own; repeatable.")]
Channel = Annotated[
    str, typer.Option(metavar="NAME", help="The channel by which they come; else the one whose address they name.")
]


class Unreadable(Exception):
    """A file that is no mail and no form; the text says why."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of us: `book` and `forms` (channels that read a form) only where a configuration is named."""

    facts: "Facts"
    book: "Rulebook | None" = None
    forms: "Mapping[str, Any] | None" = None
    channel: str = ""


def triage(
    files: Files,
    config: Configured = None,
    own: Own = None,
    authserv_id: Believed = "",
    channel: Channel = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Say for each mail what would become of it; with --config also whose it would be, and what is promised.

    Status 0: all read, 2: a file could not be read.
    """
    known = _known(config, own or [], authserv_id, channel)
    unread = 0
    for file in files:
        try:
            row = _judge(file, known)
        except (OSError, Unreadable) as error:
            unread += 1
            reason = error.strerror if isinstance(error, OSError) else ""
            typer.echo(f"{_shown(file)}: {reason or error}", err=True)
        else:
            public = {key: value for key, value in row.items() if key != "recipient"}
            typer.echo(json.dumps(public, ensure_ascii=False) if as_json else "\n".join(_lines(row)))
    if unread:
        raise typer.Exit(MISUSE)


def _known(config: Path | None, own: list[str], authserv_id: str, channel: str) -> _Known:
    """What is known of us: by the configuration, if one is named, and by the options."""
    from bot.core.intakes import Facts

    facts, book, forms = Facts(), None, None
    if config is not None:
        from bot.channel import Form
        from bot.kinds import build_channels

        configured = load_or_exit(config)
        book = rulebook_of(configured)
        if channel and channel not in book.ways:
            refuse(f"--channel {channel}: there is no such way in; allowed: {', '.join(book.ways)}")
        named = (way.authserv_id for way in book.ways.values() if way.authserv_id)
        facts = replace(book.triage, authserv_id=next(named, ""))
        forms = {name: form for name, form in build_channels(configured).items() if isinstance(form, Form)}
    ours = facts.own | {address.lower() for address in own}
    facts = replace(facts, own=ours, authserv_id=authserv_id or facts.authserv_id)
    return _Known(facts, book, forms, channel)


def _judge(file: str, known: _Known) -> dict[str, Any]:
    from bot.core import intakes

    message = _message(file, known)
    verdict = intakes.triage(message, known.facts)
    row = {
        "file": file,
        "outcome": verdict.outcome,
        "rule": verdict.rule,
        "reason": verdict.reason,
        "recipient": verdict.recipient,
    }
    return row if known.book is None else row | _routed(message, known.book)


def _message(file: str, known: _Known) -> "Inbound":
    from bot.wire.mail import mime

    if file.endswith(".json"):
        return _form(file, known)
    raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    read = mime.read(raw, channel=known.channel or "triage", received_at=None)
    if known.channel or known.book is None:
        return read
    return replace(read, channel=_addressed(read, known.book))


def _addressed(message: "Inbound", book: "Rulebook") -> str:
    """The mailbox that it names; else the first one."""
    named = {address.lower() for address in message.mail.addressed()} if message.mail else set()
    mailboxes = [name for name, way in book.ways.items() if way.medium == "email"]
    return next((name for name in mailboxes if book.ways[name].address.lower() in named), (mailboxes or ["triage"])[0])


def _form(file: str, known: _Known) -> "Inbound":
    from bot.core.messages import Inbound

    form = (known.forms or {}).get(known.channel) or next(iter((known.forms or {}).values()), None)
    if form is None:
        raise Unreadable("a form needs --config with a channel of kind web_form")
    try:
        fields = json.loads(Path(file).read_bytes())
    except ValueError as error:
        raise Unreadable(f"this is no JSON: {error}") from error
    if not isinstance(fields, dict) or not all(isinstance(value, str) for value in fields.values()):
        raise Unreadable('a form is one JSON object of texts, as in {"email": "a@b.example", "message": "..."}')
    read = form.read(fields)
    if not isinstance(read, Inbound):
        raise Unreadable("; ".join(f"{field}: {words}" for field, words in read.faults))
    # What the page does not ask, other forms may.
    return replace(read, fields=fields | dict(read.fields))


def _routed(message: "Inbound", book: "Rulebook") -> dict[str, Any]:
    """Whose it would be, and what would be promised if it came now."""
    from bot.flows.intake.topics import look_into
    from bot.present import Present

    found = look_into(message, book)
    goal, urgency = found.goal, found.urgency
    return {
        "channel": message.channel,
        "service": goal.service or None,
        "area": goal.area or None,
        "kind": goal.kind or None,
        "team": goal.team,
        "standard": book.promises.choose(found.matter(message, book), book.today(Present().now())).id,
        "language": found.language or None,
        "urgent": urgency.rule.name if urgency else None,
        "urgent_words": urgency.phrase if urgency else None,
        "because": list(goal.because),
    }


def _lines(row: Mapping[str, Any]) -> Iterator[str]:
    to = f" to {_shown(row['recipient'])}" if row["recipient"] else ""
    yield f"{_shown(row['file'])}: {row['outcome']}{to}, because {row['reason']} (rule {row['rule']})"
    if "team" in row:
        yield from (f"  {line}" for line in row["because"])
        if row["urgent"]:
            yield f'  URGENT: {row["urgent"]}, by the words "{row["urgent_words"]}"'
        yield f"  standard {row['standard']}, language {row['language'] or 'not known'}"


def _shown(text: str) -> str:
    """A name of any bytes, as something that every terminal takes."""
    return "".join(character if character.isprintable() else "?" for character in text)
