"""The tables. Instants are aware UTC in Python and sort as they are stored; `docs/flow.md` says what each is for."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from bot.store import conditions
from bot.store.access_tables import answers, sessions, sign_in_links, staff, throttles, tokens
from bot.store.account_tables import account_secrets
from bot.store.answer_tables import answer_files
from bot.store.column_types import Instant, Sealed, SealedBytes, SealedLookup
from bot.store.console_tables import absences, shifts, wordings
from bot.store.draft_tables import draft_files, drafts
from bot.store.evidence_tables import event_links, sent_messages, trail_gate
from bot.store.feedback_tables import feedback, improvement_contacts, improvements
from bot.store.figure_tables import reports, spells
from bot.store.format_tables import format_tasks
from bot.store.metadata import Key, metadata, partial
from bot.store.people_tables import links, needs, views
from bot.store.public_tables import public_posts
from bot.store.remote_file_tables import remote_files
from bot.store.scan_tables import unscanned_files

__all__ = [
    "Key",
    "absences",
    "account_secrets",
    "answer_files",
    "answers",
    "draft_files",
    "drafts",
    "event_links",
    "feedback",
    "format_tasks",
    "improvement_contacts",
    "improvements",
    "links",
    "metadata",
    "needs",
    "public_posts",
    "remote_files",
    "reports",
    "sent_messages",
    "sessions",
    "shifts",
    "sign_in_links",
    "spells",
    "staff",
    "throttles",
    "tokens",
    "trail_gate",
    "unscanned_files",
    "views",
    "wordings",
]

# `core.clocks.due_next` as the databases compute it: while the platform takes an answer and we do not wait for the
# person, the end of that time counts where it comes first.
_PROMISED = "CASE WHEN acknowledged_at IS NULL THEN coalesce(acknowledge_by, respond_by) ELSE respond_by END"
_WINDOW_COUNTS = "window_closed IS NOT TRUE AND paused_at IS NULL AND platform_reply_by IS NOT NULL"
DUE = (
    f"CASE WHEN {_WINDOW_COUNTS} AND coalesce(platform_reply_by < {_PROMISED}, TRUE) "
    f"THEN platform_reply_by ELSE {_PROMISED} END"
)


contacts = Table(
    "contacts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("reference", Text, nullable=False, unique=True),
    Column("channel", Text, nullable=False),
    Column("external_id", SealedLookup, nullable=False),
    Column("state", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("sender_address", SealedLookup),
    Column("sender_name", Sealed, nullable=False, server_default=""),
    Column("subject", Sealed, nullable=False, server_default=""),
    Column("team", Text),
    Column("service", Text),
    Column("standard", Text),
    Column("standard_version", Text),
    Column("promise", Text, nullable=False, server_default=""),
    Column("calendar", Text, nullable=False, server_default=""),
    Column("receipt_rule", Text, nullable=False, server_default=""),
    Column("received_at", Instant, nullable=False),
    Column("acknowledge_by", Instant),
    Column("acknowledged_at", Instant),
    Column("respond_by", Instant),
    Column("responded_at", Instant),
    Column("acknowledge_step", Integer, nullable=False, server_default="0"),
    Column("respond_step", Integer, nullable=False, server_default="0"),
    Column("next_look_at", Instant),
    Column("forgotten", Boolean, nullable=False, server_default=false()),
    Column("kind", Text, nullable=False, server_default=""),
    Column("area", Text, nullable=False, server_default=""),
    Column("visibility", Text, nullable=False, server_default="private"),
    Column("acknowledged_by", Text, nullable=False, server_default="receipt"),
    Column("receipt_sent_at", Instant),
    Column("paused_at", Instant),
    Column("platform_reply_by", Instant),
    # That time is over, as a look of the clocks saw it: it is no longer what falls due.
    Column("window_closed", Boolean, nullable=False, server_default=false()),
    # Its clock has events of its own: a pause, an extension, a new start, an acknowledgement of staff's.
    Column("clock_changed", Boolean, nullable=False, server_default=false()),
    # The address in lower case: who has had a receipt of late, whom staff may be answering.
    Column("sender_key", SealedLookup),
    # An earlier contact that this one goes on with, and one whose receipt stands for this one, too.
    Column("linked_to", Key),
    Column("receipt_of", Key),
    # The date to answer by that the person was last told.
    Column("told_respond_by", Instant),
    # When the person was last told that something was added; and that nothing automatic goes to them any more.
    Column("noted_at", Instant),
    Column("muted", Boolean, nullable=False, server_default=false()),
    # Why it is kept whatever its age (a legal hold).
    Column("legal_hold", Sealed),
    # The platform's name of the private thread; what is said in one goes on with its newest contact.
    Column("conversation", SealedLookup),
    # ISO 639-1, "" where it cannot be told.
    Column("language", Text, nullable=False, server_default=""),
    # Who of the team has it, as an address; and since when anybody has it (a team that a rule chose, or a person).
    Column("owner", Text, nullable=False, server_default=""),
    Column("assigned_at", Instant),
    # The rule that found that it cannot wait and the phrase at which it fired, when the next person is to be called,
    # and how many calls there were; who has taken it, and when.
    Column("urgent", Text, nullable=False, server_default=""),
    Column("urgent_words", Sealed, nullable=False, server_default=""),
    Column("urgent_at", Instant),
    Column("urgent_step", Integer, nullable=False, server_default="0"),
    Column("taken_by", Text, nullable=False, server_default=""),
    Column("taken_at", Instant),
    # Until when staff have asked not to be alerted again.
    Column("quiet_until", Instant),
    Column("due_at", Instant, Computed(DUE, persisted=True)),
    # When something last happened in it, as far as its age was looked at (`store.ages`); NULL: it was not.
    Column("last_activity_at", Instant),
    # The contact in which staff go on with it.
    Column("merged_into", Key),
    # In which language the person said that we should write (ISO 639-1, "" for nothing said), and what else they
    # need of us (`core.needs`), copied from what is noted for the person.
    Column("wished_language", Text, nullable=False, server_default=""),
    Column("need_codes", Sealed, nullable=False, server_default=""),
    # Counts how often the links to its page were made void.
    Column("tracking_generation", Integer, nullable=False, server_default="0"),
    # How it came and the kind of its channel, as a renamed channel breaks no series; both dates as first promised.
    Column("medium", Text, nullable=False, server_default=""),
    Column("channel_kind", Text, nullable=False, server_default=""),
    Column("first_acknowledge_by", Instant),
    Column("first_respond_by", Instant),
    # What staff say of it for the figures (`core.judgements`), each "" where nobody has said.
    Column("avoidable", Text, nullable=False, server_default=""),
    Column("cause", Text, nullable=False, server_default=""),
    Column("complaint_outcome", Text, nullable=False, server_default=""),
    CheckConstraint("state != 'open' OR next_look_at IS NOT NULL", name="open_is_watched"),
    CheckConstraint("state IN ('open', 'answered', 'closed', 'logged')", name="state_known"),
    CheckConstraint("outcome IN ('acknowledge', 'log', 'attach', 'undeliverable', 'ask')", name="outcome_known"),
    CheckConstraint("state = 'open' OR next_look_at IS NULL", name="only_open_is_watched"),
    # A partial index, so that the cost of watching follows what is due and not what is stored. Its condition is one
    # that SQLite can prove from `next_look_at <= ?`; a list of states in bound parameters it could not.
    partial("ix_contacts_next_look_at", "next_look_at", where=conditions.IS_OPEN),
    Index(
        "ix_contacts_remembered",
        "received_at",
        sqlite_where=text("forgotten = 0"),
    ),
    partial("ix_contacts_open", "id", where=conditions.IS_OPEN),
    partial("ix_contacts_queue", "due_at", "id", where=conditions.IS_OPEN),
    partial("ix_contacts_team_queue", "team", "due_at", where=conditions.IS_OPEN),
    partial("ix_contacts_finished", "team", "state", "id", where=conditions.IS_FINISHED),
    partial("ix_contacts_closed", "id", where=conditions.IS_CLOSED),
    partial("ix_contacts_urgent", "id", where=conditions.IS_URGENT),
    partial("ix_contacts_with_needs", "id", where=conditions.HAS_NEEDS),
    partial("ix_contacts_calling", "id", where=conditions.IS_CALLING),
    partial("ix_contacts_linked_to", "linked_to", where=conditions.IS_LINKED),
    partial("ix_contacts_merged_into", "merged_into", where=conditions.IS_MERGED),
    partial("ix_contacts_owner", "owner", "team", where=conditions.IS_OWNED),
    partial("ix_contacts_receipt_of", "receipt_of", where=conditions.SHARES_RECEIPT),
    partial("ix_contacts_receipts", "sender_key", "received_at", where=conditions.HAS_OWN_RECEIPT),
    partial("ix_contacts_conversation", "conversation", where=conditions.HAS_CONVERSATION),
    partial("ix_contacts_person", "sender_key", "id", where=conditions.HAS_SENDER),
    partial("ix_contacts_automatic", "received_at", where=conditions.HAS_NO_RECEIPT),
    partial(
        "ix_contacts_age",
        *("kind", "channel", "visibility", "last_activity_at", "received_at"),
        where=conditions.MAY_BE_FORGOTTEN,
    ),
    sqlite_autoincrement=True,
)

messages = Table(
    "messages",
    metadata,
    Column("id", Key, primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False, index=True),
    Column("channel", Text, nullable=False),
    Column("external_id", SealedLookup, nullable=False),
    Column("message_id", SealedLookup, nullable=False),
    Column("digest", SealedLookup, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("sender_address", SealedLookup(lower=True)),
    Column("text", Sealed, nullable=False),
    Column("fields", Sealed, nullable=False, server_default="{}"),
    Column("fault", Text, nullable=False, server_default=""),
    Column("written_by", Text, nullable=False, server_default="sender"),
    UniqueConstraint("channel", "external_id"),
    Index("ix_messages_message_id", "message_id"),
    Index("ix_messages_arrivals", "channel", "received_at"),
    sqlite_autoincrement=True,
)

raw_messages = Table(
    "raw_messages",
    metadata,
    Column("message_id", ForeignKey("messages.id"), primary_key=True),
    Column("raw", SealedBytes, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Key, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("contact_id", ForeignKey("contacts.id"), index=True),
    Column("purpose", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("recipient", SealedLookup, nullable=False),
    Column("message_id", Text, nullable=False, unique=True),
    Column("details", Sealed, nullable=False, server_default="{}"),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    # At how many of them it was accepted, or may have been.
    Column("hand_overs", Integer, nullable=False, server_default="0"),
    Column("created_at", Instant, nullable=False),
    Column("next_attempt_at", Instant),
    Column("sent_at", Instant),
    # The state of what has arrived stays `sent` in here: an older program beside this one knows of no other.
    Column("arrived_at", Instant),
    Column("last_error", Sealed, nullable=False, server_default=""),
    # Which process has claimed it; with a lease that has run out it has lost it.
    Column("holder", Text),
    # The platform's own name of what was sent.
    Column("external_id", SealedLookup),
    # Another one, in whose message it left.
    Column("joined_to", Key),
    # Of a receipt: what stands for the mailbox it goes to (a keyed hash); and that nothing proves the address.
    Column("mailbox", Text),
    Column("unproven", Boolean, nullable=False, server_default=false()),
    partial("ix_deliveries_alerted", "recipient", "sent_at", where=conditions.IS_ALERT),
    partial("ix_deliveries_called", "recipient", "sent_at", where=conditions.IS_CALL),
    partial("ix_deliveries_alerts", "created_at", where=conditions.IS_FOR_STAFF),
    partial("ix_deliveries_returned", "contact_id", where=conditions.IS_UNDELIVERED),
    partial("ix_deliveries_receipts", "created_at", where=conditions.IS_RECEIPT),
    partial("ix_deliveries_waiting", "channel", "next_attempt_at", where=conditions.HAS_NEXT_ATTEMPT),
    partial("ix_deliveries_external_id", "external_id", where=conditions.HAS_EXTERNAL_ID),
    partial("ix_deliveries_held", "contact_id", where=conditions.IS_HELD),
    partial("ix_deliveries_notices", "created_at", where=conditions.IS_NOTICE),
    partial("ix_deliveries_claimed", "holder", where=conditions.IS_CLAIMED),
    partial("ix_deliveries_mailbox", "mailbox", "created_at", where=conditions.HAS_MAILBOX),
    partial("ix_deliveries_unproven", "created_at", where=conditions.IS_UNPROVEN),
    sqlite_autoincrement=True,
)

events = Table(
    "events",
    metadata,
    Column("id", Key, primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), index=True),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False, server_default="ackbot"),
    Column("details", Sealed, nullable=False, server_default="{}"),
    partial("ix_events_audit", "id", where=conditions.IS_BY_SOMEBODY),
    partial("ix_events_actor", "actor", "id", where=conditions.IS_BY_SOMEBODY),
    partial("ix_events_audit_lines", "at", where=conditions.IS_AUDIT_LINE),
    sqlite_autoincrement=True,
)

cursors = Table(
    "cursors",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("moved_at", Instant, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("held_until", Instant, nullable=False),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("address", SealedLookup, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
)

rules = Table(
    "rules",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("kept_at", Instant, nullable=False),
)

shunted = Table(
    "shunted",
    metadata,
    Column("id", Key, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("external_id", SealedLookup, nullable=False),
    Column("at", Instant, nullable=False),
    Column("error", Sealed, nullable=False),
    Column("raw", SealedBytes, nullable=False),
    # Dealt with by hand: its name alone stays, as the platform's list may show it again.
    Column("dropped_at", Instant),
    UniqueConstraint("channel", "external_id"),
    sqlite_autoincrement=True,
)
