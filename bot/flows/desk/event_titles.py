"""Titles of events, of messages of ours and of their states for staff: the stored names are for programs."""

from bot.core.deliveries import Purpose, State
from bot.core.escalations import FIXED_STEPS, PROGRESS, RESPOND_LADDER
from bot.core.events import EventKind

_MESSAGES = {
    Purpose.ACKNOWLEDGEMENT: "Acknowledgement",
    Purpose.NEW_DATE: "Message with the new date",
    Purpose.ADDED: "Message that we have what they added",
    Purpose.PROGRESS: "Message that we are still working on it",
    Purpose.CLOSING: "Message that it is closed",
    Purpose.FEEDBACK: "Question whether we answered",
    Purpose.TRACK_LINK: "Link to the page of the message",
    Purpose.ANSWER: "Answer",
    Purpose.ALERT: "Alert to staff",
    Purpose.URGENT: "Call to staff",
    Purpose.NOTICE: "Notice to staff",
    Purpose.DIGEST: "Daily list",
    Purpose.EVENT: "Event to a program",
}
_STATES = {
    State.CREATED: "not sent yet",
    State.SENDING: "leaving now",
    State.SENT: "sent",
    State.DELIVERED: "delivered",
    State.TEMPORARY_FAILURE: "not sent yet, to be tried again",
    State.PERMANENT_FAILURE: "not delivered",
    State.TECHNICAL_FAILURE: "given up",
    State.CANCELLED: "not needed any more",
}
# All others say what they mean once they begin with a capital.
_EVENTS = {
    EventKind.CONTINUED: "Went on in a new contact",
    EventKind.FOLLOW_UP: "The person wrote again",
    EventKind.AUTOMATIC_MAIL: "An automatic mail came",
    EventKind.DELIVERY_REPORT: "A report about a mail came",
    EventKind.TAKEN_DOWN: "Taken down by staff",
    EventKind.URGENT: "It cannot wait",
    EventKind.FEEDBACK_GIVEN: "The person said what they think of our answer",
    EventKind.FEEDBACK_READ: "What they think of our answer was read",
    EventKind.FILES_SCANNED: "Its files were looked into for viruses",
    EventKind.FILE_NOT_KEPT: "A file that came with it is not kept here",
    EventKind.LOOKED_AT: "Somebody looked at it, and nothing is to be done",
    EventKind.EDITED: "The person changed what they wrote",
    EventKind.TAKEN_BACK: "The person took it back",
    EventKind.RESPONDED: "Answered",
    EventKind.RECOMPUTED: "Its dates were counted anew",
    EventKind.ESCALATED: "Staff are to be told",
    EventKind.CALL_SHARED: "One call for several contacts",
    EventKind.TAKEN: "Somebody took it",
    EventKind.QUIET: "No alerts for a while",
    EventKind.CLASSIFIED: "About something else",
    EventKind.CAME_BACK: "A message of ours came back",
    EventKind.UNDELIVERABLE: "A message of ours did not arrive",
    EventKind.DELIVERED: "A message of ours was delivered",
    EventKind.LINKS_MADE_VOID: "Links to the page of the message made void",
    EventKind.COMPLAINED_OF: "The person called a mail of ours unwanted",
    EventKind.RECEIPT_DECIDED_ON: "Acknowledgement decided on",
    EventKind.RECEIPTS_STOPPED: "Acknowledgements stopped",
    EventKind.RECEIPT_RELEASED: "Acknowledgement let go",
    EventKind.RECEIPTS_RELEASED: "Acknowledgements let go",
    EventKind.RECEIPT_NOT_NEEDED: "No acknowledgement needed",
    EventKind.AVOIDABILITY_JUDGED: "Staff said whether it was avoidable",
    EventKind.CAUSE_NAMED: "Staff said why the answer was late",
    EventKind.COMPLAINT_DECIDED: "Staff said what came of the complaint",
    EventKind.WINDOW_MISSED: "The platform takes no answer any more, and none had left",
    EventKind.COVERAGE_CHANGED: "What we see of a channel changed",
    EventKind.MESSAGES_RECONCILED: "Messages that we had missed were logged",
    EventKind.ADDRESS_SUPPRESSED: "An address gets nothing automatic",
    EventKind.CALENDAR_NOTED: "The days of a calendar were noted for the figures",
    EventKind.EVENTS_REPLAYED: "A program was told again what happened",
    EventKind.REPORT_DRAWN_UP: "A report was drawn up",
    EventKind.REPORT_APPROVED: "A report was approved",
    EventKind.REPORT_WITHDRAWN: "A report was withdrawn",
}
_ENDINGS = {f"{purpose} {state}": f"{_MESSAGES[purpose]}: {_STATES[state]}" for purpose in Purpose for state in State}
_EVENTS |= {kind: _ENDINGS[kind] for kind in EventKind if kind in _ENDINGS}
_STEPS = {step.name: step.words for step in (*FIXED_STEPS, *RESPOND_LADDER, PROGRESS)}


def event(kind: str) -> str:
    """What happened; of a kind that this version does not know, its name as words."""
    return _EVENTS[EventKind(kind)] if kind in _EVENTS else _plain(kind)


def message(purpose: str) -> str:
    """What a message of ours is for."""
    return _MESSAGES[Purpose(purpose)] if purpose in _MESSAGES else _plain(purpose)


def state(name: str) -> str:
    """How a message of ours stands."""
    return _STATES[State(name)] if name in _STATES else _plain(name).lower()


def step(name: str) -> str:
    """Why staff are told, or which call it is; "" where there is no step."""
    if words := _STEPS.get(name):
        return words
    call, hyphen, number = name.partition("-")
    return f"call {number}" if hyphen and call == Purpose.URGENT and number.isdigit() else name.replace("-", " ")


def _plain(name: str) -> str:
    words = name.replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]
