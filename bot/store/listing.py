"""A list of contacts, read in pages: each begins where the one before it ended, so that its cost follows what is read.

In the order of what falls due a list has three runs: open contacts by their date, open ones without a date, and then
the finished, the newest first. No index serves the service or the channel of a contact: those of another are read over.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, literal_column, select, tuple_

from bot.core.contacts import Contact, State
from bot.store.conditions import IS_CLOSED, IS_FINISHED, IS_OPEN
from bot.store.contact_rows import contact_of
from bot.store.tables import contacts

Run = tuple[list[Any], Sequence[Any]]
due_at, number = contacts.c.due_at, contacts.c.id
_FINISHED = (State.ANSWERED, State.CLOSED, State.LOGGED)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which contacts are listed, and in which order; "" or None leaves a filter out.

    `due_before` is an aware instant: only open contacts that fall due before it.
    """

    state: str = ""
    team: str = ""
    service: str = ""
    channel: str = ""
    due_before: datetime | None = None
    as_logged: bool = False


def page(connection: Connection, choice: Choice, after: Contact | None, most: int) -> list[Contact]:
    """Return the next contacts of the list after that one, from its beginning where that is None."""
    rows = list[Contact]()
    for conditions, order in _runs(choice, after):
        query = select(contacts).where(*conditions).order_by(*order).limit(most - len(rows))
        rows += [contact_of(row) for row in connection.execute(query)]
        if len(rows) == most:
            break
    return rows


def count_further(connection: Connection, choice: Choice, after: Contact, most: int) -> int:
    """Return how many contacts follow that one in the list, and at most that many."""
    count = 0
    for conditions, _ in _runs(choice, after):
        further = select(literal_column("1")).select_from(contacts).where(*conditions).limit(most - count).subquery()
        count += connection.execute(select(func.count()).select_from(further)).scalar_one()
        if count == most:
            break
    return count


def _runs(choice: Choice, after: Contact | None) -> Iterator[Run]:
    names = {name: getattr(choice, name) for name in ("team", "service", "channel")}
    common = [contacts.c[name] == value for name, value in names.items() if value]
    runs = _logged_runs(choice, after) if choice.as_logged else _due_runs(choice, after)
    return (([*common, *conditions], order) for conditions, order in runs)


def _logged_runs(choice: Choice, after: Contact | None) -> Iterator[Run]:
    conditions = [*in_state(choice.state), *([number > after.id] if after else [])]
    if choice.due_before is not None:
        conditions += [IS_OPEN, due_at < choice.due_before]
    yield conditions, (number,)


def _due_runs(choice: Choice, after: Contact | None) -> Iterator[Run]:
    is_open = after is None or after.state == State.OPEN
    if choice.state in ("", State.OPEN):
        dates = [due_at < choice.due_before] if choice.due_before is not None else [due_at.is_not(None)]
        if after is None:
            yield [IS_OPEN, *dates], (due_at, number)
        elif is_open and after.due_at is not None:
            # As a row, because both databases find where to begin in the index by it.
            yield [IS_OPEN, *dates, tuple_(due_at, number) > tuple_(after.due_at, after.id)], (due_at, number)
        if is_open and choice.due_before is None:
            place = [number > after.id] if after is not None and after.due_at is None else []
            yield [IS_OPEN, due_at.is_(None), *place], (number,)
    if choice.state != State.OPEN and choice.due_before is None:
        yield from _finished_runs(choice, None if is_open else after)


def _finished_runs(choice: Choice, after: Contact | None) -> Iterator[Run]:
    """The newest first; of one team state by state, as its index has them."""
    states = (choice.state,) if choice.state or not choice.team else _FINISHED
    begin = states.index(after.state) if after is not None and after.state in states else 0
    for state in states[begin:]:
        is_first = after is not None and state in {"", after.state}
        place = [number < after.id] if after is not None and is_first else []
        yield [*(in_state(state) or [IS_FINISHED]), *place], (number.desc(),)


def in_state(state: str) -> list[Any]:
    """Return the conditions for contacts in a state, as the indexes have them; none for "" and "any"."""
    match state:
        case "" | "any":
            return []
        case State.OPEN:
            return [IS_OPEN]
        case State.CLOSED:
            return [IS_FINISHED, IS_CLOSED]
        case _:
            return [IS_FINISHED, contacts.c.state == state]
