"""The form of a triage rule: its name, its test of a message, and the outcome for a match."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from bot.core.messages import Inbound

Outcome = Literal["acknowledge", "log", "attach", "undeliverable", "ask"]


class RuleName(StrEnum):
    """The names of the rules as they are stored and shown; each begins with the number of its row in docs/triage.md."""

    SAME_MAIL_ANOTHER_WAY = "1 same mail by another way"
    SENT_AGAIN = "1 sent again"
    STAFFS_MAIL = "2 staff's mail"
    OUR_OWN_MAIL = "2 our own mail"
    OUR_OWN_MARK = "2 our own mark"
    DELIVERY_REPORT = "3 delivery report"
    READ_REPORT = "4 read report"
    ABUSE_REPORT = "5 abuse report"
    ANOTHER_REPORT = "5 program's report"
    JOURNAL = "5 journal copy"
    AUTOMATIC_REPLY = "6 automatic reply"
    CHALLENGE = "7 challenge"
    HUMAN_REPLY = "8 reply to a contact"
    TRUSTED_RELAY = "9 trusted relay"
    NULL_SENDER = "10 null sender"
    AUTOMATIC_SUBMISSION = "11 automatic submission"
    BULK_MAIL = "12 list or bulk mail"
    SYSTEM_FOR_A_PERSON = "13 system sender with a person's Reply-To"
    SYSTEM_SENDER = "13 system sender"
    INVITATION = "14 invitation"
    CALENDAR_MESSAGE = "14 calendar message"
    RECALL = "15 recall"
    UNWANTED_MAIL = "16 unwanted mail"
    FAILED_AUTHENTICATION = "17 failed authentication"
    TOO_MANY_RECEIPTS = "18 too many receipts"
    ONE_OF_SEVERAL = "18 one of several"
    SUPPRESS_HEADER = "19 suppress header alone"
    LOOKS_AUTOMATIC = "20 looks like an automatic reply"
    NOT_ADDRESSED_TO_US = "21 not addressed to us"
    COPIED_IN = "22 copied in"
    NO_WORDS = "23 no words"
    PERSON = "24 person"
    PROGRAMS_POST = "25 program's post"
    REACTION = "26 reaction"
    COMMENT = "27 comment"
    NOT_ANSWERED_HERE = "28 no automatic answer here"
    EDITED = "29 edited"
    TAKEN_BACK = "29 taken back"
    STOP_WORD = "31 no more text messages"
    START_WORD = "31 text messages again"
    FILLED_IN_BY_PROGRAM = "30 form filled in by a program"
    SEVERAL_AUTHORS = "0 no one author"
    MALFORMED_MAIL = "0 malformed mail"
    NO_ADDRESS = "0 no address"

    @property
    def row(self) -> int:
        """The number of the row in docs/triage.md."""
        return int(self.partition(" ")[0])

    @property
    def words(self) -> str:
        """The name without the number."""
        return self.partition(" ")[2]


OUR_OWN = frozenset({RuleName.OUR_OWN_MAIL, RuleName.OUR_OWN_MARK})
# By these staff are asked, all in one alert, because there was too much at once or it had the marks of a program.
GUARDS = frozenset({RuleName.TOO_MANY_RECEIPTS, RuleName.FILLED_IN_BY_PROGRAM})


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts besides the message.

    `own` has our own addresses in lower case, all of them if `own_complete`; `staff` those of its writers, as addresses
    or `@domain`. `thread` is the reference of the contact that the message continues, and `person` that contact's
    address. `authserv_id` is the name of the mail server whose Authentication-Results are trusted ("": none),
    `spam_header` the field in which it marks unwanted mail. `relays` are domains that pass on what people write on
    their pages. `is_about_our_mail`: a report identifies a mail of ours by an address that only we can make, with the
    `secret`; `addressee` is where that mail went, `is_to_staff` says that it was to staff.
    `receipts`: which messages the account may answer: private, public, both or none.
    """

    own: frozenset[str] = frozenset()
    thread: str | None = None
    authserv_id: str = ""
    own_complete: bool = False
    staff: frozenset[str] = frozenset()
    person: str = ""
    spam_header: str = ""
    relays: frozenset[str] = frozenset()
    is_about_our_mail: bool = False
    addressee: str = ""
    is_to_staff: bool = False
    secret: bytes = field(default=b"", repr=False)
    receipts: Literal["private", "public", "both", "none"] = "both"


@dataclass(frozen=True, slots=True)
class Rule:
    """One test. For a match the outcome is `outcome`, or `in_thread` where the message answers a contact."""

    name: RuleName
    reason: str
    source: str
    asks: Callable[[Inbound, Facts], bool]
    outcome: Outcome = "log"
    in_thread: Outcome = "attach"
