"""Addresses that get no automatic mail for a time, with the reason: mail came back from them, or was not wanted."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from bot.store.tables import suppressions
from bot.store.upserts import insert


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address that gets nothing automatic until then, and why."""

    address: str
    reason: str
    since: datetime
    until: datetime


def add(connection: Connection, address: str, reason: str, since: datetime, until: datetime) -> None:
    """Suppress an address until then, with this reason; an entry that lasts longer stays as it is."""
    values = {"reason": reason, "since": since, "until": until}
    statement = insert(suppressions).values(address=address.lower(), **values)
    is_shorter = suppressions.c.until <= statement.excluded.until
    connection.execute(statement.on_conflict_do_update(index_elements=["address"], set_=values, where=is_shorter))


def list_in_force(connection: Connection, now: datetime) -> list[Suppression]:
    """Return the entries in force at `now`, the longest first."""
    query = select(suppressions).where(suppressions.c.until > now).order_by(suppressions.c.until.desc())
    return [Suppression(**row._mapping) for row in connection.execute(query)]


def is_suppressed(connection: Connection, address: str, now: datetime) -> bool:
    """Tell whether an address gets nothing automatic at `now`."""
    query = select(suppressions.c.address).where(suppressions.c.address == address.lower(), suppressions.c.until > now)
    return connection.execute(query).first() is not None


def among(connection: Connection, addresses: Collection[str], now: datetime) -> set[str]:
    """Return those of these addresses, in lower case, that get nothing automatic at `now`."""
    query = select(suppressions.c.address).where(suppressions.c.address.in_([address.lower() for address in addresses]))
    return set(connection.execute(query.where(suppressions.c.until > now)).scalars()) if addresses else set()


def drop(connection: Connection, address: str) -> bool:
    """Let an address have automatic mail again; False if it was not suppressed."""
    return connection.execute(delete(suppressions).where(suppressions.c.address == address.lower())).rowcount == 1


def forget(connection: Connection, now: datetime) -> int:
    """Delete entries that have run out; return their number."""
    return connection.execute(delete(suppressions).where(suppressions.c.until <= now)).rowcount
