"""`ackbot triage`: shows the outcome for mails and forms, the rule, and the team. It uses no store."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import completions, names, progress, terminal
from bot.cli.configuration import MISUSE, load_or_exit, rulebook_of

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
AuthservId = Annotated[
    str,
    typer.Option("--authserv-id", metavar="NAME", help="The server whose Authentication-Results are trusted."),
]
Own = Annotated[list[str] | None, typer.Option("--own", metavar="ADDRESS", help="An address of our own; repeatable.")]
Channel = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        autocompletion=completions.channels,
        help="The channel by which they come; else the one whose address they name.",
    ),
]


class Unreadable(Exception):
    """A file that is neither a mail nor a form; the text says why."""


@dataclass(frozen=True, slots=True)
class _Knowledge:
    """The facts about us: `book` and `forms` (channels that read a form) only with a configuration."""

    facts: "Facts"
    book: "Rulebook | None" = None
    forms: "Mapping[str, Any] | None" = None
    channel: str = ""


def triage(
    files: Files,
    config: Configured = None,
    own: Own = None,
    authserv_id: AuthservId = "",
    channel: Channel = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show the outcome for each mail; with --config also its team and its standard.

    Status 0: all read, 2: a file could not be read.
    """
    knowledge = _knowledge_of(config, own or [], authserv_id, channel)
    failures = 0
    # What somebody types must not be written over.
    is_typed = "-" in files and sys.stdin.isatty()
    with progress.line("Reading mails", len(files), is_hidden=as_json or is_typed) as move:
        for file in progress.each(files, move):
            try:
                row = _judge(file, knowledge)
            except Unreadable as error:
                failures += 1
                typer.echo(f"{terminal.line(file)}: {error}", err=True)
            else:
                typer.echo(json.dumps(row, ensure_ascii=False) if as_json else "\n".join(_lines(row)))
    if failures:
        raise typer.Exit(MISUSE)


def _knowledge_of(config: Path | None, own: list[str], authserv_id: str, channel: str) -> _Knowledge:
    """Return the facts from the configuration, if one is named, and from the options."""
    from bot.core.intakes import Facts

    facts, book, forms = Facts(), None, None
    if config is not None:
        from bot.field_channels import Form
        from bot.kinds import build_channels

        configured = load_or_exit(config)
        book = rulebook_of(configured)
        names.require("--channel", channel, lambda: book.ways)
        authserv_ids = (way.authserv_id for way in book.ways.values() if way.authserv_id)
        facts = replace(book.intake.triage, authserv_id=next(authserv_ids, ""))
        forms = {name: form for name, form in build_channels(configured).items() if isinstance(form, Form)}
    own_addresses = facts.own | {address.lower() for address in own}
    facts = replace(facts, own=own_addresses, authserv_id=authserv_id or facts.authserv_id)
    return _Knowledge(facts, book, forms, channel)


def _judge(file: str, knowledge: _Knowledge) -> dict[str, Any]:
    from bot.core import intakes
    from bot.wire.mail import quoting

    message = _message(file, knowledge)
    verdict = intakes.triage(message, knowledge.facts)
    row = {
        "file": file,
        "outcome": verdict.outcome,
        "rule": verdict.rule,
        "reason": verdict.reason,
        "recipient": verdict.recipient,
        "sender": message.sender.address if message.sender else None,
        "subject": message.subject,
        "words": message.text,
        "new_words": quoting.new_words(message.text),
        "attachments": _attachments(message),
    }
    return row if knowledge.book is None else row | _destination(message, knowledge.book)


def _message(file: str, knowledge: _Knowledge) -> "Inbound":
    from bot.wire.mail import mime

    if file.endswith(".json"):
        return _form(file, knowledge)
    raw = _content_of(file)
    read = mime.read(raw, channel=knowledge.channel or "triage", received_at=None)
    if knowledge.channel or knowledge.book is None:
        return read
    return replace(read, channel=_mailbox_of(read, knowledge.book))


def _attachments(message: "Inbound") -> list[str]:
    """Return the name of each file, or its type where it has none."""
    from bot.wire.mail import mime

    return [file.name or file.kind for file in mime.attachments(message.raw)] if message.mail else []


def _mailbox_of(message: "Inbound", book: "Rulebook") -> str:
    """Return the mailbox to which the mail is addressed; else the first one."""
    addresses = {address.lower() for address in message.mail.addressed()} if message.mail else set()
    mailboxes = [name for name, way in book.ways.items() if way.medium == "email"]
    matches = (name for name in mailboxes if book.ways[name].address.lower() in addresses)
    return next(matches, (mailboxes or ["triage"])[0])


def _form(file: str, knowledge: _Knowledge) -> "Inbound":
    from bot.core.messages import Inbound

    forms = knowledge.forms or {}
    form = forms.get(knowledge.channel) or next(iter(forms.values()), None)
    if form is None:
        raise Unreadable("a form needs --config with a channel of kind web_form")
    fields = _fields_of(file)
    message = form.read(fields)
    if not isinstance(message, Inbound):
        raise Unreadable("; ".join(f"{field}: {words}" for field, words in message.faults))
    # Other forms may have fields that the page does not.
    return replace(message, fields=fields | dict(message.fields))


def _fields_of(file: str) -> dict[str, str]:
    try:
        fields = json.loads(_content_of(file))
    except ValueError as error:
        raise Unreadable(f"this is no JSON: {error}") from error
    if not isinstance(fields, dict) or not all(isinstance(value, str) for value in fields.values()):
        raise Unreadable('a form is one JSON object of texts, as in {"email": "a@b.example", "message": "..."}')
    return fields


def _content_of(file: str) -> bytes:
    """What the file holds; `-` is standard input."""
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error


def _destination(message: "Inbound", book: "Rulebook") -> dict[str, Any]:
    """Return the team, and the standard that would apply if the message came now."""
    from bot.flows.intake.topics import look_into
    from bot.present import Present

    topic = look_into(message, book)
    goal, urgency = topic.goal, topic.urgency
    return {
        "channel": message.channel,
        "service": goal.service or None,
        "area": goal.area or None,
        "kind": goal.kind or None,
        "team": goal.team,
        "standard": book.clocks.promises.choose(topic.matter(message, book), book.clocks.today(Present().now())).id,
        "language": topic.language or None,
        "urgent": urgency.rule.name if urgency else None,
        "urgent_words": urgency.phrase if urgency else None,
        "because": list(goal.because),
    }


def _lines(row: Mapping[str, Any]) -> Iterator[str]:
    to = f" to {terminal.line(row['recipient'])}" if row["recipient"] else ""
    yield f"{terminal.line(row['file'])}: {row['outcome']}{to}, because {row['reason']} (rule {row['rule']})"
    if "team" in row:
        yield from (f"  {line}" for line in row["because"])
        if row["urgent"]:
            yield f'  URGENT: {row["urgent"]}, by the words "{row["urgent_words"]}"'
        yield f"  standard {row['standard']}, language {row['language'] or 'not known'}"
