"""`ackbot store`: back up the store, move it to PostgreSQL, encrypt it."""

import errno
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import noting, progress
from bot.cli.configuration import Directory, load_or_exit, refuse, why_unwritten

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
    """Copy a SQLite store to PostgreSQL, all or nothing, and compare the counts. The old one is left unchanged."""
    from sqlalchemy.exc import ArgumentError, DBAPIError

    from bot.core.events import Event, EventKind
    from bot.present import Present
    from bot.store import contacts, copying, schema
    from bot.store.databases import is_shared, transaction

    try:
        if is_shared(source) or not is_shared(target):
            refuse(
                "A SQLite store is copied to PostgreSQL: ackbot store copy sqlite:///PATH postgresql://USER@HOST/NAME"
            )
        if schema.current(source) != schema.newest():
            refuse(f"There is no store of this version's schema at {source}: run ackbot schema upgrade first.")
        with progress.line("Copying") as move, schema.exclusive(source):
            schema.upgrade(target)
            with transaction(source, writes=False) as old, transaction(target, writes=True) as new:
                counts = copying.copy(
                    old, new, Present().now(), lambda table, count, total: move(count, total, f"Copying {table}")
                )
                # In the one that goes on: the old one is left as it was.
                contacts.note(
                    new, [Event(None, Present().now(), EventKind.STORE_COPIED, noting.actor(), {"rows": counts})]
                )
    except ArgumentError:
        refuse("One of the two is not an address: sqlite:///PATH, postgresql://USER@HOST/NAME")
    except (schema.StoreRefused, copying.NotCopied) as error:
        refuse(f"Nothing was copied: {error}.")
    except DBAPIError as error:
        refuse(f"Nothing was copied: {str(error.orig).splitlines()[0]}")
    typer.echo(f"Copied and counted: {', '.join(f'{count} {name}' for name, count in counts.items())}.")
    typer.echo(
        "Now write the new address as store.url into ackbot.toml, start, and keep the old file until all is well."
    )


@app.command()
def key() -> None:
    """Print a new key. Put it where [store] keys names it, and a copy in a safe: without it no words can be read."""
    from bot.store import sealing

    typer.echo(sealing.new_key())


@app.command()
def reseal(config: Directory = None) -> None:
    """Encrypt all words in the store with the first of [store] keys; the older keys are not needed after that."""
    from bot.present import Present
    from bot.store import keys, schema
    from bot.store.engine import StoreUnavailable

    configured = load_or_exit(config)
    if not configured.store.secrets:
        refuse("There is no key to seal with: name one in [store] keys; ackbot store key makes one.")
    if schema.current(configured.store.url) != schema.newest():
        refuse(f"There is no store of this version's schema at {configured.store.url}.")
    try:
        with progress.line("Sealing") as move:
            total = keys.reseal_all(
                configured.store.url,
                configured.store.secrets,
                Present().now(),
                lambda table, count: move(count, words=f"Sealing {table}"),
            )
    except schema.StoreRefused as error:
        refuse(f"{error}.")
    except StoreUnavailable as error:
        refuse(f"The store cannot be used now: {error}. What is done is done; run it again for the rest.")
    typer.echo(f"{total} rows are sealed with the first key. The other keys are needed no more.")


@app.command()
def backup(
    to: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy is written.")],
    config: Directory = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Copy a SQLite store to a file while the service runs. To restore, put the file in the store's place and start."""
    from sqlalchemy.exc import DBAPIError

    from bot.core.events import Event, EventKind
    from bot.present import Present
    from bot.store import backups, contacts, schema
    from bot.store.databases import is_shared, transaction

    url = load_or_exit(config).store.url
    if is_shared(url):
        refuse("A store on PostgreSQL is backed up by PostgreSQL: see Back up in docs/operations.md.")
    if schema.current(url) is None:
        refuse(f"There is no store yet at {url}.")
    try:
        if to.is_dir():
            raise IsADirectoryError(errno.EISDIR, "")
        if to.exists() and not force:
            refuse(f"{to} is there already; --force replaces it.")
        with progress.line("Copying pages") as move:
            size = backups.back_up(url, to, Present().now(), move)
    except backups.NotCopied as error:
        refuse(f"There is no copy: {error}.")
    except OSError as error:
        refuse(f"There is no copy: {to} cannot be written: {why_unwritten(to, error)}.")
    typer.echo(f"{to}: {size / 1e6:.1f} MB. It holds people's words: keep it as safe as the store.")
    try:
        with transaction(url, writes=True) as connection:
            event = Event(None, Present().now(), EventKind.STORE_BACKED_UP, noting.actor(), {"bytes": size})
            contacts.note(connection, [event])
    except DBAPIError as error:
        # A store that cannot be written may need its copy most.
        typer.echo(f"The audit trail has no line of it: {str(error.orig).splitlines()[0]}", err=True)


@app.command()
def restored(config: Directory = None) -> None:
    """Record that the store on PostgreSQL was restored from a copy; run it before the service starts again.

    Receipts that may have left already are held back, and every session ends. A file made by `store backup` contains
    this mark itself.
    """
    from bot.flows.outgoing import after_restore as flow
    from bot.present import Present
    from bot.store import schema
    from bot.store.databases import transaction

    url = load_or_exit(config).store.url
    if schema.current(url) != schema.newest():
        refuse(f"There is no store of this version's schema at {url}: run ackbot schema upgrade first.")
    try:
        with (
            progress.line("Holding what may have left"),
            schema.exclusive(url),
            transaction(url, writes=True) as connection,
        ):
            flow.begin(connection, Present().now(), restored=True)
    except schema.StoreRefused as error:
        refuse(f"{error}.")
    typer.echo(
        "What may have left already is held, and nobody is signed in any more. Start the service, then look at: "
        "ackbot release --list"
    )
