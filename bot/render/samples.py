"""What each template may use besides the constants, as the values that `check` tries it with."""

from datetime import date
from typing import Any

from bot.render.formats import date_in_words

_REFERENCE = "EX-7K3M-9QPH"
_RECEIVED = "10am on Friday 18 December 2026"
# Ten working days with Christmas and New Year between.
_DAY = date_in_words(date(2027, 1, 6))
# As long as it may be.
_ADVICE = "If you smell gas, open the windows, do not touch switches, and go outside. Then call 0800 111 999. ".ljust(
    160, "."
)
_LISTED = [{"reference": _REFERENCE, "channel": "enquiries", "due": _DAY}]

_CLOSING = {
    "reference": _REFERENCE,
    "answered": date_in_words(date(2026, 12, 30)),
    "reason": "You told us that it has been put right.",
    "days": "28",
}

SAMPLES: dict[str, dict[str, Any]] = {
    "acknowledgement": {
        "reference": _REFERENCE,
        "respond_by": _DAY,
        "promise": "10 working days",
        "received": _RECEIVED,
        "team": "Front office",
        "urgent": _ADVICE,
        "service": "bins and recycling",
        "service_page": "https://www.example.gov.uk/bins",
        "other_route": "Come to any of our offices, from 9am to 5pm on working days.",
    },
    "new-date": {
        "reference": _REFERENCE,
        "before": date_in_words(date(2026, 12, 30)),
        "respond_by": _DAY,
        "received": _RECEIVED,
        "reason": "There is a bank holiday more than we knew of.",
    },
    "added": {"reference": _REFERENCE, "respond_by": _DAY, "received": _RECEIVED},
    "message": {
        "reference": _REFERENCE,
        "respond_by": _DAY,
        "promise": "10 working days",
        "received": _RECEIVED,
        "short_window": "yes",
        "urgent": _ADVICE,
    },
    "message-new-date": {
        "reference": _REFERENCE,
        "before": date_in_words(date(2026, 12, 30)),
        "respond_by": _DAY,
        "received": _RECEIVED,
        "reason": "There is a bank holiday more than we knew of.",
        "short_window": "yes",
    },
    "message-added": {"reference": _REFERENCE, "respond_by": _DAY, "received": _RECEIVED, "short_window": ""},
    "progress": {"reference": _REFERENCE, "respond_by": _DAY, "received": _RECEIVED},
    "message-progress": {"reference": _REFERENCE, "respond_by": _DAY, "received": _RECEIVED, "short_window": ""},
    "closing": _CLOSING,
    "message-closing": _CLOSING | {"short_window": ""},
    "mention": {},
    "alert": {
        "reference": _REFERENCE,
        "step": "half of the time to answer is used",
        "promise": f"answer by {_DAY}",
        "received": _RECEIVED,
        "channel": "enquiries",
        "action": f"Answer the person, then record it: ackbot contacts respond {_REFERENCE}",
        "link": "12.34.1800000000.x",
    },
    "urgent": {
        "reference": _REFERENCE,
        "title": "There may be gas or carbon monoxide",
        "words": "smell ... of gas",
        "received": _RECEIVED,
        "channel": "enquiries",
        "time": "1",
        "action": f"Read it now and act. Then say that you have it: ackbot contacts take {_REFERENCE}",
        "link": "12.34.1800000000.x",
    },
    "notice": {
        "subject": "The channel enquiries cannot be read",
        "happened": "The mail server refuses the password.",
        "action": "Set the right password, then start Ackbot again.",
    },
    "alerts": {
        "contacts": [
            {"reference": _REFERENCE, "step": "the answer is due and not recorded", "promise": f"answer by {_DAY}"}
        ]
    },
    "digest": {
        "day": _DAY,
        "overdue": _LISTED,
        "soon": _LISTED,
        "used": _LISTED,
        "unacknowledged": _LISTED,
        "unassigned": _LISTED,
    },
}

# The most characters of a text for platforms: Mastodon's servers allow 500, and the handle comes before it.
LONGEST = {
    "message": 440,
    "message-new-date": 440,
    "message-added": 440,
    "message-progress": 440,
    "message-closing": 440,
    "mention": 200,
}
# What may be missing: a template that asks for it finds it empty.
_SERVICE = {"service": "", "service_page": "", "other_route": ""}
OPTIONAL: dict[str, dict[str, str]] = {
    "acknowledgement": {"team": "", "promise": "", "urgent": "", **_SERVICE},
    "added": {"respond_by": ""},
    "message": {"respond_by": "", "promise": "", "short_window": "", "urgent": ""},
    "message-added": {"respond_by": ""},
    "message-progress": {"short_window": ""},
    "closing": {"answered": "", "reason": "", "days": ""},
    "message-closing": {"answered": "", "reason": "", "days": "", "short_window": ""},
    "alert": {"link": ""},
    "urgent": {"link": ""},
}
