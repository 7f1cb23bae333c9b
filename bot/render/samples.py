"""The values that each template may use besides the constants, and invented contacts to test and display it with."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

_REFERENCE = "EX-7K3M-9QPH"
_RECEIVED = "10am on Friday 18 December 2026"
# Ten working days that include Christmas and New Year.
_DAY = "Wednesday 6 January 2027"
# Of the length that links in alerts have.
_LINK = "12345.67890.1800000000.aBcDeFgHiJkLmNoPqRsTuVwX"
# What follows /track/ in the address of the page of a contact.
_TRACK = f"{_REFERENCE}/abcdefghijklmnopqrstuvwxyz"
# The longest possible advice: 160 characters.
_ADVICE = (
    "If you smell gas, open the windows, do not touch switches, and go outside. Then call 0800 111 999. "
    "If somebody is hurt, or if they cannot get out, call 999 now."
)
_LISTED = [
    {"reference": _REFERENCE, "channel": "email", "due": due, "why": why, "whose": whose}
    for due, why, whose in (
        ("Monday 4 January 2027", "late, not acknowledged yet, nobody has it", "Front office"),
        (_DAY, "due soon", "yours"),
        ("Tuesday 19 January 2027", "new", "ann.example@example.gov.uk"),
    )
]


class Sort(StrEnum):
    """The addressee and medium of a template, which decide what it must contain."""

    RECEIPT = "receipt"  # the mail that confirms receipt
    LETTER = "letter"  # every other mail to the person
    TEXT = "text"  # a private message on a platform, or a text message
    PUBLIC = "public"  # a text that everybody can read
    STAFF = "staff"  # mails to staff


SORTS = {
    "acknowledgement": Sort.RECEIPT,
    "new-date": Sort.LETTER,
    "added": Sort.LETTER,
    "progress": Sort.LETTER,
    "closing": Sort.LETTER,
    "feedback": Sort.LETTER,
    "track-link": Sort.LETTER,
    "acknowledgement-easy": Sort.RECEIPT,
    "message": Sort.TEXT,
    "message-new-date": Sort.TEXT,
    "message-added": Sort.TEXT,
    "message-progress": Sort.TEXT,
    "message-closing": Sort.TEXT,
    "message-track-link": Sort.TEXT,
    "mention": Sort.PUBLIC,
    "urgent": Sort.STAFF,
    "alert": Sort.STAFF,
    "alerts": Sort.STAFF,
    "urgent-many": Sort.STAFF,
    "digest": Sort.STAFF,
    "notice": Sort.STAFF,
}

_CLOSING = {
    "reference": _REFERENCE,
    "answered": "Wednesday 30 December 2026",
    "reason": "You told us that all is well now.",
    "within": "28 days",
}
_RECEIPT = {
    "reference": _REFERENCE,
    "respond_by": _DAY,
    "promise": "10 working days",
    "received": _RECEIVED,
    "team": "Front office",
    "urgent": _ADVICE,
    "about": "bins and recycling",
    "opens_on": "8:30am on Monday 21 December 2026",
    "hours": "8:30am to 5pm from Monday to Friday",
    "track": _TRACK,
    "service": "bins and recycling",
    "service_page": "https://www.example.gov.uk/bins",
    "other_route": "Come to any of our offices, from 9am to 5pm on working days.",
    "service_words": "We come to look at it first. Please leave the bin where we can see it.",
}

SAMPLES: dict[str, dict[str, Any]] = {
    "acknowledgement": _RECEIPT,
    "acknowledgement-easy": _RECEIPT,
    "new-date": {
        "reference": _REFERENCE,
        "before": "Wednesday 30 December 2026",
        "respond_by": _DAY,
        "received": _RECEIVED,
        "reason": "There is a bank holiday more than we knew of.",
        "track": _TRACK,
    },
    "added": {"reference": _REFERENCE, "respond_by": _DAY, "received": _RECEIVED, "track": _TRACK},
    "message": {
        "reference": _REFERENCE,
        "respond_by": _DAY,
        "promise": "10 working days",
        "received": _RECEIVED,
        "short_window": "yes",
        "urgent": _ADVICE,
        "service_text": "We come to look at it. Please leave the bin where we can see it.",
    },
    "message-new-date": {
        "reference": _REFERENCE,
        "before": "Wednesday 30 December 2026",
        "respond_by": _DAY,
        "received": _RECEIVED,
        "reason": "There is a bank holiday more than we knew of.",
        "short_window": "yes",
    },
    "message-added": {"reference": _REFERENCE, "respond_by": _DAY, "received": _RECEIVED, "short_window": ""},
    "progress": {"reference": _REFERENCE, "respond_by": _DAY, "received": _RECEIVED, "track": _TRACK},
    "message-progress": {"reference": _REFERENCE, "respond_by": _DAY, "received": _RECEIVED, "short_window": ""},
    "closing": _CLOSING | {"track": _TRACK},
    "message-closing": _CLOSING | {"short_window": ""},
    "feedback": {"reference": _REFERENCE, "answered": "Wednesday 30 December 2026", "track": _TRACK},
    "track-link": {"reference": _REFERENCE, "track": _TRACK},
    "message-track-link": {"reference": _REFERENCE, "track": _TRACK, "short_window": ""},
    "mention": {},
    "alert": {
        "reference": _REFERENCE,
        "step": "half of the time to answer is used",
        "promise": f"answer by {_DAY}",
        "received": _RECEIVED,
        "channel": "email",
        "action": "Answer the person. If somebody has answered already, open it and record the answer.",
        "link": _LINK,
    },
    "urgent": {
        "reference": _REFERENCE,
        "title": "There may be gas or carbon monoxide",
        "words": "smell ... of gas",
        "received": _RECEIVED,
        "channel": "email",
        "time": "1",
        "again_after": "15 minutes",
        "action": "Read it now and act. Say that you have it, and nobody else is called.",
        "short": "",
        "link": _LINK,
    },
    "urgent-many": {
        "count": 37,
        "newest": _REFERENCE,
        "title": "There may be gas or carbon monoxide",
        "received": _RECEIVED,
        "contacts": [
            {
                "reference": _REFERENCE,
                "title": "There may be gas or carbon monoxide",
                "words": "smell ... of gas",
            }
        ],
        "again_after": "15 minutes",
        "action": "Read them now and act. Say that you have them, and nobody else is called.",
        "short": "",
        "link": _LINK,
    },
    "notice": {
        "subject": f"{_REFERENCE}: our acknowledgement came back",
        "happened": f"The person who wrote in {_REFERENCE} has not had our acknowledgement.",
        "action": "Reach this person another way.",
        "reference": _REFERENCE,
        "page": f"contacts/{_REFERENCE}",
        "link": _LINK,
    },
    "alerts": {
        "contacts": [
            {
                "reference": _REFERENCE,
                "step": "the answer is due and not recorded",
                "promise": f"answer by {_DAY}",
                "link": _LINK,
            }
        ]
    },
    "digest": {
        "day": _DAY,
        "ahead": "2 working days",
        "late": 1,
        "soon": 1,
        "new": 1,
        "since": "Tuesday 5 January 2027",
        "since_day": "2027-01-05",
        "rows": _LISTED,
        "to_make": [{"reference": "EX-7KQ2-M9DX", "whose": "yours"}],
    },
}

# The most characters of a text for platforms: Mastodon's servers allow 500, which include the handle.
LONGEST = {
    "message": 440,
    "message-new-date": 440,
    "message-added": 440,
    "message-progress": 440,
    "message-closing": 440,
    "message-track-link": 440,
    "mention": 200,
}
# Where we can write for a short time only there is more room: Instagram, the narrowest of those, takes 1,000 bytes.
_LONGEST_IN_WINDOW = 940
# Values that may be absent: a template finds them empty.
_SERVICE = {"service": "", "service_page": "", "other_route": "", "service_words": "", "service_text": ""}
_RECEIPT_OPTIONAL = {
    "respond_by": "",
    "team": "",
    "promise": "",
    "urgent": "",
    "about": "",
    "opens_on": "",
    "hours": "",
    "track": "",
    "service_words": "",
    "service": "",
    "service_page": "",
    "other_route": "",
}
OPTIONAL: dict[str, dict[str, str]] = {
    "acknowledgement": _RECEIPT_OPTIONAL,
    "acknowledgement-easy": _RECEIPT_OPTIONAL,
    "new-date": {"track": ""},
    "progress": {"track": ""},
    "added": {"respond_by": "", "track": ""},
    "message": {"respond_by": "", "promise": "", "short_window": "", "urgent": "", "service_text": ""},
    "message-added": {"respond_by": ""},
    "message-progress": {"short_window": ""},
    "closing": {"answered": "", "reason": "", "within": "", "track": ""},
    "message-closing": {"answered": "", "reason": "", "within": "", "short_window": ""},
    "message-track-link": {"short_window": ""},
    "alert": {"link": ""},
    "notice": {"reference": "", "link": "", "page": ""},
    "urgent": {"link": "", "short": ""},
    "urgent-many": {"link": "", "short": ""},
}

_NO_DANGER = {"urgent": "", "short_window": ""}
# Invented contacts. A value that a contact does not state is as in SAMPLES.
CONTACTS: dict[str, dict[str, str]] = {
    "ordinary": {
        "received": "9:30am on Monday 8 June 2026",
        "before": "Friday 19 June 2026",
        "respond_by": "Monday 22 June 2026",
        **_NO_DANGER,
    },
    "urgent": {
        "received": "11:15pm on Saturday 10 October 2026",
        "before": "Monday 12 October 2026",
        "respond_by": "11:15pm on Sunday 11 October 2026",
        "promise": "",  # not shown for a promise in hours: the instant itself is plainer
        "short_window": "",
        **_SERVICE,
    },
    "christmas": {**_NO_DANGER, **_SERVICE},
    "easter": {
        "received": "4:45pm on Thursday 25 March 2027",
        "before": "Friday 9 April 2027",
        "respond_by": "Monday 12 April 2027",
        "team": "",
        **_NO_DANGER,
    },
    "month": {
        "received": "midday on Tuesday 1 September 2026",
        "before": "Wednesday 30 September 2026",
        "respond_by": "Thursday 1 October 2026",
        "promise": "1 month",
        "service_page": "",
        **_NO_DANGER,
    },
    "everything": {},
}
_CALLS: dict[str, dict[str, str]] = {"ordinary": {}, "telephone": {"short": "yes"}}


# These lead to a page of ours, and are never sent where there is none.
NEEDS_PAGES = frozenset({"feedback", "track-link", "message-track-link"})


def longest(name: str, contact: str) -> int | None:
    """Return how many characters a text for platforms may have with the values of a contact; None of a mail."""
    has_window = contact == "everything" and SAMPLES.get(name, {}).get("short_window")
    return _LONGEST_IN_WINDOW if has_window else LONGEST.get(name)


def samples(name: str, *, has_pages: bool = True) -> dict[str, Mapping[str, Any]]:
    """Return the values of each contact for one template; "nothing" has only the values that are never absent.

    Messages to staff contain contacts as lists and lines, so only their optional values vary; a call has a short form
    for telephones, too. Without pages of ours nobody has a link to that of their message.
    """
    values = SAMPLES[name] if has_pages or "track" not in SAMPLES[name] else SAMPLES[name] | {"track": ""}
    contacts = CONTACTS if SORTS[name] is not Sort.STAFF else _CALLS if "short" in values else {"ordinary": {}}
    by_contact = {
        contact: values | {key: value for key, value in contact_values.items() if key in values}
        for contact, contact_values in contacts.items()
    }
    return by_contact | {"nothing": values | OPTIONAL.get(name, {})}
