"""When the time of keeping is over, the words and the person go; the dates stay, so that the figures stay right."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.core.events import Event, EventKind
from bot.core.retention import Retention
from bot.flows.changes import refusals
from bot.flows.changes.refusals import Kind, Refused
from bot.store import (
    ages,
    contacts,
    drafts,
    duties,
    history,
    merging,
    remote_files,
    retention,
    sent_messages,
    shunt,
    suppressions,
    views,
)

# So long a draft of an answer is kept at which nobody types any more.
DRAFTS_KEPT = timedelta(days=7)
# So long after their last day absences and nights of duty can still be asked for.
DUTIES_KEPT = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Round:
    """How many contacts seemed old enough, and how many of them were."""

    examined: int
    forgotten: int


def forget(connection: Connection, keep: Retention, now: datetime, most: int, names_key: bytes) -> Round:
    """Strip finished contacts whose time is over, of up to `most` that are examined.

    An open contact is never touched, nor one under a legal hold, nor one whose promise could still be kept or opened
    again. Kept: reference, channel, dates and decisions; of names of messages what `names_key` makes of them. Views
    that name a person go with the last contact of theirs.
    """
    old = ages.old(connection, keep, now, most)
    ages.note(connection, old)
    over = [age.id for age in old if age.last_activity_at < now - keep.span(age.category)]
    ids = retention.lock_finished(connection, over)
    people = retention.people_of(connection, ids)
    retention.strip(connection, ids, names_key)
    strangers = people.keys() - retention.known_among(connection, people)
    views.drop_naming(connection, strangers, {name for address in strangers for name in people[address]})
    contacts.note(connection, [Event(contact_id, now, EventKind.FORGOTTEN) for contact_id in ids])
    return Round(len(old), len(ids))


def forget_audit_lines(connection: Connection, keep: Retention, now: datetime, most: int, key: bytes) -> int:
    """Leave of up to `most` lines of the audit trail about no contact no more than what and when; return how many.

    Messages to staff about no contact, which may quote what a server said of somebody, lose their words with them.
    `key` proves what is left.
    """
    before = now - keep.audit
    count = history.forget_people(connection, before, most, key)
    if count:
        contacts.note(connection, [Event(None, now, EventKind.FORGOTTEN, details={"count": count})])
    return count + retention.strip_notices(connection, before, most)


def forget_what_was_left(connection: Connection, keep: Retention, now: datetime) -> None:
    """Delete what has run out: suppressions, drafts, absences, copies of notices, what nobody could log for long.

    And what is left of the files of messages that are forgotten.
    """
    remote_files.drop_forgotten(connection)
    suppressions.forget(connection, now)
    drafts.forget(connection, now - DRAFTS_KEPT)
    duties.forget(connection, (now - DUTIES_KEPT).date())
    sent_messages.forget_notices(connection, now - keep.audit)
    if count := shunt.forget(connection, now - max(keep.usual, keep.reopen)):
        contacts.note(connection, [Event(None, now, EventKind.SHUNTED_DROPPED, details={"count": count})])


def hold(connection: Connection, reference: str, reason: str, actor: str, now: datetime) -> None:
    """Keep a contact whatever its age (a legal hold); without a reason no longer. Raises Refused.

    It holds for what was merged with it, too: the words of one matter stand in each of them.
    Freedom of Information Act 2000, section 77: what was asked for must not be destroyed.
    """
    contact, reason = refusals.contact_of(connection, reference), refusals.short_text(reason, "reason")
    if contact.forgotten:
        raise Refused("its words are gone already", "reason", Kind.CONFLICT)
    if not reason and not contact.legal_hold:
        raise Refused("it is under no legal hold", "reason", Kind.CONFLICT)
    kind, details = EventKind.LEGAL_HOLD if reason else EventKind.LEGAL_HOLD_ENDED, {"reason": reason} if reason else {}
    group = contacts.with_id(connection, merging.together(connection, contact.merged_into or contact.id)).values()
    for companion in (companion for companion in group if (companion.legal_hold or "") != reason):
        retention.hold(connection, companion.id, reason or None)
        contacts.note(connection, [Event(companion.id, now, kind, actor, details)])
