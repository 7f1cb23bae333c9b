"""The accounts of staff, their sessions and one-time links. Only digests of secrets are stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from bot.core.roles import Role
from bot.store.tables import sessions, sign_in_links, staff
from bot.store.upserts import insert
from bot.wire import typed


@dataclass(frozen=True, slots=True)
class Account:
    """A member of staff; `teams` whose contacts they see, none: every team's. `password` is a hash, or "".

    `address` is stored in the form of `typed.account`. `second_factor` is the encrypted secret of their app for codes,
    or ""; `second_factor_step` the step of the last code used; `recovery_codes` digests with spaces between.
    """

    address: str
    name: str
    role: Role
    teams: frozenset[str]
    password: str
    created_at: datetime
    disabled_at: datetime | None
    second_factor: str = ""
    second_factor_step: int = 0
    recovery_codes: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A person who is signed in, and `how`."""

    account: Account
    began_at: datetime
    seen_at: datetime
    how: str


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


def administrators(connection: Connection) -> list[Account]:
    """Return the administrators who may sign in, and let no other transaction change them before this one ends."""
    is_one = (staff.c.role == Role.ADMINISTRATOR.value) & staff.c.disabled_at.is_(None)
    # In one order, so that two that ask at once wait for one another and not both for ever.
    query = select(staff).where(is_one).order_by(staff.c.address).with_for_update()
    return [_account(row) for row in connection.execute(query)]


def change(connection: Connection, address: str, **values: Any) -> None:
    """Set columns of an account."""
    connection.execute(update(staff).where(staff.c.address == address).values(**values))


def begin_session(
    connection: Connection, digest: str, address: str, how: str, times: tuple[datetime, datetime]
) -> None:
    """Store a new session with its begin and its end (`times`); delete those that have ended."""
    now, ends_at = times
    connection.execute(delete(sessions).where(sessions.c.ends_at <= now))
    row = {"digest": digest, "address": address, "began_at": now, "seen_at": now, "ends_at": ends_at, "how": how}
    connection.execute(insert(sessions), [row])


def session(connection: Connection, digest: str, now: datetime) -> Session | None:
    """Return the session with this digest, unless it has ended or its account is disabled."""
    query = select(sessions.c.began_at, sessions.c.seen_at, sessions.c.how, *staff.c).join_from(
        sessions, staff, sessions.c.address == staff.c.address
    )
    condition = (sessions.c.digest == digest) & (sessions.c.ends_at > now) & staff.c.disabled_at.is_(None)
    row = connection.execute(query.where(condition)).first()
    return Session(_account(row), row.began_at, row.seen_at, row.how) if row else None


def extend_session(connection: Connection, digest: str, now: datetime, ends_at: datetime) -> None:
    """Note that the session is used, and set its new end."""
    connection.execute(update(sessions).where(sessions.c.digest == digest).values(seen_at=now, ends_at=ends_at))


def end_session(connection: Connection, digest: str) -> None:
    """Sign a person out."""
    connection.execute(delete(sessions).where(sessions.c.digest == digest))


def end_all_sessions(connection: Connection) -> int:
    """Sign everybody out, and end every one-time link; return the number of sessions."""
    connection.execute(delete(sign_in_links))
    return connection.execute(delete(sessions)).rowcount


def end_sessions_of(connection: Connection, address: str, *, but: str = "") -> int:
    """Sign a person out everywhere, `but` in the session with that digest; return the number of sessions."""
    condition = (sessions.c.address == address) & (sessions.c.digest != but)
    return connection.execute(delete(sessions).where(condition)).rowcount


def drop_ended(connection: Connection, now: datetime) -> None:
    """Delete the sessions and the links that have ended."""
    for table in (sessions, sign_in_links):
        connection.execute(delete(table).where(table.c.ends_at <= now))


def add_link(connection: Connection, digest: str, address: str, ends_at: datetime, now: datetime) -> None:
    """Store a one-time link in place of any other of that person; delete those that have ended."""
    old = (sign_in_links.c.address == address) | (sign_in_links.c.ends_at <= now)
    connection.execute(delete(sign_in_links).where(old))
    connection.execute(insert(sign_in_links).values(digest=digest, address=address, ends_at=ends_at))


def link_account(connection: Connection, digest: str, now: datetime) -> Account | None:
    """Return whose link this is, unless it was used or has ended, or they are disabled."""
    query = select(staff).join(sign_in_links, sign_in_links.c.address == staff.c.address)
    condition = (sign_in_links.c.digest == digest) & (sign_in_links.c.ends_at > now) & staff.c.disabled_at.is_(None)
    row = connection.execute(query.where(condition)).first()
    return _account(row) if row else None


def use_link(connection: Connection, digest: str) -> bool:
    """Delete a link; False where another has used it at the same moment."""
    return connection.execute(delete(sign_in_links).where(sign_in_links.c.digest == digest)).rowcount == 1


def drop_links(connection: Connection, address: str) -> None:
    """Delete the links of a person."""
    connection.execute(delete(sign_in_links).where(sign_in_links.c.address == address))


def use_step(connection: Connection, address: str, step: int) -> bool:
    """Note that the code of this step is used; False where it or a later one was used before, even just now."""
    condition = (staff.c.address == address) & (staff.c.second_factor_step < step)
    return connection.execute(update(staff).where(condition).values(second_factor_step=step)).rowcount == 1


def use_recovery_code(connection: Connection, account: Account, digest: str) -> bool:
    """Take a recovery code away; False where there is none, or the codes have changed since `account` was read."""
    digests = account.recovery_codes.split()
    if digest not in digests:
        return False
    rest = " ".join(entry for entry in digests if entry != digest)
    condition = (staff.c.address == account.address) & (staff.c.recovery_codes == account.recovery_codes)
    return connection.execute(update(staff).where(condition).values(recovery_codes=rest)).rowcount == 1


def _account(row: Any) -> Account:
    return Account(
        address=row.address,
        name=row.name,
        role=Role(row.role),
        teams=frozenset(row.teams.split()),
        password=row.password,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
        second_factor=row.second_factor,
        second_factor_step=row.second_factor_step,
        recovery_codes=row.recovery_codes,
    )
