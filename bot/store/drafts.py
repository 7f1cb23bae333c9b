"""Answers that staff are writing: one a contact and person, with the files that are to leave with it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from bot.store.tables import draft_files, drafts, staff
from bot.store.upserts import insert as upsert_into

# After so long without a letter somebody is not writing any more.
WRITING = timedelta(minutes=5)
_COLUMNS = [column for column in drafts.c if column.name != "id"]


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody of staff (`owner`, as an address) is writing to a person.

    `kind` says whether it is a full answer or a holding reply, `way` how it is to leave; "" for the usual. `began_at`
    is since when they have been writing without a long break.
    """

    contact_id: int
    owner: str
    words: str
    subject: str = ""
    kind: str = ""
    way: str = ""
    began_at: datetime | None = None
    typed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A file that is to leave with a draft, without its content."""

    id: int
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who is writing on a contact, and since when; `name` is "" without an account."""

    address: str
    name: str
    since: datetime


def of(connection: Connection, contact_id: int, owner: str) -> Draft | None:
    """Return what this person has written on this contact."""
    row = connection.execute(select(*_COLUMNS).where(_is_of(drafts, contact_id, owner))).first()
    return Draft(**row._mapping) if row else None


def of_contact(connection: Connection, contact_id: int) -> list[Draft]:
    """Return everybody's drafts on a contact, by their owners."""
    rows = connection.execute(select(*_COLUMNS).where(drafts.c.contact_id == contact_id).order_by(drafts.c.owner))
    return [Draft(**row._mapping) for row in rows]


def save(connection: Connection, draft: Draft, now: datetime) -> None:
    """Store a draft as it is typed now, in place of what its owner had written there."""
    earlier = of(connection, draft.contact_id, draft.owner)
    # Two pages of one person at the same moment: the later one stays.
    goes_on = earlier and earlier.began_at and earlier.typed_at and earlier.typed_at > now - WRITING
    began_at = earlier.began_at if earlier and goes_on else now
    values = {name: getattr(draft, name) for name in ("words", "subject", "kind", "way")}
    values |= {"began_at": began_at, "typed_at": now}
    statement = upsert_into(drafts).values(contact_id=draft.contact_id, owner=draft.owner, **values)
    new_values = {name: statement.excluded[name] for name in values}
    connection.execute(statement.on_conflict_do_update(index_elements=["contact_id", "owner"], set_=new_values))


def drop(connection: Connection, contact_id: int, owner: str) -> None:
    """Delete a draft with its files."""
    for table in (draft_files, drafts):
        connection.execute(delete(table).where(_is_of(table, contact_id, owner)))


def drop_of_contacts(connection: Connection, ids: Collection[int]) -> None:
    """Delete every draft on these contacts."""
    for table in (draft_files, drafts):
        connection.execute(delete(table).where(table.c.contact_id.in_(ids)))


def move(connection: Connection, contact_id: int, target_id: int) -> None:
    """Let every draft on a contact stand on another one, below what its owner has written there."""
    for draft in of_contact(connection, contact_id):
        earlier, is_here = of(connection, target_id, draft.owner), _is_of(drafts, contact_id, draft.owner)
        if earlier is None:
            connection.execute(update(drafts).where(is_here).values(contact_id=target_id))
            continue
        words = "\n\n".join(part for part in (earlier.words, draft.words) if part)
        is_there = _is_of(drafts, target_id, draft.owner)
        connection.execute(update(drafts).where(is_there).values(words=words, subject=earlier.subject or draft.subject))
        connection.execute(delete(drafts).where(is_here))
    connection.execute(update(draft_files).where(draft_files.c.contact_id == contact_id).values(contact_id=target_id))


def forget(connection: Connection, before: datetime) -> None:
    """Delete the drafts at which nobody has typed since then."""
    query = select(drafts.c.contact_id, drafts.c.owner).where(drafts.c.typed_at < before)
    for row in connection.execute(query).all():
        drop(connection, row.contact_id, row.owner)


def writers(connection: Connection, contact_id: int, but: str, now: datetime) -> list[Writer]:
    """Return who else is writing on a contact now, `but` this person; whoever began first comes first."""
    query = select(drafts.c.owner, drafts.c.began_at, staff.c.name)
    query = query.outerjoin_from(drafts, staff, staff.c.address == drafts.c.owner).order_by(drafts.c.began_at)
    is_fresh = drafts.c.typed_at > now - WRITING
    rows = connection.execute(query.where(drafts.c.contact_id == contact_id, drafts.c.owner != but, is_fresh))
    return [Writer(row.owner, row.name or "", row.began_at) for row in rows]


def writers_of(connection: Connection, ids: Collection[int], now: datetime) -> dict[int, list[str]]:
    """Return who is writing on each of these contacts now, as addresses; whoever began first comes first."""
    query = select(drafts.c.contact_id, drafts.c.owner).where(drafts.c.contact_id.in_(ids))
    query = query.where(drafts.c.typed_at > now - WRITING).order_by(drafts.c.began_at)
    writers_by_contact: dict[int, list[str]] = {}
    for row in connection.execute(query):
        writers_by_contact.setdefault(row.contact_id, []).append(row.owner)
    return writers_by_contact


def add_file(connection: Connection, contact_id: int, owner: str, name: str, content: bytes) -> None:
    """Store a file that is to leave with a draft."""
    values = {"name": name, "size": len(content), "content": content}
    connection.execute(insert(draft_files).values(contact_id=contact_id, owner=owner, **values))


def files_of(connection: Connection, contact_id: int, owner: str) -> list[DraftFile]:
    """Return the files of a draft without their contents, in the order in which they came."""
    query = select(*draft_files.c["id", "name", "size"]).where(_is_of(draft_files, contact_id, owner))
    return [DraftFile(*row) for row in connection.execute(query.order_by(draft_files.c.id))]


def contents_of(connection: Connection, contact_id: int, owner: str) -> list[tuple[str, bytes]]:
    """Return the files of a draft: name and content of each."""
    query = select(*draft_files.c["name", "content"]).where(_is_of(draft_files, contact_id, owner))
    return [(row.name, row.content) for row in connection.execute(query.order_by(draft_files.c.id))]


def drop_files(connection: Connection, contact_id: int, owner: str, ids: Iterable[int]) -> None:
    """Take files out of a draft."""
    is_chosen = draft_files.c.id.in_(sorted(ids))
    connection.execute(delete(draft_files).where(_is_of(draft_files, contact_id, owner), is_chosen))


def _is_of(table: Any, contact_id: int, owner: str) -> Any:
    return (table.c.contact_id == contact_id) & (table.c.owner == owner)
