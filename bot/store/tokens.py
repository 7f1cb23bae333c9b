"""Tokens of the API, of which only digests are stored; and the answers to calls with a caller's own key."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, select, update

from bot.store.tables import answers, tokens
from bot.store.upserts import insert


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its scopes, the teams whose contacts it sees (none: all), and its end (None: it has none)."""

    name: str
    scopes: frozenset[str]
    teams: frozenset[str]
    created_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None
    ends_at: datetime | None = None

    def has_ended(self, now: datetime) -> bool:
        """Tell whether its time is over."""
        return self.ends_at is not None and self.ends_at <= now


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a call; `digest` is that of the call. `body` names the contact, and contains no personal data.

    `status` is 0 while the call is under way, or where it never ended.
    """

    digest: str
    status: int
    body: str


def digest_of(secret: str) -> str:
    """Return the digest of a token: it is random, so a plain hash is enough."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def add(connection: Connection, token: Token, digest: str) -> bool:
    """Store a new token; False if the name is taken, even at the same moment."""
    row = {"name": token.name, "digest": digest, "created_at": token.created_at, "ends_at": token.ends_at}
    row |= {"scopes": " ".join(sorted(token.scopes)), "teams": " ".join(sorted(token.teams))}
    statement = insert(tokens).values(**row).on_conflict_do_nothing(index_elements=["name"])
    return connection.execute(statement.returning(tokens.c.name)).scalar() is not None


def with_digest(connection: Connection, digest: str) -> Token | None:
    """Return the token with this digest, even one that has expired, unless it is revoked."""
    condition = (tokens.c.digest == digest) & tokens.c.revoked_at.is_(None)
    row = connection.execute(select(tokens).where(condition)).first()
    return _token(row) if row else None


def list_all(connection: Connection) -> list[Token]:
    """Return every token, by name."""
    return [_token(row) for row in connection.execute(select(tokens).order_by(tokens.c.name))]


def usable(connection: Connection, now: datetime) -> list[Token]:
    """Return the tokens that let a program in now, by name."""
    return [token for token in list_all(connection) if token.revoked_at is None and not token.has_ended(now)]


def note_use(connection: Connection, name: str, now: datetime) -> None:
    """Note when a token was last used."""
    connection.execute(update(tokens).where(tokens.c.name == name).values(used_at=now))


def revoke(connection: Connection, name: str, now: datetime) -> bool:
    """Revoke a token; False if there is no valid one of that name."""
    condition = (tokens.c.name == name) & tokens.c.revoked_at.is_(None)
    return connection.execute(update(tokens).where(condition).values(revoked_at=now)).rowcount == 1


def find_answer(connection: Connection, key: str) -> Answer | None:
    """Return the answer under this key."""
    row = connection.execute(select(answers).where(answers.c.key == key)).first()
    return Answer(row.digest, row.status, row.body) if row else None


def reserve(connection: Connection, key: str, digest: str, now: datetime) -> Answer | None:
    """Reserve this key for a call; return the stored answer if it is taken. Of two at once the second waits."""
    row = {"key": key, "digest": digest, "status": 0, "body": "", "at": now}
    insertion = insert(answers).values(row).on_conflict_do_nothing(index_elements=["key"]).returning(answers.c.key)
    return None if connection.execute(insertion).first() else find_answer(connection, key)


def keep_answer(connection: Connection, key: str, status: int, body: str) -> None:
    """Store the answer to the call that reserved this key."""
    connection.execute(update(answers).where(answers.c.key == key).values(status=status, body=body))


def drop_answers(connection: Connection, before: datetime) -> None:
    """Delete answers from before that."""
    connection.execute(delete(answers).where(answers.c.at < before))


def drop_answers_with(connection: Connection, words: Collection[str]) -> None:
    """Delete the answers that hold one of these words, or whose key does."""
    rows = connection.execute(select(answers.c.key, answers.c.body)).all()
    keys = [row.key for row in rows if any(word in f"{row.key}\n{row.body}".lower() for word in map(str.lower, words))]
    if keys:
        connection.execute(delete(answers).where(answers.c.key.in_(keys)))


def _token(row: Any) -> Token:
    return Token(
        name=row.name,
        scopes=frozenset(row.scopes.split()),
        teams=frozenset(row.teams.split()),
        created_at=row.created_at,
        used_at=row.used_at,
        revoked_at=row.revoked_at,
        ends_at=row.ends_at,
    )
