"""`ackbot schema`: the state of the store's tables, and their upgrade."""

from functools import partial

import typer

from bot.cli import progress
from bot.cli.configuration import NEGATIVE, Directory, load_or_exit, refuse

app = typer.Typer(help="Database migrations.", no_args_is_help=True)


@app.command()
def status(config: Directory = None) -> None:
    """Show the schema of the store and the one that this version needs; status 1 if they differ."""
    from bot.store import schema

    url = load_or_exit(config).store.url
    current, newest = schema.current(url), schema.newest()
    typer.echo(f"store: {current or 'none yet'}\nneeded: {newest}")
    if current == newest:
        return
    try:
        if current is not None:
            schema.require(url)
            typer.echo("A newer version made this schema, and this one works on it.")
    except schema.StoreRefused as error:
        typer.echo(f"{error}.", err=True)
    raise typer.Exit(NEGATIVE)


@app.command()
def upgrade(config: Directory = None) -> None:
    """Upgrade the store to this version's schema, all or nothing; back up first."""
    from bot.store import schema

    url = load_or_exit(config).store.url
    try:
        with progress.line("Upgrading the schema") as move, schema.exclusive(url):
            before = schema.current(url)
            schema.prepare(url, may_upgrade=True, progress=partial(_show, move))
            after = schema.current(url)
    except schema.StoreRefused as error:
        refuse(f"Nothing was changed: {error}.")
    typer.echo(f"The store was at {before or 'none'} and is at {after} now.")


def _show(move: progress.Move, revision: str) -> None:
    """Name each migration once it has run, wherever standard error goes: it is a record of what was done."""
    from bot.store import schema

    revisions = schema.revisions()
    typer.echo(f"{revision} ...", err=True)
    move(revisions.index(revision) + 1, len(revisions))
