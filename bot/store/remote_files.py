"""Files of messages that their platform keeps: those that wait to be fetched, and what became of the others."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from bot.core.messages import RemoteFile
from bot.core.remote_files import State
from bot.store.conditions import HAS_NEXT_ATTEMPT
from bot.store.tables import messages, raw_messages, remote_files


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that came with a message; with a `reason` it is not fetched."""

    message_id: int
    file: RemoteFile
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that waits to be fetched through its channel, and how often that was tried.

    `is_by_person`: the person of the contact sent it, not staff.
    """

    id: int
    message_id: int
    contact_id: int
    channel: str
    file: RemoteFile
    attempts: int
    since: datetime
    is_by_person: bool


@dataclass(frozen=True, slots=True)
class Stand:
    """How a file stands: its kind and name, and why it is not here."""

    kind: str
    name: str
    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class Stuck:
    """How many files of a channel have waited for long, and what was said at the last attempt."""

    channel: str
    count: int
    reason: str


def add(connection: Connection, new: Sequence[NewFile], now: datetime) -> None:
    """Let these files be fetched, the first attempt at once."""
    connection.execute(insert(remote_files), [_row_of(entry, now) for entry in new])


def _row_of(entry: NewFile, now: datetime) -> dict[str, object]:
    return {
        "message_id": entry.message_id,
        "kind": entry.file.kind,
        "content_type": entry.file.content_type,
        "locator": entry.file.locator,
        "name": entry.file.name,
        "state": State.REFUSED if entry.reason else State.WAITING,
        "reason": entry.reason,
        "since": now,
        "next_attempt_at": None if entry.reason else now,
    }


def due(connection: Connection, now: datetime, most: int) -> list[Waiting]:
    """Return files whose next attempt is due, the longest overdue first."""
    query = select(remote_files, messages.c.channel, messages.c.contact_id, messages.c.written_by).join(messages)
    query = query.where(HAS_NEXT_ATTEMPT, remote_files.c.next_attempt_at <= now)
    rows = connection.execute(query.order_by(remote_files.c.next_attempt_at, remote_files.c.id).limit(most))
    return [
        Waiting(
            row.id,
            row.message_id,
            row.contact_id,
            row.channel,
            RemoteFile(row.kind, row.locator, row.name, row.content_type),
            row.attempts,
            row.since,
            row.written_by == "sender",
        )
        for row in rows
    ]


def raw_of(connection: Connection, waiting: Waiting) -> bytes | None:
    """Return the message as it is kept, for this transaction alone; None where nothing waits for the file."""
    query = select(remote_files.c.id).where(remote_files.c.id == waiting.id, HAS_NEXT_ATTEMPT).with_for_update()
    if connection.execute(query).first() is None:
        return None
    of_message = select(raw_messages.c.raw).where(raw_messages.c.message_id == waiting.message_id).with_for_update()
    raw: bytes | None = connection.execute(of_message).scalar()
    return raw


def drop_forgotten(connection: Connection) -> None:
    """Drop what is known of the files of messages that are not kept any more.

    An older program beside this one forgets messages, and leaves their files, which it does not know of.
    """
    is_kept = select(raw_messages.c.message_id).where(raw_messages.c.message_id == remote_files.c.message_id).exists()
    connection.execute(delete(remote_files).where(~is_kept))


def put_raw(connection: Connection, message_id: int, raw: bytes) -> None:
    """Keep the message with one more of its files."""
    connection.execute(update(raw_messages).where(raw_messages.c.message_id == message_id).values(raw=raw))


def settle(connection: Connection, waiting: Waiting, name: str, size: int) -> None:
    """Note that a file is kept now, under this name."""
    values = {"state": State.KEPT, "name": name, "size": size, "attempts": waiting.attempts + 1, "reason": ""}
    _change(connection, waiting, {**values, "next_attempt_at": None})


def give_up(connection: Connection, waiting: Waiting, state: State, reason: str) -> bool:
    """Note that a file is not going to be kept, and why; False where it does not wait any more."""
    values = {"state": state, "reason": reason, "attempts": waiting.attempts + 1, "next_attempt_at": None}
    return _change(connection, waiting, values)


def put_off(connection: Connection, waiting: Waiting, reason: str, again_at: datetime) -> None:
    """Note what was said at an attempt, and when the next one is due."""
    _change(connection, waiting, {"reason": reason, "attempts": waiting.attempts + 1, "next_attempt_at": again_at})


def _change(connection: Connection, waiting: Waiting, values: dict[str, object]) -> bool:
    same = (remote_files.c.id == waiting.id) & HAS_NEXT_ATTEMPT
    return connection.execute(update(remote_files).where(same).values(values)).rowcount == 1


def refuse(connection: Connection, message_id: int, name: str, reason: str) -> None:
    """Note that a file which was kept under this name is taken away again."""
    query = select(remote_files.c.id, remote_files.c.name).where(remote_files.c.message_id == message_id)
    ids = [row.id for row in connection.execute(query.where(remote_files.c.state == State.KEPT)) if row.name == name]
    change = update(remote_files).where(remote_files.c.id.in_(ids))
    connection.execute(change.values(state=State.REFUSED, reason=reason, size=0))


def size_of_contact(connection: Connection, contact_id: int) -> int:
    """Return how many octets of files are kept with the messages of a contact."""
    query = select(func.coalesce(func.sum(remote_files.c.size), 0)).join_from(remote_files, messages)
    size: int = connection.execute(query.where(messages.c.contact_id == contact_id)).scalar_one()
    return size


def of_messages(connection: Connection, message_ids: Collection[int]) -> dict[int, list[Stand]]:
    """Return how the files of these messages stand, in their order."""
    query = select(remote_files).where(remote_files.c.message_id.in_(message_ids)).order_by(remote_files.c.id)
    by_message: dict[int, list[Stand]] = {}
    for row in connection.execute(query):
        stand = Stand(row.kind, row.name, State(row.state), row.reason)
        by_message.setdefault(row.message_id, []).append(stand)
    return by_message


def stuck(connection: Connection, before: datetime) -> list[Stuck]:
    """Return by channel the files that have waited since before then and could not be fetched."""
    reason = func.max(remote_files.c.reason).label("reason")
    query = select(messages.c.channel, func.count().label("count"), reason).join_from(remote_files, messages)
    query = query.where(HAS_NEXT_ATTEMPT, remote_files.c.since < before, remote_files.c.attempts > 0)
    rows = connection.execute(query.group_by(messages.c.channel).order_by(messages.c.channel))
    return [Stuck(*row) for row in rows]
