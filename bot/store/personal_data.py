"""The register of personal data: what of a person each column holds, and what becomes of it.

One line a column and kind of person. Its cells say what `ackbot person export` gives, what `ackbot person erase` takes
away, what the nightly retention takes away, and how it lies in the store where `[store] keys` is set. The tests hold
every cell against a store that was filled by the flows; `docs/data-protection.md` is drawn from it.

`IMPERSONAL` has all other columns: our own numbers and names, instants, states, decisions, and what a contact is about.
They identify nobody once the personal columns of their row are empty.
"""

from dataclasses import dataclass
from enum import StrEnum


class Whose(StrEnum):
    """Whose data it is; a stranger is whoever tried a door, or wrote what could not be logged."""

    RESIDENT = "resident"
    STAFF = "staff"
    STRANGER = "stranger"


class Claim(StrEnum):
    """What a cell says, as the tests check it; `hashed`: not readable, whether the store has keys or not."""

    GIVEN = "given"
    WITHHELD = "withheld"
    EMPTIED = "emptied"
    STAYS = "stays"
    SEALED = "sealed"
    HASHED = "hashed"
    CLEAR = "in clear"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Cell:
    """A claim, and in words how or why."""

    claim: Claim
    words: str


@dataclass(frozen=True, slots=True)
class Datum:
    """What a column holds of one kind of person."""

    column: str
    whose: Whose
    what: str
    export: Cell
    erasure: Cell
    retention: Cell
    sealing: Cell


RESIDENT, STAFF, STRANGER = Whose

# Export
GIVEN = Cell(Claim.GIVEN, "given")
OF_STAFF = Cell(Claim.WITHHELD, "names staff, not the person")
NOT_KNOWN = Cell(Claim.WITHHELD, "belongs to nobody known")
INTERNAL = Cell(Claim.WITHHELD, "a name between machines; it says nothing more of the person")
SAME_AS_TEXT = Cell(Claim.WITHHELD, "made from what is given")
IN_THE_MAIL = Cell(Claim.WITHHELD, "given with the mail that carries it")
SAVED_SEARCH = Cell(Claim.WITHHELD, "a search of staff's own")

# Erasure
EMPTIED = Cell(Claim.EMPTIED, "emptied")
DELETED = Cell(Claim.EMPTIED, "deleted")
ALERTS_DELETED = Cell(Claim.STAYS, "deleted with the contact; what is about none stays")
HOLD_ENDS = Cell(Claim.EMPTIED, "ends before: nothing is taken away under a hold")
NAME_HASHED = Cell(Claim.EMPTIED, "becomes a keyed hash, so that the same message is not logged twice")
NOT_LOGGED_TWICE = Cell(Claim.STAYS, "stays, so that the same message is not logged twice")
BUT_FACTS = Cell(Claim.EMPTIED, "emptied but for dates, kinds, decisions and codes of needs")
HISTORY = Cell(Claim.STAYS, "stays: the history of decisions")
NAMES_NOBODY = Cell(Claim.STAYS, "stays for the figures: codes alone, which name nobody")
NOT_OF_PERSON = Cell(Claim.STAYS, "stays: it is not the person's")
STOPS_MAIL = Cell(Claim.STAYS, "stays: it stops mail to the person")
NOT_WRITTEN_BY = Cell(Claim.STAYS, "deleted where the person wrote it")
NOT_NAMING = Cell(Claim.STAYS, "deleted where it names the person")

# Retention
WITH_WORDS = Cell(Claim.EMPTIED, "[retention] days, with the contact's words")
WITH_PERSON = Cell(Claim.EMPTIED, "with the last contact of the person")
RUNS_OUT = Cell(Claim.EMPTIED, "30 days after the mail came back")
WITH_ALERT = Cell(Claim.EMPTIED, "with the contact; of none: [retention] audit_days")
ONE_DAY = Cell(Claim.EMPTIED, "1 day")
SEVEN_DAYS = Cell(Claim.EMPTIED, "7 days after it was last typed at")
WITH_ACCOUNT = Cell(Claim.STAYS, "as long as the account")
WITH_SESSION = Cell(Claim.EMPTIED, "the night after its end at the latest")
FOR_FIGURES = Cell(Claim.STAYS, "kept with the figures")
WITH_LINK = Cell(Claim.EMPTIED, "the night after its end at the latest")
A_YEAR_AFTER = Cell(Claim.EMPTIED, "366 days after the last day")
WITH_ENTRY = Cell(Claim.STAYS, "as long as the entry")
WITH_VERSIONS = Cell(Claim.STAYS, "as long as the versions of the words")
BUCKET_FULL = Cell(Claim.EMPTIED, "when it no longer counts, after some minutes; in the night at the latest")
UNTIL_DROPPED = Cell(Claim.EMPTIED, "[retention] days, unless staff have logged or dropped it before")
UNTIL_DELETED = Cell(Claim.STAYS, "until its owner deletes it")
AUDIT = Cell(Claim.STAYS, "about a contact with the figures, else [retention] audit_days")
AUDIT_DAYS = Cell(Claim.EMPTIED, "[retention] audit_days")

# Sealing
SEALED = Cell(Claim.SEALED, "sealed")
ALIKE = Cell(Claim.SEALED, "sealed, each time alike, so that it can be looked up")
NOT_INDEXED = Cell(Claim.ABSENT, "not there: the index has references alone")
KEYED_HASH = Cell(Claim.HASHED, "a keyed hash")
ARGON2 = Cell(Claim.HASHED, "an argon2id hash")
ENCRYPTED = Cell(Claim.HASHED, "always encrypted")
RANDOM = Cell(Claim.HASHED, "the SHA-256 of a random secret")
LOOKED_UP = Cell(Claim.CLEAR, "in clear: it is looked up")
SORTED = Cell(Claim.CLEAR, "in clear: lists are filtered by it")
PUBLIC_WORK = Cell(Claim.CLEAR, "in clear: an address of work")

Row = tuple[str, Whose, str, Cell, Cell, Cell, Cell]


def _of(table: str, *rows: Row) -> tuple[Datum, ...]:
    return tuple(Datum(f"{table}.{row[0]}", *row[1:]) for row in rows)


REGISTER: tuple[Datum, ...] = (
    *_of(
        "contacts",
        ("external_id", RESIDENT, "Message-ID or platform's id", GIVEN, NAME_HASHED, WITH_WORDS, ALIKE),
        ("sender_address", RESIDENT, "address or name on a platform", GIVEN, EMPTIED, WITH_WORDS, ALIKE),
        ("sender_key", RESIDENT, "the same in lower case", GIVEN, EMPTIED, WITH_WORDS, ALIKE),
        ("sender_name", RESIDENT, "name", GIVEN, EMPTIED, WITH_WORDS, SEALED),
        ("subject", RESIDENT, "subject", GIVEN, EMPTIED, WITH_WORDS, SEALED),
        ("conversation", RESIDENT, "platform's name of the thread", GIVEN, EMPTIED, WITH_WORDS, ALIKE),
        ("legal_hold", RESIDENT, "why it must be kept", GIVEN, HOLD_ENDS, HOLD_ENDS, SEALED),
        ("urgent_words", RESIDENT, "the phrase of an urgent rule", GIVEN, EMPTIED, WITH_WORDS, SEALED),
        ("wished_language", RESIDENT, "language of their wish", GIVEN, EMPTIED, WITH_WORDS, SORTED),
        ("need_codes", RESIDENT, "how to write or speak to them", GIVEN, EMPTIED, WITH_WORDS, SEALED),
        ("owner", STAFF, "who has it", GIVEN, NOT_OF_PERSON, FOR_FIGURES, SORTED),
        ("taken_by", STAFF, "who has taken it", GIVEN, NOT_OF_PERSON, FOR_FIGURES, PUBLIC_WORK),
    ),
    *_of(
        "messages",
        ("external_id", RESIDENT, "Message-ID or platform's id", GIVEN, NAME_HASHED, WITH_WORDS, ALIKE),
        ("message_id", RESIDENT, "the sender's name of it", GIVEN, NAME_HASHED, WITH_WORDS, ALIKE),
        ("digest", RESIDENT, "hash of the content", INTERNAL, NOT_LOGGED_TWICE, FOR_FIGURES, ALIKE),
        ("sender_address", RESIDENT, "address of the writer", GIVEN, EMPTIED, WITH_WORDS, ALIKE),
        ("text", RESIDENT, "words", GIVEN, EMPTIED, WITH_WORDS, SEALED),
        ("fields", RESIDENT, "fields of a form, links", GIVEN, EMPTIED, WITH_WORDS, SEALED),
    ),
    *_of(
        "raw_messages",
        ("raw", RESIDENT, "the message as it came, with its files", GIVEN, DELETED, WITH_WORDS, SEALED),
    ),
    *_of(
        "remote_files",
        ("locator", RESIDENT, "platform's name of a file that came with it", INTERNAL, DELETED, WITH_WORDS, SEALED),
        ("name", RESIDENT, "name of such a file", GIVEN, DELETED, WITH_WORDS, SEALED),
    ),
    *_of(
        "message_words",
        ("words", RESIDENT, "the index to search by", SAME_AS_TEXT, DELETED, WITH_WORDS, NOT_INDEXED),
    ),
    *_of(
        "deliveries",
        ("recipient", RESIDENT, "address", GIVEN, EMPTIED, WITH_WORDS, ALIKE),
        ("mailbox", RESIDENT, "the mailbox it goes to", INTERNAL, EMPTIED, WITH_WORDS, KEYED_HASH),
        ("recipient", STAFF, "who was alerted", OF_STAFF, NOT_OF_PERSON, WITH_ALERT, ALIKE),
        ("key", STAFF, "who was alerted of what", OF_STAFF, NOT_OF_PERSON, FOR_FIGURES, LOOKED_UP),
        ("details", RESIDENT, "what it answers, reasons", INTERNAL, EMPTIED, WITH_WORDS, SEALED),
        ("details", STAFF, "who typed an answer", OF_STAFF, EMPTIED, WITH_WORDS, SEALED),
        ("external_id", RESIDENT, "platform's id of what we sent", INTERNAL, EMPTIED, WITH_WORDS, ALIKE),
        ("last_error", RESIDENT, "a server's answer, which may quote them", GIVEN, EMPTIED, WITH_WORDS, SEALED),
    ),
    *_of(
        "sent_messages",
        ("content", RESIDENT, "our message as it left", GIVEN, DELETED, WITH_WORDS, SEALED),
        ("content", STAFF, "alerts and lists as they left", OF_STAFF, ALERTS_DELETED, WITH_ALERT, SEALED),
    ),
    *_of(
        "drafts",
        ("owner", STAFF, "who is writing", OF_STAFF, DELETED, SEVEN_DAYS, LOOKED_UP),
        ("subject", RESIDENT, "subject of an answer that is being written", GIVEN, DELETED, SEVEN_DAYS, SEALED),
        ("words", RESIDENT, "an answer that is being written", GIVEN, DELETED, SEVEN_DAYS, SEALED),
    ),
    *_of(
        "draft_files",
        ("owner", STAFF, "who is writing", OF_STAFF, DELETED, SEVEN_DAYS, LOOKED_UP),
        ("name", RESIDENT, "a file that is to go with it", GIVEN, DELETED, SEVEN_DAYS, SEALED),
        ("content", RESIDENT, "a file that is to go with it", GIVEN, DELETED, SEVEN_DAYS, SEALED),
    ),
    *_of(
        "answer_files",
        ("name", RESIDENT, "name of a file that leaves with an answer", IN_THE_MAIL, DELETED, WITH_WORDS, SEALED),
        ("content", RESIDENT, "the file", IN_THE_MAIL, DELETED, WITH_WORDS, SEALED),
    ),
    *_of(
        "feedback",
        ("words", RESIDENT, "what they said of our answer", GIVEN, EMPTIED, WITH_WORDS, SEALED),
        ("read_by", STAFF, "who read it", OF_STAFF, NOT_OF_PERSON, FOR_FIGURES, PUBLIC_WORK),
    ),
    *_of(
        "improvements",
        ("written_by", STAFF, "who wrote an entry for everybody", OF_STAFF, NOT_OF_PERSON, WITH_ENTRY, PUBLIC_WORK),
        ("published_by", STAFF, "who published it", OF_STAFF, NOT_OF_PERSON, WITH_ENTRY, PUBLIC_WORK),
    ),
    *_of(
        "events",
        ("actor", STAFF, "who did it", OF_STAFF, HISTORY, AUDIT, SORTED),
        ("details", RESIDENT, "notes and reasons of staff", GIVEN, BUT_FACTS, WITH_WORDS, SEALED),
        ("details", STAFF, "accounts changed, who has it now", GIVEN, HISTORY, AUDIT, SEALED),
        ("details", STRANGER, "network of who tried a door", NOT_KNOWN, NOT_OF_PERSON, AUDIT_DAYS, SEALED),
    ),
    *_of(
        "needs",
        ("address", RESIDENT, "address or telephone number", GIVEN, DELETED, WITH_PERSON, ALIKE),
        ("needs", RESIDENT, "how to write or speak to them", GIVEN, DELETED, WITH_PERSON, SEALED),
        ("noted_by", STAFF, "who noted it", OF_STAFF, DELETED, WITH_PERSON, PUBLIC_WORK),
        ("language", RESIDENT, "language of their wish", GIVEN, DELETED, WITH_PERSON, SEALED),
        ("language_by", STAFF, "who noted that", OF_STAFF, DELETED, WITH_PERSON, PUBLIC_WORK),
    ),
    *_of(
        "format_tasks",
        ("need_codes", RESIDENT, "formats that staff make for them", GIVEN, EMPTIED, WITH_WORDS, SEALED),
        ("language", RESIDENT, "language into which staff translate", GIVEN, EMPTIED, WITH_WORDS, SEALED),
        ("made_by", STAFF, "who made it", OF_STAFF, NOT_OF_PERSON, FOR_FIGURES, PUBLIC_WORK),
    ),
    *_of(
        "suppressions",
        ("address", RESIDENT, "address that gets no mail", GIVEN, STOPS_MAIL, RUNS_OUT, ALIKE),
    ),
    *_of(
        "shunted",
        ("external_id", STRANGER, "Message-ID or platform's id", NOT_KNOWN, NOT_WRITTEN_BY, UNTIL_DROPPED, ALIKE),
        ("error", STRANGER, "the error, which may quote it", NOT_KNOWN, NOT_WRITTEN_BY, UNTIL_DROPPED, SEALED),
        ("raw", STRANGER, "the message as it came", NOT_KNOWN, NOT_WRITTEN_BY, UNTIL_DROPPED, SEALED),
    ),
    *_of(
        "answers",
        ("key", STRANGER, "a key that a program chose", NOT_KNOWN, NOT_NAMING, ONE_DAY, ALIKE),
    ),
    *_of(
        "staff",
        ("address", STAFF, "address", OF_STAFF, NOT_OF_PERSON, WITH_ACCOUNT, LOOKED_UP),
        ("name", STAFF, "name", OF_STAFF, NOT_OF_PERSON, WITH_ACCOUNT, PUBLIC_WORK),
        ("password", STAFF, "password", OF_STAFF, NOT_OF_PERSON, WITH_ACCOUNT, ARGON2),
        ("second_factor", STAFF, "secret of their app", OF_STAFF, NOT_OF_PERSON, WITH_ACCOUNT, ENCRYPTED),
        ("recovery_codes", STAFF, "recovery codes", OF_STAFF, NOT_OF_PERSON, WITH_ACCOUNT, KEYED_HASH),
    ),
    *_of(
        "sessions",
        ("digest", STAFF, "the session of a browser", OF_STAFF, NOT_OF_PERSON, WITH_SESSION, RANDOM),
        ("address", STAFF, "who is signed in", OF_STAFF, NOT_OF_PERSON, WITH_SESSION, LOOKED_UP),
    ),
    *_of(
        "sign_in_links",
        ("digest", STAFF, "a link to sign in with once", OF_STAFF, NOT_OF_PERSON, WITH_LINK, RANDOM),
        ("address", STAFF, "who may use it", OF_STAFF, NOT_OF_PERSON, WITH_LINK, LOOKED_UP),
    ),
    *_of(
        "throttles",
        (
            "key",
            STRANGER,
            "who tried to sign in, or asked for a link",
            NOT_KNOWN,
            NOT_OF_PERSON,
            BUCKET_FULL,
            KEYED_HASH,
        ),
    ),
    *_of(
        "absences",
        ("person", STAFF, "who is away", OF_STAFF, NOT_OF_PERSON, A_YEAR_AFTER, SEALED),
        ("deputy", STAFF, "who stands in", OF_STAFF, NOT_OF_PERSON, A_YEAR_AFTER, SEALED),
        ("entered_by", STAFF, "who entered it", OF_STAFF, NOT_OF_PERSON, A_YEAR_AFTER, PUBLIC_WORK),
    ),
    *_of(
        "shifts",
        ("person", STAFF, "who is called at night", OF_STAFF, NOT_OF_PERSON, A_YEAR_AFTER, SEALED),
        ("entered_by", STAFF, "who entered it", OF_STAFF, NOT_OF_PERSON, A_YEAR_AFTER, PUBLIC_WORK),
    ),
    *_of(
        "wordings",
        ("written_by", STAFF, "who changed the words", OF_STAFF, NOT_OF_PERSON, WITH_VERSIONS, PUBLIC_WORK),
    ),
    *_of(
        "spells",
        ("needs", RESIDENT, "codes of needs, for the figures", SAME_AS_TEXT, NAMES_NOBODY, FOR_FIGURES, SEALED),
    ),
    *_of(
        "reports",
        ("drawn_up_by", STAFF, "who drew up a report", OF_STAFF, NOT_OF_PERSON, FOR_FIGURES, PUBLIC_WORK),
        ("approved_by", STAFF, "who approved it", OF_STAFF, NOT_OF_PERSON, FOR_FIGURES, PUBLIC_WORK),
    ),
    *_of(
        "views",
        ("owner", STAFF, "whose list it is", OF_STAFF, NOT_OF_PERSON, UNTIL_DELETED, LOOKED_UP),
        ("name", RESIDENT, "name of a saved list that names them", SAVED_SEARCH, DELETED, WITH_PERSON, ALIKE),
        ("query", RESIDENT, "words that were searched for", SAVED_SEARCH, DELETED, WITH_PERSON, SEALED),
    ),
)

IMPERSONAL: dict[str, str] = {
    "contacts": "id reference channel state outcome rule reason team service standard standard_version promise "
    "calendar receipt_rule received_at acknowledge_by acknowledged_at respond_by responded_at "
    "acknowledge_step respond_step next_look_at forgotten kind area visibility acknowledged_by "
    "receipt_sent_at paused_at platform_reply_by window_closed clock_changed linked_to merged_into receipt_of "
    "told_respond_by noted_at muted language assigned_at urgent urgent_at urgent_step taken_at quiet_until due_at "
    "last_activity_at tracking_generation medium channel_kind first_acknowledge_by first_respond_by avoidable cause "
    "complaint_outcome",
    "messages": "id contact_id channel received_at fault written_by",
    "raw_messages": "message_id",
    "unscanned_files": "message_id since",
    "remote_files": "id message_id kind content_type state size attempts since next_attempt_at reason",
    "public_posts": "contact_id look_by looked_at",
    "deliveries": "id contact_id purpose step channel message_id state attempts hand_overs created_at next_attempt_at "
    "sent_at arrived_at holder joined_to unproven",
    "sent_messages": "id delivery_id contact_id attempt at template",
    "drafts": "id contact_id kind way began_at typed_at",
    "draft_files": "id contact_id size",
    "answer_files": "id delivery_id kind",
    "feedback": "contact_id asked_at answered_at answer satisfaction read_at reopened",
    "improvements": "id problem remedy service day language state written_at published_at",
    "improvement_contacts": "improvement_id contact_id",
    "events": "id contact_id at kind",
    "event_links": "event_id words link mac secret salt remainder",
    "trail_gate": "id",
    "cursors": "name value moved_at",
    "leases": "name holder held_until",
    "account_secrets": "channel secret claimed_until changed_at",
    "suppressions": "reason since until",
    "rules": "name value kept_at",
    "shunted": "id channel at dropped_at",
    "staff": "role teams created_at disabled_at second_factor_step",
    "sessions": "began_at seen_at ends_at how",
    "sign_in_links": "ends_at",
    "throttles": "full_at",
    "tokens": "name digest scopes teams created_at used_at revoked_at ends_at",
    "answers": "digest status body at",
    "links": "contact_id other_id",
    "needs": "noted_at language_at",
    "format_tasks": "delivery_id contact_id created_at made_at",
    "absences": "id first_day last_day entered_at ended_at",
    "shifts": "id team first_day last_day entered_at",
    "wordings": "id sort name language teams service subject words withdrawn note written_at",
    "views": "id",
    "spells": "contact_id number received_at begins_at channel channel_kind medium visibility outcome rule language "
    "area service kind team standard standard_version calendar acknowledge_by acknowledged_at first_respond_by "
    "respond_by responded_at ends_at ending paused_at pauses extensions is_undeliverable windows_missed early_words "
    "next_word_at avoidable cause complaint_outcome asked_at opinion satisfaction are_needs_met latest_at",
    "reports": "id first_day last_day revision cut_off content digest drawn_up_at state approved_at reason",
}
