"""`ackbot triage`: what would become of these mails, and by which rule. Touches no store, needs no configuration."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.configuration import MISUSE, load_or_exit, rulebook_of

if TYPE_CHECKING:
    from bot.core.intakes import Facts, Verdict

Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="Mails as files (RFC 5322); - is standard input.")]
Configured = Annotated[
    Path | None,
    typer.Option("--config", metavar="DIR", help="Take our addresses, staff, relays and the like from this directory."),
]
Believed = Annotated[
    str,
    typer.Option("--authserv-id", metavar="NAME", help="Whose Authentication-Results are believed."),
]
Own = Annotated[list[str] | None, typer.Option("--own", metavar="ADDRESS", help="An address of our own; repeatable.")]


def triage(
    files: Files,
    config: Configured = None,
    own: Own = None,
    authserv_id: Believed = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Say for each mail what would become of it. Status 0: all read, 2: a file could not be read."""
    facts = _facts(config, own or [], authserv_id)
    unread = 0
    for file in files:
        try:
            verdict = _judge(file, facts)
        except OSError as error:
            unread += 1
            typer.echo(f"{_shown(file)}: {error.strerror or error}", err=True)
        else:
            typer.echo(_as_json(file, verdict) if as_json else _as_line(file, verdict))
    if unread:
        raise typer.Exit(MISUSE)


def _facts(config: Path | None, own: list[str], authserv_id: str) -> "Facts":
    """What is known of us: by the configuration, if one is named, and by the options."""
    from bot.core.intakes import Facts

    known = Facts()
    if config is not None:
        book = rulebook_of(load_or_exit(config))
        named = (way.authserv_id for way in book.ways.values() if way.authserv_id)
        known = replace(book.triage, authserv_id=next(named, ""))
    ours = known.own | {address.lower() for address in own}
    return replace(known, own=ours, authserv_id=authserv_id or known.authserv_id)


def _judge(file: str, facts: "Facts") -> "Verdict":
    from bot.core import intakes
    from bot.wire import mime

    raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    return intakes.triage(mime.read(raw, channel="triage", received_at=None), facts)


def _as_json(file: str, verdict: "Verdict") -> str:
    facts = {"file": file, "outcome": verdict.outcome, "rule": verdict.rule, "reason": verdict.reason}
    return json.dumps(facts)


def _as_line(file: str, verdict: "Verdict") -> str:
    to = f" to {_shown(verdict.recipient)}" if verdict.recipient else ""
    return f"{_shown(file)}: {verdict.outcome}{to}, because {verdict.reason} (rule {verdict.rule})"


def _shown(text: str) -> str:
    """A name of any bytes, as something that every terminal takes."""
    return "".join(character if character.isprintable() else "?" for character in text)
