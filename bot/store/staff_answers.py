"""What staff have answered and has not left yet, and the files that leave with it."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, or_, select

from bot.core.deliveries import WAITING, Delivery, Purpose, State
from bot.core.files import File
from bot.store.outbox import delivery_of, moving
from bot.store.tables import answer_files, deliveries

_IS_ANSWER = deliveries.c.purpose == Purpose.ANSWER
_IS_UNDER_WAY = deliveries.c.state.in_((*WAITING, State.SENDING))
# A claim that was given back, or may have been taken, is not among these: its message may have left.
_HAS_NOT_LEFT = or_(
    (deliveries.c.state == State.CREATED) & (deliveries.c.attempts == 0),
    (deliveries.c.state == State.TEMPORARY_FAILURE) & (deliveries.c.hand_overs == 0),
)
_BY_CONTACT = select(deliveries).where(deliveries.c.contact_id == bindparam("contact"), _IS_ANSWER)


def of_contact(connection: Connection, contact_id: int) -> list[Delivery]:
    """Every answer of staff's in a contact, oldest first."""
    return [
        delivery_of(row) for row in connection.execute(_BY_CONTACT.order_by(deliveries.c.id), {"contact": contact_id})
    ]


def under_way(connection: Connection, contact_id: int) -> tuple[Delivery, datetime | None] | None:
    """The answer that has not left yet, and when it is tried next; None where there is none."""
    query = _BY_CONTACT.where(_IS_UNDER_WAY).order_by(deliveries.c.id.desc()).limit(1)
    row = connection.execute(query, {"contact": contact_id}).first()
    return (delivery_of(row), row.next_attempt_at) if row else None


def under_way_among(connection: Connection, contact_ids: Collection[int]) -> set[int]:
    """Of these contacts those with an answer that has not left yet."""
    query = select(deliveries.c.contact_id).where(deliveries.c.contact_id.in_(list(contact_ids)))
    return set(connection.execute(query.where(_IS_ANSWER, _IS_UNDER_WAY)).scalars()) if contact_ids else set()


def take_back(connection: Connection, delivery_id: int) -> bool:
    """Let an answer not leave; False where it leaves at this moment, or may have left."""
    change = moving(State.CANCELLED, *WAITING).where(deliveries.c.id == delivery_id, _HAS_NOT_LEFT)
    return connection.execute(change.values(next_attempt_at=None)).rowcount == 1


def hand_over(connection: Connection, delivery_id: int, at: datetime) -> bool:
    """Note that staff have sent an answer themselves; False where it does not wait for that any more."""
    change = moving(State.SENT, *WAITING).where(deliveries.c.id == delivery_id)
    return connection.execute(change.values(next_attempt_at=None, sent_at=at, hand_overs=1)).rowcount == 1


def cancel(connection: Connection, contact_id: int) -> None:
    """Let no answer of this contact leave: its person is forgotten."""
    change = moving(State.CANCELLED, *WAITING).where(deliveries.c.contact_id == contact_id, _IS_ANSWER)
    connection.execute(change.values(next_attempt_at=None))


def add_files(connection: Connection, delivery_id: int, files: Iterable[File]) -> None:
    """Store the files that leave with an answer."""
    for file in files:
        row = {"delivery_id": delivery_id, "name": file.name, "kind": file.kind, "content": file.content}
        connection.execute(insert(answer_files), row)


def files_of(connection: Connection, delivery_id: int) -> tuple[File, ...]:
    """The files of an answer, in the order in which they were chosen."""
    query = select(answer_files).where(answer_files.c.delivery_id == delivery_id).order_by(answer_files.c.id)
    return tuple(File(row.name, row.content) for row in connection.execute(query))


def file_names(connection: Connection, delivery_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The names of the files of answers, by the number of the delivery."""
    query = select(answer_files.c.delivery_id, answer_files.c.name).where(answer_files.c.delivery_id.in_(delivery_ids))
    names: dict[int, tuple[str, ...]] = {}
    for row in connection.execute(query.order_by(answer_files.c.id)):
        names[row.delivery_id] = (*names.get(row.delivery_id, ()), row.name)
    return names


def forget_files(connection: Connection, condition: object) -> None:
    """Delete the files of the deliveries for which this condition holds."""
    ids = select(deliveries.c.id).where(condition)  # type: ignore[arg-type]
    connection.execute(delete(answer_files).where(answer_files.c.delivery_id.in_(ids)))
