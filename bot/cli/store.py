"""`ackbot store`: back it up, move it to PostgreSQL, seal it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.configuration import Directory, load_or_exit, refuse

app = typer.Typer(help="The store as a whole.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The store as a whole."""


@app.command()
def copy(
    source: Annotated[
        str, typer.Argument(metavar="FROM", help="Such as sqlite:///var/ackbot.db; nothing may run on it.")
    ],
    target: Annotated[
        str, typer.Argument(metavar="TO", help="An empty database, such as postgresql://ackbot@db/ackbot.")
    ],
) -> None:
    """Copy a SQLite store to PostgreSQL, all or nothing, and count both. The old one is left as it is."""
    from sqlalchemy.exc import ArgumentError, DBAPIError

    from bot.present import Present
    from bot.store import copying, schema
    from bot.store.databases import is_shared, transaction

    try:
        if is_shared(source) or not is_shared(target):
            refuse(
                "A SQLite store is copied to PostgreSQL: ackbot store copy sqlite:///PATH postgresql://USER@HOST/NAME"
            )
        if schema.current(source) != schema.newest():
            refuse(f"There is no store of this version's schema at {source}: run ackbot schema upgrade first.")
        with schema.exclusive(source):
            schema.upgrade(target)
            with transaction(source, writes=False) as old, transaction(target, writes=True) as new:
                found = copying.copy(old, new, Present().now(), _told)
    except ArgumentError:
        refuse("One of the two is not an address: sqlite:///PATH, postgresql://USER@HOST/NAME")
    except (schema.StoreRefused, copying.NotCopied) as error:
        refuse(f"Nothing was copied: {error}.")
    except DBAPIError as error:
        refuse(f"Nothing was copied: {str(error.orig).splitlines()[0]}")
    typer.echo(f"Copied and counted: {', '.join(f'{count} {name}' for name, count in found.items())}.")
    typer.echo(
        "Now write the new address as store.url into ackbot.toml, start, and keep the old file until all is well."
    )


def _told(table: str, done: int, of: int) -> None:
    if not sys.stderr.isatty() and done not in (0, of):
        return
    end = "\n" if done == of else "\r"
    typer.echo(f"{table}: {done} of {of}{end}", err=True, nl=False)


@app.command()
def key() -> None:
    """Print a new key. Keep it where [store] keys names it, and a copy in a safe: without it nobody reads the words."""
    from bot.store import sealing

    typer.echo(sealing.new_key())


@app.command()
def reseal(config: Directory = None) -> None:
    """Seal every word in the store with the first of [store] keys; the older keys are needed no more then."""
    from bot.store import keys, schema
    from bot.store.engine import StoreUnavailable

    configured = load_or_exit(config)
    if not configured.store.secrets:
        refuse("There is no key to seal with: name one in [store] keys; ackbot store key makes one.")
    if schema.current(configured.store.url) != schema.newest():
        refuse(f"There is no store of this version's schema at {configured.store.url}.")
    try:
        total = keys.reseal_all(configured.store.url, configured.store.secrets, _done)
    except schema.StoreRefused as error:
        refuse(f"{error}.")
    except StoreUnavailable as error:
        refuse(f"The store cannot be used now: {error}. What is done is done; run it again for the rest.")
    typer.echo(f"{total} rows are sealed with the first key. The other keys are needed no more.")


def _done(table: str, count: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"{table}: {count}\r", err=True, nl=False)


@app.command()
def backup(
    to: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy is written.")],
    config: Directory = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Copy a SQLite store to a file while the service runs. To restore, put the file in the store's place and start."""
    from bot.present import Present
    from bot.store import backups, schema
    from bot.store.databases import is_shared

    url = load_or_exit(config).store.url
    if is_shared(url):
        refuse("A store on PostgreSQL is backed up by PostgreSQL: see Back-up and restore in docs/operations.md.")
    if schema.current(url) is None:
        refuse(f"There is no store yet at {url}.")
    if to.exists() and not force:
        refuse(f"{to} is there already; --force replaces it.")
    try:
        size = backups.back_up(url, to, Present().now(), _pages)
    except backups.NotCopied as error:
        refuse(f"There is no copy: {error}.")
    typer.echo(f"{to}: {size / 1e6:.1f} MB. It holds people's words: keep it as safe as the store.")


@app.command()
def restored(config: Directory = None) -> None:
    """Say that the store was put back from a copy, for one on PostgreSQL; run it before the service starts again.

    Receipts that may have left already are held, and everybody's session ends. A file that `store backup` wrote says so
    of itself.
    """
    from bot.flows.outgoing import after_restore as flow
    from bot.present import Present
    from bot.store import schema
    from bot.store.databases import transaction

    url = load_or_exit(config).store.url
    if schema.current(url) != schema.newest():
        refuse(f"There is no store of this version's schema at {url}: run ackbot schema upgrade first.")
    try:
        with schema.exclusive(url), transaction(url, writes=True) as connection:
            flow.begin(connection, Present().now(), restored=True)
    except schema.StoreRefused as error:
        refuse(f"{error}.")
    typer.echo(
        "What may have left already is held, and nobody is signed in any more. Start the service, then look at: "
        "ackbot release --list"
    )


def _pages(done: int, of: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"{done} of {of} pages\r", err=True, nl=False)
