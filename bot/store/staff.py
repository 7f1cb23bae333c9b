"""The accounts of staff, and their sessions. Only digests of secrets are stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite speaks the same "on conflict"

from bot.core.roles import Role
from bot.store.tables import sessions, staff
from bot.wire import typed


@dataclass(frozen=True, slots=True)
class Account:
    """A member of staff; `teams` whose contacts they see, none: every team's. `password` is a hash, or "".

    `address` is stored in the form of `typed.account`.
    """

    address: str
    name: str
    role: Role
    teams: frozenset[str]
    password: str
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Session:
    """A person who is signed in."""

    account: Account
    began_at: datetime
    seen_at: datetime


def add(connection: Connection, account: Account) -> bool:
    """Store a new account; False if the address has one already, even one made at the same moment."""
    row = {name: getattr(account, name) for name in ("address", "name", "password", "created_at", "disabled_at")}
    row |= {"role": str(account.role), "teams": " ".join(sorted(account.teams))}
    statement = insert(staff).values(**row).on_conflict_do_nothing(index_elements=["address"])
    return connection.execute(statement.returning(staff.c.address)).scalar() is not None


def find(connection: Connection, address: str) -> Account | None:
    """Return the account of this address, as somebody typed it or a provider states it."""
    row = connection.execute(select(staff).where(staff.c.address == typed.account(address))).first()
    return _account(row) if row else None


def list_all(connection: Connection) -> list[Account]:
    """Return every account, by address."""
    return [_account(row) for row in connection.execute(select(staff).order_by(staff.c.address))]


def change(connection: Connection, address: str, **values: Any) -> None:
    """Set columns of an account."""
    connection.execute(update(staff).where(staff.c.address == address).values(**values))


def begin_session(connection: Connection, digest: str, address: str, now: datetime, ends_at: datetime) -> None:
    """Store a new session; delete those that have ended."""
    connection.execute(delete(sessions).where(sessions.c.ends_at <= now))
    row = {"digest": digest, "address": address, "began_at": now, "seen_at": now, "ends_at": ends_at}
    connection.execute(insert(sessions), [row])


def session(connection: Connection, digest: str, now: datetime) -> Session | None:
    """Return the session with this digest, unless it has ended or its account is disabled."""
    query = select(sessions.c.began_at, sessions.c.seen_at, *staff.c).join_from(
        sessions, staff, sessions.c.address == staff.c.address
    )
    condition = (sessions.c.digest == digest) & (sessions.c.ends_at > now) & staff.c.disabled_at.is_(None)
    row = connection.execute(query.where(condition)).first()
    return Session(_account(row), row.began_at, row.seen_at) if row else None


def extend_session(connection: Connection, digest: str, now: datetime, ends_at: datetime) -> None:
    """Note that the session is used, and set its new end."""
    connection.execute(update(sessions).where(sessions.c.digest == digest).values(seen_at=now, ends_at=ends_at))


def end_session(connection: Connection, digest: str) -> None:
    """Sign a person out."""
    connection.execute(delete(sessions).where(sessions.c.digest == digest))


def end_all_sessions(connection: Connection) -> int:
    """Sign everybody out; return the number of sessions."""
    return connection.execute(delete(sessions)).rowcount


def end_sessions_of(connection: Connection, address: str) -> int:
    """Sign a person out everywhere; return the number of sessions."""
    return connection.execute(delete(sessions).where(sessions.c.address == address)).rowcount


def _account(row: Any) -> Account:
    return Account(
        address=row.address,
        name=row.name,
        role=Role(row.role),
        teams=frozenset(row.teams.split()),
        password=row.password,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )
