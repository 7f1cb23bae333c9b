"""The operations of the API: what each takes, answers and refuses, and the scope that it needs."""

from http import HTTPStatus

from pydantic import BaseModel

from bot.web.api import models, requests
from bot.web.api.openapi import Operation

READ, WRITE = "contacts:read", "contacts:write"
_CONFLICT, _NOT_FOUND = HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND

_ONE = "/api/v1/contacts/{reference}"
ACTIONS: dict[str, tuple[str, type[BaseModel]]] = {
    "answer": ("Answer the person: the words leave by the way that is chosen", requests.Answer),
    "undo": ("Take back the answer that has not left yet", requests.Nothing),
    "confirm-answer": ("Say that the letter is posted, or that the call is made", requests.Confirm),
    "respond": ("Record that the person has had a full answer", requests.Respond),
    "pause": ("Stop the time to answer while we wait for the person", requests.Note),
    "resume": ("Let the time to answer run on", requests.Note),
    "extend": ("Take longer: the person is told the new date and why", requests.Extend),
    "classify": ("Say what it is about: the promise that belongs to that applies", requests.Classify),
    "needs": ("Note what the person needs of us, and in which language", requests.Needs),
    "format-made": ("Say that a message is made into the format that the person needs", requests.FormatMade),
    "note": ("Write a note for staff; the person is never sent it", requests.StaffNote),
    "merge": ("Go on with it and another one as one contact", requests.Merge),
    "unmerge": ("Part it again from the one that it was merged with", requests.Unmerge),
    "split": ("Make a contact of its own of some of its messages", requests.Split),
    "take": ("Take it: nobody else is called about it", requests.Nothing),
    "holding-reply": ("Record that the person has had a first answer, not the full one", requests.Note),
    "assign": ("Give it to a team or a person", requests.Assign),
    "close": ("Close it: nothing more is to be done", requests.Close),
    "spam": ("Close it as spam: nothing is sent", requests.Note),
    "urgent": ("Call somebody now, and then the next one, until somebody takes it", requests.Urgent),
    "not-urgent": ("Say that nobody is in danger: nobody is called any more", requests.Nothing),
    "judge": ("Say for the figures whether it was avoidable, why it is late, what came of it", requests.Judge),
    "void-links": ("Make the links to the page of the message void", requests.Nothing),
    "reopen": ("Open it again: it is to be answered after all", requests.Note),
}


def operation_of(action: str) -> str:
    """Return the name of the operation that does this to a contact, as programs call it: `holdingReplyContact`."""
    first, *others = action.split("-")
    return f"{first}{''.join(map(str.capitalize, others))}Contact"


OPERATIONS = (
    Operation(
        "POST",
        "/api/v1/contacts",
        "createContact",
        "Record a contact",
        WRITE,
        models.Created,
        takes=requests.NewContact,
        status=HTTPStatus.CREATED,
    ),
    Operation(
        "GET",
        "/api/v1/contacts",
        "searchContacts",
        "List or search contacts",
        READ,
        models.ContactPage,
        query=requests.Search,
    ),
    Operation("GET", _ONE, "readContact", "Read one contact", READ, models.ContactDetail, refuses=(_NOT_FOUND,)),
    Operation(
        "GET",
        f"{_ONE}/sent",
        "readSent",
        "Read what we sent about a contact",
        READ,
        models.SentMessages,
        refuses=(_NOT_FOUND,),
    ),
    Operation(
        "GET",
        f"{_ONE}/events",
        "readContactEvents",
        "Read what happened to a contact",
        READ,
        models.EventPage,
        query=requests.Paging,
        refuses=(_NOT_FOUND,),
    ),
    Operation(
        "POST",
        f"{_ONE}/messages",
        "addMessage",
        "Add what the person has said since",
        WRITE,
        models.Done,
        takes=requests.NewMessage,
        status=HTTPStatus.CREATED,
        refuses=(_NOT_FOUND, _CONFLICT),
    ),
    Operation(
        "GET",
        f"{_ONE}/messages/{{number}}/files",
        "listFiles",
        "List the files that came with a message",
        READ,
        models.Files,
        refuses=(_NOT_FOUND,),
    ),
    Operation(
        "GET",
        f"{_ONE}/messages/{{number}}/files/{{file}}",
        "readFile",
        "Read one of them",
        READ,
        None,
        refuses=(_NOT_FOUND,),
    ),
    *(
        Operation(
            "POST",
            f"{_ONE}/{name}",
            operation_of(name),
            summary,
            WRITE,
            models.Done,
            takes=model,
            refuses=(_NOT_FOUND, _CONFLICT),
        )
        for name, (summary, model) in ACTIONS.items()
    ),
    Operation(
        "GET", "/api/v1/events", "readEvents", "Follow what happens", READ, models.EventPage, query=requests.Paging
    ),
    Operation(
        "GET",
        "/api/v1/feedback",
        "readFeedback",
        "Read what people say of our answers",
        READ,
        models.FeedbackPage,
        query=requests.Paging,
    ),
    Operation(
        "POST",
        "/api/v1/webhooks/{name}/replay",
        "replayEvents",
        "Tell a webhook again what happened after an event",
        READ,
        models.Replay,
        takes=requests.Replay,
        status=HTTPStatus.ACCEPTED,
        refuses=(_NOT_FOUND, _CONFLICT),
    ),
    Operation("GET", "/api/v1/teams", "listTeams", "List the teams", READ, models.Teams),
    Operation("GET", "/api/v1/services", "listServices", "List what a contact can be about", READ, models.Services),
    Operation("GET", "/api/v1/channels", "listChannels", "List the ways in", READ, models.Channels),
)
