"""`ackbot contacts list`: the queue from the terminal, and every contact for programs."""

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import completions, names, noting, terminal
from bot.cli.configuration import Directory, load_or_exit, refuse
from bot.cli.contacts import Json, facts_of, open_basis, present
from bot.cli.instants import day_or_instant
from bot.core.contacts import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from bot.core.contacts import Contact
    from bot.store.engine import Store
    from bot.store.listing import Choice

AT_ONCE, LIMIT, MOST_COUNTED = 500, 50, 1_000
COLUMNS = {"reference": 12, "due": 16, "state": 8, "channel": 12, "service": 12, "sender": 24, "subject": 40}


class Order(StrEnum):
    """The orders of a list."""

    DUE = "due"
    LOGGED = "logged"


def list_(  # noqa: PLR0913, PLR0917 - every option of the command is a parameter
    config: Directory = None,
    state: Annotated[
        str,
        typer.Option(help=f"Only contacts in this state: {', '.join(State)}.", autocompletion=completions.states),
    ] = "",
    team: Annotated[str, typer.Option(help="Only of this team.", autocompletion=completions.teams)] = "",
    service: Annotated[str, typer.Option(help="Only about this service.", autocompletion=completions.services)] = "",
    channel: Annotated[str, typer.Option(help="Only by this channel.", autocompletion=completions.channels)] = "",
    due_before: Annotated[
        str, typer.Option(metavar="DAY|INSTANT", help="Only open contacts that fall due before it.")
    ] = "",
    order: Annotated[
        Order | None,
        typer.Option(help="due: what falls due next first, then what is finished.  [default: due; with --json logged]"),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=0, help="How many; 0 for all.  [default: 50; with --json 0]")] = None,
    as_json: Json = False,
) -> None:
    """List contacts, those that fall due next first.

    With --json every contact, in the order of logging.
    """
    from bot.store.listing import Choice

    basis, store = open_basis(config)
    zone = basis.organisation.zone
    names.require("--state", state, lambda: State)
    names.require("--team", team, lambda: names.teams(load_or_exit(config)))
    names.require("--service", service, lambda: names.services_besides(service, load_or_exit(config)))
    names.require("--channel", channel, lambda: names.channels(load_or_exit(config)))
    before = day_or_instant("--due-before", due_before, zone) if due_before else None
    if before and state not in ("", State.OPEN):
        refuse("--due-before: only open contacts fall due; leave --state out.")
    as_logged = (order or (Order.LOGGED if as_json else Order.DUE)) is Order.LOGGED
    choice = Choice(state, team, service, channel, before, as_logged=as_logged)
    most = (0 if as_json else LIMIT) if limit is None else limit
    last = _print(store, zone, choice, most, as_json=as_json)
    if most and last is not None:
        _print_further(store, choice, last, most)


def _print(store: "Store", zone: "ZoneInfo", choice: "Choice", most: int, *, as_json: bool) -> "Contact | None":
    """Print the contacts as they are read; return the last one."""
    contact = None
    if not as_json:
        typer.echo(_line({name: name for name in COLUMNS}))
    for contact in _read(store, choice, most):
        facts = facts_of(contact, zone)
        typer.echo(terminal.json_line(facts) if as_json else _line(_cells(contact, facts)))
    return contact


def _read(store: "Store", choice: "Choice", most: int) -> "Iterator[Contact]":
    """Read page by page; whoever reads many is noted before they see them."""
    from bot.store import listing

    count, last = 0, None
    while rows := store.read_now(partial(listing.page, choice=choice, after=last, most=_next(most, count))):
        if count <= noting.MOST_AT_ONCE < count + len(rows):
            from bot.core.events import EventKind

            noting.note(store, present(store), EventKind.READ_IN_BULK, contacts=f"more than {noting.MOST_AT_ONCE}")
        yield from rows
        count, last = count + len(rows), rows[-1]
        if count == most:
            return


def _next(most: int, count: int) -> int:
    return min(AT_ONCE, most - count) if most else AT_ONCE


def _print_further(store: "Store", choice: "Choice", last: "Contact", most: int) -> None:
    from bot.store import listing

    count = store.read_now(partial(listing.count_further, choice=choice, after=last, most=MOST_COUNTED))
    if count:
        number = f"at least {count:,}" if count == MOST_COUNTED else f"{count:,}"
        typer.echo(f"And {number} more: --limit {most * 2} shows more of them, --limit 0 all.", err=True)


def _cells(contact: "Contact", facts: dict[str, Any]) -> dict[str, str]:
    due = (facts["due_at"] or "") if contact.state == State.OPEN else ""
    return {
        "reference": contact.reference,
        "due": due[:16].replace("T", " ") or ("paused" if contact.paused_at else ""),
        "state": contact.state,
        "channel": contact.channel,
        "service": contact.service or "",
        "sender": contact.sender_name or contact.sender_address or "",
        "subject": contact.subject,
    }


def _line(cells: dict[str, str]) -> str:
    *first, (_, subject) = cells.items()
    start = "  ".join(terminal.cell(value or "-", COLUMNS[name]) for name, value in first)
    columns = terminal.width()
    if columns is None:
        return f"{start}  {terminal.line(subject)}".rstrip()
    return f"{start}  {terminal.cell(subject, max(columns - len(start) - 2, 0))}".rstrip()
