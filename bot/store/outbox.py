"""The outbox: what is to leave, what is leaving, what has left."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Update,
    bindparam,
    case,
    func,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from bot.core.answers import BY_HAND
from bot.core.deliveries import (
    WAITING,
    Delivery,
    Fate,
    NewDelivery,
    Purpose,
    Settlement,
    Standing,
    State,
    sources_of,
)
from bot.store import wakeups
from bot.store.column_types import Instant, SealedLookup
from bot.store.conditions import HAS_NEXT_ATTEMPT, IS_ALERT, IS_CALL, IS_CLAIMED
from bot.store.direct import rows_of, run_many
from bot.store.tables import deliveries
from bot.store.upserts import insert

Values = dict[str, Any]
# A claim is named after the process that made it, and numbered (`loops.leasing`).
HOLDER_LENGTH = 16
_claimer = func.substr(deliveries.c.holder, 1, HOLDER_LENGTH)
# Whoever has claimed something.
CLAIMERS = select(_claimer.label("name")).distinct().where(IS_CLAIMED, deliveries.c.holder.is_not(None))
# It may come back before it is recorded that it left.
_MAY_COME_BACK = (State.SENDING, State.SENT)
_COLUMNS = [*(deliveries.c[name] for name in Delivery.__slots__), deliveries.c.arrived_at]
# Made once: to build a statement for every call costs more than SQLite needs to run it.
_QUEUE = insert(deliveries).on_conflict_do_nothing(index_elements=["key"])
_WAITS = select(deliveries.c.id).where(
    deliveries.c.channel == bindparam("outlet"), deliveries.c.next_attempt_at <= bindparam("now")
)


def moving(state: State, *sources: State) -> Update:
    """The one statement that changes the state of deliveries, of those alone that are in one of these states.

    Raises ValueError where `MOVES` does not allow it; staying in a state is no move.
    """
    if impossible := set(sources) - sources_of(state) - {state}:
        raise ValueError(f"no delivery moves to {state} from {', '.join(sorted(impossible))}")
    # Literals, in the very words of the index of what is claimed.
    words = [f"'{source}'" for source in sorted(sources)]
    among = text(f"state IN ({', '.join(words)})" if len(words) > 1 else f"state = {words[0]}")
    return update(deliveries).where(among).values(state=state)


def _claiming(waits: Select[int]) -> ReturningUpdate[Any]:
    # PostgreSQL may run a subquery once for each row, and then its limit counts for each; this it runs once.
    first = waits.order_by(deliveries.c.next_attempt_at).limit(bindparam("most"))
    due = first.with_for_update(skip_locked=True).cte("due")
    # What is sending falls due when its claim has run out.
    claim_update = moving(State.SENDING, *WAITING, State.SENDING).where(deliveries.c.id.in_(select(due.c.id)))
    return claim_update.values(
        attempts=deliveries.c.attempts + 1,
        next_attempt_at=bindparam("until"),
        holder=bindparam("claimer"),
        joined_to=None,
    ).returning(*_COLUMNS)


_CLAIM = _claiming(_WAITS)
# What may leave in one message to a person, in the words of its index.
_JOINED = {Purpose.ALERT: IS_ALERT, Purpose.URGENT: IS_CALL}
_CLAIM_LIKE = {
    purpose: _claiming(_WAITS.where(condition, deliveries.c.recipient == bindparam("person")))
    for purpose, condition in _JOINED.items()
}
_NEXT_DUE = select(func.min(deliveries.c.next_attempt_at)).where(
    deliveries.c.channel == bindparam("outlet"), HAS_NEXT_ATTEMPT
)
_STANDING = (
    select(*(deliveries.c[name] for name in Standing.__slots__))
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(deliveries.c.id)
    .with_for_update()
)
_SETTLE = {
    state: moving(state, *sources_of(state))
    .where(deliveries.c.id == bindparam("settled"))
    .values(
        next_attempt_at=bindparam("to_next"),
        sent_at=func.coalesce(bindparam("to_sent", type_=Instant()), deliveries.c.sent_at),
        last_error=bindparam("to_error"),
        hand_overs=deliveries.c.hand_overs + bindparam("handed", type_=Integer()),
        external_id=func.coalesce(bindparam("to_name", type_=SealedLookup()), deliveries.c.external_id),
    )
    for state in State
}


def queue(connection: Connection, new: Sequence[NewDelivery]) -> None:
    """Queue new deliveries; one whose key was queued before is left as it is."""
    run_many(connection, _QUEUE, [row_of(delivery) for delivery in new if delivery.id is None])
    rows_with_ids = [row_of(delivery) | {"id": delivery.id} for delivery in new if delivery.id is not None]
    run_many(connection, _QUEUE, rows_with_ids)
    if any(delivery.state is State.CREATED for delivery in new):
        wakeups.notify(connection)


def row_of(delivery: NewDelivery) -> Values:
    """A new delivery as a row of its table."""
    return {
        "key": delivery.key,
        "contact_id": delivery.contact_id,
        "purpose": delivery.purpose.value,
        "step": delivery.step,
        "channel": delivery.channel,
        "recipient": delivery.recipient,
        "message_id": delivery.message_id,
        "details": json.dumps(delivery.details),
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "created_at": delivery.created_at,
        "next_attempt_at": delivery.next_attempt_at,
        "holder": delivery.holder,
        "mailbox": delivery.mailbox,
        "unproven": delivery.unproven,
    }


def claim(
    connection: Connection, channel: str, now: datetime, until: datetime, most: int, holder: str | None = None
) -> list[Delivery]:
    """Take up to `most` deliveries of one outlet that are due, and hold them until `until`.

    A claim that its holder never settled (it died) falls due again then, or when `take_back` finds it.
    """
    parameters = {"outlet": channel, "now": now, "until": until, "most": most, "claimer": holder}
    rows = connection.execute(_CLAIM, parameters)
    return sorted((delivery_of(row) for row in rows), key=lambda delivery: delivery.id)


def claim_like(connection: Connection, like: Delivery, now: datetime, until: datetime, most: int) -> list[Delivery]:
    """Take up to `most` more alerts, or calls, that are due to the person of this one, which was claimed; hold them."""
    holder = connection.execute(select(deliveries.c.holder).where(deliveries.c.id == like.id)).scalar()
    parameters = {"outlet": like.channel, "now": now, "until": until, "most": most, "claimer": holder}
    rows = connection.execute(_CLAIM_LIKE[like.purpose], parameters | {"person": like.recipient})
    return sorted((delivery_of(row) for row in rows), key=lambda delivery: delivery.id)


def join(connection: Connection, first: int, companions: Sequence[int]) -> None:
    """Note that these leave in the message of the first one."""
    change = update(deliveries).where(deliveries.c.id.in_(bindparam("others", expanding=True)))
    connection.execute(change.values(joined_to=first), {"others": list(companions)})


def message_times(
    connection: Connection, purpose: Purpose, recipient: str, now: datetime, since: datetime, but: set[int]
) -> list[datetime]:
    """When this person had each message with alerts, or calls, since then; `now` for each that leaves besides these."""
    messages = select(deliveries.c.id, deliveries.c.sent_at).where(
        _JOINED[purpose], deliveries.c.recipient == recipient, deliveries.c.joined_to.is_(None)
    )
    # What left later than now left before a clock was set back, and must not keep anything waiting.
    of_late = messages.where(deliveries.c.sent_at > since, deliveries.c.sent_at <= now)
    times = [row.sent_at for row in connection.execute(of_late)]
    under_way = messages.where(deliveries.c.sent_at.is_(None), deliveries.c.state == State.SENDING)
    return sorted(times) + [now for row in connection.execute(under_way) if row.id not in but]


def release_all(connection: Connection, now: datetime) -> int:
    """Give back every claim; only right at the start of the one process that may hold any."""
    return connection.execute(moving(State.CREATED, State.SENDING).values(next_attempt_at=now)).rowcount


def take_back(connection: Connection, living: Collection[str] | Select[str], now: datetime) -> int:
    """Give back what is claimed by processes that live no more; returns how many. A query sees who began just now."""
    return _given_back(connection, _claimer.not_in(living), now)


def give_back(connection: Connection, holder: str, now: datetime) -> None:
    """Give back what this process has claimed and not sent."""
    _given_back(connection, _claimer == holder, now)


def give_back_claims(connection: Connection, claims: Sequence[str], now: datetime) -> int:
    """Give back what was claimed by these claims and not sent; returns how many."""
    return _given_back(connection, deliveries.c.holder.in_(claims), now)


def _given_back(connection: Connection, condition: ColumnElement[bool], now: datetime) -> int:
    change = moving(State.CREATED, State.SENDING).where(condition)
    return wakeups.notify_of(connection, connection.execute(change.values(next_attempt_at=now, holder=None)).rowcount)


def bring_forward(connection: Connection, now: datetime) -> int:
    """Let everything that waits be due at `now`, if it is not before; returns how many were not."""
    later = deliveries.c.state.in_(WAITING) & (deliveries.c.next_attempt_at > now)
    change = update(deliveries).where(later).values(next_attempt_at=now)
    return wakeups.notify_of(connection, connection.execute(change).rowcount)


def next_due(connection: Connection, channel: str) -> datetime | None:
    """When the next delivery of one outlet falls due."""
    due: datetime | None = connection.execute(_NEXT_DUE, {"outlet": channel}).scalar()
    return due


def standing(connection: Connection, ids: Sequence[int]) -> dict[int, Standing]:
    """How these deliveries stand, and will until the end of the transaction."""
    return {row[0]: Standing(*row) for row in rows_of(connection, _STANDING, {"ids": list(ids)})}


def settle(connection: Connection, settlements: Sequence[Settlement]) -> None:
    """Record what became of attempts; nothing of a delivery from whose state it does not follow."""
    by_state: dict[State, list[Values]] = {}
    for settlement in settlements:
        row = {
            "settled": settlement.id,
            "to_next": settlement.next_attempt_at,
            "to_sent": settlement.sent_at,
            "to_error": settlement.error,
            "handed": int(settlement.is_handed_over),
            "to_name": settlement.external_id or None,
        }
        by_state.setdefault(settlement.state, []).append(row)
    for state, rows in by_state.items():
        run_many(connection, _SETTLE[state], rows)
    if State.CREATED in by_state:
        wakeups.notify(connection)  # what could not be tried here is for whoever can


def under_way(connection: Connection, ids: Collection[int]) -> set[int]:
    """Of these contacts those for which something was claimed, and it is not recorded what became of it."""
    is_tried = deliveries.c.state.in_((State.SENDING, State.CREATED)) & (deliveries.c.attempts > 0)
    query = select(deliveries.c.contact_id).where(deliveries.c.contact_id.in_(list(ids)), is_tried)
    return set(connection.execute(query).scalars()) if ids else set()


def cancel_waiting(connection: Connection, contact_id: int) -> list[str]:
    """Cancel what we send by ourselves and has not left yet for this contact; returns what each was for."""
    by_ourselves = (deliveries.c.contact_id == contact_id) & (deliveries.c.purpose != Purpose.ANSWER)
    change = moving(State.CANCELLED, *WAITING).where(by_ourselves)
    return list(connection.execute(change.values(next_attempt_at=None).returning(deliveries.c.purpose)).scalars())


def came_back(
    connection: Connection, delivery: Delivery, error: str, at: datetime, next_attempt_at: datetime | None
) -> bool:
    """A delivery that had left did not arrive: tried again at `next_attempt_at`, or (None) failed for good.

    It may come back before it is recorded that it left. False where that it came back is known already.
    """
    state = State.PERMANENT_FAILURE if next_attempt_at is None else State.TEMPORARY_FAILURE
    left_at = func.coalesce(deliveries.c.sent_at, literal(at, Instant))
    change = moving(state, *sources_of(state).intersection(_MAY_COME_BACK)).where(deliveries.c.id == delivery.id)
    if next_attempt_at is not None:
        change = change.where(deliveries.c.arrived_at.is_(None))  # nobody has the same message twice
    values = {"next_attempt_at": next_attempt_at, "sent_at": left_at, "last_error": error[:500], "arrived_at": None}
    return connection.execute(change.values(values)).rowcount == 1


def arrive(connection: Connection, delivery: Delivery, now: datetime) -> bool:
    """Note that what has left has arrived; False where that is not recorded yet, or known already."""
    has_left = (deliveries.c.id == delivery.id) & (deliveries.c.state == State.SENT)
    change = update(deliveries).where(has_left, deliveries.c.arrived_at.is_(None))
    return connection.execute(change.values(arrived_at=now)).rowcount == 1


def of_contact(connection: Connection, contact_id: int) -> list[Delivery]:
    """Everything that was queued for one contact, oldest first."""
    query = select(*_COLUMNS).where(deliveries.c.contact_id == contact_id).order_by(deliveries.c.id)
    return [delivery_of(row) for row in connection.execute(query)]


def fates(connection: Connection, contact_id: int) -> dict[int, Fate]:
    """What became of everything that was queued for one contact, by the number of the delivery."""
    query = select(deliveries.c.id, deliveries.c.sent_at, deliveries.c.last_error)
    rows = connection.execute(query.where(deliveries.c.contact_id == contact_id))
    return {row.id: Fate(row.sent_at, row.last_error) for row in rows}


def with_id(connection: Connection, delivery_id: int) -> Delivery | None:
    """One delivery by its number."""
    row = connection.execute(select(*_COLUMNS).where(deliveries.c.id == delivery_id)).first()
    return delivery_of(row) if row else None


def acknowledgements_of(connection: Connection, ids: Sequence[int]) -> dict[int, Delivery]:
    """The acknowledgement of each of these contacts that has one: whom it went to, and how."""
    query = select(*_COLUMNS).where(deliveries.c.contact_id.in_(ids), deliveries.c.purpose == Purpose.ACKNOWLEDGEMENT)
    return {row.contact_id: delivery_of(row) for row in connection.execute(query)}


def late_alerts(connection: Connection, since: datetime) -> list[tuple[str, int]]:
    """How many alerts of before `since` each outlet was given and has not handed over; not what was given back."""
    # Not in the words of the index of all alerts: those that wait are few.
    for_staff = deliveries.c.purpose.in_((Purpose.ALERT, Purpose.URGENT, Purpose.NOTICE))
    is_tried = (deliveries.c.attempts > 0) & (deliveries.c.state != State.CREATED) & (deliveries.c.created_at < since)
    counts = select(deliveries.c.channel, func.count()).where(HAS_NEXT_ATTEMPT, for_staff, is_tried)
    rows = connection.execute(counts.group_by(deliveries.c.channel).order_by(deliveries.c.channel))
    return [(row[0], row[1]) for row in rows]


def waiting_count(connection: Connection) -> int:
    """How many deliveries have not left yet, for the metrics; not what staff post, nor what is asked a day later."""
    not_awaited = (deliveries.c.channel.not_in(BY_HAND), deliveries.c.purpose != Purpose.FEEDBACK)
    query = select(func.count()).where(HAS_NEXT_ATTEMPT, *not_awaited)
    return connection.execute(query).scalar_one()


def waiting_for(connection: Connection, channel: str) -> int:
    """How many deliveries wait for one outlet, or are leaving by it."""
    query = select(func.count()).where(HAS_NEXT_ATTEMPT, deliveries.c.channel == channel)
    return connection.execute(query).scalar_one()


def oldest_receipt(connection: Connection) -> datetime | None:
    """When the oldest acknowledgement was queued that waits for its first hand-over, for the metrics."""
    first = (deliveries.c.purpose == Purpose.ACKNOWLEDGEMENT) & deliveries.c.sent_at.is_(None)
    # A case and not a condition: only the few that wait are read, never all receipts in the order of their age.
    query = select(func.min(case((first, deliveries.c.created_at)))).where(HAS_NEXT_ATTEMPT)
    oldest: datetime | None = connection.execute(query).scalar()
    return oldest


def delivery_of(row: Any) -> Delivery:
    """The delivery in a row of its table."""
    values = {name: getattr(row, name) for name in Delivery.__slots__}
    has_arrived = row.state == State.SENT and row.arrived_at is not None
    state = State.DELIVERED if has_arrived else State(row.state)
    values |= {"purpose": Purpose(row.purpose), "state": state, "details": json.loads(row.details)}
    return Delivery(**values)
