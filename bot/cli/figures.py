"""`ackbot figures rebuild`: what the figures count, made anew from the events and compared with what stood there."""

import json
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import progress
from bot.cli.configuration import NEGATIVE, Directory
from bot.cli.contacts import Json, open_store

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.store.engine import Store

app = typer.Typer(help="What the figures follow from.", no_args_is_help=True)
_MOST_NAMED = 10


@app.callback()
def _group() -> None:
    """What the figures follow from."""


@app.command()
def rebuild(
    config: Directory = None,
    check: Annotated[bool, typer.Option("--check", help="Only compare, and change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Make the spells of every contact anew from its events, and say which were others. Status 1 if some were.

    The service may run meanwhile, and reports are right all the time.
    """
    _, store = open_store(config)
    with progress.line("Counting contacts anew", is_hidden=as_json) as move:
        count, differing = _make_anew(store, move, is_trial=check)
    references = store.read_now(partial(_references, ids=differing[:_MOST_NAMED]))
    if as_json:
        typer.echo(json.dumps({"contacts": count, "differing": len(differing), "references": references}))
    else:
        typer.echo(_sentence(count, len(differing), references))
    if differing:
        raise typer.Exit(NEGATIVE)


def _make_anew(store: "Store", move: progress.Move, *, is_trial: bool) -> tuple[int, list[int]]:
    """Go through every contact; return how many there are, and those that had other spells."""
    from bot.flows.figures import folding
    from bot.store import contacts

    total = store.read_now(contacts.total)
    up_to = 0 if is_trial else store.write_now(folding.begin_anew)
    run = store.read_now if is_trial else store.write_now
    count, differing, last_id = 0, list[int](), 0
    while (page := run(partial(folding.make_anew, after_id=last_id, is_trial=is_trial))).last_id is not None:
        count, last_id = count + page.contacts, page.last_id
        move(count, total)
        differing += page.differing
    if not is_trial:
        store.write_now(partial(folding.end_anew, up_to=up_to))
    return count, differing


def _references(connection: "Connection", ids: list[int]) -> list[str]:
    from bot.store import contacts

    return [contact.reference for contact in contacts.with_id(connection, ids).values()] if ids else []


def _sentence(count: int, differing_count: int, references: list[str]) -> str:
    if not differing_count:
        return f"Contacts looked at: {count:,}. Their spells are as their events say."
    names = ", ".join(references) + (" and others" if differing_count > len(references) else "")
    return f"Contacts looked at: {count:,}. Other spells than their events say had {differing_count:,}: {names}."
