"""The operations of the API: what each takes, answers and refuses, and the scope that it needs."""

from http import HTTPStatus

from pydantic import BaseModel

from bot.web.api import models
from bot.web.api.openapi import Operation

READ, WRITE = "contacts:read", "contacts:write"
_CONFLICT, _NOT_FOUND = HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND

_ONE = "/api/v1/contacts/{reference}"
ACTIONS: dict[str, tuple[str, type[BaseModel]]] = {
    "respond": ("Record that the person has had a full answer", models.Respond),
    "pause": ("Stop the time to answer while we wait for the person", models.Note),
    "resume": ("Let the time to answer run on", models.Note),
    "assign": ("Give it to a team or a person", models.Assign),
    "close": ("Close it: nothing more is to be done", models.Close),
}
OPERATIONS = (
    Operation(
        "POST",
        "/api/v1/contacts",
        "createContact",
        "Record a contact",
        WRITE,
        models.Created,
        takes=models.NewContact,
        status=HTTPStatus.CREATED,
    ),
    Operation(
        "GET",
        "/api/v1/contacts",
        "searchContacts",
        "List or search contacts",
        READ,
        models.ContactPage,
        query=models.Search,
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
    *(
        Operation(
            "POST",
            f"{_ONE}/{name}",
            f"{name}Contact",
            summary,
            WRITE,
            models.Done,
            takes=model,
            refuses=(_NOT_FOUND, _CONFLICT),
        )
        for name, (summary, model) in ACTIONS.items()
    ),
    Operation(
        "GET", "/api/v1/events", "readEvents", "Follow what happens", READ, models.EventPage, query=models.Paging
    ),
)
