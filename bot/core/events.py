"""Events: what happens to contacts, and what people do in the console, as facts that are only ever added."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

OURSELVES = "ackbot"
# The person of a contact, on its page.
SENDER = "sender"


class EventKind(StrEnum):
    """The kinds of events; the texts are stored, and read by programs that follow the events.

    The events of a clock are those of `histories.Kind`, under the same names. The result of an
    attempt to send is named by the delivery's purpose and state.
    """

    # A message came in.
    LOGGED = "logged"
    CONTINUED = "continued"
    FOLLOW_UP = "follow-up"
    AUTOMATIC_MAIL = "automatic mail"
    DELIVERY_REPORT = "delivery report"
    STAFF_WROTE = "staff wrote"
    TAKEN_DOWN = "taken down"
    URGENT = "urgent"
    # On a platform: the kinds of `messages.Post` that are added to a contact, and later changes by the writer.
    MESSAGE = "message"
    MENTION = "mention"
    COMMENT = "comment"
    REACTION = "reaction"
    EDITED = "edited"
    TAKEN_BACK = "taken back"
    # Its files were looked into later, as no scanner could be asked when they came.
    FILES_SCANNED = "files scanned"
    # One of its files could not be fetched from its platform, or is not kept here.
    FILE_NOT_KEPT = "file not kept"

    # Its clocks.
    ACKNOWLEDGED = "acknowledged by staff"
    HOLDING_REPLY = "holding reply"
    PAUSED = "paused"
    RESUMED = "resumed"
    RESTARTED = "restarted"
    EXTENDED = "extended"
    RESPONDED = "responded"
    REOPENED = "reopened"
    CORRECTED = "corrected"
    RECOMPUTED = "recomputed"
    ESCALATED = "escalated"
    CALLED_AGAIN = "called again"
    CALL_SHARED = "call shared"

    # Actions by staff.
    TAKEN = "taken"
    NOT_URGENT = "not urgent"
    ASSIGNED = "assigned"
    QUIET = "quiet"
    CLASSIFIED = "classified"
    CLOSED = "closed"
    OPENED_AGAIN = "opened again"
    LINKED = "linked"
    LINK_TAKEN_AWAY = "link taken away"
    NEEDS_NOTED = "needs noted"
    FORMAT_NEEDED = "format needed"
    FORMAT_MADE = "format made"
    LINKS_MADE_VOID = "links made void"
    # Words of staff for staff: no answer, and never sent to the person.
    NOTE = "note"
    # Somebody has looked at what was said in public and owes no receipt.
    LOOKED_AT = "looked at"
    MERGED = "merged"
    MERGE_UNDONE = "merge undone"
    SPLIT = "split"
    RECEIPT_DECIDED_ON = "receipt decided on"
    ANSWER_WRITTEN = "answer written"
    ANSWER_TAKEN_BACK = "answer taken back"
    LEGAL_HOLD = "legal hold"
    LEGAL_HOLD_ENDED = "legal hold ended"
    ERASED = "erased"
    FORGOTTEN = "forgotten"

    # What staff say of it for the figures (`core.judgements`).
    AVOIDABILITY_JUDGED = "avoidability judged"
    CAUSE_NAMED = "cause named"
    COMPLAINT_DECIDED = "complaint decided"
    # The time in which its platform takes an answer was over, and none had left.
    WINDOW_MISSED = "platform window missed"

    # What the person said of our answer, and what staff did with it.
    FEEDBACK_GIVEN = "feedback given"
    FEEDBACK_READ = "feedback read"

    # A program that follows is told again what happened.
    EVENTS_REPLAYED = "events replayed"

    # The results of our deliveries.
    RECEIPTS_STOPPED = "receipts stopped"
    RECEIPT_RELEASED = "receipt released"
    RECEIPTS_RELEASED = "receipts released"
    RECEIPT_NOT_NEEDED = "receipt not needed"
    CAME_BACK = "came back"
    UNDELIVERABLE = "undeliverable"
    DELIVERED = "delivered"
    COMPLAINED_OF = "complained of"
    SENT_ANOTHER_WAY = "sent another way"
    ALERT_LEFT_TO_THE_LIST = "alert left to the daily list"
    ACKNOWLEDGEMENT_SENT = "acknowledgement sent"
    ACKNOWLEDGEMENT_DELAYED = "acknowledgement temporary-failure"
    ACKNOWLEDGEMENT_REFUSED = "acknowledgement permanent-failure"
    ACKNOWLEDGEMENT_FAILED = "acknowledgement technical-failure"
    NEW_DATE_SENT = "new-date sent"
    NEW_DATE_DELAYED = "new-date temporary-failure"
    NEW_DATE_REFUSED = "new-date permanent-failure"
    NEW_DATE_FAILED = "new-date technical-failure"
    ADDED_SENT = "added sent"
    ADDED_DELAYED = "added temporary-failure"
    ADDED_REFUSED = "added permanent-failure"
    ADDED_FAILED = "added technical-failure"
    PROGRESS_SENT = "progress sent"
    PROGRESS_DELAYED = "progress temporary-failure"
    PROGRESS_REFUSED = "progress permanent-failure"
    PROGRESS_FAILED = "progress technical-failure"
    CLOSING_SENT = "closing sent"
    CLOSING_DELAYED = "closing temporary-failure"
    CLOSING_REFUSED = "closing permanent-failure"
    CLOSING_FAILED = "closing technical-failure"
    ANSWER_SENT = "answer sent"
    ANSWER_DELAYED = "answer temporary-failure"
    ANSWER_REFUSED = "answer permanent-failure"
    ANSWER_FAILED = "answer technical-failure"
    FEEDBACK_SENT = "feedback sent"
    FEEDBACK_DELAYED = "feedback temporary-failure"
    FEEDBACK_REFUSED = "feedback permanent-failure"
    FEEDBACK_FAILED = "feedback technical-failure"
    TRACK_LINK_SENT = "track-link sent"
    TRACK_LINK_DELAYED = "track-link temporary-failure"
    TRACK_LINK_REFUSED = "track-link permanent-failure"
    TRACK_LINK_FAILED = "track-link technical-failure"
    # The address of staff is never abandoned because of one refusal.
    ALERT_SENT = "alert sent"
    ALERT_DELAYED = "alert temporary-failure"
    ALERT_FAILED = "alert technical-failure"
    URGENT_SENT = "urgent sent"
    URGENT_DELAYED = "urgent temporary-failure"
    URGENT_FAILED = "urgent technical-failure"

    # Not about a contact, but about access and exports.
    REFUSED = "refused"
    SIGNED_IN = "signed in"
    SIGNED_OUT = "signed out"
    SIGN_IN_REFUSED = "sign-in refused"
    SESSIONS_ENDED = "sessions ended"
    UNKNOWN_SESSION = "unknown session"
    UNKNOWN_TOKEN = "unknown token"  # noqa: S105 - the name of an event
    EXPIRED_TOKEN = "expired token"  # noqa: S105 - the name of an event
    STAFF_ADDED = "staff added"
    STAFF_DISABLED = "staff disabled"
    STAFF_ENABLED = "staff enabled"
    ROLE_CHANGED = "role changed"
    TEAMS_CHANGED = "teams changed"
    PASSWORD_CHANGED = "password changed"  # noqa: S105 - the name of an event
    SIGN_IN_LINK_MADE = "sign-in link made"
    LOCK_LIFTED = "lock lifted"
    SECOND_FACTOR_SET_UP = "second factor set up"
    SECOND_FACTOR_REMOVED = "second factor removed"
    RECOVERY_CODE_USED = "recovery code used"
    RECOVERY_CODES_RENEWED = "recovery codes renewed"
    TOKEN_CREATED = "token created"  # noqa: S105 - the name of an event
    TOKEN_REVOKED = "token revoked"  # noqa: S105 - the name of an event
    MESSAGE_SAVED = "message saved as a file"
    MESSAGE_READ = "message read as it came"
    SHUNTED_READ = "shunted message read"
    LIST_SAVED = "list saved as CSV"
    READ_IN_BULK = "read in bulk"
    PERSON_EXPORTED = "person exported"
    STORE_BACKED_UP = "store backed up"
    STORE_COPIED = "store copied"
    STORE_RESTORED = "store restored"
    ABSENCE_ENTERED = "absence entered"
    ABSENCE_ENDED = "absence ended"
    DUTY_ENTERED = "night duty entered"
    DUTY_DROPPED = "night duty dropped"
    WORDS_CHANGED = "words changed"
    IMPROVEMENT_WRITTEN = "improvement written"
    IMPROVEMENT_PUBLISHED = "improvement published"
    IMPROVEMENT_WITHDRAWN = "improvement withdrawn"
    # What the figures follow from and no contact says: how well a channel is covered, what only the comparing with its
    # own list brought in, an address that gets nothing automatic any more, the days of a calendar as they were then.
    COVERAGE_CHANGED = "coverage changed"
    MESSAGES_RECONCILED = "messages reconciled"
    ADDRESS_SUPPRESSED = "address suppressed"
    CALENDAR_NOTED = "calendar noted"
    REPORT_DRAWN_UP = "report drawn up"
    REPORT_APPROVED = "report approved"
    REPORT_WITHDRAWN = "report withdrawn"
    VIEW_SAVED = "view saved"
    VIEW_DROPPED = "view dropped"
    SHUNTED_DROPPED = "shunted message dropped"
    SHUNTED_REPLAYED = "shunted message replayed"


@dataclass(frozen=True, slots=True)
class Event:
    """One event to be stored; `contact_id` is None if it is not about a contact, `details` is stored as JSON."""

    contact_id: int | None
    at: datetime
    kind: EventKind
    actor: str = OURSELVES
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One stored event. `kind` is text: an older version may have written one that this version does not know.

    `reference` names its contact in results about several contacts; None if it is not about a contact.
    """

    id: int
    at: datetime
    kind: str
    actor: str
    details: Mapping[str, Any]
    reference: str | None = None
