"""`ackbot webhook replay`: a system that follows is told events again."""

import json
from typing import Annotated

import typer

from bot.cli import completions, contacts, noting
from bot.cli.configuration import Directory, rulebook_of
from bot.cli.contacts import Json

app = typer.Typer(help="Systems of yours that are told what happens.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Systems of yours that are told what happens."""


@app.command()
def replay(
    name: Annotated[
        str, typer.Argument(metavar="NAME", autocompletion=completions.channels, help="The name of the channel.")
    ],
    after: Annotated[int, typer.Option(metavar="NUMBER", help="The number of the last event that it has; 0 for all.")],
    config: Directory = None,
    as_json: Json = False,
) -> None:
    """Tell it again every event after a number, of the kinds that it follows. Status 1 if that cannot be."""
    from bot.flows.changes.replay_events import replay_events

    configured, store = contacts.open_store(config)
    book, now, actor = rulebook_of(configured), contacts.present(store), noting.actor()
    replay = store.write_now(lambda c: replay_events(c, name, after, actor, now, book))
    span = f"the events after {replay.after} up to {replay.up_to}"
    facts = {"name": name, "after": replay.after, "up_to": replay.up_to}
    typer.echo(json.dumps(facts) if as_json else f"{name} is told {span} again, while the service runs.")
