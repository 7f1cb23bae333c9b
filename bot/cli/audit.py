"""`ackbot audit verify`: whether the trail is as it was written."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import progress
from bot.cli.configuration import NEGATIVE, Directory, refuse
from bot.cli.contacts import Json, open_store

if TYPE_CHECKING:
    from bot.core.chain import Verification

app = typer.Typer(help="The trail of what happened and of what people did.", no_args_is_help=True)
_DIGITS = 64


@app.callback()
def _group() -> None:
    """The trail of what happened and of what people did."""


@app.command()
def verify(
    config: Directory = None,
    heads: Annotated[
        list[str] | None,
        typer.Option("--head", metavar="HEAD", help="A line audit.head of the log; may be given several times."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Go through every event, and say which was changed, deleted or put in. Status 1 if the trail does not hold."""
    from bot.core.chain import Secret, Verification
    from bot.core.subkeys import Use, subkey
    from bot.store import chain

    links = [_link_or_exit(head) for head in heads or ()]
    configured, store = open_store(config)
    web_secret = configured.web.secret.get_secret_value().encode()
    start = Verification(Secret(subkey(web_secret, Use.AUDIT)), subkey(web_secret, Use.FORGOTTEN_NAMES), links)
    with progress.line("Checking events", store.read_now(chain.head)[0], is_hidden=as_json) as move:
        verification = store.read_now(lambda c: chain.verify(c, start, move))
    waiting_count = store.read_now(chain.waiting_count)
    if as_json:
        typer.echo(json.dumps(_facts(verification, waiting_count)))
    else:
        _print(verification, waiting_count)
    if not verification.holds:
        raise typer.Exit(NEGATIVE)


def _link_or_exit(head: str) -> bytes:
    try:
        link = bytes.fromhex(head)
    except ValueError:
        link = b""
    if len(link) * 2 != _DIGITS:
        refuse(f"{head!r} is no head: take the {_DIGITS} digits of `head` in a line audit.head of the log.")
    return link


def _facts(verification: "Verification", waiting_count: int) -> dict[str, Any]:
    return {
        "holds": verification.holds,
        "events": verification.count,
        "forgotten": verification.forgotten_count,
        "under_former_secrets": verification.of_former_secrets,
        "remainders_not_proved": verification.unproved_remainders,
        "not_linked_yet": waiting_count,
        "last_event": verification.event,
        "head": verification.head.hex(),
        "heads_not_found": sorted(head.hex() for head in verification.absent_heads),
        "faults": verification.fault_count,
        "first_faults": [{"event": fault.event, "reason": fault.reason} for fault in verification.faults],
    }


def _print(verification: "Verification", waiting_count: int) -> None:
    for fault in verification.faults:
        typer.echo(f"Event {fault.event}: {fault.reason}.")
    if more := verification.fault_count - len(verification.faults):
        typer.echo(f"And {more} more.")
    for head in sorted(verification.absent_heads):
        typer.echo(f"{head.hex()}: no event has this head: the end of the trail was cut off, or it was made anew.")
    if not verification.is_proved:
        typer.echo(
            "Nothing proves the last events: their links were made with another web.secret. If you have changed it, "
            "let the service run until something has happened, or verify with the former one; else somebody made them "
            "anew."
        )
    if count := verification.unproved_remainders:
        typer.echo(
            f"What is left of {count} forgotten events was proved with a former web.secret: nothing proves it now."
        )
    states = f"{verification.count} events, {verification.forgotten_count} of them forgotten"
    later = f"; not linked yet: {waiting_count}" if waiting_count else ""
    typer.echo(f"{'The trail holds' if verification.holds else 'The trail does not hold'}: {states}{later}.")
    typer.echo(f"Head: {verification.head.hex()} (event {verification.event})")
