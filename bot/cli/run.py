"""`ackbot run`: the service."""

import asyncio
from datetime import datetime
from typing import Annotated

import typer

from bot.cli.configuration import Directory, load_or_exit, refuse
from bot.cli.instants import instant_or_exit
from bot.core.calendars import FIRST_DAY, LAST_DAY

REAL = (
    "--pretend-now and --speed: this store holds contacts of real people. A rehearsal would send to them, and forget "
    "their words: give it a store of its own ([store] url in ackbot.toml)"
)


def run(
    config: Directory = None,
    only: Annotated[
        str, typer.Option(metavar="ROLES", help="Run only these parts, with commas between: listen,send,watch,web.")
    ] = "",
    upgrade: Annotated[bool, typer.Option("--upgrade", help="Bring an older store to this version's schema.")] = False,
    pretend_now: Annotated[
        str, typer.Option(metavar="INSTANT", help="Rehearsal: begin at this instant, such as 2026-12-18T10:00+00:00.")
    ] = "",
    speed: Annotated[float, typer.Option(min=0.001, metavar="N", help="Rehearsal: run N times as fast.")] = 1.0,
) -> None:
    """Run the service until it is told to stop (SIGTERM or Ctrl-C).

    A rehearsal needs a store of its own: it sends what falls due in its time, and forgets what is over its time.
    """
    from bot import app, log
    from bot.flows.outgoing import after_restore
    from bot.present import REHEARSAL, Present
    from bot.store import contacts, cursors, keys, schema
    from bot.store.databases import transaction
    from bot.store.engine import StoreUnavailable
    from bot.web import server

    roles = _roles(only)
    configured = load_or_exit(config)
    present = Present(_beginning(pretend_now), speed)
    log.configure(present.now)
    if present.rehearsal:
        log.get("run").warning("rehearsal", begins_at=present.now().isoformat(), speed=speed, real=False)
    try:
        with schema.exclusive(configured.store.url):
            schema.prepare(configured.store.url, may_upgrade=upgrade)
            keys.begin(configured.store.url, configured.store.secrets, present.now(), _log_sealing)
            with transaction(configured.store.url, writes=True) as connection:
                if present.rehearsal and cursors.read(connection, REHEARSAL) is None and contacts.total(connection):
                    refuse(REAL)
                since = after_restore.begin(connection, present.now())
            asyncio.run(app.run(app.Service(configured, present, roles=roles, restored_at=since)))
    except (schema.StoreRefused, server.CannotStart, StoreUnavailable, OSError) as error:
        refuse(f"Ackbot cannot start: {error}")


def _beginning(pretend_now: str) -> datetime | None:
    """Return the instant at which a rehearsal begins, in the years of which the calendar knows."""
    if not pretend_now:
        return None
    beginning = instant_or_exit("--pretend-now", pretend_now)
    if not FIRST_DAY <= beginning.date() <= LAST_DAY:
        refuse(f"--pretend-now {pretend_now}: must be between {FIRST_DAY} and {LAST_DAY}")
    return beginning


def _log_sealing(table: str, count: int) -> None:
    from bot import log

    if count and count % 50_000 == 0:
        log.get("run").info("addresses.sealed", table=table, rows=count)


def _roles(only: str) -> frozenset[str]:
    from bot.app import ROLES

    roles = frozenset(role.strip() for role in only.split(",") if role.strip()) or ROLES
    if unknown := roles - ROLES:
        refuse(f"--only {only}: {', '.join(sorted(unknown))} is not a part; allowed: listen,send,watch,web")
    return roles
