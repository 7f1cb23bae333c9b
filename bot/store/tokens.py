"""Tokens of the API: only their digests are kept; and what was answered under a caller's own key."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite speaks the same "on conflict"

from bot.store.tables import answers, tokens


@dataclass(frozen=True, slots=True)
class Token:
    """One token: what it allows, and whose contacts it sees (no teams: everybody's)."""

    name: str
    scopes: frozenset[str]
    teams: frozenset[str]
    created_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call was answered; `digest` is of the call. `body` says of which contact, and no word of a person.

    `status` is 0 while the call is under way, or where it came to no end.
    """

    digest: str
    status: int
    body: str


def digest_of(secret: str) -> str:
    """How a token is kept: it is random, so a plain hash is enough."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def add(connection: Connection, token: Token, digest: str) -> bool:
    """Keep a new token; False where the name is taken, be it at the same moment."""
    row = {"name": token.name, "digest": digest, "created_at": token.created_at}
    row |= {"scopes": " ".join(sorted(token.scopes)), "teams": " ".join(sorted(token.teams))}
    statement = insert(tokens).values(**row).on_conflict_do_nothing(index_elements=["name"])
    return connection.execute(statement.returning(tokens.c.name)).scalar() is not None


def with_digest(connection: Connection, digest: str) -> Token | None:
    """The token of this digest, unless it is revoked."""
    wanted = (tokens.c.digest == digest) & tokens.c.revoked_at.is_(None)
    row = connection.execute(select(tokens).where(wanted)).first()
    return _token(row) if row else None


def listed(connection: Connection) -> list[Token]:
    """Every token, by name."""
    return [_token(row) for row in connection.execute(select(tokens).order_by(tokens.c.name))]


def used(connection: Connection, name: str, now: datetime) -> None:
    """Note when it was last used."""
    connection.execute(update(tokens).where(tokens.c.name == name).values(used_at=now))


def revoke(connection: Connection, name: str, now: datetime) -> bool:
    """It lets nobody in any more; False where there is none that does."""
    wanted = (tokens.c.name == name) & tokens.c.revoked_at.is_(None)
    return connection.execute(update(tokens).where(wanted).values(revoked_at=now)).rowcount == 1


def answered(connection: Connection, key: str) -> Answer | None:
    """What was answered under this key."""
    row = connection.execute(select(answers).where(answers.c.key == key)).first()
    return Answer(row.digest, row.status, row.body) if row else None


def reserve(connection: Connection, key: str, digest: str, now: datetime) -> Answer | None:
    """Take this key for a call; what stands under it where it was taken before. Of two at once the second waits."""
    row = {"key": key, "digest": digest, "status": 0, "body": "", "at": now}
    taking = insert(answers).values(row).on_conflict_do_nothing(index_elements=["key"]).returning(answers.c.key)
    return None if connection.execute(taking).first() else answered(connection, key)


def keep_answer(connection: Connection, key: str, status: int, body: str) -> None:
    """Keep what the call was answered for which this key was taken."""
    connection.execute(update(answers).where(answers.c.key == key).values(status=status, body=body))


def drop_answers(connection: Connection, before: datetime) -> None:
    """Forget what was answered before that."""
    connection.execute(delete(answers).where(answers.c.at < before))


def _token(row: Any) -> Token:
    return Token(
        name=row.name,
        scopes=frozenset(row.scopes.split()),
        teams=frozenset(row.teams.split()),
        created_at=row.created_at,
        used_at=row.used_at,
        revoked_at=row.revoked_at,
    )
